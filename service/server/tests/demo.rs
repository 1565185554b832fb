//! The demo through the binary. The right answer is known, so each part of it is asserted: what comes first and why, what
//! stands low with its proof, what is unknown and what would settle it, and that nothing planted comes out or has a say.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use serde_json::Value;

/// The instant of the shared demo.
const NOW: &str = "2026-11-24T03:02:00Z";
/// The instant that the times in the demo's files count from.
const ANCHOR: &str = "2026-01-01T00:00:00Z";

fn assay(data: &Path, as_of: &str, args: &[&str]) -> Output {
    let mut command = assert_cmd::Command::cargo_bin("assay").unwrap();
    command.env("ASSAY_DATA", data).env("NO_COLOR", "1").env_remove("ASSAY_CONFIG").args(args);
    if !as_of.is_empty() {
        command.args(["--as-of", as_of]);
    }
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json(data: &Path, as_of: &str, args: &[&str]) -> Value {
    let output = assay(data, as_of, &[args, &["-o", "json"]].concat());
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

struct Loaded {
    folder: tempfile::TempDir,
    screen: String,
    findings: Vec<Value>,
}

/// One demo for all tests that only read.
fn demo() -> &'static Loaded {
    static LOADED: OnceLock<Loaded> = OnceLock::new();
    LOADED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let output = assay(folder.path(), NOW, &["demo"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let findings = list(folder.path(), NOW);
        Loaded { screen: text(&output), findings, folder }
    })
}

fn list(data: &Path, as_of: &str) -> Vec<Value> {
    json(data, as_of, &["findings", "--limit", "1000"])["findings"].as_array().unwrap().clone()
}

fn factor<'a>(finding: &'a Value, name: &str) -> &'a Value {
    finding["factors"].as_array().unwrap().iter().find(|f| f["name"] == name).unwrap()
}

fn of<'a>(findings: &'a [Value], cve: &str, place: &str) -> &'a Value {
    findings.iter().find(|f| f["cve"] == cve && at(f) == place).unwrap_or_else(|| panic!("{cve} at {place}"))
}

fn at(finding: &Value) -> String {
    let asset = &finding["asset"];
    format!("{}/{}", asset["namespace"].as_str().unwrap(), asset["name"].as_str().unwrap())
}

/// What the demo plants, by kind: the texts whole.
fn planted(kind: &str) -> Vec<String> {
    let plants: Value = serde_json::from_str(include_str!("../demo/planted.json")).unwrap();
    let of_kind = plants.as_array().unwrap().iter().filter(|p| p["kind"] == kind);
    of_kind.map(|p| p["pieces"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect()).collect()
}

#[test]
fn the_first_vulnerability_is_exposed_in_use_and_exploited() {
    let first = demo().findings.iter().find(|f| f["class"] == "vulnerability").unwrap();
    assert_eq!((first["cve"].as_str(), at(first).as_str()), (Some("CVE-2021-44228"), "shop/checkout"));
    assert_eq!((first["band"].as_str(), first["rank"].as_u64()), (Some("forensic-3-days"), Some(1)));
    for (name, value) in
        [("in_kev", "yes"), ("in_use", "yes"), ("exposure", "exposed_with_traffic"), ("attacked", "attempt")]
    {
        assert_eq!(factor(first, name)["value"], value, "{name}");
    }
    assert_eq!(first["package"]["artifact"], "app/checkout.jar", "the jar that holds the jar");
    // The workload calls itself a sandbox, and a note at it says that it is internal: neither counts.
    assert_eq!(factor(first, "environment")["value"], "production");
}

#[test]
fn the_list_goes_by_band_then_points_and_the_points_add_up() {
    let bands = ["forensic-3-days", "3-days", "14-days", "60-days", "on-upgrade"];
    let findings = &demo().findings;
    assert!(findings.len() >= 60, "{}", findings.len());
    let keys: Vec<(usize, i64)> = findings
        .iter()
        .map(|f| {
            let band = bands.iter().position(|b| f["band"] == **b).unwrap();
            (band, -f["score"].as_i64().unwrap())
        })
        .collect();
    assert!(keys.is_sorted());
    let ranks: Vec<u64> = findings.iter().map(|f| f["rank"].as_u64().unwrap()).collect();
    assert!(ranks.is_sorted());
    for finding in findings {
        let factors = finding["factors"].as_array().unwrap();
        let sum: i64 = factors.iter().map(|f| f["contribution"].as_i64().unwrap()).sum();
        assert_eq!(sum, finding["score"].as_i64().unwrap(), "{}", finding["title"]);
        for f in factors.iter().filter(|f| f["value"] == "yes" || f["value"] == "no") {
            assert!(
                !f["evidence"].as_array().unwrap().is_empty(),
                "{}: {} without evidence",
                finding["title"],
                f["name"]
            );
        }
    }
}

#[test]
fn a_critical_that_is_not_in_use_stands_low_with_its_proof() {
    let snakeyaml = of(&demo().findings, "CVE-2022-1471", "shop/batch");
    assert_eq!((snakeyaml["severity"].as_str(), snakeyaml["band"].as_str()), (Some("critical"), Some("on-upgrade")));
    let in_use = factor(snakeyaml, "in_use");
    assert_eq!((in_use["value"].as_str(), in_use["origin"].as_str()), (Some("no"), Some("sensor")));
    let evidence = in_use["evidence"].as_array().unwrap();
    let windows = evidence.iter().filter(|e| e.as_str().unwrap().starts_with("coverage:")).count();
    assert_eq!(windows, 3, "one watch window a replica");
    assert!(demo().screen.contains("not in use in 6 d 4 h watched on 3 of 3"), "{}", demo().screen);
    let explained = assay(demo().folder.path(), NOW, &["explain", snakeyaml["id"].as_str().unwrap()]);
    assert!(text(&explained).contains("Nothing used snakeyaml in 6 d 4 h watched, on 3 of 3 replicas"));
}

#[test]
fn an_unknown_names_the_observation_that_settles_it() {
    let zlib = of(&demo().findings, "CVE-2022-37434", "shop/orders-db");
    let in_use = factor(zlib, "in_use");
    assert_eq!((in_use["value"].as_str(), in_use["settled_by"].as_str()), (Some("unknown"), Some("sensor")));
    assert!(demo().screen.contains("worker-3"), "the silent node is named");
    let mail = demo().findings.iter().filter(|f| at(f) == "shop/mail").count();
    assert!(
        mail > 0 && demo().screen.contains("could not assess"),
        "an image past its end of life is not called clean"
    );
    assert!(demo().screen.contains("never scanned"), "nor is one that nobody scanned");
}

#[test]
fn two_tools_and_two_names_make_one_finding() {
    let findings = &demo().findings;
    let qs: Vec<&Value> = findings.iter().filter(|f| f["package"]["name"] == "qs").collect();
    assert_eq!(qs.len(), 1);
    assert_eq!(qs[0]["aliases"], serde_json::json!(["GHSA-hrpp-h998-j3pp"]));
    let tools: BTreeSet<&str> =
        qs[0]["sources"].as_array().unwrap().iter().map(|s| s["tool"].as_str().unwrap()).collect();
    assert_eq!(tools, BTreeSet::from(["grype", "trivy"]));
    let identities: BTreeSet<String> = findings
        .iter()
        .filter(|f| f["class"] == "vulnerability")
        .map(|f| format!("{} {} {} {}", f["cve"], at(f), f["asset"]["container"], f["package"]["purl"]))
        .collect();
    assert_eq!(identities.len(), findings.iter().filter(|f| f["class"] == "vulnerability").count());
}

#[test]
fn the_right_that_reaches_too_far_is_found_and_due() {
    let right = demo().findings.iter().find(|f| f["class"] == "rbac").unwrap();
    assert_eq!(at(right), "build/ci-runner");
    assert!(right["title"].as_str().unwrap().contains("create pods in every namespace"), "{}", right["title"]);
    assert_eq!(right["band"], "14-days");
    assert!(factor(right, "exposure")["value"].as_str().unwrap().starts_with("exposed"), "by the node port of webhook");
}

#[test]
fn a_decided_finding_is_listed_and_is_out_of_today() {
    let glibc = of(&demo().findings, "CVE-2023-4911", "lab/notebook");
    assert_eq!(
        (glibc["decision"]["status"].as_str(), glibc["decision"]["by"].as_str()),
        (Some("not_affected"), Some("mira"))
    );
    assert_eq!(glibc["decision"]["in_force"], true);
    assert_eq!(glibc["band"], "14-days", "a decision moves no band");
    let today = demo().screen.split("Lower than it looks").next().unwrap();
    assert!(!today.contains("CVE-2023-4911") && today.contains("CVE-2021-44228"), "{today}");
    assert!(demo().screen.contains("decided: 1"));
}

#[test]
fn a_line_of_the_list_can_be_asked_for_and_says_what_was_decided() {
    let data = demo().folder.path();
    let run = |args: &[&str]| assay(data, NOW, args);
    let list = text(&run(&["findings"]));
    let last = list.lines().find(|l| l.contains("may create pods")).unwrap();
    assert!(last.ends_with("  service account build/ci-runner"), "{last}: a workload has the same name");
    let explained = text(&run(&["explain", last.split(' ').next().unwrap()]));
    assert!(explained.starts_with("may create pods in every namespace"), "{explained}");
    let decided = text(&run(&["findings", "--status", "decided"]));
    assert_eq!(decided.lines().count(), 1, "{decided}");
    assert!(decided.trim_end().ends_with("(decided: not affected, by mira)"), "{decided}");
    assert!(text(&run(&["explain", "log4shell"])).starts_with("CVE-2021-44228 in log4j-core"));
    let (several, none) = (run(&["explain", "CVE-2023-0286"]), run(&["explain", "heartbleed"]));
    assert_eq!((several.status.code(), none.status.code()), (Some(2), Some(2)));
    let choice = String::from_utf8_lossy(&several.stderr).into_owned();
    assert!(choice.contains("give one of these:") && choice.contains("shop/orders-db"), "{choice}");
}

#[test]
fn a_ticket_is_answered_for_the_name_and_for_the_place_that_it_says() {
    let ticket = demo().folder.path().join("ticket.txt");
    let asked = |said: &str| {
        fs::write(&ticket, said).unwrap();
        text(&assay(demo().folder.path(), NOW, &["enrich", "--ticket", ticket.to_str().unwrap()]))
    };
    let by_name = asked("We heard about Log4Shell. Are we affected?");
    assert!(by_name.contains("shop/checkout: attacked 2026-11-24 00:5"), "{by_name}");
    let beside = asked("Is CVE-2021-44228 a problem on shop/web?");
    assert!(beside.contains("shop/web: no report claims it there. Reports speak for all of its images."), "{beside}");
    assert!(asked("Lunch at noon?").contains("It names nothing that I recognise"));
}

#[test]
fn vex_writes_what_people_decided_and_only_when_asked_what_sensors_showed() {
    let data = demo().folder.path();
    let decided = json(data, NOW, &["vex"]);
    let statements = decided["statements"].as_array().unwrap();
    assert_eq!(statements.len(), 1, "{decided}");
    assert_eq!(statements[0]["vulnerability"]["name"], "CVE-2023-4911");
    assert_eq!(statements[0]["justification"], "vulnerable_code_cannot_be_controlled_by_adversary");
    let observed = json(data, NOW, &["vex", "--observed"]);
    let statements = observed["statements"].as_array().unwrap();
    assert!(statements.len() > 5, "{observed}");
    for statement in statements.iter().filter(|s| s["vulnerability"]["name"] != "CVE-2023-4911") {
        let id = statement["products"][0]["@id"].as_str().unwrap();
        assert!(id.contains("@sha256%3A"), "by digest: {id}");
        let repository = id.split("repository_url=").nth(1).unwrap();
        let placements = demo().findings.iter().filter(|f| {
            f["cve"] == statement["vulnerability"]["name"] && f["asset"]["image"].to_string().contains(repository)
        });
        for finding in placements {
            assert_eq!(factor(finding, "in_use")["value"], "no", "{}", finding["title"]);
        }
    }
}

#[test]
fn a_profile_tells_what_an_image_does_and_can_be_exported() {
    let data = demo().folder.path();
    let exported = json(data, NOW, &["profiles", "--image", "shop/checkout"]);
    let profile = &exported["profiles"][0];
    assert_eq!(profile["places"], serde_json::json!(["shop/checkout"]), "{exported}");
    assert_eq!(
        (&profile["programs"][0]["exe"], &profile["listens"][0]["port"]),
        (&"/opt/java/openjdk/bin/java".into(), &8080.into())
    );
    assert!(profile["packages"].to_string().contains("log4j-core"), "{profile}");
    let said = text(&assay(data, NOW, &["profiles"]));
    assert!(said.contains("in       shop/checkout; watched 6 d") && said.contains("talks    server"), "{said}");
    let none = text(&assay(data, NOW, &["profiles", "--image", "heartbleed"]));
    assert!(none.contains("no image with `heartbleed`"), "{none}");
}

#[test]
fn the_funnel_is_told_by_node_and_by_hour() {
    let data = demo().folder.path();
    let whole = json(data, NOW, &["funnel"]);
    assert!(whole["signals"].as_u64().unwrap() > 0, "{whole}");
    for (by, part) in [("node", "worker-3"), ("hour", "2026-11-24 02:00 UTC")] {
        let said = text(&assay(data, NOW, &["funnel", "--by", by]));
        let table: Vec<&str> = said.lines().skip_while(|l| !l.contains("HOOK HITS")).skip(1).collect();
        assert!(table.iter().any(|l| l.starts_with(part)), "{said}");
        let number =
            |line: &str, n: usize| line.split("  ").filter(|c| !c.is_empty()).nth(n).unwrap().trim().replace(',', "");
        let hits: u64 = table.iter().map(|l| number(l, 1).parse::<u64>().unwrap()).sum();
        assert_eq!(hits, whole["hook_hits"].as_u64().unwrap(), "{said}");
    }
}

#[test]
fn a_digest_is_compared_with_one_of_its_own_span_that_is_not_from_just_now() {
    let folder = tempfile::tempdir().unwrap();
    assert!(assay(folder.path(), "", &["demo"]).status.success());
    let day = || text(&assay(folder.path(), "", &["digest"]));
    let before = |said: &str| said.lines().find(|l| l.contains("Before: ")).unwrap().to_owned();
    let (first, second) = (before(&day()), before(&day()));
    assert!(first.contains("Before: the digest of ") && first.contains("1 d"), "{first}");
    assert_eq!(first, second, "not with the run before it");
    let output = assay(folder.path(), "", &["digest", "--since", "7d"]);
    assert!(text(&output).contains("Before: no earlier digest has this span: 7 d"), "{}", text(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains(".7d.html"));
}

#[test]
fn the_screen_has_the_funnel_an_explanation_the_digest_and_what_to_type_next() {
    let loaded = demo();
    let digest = loaded.folder.path().join("digests/2026-11-24.html");
    assert!(digest.is_file());
    for part in [
        "hook hits",
        "TODAY",
        "Fix within 3 days, with forensic investigation",
        "assay explain 2",
        "assay paths",
        "assay ask",
    ] {
        assert!(loaded.screen.contains(part), "{part}: {}", loaded.screen);
    }
    assert!(loaded.screen.replace('\n', "").contains(&*digest.to_string_lossy()), "{}", loaded.screen);
    assert!(fs::read_to_string(digest).unwrap().contains("CVE-2021-44228"));
}

#[test]
fn nothing_that_was_planted_comes_out() {
    let data = demo().folder.path();
    let mut said = vec![demo().screen.clone()];
    said.push(text(&assay(data, NOW, &["findings", "--limit", "1000", "-o", "json"])));
    for output in ["text", "md", "html", "json"] {
        said.push(text(&assay(data, NOW, &["digest", "-o", output])));
    }
    let told = ["CVE-2020-28493", "CVE-2023-32681", "CVE-2024-29041", "CVE-2023-45857", "CVE-2021-23337"];
    let secrets = demo().findings.iter().filter(|f| f["class"] == "secret");
    let strange = demo().findings.iter().filter(|f| told.iter().any(|cve| f["cve"] == *cve));
    for finding in strange.chain(secrets) {
        for output in ["text", "md", "html", "json"] {
            let out = text(&assay(data, NOW, &["explain", finding["id"].as_str().unwrap(), "-o", output]));
            // Markdown quotes a stranger's words as code; a page has no markup that is not ours.
            assert!(output != "html" || !out.contains("<script"), "{out}");
            for live in ["https://collect.example", "@here"] {
                assert!(!matches!(output, "md" | "html") || !out.contains(live), "a stranger's {live} is live: {out}");
            }
            said.push(out);
        }
    }
    let said = said.join("\n");
    let hidden = ['\u{202e}', '\u{202d}', '\u{200b}', '\u{2066}', '\u{e0041}', '\u{1b}'];
    assert!(!said.contains(hidden), "what a reader cannot see is shown as a mark");
    for secret in planted("secret") {
        assert!(!said.contains(&secret), "{}.. came out", &secret[..4]);
        for file in files(data) {
            let bytes = fs::read(&file).unwrap();
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "{}.. lies in {}", &secret[..4], file.display());
        }
    }
    assert!(said.contains("[secret:github-pat:"), "a copy of it can still be told");
}

#[test]
fn text_that_wants_to_be_obeyed_has_no_say() {
    let order = |hostile: bool| -> BTreeSet<(u64, String, String, String)> {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("files");
        let data = folder.path().join("data");
        fs::create_dir_all(&data).unwrap();
        unpack(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/demo")), &files, hostile);
        fs::copy(files.join("assay.toml"), data.join("assay.toml")).unwrap();
        let path = |name: &str| files.join(name).to_string_lossy().into_owned();
        for args in [
            vec!["scan", "--manifests", &path("cluster"), "--complete"],
            vec!["ingest", &path("reports"), &path("sensor")],
            vec!["intel", "import", &path("intel")],
        ] {
            let output = assay(&data, ANCHOR, &args);
            assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let row = |f: &Value| {
            let what = format!("{} {} {}", f["class"], f["title"], f["score"]);
            (f["rank"].as_u64().unwrap(), f["band"].to_string(), what, at(f))
        };
        list(&data, ANCHOR).iter().map(row).collect()
    };
    let (hostile, plain) = (order(true), order(false));
    assert!(hostile.len() >= 60);
    assert_eq!(hostile, plain);
}

#[test]
fn the_last_batch_is_two_minutes_old_and_a_second_run_loads_the_same_demo_anew() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let run = || {
        let output = assay(Path::new("/nowhere"), "", &["demo", data.to_str().unwrap()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(text(&output).contains(" 2 min ago"), "{}", text(&output));
        assert!(text(&output).contains(&format!("assay explain 2 --data {}", data.display())));
        let findings = list(&data, "");
        findings.iter().map(|f| f["id"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let first = run();
    let id = first.iter().next().unwrap();
    let decide = ["decide", id, "--status", "fixed", "--by", "ana"];
    assert!(assay(&data, "", &decide).status.success());
    let key = fs::read(data.join("key")).unwrap();
    let again = assay(Path::new("/nowhere"), "", &["demo", data.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(said.contains("the demo is made anew: 1 decision that was made there is dropped"), "{said}");
    assert_eq!(run(), first);
    assert_eq!(fs::read(data.join("key")).unwrap(), key);
    assert!(!data.join(".loading").exists());
}

#[test]
fn a_folder_with_other_data_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("assay.db"), "mine").unwrap();
    let output = assay(folder.path(), "", &["demo"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("holds other data (assay.db)"), "{said}");
    assert_eq!(fs::read_to_string(folder.path().join("assay.db")).unwrap(), "mine");
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn json_is_the_list_of_findings() {
    let folder = tempfile::tempdir().unwrap();
    let list = json(folder.path(), NOW, &["demo"]);
    assert_eq!(list["findings"].as_array().unwrap(), &demo().findings);
    assert_eq!(list["as_of"], NOW);
}

/// Every file under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Copies the demo's files with everything planted in them, the hostile texts as they are or plain ones in their place.
fn unpack(from: &Path, to: &Path, hostile: bool) {
    let plants: Value = serde_json::from_str(include_str!("../demo/planted.json")).unwrap();
    for file in files(from) {
        let mut text = fs::read_to_string(&file).unwrap();
        for plant in plants.as_array().unwrap() {
            let whole: String = plant["pieces"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
            let words = if plant["kind"] == "hostile" && !hostile { plant["plain"].clone() } else { whole.into() };
            let place = format!("{{{{plant:{}}}}}", plant["name"].as_str().unwrap());
            text = text.replace(&place, words.to_string().trim_matches('"'));
        }
        let copy = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::write(copy, text).unwrap();
    }
}

//! What is asked of nothing, of a format that is not there, or in words that mean nothing: refused before any work, with
//! the values that would do.

use super::{assay, command, ends, put, trivy};

const NOW: &str = "2026-11-20T10:00:00Z";

fn out(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn without_data_a_command_that_reads_says_so_and_makes_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("nowhere");
    let asked: [&[&str]; 10] = [
        &[],
        &["findings"],
        &["assets"],
        &["paths"],
        &["rights"],
        &["explain", "1"],
        &["digest"],
        &["funnel"],
        &["vex"],
        &["ask", "what is exposed"],
    ];
    for args in asked {
        let said = ends(&assay(&data, args), 4);
        assert!(said.contains("no data in ") && said.contains("nowhere") && said.contains("assay ingest"), "{said}");
        assert!(!data.exists(), "{args:?}");
    }
    // Alone, where nobody named a folder, it introduces itself.
    let mut alone = assert_cmd::Command::cargo_bin("assay").unwrap();
    let output = alone.env_remove("ASSAY_DATA").env_remove("ASSAY_CONFIG").current_dir(folder.path()).output().unwrap();
    ends(&output, 0);
    assert!(out(&output).starts_with("Kubernetes security triage: the few risks that matter now"), "{}", out(&output));
}

#[test]
fn a_list_that_is_empty_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    super::ingest(&data, &put(folder.path(), "1.json", trivy("shop/web:1.0", 0..1, 'a', NOW)));
    let output = assay(&data, &["findings", "--namespace", "nowhere"]);
    ends(&output, 0);
    assert!(out(&output).contains("no finding is like that"), "{}", out(&output));
}

#[test]
fn a_feed_that_was_never_imported_is_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    super::ingest(&data, &put(folder.path(), "1.json", trivy("shop/web:1.0", 0..1, 'a', NOW)));
    let screen = out(&assay(&data, &[])).split_whitespace().collect::<Vec<_>>().join(" ");
    for feed in ["(KEV) was never imported", "(EPSS) was never imported", "assay intel update"] {
        assert!(screen.contains(feed), "{feed}: {screen}");
    }
}

#[test]
fn a_format_that_a_command_has_not_is_refused_with_those_it_has() {
    let folder = tempfile::tempdir().unwrap();
    for args in [
        &["findings"][..],
        &["assets"],
        &["paths"],
        &["rights"],
        &["funnel"],
        &["doctor"],
        &["models", "list"],
        &["vex"],
    ] {
        for format in ["md", "html"] {
            let said = ends(&assay(folder.path(), &[args, &["-o", format]].concat()), 2);
            assert!(said.contains(&format!("no `-o {format}` here: this command has text, json")), "{said}");
        }
    }
}

#[test]
fn one_piece_of_evidence_is_json_when_json_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    super::ingest(&data, &put(folder.path(), "1.json", trivy("shop/web:1.0", 0..1, 'a', NOW)));
    let id = super::findings(&data, &[])[0]["id"].as_str().unwrap().to_owned();
    let evidence = super::answer(&data, &["explain", &id, "--evidence", "e1"]);
    assert_eq!(evidence["mark"], "e1");
    assert!(evidence["what"].is_string(), "{evidence}");
}

#[test]
fn wrong_usage_is_told_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    super::ingest(&data, &put(folder.path(), "1.json", trivy("shop/web:1.0", 0..1, 'a', NOW)));
    let id = super::findings(&data, &[])[0]["id"].as_str().unwrap().to_owned();
    let cases: [(&[&str], &str); 6] = [
        (&["findings", "--fail-on", "soon"], "no band `soon`"),
        (&["decide", &id, "--status", "accepted", "--until", "2099-01-01"], "possible values: not_affected, affected"),
        (&["decide", &id], "--status"),
        (&["serve", "--listen", "foo"], "`foo` is no place to listen at: ADDR:PORT"),
        (&["intel", "update", "--kev-url", "nonsense"], "kev: `nonsense` is no URL"),
        (&["findings", "--nonsense"], "unexpected argument"),
    ];
    for (args, what) in cases {
        let output = assay(&data, args);
        let said = ends(&output, 2);
        assert!(said.starts_with("assay: ") && said.contains(what), "{args:?}: {said}");
        assert!(output.stdout.is_empty(), "{args:?} did work: {}", out(&output));
    }
}

#[test]
fn a_feed_that_nobody_serves_is_a_part_that_is_missing() {
    let data = tempfile::tempdir().unwrap();
    let said = ends(&assay(data.path(), &["intel", "update", "--kev-url", "http://127.0.0.1:9/kev.json"]), 4);
    assert!(said.contains("nothing was fetched") && said.contains("kev: the server did not answer: "), "{said}");
    assert!(said.contains("no copy of it was ever imported") && !said.contains("good copy"), "{said}");
    assert!(said.contains("hint: `assay intel import PATH`") && !said.contains("kev: kev"), "{said}");
}

#[test]
fn a_cluster_that_is_not_there_is_told_once_with_the_way_out_last() {
    let data = tempfile::tempdir().unwrap();
    let mut scan = command(data.path(), &["scan"]);
    for name in ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"] {
        scan.env_remove(name);
    }
    let said = ends(&scan.env("KUBECONFIG", data.path().join("none")).env("HOME", data.path()).output().unwrap(), 4);
    assert!(said.matches("os error").count() <= 1, "{said}");
    assert!(said.trim_end().ends_with("hint: `assay scan --manifests PATH` needs no API server"), "{said}");
}

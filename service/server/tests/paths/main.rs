//! `assay paths` through the binary, on manifests: a web server that may run commands in an agent's pods, which is
//! privileged and cluster admin.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod kubehound;

use std::path::Path;
use std::process::Output;
use std::sync::OnceLock;

use serde_json::Value;

const SHOP: &str = include_str!("shop.yaml");

fn assay(data: &Path, args: &[&str]) -> Output {
    let mut command = assert_cmd::Command::cargo_bin("assay").unwrap();
    command.env("ASSAY_DATA", data).env("NO_COLOR", "1").env_remove("ASSAY_CONFIG").args(args).output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(data: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&text(&assay(data, &[args, &["-o", "json"]].concat()))).unwrap()
}

fn scanned(manifests: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.yaml");
    std::fs::write(&file, manifests).unwrap();
    let args = ["scan", "--manifests", file.to_str().unwrap(), "--complete", "--cluster", "demo"];
    text(&assay(folder.path(), &args));
    folder
}

/// One shop for all tests that only read.
fn shop() -> &'static Path {
    static SHOP_DATA: OnceLock<tempfile::TempDir> = OnceLock::new();
    SHOP_DATA.get_or_init(|| scanned(SHOP)).path()
}

fn steps(path: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    path["steps"].as_array().unwrap().iter().map(|hop| (text(&hop["by"][0]), text(&hop["to"]))).collect()
}

#[test]
fn the_way_from_the_internet_to_cluster_admin_is_found_step_by_step() {
    let found = json(shop(), &["paths", "--to", "cluster-admin"]);
    let pairs = [
        ("ENDPOINT_EXPLOIT", "shop/web"),
        ("IDENTITY_ASSUME", "service account shop/web"),
        ("PERMISSION_DISCOVER", "RoleBinding/web-debugs in shop"),
        ("POD_EXEC", "shop/agent"),
        ("IDENTITY_ASSUME", "service account shop/agent"),
        ("PERMISSION_DISCOVER", "ClusterRoleBinding/agent-is-all"),
        ("CLUSTER_ADMIN", "cluster admin of demo"),
    ];
    let want: Vec<(String, String)> = pairs.iter().map(|(by, to)| ((*by).to_owned(), (*to).to_owned())).collect();
    assert_eq!(steps(&found["paths"][0]), want, "{found:#}");
    assert_eq!(found["paths"][0]["sure"], true);
    assert_eq!(found["paths_total"], 1);
    for hop in found["paths"][0]["steps"].as_array().unwrap() {
        assert!(!hop["needs"][0].as_str().unwrap().is_empty());
        assert!(!hop["evidence"].as_array().unwrap().is_empty(), "each of these rests on something seen: {hop}");
    }
}

#[test]
fn the_cut_is_one_change_with_its_patch_and_what_it_moves() {
    let found = json(shop(), &["paths"]);
    let cut = &found["choke_points"];
    assert_eq!(cut["goals"], serde_json::json!(["cluster-admin", "node", "cloud"]));
    assert_eq!((cut["changes"].as_array().unwrap().len(), &cut["effort"], &cut["closes"]), (1, &1.into(), &2.into()));
    let change = &cut["changes"][0];
    assert!(change["change"].as_str().unwrap().contains("Deployment shop/web"), "{change}");
    assert_eq!(change["patch"]["patch"]["spec"]["template"]["spec"]["automountServiceAccountToken"], false);
    assert!(change["moves"].is_array(), "{change}");
    // The patch does what it says: without the token there is no way left.
    let mended = SHOP.replace("      serviceAccountName: web\n", "      automountServiceAccountToken: false\n");
    let mended = scanned(&mended);
    let after = json(mended.path(), &["paths", "--to", "cluster-admin,node,cloud"]);
    assert_eq!(after["paths_total"], 0, "{after:#}");
}

#[test]
fn a_way_in_that_closes_moves_the_findings_behind_it() {
    // Three settings cost more than the one entry before them.
    let settings = "securityContext: {privileged: true, capabilities: {add: [SYS_MODULE]}}
          volumeMounts: [{name: host, mountPath: /host}]
      volumes: [{name: host, hostPath: {path: /}}]";
    let open = SHOP.replace("env: [{name: KEY, valueFrom: {secretKeyRef: {name: payment, key: k}}}]", settings);
    let shop = scanned(&open);
    let found = json(shop.path(), &["paths", "--to", "node"]);
    let closes = |change: &&Value| change["change"].as_str().unwrap().contains("close its ways in");
    let changes = found["choke_points"]["changes"].as_array().unwrap();
    let entry = changes.iter().find(closes).unwrap_or_else(|| panic!("{changes:#?}"));
    assert!(!entry["moves"].as_array().unwrap().is_empty(), "{entry}");
}

#[test]
fn what_falls_with_a_workload_is_told_apart_by_certainty() {
    let found = json(shop(), &["paths", "--from", "shop/agent"]);
    assert_eq!(found["blast"]["sure"]["cluster admins"], 1, "{found:#}");
    assert_eq!(found["blast"]["sure"]["nodes of a cluster"], 1);
    let nothing = json(shop(), &["paths", "--from", "safe/quiet"]);
    assert_eq!(nothing["paths_total"], 0);
    assert_eq!(nothing["blast"]["sure"], serde_json::json!({}));
    let screen = text(&assay(shop(), &["paths", "--from", "shop/agent"]));
    assert!(screen.contains("With shop/agent falls for sure: "), "{screen}");
}

#[test]
fn what_a_namespace_enforces_stands_beside_what_a_workload_meets() {
    let assets = json(shop(), &["assets"]);
    let quiet = assets["assets"].as_array().unwrap().iter().find(|a| a["name"] == "quiet" && a["kind"] == "Deployment");
    assert_eq!(quiet.unwrap()["pod_security_enforced"], "baseline");
    let screen = text(&assay(shop(), &["assets"]));
    assert!(screen.contains("baseline, enforced baseline"), "{screen}");
}

#[test]
fn the_screen_tells_ways_changes_and_limits() {
    let screen = text(&assay(shop(), &["paths"]));
    for part in ["cluster-admin     1", "POD_EXEC", "This one change closes all 2 ways", "patch {", "nobody tried"] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    let ways = text(&assay(shop(), &["paths", "--ways"]));
    assert!(ways.contains("shop/web  exposed") && ways.contains("load_balancer :443"), "{ways}");
}

#[test]
fn the_picture_is_well_formed_and_the_same_each_time() {
    let picture = text(&assay(shop(), &["paths", "--svg"]));
    let mut reader = quick_xml::Reader::from_str(&picture);
    let mut boxes = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(e) if e.name().as_ref() == "g" => boxes += 1,
            _ => {}
        }
    }
    assert!(boxes > 10, "{boxes}");
    for part in ["POD_EXEC", "service account shop/web", "cluster admin of demo"] {
        assert!(picture.contains(part), "{part}");
    }
    assert_eq!(picture, text(&assay(shop(), &["paths", "--svg", "--as-of", &as_of(&picture)])));
}

fn as_of(picture: &str) -> String {
    picture.split("as of ").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

#[test]
fn a_place_that_is_not_there_and_a_goal_that_is_none_are_refused_with_what_can_be_said() {
    for (args, says) in [
        (&["paths", "--from", "shop/none"][..], "assay assets"),
        (&["paths", "--to", "glory"], "cluster-admin"),
        (&["paths", "--svg", "--ways"], "--ways"),
    ] {
        let output = assay(shop(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(says), "{args:?}: {output:?}");
    }
}

#[test]
fn no_path_is_no_error() {
    let quiet = scanned(SHOP.split("---").last().unwrap());
    let screen = text(&assay(quiet.path(), &["paths"]));
    assert!(screen.starts_with("No attack path from the Internet is in view."), "{screen}");
    assert!(text(&assay(quiet.path(), &["paths", "--svg"])).contains("0 ways of attack"));
}

#[test]
fn every_kind_of_step_says_what_it_needs() {
    let nowhere = tempfile::tempdir().unwrap();
    let kinds = json(nowhere.path(), &["paths", "--kinds"]);
    let kinds = kinds.as_array().unwrap();
    assert!(kinds.len() >= 30);
    assert!(kinds.iter().all(|row| !row["needs"].as_str().unwrap().is_empty()));
}

//! A decision that turns out to be wrong: what each status does, and how one is taken back.

use std::path::Path;

use super::{answer, assay, ends, findings, put, trivy};

const NOW: &str = "2026-11-20T10:00:00Z";

/// What a command prints for people.
fn told(data: &Path, args: &[&str]) -> String {
    let output = assay(data, args);
    ends(&output, 0);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A data folder with one finding in it, and the finding's id.
fn one(folder: &Path) -> (std::path::PathBuf, String) {
    let data = folder.join("data");
    super::ingest(&data, &put(folder, "1.json", trivy("shop/web:1.0", 0..1, 'a', NOW)));
    let id = findings(&data, &[])[0]["id"].as_str().unwrap().to_owned();
    (data, id)
}

/// True while it is in today or due.
fn counted(data: &Path) -> bool {
    let funnel = answer(data, &["funnel"]);
    !told(data, &[]).contains("decided: 1") && funnel["findings_open"] == 1
}

#[test]
fn what_is_affected_stays_in_today_and_what_is_not_goes() {
    let folder = tempfile::tempdir().unwrap();
    let (data, id) = one(folder.path());
    let until = ["--until", "2099-01-01"];
    for (status, until, stays) in [
        ("affected", [].as_slice(), true),
        ("affected", &until, false),
        ("not_affected", &until, false),
        ("under_investigation", &until, true),
        ("fixed", &until, false),
    ] {
        let said = told(&data, &[&["decide", &id, "--status", status, "--note", "looked"], until].concat());
        assert_eq!(said.contains("risk accepted until 2099"), status == "affected" && !stays, "{said}");
        assert_eq!(counted(&data), stays, "{status}");
        assert_eq!(said.contains("It stays in today"), stays, "{said}");
    }
    let said = ends(&assay(&data, &["decide", &id, "--status", "affected", "--until", "2099-01-01"]), 2);
    assert!(said.contains("accepting a risk needs a reason"), "{said}");
    let said = told(&data, &["decide", &id, "--status", "fixed"]);
    assert!(said.contains("fixed for good"), "{said}");
    let help = told(&data, &["decide", "--help"]);
    for part in ["stays in today and due", "out of today and due until", "inline_mitigations_already_exist"] {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[test]
fn a_decision_says_what_it_hit_and_the_line_that_it_prints_takes_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let (data, id) = one(folder.path());
    let due = findings(&data, &[])[0]["due"].clone();
    let said = told(&data, &["decide", &id, "--status", "not_affected", "--note", "looked", "--until", "2099-01-01"]);
    assert!(said.contains("CVE-2024-10000") && said.contains("shop/web") && said.contains(&id[..11]), "{said}");
    let line = said.lines().find_map(|l| l.strip_prefix("To take it back: assay ")).unwrap();
    let args: Vec<&str> = line.split(" --data ").next().unwrap().split(' ').collect();
    assert!(told(&data, &args).contains("The decision is withdrawn"));
    assert!(counted(&data));
    let finding = &findings(&data, &[])[0];
    assert!(finding["decision"].is_null() && finding["due"] == due, "no time was gained: {finding}");
    assert!(told(&data, &["explain", &id]).contains("withdrawn"), "{}", told(&data, &["explain", &id]));
    assert!(told(&data, &["audit", "verify"]).contains("links hold"));
    let said = ends(&assay(&data, &args), 2);
    assert!(said.contains("no decision of a person stands on it"), "{said}");
}

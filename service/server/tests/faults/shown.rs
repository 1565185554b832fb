//! Texts that were shown come out again byte for byte, whatever became of the ledger; a record that was changed is told.

use super::*;

fn replayed(data: &Path) -> Value {
    answer(data, &["audit", "verify", "--replay"])
}

#[test]
fn every_text_that_left_is_written_again_after_the_ledger_moved_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let report = folder.path().join("one.json");
    std::fs::write(&report, trivy("shop/web:1.0", 0..3, 'a', "2026-01-01T00:00:00Z")).unwrap();
    ingest(&data, &report);
    let id = findings(&data, &[])[0]["id"].as_str().unwrap().to_owned();
    for output in ["text", "md", "html", "json"] {
        ends(&assay(&data, &["explain", &id, "-o", output]), 0);
        ends(&assay(&data, &["digest", "-o", output]), 0);
    }
    let ticket = folder.path().join("ticket.txt");
    std::fs::write(&ticket, "CVE-2024-10000 in shop/web, [click](https://evil.example)").unwrap();
    ends(&assay(&data, &["enrich", "--ticket", ticket.to_str().unwrap(), "--key", "T-1"]), 0);
    let before = replayed(&data);
    assert_eq!(before["replay"]["shown"], 9, "{before}");
    assert_eq!(before["replay"]["same"], 9, "{before}");
    // All of it is gone, and the texts are written from their records all the same.
    std::fs::write(&report, trivy("shop/web:1.0", 0..0, 'b', "2026-02-01T00:00:00Z")).unwrap();
    ingest(&data, &report);
    let after = replayed(&data);
    assert_eq!((&after["replay"]["same"], &after["replay"]["broken"]), (&Value::from(9), &Value::from(0)), "{after}");
    let said = assay(&data, &["audit", "verify", "--replay"]);
    ends(&said, 0);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("9 shown texts, 9 byte for byte the same"), "{said}");
}

#[test]
fn a_record_that_somebody_changed_is_told_with_its_link() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let report = folder.path().join("one.json");
    std::fs::write(&report, trivy("shop/web:1.0", 0..1, 'a', "2026-01-01T00:00:00Z")).unwrap();
    ingest(&data, &report);
    let id = findings(&data, &[])[0]["id"].as_str().unwrap().to_owned();
    ends(&assay(&data, &["explain", &id]), 0);
    // As somebody would who writes into the file: the kind of the one record, a letter of it.
    let file = data.join("assay.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let record = b"\"kind\":\"explanation\"";
    let at = bytes.windows(record.len()).position(|w| w == record).unwrap();
    bytes[at + record.len() - 2] = b'x';
    std::fs::write(&file, bytes).unwrap();
    let said = ends(&assay(&data, &["audit", "verify", "--replay"]), 3);
    assert!(said.contains("1 shown text cannot be written again"), "{said}");
    ends(&assay(&data, &["audit", "verify"]), 0);
}

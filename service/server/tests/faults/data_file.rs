//! A data file that is damaged, or from another time.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{assay, ends, findings, ingest, put, trivy};

/// A data folder with a report in it.
fn filled(folder: &Path) -> (PathBuf, PathBuf) {
    let data = folder.join("data");
    let report = put(folder, "web.json", trivy("shop/web:1.0", 0..300, 'a', "2026-11-20T10:00:00Z"));
    ingest(&data, &report);
    (data, report)
}

/// Overwrites some bytes of the data file.
fn overwrite(data: &Path, at: u64, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).open(data.join("assay.db")).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn what_is_no_data_file_is_named_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let (data, report) = filled(folder.path());
    overwrite(&data, 0, b"this is not a database at all, it is a letter");
    for args in [vec!["ingest", report.to_str().unwrap()], vec!["findings"]] {
        let said = ends(&assay(&data, &args), 4);
        assert!(said.contains("assay.db is no data file of Assay, or it is damaged; restore a backup"), "{said}");
    }
}

#[test]
fn a_damaged_data_file_is_said_to_be_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let (data, _) = filled(folder.path());
    let len = fs::metadata(data.join("assay.db")).unwrap().len();
    for page in (4096..len).step_by(4096) {
        overwrite(&data, page, &[0xA5; 4096]);
    }
    let said = ends(&assay(&data, &["findings"]), 4);
    assert!(said.contains("damaged") && said.contains("restore a backup"), "{said}");
}

#[test]
fn a_data_file_that_was_cut_is_never_read_as_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let (data, _) = filled(folder.path());
    let path = data.join("assay.db");
    let mut bytes = Vec::new();
    fs::File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let said = ends(&assay(&data, &["findings"]), 4);
    assert!(said.contains("damaged"), "{said}");
}

#[test]
fn a_newer_schema_is_refused_with_the_way_back() {
    let folder = tempfile::tempdir().unwrap();
    let (data, report) = filled(folder.path());
    // Bytes 60 to 63 of the header are the schema's version.
    overwrite(&data, 60, &99u32.to_be_bytes());
    let before = fs::read(data.join("assay.db")).unwrap();
    for args in [vec!["ingest", report.to_str().unwrap()], vec!["findings"]] {
        let said = ends(&assay(&data, &args), 4);
        assert!(said.contains("written by a newer Assay (schema 99") && said.contains("assay.db.schema-"), "{said}");
    }
    assert_eq!(fs::read(data.join("assay.db")).unwrap(), before, "it was not touched");
}

#[test]
fn a_missing_data_file_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (data, report) = filled(folder.path());
    fs::remove_file(data.join("assay.db")).unwrap();
    ingest(&data, &report);
    assert_eq!(findings(&data, &[]).len(), 300);
}

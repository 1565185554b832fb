//! Several processes at once on one data folder: each waits for the other, nothing is lost and nothing doubled.

use std::path::Path;

use super::{command, ends, held, put, trivy};

/// Runs `assay ingest` on each of the files at the same time.
fn at_once<const N: usize>(data: &Path, files: [&Path; N]) {
    let running: Vec<_> = files
        .iter()
        .map(|file| {
            let (data, file) = (data.to_owned(), file.to_str().unwrap().to_owned());
            std::thread::spawn(move || command(&data, &["ingest", &file]).output().unwrap())
        })
        .collect();
    for one in running {
        ends(&one.join().unwrap(), 0);
    }
}

#[test]
fn two_writers_of_two_reports_both_succeed() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5 {
        // A fresh folder each time: both make it, its key and its schema.
        let data = folder.path().join(format!("data-{round}"));
        let web = put(folder.path(), "web.json", trivy("shop/web:1.0", 0..300, 'a', "2026-11-20T10:00:00Z"));
        let api = put(folder.path(), "api.json", trivy("shop/api:1.0", 0..200, 'b', "2026-11-20T10:00:00Z"));
        at_once(&data, [&web, &api]);
        assert_eq!(held(&data), (500, 500));
    }
}

#[test]
fn four_writers_of_one_report_keep_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let web = put(folder.path(), "web.json", trivy("shop/web:1.0", 0..300, 'a', "2026-11-20T10:00:00Z"));
    at_once(&data, [web.as_path(); 4]);
    assert_eq!(held(&data), (300, 300));
}

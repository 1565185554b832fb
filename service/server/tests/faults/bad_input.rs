//! Bad bytes: refused with the file, the place and what to do; good files beside them are kept.

use super::{answer, assay, ends, findings, put, trivy};

const NOW: &str = "2026-11-20T10:00:00Z";

/// Name, bytes, what is said about them.
fn cases() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let good = trivy("shop/web:1.0", 0..3, 'a', NOW);
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let deep_inside = format!("{},\"x\":{}", &good[..good.len() - 1], "[".repeat(2_000_000));
    vec![
        ("empty.json", vec![], "it is empty"),
        ("blank.json", b" \n\t ".to_vec(), "it is empty"),
        ("null.json", b"null".to_vec(), "null"),
        ("cut.json", good.as_bytes()[..200].to_vec(), "line 1, column 201: the text ends in the middle"),
        ("cut-late.json", good.as_bytes()[..good.len() - 3].to_vec(), "the text ends in the middle"),
        ("deep.json", vec![b'['; 2_000_000], "nesting is over the limit of 128 levels"),
        ("deep-inside.json", deep_inside.into_bytes(), "nesting is over the limit of 128 levels"),
        ("type.json", br#"{"SchemaVersion":2,"Results":{"a":1}}"#.to_vec(), "line 1, column 30: a list belongs here"),
        ("twice.json", good.replacen('{', "{\"Results\":[],", 1).into_bytes(), "a key occurs twice in one object"),
        ("bom.json", b"\xEF\xBB\xBF{}".to_vec(), "no known report format"),
        ("utf16.json", [b"\xFF\xFE".to_vec(), utf16].concat(), "convert it to UTF-8 (iconv -t UTF-8)"),
        ("zip.json", [b"PK\x03\x04".to_vec(), vec![0; 1000]].concat(), "a zip archive; unpack it first"),
        ("bytes.json", (0..=255).collect(), "binary data"),
        ("text.txt", b"hello".to_vec(), "no known report format"),
        ("array.json", b"[1,2,3]".to_vec(), "no known report format"),
    ]
}

#[test]
fn every_bad_file_is_refused_with_its_place_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, what) in cases() {
        let data = folder.path().join(format!("data-{name}"));
        let file = put(folder.path(), name, bytes);
        let said = ends(&assay(&data, &["ingest", file.to_str().unwrap()]), 3);
        assert!(said.contains(&format!("{name}: ")) && said.contains(what), "{said}");
        let told = said.contains("\nhint: ") || said.contains("convert") || said.contains("unpack");
        assert!(told, "no next step: {said}");
        assert_eq!(findings(&data, &["--status", "all"]).len(), 0, "{name}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named_with_the_cause() {
    let data = tempfile::tempdir().unwrap();
    let said = ends(&assay(data.path(), &["ingest", "nowhere.json"]), 3);
    assert!(said.contains("nowhere.json: it cannot be read: No such file"), "{said}");
}

#[test]
fn good_files_beside_bad_ones_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let good = put(folder.path(), "good.json", trivy("shop/web:1.0", 0..3, 'a', NOW));
    let bad: Vec<_> = cases().into_iter().map(|(name, bytes, _)| put(folder.path(), name, bytes)).collect();
    let mut args = vec!["ingest"];
    args.extend(bad.iter().take(4).chain([&good]).chain(bad.iter().skip(4)).map(|p| p.to_str().unwrap()));
    let said = ends(&assay(&data, &args), 3);
    assert!(said.contains("15 of 16 files were not taken; 1 other files were kept"), "{said}");
    assert_eq!(findings(&data, &[]).len(), 3);
}

#[test]
fn a_folder_of_good_and_bad_files_gives_all_the_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    let (data, reports) = (folder.path().join("data"), folder.path().join("reports"));
    std::fs::create_dir_all(reports.join("deeper")).unwrap();
    put(&reports, "web.json", trivy("shop/web:1.0", 0..3, 'a', NOW));
    put(&reports.join("deeper"), "api.json", trivy("shop/api:1.0", 0..2, 'b', NOW));
    put(&reports, "README.md", "not a report");
    put(&reports, "empty.json", "");
    let listed = answer(&data, &["ingest", reports.to_str().unwrap()]);
    let names: Vec<(&str, bool)> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["file"].as_str().unwrap().rsplit('/').next().unwrap(), f["error"].is_null()))
        .collect();
    let expected = [("README.md", false), ("api.json", true), ("empty.json", false), ("web.json", true)];
    assert_eq!(names, expected, "what is no report is listed and changes no exit code");
    assert_eq!(findings(&data, &[]).len(), 5);
    // A report that breaks off is a report: it is named and counts.
    put(&reports, "cut.json", &trivy("shop/cut:1.0", 0..3, 'c', NOW)[..300]);
    let said = ends(&assay(&data, &["ingest", reports.to_str().unwrap()]), 3);
    assert!(said.contains("cut.json: at line 1, column 301"), "{said}");
    assert_eq!(findings(&data, &[]).len(), 5);
}

#[test]
fn a_report_with_a_byte_order_mark_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let report = [b"\xEF\xBB\xBF".to_vec(), trivy("shop/web:1.0", 0..3, 'a', NOW).into_bytes()].concat();
    let counts = super::ingest(&folder.path().join("data"), &put(folder.path(), "bom.json", report));
    assert_eq!(counts["new"], 3);
}

#[test]
fn a_report_from_standard_input_is_a_report() {
    let data = tempfile::tempdir().unwrap();
    let mut command = super::command(data.path(), &["ingest", "-"]);
    ends(&command.write_stdin(trivy("shop/web:1.0", 0..3, 'a', NOW)).output().unwrap(), 0);
    let mut command = super::command(data.path(), &["ingest", "-"]);
    let said = ends(&command.write_stdin("null").output().unwrap(), 3);
    assert!(said.starts_with("assay: -: "), "{said}");
    assert_eq!(findings(data.path(), &[]).len(), 3);
}

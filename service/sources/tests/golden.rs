//! One fixture, one golden file: what each format's reader makes of a small report with a few bad records in it.

mod shown;

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use assay_core::ids::Time;
use assay_core::intel::FeedState;
use assay_core::text::Opaque;
use assay_sources::door::SecretDoor;
use assay_sources::intel::{ImportHow, import_path};
use assay_sources::limits::ReadLimits;
use assay_sources::read::{Flow, How, read};
use assay_sources::sniff::{Format, sniff};

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder of fixtures").map(|e| e.expect("a file").path()).collect();
    files.sort();
    files
}

fn open(path: &Path) -> BufReader<File> {
    BufReader::new(File::open(path).expect("a fixture"))
}

fn shown(path: &Path, format: Format, source: Option<&Opaque>) -> String {
    let limits = ReadLimits::default();
    let (door, cluster) = (SecretDoor::new([1; 32]), Opaque::readmit("demo"));
    let received_at = "2026-11-24T03:00:00Z".parse::<Time>().expect("an instant");
    let how = How { limits: &limits, door: &door, cluster: &cluster, source, received_at };
    let mut out = String::new();
    let head = read(format, &mut open(path), &how, &mut |record| {
        out.push_str(&shown::record(&record));
        Flow::More
    })
    .expect("a fixture that can be read");
    out.push_str(&shown::head(&head));
    out
}

#[test]
fn each_fixture_is_detected_and_reads_as_its_golden_file_says() {
    for format in Format::ALL {
        let files = fixtures(format.as_str());
        assert!(!files.is_empty(), "{format} has no fixture");
        for path in files {
            let told = sniff(&mut open(&path), &ReadLimits::default());
            assert_eq!(told.map_err(|e| e.to_string()), Ok(*format), "{}", path.display());
            let name = format!("{format}__{}", path.file_stem().unwrap().to_string_lossy());
            insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(name, shown(&path, *format, None));
            });
        }
    }
}

#[test]
fn a_tree_without_a_name_gets_the_one_that_is_given() {
    let source = Opaque::readmit("shop-web");
    let tree = fixtures("trivy-json").into_iter().find(|p| p.ends_with("tree.json")).unwrap();
    let shown = shown(&tree, Format::TrivyJson, Some(&source));
    assert!(
        shown.contains("about tree \"shop-web\"") && shown.contains(r#"part ["tree","shop-web"] complete"#),
        "{shown}"
    );
    assert!(!shown.contains("hint"), "{shown}");
}

#[test]
fn each_feed_reads_as_its_golden_file_says() {
    let limits = ReadLimits::default();
    let imported_at = "2026-11-24T03:00:00Z".parse::<Time>().unwrap();
    let door = SecretDoor::new([1; 32]);
    let how = ImportHow { limits: &limits, door: &door, imported_at };
    for path in fixtures("intel") {
        let mut out = String::new();
        let imported = import_path(&path, &how, &mut |note| {
            out.push_str(&shown::note(&note));
            out.push('\n');
            Flow::More
        })
        .unwrap();
        for FeedState { feed, published, imported, rows } in imported.feeds {
            out.push_str(&format!("feed {feed}: {rows} rows, published {published}, imported {imported}\n"));
        }
        for skipped in imported.skipped {
            out.push_str(&format!("skipped {}: {}\n", skipped.locator, skipped.reason));
        }
        let name = format!("intel__{}", path.file_stem().unwrap().to_string_lossy());
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, out);
        });
    }
}

//! What a stranger may put in the place of a package's files: any bytes, links, and numbers that lie.

use std::os::unix::fs::symlink;

use proptest::collection::vec;
use proptest::prelude::*;

use super::made::Made;
use super::*;

const PLACES: [&str; 8] = [
    "srv/app",
    "srv/app.jar",
    "srv/node_modules/a/package.json",
    "srv/site-packages/a-1.dist-info/RECORD",
    "srv/site-packages/a-1.dist-info/METADATA",
    "srv/site-packages/b-1.egg-info/installed-files.txt",
    "srv/site-packages/b-1.egg-info/top_level.txt",
    "lib/apk/db/installed",
];
const ASKED: [&str; 5] =
    ["/srv/app", "/srv/app.jar", "/srv/node_modules/a/x", "/srv/site-packages/a", "/srv/site-packages/b/__pycache__"];

/// Bytes that begin like something that is read.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let begin = prop_oneof![
        Just(Vec::new()),
        Just(b"\x7fELF\x02\x01\x01".to_vec()),
        Just(b"\x7fELF\x01\x02\x01".to_vec()),
        Just(b"PK\x03\x04".to_vec()),
        Just(b"PK\x05\x06".to_vec()),
        Just(b"{\"name\":\"a\",\"version\":".to_vec()),
        Just(b"\"a/b\"\",".to_vec()),
        Just(b"P:a\nV:1\nF:".to_vec()),
    ];
    (begin, vec(any::<u8>(), 0..400)).prop_map(|(begin, rest)| [begin, rest].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn no_bytes_make_the_agent_fall(all in vec(bytes(), PLACES.len())) {
        let root = tree(&[]);
        for (place, bytes) in PLACES.iter().zip(&all) {
            write(root.path(), place, bytes);
        }
        ask(root.path(), &ASKED);
    }

    #[test]
    fn no_changed_byte_of_an_executable_or_archive_makes_the_agent_fall(
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        end in any::<prop::sample::Index>(),
        wide in any::<bool>(),
    ) {
        let elf = Made { wide, big: false }.elf(&[(".go.buildinfo", &super::linked::inline()), (".dep-v0", b"\x78\x9c\x01")]);
        let root = tree(&[]);
        for (place, mut bytes) in [("srv/app", elf), ("srv/app.jar", crate::packages::jar::tests::spring())] {
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            if end.index(4) == 0 {
                bytes.truncate(end.index(bytes.len()));
            }
            write(root.path(), place, bytes);
        }
        ask(root.path(), &ASKED);
    }
}

#[test]
fn no_link_in_the_place_of_a_languages_files_leads_out_of_the_container() {
    let outside = tree(&[
        ("site-packages/six-1.dist-info/RECORD", "six.py,,\n"),
        ("site-packages/six-1.dist-info/METADATA", "Name: six\nVersion: 1\n"),
        ("node_modules/a/package.json", r#"{"name":"a","version":"1"}"#),
    ]);
    write(outside.path(), "app", Made { wide: true, big: false }.elf(&[(".go.buildinfo", &super::linked::inline())]));
    write(outside.path(), "app.jar", crate::packages::jar::tests::spring());
    let asked = ["/srv/site-packages/six.py", "/srv/node_modules/a/x.js", "/srv/app", "/srv/app.jar"];
    let root = tree(&[]);
    fs::create_dir_all(root.path().join("srv")).unwrap();
    for name in ["site-packages", "node_modules", "app", "app.jar"] {
        symlink(outside.path().join(name), root.path().join("srv").join(name)).unwrap();
    }
    let told = ask(root.path(), &asked);
    assert!(told.iter().all(|row| row.contains("/-unnamed- ")), "the links lead to the node's own files: {told:?}");
    // The same files inside are found, so it was the links.
    let inside = outside.path().parent().unwrap().to_path_buf();
    let below = outside.path().file_name().unwrap().to_str().unwrap();
    let asked = asked.map(|path| path.replace("/srv", &format!("/{below}")));
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    assert!(ask(&inside, &asked).len() > 4);
}

#[test]
fn a_file_with_a_hole_of_terabytes_and_numbers_that_lie_costs_nothing() {
    let root = tree(&[]);
    let made = Made { wide: true, big: false };
    let mut elf = made.elf(&[(".go.buildinfo", &super::linked::inline())]);
    // The section's length is the last but five of the row of the first section.
    let rows = elf.len() - 3 * 64;
    elf[rows + 64 + 32..rows + 64 + 40].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    write(root.path(), "srv/app", &elf);
    let file = fs::OpenOptions::new().write(true).open(root.path().join("srv/app")).unwrap();
    file.set_len(1 << 42).unwrap();
    let file = fs::File::create(root.path().join("srv/app.jar")).unwrap();
    file.set_len(1 << 42).unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(ask(root.path(), &["/srv/app.jar"]), ["/srv/app.jar pkg:maven/-unnamed- in /srv/app.jar perhaps"]);
    assert!(!ask(root.path(), &["/srv/app"]).is_empty(), "the build information is read without that number");
    assert!(begun.elapsed().as_secs() < 10);
}

#[test]
fn a_tree_made_to_take_long_ends_the_pass() {
    let root = tree(&[("srv/node_modules/a/package.json", r#"{"name":"a","version":"1"}"#)]);
    let paths: Vec<String> =
        (0..WANTED_MAX - 1).map(|i| format!("/srv/site-packages/__pycache__/six.c{i}.pyc")).collect();
    for i in 0..8 {
        let lines = "six.py\n".repeat(60_000);
        write(root.path(), &format!("srv/site-packages/p{i}-1.dist-info/RECORD"), lines);
    }
    write(root.path(), "srv/site-packages/q-1.egg-info/top_level.txt", "six\n".repeat(16_000));
    let wanted: BTreeSet<&str> = paths.iter().map(String::as_str).chain(["/srv/node_modules/a/x.js"]).collect();
    let inside = Inside::at(root.path()).unwrap();
    // Most of what a pass may is used up already, so that the test is short.
    assert!(inside.take(PASS_BYTES_MAX - (24 << 20)).is_ok());
    let begun = std::time::Instant::now();
    let found = owners(&inside, &wanted);
    let named = found.values().flatten().find(|p| p.level != Some(UseLevel::Perhaps));
    assert!(inside.was_cut() && named.is_none(), "eight claim one file, and the pass ends before npm: {named:?}");
    assert!(begun.elapsed().as_secs() < 30);
}

#[test]
fn a_pass_that_is_cut_says_so() {
    let root = tree(&[]);
    let inside = Inside::at(root.path()).unwrap();
    assert!(!inside.was_cut());
    assert!(inside.take(PASS_BYTES_MAX).is_ok() && !inside.was_cut());
    assert!(inside.take(1).is_err() && inside.was_cut());
}

//! Archives of Java as build tools make them, and as a stranger might.

use std::io::Write;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use assay_core::observation::UseLevel;

use super::super::tests::{ask, tree, write};
use super::*;

pub(in super::super) fn archive(method: CompressionMethod, entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn pom(group: &str, artifact: &str, version: &str) -> (String, Vec<u8>) {
    let name = format!("META-INF/maven/{group}/{artifact}/pom.properties");
    (name, format!("#c\ngroupId={group}\nartifactId={artifact}\nversion={version}\n").into_bytes())
}

fn library(method: CompressionMethod, poms: &[(String, Vec<u8>)]) -> Vec<u8> {
    let entries: Vec<(&str, &[u8])> = poms.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    archive(method, &entries)
}

/// A Spring Boot archive: its own name, a stored library, a shaded one, one without `pom.properties`.
pub(in super::super) fn spring() -> Vec<u8> {
    let stored = library(CompressionMethod::Deflated, &[pom("org.slf4j", "slf4j-api", "1.7.26")]);
    let shaded = library(CompressionMethod::Stored, &[pom("com.a", "a", "1"), pom("com.b", "b", "2")]);
    let manifest: &[u8] = b"Implementation-Vendor-Id: org.x\n";
    let unnamed = archive(CompressionMethod::Deflated, &[("META-INF/MANIFEST.MF", manifest)]);
    let own = pom("com.acme", "shop", "1.0");
    let data = library(CompressionMethod::Stored, &[pom("org.data", "data", "1")]);
    let entries: [(&str, &[u8]); 7] = [
        ("META-INF/MANIFEST.MF", b"Main-Class: x\n"),
        (&own.0, &own.1),
        ("BOOT-INF/lib/slf4j-api-1.7.26.jar", &stored),
        ("BOOT-INF/lib/shaded-1.jar", &shaded),
        ("BOOT-INF/lib/un-named-3.1.jar", &unnamed),
        ("static/download.jar", &data),
        ("agent.jar", &data),
    ];
    archive(CompressionMethod::Stored, &entries)
}

fn ask_about(path: &str, bytes: &[u8]) -> Vec<String> {
    let root = tree(&[]);
    write(root.path(), path, bytes);
    let path = format!("/{path}");
    let end = format!(" in {path}");
    let mut rows = ask(root.path(), &[&path]);
    for row in &mut rows {
        *row = row.strip_prefix(&format!("{path} ")).unwrap().replace(&end, "");
    }
    rows.sort();
    rows
}

const UNNAMED: &str = "pkg:maven/-unnamed- perhaps";

fn named() -> Vec<u8> {
    let pom = b"groupId=a\nartifactId=core\nversion=1.0\n";
    archive(CompressionMethod::Stored, &[("META-INF/maven/a/core/pom.properties", &pom[..])])
}

/// One of the libraries is named by its manifest alone, which is not always the name that it was published under.
const SPRING: [&str; 6] = [
    UNNAMED,
    "pkg:maven/com.a/a@1",
    "pkg:maven/com.acme/shop@1.0",
    "pkg:maven/com.b/b@2",
    "pkg:maven/org.slf4j/slf4j-api@1.7.26",
    "pkg:maven/org.x/un-named@3.1",
];

#[test]
fn an_archive_yields_itself_its_libraries_and_what_was_shaded_into_them() {
    assert_eq!(ask_about("app/shop.jar", &spring()), SPRING);
    let script = [b"#!/bin/sh\nexec java -jar $0\n".to_vec(), spring()].concat();
    assert_eq!(ask_about("app/shop.JAR", &script), SPRING, "an executable archive begins with a script");
    let enterprise = archive(
        CompressionMethod::Deflated,
        &[("web.war", &archive(CompressionMethod::Deflated, &[("WEB-INF/lib/shop.jar", &spring())]))],
    );
    assert!(ask_about("app/shop.ear", &enterprise).contains(&"pkg:maven/com.acme/shop@1.0".to_owned()));
}

#[test]
fn what_names_no_group_or_cannot_be_read_is_used_without_a_name() {
    let bare = archive(CompressionMethod::Stored, &[("META-INF/MANIFEST.MF", b"Implementation-Title: core\n")]);
    let app = archive(CompressionMethod::Stored, &[("lib/core-1.0.jar", &named())]);
    for (bytes, told) in
        [(&bare[..], UNNAMED), (b"", UNNAMED), (&[b'P'; 70_000], UNNAMED), (&app, "pkg:maven/a/core@1.0")]
    {
        assert_eq!(ask_about("app/core-1.0.jar", bytes), [told]);
    }
}

#[test]
fn archives_that_inflate_without_end_or_hold_each_other_deeply_are_left_and_said_to_be() {
    let root = tree(&[]);
    let bomb = archive(CompressionMethod::Deflated, &[("lib/a-1.jar", &vec![0; 48 << 20])]);
    write(root.path(), "bomb.jar", &bomb);
    let mut deep = spring();
    for _ in 0..4 {
        deep = archive(CompressionMethod::Stored, &[("lib/a.jar", &deep)]);
    }
    write(root.path(), "deep.jar", &deep);
    for path in ["/bomb.jar", "/deep.jar"] {
        let inside = Inside::at(root.path()).unwrap();
        let told = super::super::owners(&inside, &[path].into());
        assert!(told.values().flatten().all(|p| p.level == Some(UseLevel::Perhaps)), "{told:?}");
        assert!(inside.was_cut(), "{path}");
    }
}

#[test]
fn an_archive_whose_numbers_lie_has_no_name() {
    let mut bytes = spring();
    let end = bytes.len() - 22;
    bytes[end + 8..end + 12].copy_from_slice(&[0xfe, 0xff, 0xfe, 0xff]);
    assert_eq!(ask_about("app/shop.jar", &bytes), [UNNAMED]);
}

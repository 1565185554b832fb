//! Modules and crates that are built into executables of either width and byte order.

use std::io::Write;

use super::made::{BASE, Made};
use super::*;

const LINUX: Made = Made { wide: true, big: false };

const MODULES: &str = "path\tgithub.com/acme/shop/cmd/web\nmod\tgithub.com/acme/shop\t(devel)\t\n\
    dep\tgithub.com/Masterminds/semver/v3\tv3.2.0\th1:x=\ndep\tgithub.com/docker/cli\tv28.3.2+incompatible\th1:x=\n\
    dep\tgithub.com/old/fork\tv1.0.0\n=>\tgithub.com/new/fork\tv1.1.0\th1:x=\ndep\tgithub.com/acme/local\tv1.0.0\n=>\t./local\t(devel)\t\n\
    build\t-compiler=gc\nbuild\tCGO_ENABLED=0\n";

const FOUND: [&str; 6] = [
    "/app/web pkg:golang/stdlib@1.22.1 in /app/web linked",
    "/app/web pkg:golang/github.com/acme/shop in /app/web linked",
    "/app/web pkg:golang/github.com/Masterminds/semver/v3@v3.2.0 in /app/web linked",
    "/app/web pkg:golang/github.com/docker/cli@v28.3.2%2Bincompatible in /app/web linked",
    "/app/web pkg:golang/github.com/new/fork@v1.1.0 in /app/web linked",
    "/app/web pkg:golang/github.com/acme/local in /app/web linked",
];

fn text() -> Vec<u8> {
    [&[7; 16], MODULES.as_bytes(), &[8; 16]].concat()
}

fn header(pointer_len: u8, flags: u8) -> Vec<u8> {
    [b"\xff Go buildinf:", &[pointer_len, flags][..]].concat()
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut len = bytes.len();
    while len >= 0x80 {
        out.push((len & 0x7f) as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
    [out, bytes.to_vec()].concat()
}

/// The section as Go writes it since 1.18.
pub(super) fn inline() -> Vec<u8> {
    [header(8, 2), vec![0; 16], with_length(b"go1.22.1 X:boringcrypto"), with_length(&text())].concat()
}

/// The section as Go wrote it until 1.17: pointers to strings, which are pointers with a length.
fn pointers(made: Made) -> Vec<u8> {
    let (w, at) = (made.word(), BASE + made.begin());
    let word = |value: u64| made.number(value, w);
    let (version, text) = (b"go1.22.1", text());
    let strings = at + 32;
    let bytes = strings + 4 * w as u64;
    let mut section = header(w as u8, u8::from(made.big));
    section.extend([word(strings), word(strings + 2 * w as u64)].concat());
    section.resize(32, 0);
    section.extend([word(bytes), word(version.len() as u64)].concat());
    section.extend([word(bytes + version.len() as u64), word(text.len() as u64)].concat());
    [section, version.to_vec(), text].concat()
}

fn ask_about(file: &[u8]) -> Vec<String> {
    let root = tree(&[]);
    write(root.path(), "app/web", file);
    ask(root.path(), &["/app/web"])
}

#[test]
fn modules_of_go_are_read_in_both_layouts() {
    assert_eq!(ask_about(&LINUX.elf(&[(".text", b"code"), (".go.buildinfo", &inline())])), FOUND);
    for (wide, big) in [(true, false), (true, true), (false, false), (false, true)] {
        let made = Made { wide, big };
        assert_eq!(ask_about(&made.elf(&[(".go.buildinfo", &pointers(made))])), FOUND, "wide {wide}, big {big}");
    }
}

#[test]
fn a_compiler_between_releases_and_modules_without_their_marks_are_no_versions() {
    let section = [header(8, 2), vec![0; 16], with_length(b"devel go1.23-abc"), with_length(b"dep\tx\tv1\n")].concat();
    assert_eq!(
        ask_about(&LINUX.elf(&[(".go.buildinfo", &section)])),
        ["/app/web pkg:golang/stdlib in /app/web linked"]
    );
}

/// A section as `cargo auditable` writes it.
fn auditable(json: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(json).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn crates_that_run_are_told_and_those_that_only_built_are_not() {
    let json = br#"{"packages":[{"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},
        {"name":"serde","version":"1.0.2+x","source":"crates.io","dependencies":[0]},
        {"name":"web","version":"0.1.0","source":"local","root":true,"kind":"runtime"}],"format":1}"#;
    assert_eq!(
        ask_about(&LINUX.elf(&[(".dep-v0", &auditable(json))])),
        ["/app/web pkg:cargo/serde@1.0.2%2Bx in /app/web linked", "/app/web pkg:cargo/web@0.1.0 in /app/web linked"]
    );
}

#[test]
fn a_list_that_inflates_without_end_is_read_up_to_its_bound() {
    let bomb = auditable(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert!(ask_about(&LINUX.elf(&[(".dep-v0", &bomb)])).is_empty());
    let deep = auditable("{\"packages\":".repeat(100_000).as_bytes());
    assert!(ask_about(&LINUX.elf(&[(".dep-v0", &deep)])).is_empty());
}

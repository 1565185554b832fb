//! Crates that are built into a Rust executable, where `cargo auditable` wrote them down: the section `.dep-v0`, JSON
//! within zlib. Crates that only built it are no part of it.

use std::io::Read;

use serde::Deserialize;

use super::elf::Elf;
use super::{Found, Package};

/// The most bytes that the list of crates of one executable inflates to.
const LIST_BYTES_MAX: u64 = 8 << 20;

#[derive(Deserialize)]
struct List {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    #[serde(default)]
    kind: Kind,
}

#[derive(Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Runtime,
    /// Build scripts, macros and whatever a later format may add.
    #[serde(other)]
    Build,
}

pub(super) fn owners(elf: &Elf<'_>, path: &str, found: &mut Found<'_>) {
    let Some(list) = elf.rust.and_then(|part| list(found, elf.bytes(part)?)) else { return };
    for one in list.packages.iter().filter(|one| one.kind == Kind::Runtime && !one.name.contains('/')) {
        if let Some(package) = Package::linked_into("cargo", &one.name, &one.version, path) {
            found.add(path, package);
        }
    }
}

fn list(found: &Found<'_>, bytes: &[u8]) -> Option<List> {
    let mut json = Vec::new();
    flate2::read::ZlibDecoder::new(bytes).take(LIST_BYTES_MAX).read_to_end(&mut json).ok()?;
    found.inside.take(json.len() as u64).ok()?;
    if json.len() as u64 >= LIST_BYTES_MAX {
        found.inside.cut();
        return None;
    }
    serde_json::from_slice(&json).ok()
}

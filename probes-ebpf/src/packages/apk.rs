//! Alpine's package list: one file of records, `P:` name, `V:` version, `o:` source, then `F:` folders with `R:` files.

use std::collections::BTreeMap;

use super::{Distribution, Inside, Package, plain};

const LISTS: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];

#[derive(Default)]
struct Entry {
    name: String,
    version: String,
    architecture: String,
    source: String,
    folder: String,
}

pub(super) fn owners(
    inside: &Inside,
    asked: &BTreeMap<&str, &str>,
    distribution: &Distribution,
) -> BTreeMap<String, Package> {
    let mut found = BTreeMap::new();
    for list in LISTS {
        let mut entry = Entry::default();
        // A container without this list has no packages of this kind.
        let _ = inside.lines(list, |line| {
            let Some((key, value)) = line.split_once(':') else {
                entry = Entry::default();
                return;
            };
            match key {
                "P" => entry.name = value.to_owned(),
                "V" => entry.version = value.to_owned(),
                "A" => entry.architecture = value.to_owned(),
                "o" => entry.source = value.to_owned(),
                "F" => entry.folder = value.to_owned(),
                "R" => {
                    let path = format!("/{}/{value}", entry.folder);
                    if let Some(asked) = asked.get(plain(&path)) {
                        found.insert((*asked).to_owned(), entry.package(distribution));
                    }
                }
                _ => {}
            }
        });
    }
    found
}

impl Entry {
    fn package(&self, distribution: &Distribution) -> Package {
        let other = !self.source.is_empty() && self.source != self.name;
        Package {
            purl: distribution.purl("apk", "alpine", &self.name, &self.version, &self.architecture),
            source: other.then(|| self.source.clone()),
        }
    }
}

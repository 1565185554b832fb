//! Alpine's package list: one file of records, `P:` name, `V:` version, `o:` source, then `F:` folders with `R:` files.

use super::asked::{Asked, Claims};
use super::distribution::{Distribution, Installed};
use super::{Found, Inside};

const LISTS: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];

pub(super) fn owners(inside: &Inside, asked: &Asked<'_>, distribution: &Distribution, found: &mut Found<'_>) {
    for list in LISTS {
        let mut claims = Claims::none();
        let mut entry = Installed::default();
        let mut folder = String::new();
        // A container without this list has no packages of this kind.
        let _ = inside.lines(list, |line| {
            let Some((key, value)) = line.split_once(':') else {
                entry = Installed::default();
                return;
            };
            match key {
                "P" => entry.name = value.to_owned(),
                "V" => entry.version = value.to_owned(),
                "A" => entry.architecture = value.to_owned(),
                "o" => entry.source = value.to_owned(),
                "F" => folder = format!("/{value}"),
                "R" => {
                    // A folder is asked for where files directly in it were used.
                    for path in asked.at(&format!("{folder}/{value}")).iter().chain(asked.at(&folder)) {
                        claims.claim(path, distribution.package("apk", "alpine", &entry));
                    }
                }
                _ => {}
            }
        });
        for (path, package) in claims.settled() {
            if let Some(package) = package {
                found.add(path, package);
            }
        }
    }
}

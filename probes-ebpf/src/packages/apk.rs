//! Alpine's package list: one file of records, `P:` name, `V:` version, `o:` source, then `F:` folders with `R:` files.

use super::asked::{Asked, Claims};
use super::distribution::{Distribution, Installed};
use super::{Found, Inside};

/// The most packages whose files are found in one list.
const OWNERS_MAX: usize = 20_000;

const LISTS: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];

pub(super) fn owners(inside: &Inside, asked: &Asked<'_>, distribution: &Distribution, found: &mut Found<'_>) {
    for list in LISTS {
        let mut claims = Claims::none();
        let mut entry = Installed::default();
        let mut folder = String::new();
        let mut owners: Vec<Installed> = Vec::new();
        let mut owns = false;
        // A container without this list has no packages of this kind.
        let _ = inside.lines(list, |line| {
            let Some((key, value)) = line.split_once(':') else {
                entry = Installed::default();
                owns = false;
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
                    let names = [asked.name(&format!("{folder}/{value}")), asked.name(&folder)];
                    if !owns && names.iter().any(Option::is_some) {
                        if owners.len() >= OWNERS_MAX {
                            inside.cut();
                            return;
                        }
                        owners.push(entry.clone());
                        owns = true;
                    }
                    names.into_iter().for_each(|name| claims.claim(name, owners.len()));
                }
                _ => {}
            }
        });
        for (name, owner) in claims.settled() {
            let of = |nth: usize| distribution.package("apk", "alpine", owners.get(nth - 1)?);
            found.add_all(asked.paths(name), owner.package("apk", of));
        }
    }
}

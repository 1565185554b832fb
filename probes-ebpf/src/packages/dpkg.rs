//! Debian's package lists: `info/<package>.list` names files, `status` names versions; images without a package manager
//! keep `status.d/<package>` with `<package>.md5sums`.

use std::collections::BTreeMap;

use super::asked::{Asked, Claims};
use super::distribution::{Distribution, Installed};
use super::{Found, Inside};

/// The most packages that one status file is read for.
const INSTALLED_MAX: usize = 20_000;
/// The most lines of diversions; three are one.
const DIVERSION_LINES_MAX: usize = 12_000;

const INFO: &str = "var/lib/dpkg/info";
const DIVERSIONS: &str = "var/lib/dpkg/diversions";
const STATUS: &str = "var/lib/dpkg/status";
const STATUS_D: &str = "var/lib/dpkg/status.d";

pub(super) fn owners(inside: &Inside, asked: &Asked<'_>, distribution: &Distribution, found: &mut Found<'_>) {
    let mut claims = Claims::none();
    let diverted = diversions(inside);
    let mut packages = Vec::new();
    for (folder, end) in [(INFO, ".list"), (STATUS_D, ".md5sums")] {
        for file in inside.names(folder).unwrap_or_default() {
            let Some(package) = file.strip_suffix(end) else { continue };
            packages.push(package.to_owned());
            let mut note = |path: &str| claims.claim(asked.name(path), packages.len());
            // A list that cannot be read names nothing: its files stay without a package.
            let _ = inside.lines(&format!("{folder}/{file}"), |line| {
                if folder == INFO {
                    // Folders stand in this list as files do.
                    let away = diverted.get(line).filter(|(_, by)| by.as_str() != package);
                    note(away.map_or(line, |(to, _)| to));
                } else if let Some((_, path)) = line.split_once("  ") {
                    note(&format!("/{path}"));
                    // A folder is asked for where files directly in it were used.
                    note(path.rsplit_once('/').map(|(folder, _)| format!("/{folder}")).as_deref().unwrap_or("/"));
                }
            });
        }
    }
    if claims.is_empty() {
        return;
    }
    let entries = entries(inside);
    for (name, owner) in claims.settled() {
        let package = owner.package("deb", |nth: usize| {
            let entry = packages.get(nth - 1).and_then(|package| entries.get(package))?;
            distribution.package("deb", "debian", entry)
        });
        found.add_all(asked.paths(name), package);
    }
}

/// Files that one package moves away for its own: what of every other package has this path lies at the other. Three
/// lines each: from, to, by whom.
fn diversions(inside: &Inside) -> BTreeMap<String, (String, String)> {
    let mut lines = Vec::new();
    // Most images have none.
    let _ = inside.lines(DIVERSIONS, |line| {
        if lines.len() < DIVERSION_LINES_MAX {
            lines.push(line.to_owned());
        } else {
            inside.cut();
        }
    });
    let rows = lines.chunks_exact(3);
    rows.filter_map(|row| if let [from, to, by] = row { Some((from.clone(), (to.clone(), by.clone()))) } else { None })
        .collect()
}

/// Installed packages, under both names by which a list may call them: `libc6` and `libc6:amd64`.
fn entries(inside: &Inside) -> BTreeMap<String, Installed> {
    let mut entries = BTreeMap::new();
    for entry in stanzas(inside, STATUS) {
        entries.insert(format!("{}:{}", entry.name, entry.architecture), entry.clone());
        entries.insert(entry.name.clone(), entry);
    }
    for file in inside.names(STATUS_D).unwrap_or_default().into_iter().filter(|f| !f.ends_with(".md5sums")) {
        for entry in stanzas(inside, &format!("{STATUS_D}/{file}")) {
            entries.insert(file.clone(), entry);
        }
    }
    entries
}

/// The installed packages of one status file; none when it is not there.
fn stanzas(inside: &Inside, path: &str) -> Vec<Installed> {
    let mut entries = Vec::new();
    let mut entry = Installed::default();
    let mut installed = true;
    // A file that breaks off still named what came before.
    let _ = inside.lines(path, |line| {
        if line.is_empty() {
            let whole = std::mem::take(&mut entry);
            if entries.len() >= INSTALLED_MAX {
                inside.cut();
            } else if installed && !whole.name.is_empty() {
                entries.push(whole);
            }
            installed = true;
        } else if let Some((key, value)) = line.split_once(": ") {
            match key {
                "Package" => entry.name = value.to_owned(),
                "Version" => entry.version = value.to_owned(),
                "Architecture" => entry.architecture = value.to_owned(),
                "Source" => entry.source = value.split(' ').next().unwrap_or_default().to_owned(),
                "Status" => installed = value.ends_with(" installed"),
                _ => {}
            }
        }
    });
    if installed && !entry.name.is_empty() {
        entries.push(entry);
    }
    entries
}

//! Debian's package lists: `info/<package>.list` names files, `status` names versions; images without a package manager
//! keep `status.d/<package>` with `<package>.md5sums`.

use std::collections::BTreeMap;

use super::{Distribution, Inside, Package, plain};

const INFO: &str = "var/lib/dpkg/info";
const STATUS: &str = "var/lib/dpkg/status";
const STATUS_D: &str = "var/lib/dpkg/status.d";

#[derive(Clone, Debug, Default)]
struct Entry {
    name: String,
    version: String,
    architecture: String,
    source: String,
}

pub(super) fn owners(
    inside: &Inside,
    asked: &BTreeMap<&str, &str>,
    distribution: &Distribution,
) -> BTreeMap<String, Package> {
    let mut by_package: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (folder, end, slash) in [(INFO, ".list", ""), (STATUS_D, ".md5sums", "/")] {
        for file in inside.names(folder).unwrap_or_default() {
            let Some(package) = file.strip_suffix(end) else { continue };
            let mut note = |line: &str| {
                // The second form is "<sum>  <path without slash>".
                let path = if slash.is_empty() { line } else { line.split_once("  ").map_or("", |(_, path)| path) };
                let path = format!("{slash}{path}");
                if let Some(asked) = asked.get(plain(&path)) {
                    by_package.entry(package.to_owned()).or_default().push((*asked).to_owned());
                }
            };
            // A list that cannot be read names nothing: its files stay without a package.
            let _ = inside.lines(&format!("{folder}/{file}"), &mut note);
        }
    }
    if by_package.is_empty() {
        return BTreeMap::new();
    }
    let entries = entries(inside);
    let mut found = BTreeMap::new();
    for (package, paths) in by_package {
        let Some(entry) = entries.get(&package) else { continue };
        let purl = distribution.purl("deb", "debian", &entry.name, &entry.version, &entry.architecture);
        let source = (!entry.source.is_empty() && entry.source != entry.name).then(|| entry.source.clone());
        found.extend(paths.into_iter().map(|path| (path, Package { purl: purl.clone(), source: source.clone() })));
    }
    found
}

/// Installed packages, under both names by which a list may call them: `libc6` and `libc6:amd64`.
fn entries(inside: &Inside) -> BTreeMap<String, Entry> {
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
fn stanzas(inside: &Inside, path: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut entry = Entry::default();
    let mut installed = true;
    // A file that breaks off still named what came before.
    let _ = inside.lines(path, |line| {
        if line.is_empty() {
            let whole = std::mem::take(&mut entry);
            if installed && !whole.name.is_empty() {
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

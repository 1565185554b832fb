//! Which package a file belongs to. Comes in: paths that a container used, and a process to look through. Goes out: the
//! packages, by path. One pass over the package lists for all paths that are asked at once, and no index that stays.

mod apk;
mod dpkg;
mod inside;

use std::collections::{BTreeMap, BTreeSet};

pub use inside::{Inside, InsideError};

/// The most paths that one pass looks for.
pub const WANTED_MAX: usize = 4_096;

/// A package of a distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its package URL.
    pub purl: String,
    /// Its source package, where that has another name.
    pub source: Option<String>,
}

/// Programs that handle packages: what they open and load while they do says nothing of the workload.
const PACKAGE_MANAGERS: &[&str] = &[
    "dpkg",
    "dpkg-deb",
    "dpkg-query",
    "apt",
    "apt-get",
    "apt-cache",
    "aptitude",
    "apk",
    "rpm",
    "yum",
    "dnf",
    "microdnf",
    "zypper",
];

/// The packages of those paths that have one.
pub fn owners(inside: &Inside, wanted: &BTreeSet<&str>) -> BTreeMap<String, Package> {
    let asked: BTreeMap<&str, &str> = wanted.iter().take(WANTED_MAX).map(|path| (plain(path), *path)).collect();
    let distribution = Distribution::read(inside);
    let mut found = dpkg::owners(inside, &asked, &distribution);
    found.extend(apk::owners(inside, &asked, &distribution));
    found
}

/// True when what this executable uses is not the workload's use.
pub fn is_package_manager(exe: &str) -> bool {
    exe.rsplit('/').next().is_some_and(|name| PACKAGE_MANAGERS.contains(&name))
}

/// `/usr/lib/x` and `/lib/x` are one file on merged systems, and the lists name either.
fn plain(path: &str) -> &str {
    match path.strip_prefix("/usr") {
        Some(rest) if ["/bin/", "/sbin/", "/lib"].iter().any(|top| rest.starts_with(top)) => rest,
        _ => path,
    }
}

/// The distribution that the packages are of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Distribution {
    id: String,
    version: String,
}

impl Distribution {
    fn read(inside: &Inside) -> Self {
        let text =
            ["etc/os-release", "usr/lib/os-release"].iter().find_map(|at| inside.text(at).ok()).unwrap_or_default();
        let value = |key: &str| {
            let line = text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='));
            line.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
        };
        Self { id: value("ID"), version: value("VERSION_ID") }
    }

    fn purl(&self, kind: &str, otherwise: &str, name: &str, version: &str, arch: &str) -> String {
        let id = if self.id.is_empty() { otherwise } else { &self.id };
        let mut purl = format!("pkg:{kind}/{}/{}@{}", escaped(id), escaped(name), escaped(version));
        let distro = if self.version.is_empty() { String::new() } else { format!("{id}-{}", self.version) };
        let qualifiers = [("arch", arch), ("distro", &distro)];
        for (sep, (key, value)) in ["?", "&"].iter().zip(qualifiers.iter().filter(|(_, v)| !v.is_empty())) {
            purl.push_str(&format!("{sep}{key}={}", escaped(value)));
        }
        purl
    }
}

/// Percent-encoding as package URLs ask for it.
fn escaped(text: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"-._~:".contains(&b);
    text.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests;

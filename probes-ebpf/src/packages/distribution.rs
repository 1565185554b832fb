//! The distribution that a container's packages are of, as `os-release` names it.

use super::purl::{PURL_BYTES_MAX, escaped};
use super::{Inside, Package};

/// The most bytes of an `os-release` that are read.
const RELEASE_BYTES_MAX: u64 = 64 << 10;

/// The distribution that the packages are of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Distribution {
    id: String,
    version: String,
}

impl Distribution {
    pub(super) fn read(inside: &Inside) -> Self {
        let files = ["etc/os-release", "usr/lib/os-release"];
        let bytes = files.iter().find_map(|at| inside.bytes(at, RELEASE_BYTES_MAX).ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let value = |key: &str| {
            let line = text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='));
            line.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
        };
        Self { id: value("ID"), version: value("VERSION_ID") }
    }

    /// A package of this distribution; none where its name makes no package URL. `otherwise` stands for the
    /// distribution where that has no name of its own.
    pub(super) fn package(&self, kind: &str, otherwise: &str, entry: &Installed) -> Option<Package> {
        if entry.name.is_empty() {
            return None;
        }
        let id = if self.id.is_empty() { otherwise } else { &self.id };
        let mut purl = format!("pkg:{kind}/{}/{}@{}", escaped(id), escaped(&entry.name), escaped(&entry.version));
        let distro = if self.version.is_empty() { String::new() } else { format!("{id}-{}", self.version) };
        let qualifiers = [("arch", entry.architecture.as_str()), ("distro", &distro), ("epoch", &entry.epoch)];
        let separators = std::iter::once("?").chain(std::iter::repeat("&"));
        for (sep, (key, value)) in separators.zip(qualifiers.iter().filter(|(_, v)| !v.is_empty())) {
            purl.push_str(&format!("{sep}{key}={}", escaped(value)));
        }
        let other = !entry.source.is_empty() && entry.source != entry.name;
        let source = other.then(|| entry.source.clone());
        (purl.len() <= PURL_BYTES_MAX).then_some(Package { purl, source, path: None, level: None })
    }
}

/// A package as a distribution's list has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Installed {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) architecture: String,
    pub(super) source: String,
    /// What rpm counts before the version; mostly nothing.
    pub(super) epoch: String,
}

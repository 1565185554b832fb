//! Package URLs. Comes in: names and versions that a stranger wrote. Goes out: a URL that every reader takes, or none:
//! the service refuses a whole batch for one that it cannot read.

use assay_core::asset::UNNAMED_PACKAGE;
use assay_core::observation::UseLevel;

use super::Package;

/// The longest package URL that is told, in bytes; the service cuts longer names.
pub const PURL_BYTES_MAX: usize = 500;

/// A package URL of a language's package. `name` may have several parts, with `/` between them.
pub(super) fn purl(kind: &str, name: &str, version: &str) -> Option<String> {
    let part =
        |text: &str| !text.is_empty() && !matches!(text, "." | "..") && text.bytes().all(|b| b.is_ascii_graphic());
    if !name.split('/').all(part) {
        return None;
    }
    let mut purl = format!("pkg:{kind}");
    for part in name.split('/') {
        purl.push('/');
        purl.push_str(&escaped(part));
    }
    if !version.is_empty() {
        purl.push('@');
        purl.push_str(&escaped(version));
    }
    (purl.len() <= PURL_BYTES_MAX).then_some(purl)
}

/// Percent-encoding as package URLs ask for it.
pub(super) fn escaped(text: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"-._~:".contains(&b);
    text.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

impl Package {
    /// A package of a language that a file holds or declares.
    pub(super) fn in_file(kind: &str, name: &str, version: &str, path: &str) -> Option<Self> {
        Some(Self { purl: purl(kind, name, version)?, source: None, path: Some(path.to_owned()), level: None })
    }

    /// Something of this kind that has no name where it lies: any package of the kind may be what is used.
    pub(super) fn unnamed(kind: &str, path: Option<&str>) -> Self {
        let purl = format!("pkg:{kind}/{UNNAMED_PACKAGE}");
        Self { purl, source: None, path: path.map(str::to_owned), level: Some(UseLevel::Perhaps) }
    }

    /// A package that is built into an executable.
    pub(super) fn linked_into(kind: &str, name: &str, version: &str, path: &str) -> Option<Self> {
        Some(Self { level: Some(UseLevel::Linked), ..Self::in_file(kind, name, version, path)? })
    }
}

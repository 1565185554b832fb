//! Whose a used file is, by the tools of the packages themselves. Nothing here is the agent's: what it gets wrong must
//! not be wrong twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// A package URL without what is not the package's own, and without escapes: `deb/libc6@2.36-9`.
pub(super) fn plain(purl: &str) -> String {
    let purl = purl.split('?').next().unwrap_or_default();
    let purl = purl.strip_prefix("pkg:").unwrap_or(purl);
    let mut text = String::new();
    let mut parts = purl.split('%');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let code = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        text.extend(code.map(char::from));
        text.push_str(part.get(2..).unwrap_or_default());
    }
    match text.strip_prefix("deb/").and_then(|rest| rest.split_once('/')) {
        Some((_, name)) => format!("deb/{name}"),
        None => text,
    }
}

/// The source of what Python compiled: `a/__pycache__/b.cpython-311.pyc` comes of `a/b.py`.
pub(super) fn source(path: &str) -> Option<String> {
    let (folder, file) = path.split_once("/__pycache__/")?;
    Some(format!("{folder}/{}.py", file.split('.').next()?))
}

/// Debian's packages of these files. The image is this machine's, and so is its database.
pub(super) fn debian(files: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let files: BTreeSet<String> = files.iter().map(|path| source(path).unwrap_or_else(|| path.clone())).collect();
    // The lists have the names from before /usr was merged, or those from after it.
    let names = files.iter().flat_map(|path| [Some(path.as_str()), path.strip_prefix("/usr")]).flatten();
    let names: Vec<&str> = names.filter(|path| Path::new(path).exists()).collect();
    if names.is_empty() {
        return Ok(BTreeSet::new());
    }
    // It fails where one of them has no owner, and says the others all the same.
    let found = Command::new("dpkg-query").arg("-S").args(&names).output().context("dpkg-query")?;
    let versions = versions()?;
    let found = String::from_utf8_lossy(&found.stdout).into_owned();
    let owners = found.lines().filter(|line| !line.starts_with("diversion by ")).filter_map(|line| {
        let (owners, _) = line.split_once(": /")?;
        Some(owners.split(", ").filter_map(|name| Some(format!("deb/{}", versions.get(name)?))).collect::<Vec<_>>())
    });
    Ok(owners.flatten().collect())
}

/// Name and version by both names that a package goes by.
fn versions() -> Result<BTreeMap<String, String>> {
    let format = "${Package}\t${Architecture}\t${Version}\n";
    let listed = Command::new("dpkg-query").args(["-W", "-f", format]).output().context("dpkg-query")?;
    let mut versions = BTreeMap::new();
    for line in String::from_utf8_lossy(&listed.stdout).lines() {
        if let [name, architecture, version] = line.split('\t').collect::<Vec<_>>()[..] {
            versions.insert(name.to_owned(), format!("{name}@{version}"));
            versions.insert(format!("{name}:{architecture}"), format!("{name}@{version}"));
        }
    }
    Ok(versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_url_is_told_as_the_truth_tells_it() {
        assert_eq!(
            plain("pkg:deb/debian/nodejs@20.2-1%2Brepack1?arch=amd64&distro=debian-12"),
            "deb/nodejs@20.2-1+repack1"
        );
        assert_eq!(plain("pkg:npm/%40scope/pad@1.0.0"), "npm/@scope/pad@1.0.0");
    }
}

//! Packages of pip: a `RECORD` in `<package>.dist-info` names their files, `METADATA` their name and version. What has no
//! such list is in [`egg`]. Only the folders of packages around the used paths are looked at. A folder is asked for where
//! a file directly in it was used; one that files of several packages share, as namespace packages do, says nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::asked::{Asked, Claims};
use super::{Found, Inside, Package, egg};

/// The most bytes of a package's metadata that are read: name and version stand at the top.
const METADATA_BYTES_MAX: u64 = 256 << 10;

const ROOTS: [&str; 2] = ["/site-packages/", "/dist-packages/"];

/// Who claims what in one folder of packages. A claimant goes by the name of its metadata folder, so that what an older
/// version left behind is the same claimant.
pub(super) struct Room<'w, 'a> {
    pub(super) inside: &'a Inside,
    pub(super) root: &'a str,
    pub(super) asked: &'a Asked<'w>,
    pub(super) claims: Claims<'a, String>,
}

pub(super) fn owners(inside: &Inside, wanted: &[&str], asked: &Asked<'_>, found: &mut Found<'_>) {
    let roots: BTreeSet<&str> = wanted.iter().filter_map(|path| Some(split(path)?.0)).collect();
    for root in roots {
        let mut room = Room { inside, root, asked, claims: Claims::none() };
        let mut folders: BTreeMap<String, String> = BTreeMap::new();
        let mut unlisted = Vec::new();
        for folder in inside.names(root).unwrap_or_default() {
            let Some(name) = claimant(&folder) else { continue };
            if !(room.recorded(&folder, &name) || egg::installed(&mut room, &folder, &name)) {
                unlisted.push((folder.clone(), name.clone()));
            }
            folders.insert(name, folder);
        }
        let within =
            wanted.iter().filter_map(|path| split(path).filter(|(at, _)| *at == root).map(|(_, rest)| (*path, rest)));
        let claims = egg::by_top_level(room, &unlisted, within);
        for (owner, paths) in claims {
            let of = |name: String| package(inside, &format!("{root}/{}", folders.get(&name)?));
            found.add_all(&paths, owner.package("pypi", of));
        }
        // What lies among packages and is of none of those that have a list may be of one without.
        let ours = |path: &&&str| split(path).is_some_and(|(at, _)| at == root);
        let nobodys: Vec<&str> =
            wanted.iter().filter(ours).copied().filter(|path| !found.by_path.contains_key(*path)).collect();
        found.add_all(&nobodys, Some(Package::unnamed("pypi", None)));
    }
}

impl Room<'_, '_> {
    /// Notes what the list of a `.dist-info` names; false when there is no list.
    fn recorded(&mut self, folder: &str, name: &str) -> bool {
        let list = format!("{}/{folder}/RECORD", self.root);
        let inside = self.inside;
        folder.ends_with(".dist-info") && inside.lines(&list, |line| self.claim(&first_field(line), name)).is_ok()
    }

    /// A package's list names this file, from the folder of packages on.
    pub(super) fn claim(&mut self, file: &str, name: &str) {
        // Scripts lie outside, where nothing was asked for by this root, and whole paths are no part of any list.
        if file.starts_with('/') || file.split('/').any(|part| part == "..") {
            return;
        }
        let folder = file.rsplit_once('/').map(|(folder, _)| folder);
        for part in [Some(file), folder].into_iter().flatten() {
            let asked = self.asked.name(&format!("{}/{part}", self.root));
            if asked.is_some() {
                self.claims.claim(asked, name.to_owned());
            }
        }
    }
}

/// The folder of packages that a path is in, and its place there.
fn split(path: &str) -> Option<(&str, &str)> {
    let begins = ROOTS.iter().filter_map(|root| path.rfind(root).map(|at| at + root.len()));
    let at = begins.max()?;
    let (root, rest) = (path.get(..at - 1)?, path.get(at..)?);
    (!rest.is_empty()).then_some((root, rest))
}

/// The package's name in `<name>-<version>.dist-info` and `<name>-<version>-py3.11.egg-info`, in its one spelling.
fn claimant(folder: &str) -> Option<String> {
    let stem = [".dist-info", ".egg-info"].iter().find_map(|end| folder.strip_suffix(end))?;
    stem.split('-').next().filter(|name| !name.is_empty()).map(normal)
}

/// One spelling of a name. Source: PEP 503.
fn normal(name: &str) -> String {
    let parts: Vec<&str> = name.split(['-', '_', '.']).collect();
    let last = parts.len().saturating_sub(1);
    let kept = parts.iter().enumerate().filter(|(i, part)| !part.is_empty() || *i == 0 || *i == last);
    kept.map(|(_, part)| part.to_ascii_lowercase()).collect::<Vec<_>>().join("-")
}

/// What the metadata in this folder declares.
fn package(inside: &Inside, folder: &str) -> Option<Package> {
    let files = ["/METADATA", "/PKG-INFO"].map(|file| format!("{folder}{file}"));
    let (file, bytes) =
        files.into_iter().find_map(|f| inside.bytes(&f, METADATA_BYTES_MAX).ok().map(|bytes| (f, bytes)))?;
    let text = String::from_utf8_lossy(&bytes);
    let head = || text.lines().take_while(|line| !line.is_empty());
    let value = |key: &str| head().find_map(|line| line.strip_prefix(key)).map(str::trim);
    let (name, version) = (value("Name:")?, value("Version:")?);
    if name.contains('/') || version.is_empty() {
        return None;
    }
    Package::in_file("pypi", &normal(name), version, &file)
}

/// The first field of a line of comma-separated values. No list of pip has a line's end within a field, so each line
/// stands alone, and one quote that is never closed cannot swallow a file.
fn first_field(line: &str) -> String {
    match line.strip_prefix('"') {
        None => line.split(',').next().unwrap_or_default().to_owned(),
        Some(quoted) => {
            let parts = quoted.split("\"\"");
            let mut field = String::new();
            for part in parts {
                if let Some((end, _)) = part.split_once('"') {
                    return field + end;
                }
                field.push_str(part);
                field.push('"');
            }
            field
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ask, tree};
    use super::*;

    #[test]
    fn names_and_fields_have_one_reading() {
        assert_eq!(normal("Zope.Interface"), "zope-interface");
        assert_eq!(normal("a__b-.c"), "a-b-c");
        assert_eq!(first_field("a/b.py,sha256=x,12"), "a/b.py");
        assert_eq!(first_field("\"a,\"\"b\"\".py\",sha256=x,12"), "a,\"b\".py");
        assert_eq!(first_field("\"a"), "a\"");
        let split = |path| split(path).unwrap_or_default();
        assert_eq!(split("/v/site-packages/x/site-packages/y/z.py"), ("/v/site-packages/x/site-packages", "y/z.py"));
        assert_eq!(split("/v/site-packages/"), ("", ""));
    }

    #[test]
    fn folders_files_and_what_was_compiled_of_them_lead_to_their_package() {
        let root = tree(&[
            (
                "venv/lib/python3.11/site-packages/Requests_Two-2.31.0.dist-info/RECORD",
                "../../../bin/normalizer,,\nrequests/__init__.py,sha256=x,1\nrequests/adapters.py,,\nns/requests.py,,\n\"requests/a,b/c.py\",,\n",
            ),
            (
                "venv/lib/python3.11/site-packages/Requests_Two-2.31.0.dist-info/METADATA",
                "Name: Requests.Two\nVersion: 2.31.0\n\nName: no\n",
            ),
            ("venv/lib/python3.11/site-packages/six-1.16.0.dist-info/RECORD", "six.py,sha256=x,1\nns/six.py,,\n"),
            (
                "venv/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n",
            ),
        ]);
        let at = |rest: &str| format!("/venv/lib/python3.11/site-packages/{rest}");
        let requests = "pkg:pypi/requests-two@2.31.0";
        let declared = at("Requests_Two-2.31.0.dist-info/METADATA");
        for rest in ["requests", "requests/__pycache__", "requests/adapters.py", "requests/a,b", "ns/requests.py"] {
            assert_eq!(ask(root.path(), &[&at(rest)]), [format!("{} {requests} in {declared}", at(rest))]);
        }
        for rest in ["six.py", "__pycache__/six.cpython-311.pyc"] {
            let six = at("six-1.16.0.dist-info/METADATA");
            assert_eq!(ask(root.path(), &[&at(rest)]), [format!("{} pkg:pypi/six@1.16.0 in {six}", at(rest))]);
        }
        let shared = ask(root.path(), &[&at("ns")]);
        assert!(shared.len() == 2 && shared.iter().all(|row| row.ends_with(" perhaps")), "{shared:?}");
        for rest in ["absent", "__pycache__", "../../../bin/normalizer"] {
            let told = ask(root.path(), &[&at(rest)]);
            assert_eq!(told, [format!("{} pkg:pypi/-unnamed- perhaps", at(rest))], "{rest} is of nobody");
        }
        assert!(ask(root.path(), &["/venv/bin", "/venv/lib/python3.11"]).is_empty());
    }
}

//! Packages of Python without a `RECORD`: `installed-files.txt` names the files of an `.egg-info`, else `top_level.txt`
//! names modules. A module's name is taken for a claim only where the module is a folder of one package, never a
//! namespace that packages share; and only for paths that no list of files speaks of.

use std::collections::{BTreeMap, BTreeSet};

use super::Inside;
use super::asked::{Claims, Owner, compiled_from};
use super::pip::Room;

/// The most bytes of a list of modules.
const MODULES_BYTES_MAX: u64 = 64 << 10;

/// Notes what the list of an `.egg-info` names; false when there is no list.
pub(super) fn installed(room: &mut Room<'_, '_>, folder: &str, name: &str) -> bool {
    let list = format!("{}/{folder}/installed-files.txt", room.root);
    let inside = room.inside;
    // Paths there begin at the folder of the metadata.
    inside.lines(&list, |line| room.claim(line.strip_prefix("../").unwrap_or(".."), name)).is_ok()
}

/// The paths of every claimant of a room, with those by modules' names of the packages that have no list of files.
pub(super) fn by_top_level<'w>(
    room: Room<'w, '_>,
    unlisted: &[(String, String)],
    within: impl Iterator<Item = (&'w str, &'w str)>,
) -> Vec<(Owner<String>, Vec<&'w str>)> {
    let mut modules = Modules::default();
    for (path, rest) in within {
        let source = compiled_from(path);
        let listed = room.asked.name(source.as_deref().unwrap_or(path)).is_some_and(|name| room.claims.contains(name));
        if !listed {
            modules.add(path, &compiled_from(rest).unwrap_or_else(|| rest.to_owned()));
        }
    }
    let (mut of_folders, mut of_files) = (Claims::none(), Claims::none());
    for (folder, name) in unlisted.iter().filter(|_| !modules.by_name.is_empty()) {
        let folder = format!("{}/{folder}", room.root);
        let shared = names(room.inside, &format!("{folder}/namespace_packages.txt"));
        for module in names(room.inside, &format!("{folder}/top_level.txt")) {
            let known = modules.by_name.get_key_value(&module).map(|(module, _)| module.as_str());
            if known.is_some() {
                of_files.claim(known, name.clone());
                // A namespace is a folder of its own for nobody: with this claim it is disputed.
                of_folders.claim(known, name.clone());
                if shared.contains(&module) {
                    of_folders.claim(known, String::new());
                }
            }
        }
    }
    let mut claims = Vec::new();
    claims.extend(of_files.settled().map(|(module, owner)| (owner, modules.files(module).collect())));
    for (module, owner) in of_folders.settled() {
        let whole = format!("{}/{module}/__init__.py", room.root);
        if room.inside.plain(&whole).is_ok() {
            claims.push((owner, modules.folders(module).collect()));
        }
    }
    claims.extend(room.claims.settled().map(|(asked, owner)| (owner, room.asked.paths(asked).to_vec())));
    claims
}

/// The asked paths by the module that they are of; whether each is in the module's folder.
#[derive(Default)]
struct Modules<'w> {
    by_name: BTreeMap<String, Vec<(&'w str, bool)>>,
}

impl<'w> Modules<'w> {
    fn add(&mut self, path: &'w str, source: &str) {
        let first = source.split('/').next().unwrap_or_default();
        let (module, in_folder) = match first.split_once('.') {
            Some((module, end)) if end == "py" || end == "so" || end.ends_with(".so") => (module, false),
            Some(_) => return,
            None => (first, true),
        };
        self.by_name.entry(module.to_owned()).or_default().push((path, in_folder));
    }

    fn files(&self, module: &str) -> impl Iterator<Item = &'w str> {
        self.by_name.get(module).into_iter().flatten().filter(|(_, in_folder)| !in_folder).map(|(path, _)| *path)
    }

    fn folders(&self, module: &str) -> impl Iterator<Item = &'w str> {
        self.by_name.get(module).into_iter().flatten().filter(|(_, in_folder)| *in_folder).map(|(path, _)| *path)
    }
}

fn names(inside: &Inside, path: &str) -> BTreeSet<String> {
    let bytes = inside.bytes(path, MODULES_BYTES_MAX).unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().map(|line| line.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ask, tree};

    const ROOT: &str = "/usr/lib/python3/dist-packages";

    #[test]
    fn packages_without_a_record_are_known_by_their_lists_or_by_modules_that_are_theirs_alone() {
        let at = |rest: &str| format!("{ROOT}/{rest}");
        let files = [
            (at("crcmod-1.7.egg-info/PKG-INFO"), "Name: crcmod\nVersion: 1.7\n"),
            (
                at("crcmod-1.7.egg-info/installed-files.txt"),
                "../crcmod/crcmod.py\n../crcmod/__pycache__/crcmod.cpython-311.pyc\nPKG-INFO\n",
            ),
            (at("PyJWT-2.6.0.egg-info/PKG-INFO"), "Name: PyJWT\nVersion: 2.6.0\n"),
            (at("PyJWT-2.6.0.egg-info/top_level.txt"), "jwt\n_jwt\n"),
            (at("jwt/__init__.py"), ""),
            (at("zope.event-4.4.egg-info/PKG-INFO"), "Name: zope.event\nVersion: 4.4\n"),
            (at("zope.event-4.4.egg-info/top_level.txt"), "zope\n"),
            (at("zope.event-4.4.egg-info/namespace_packages.txt"), "zope\n"),
            (at("zope/__init__.py"), ""),
            (at("google-1.0.dist-info/METADATA"), "Name: google\nVersion: 1.0\n"),
            (at("google-1.0.dist-info/top_level.txt"), "google\n"),
            (at("plain-3.egg-info"), "Name: plain\nVersion: 3\n"),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.trim_start_matches('/'), *text)).collect();
        let root = tree(&files);
        for (rest, purl, file) in [
            ("crcmod", "pkg:pypi/crcmod@1.7", "crcmod-1.7.egg-info/PKG-INFO"),
            ("crcmod/__pycache__", "pkg:pypi/crcmod@1.7", "crcmod-1.7.egg-info/PKG-INFO"),
            ("jwt/deep/er", "pkg:pypi/pyjwt@2.6.0", "PyJWT-2.6.0.egg-info/PKG-INFO"),
            ("jwt/__pycache__", "pkg:pypi/pyjwt@2.6.0", "PyJWT-2.6.0.egg-info/PKG-INFO"),
            ("_jwt.cpython-311-x86_64-linux-gnu.so", "pkg:pypi/pyjwt@2.6.0", "PyJWT-2.6.0.egg-info/PKG-INFO"),
        ] {
            assert_eq!(ask(root.path(), &[&at(rest)]), [format!("{} {purl} in {}", at(rest), at(file))]);
        }
        for rest in ["zope/event", "google/auth", "plain", "plain.py", "jwt.txt", "crcmod/none"] {
            let told = ask(root.path(), &[&at(rest)]);
            let perhaps = told.iter().all(|row| row.ends_with(" perhaps"));
            assert!(!told.is_empty() && perhaps, "{rest}: a guess: {told:?}");
        }
    }
}

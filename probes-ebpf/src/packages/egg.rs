//! Packages of Python without a `RECORD`: `installed-files.txt` names the files of an `.egg-info`, else `top_level.txt`
//! names modules. A module's name is taken for a claim only where the module is a folder of one package, never a
//! namespace that packages share; and only for paths that no list of files speaks of.

use std::collections::BTreeMap;

use super::Inside;
use super::asked::compiled_from;
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

/// The claims of a room, with those by modules' names of the packages that have no list of files.
pub(super) fn by_top_level<'w>(
    mut room: Room<'w, '_>,
    unlisted: &[(String, String)],
    within: impl Iterator<Item = (&'w str, &'w str)>,
) -> Vec<(&'w str, String)> {
    let mut modules: BTreeMap<String, Vec<(&'w str, bool)>> = BTreeMap::new();
    for (path, rest) in within.filter(|(path, _)| !room.claims.contains(path)) {
        let rest = compiled_from(rest).unwrap_or_else(|| rest.to_owned());
        let first = rest.split('/').next().unwrap_or_default();
        let (module, of_folder) = match first.split_once('.') {
            Some((module, end)) if end == "py" || end == "so" || end.ends_with(".so") => (module, false),
            Some(_) => continue,
            None => (first, true),
        };
        modules.entry(module.to_owned()).or_default().push((path, of_folder));
    }
    if !modules.is_empty() {
        for (folder, name) in unlisted {
            let folder = format!("{}/{folder}", room.root);
            let shared = names(room.inside, &format!("{folder}/namespace_packages.txt"));
            for module in names(room.inside, &format!("{folder}/top_level.txt")) {
                let Some(paths) = modules.get(&module) else { continue };
                let init = format!("{}/{module}/__init__.py", room.root);
                let own = !shared.contains(&module) && room.inside.plain(&init).is_ok();
                for (path, _) in paths.iter().filter(|(_, of_folder)| own || !of_folder) {
                    room.claims.claim(path, name.clone());
                }
            }
        }
    }
    room.claims.settled().collect()
}

fn names(inside: &Inside, path: &str) -> Vec<String> {
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
            assert!(ask(root.path(), &[&at(rest)]).is_empty(), "{rest}: a guess");
        }
    }
}

//! Packages of npm: the nearest `node_modules/<name>` around a used file or folder, with the name and version that its
//! `package.json` declares. An alias has the folder of one name and the package of another: the file decides.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Found, Inside, Package};

/// The largest `package.json` that is read, in bytes.
const PACKAGE_JSON_BYTES_MAX: u64 = 1 << 20;

const FOLDER: &str = "node_modules/";

#[derive(Deserialize)]
struct Declared {
    name: String,
    version: String,
}

pub(super) fn owners(inside: &Inside, wanted: &[&str], found: &mut Found<'_>) {
    let mut by_folder: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in wanted {
        if let Some(folder) = folder_of(path) {
            by_folder.entry(folder).or_default().push(path);
        }
    }
    for (folder, paths) in by_folder {
        let package = package(inside, folder).unwrap_or_else(|| Package::unnamed("npm", None));
        for path in paths {
            found.add(path, package.clone());
        }
    }
}

/// The folder of the innermost package around a path: `/app/node_modules/a/node_modules/@b/c/d.js` is of `@b/c`. Folders
/// with a dot are the package managers' own.
fn folder_of(path: &str) -> Option<&str> {
    let begins = path.match_indices(FOLDER).map(|(at, _)| at).filter(|&at| at == 0 || path[..at].ends_with('/'));
    let name_at = begins.last()? + FOLDER.len();
    let rest = &path[name_at..];
    let mut parts = rest.split('/');
    let first = parts.next().filter(|part| !part.is_empty() && !part.starts_with('.'))?;
    let len = if first.starts_with('@') {
        first.len() + 1 + parts.next().filter(|part| !part.is_empty())?.len()
    } else {
        first.len()
    };
    path.get(..name_at + len)
}

fn package(inside: &Inside, folder: &str) -> Option<Package> {
    let file = format!("{folder}/package.json");
    let bytes = inside.bytes(&file, PACKAGE_JSON_BYTES_MAX).ok()?;
    if bytes.len() as u64 >= PACKAGE_JSON_BYTES_MAX {
        inside.cut();
        return None;
    }
    let declared: Declared = serde_json::from_slice(&bytes).ok()?;
    // `name` or `@scope/name`, no other slash.
    let whole = match declared.name.strip_prefix('@') {
        Some(scoped) => scoped.split('/').count() == 2,
        None => !declared.name.contains('/'),
    };
    if !whole || declared.version.is_empty() {
        return None;
    }
    Package::in_file("npm", &declared.name, &declared.version, &file)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ask, tree};
    use super::*;

    #[test]
    fn the_innermost_package_around_a_path_is_meant() {
        let of = |path| folder_of(path).unwrap_or_default();
        assert_eq!(of("/app/node_modules/express/lib/router"), "/app/node_modules/express");
        assert_eq!(of("/app/node_modules/express"), "/app/node_modules/express");
        assert_eq!(of("/a/node_modules/x/node_modules/@s/y/z"), "/a/node_modules/x/node_modules/@s/y");
        assert_eq!(
            of("/a/node_modules/.pnpm/y@1.0.0/node_modules/y/i.js"),
            "/a/node_modules/.pnpm/y@1.0.0/node_modules/y"
        );
        for none in
            ["/app/server.js", "/a/node_modules/.bin/x", "/a/node_modules/@s", "/a/node_modules/", "/my_node_modules/x"]
        {
            assert_eq!(folder_of(none), None, "{none}");
        }
    }

    #[test]
    fn files_and_folders_of_node_modules_lead_to_what_package_json_declares() {
        let root = tree(&[
            ("app/node_modules/express/package.json", r#"{"name":"express","version":"4.18.2","main":"x"}"#),
            ("app/node_modules/express/lib/esm/package.json", r#"{"type":"module"}"#),
            ("app/node_modules/@babel/core/package.json", r#"{"version":"7.0.0-beta+1","name":"@babel/core"}"#),
            ("app/node_modules/alias/package.json", r#"{"name":"real","version":"1.0.0"}"#),
            ("app/node_modules/odd/package.json", r#"{"name":"../odd","version":"1.0.0"}"#),
            ("app/node_modules/none/package.json", r#"{"name":"none"}"#),
            ("app/node_modules/text/package.json", "not json"),
        ]);
        let asked = [
            "/app/node_modules/express/lib/esm",
            "/app/node_modules/@babel/core/index.js",
            "/app/node_modules/alias",
            "/app/node_modules/odd",
            "/app/node_modules/none",
            "/app/node_modules/text",
            "/app/node_modules/absent",
        ];
        let (unnamed, named): (Vec<String>, Vec<String>) =
            ask(root.path(), &asked).into_iter().partition(|row| row.ends_with(" pkg:npm/-unnamed- perhaps"));
        assert_eq!(unnamed.len(), 4, "what declares no name is used without one: {unnamed:?}");
        assert_eq!(
            named,
            [
                "/app/node_modules/@babel/core/index.js pkg:npm/%40babel/core@7.0.0-beta%2B1 in /app/node_modules/@babel/core/package.json",
                "/app/node_modules/alias pkg:npm/real@1.0.0 in /app/node_modules/alias/package.json",
                "/app/node_modules/express/lib/esm pkg:npm/express@4.18.2 in /app/node_modules/express/package.json",
            ]
        );
    }
}

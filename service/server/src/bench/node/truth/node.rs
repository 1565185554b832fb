//! Node with packages as npm leaves them: scoped, nested in another, under an alias, as modules of both kinds, as mere
//! data.

use std::collections::BTreeSet;

use anyhow::Result;
use assay_core::observation::UseLevel;

use super::Workload;
use super::image::Image;

pub(super) const NODE: Workload = Workload {
    runtime: "Node",
    needs: &[("/usr/bin/node", "nodejs")],
    lay,
    owners,
    executed: UseLevel::Executed,
    blurred: &[],
};

const MODULES: &str = "srv/app/node_modules";

/// Folder, what `package.json` says, its main file, and the text of that.
const PACKAGES: [(&str, &str, &str, &str); 14] = [
    (
        "express",
        r#""name":"express","version":"4.18.2","main":"index.js""#,
        "index.js",
        "require('./lib/a'); require('qs'); require('debug')",
    ),
    ("express/node_modules/qs", r#""name":"qs","version":"6.5.0","main":"lib/i.js""#, "lib/i.js", "1"),
    ("qs", r#""name":"qs","version":"6.11.0","main":"lib/i.js""#, "lib/i.js", "1"),
    ("debug", r#""name":"debug","version":"2.6.9","main":"./src/index.js""#, "src/index.js", "1"),
    ("@corp/pad", r#""name":"@corp/pad","version":"1.3.0","exports":"./pad.cjs""#, "pad.cjs", "1"),
    ("@corp/idle", r#""name":"@corp/idle","version":"1.3.0","exports":"./pad.cjs""#, "pad.cjs", "1"),
    ("alias", r#""name":"real","version":"3.0.0""#, "index.js", "1"),
    ("esm", r#""name":"esm","version":"7.0.0","type":"module","exports":"./m.js""#, "m.js", "export default 1"),
    ("mjs", r#""name":"mjs","version":"7.1.0","exports":"./m.mjs""#, "m.mjs", "export default 1"),
    ("late", r#""name":"late","version":"0.1.0""#, "index.js", "1"),
    ("licences", r#""name":"licences","version":"3.0.1","main":"index.json""#, "index.json", "[]"),
    ("idle", r#""name":"idle","version":"0.2.0""#, "index.js", "1"),
    ("idle/node_modules/debug", r#""name":"debug","version":"4.3.4""#, "index.js", "1"),
    ("lodash", r#""name":"lodash","version":"4.17.20""#, "index.js", "1"),
];

const PROGRAM: &str = "
require('express'); require('@corp/pad'); require('alias'); require('licences'); require('http'); require('crypto');
Promise.all([import('esm'), import('mjs')]).then(() => setTimeout(() => require('late'), 300));
";

fn lay(image: &Image) -> Result<String> {
    for (folder, declared, main, text) in PACKAGES {
        image.file(&format!("{MODULES}/{folder}/package.json"), format!("{{{declared}}}"))?;
        image.file(&format!("{MODULES}/{folder}/{main}"), text)?;
    }
    image.file(&format!("{MODULES}/express/lib/a.js"), "1")?;
    image.file("srv/app/main.js", PROGRAM)?;
    Ok("set -e; /usr/bin/node /srv/app/main.js".to_owned())
}

/// By the nearest `package.json` that has a name, upward from a used file.
fn owners(image: &Image, files: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let mut packages = BTreeSet::new();
    // What is looked into to see where a package begins is not yet a use of it.
    let ours = |path: &&String| path.starts_with(&format!("/{MODULES}/")) && !path.ends_with("/package.json");
    for path in files.iter().filter(ours) {
        let folders = path.match_indices('/').skip(1).map(|(at, _)| &path[1..at]);
        let named = folders.filter_map(|folder| {
            let text = std::fs::read(image.laid(folder).join("package.json")).ok()?;
            let declared: serde_json::Value = serde_json::from_slice(&text).ok()?;
            Some(format!("npm/{}@{}", declared["name"].as_str()?, declared["version"].as_str()?))
        });
        packages.extend(named.last());
    }
    Ok(packages)
}

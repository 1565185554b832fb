//! Python with packages as pip leaves them: used and idle ones, with one module and with many, that share a folder, and
//! that bring a library.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use assay_core::observation::UseLevel;

use super::image::Image;
use super::{Workload, owner};

pub(super) const PYTHON: Workload = Workload {
    runtime: "Python",
    needs: &[("/usr/bin/python3", "python3")],
    lay,
    owners,
    executed: UseLevel::Executed,
    blurred: &[],
};

const SITE: &str = "srv/app/lib/python3/site-packages";

/// Where Debian puts packages of Python.
const DEBIANS: &str = "/usr/lib/python3/dist-packages";

/// Distribution, version, and its files. Those from `idle` on are never imported.
const PACKAGES: [(&str, &str, &[&str]); 14] = [
    ("Flask", "3.0.0", &["flask/__init__.py", "flask/app.py", "flask/json/__init__.py"]),
    ("PyYAML", "6.0.1", &["yaml/__init__.py", "yaml/loader.py"]),
    ("six", "1.16.0", &["six.py"]),
    ("typing_extensions", "4.9.0", &["typing_extensions.py"]),
    ("corp.alpha", "1.0", &["corp/alpha/__init__.py", "corp/alpha/core.py"]),
    ("google-cloud-one", "2.0", &["google/cloud_one.py", "google/one/__init__.py"]),
    ("native-ext", "1.2", &["native_ext/__init__.py", "native_ext/libnative.so"]),
    ("late", "0.3", &["late/__init__.py", "late/deep/er/__init__.py"]),
    ("corp.beta", "1.0", &["corp/beta/__init__.py"]),
    ("google-cloud-two", "2.0", &["google/cloud_two.py", "google/two/__init__.py"]),
    ("idle", "1.0", &["idle/__init__.py", "idle/app.py"]),
    ("idle_module", "1.0", &["idle_module.py"]),
    ("requests", "2.31.0", &["requests/__init__.py"]),
    ("idle-native", "1.0", &["idle_native/__init__.py", "idle_native/libidle.so"]),
];

const PROGRAM: &str = "
import ctypes, json, ssl, sqlite3
import flask.app, flask.json, yaml.loader, six, typing_extensions, corp.alpha.core, google.cloud_one, google.one
import native_ext
ctypes.CDLL(native_ext.__path__[0] + '/libnative.so')
def later():
    import late.deep.er
later()
";

fn lay(image: &Image) -> Result<String> {
    let library = format!("/usr/lib/{}-linux-gnu/libz.so.1", std::env::consts::ARCH);
    let library = std::fs::read(library).context("a library to bring along")?;
    for (name, version, files) in PACKAGES {
        let info = format!("{}-{version}.dist-info", name.replace(['-', '.'], "_"));
        let mut record = String::new();
        for file in files {
            match file.ends_with(".so") {
                true => image.file(&format!("{SITE}/{file}"), &library)?,
                false => image.file(&format!("{SITE}/{file}"), "x = 1\n")?,
            }
            record.push_str(&format!("{file},sha256=x,6\n"));
        }
        record.push_str(&format!("{info}/RECORD,,\n"));
        image.file(&format!("{SITE}/{info}/RECORD"), record)?;
        image.file(
            &format!("{SITE}/{info}/METADATA"),
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
        )?;
        image.file(&format!("{SITE}/{info}/INSTALLER"), "pip\n")?;
    }
    image.file("srv/app/main.py", PROGRAM)?;
    Ok(format!("set -e; PYTHONPATH=/{SITE} /usr/bin/python3 /srv/app/main.py"))
}

/// By `RECORD`; and what Debian packages of its own, by the top levels that they name.
fn owners(image: &Image, files: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let mut owners = BTreeMap::new();
    for info in within(&image.laid(SITE))? {
        let Some(package) = package(&info, "METADATA") else { continue };
        let record = std::fs::read_to_string(info.join("RECORD"))?;
        for file in record.lines().filter_map(|line| line.split(',').next()) {
            owners.insert(format!("/{SITE}/{file}"), package.clone());
        }
    }
    for info in within(Path::new(DEBIANS)).unwrap_or_default() {
        let Some(package) = package(&info, "PKG-INFO") else { continue };
        for name in std::fs::read_to_string(info.join("top_level.txt")).unwrap_or_default().lines() {
            owners.insert(format!("{DEBIANS}/{name}"), package.clone());
            owners.insert(format!("{DEBIANS}/{name}.py"), package.clone());
        }
    }
    let owner = |path: &String| {
        let source = owner::source(path).unwrap_or_else(|| path.clone());
        let rest = source.strip_prefix(DEBIANS).and_then(|rest| rest.strip_prefix('/'));
        let top = rest.and_then(|rest| owners.get(&format!("{DEBIANS}/{}", rest.split('/').next()?)));
        owners.get(path).or_else(|| owners.get(&source)).or(top).cloned()
    };
    Ok(files.iter().filter_map(owner).collect())
}

/// Name and version that the metadata in a folder declares.
fn package(info: &Path, file: &str) -> Option<String> {
    let metadata = std::fs::read_to_string(info.join(file)).ok()?;
    let value = |key: &str| metadata.lines().find_map(|line| line.strip_prefix(key));
    let name = value("Name: ")?.to_lowercase().replace(['_', '.'], "-");
    Some(format!("pypi/{name}@{}", value("Version: ")?))
}

fn within(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?)
}

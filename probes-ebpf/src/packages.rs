//! Which packages a file belongs to. Comes in: paths that a container used, and a process to look through. Goes out: the
//! packages, by path. One pass over the package lists for all paths that are asked at once, and no index that stays.
//! What lies in a container may be made to deceive or to exhaust: every read is bounded, and where two packages claim a
//! path, either is only perhaps in use.

mod apk;
mod asked;
mod auditable;
mod distribution;
mod dpkg;
mod egg;
mod elf;
mod golang;
mod inside;
mod jar;
mod maven;
mod npm;
mod pip;
mod purl;
mod rpm;
mod sqlite;

use std::collections::{BTreeMap, BTreeSet};

use assay_core::observation::UseLevel;

use asked::Asked;
use distribution::Distribution;
use elf::Elf;
pub use inside::{Inside, InsideError, PASS_BYTES_MAX, Plain};
pub use purl::PURL_BYTES_MAX;

/// The most paths that one pass looks for.
pub const WANTED_MAX: usize = 4_096;
/// The most packages that one pass finds.
pub const FOUND_MAX: usize = 4_096;

/// A package of a distribution or of a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its package URL.
    pub purl: String,
    /// Its source package, where that has another name.
    pub source: Option<String>,
    /// The file that holds or declares a package of a language; what a scanner names as its place.
    pub path: Option<String>,
    /// How far its use goes, where that is not as far as the file's: linked, for what is built into it; perhaps, where
    /// others claim the file too.
    pub level: Option<UseLevel>,
}

/// Programs that handle packages: what they open and load while they do says nothing of the workload. pip and npm are
/// not here: they run as `python3` and `node`, and so does the workload.
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
    // These are programs of their own, and run nothing of the workload in their own process.
    "cargo",
    "uv",
    "micromamba",
];

/// The packages of those paths that have one, or several: a file in a wheel may be of a distribution as well, and an
/// executable or an archive holds many.
pub fn owners(inside: &Inside, wanted: &BTreeSet<&str>) -> BTreeMap<String, Vec<Package>> {
    if wanted.len() > WANTED_MAX {
        inside.cut();
    }
    let wanted: Vec<&str> = wanted.iter().copied().take(WANTED_MAX).collect();
    let asked = Asked::of(&wanted);
    let distribution = Distribution::read(inside);
    let mut found = Found { inside, by_path: BTreeMap::new(), count: 0 };
    dpkg::owners(inside, &asked, &distribution, &mut found);
    apk::owners(inside, &asked, &distribution, &mut found);
    rpm::owners(inside, &asked, &distribution, &mut found);
    pip::owners(inside, &wanted, &asked, &mut found);
    npm::owners(inside, &wanted, &mut found);
    for path in wanted {
        if jar::is_archive(path) {
            jar::owners(inside, path, &mut found);
        } else if let Some(elf) = Elf::open(inside, path) {
            golang::owners(&elf, path, &mut found);
            auditable::owners(&elf, path, &mut found);
        }
    }
    found.by_path
}

/// True when what this executable uses is not the workload's use.
pub fn is_package_manager(exe: &str) -> bool {
    exe.rsplit('/').next().is_some_and(|name| PACKAGE_MANAGERS.contains(&name))
}

/// What a pass found until now.
struct Found<'i> {
    inside: &'i Inside,
    by_path: BTreeMap<String, Vec<Package>>,
    count: usize,
}

impl Found<'_> {
    /// A package of this path; what no longer fits is a cut that the container's coverage shows.
    fn add(&mut self, path: &str, package: Package) {
        if self.count >= FOUND_MAX {
            self.inside.cut();
            return;
        }
        let packages = self.by_path.entry(path.to_owned()).or_default();
        if !packages.contains(&package) {
            packages.push(package);
            self.count += 1;
        }
    }

    /// One package of several paths, if there is one.
    fn add_all(&mut self, paths: &[&str], package: Option<Package>) {
        if let Some(package) = package {
            paths.iter().for_each(|path| self.add(path, package.clone()));
        }
    }
}

#[cfg(test)]
mod tests;

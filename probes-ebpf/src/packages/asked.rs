//! The paths that are asked for, under the names that package lists have for them, and who claims which. A name that two
//! packages claim is a folder that they share or a file that one of them overwrote: either may be in use, and neither is
//! known to be. A claim costs the same however many paths have one name: lists may be long.

use std::collections::BTreeMap;

use assay_core::observation::UseLevel;

use super::Package;

/// The paths that are asked for.
#[derive(Debug, Default)]
pub(super) struct Asked<'w> {
    by_name: BTreeMap<String, Vec<&'w str>>,
}

impl<'w> Asked<'w> {
    pub(super) fn of(wanted: &[&'w str]) -> Self {
        let mut by_name: BTreeMap<String, Vec<&'w str>> = BTreeMap::new();
        for path in wanted {
            let name = compiled_from(path);
            by_name.entry(plain(name.as_deref().unwrap_or(path)).to_owned()).or_default().push(path);
        }
        Self { by_name }
    }

    /// The name that this path of a package list has here, if it is asked for.
    pub(super) fn name(&self, path: &str) -> Option<&str> {
        self.by_name.get_key_value(plain(path)).map(|(name, _)| name.as_str())
    }

    /// Every asked path.
    pub(super) fn all(&self) -> impl Iterator<Item = &'w str> {
        self.by_name.values().flatten().copied()
    }

    /// The asked paths of a name.
    pub(super) fn paths(&self, name: &str) -> &[&'w str] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }
}

/// The most claimants of one name that are told apart.
const CLAIMANTS_MAX: usize = 8;

/// Who claims which name.
#[derive(Debug)]
pub(super) struct Claims<'n, T> {
    by_name: BTreeMap<&'n str, Vec<T>>,
}

/// Who a name belongs to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Owner<T> {
    /// This one.
    Alone(T),
    /// This one among others.
    Shared(T),
    /// More than can be told apart.
    Crowd,
}

impl<'n, T: PartialEq> Claims<'n, T> {
    pub(super) const fn none() -> Self {
        Self { by_name: BTreeMap::new() }
    }

    /// One more claim, if the name is one that is asked for.
    pub(super) fn claim(&mut self, name: Option<&'n str>, by: T) {
        let Some(name) = name else { return };
        let claimants = self.by_name.entry(name).or_default();
        if claimants.len() <= CLAIMANTS_MAX && !claimants.contains(&by) {
            claimants.push(by);
        }
    }

    /// True when nobody claimed anything.
    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// True when somebody claimed this name.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Every name with each of its claimants.
    pub(super) fn settled(self) -> impl Iterator<Item = (&'n str, Owner<T>)> {
        self.by_name.into_iter().flat_map(|(name, by)| {
            let (count, mut owners) = (by.len(), Vec::new());
            match count {
                0..=1 => owners.extend(by.into_iter().map(Owner::Alone)),
                2..=CLAIMANTS_MAX => owners.extend(by.into_iter().map(Owner::Shared)),
                _ => owners.push(Owner::Crowd),
            }
            owners.into_iter().map(move |owner| (name, owner))
        })
    }
}

impl<T> Owner<T> {
    /// The package of an owner, with how sure it is that this one is in use.
    pub(super) fn package(self, kind: &str, of: impl FnOnce(T) -> Option<Package>) -> Option<Package> {
        match self {
            // Somebody owns it, and cannot be named.
            Self::Alone(owner) => of(owner).or_else(|| Some(Package::unnamed(kind, None))),
            Self::Shared(owner) => Some(Package { level: Some(UseLevel::Perhaps), ..of(owner)? }),
            Self::Crowd => Some(Package::unnamed(kind, None)),
        }
    }
}

/// `/usr/lib/x` and `/lib/x` are one file on merged systems, and the lists name either.
fn plain(path: &str) -> &str {
    match path.strip_prefix("/usr") {
        Some(rest) if ["/bin/", "/sbin/", "/lib"].iter().any(|top| rest.starts_with(top)) => rest,
        _ => path,
    }
}

/// What Python compiled is found beside its source: the folder of a `__pycache__`, or the `.py` of a `.pyc` in one.
pub(super) fn compiled_from(path: &str) -> Option<String> {
    let (folder, file) = path.rsplit_once('/')?;
    if file == "__pycache__" {
        return Some(folder.to_owned());
    }
    let (folder, stem) = match folder.strip_suffix("__pycache__") {
        Some(folder) if folder.is_empty() || folder.ends_with('/') => (folder, file.strip_suffix(".pyc")?),
        _ => return None,
    };
    // `six.cpython-311.pyc`, `six.cpython-311.opt-1.pyc`.
    stem.split('.').next().filter(|module| !module.is_empty()).map(|module| format!("{folder}{module}.py"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_compiled_leads_back_to_its_source() {
        let from = |path: &str| compiled_from(path).unwrap_or_default();
        assert_eq!(from("/p/requests/__pycache__"), "/p/requests");
        assert_eq!(from("/p/__pycache__/six.cpython-311.pyc"), "/p/six.py");
        assert_eq!(from("/p/__pycache__/six.cpython-311.opt-1.pyc"), "/p/six.py");
        assert_eq!(from("__pycache__/six.cpython-311.pyc"), "six.py");
        for other in ["/p/six.py", "/p/my__pycache__/x.pyc", "/p/__pycache__/x.txt", "/p/__pycache__/.pyc", "x"] {
            assert_eq!(compiled_from(other), None, "{other}");
        }
    }

    #[test]
    fn two_asked_paths_with_one_name_are_both_found() {
        let wanted = ["/lib/x.so", "/usr/lib/x.so"];
        let asked = Asked::of(&wanted);
        assert_eq!(asked.paths(asked.name("/usr/lib/x.so").unwrap()), wanted);
    }

    #[test]
    fn a_name_that_two_claim_is_shared_and_one_that_many_claim_is_a_crowds() {
        let mut claims = Claims::none();
        for (path, by) in [("/a", 1), ("/a", 1), ("/b", 1), ("/b", 2), ("/b", 1)] {
            claims.claim(Some(path), by);
        }
        (0..100).for_each(|by| claims.claim(Some("/c"), by));
        let told: Vec<_> = claims.settled().collect();
        let of_b = [("/b", Owner::Shared(1)), ("/b", Owner::Shared(2))];
        assert_eq!(told[0], ("/a", Owner::Alone(1)));
        assert_eq!(told[1..3], of_b);
        assert_eq!(told[3..], [("/c", Owner::Crowd)]);
    }
}

//! The paths that are asked for, under the names that package lists have for them, and who claims which. A name that two
//! packages claim is a folder that they share or a file that one of them overwrote: it says nothing of either. A claim
//! costs the same however many paths have one name: lists may be long.

use std::collections::BTreeMap;

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

    /// The asked paths of a name.
    pub(super) fn paths(&self, name: &str) -> &[&'w str] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Who claims which name.
#[derive(Debug)]
pub(super) struct Claims<'n, T> {
    by_name: BTreeMap<&'n str, Option<T>>,
}

impl<'n, T: PartialEq> Claims<'n, T> {
    pub(super) const fn none() -> Self {
        Self { by_name: BTreeMap::new() }
    }

    /// One more claim, if the name is one that is asked for; a second claimant takes it from both.
    pub(super) fn claim(&mut self, name: Option<&'n str>, by: T) {
        let Some(name) = name else { return };
        match self.by_name.get_mut(name) {
            Some(held) if held.as_ref() != Some(&by) => *held = None,
            Some(_) => {}
            None => {
                self.by_name.insert(name, Some(by));
            }
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

    /// The names with exactly one claimant.
    pub(super) fn settled(self) -> impl Iterator<Item = (&'n str, T)> {
        self.by_name.into_iter().filter_map(|(name, by)| Some((name, by?)))
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
    fn a_name_that_two_claim_is_nobodys() {
        let mut claims = Claims::none();
        for (path, by) in [("/a", 1), ("/a", 1), ("/b", 1), ("/b", 2), ("/b", 1)] {
            claims.claim(Some(path), by);
        }
        assert_eq!(claims.settled().collect::<Vec<_>>(), [("/a", 1)]);
    }
}

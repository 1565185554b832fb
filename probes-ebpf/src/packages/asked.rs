//! The paths that are asked for, under the names that package lists have for them, and who claims which. A path that two
//! packages claim is a folder that they share or a file that one of them overwrote: it says nothing of either.

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

    /// The asked paths that this path of a package list means.
    pub(super) fn at(&self, path: &str) -> &[&'w str] {
        self.by_name.get(plain(path)).map_or(&[], Vec::as_slice)
    }
}

/// Who claims which path.
#[derive(Debug)]
pub(super) struct Claims<'w, T> {
    by_path: BTreeMap<&'w str, Option<T>>,
}

impl<'w, T: PartialEq> Claims<'w, T> {
    pub(super) const fn none() -> Self {
        Self { by_path: BTreeMap::new() }
    }

    /// One more claim; a second claimant takes the path from both.
    pub(super) fn claim(&mut self, path: &'w str, by: T) {
        match self.by_path.get_mut(path) {
            Some(held) if held.as_ref() != Some(&by) => *held = None,
            Some(_) => {}
            None => {
                self.by_path.insert(path, Some(by));
            }
        }
    }

    /// True when nobody claimed anything.
    pub(super) fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }

    /// True when somebody claimed this path.
    pub(super) fn contains(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// The paths with exactly one claimant.
    pub(super) fn settled(self) -> impl Iterator<Item = (&'w str, T)> {
        self.by_path.into_iter().filter_map(|(path, by)| Some((path, by?)))
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
        assert_eq!(Asked::of(&wanted).at("/usr/lib/x.so"), wanted);
    }

    #[test]
    fn a_path_that_two_claim_is_nobodys() {
        let mut claims = Claims::none();
        for (path, by) in [("/a", 1), ("/a", 1), ("/b", 1), ("/b", 2), ("/b", 1)] {
            claims.claim(path, by);
        }
        assert_eq!(claims.settled().collect::<Vec<_>>(), [("/a", 1)]);
    }
}

//! Which namespaces a cluster is looked at in. Comes in: names that the operator gave. Goes out: the path and field
//! selector of each list. What lies in no namespace is always looked at, but for the namespaces themselves.

use super::kinds::Listed;

/// The namespaces to look into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Namespaces {
    /// All.
    #[default]
    All,
    /// These, each with a list of its own: rights in them are enough.
    In(Vec<String>),
    /// All but these.
    Out(Vec<String>),
}

/// A name that is no namespace's.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` cannot be the name of a namespace: up to 63 of a-z, 0-9 and -")]
pub struct NoNamespace(String);

/// A name that was given both ways.
#[derive(Debug, thiserror::Error)]
pub enum BadNamespaces {
    /// Some are named, and some left out.
    #[error("namespaces are either named or left out, not both")]
    Both,
    /// One has no such name.
    #[error(transparent)]
    Name(#[from] NoNamespace),
}

impl Namespaces {
    /// What an operator asked for: names to look into, or names to leave out.
    ///
    /// # Errors
    /// When both are given, or a name can be none.
    pub fn asked(within: &[String], without: &[String]) -> Result<Self, BadNamespaces> {
        let mut names: Vec<String> = within.iter().chain(without).cloned().collect();
        names.sort();
        names.dedup();
        // The names become part of paths and selectors.
        if let Some(bad) = names.iter().find(|name| !is_label(name)) {
            return Err(NoNamespace(bad.clone()).into());
        }
        match (within.is_empty(), without.is_empty()) {
            (true, true) => Ok(Self::All),
            (false, true) => Ok(Self::In(names)),
            (true, false) => Ok(Self::Out(names)),
            (false, false) => Err(BadNamespaces::Both),
        }
    }

    /// True when some namespaces are not looked into.
    pub(super) fn restricted(&self) -> bool {
        *self != Self::All
    }

    /// The lists of one kind: one, or one for each namespace.
    pub(super) fn places(&self, listed: &Listed, namespaced: bool) -> Vec<Looked> {
        let whole = |selector: Option<String>| Looked { namespace: None, selector };
        let is_namespace = listed.is_namespace();
        match self {
            Self::In(names) if is_namespace => {
                names.iter().map(|name| whole(Some(format!("metadata.name={name}")))).collect()
            }
            Self::In(names) if namespaced => {
                names.iter().map(|name| Looked { namespace: Some(name.clone()), selector: None }).collect()
            }
            Self::Out(names) if is_namespace || namespaced => {
                let field = if is_namespace { "metadata.name" } else { "metadata.namespace" };
                let not: Vec<String> = names.iter().map(|name| format!("{field}!={name}")).collect();
                vec![whole(Some(not.join(",")))]
            }
            Self::All | Self::In(_) | Self::Out(_) => vec![whole(None)],
        }
    }
}

/// Where one list looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Looked {
    /// The namespace whose path is asked; none: all of them.
    pub(super) namespace: Option<String>,
    /// A field selector.
    pub(super) selector: Option<String>,
}

/// A DNS label. Source: Kubernetes documentation, "Object Names and IDs".
fn is_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn names_become_paths_or_selectors_and_what_could_break_out_of_them_is_refused() {
        let listed = |resource: &str| super::super::kinds::LISTED.iter().find(|l| l.resource == resource).unwrap();
        let (pods, spaces, nodes) = (listed("pods"), listed("namespaces"), listed("nodes"));
        let within = Namespaces::asked(&names(&["b", "a", "b"]), &[]).unwrap();
        let paths: Vec<_> = within.places(pods, true).into_iter().map(|l| (l.namespace, l.selector)).collect();
        assert_eq!(paths, [(Some("a".to_owned()), None), (Some("b".to_owned()), None)]);
        assert_eq!(within.places(spaces, false)[0].selector.as_deref(), Some("metadata.name=a"));
        assert_eq!(within.places(nodes, false), [Looked { namespace: None, selector: None }]);
        let out = Namespaces::asked(&[], &names(&["kube-system", "dev"])).unwrap();
        let not = out.places(pods, true);
        assert_eq!(not[0].selector.as_deref(), Some("metadata.namespace!=dev,metadata.namespace!=kube-system"));
        assert_eq!(
            out.places(spaces, false)[0].selector.as_deref(),
            Some("metadata.name!=dev,metadata.name!=kube-system")
        );
        for bad in ["", "a/b", "a,metadata.name=x", "A", "-a", "a?x"] {
            assert!(Namespaces::asked(&names(&[bad]), &[]).is_err(), "{bad}");
        }
        assert!(Namespaces::asked(&names(&["a"]), &names(&["b"])).is_err());
    }
}

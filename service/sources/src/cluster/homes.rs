//! The labels of namespaces, as selectors see them. Source: Kubernetes documentation, "Well-Known Labels": the server gives
//! each namespace its name as a label.

use std::collections::HashMap;

use super::model::{Body, Labels, Selector};
use super::object::Object;

/// The label that the server gives each namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The labels of the namespaces in view.
pub(super) struct Homes<'v> {
    labels: HashMap<&'v str, Labels>,
}

impl<'v> Homes<'v> {
    /// Finds them all.
    pub(super) fn of(objects: &'v [Object]) -> Self {
        let homes = objects.iter().filter(|object| matches!(object.body, Body::Namespace));
        let labels = homes.map(|home| {
            let mut labels = home.meta.labels.clone();
            labels.insert(NAME_LABEL.into(), home.name.clone());
            (&*home.name, labels)
        });
        Self { labels: labels.collect() }
    }

    /// Whether a selector chooses a namespace; none where that rests on labels that are not in view.
    pub(super) fn fits(&self, selector: &Selector, namespace: &str) -> Option<bool> {
        if let Some(labels) = self.labels.get(namespace) {
            return Some(selector.selects(labels));
        }
        let mut keys = selector.match_labels.keys().chain(selector.match_expressions.iter().map(|wanted| &wanted.key));
        let by_name_only = keys.all(|key| &**key == NAME_LABEL);
        let named = || selector.selects(&[(NAME_LABEL.into(), namespace.into())].into());
        by_name_only.then(named)
    }
}

//! Secrets in plain sight outside containers: in the data of ConfigMaps and in annotations. Comes in: the value of an
//! object. Goes out: where a secret stands and its mark; the value itself is dropped. Secrets are not looked into.

use assay_core::text::Door;
use serde_json::Value;

use super::model::PlainSecret;
use crate::door::SecretDoor;

/// The longest value that is looked at: no API server stores a larger object.
const VALUE_BYTES_MAX: usize = 2 << 20;
/// The annotation in which kubectl keeps the manifest itself: what is in it is said where it stands.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A secret beside its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSecret {
    /// Where it stands.
    pub place: SecretPlace,
    /// The key or annotation.
    pub name: Box<str>,
    /// What recognised it, and its mark.
    pub secret: PlainSecret,
}

/// Where a secret stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// In the data of a ConfigMap.
    Data,
    /// In an annotation.
    Annotation,
}

/// The secrets of an object, one a key at most.
pub(super) fn in_object(value: &Value, kind: &str, door: &SecretDoor) -> Box<[NamedSecret]> {
    let mut found = Vec::new();
    if kind == "ConfigMap" {
        for (name, text) in texts(&value["data"]) {
            let secret = PlainSecret::taken_out(text, &door.redact_field(name, text));
            found.extend(secret.map(|secret| NamedSecret { place: SecretPlace::Data, name: name.into(), secret }));
        }
    }
    for (name, text) in texts(&value["metadata"]["annotations"]) {
        // A name says nothing here: `auth-secret` and `tls-secret` refer to a Secret by its name.
        let secret = PlainSecret::taken_out(text, &door.redact(text)).filter(|_| name != LAST_APPLIED);
        found.extend(secret.map(|secret| NamedSecret { place: SecretPlace::Annotation, name: name.into(), secret }));
    }
    found.into_boxed_slice()
}

/// The texts of a mapping by name, but for those that are too long.
fn texts(value: &Value) -> impl Iterator<Item = (&str, &str)> {
    let fields = value.as_object().into_iter().flatten();
    let texts = fields.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    texts.filter(|(_, text)| text.len() <= VALUE_BYTES_MAX)
}

//! The environment of a container, and secrets that stand in plain sight anywhere in an object. Comes in: a name with its
//! value. Goes out: what recognised it and its mark; the value itself is dropped.

use assay_core::text::Opaque;
use serde::Deserialize;

use super::scalar::loose_text;
use crate::door::{MARK, SecretDoor};

/// An environment variable. Its value never stays: it is looked at once, at the door.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvVar {
    /// Its name.
    pub name: Box<str>,
    /// The literal value, until [`EnvVar::seal`] takes it.
    #[serde(rename = "value", deserialize_with = "loose_text")]
    literal: Option<Box<str>>,
    /// Where the value comes from, when it is not written here.
    pub value_from: Option<ValueFrom>,
    /// The secret that its value was.
    #[serde(skip)]
    pub secret: Option<PlainSecret>,
}

/// Where a variable's value comes from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ValueFrom {
    /// A key of a Secret.
    pub secret_key_ref: Option<NamedRef>,
}

/// A source of many variables.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvFrom {
    /// All keys of a Secret.
    pub secret_ref: Option<NamedRef>,
}

/// An object of the same namespace, by its name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NamedRef {
    /// The name.
    pub name: Box<str>,
}

/// A secret that stood in plain sight, by what recognised it and by its mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainSecret {
    /// The rule that knew it; `field` where only the name beside it says so.
    pub rule: Box<str>,
    /// The keyed mark: equal secrets have equal marks.
    pub mark: Opaque,
}

impl PlainSecret {
    /// The first secret that the door took out of a text.
    pub(in crate::cluster) fn taken_out(text: &str, clean: &str) -> Option<Self> {
        // A value that was written as a mark is no secret: only what the door changed is one.
        let start = clean.find(MARK).filter(|_| clean != text)?;
        let mark = &clean[start..start + clean[start..].find(']')? + 1];
        let rule = mark[MARK.len()..].split(':').next()?;
        Some(Self { rule: rule.into(), mark: Opaque::readmit(mark) })
    }
}

impl EnvVar {
    /// Drops the value, and keeps the mark where it was a secret.
    pub(super) fn seal(&mut self, door: &SecretDoor) {
        let Some(literal) = self.literal.take() else { return };
        self.secret = PlainSecret::taken_out(&literal, &door.redact_field(&self.name, &literal));
    }
}

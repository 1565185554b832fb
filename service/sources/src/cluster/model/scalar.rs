//! Small values that Kubernetes writes in more than one way.

use std::collections::BTreeMap;

use assay_core::observation::Protocol;
use serde::{Deserialize, Deserializer};

/// A number or a name: `targetPort: 8080` or `targetPort: http`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortName {
    /// By number.
    Number(u16),
    /// By the name of a port.
    Name(Box<str>),
}

impl<'de> Deserialize<'de> for PortName {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u16),
            Text(Box<str>),
        }
        Ok(match Written::deserialize(input)? {
            Written::Number(number) => Self::Number(number),
            // A name needs a letter, so digits alone are a number in quotes.
            Written::Text(text) => text.parse().map_or(Self::Name(text), Self::Number),
        })
    }
}

/// A protocol as ports name it: TCP where they do not.
pub fn protocol(text: Option<&str>) -> Protocol {
    match text {
        Some("UDP") => Protocol::Udp,
        Some("SCTP") => Protocol::Sctp,
        _ => Protocol::Tcp,
    }
}

/// Text that people write without quotes: `version: 1.2` in a label is the text `1.2` to whoever wrote it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Text(Box<str>),
    Truth(bool),
    Whole(i64),
    Real(f64),
}

impl Loose {
    fn text(self) -> Box<str> {
        match self {
            Self::Text(text) => text,
            Self::Truth(truth) => truth.to_string().into(),
            Self::Whole(number) => number.to_string().into(),
            Self::Real(number) => number.to_string().into(),
        }
    }
}

/// Reads text that may have been written without quotes.
pub(super) fn loose_text<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Box<str>>, D::Error> {
    Ok(Some(Loose::deserialize(input)?.text()))
}

/// Labels, annotations and selectors.
pub type Labels = BTreeMap<Box<str>, Box<str>>;

/// Reads labels whose values may have been written without quotes.
pub(super) fn loose_labels<'de, D: Deserializer<'de>>(input: D) -> Result<Labels, D::Error> {
    let written = BTreeMap::<Box<str>, Loose>::deserialize(input)?;
    Ok(written.into_iter().map(|(key, value)| (key, value.text())).collect())
}

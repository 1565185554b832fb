//! One text at every place of a document where a stranger's text can stand, on every sink.

use assay_core::scene::{SINKS, everywhere, harm, shape};
use assay_core::sink::Sink;
use assay_core::text::Opaque;

use super::Road;
use super::corpus::Text;
use crate::situation::now;

/// What the sinks make of a name that wants nothing.
pub(super) struct Calm(Vec<Vec<String>>);

impl Calm {
    pub(super) fn new(road: &Road<'_>) -> Self {
        let document = everywhere(&Opaque::readmit("shop/web"), now(), road.door);
        let of = |sink: &Sink| document.as_ref().map(|d| shape(&(road.escape)(d, *sink), *sink)).unwrap_or_default();
        Self(SINKS.iter().map(of).collect())
    }
}

/// What a text does on some sink; none when it can only be read.
pub(super) fn leak(text: &Text, calm: &Calm, road: &Road<'_>) -> Option<String> {
    let admitted = [Opaque::admit(&text.text, road.door), Opaque::admit_name(&text.text, road.door)];
    // The last one as if the record had been changed behind our back.
    let all = admitted.into_iter().chain([Opaque::readmit(&text.text)]);
    for opaque in all {
        let Ok(document) = everywhere(&opaque, now(), road.door) else {
            if road.door.redact(&text.text) == text.text {
                return Some("a document without a secret is withheld".to_owned());
            }
            // As it must be where a secret stands in it.
            continue;
        };
        for (sink, calm) in SINKS.iter().zip(&calm.0) {
            let rendered = (road.escape)(&document, *sink);
            let shown = judged(&rendered, *sink, text.secret.as_slice());
            let broken = !opaque.reveal().trim().is_empty() && shape(&rendered, *sink) != *calm;
            let broken = broken.then(|| format!("it breaks the form of {sink:?}"));
            if let Some(why) = shown.or(broken) {
                return Some(why);
            }
        }
    }
    None
}

/// What is wrong with what a sink shows.
pub(super) fn judged(rendered: &str, sink: Sink, secrets: &[String]) -> Option<String> {
    if secrets.iter().any(|secret| rendered.contains(secret)) {
        return Some(format!("a secret is seen on {sink:?}"));
    }
    harm(rendered, sink).map(|why| format!("{why} on {sink:?}"))
}

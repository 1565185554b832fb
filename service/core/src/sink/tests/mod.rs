//! What a stranger wrote never becomes a link, an image, a mention, an escape or a line of its own, on any sink; and what
//! is said changes when what is known changes.

mod hostile;
mod lossless;
mod shown;

use std::borrow::Cow;

use super::*;
use crate::document::{Block, Inline, Line, guard, own};
use crate::scene::{Open, SINKS};
use crate::text::{Door, Opaque, Own};

/// A document in which one text of a stranger stands at every place where one can stand.
pub(super) fn everywhere(text: &Opaque) -> Guarded<Document> {
    crate::scene::everywhere(text, Time::from_secs(0), &Open).unwrap()
}

//! A door that finds no secret, for tests that look at something else.

use std::borrow::Cow;

use crate::text::Door;

/// Takes nothing out.
#[derive(Clone, Copy, Debug)]
pub struct Open;

impl Door for Open {
    fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }
}

//! The door for text from outside: every recognised secret is replaced by a keyed mark, so that copies of one secret
//! correlate and the value itself never reaches store, model or surface. Comes in: any text. Goes out: the same text,
//! or one with marks such as `[secret:github-pat:1f2e3d4c]`. It must never hand on a value that a rule recognised.

mod check;
mod field;
mod find;
mod joined;
mod rules;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use assay_core::text::{Door, Opaque};
use hmac::{Hmac, KeyInit, Mac};

pub use field::says_secret;

/// What every rule takes out, and texts that are no secret and must stay, as recipes: one JSON object a line. Tests and the
/// evaluation draw texts from them.
pub const CASES: &str = include_str!("door/cases.jsonl");

/// What every mark begins with.
pub(crate) const MARK: &str = "[secret:";
/// The rule that a value goes under when only the name beside it says that it is a secret.
const BY_NAME: &str = "field";
/// How often the result is looked at again: what stands between two marks may read as a secret only then.
const ROUNDS_MAX: usize = 4;

/// Takes secrets out by rule.
#[derive(Clone)]
pub struct SecretDoor {
    key: [u8; 32],
}

impl SecretDoor {
    /// A door whose marks are keyed with this installation's key.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The keyed mark of a value that is known to be a secret: equal values of one installation have equal marks.
    pub fn mark(&self, value: &str) -> Opaque {
        Opaque::readmit(&self.mark_of(BY_NAME, value.as_bytes()))
    }

    /// A value that stands beside a name, such as an environment variable. Where the name says secret the whole value
    /// is replaced, unless it only points at one; else the value is read like any text.
    pub fn redact_field<'a>(&self, name: &str, value: &'a str) -> Cow<'a, str> {
        if says_secret(name) && !field::points_elsewhere(value) && !value.contains(MARK) {
            return Cow::Owned(self.mark_of(BY_NAME, value.as_bytes()));
        }
        self.redact(value)
    }

    fn mark_of(&self, rule: &str, value: &[u8]) -> String {
        // 32 bits tell copies apart within one installation and give nothing back of the value.
        let mut head = [0u8; 4];
        if let Ok(mut mac) = Hmac::<sha2::Sha256>::new_from_slice(&self.key) {
            mac.update(value);
            head.copy_from_slice(&mac.finalize().into_bytes()[..4]);
        }
        format!("{MARK}{rule}:{}]", data_encoding::HEXLOWER.encode(&head))
    }

    /// One look at the text; nothing when there was nothing to take out.
    fn redact_once(&self, text: &str) -> Option<String> {
        let spans = find::secrets(text);
        if spans.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for span in spans {
            out.push_str(&text[from..span.start]);
            out.push_str(&self.mark_of(span.rule, &text.as_bytes()[span.start..span.end]));
            from = span.end;
        }
        out.push_str(&text[from..]);
        Some(out)
    }
}

impl Door for SecretDoor {
    fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(mut clean) = self.redact_once(text) else { return Cow::Borrowed(text) };
        for _ in 1..ROUNDS_MAX {
            match self.redact_once(&clean) {
                Some(cleaner) => clean = cleaner,
                None => break,
            }
        }
        Cow::Owned(clean)
    }
}

impl fmt::Debug for SecretDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDoor(..)")
    }
}

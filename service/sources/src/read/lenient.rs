//! Values that tools spell in more than one way. A reader names what it wants; null, a number for a word, or a single
//! value for a list are no reason to lose a record.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// A word, whether it was written as text, number or boolean; empty for null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Word(pub(crate) String);

impl Word {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The word, unless it is empty.
    pub(crate) fn some(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|w| !w.is_empty())
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E>(self, v: &str) -> Result<Word, E> {
                Ok(Word(v.to_owned()))
            }

            fn visit_string<E>(self, v: String) -> Result<Word, E> {
                Ok(Word(v))
            }

            fn visit_bool<E>(self, v: bool) -> Result<Word, E> {
                Ok(Word(v.to_string()))
            }

            fn visit_u64<E>(self, v: u64) -> Result<Word, E> {
                Ok(Word(v.to_string()))
            }

            fn visit_i64<E>(self, v: i64) -> Result<Word, E> {
                Ok(Word(v.to_string()))
            }

            fn visit_f64<E>(self, v: f64) -> Result<Word, E> {
                Ok(Word(v.to_string()))
            }

            fn visit_unit<E>(self) -> Result<Word, E> {
                Ok(Word::default())
            }

            fn visit_none<E>(self) -> Result<Word, E> {
                Ok(Word::default())
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A list; null is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Many<T>(pub(crate) Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> std::ops::Deref for Many<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
            type Value = Many<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Many<T>, A::Error> {
                let mut out = Vec::new();
                while let Some(item) = seq.next_element()? {
                    out.push(item);
                }
                Ok(Many(out))
            }

            fn visit_unit<E>(self) -> Result<Many<T>, E> {
                Ok(Many::default())
            }

            fn visit_none<E>(self) -> Result<Many<T>, E> {
                Ok(Many::default())
            }
        }
        deserializer.deserialize_any(List(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_word_however_it_is_written() {
        let words: Vec<Word> = serde_json::from_str(r#"["a", 1, -1, 1.5, true, null]"#).unwrap();
        let said: Vec<&str> = words.iter().map(Word::as_str).collect();
        assert_eq!(said, ["a", "1", "-1", "1.5", "true", ""]);
        assert!(serde_json::from_str::<Word>("[]").is_err());
        assert!(serde_json::from_str::<Many<u8>>("null").unwrap().is_empty());
    }
}

//! Texts that strangers write to get out of their frame or to be obeyed. Comes in: lines of our own form, or files of any
//! corpus. Goes out: texts, and for those that hold a secret the part that must never be seen.

use assay_core::named;
use serde::Deserialize;

use crate::cases::{self, BadCase, Named};

/// The texts of this build.
pub const TEXTS: &str = include_str!("../../data/guard.jsonl");
/// Texts of another corpus beyond this length are cut: the door's bound is larger than any name.
const CHARS_MAX: usize = 2_000;
/// Shorter texts of another corpus are keys and labels.
const CHARS_MIN: usize = 8;

named! {
    /// What a text is after.
    pub enum Sort {
        /// To be obeyed.
        Injection = "injection",
        /// To be followed.
        Link = "link",
        /// To call somebody.
        Mention = "mention",
        /// To steer a terminal.
        Escape = "escape",
        /// To become a part of the page.
        Markup = "markup",
        /// To read otherwise than it is written.
        Bidi = "bidi",
        /// To look like another word.
        Homoglyph = "homoglyph",
        /// It holds a secret that must not be shown.
        Secret = "secret",
        /// From another corpus, whatever it is after.
        Foreign = "foreign",
    }
}

/// One text.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Its name.
    pub id: String,
    /// What it is after.
    pub sort: Sort,
    /// The characters.
    pub text: String,
    /// What must never be seen of it, as a reader would see it.
    pub secret: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    sort: String,
    text: String,
    /// In parts, so that nobody takes this file for a leak.
    #[serde(default)]
    secret: Vec<String>,
}

impl Named for Line {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Reads texts of our own form.
///
/// # Errors
/// When a line is no text, or a secret has no place in it.
pub fn read(text: &str) -> Result<Vec<Text>, BadCase> {
    cases::read(text, |line: Line| {
        let sort = line.sort.parse::<Sort>().map_err(|e| e.to_string())?;
        if (sort == Sort::Secret) != line.text.contains("{secret}") || (sort == Sort::Secret) == line.secret.is_empty()
        {
            return Err("a secret is given in parts, and stands in the text as {secret}".to_owned());
        }
        let value = line.secret.concat();
        // A mark that cannot be seen only splits the value.
        let seen: String = value.chars().filter(|c| *c != '\u{200b}').collect();
        Ok(Text {
            id: line.id,
            sort,
            text: line.text.replace("{secret}", &value),
            secret: (!value.is_empty()).then_some(seen),
        })
    })
}

/// Every text of a file of another corpus: all strings of JSON, and the lines of everything else.
pub fn foreign(name: &str, file: &str) -> Vec<Text> {
    let mut found = Vec::new();
    match serde_json::from_str::<serde_json::Value>(file) {
        Ok(value) => strings(&value, &mut found),
        Err(_) => {
            for line in file.lines() {
                match serde_json::from_str::<serde_json::Value>(line) {
                    Ok(value) => strings(&value, &mut found),
                    Err(_) => found.push(line.to_owned()),
                }
            }
        }
    }
    let long = found.into_iter().filter(|text| text.chars().count() >= CHARS_MIN);
    let text = |(n, text): (usize, String)| Text {
        id: format!("{name}:{}", n + 1),
        sort: Sort::Foreign,
        text: text.chars().take(CHARS_MAX).collect(),
        secret: None,
    };
    long.enumerate().map(text).collect()
}

fn strings(value: &serde_json::Value, out: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => out.push(text.clone()),
        serde_json::Value::Array(all) => all.iter().for_each(|v| strings(v, out)),
        serde_json::Value::Object(all) => all.values().for_each(|v| strings(v, out)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_is_large_and_of_every_sort() {
        let texts = read(TEXTS).unwrap();
        assert!(texts.len() >= 60, "{}", texts.len());
        for sort in Sort::ALL.iter().filter(|s| **s != Sort::Foreign) {
            assert!(texts.iter().filter(|t| t.sort == *sort).count() >= 5, "{sort}");
        }
    }

    #[test]
    fn a_secret_is_put_together() {
        let line = r#"{"id":"x","sort":"secret","text":"key {secret}.","secret":["AB","\u200b","CD"]}"#;
        let texts = read(line).unwrap();
        assert_eq!((texts[0].text.as_str(), texts[0].secret.as_deref()), ("key AB\u{200b}CD.", Some("ABCD")));
        assert!(read(r#"{"id":"x","sort":"secret","text":"no place","secret":["AB"]}"#).is_err());
        assert!(read(r#"{"id":"x","sort":"link","text":"{secret}"}"#).is_err());
    }

    #[test]
    fn any_file_gives_its_texts() {
        let of = |file| foreign("f", file).into_iter().map(|t| t.text).collect::<Vec<_>>();
        assert_eq!(of("a line of text\nshort\nanother line"), ["a line of text", "another line"]);
        assert_eq!(of("{\"a\":[\"a long string\",{\"b\":\"another string\"}]}"), ["a long string", "another string"]);
        assert_eq!(of("{\"p\":\"first payload\"}\n{\"p\":\"second payload\"}"), ["first payload", "second payload"]);
    }
}

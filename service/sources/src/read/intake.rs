//! What every reader needs beside its format: the door for strings, a place for what could not be read, and the way
//! out for records.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use assay_core::ids::{Time, VulnId};
use assay_core::intel::{Feed, IntelNote, Said};
use assay_core::observation::{Author, Fact, NotAssessed, Observation, Record, RecordKind, Subject, What};
use assay_core::scope::{Artifact, Head, Part, Scope, Skipped};
use assay_core::text::Opaque;

use super::{Flow, How, ReadError};

/// Said where a report gives its source no name that stays the same.
pub(crate) const NAME_THE_SOURCE: &str =
    "this report names no lasting source, so what it lacks is never closed: pass --source NAME";

/// The road of one report.
pub(crate) struct Intake<'a> {
    pub(crate) how: &'a How<'a>,
    out: &'a mut dyn FnMut(Record) -> Flow,
    /// The tool that carried published values, for their label.
    tool: Opaque,
    skipped: Vec<Skipped>,
    unlisted: u64,
    /// Published values that were handed on already.
    said: HashSet<u64>,
}

/// What a reader learnt about its report.
pub(crate) struct Learnt {
    pub(crate) tool_version: Opaque,
    pub(crate) artifact: Artifact,
    pub(crate) parts: Vec<Part>,
    pub(crate) produced_at: Option<Time>,
    pub(crate) hint: Option<&'static str>,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(how: &'a How<'a>, tool: &str, out: &'a mut dyn FnMut(Record) -> Flow) -> Self {
        let tool = Opaque::admit_name(tool, how.door);
        Self { how, out, tool, skipped: Vec::new(), unlisted: 0, said: HashSet::new() }
    }

    /// A name, through the door.
    pub(crate) fn name(&self, text: &str) -> Opaque {
        Opaque::admit_name(text.trim(), self.how.door)
    }

    /// A text, through the door. What is far longer than what is kept is cut first: the door's time is bounded, and so
    /// that no half of a secret stands at the cut, the cut goes back to the last blank.
    pub(crate) fn text(&self, text: &str) -> Opaque {
        let max = self.how.limits.text_bytes_max;
        let text = text.trim();
        if text.len() <= max {
            return Opaque::admit(text, self.how.door);
        }
        let end = (0..=max).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
        let word = text[..end].rfind(char::is_whitespace).unwrap_or(0);
        Opaque::admit(&text[..word], self.how.door)
    }

    /// Learns the tool's name from the report.
    pub(crate) fn set_tool(&mut self, name: &str) {
        let name = name.trim().to_ascii_lowercase();
        if !name.is_empty() {
            self.tool = self.name(&name);
        }
    }

    /// Hands on a record.
    pub(crate) fn give(&mut self, record: Record) -> Result<(), ReadError> {
        match (self.out)(record) {
            Flow::More => Ok(()),
            Flow::Stop => Err(ReadError::Stopped),
        }
    }

    /// Notes a record that could not be read.
    pub(crate) fn skip(&mut self, locator: impl Into<Box<str>>, reason: impl Into<Box<str>>) {
        if self.skipped.len() < self.how.limits.skipped_listed_max {
            self.skipped.push(Skipped { locator: locator.into(), reason: reason.into() });
        } else {
            self.unlisted += 1;
        }
    }

    /// True when nothing was passed over so far.
    pub(crate) fn is_whole(&self) -> bool {
        self.skipped.is_empty() && self.unlisted == 0
    }

    /// True the first time that something is said in this report. When too much was said to remember it is true again:
    /// a repetition costs room, not truth.
    pub(crate) fn first_time(&mut self, what: impl Hash) -> bool {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        let known = self.said.len() >= self.how.limits.names_max;
        if known { !self.said.contains(&hasher.finish()) } else { self.said.insert(hasher.finish()) }
    }

    /// A published value that this report carries, labelled with its tool.
    pub(crate) fn intel(&self, vuln: &VulnId, feed: Feed, said: Said, at: Option<Time>) -> Observation {
        let at = at.unwrap_or(self.how.received_at);
        Observation::Intel(Box::new(IntelNote { vuln: vuln.clone(), said, feed, via: self.tool.clone(), at }))
    }

    /// A fact that the tool reports, as of now.
    pub(crate) fn fact(&self, subject: Subject, what: What) -> Fact {
        let at = self.how.received_at;
        Fact { subject, component: None, what, author: Author::Scanner, since: at, until: at, valid_until: None }
    }

    /// Says that the tool could not assess something: never the same as nothing found.
    pub(crate) fn not_assessed(&mut self, locator: &str, subject: Subject, why: NotAssessed) -> Result<(), ReadError> {
        let fact = self.fact(subject, What::NotAssessed(why));
        self.give(record(locator, RecordKind::Aid, vec![Observation::Fact(Box::new(fact))]))
    }

    /// Ends the report. What was skipped makes every part incomplete.
    pub(crate) fn head(mut self, learnt: Learnt) -> Head {
        let whole = self.is_whole();
        if self.unlisted > 0 {
            let reason = format!("{} more records could not be read", self.unlisted);
            self.skipped.push(Skipped { locator: "and more".into(), reason: reason.into() });
        }
        let parts = learnt.parts.into_iter().map(|part| Part { complete: part.complete && whole, ..part }).collect();
        Head {
            tool: self.tool,
            tool_version: learnt.tool_version,
            artifact: learnt.artifact,
            parts,
            produced_at: learnt.produced_at,
            skipped: self.skipped,
            hint: learnt.hint,
        }
    }
}

/// A record of a scanner.
pub(crate) fn record(locator: &str, kind: RecordKind, yields: Vec<Observation>) -> Record {
    Record { locator: locator.into(), kind, author: Author::Scanner, seen_at: None, yields }
}

/// An instant that a report names. Tools write the first year or the epoch where they know none.
pub(crate) fn instant(text: &str) -> Option<Time> {
    const FIRST_BELIEVED: Time = Time::from_secs(631_152_000);
    text.trim().parse::<Time>().ok().filter(|time| *time > FIRST_BELIEVED)
}

/// The scope and artifact of a scanned tree: the name given, else the repository that the report names, else the name
/// of what was scanned. A path of one machine is no name.
pub(crate) fn tree(intake: &Intake<'_>, repository: &str, name: &str) -> (Scope, Artifact, Option<&'static str>) {
    let chosen = match intake.how.source {
        Some(source) if !source.is_empty() => Some(source.clone()),
        _ if !repository.trim().is_empty() => Some(intake.name(plain_repository(repository))),
        _ => lasting_name(name).map(|n| intake.name(n)),
    };
    match chosen {
        Some(name) => (Scope::Tree { name: name.clone() }, Artifact::Tree(name), None),
        None => (Scope::Unnamed, Artifact::Tree(Opaque::readmit("")), Some(NAME_THE_SOURCE)),
    }
}

/// A name of a tree that is no path of one machine.
pub(crate) fn lasting_name(name: &str) -> Option<&str> {
    let name = name.trim().trim_start_matches("./").trim_end_matches('/');
    let drive =
        name.as_bytes().get(1) == Some(&b':') && name.as_bytes().get(2).is_some_and(|b| matches!(b, b'\\' | b'/'));
    let local = name.is_empty() || name.starts_with(['.', '/', '~', '\\']) || name.starts_with("file:") || drive;
    (!local).then_some(name)
}

/// A repository's address without scheme, user and `.git`: the same one however it was cloned.
fn plain_repository(url: &str) -> &str {
    let url = url.trim();
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    let url = url.split_once('@').map_or(url, |(_, rest)| rest);
    url.trim_end_matches('/').strip_suffix(".git").unwrap_or(url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_no_name() {
        for path in [".", "", "/src/app", "./", "../x", "C:\\src", "~/x", "file:///src"] {
            assert_eq!(lasting_name(path), None, "{path}");
        }
        assert_eq!(lasting_name("./charts/web/"), Some("charts/web"));
        assert_eq!(plain_repository("https://user@github.com/a/b.git"), plain_repository("github.com/a/b/"));
    }

    #[test]
    fn the_first_year_is_no_time() {
        assert_eq!(instant("0001-01-01T00:00:00Z"), None);
        assert_eq!(instant("1970-01-01T00:00:00Z"), None);
        assert!(instant("2026-11-24T03:02:00Z").is_some());
    }
}

//! Signs of attack that Assay knows: one row each, with ATT&CK techniques, how far the attack is then, what tells it from
//! everyday work, and what to look at next. Comes in: a table. Goes out: rows by id; the core reads the same table for
//! titles and gains. A row is a foothold only where hardly anything but an intruder explains it: what an operator at work
//! can cause is an attempt, however bad it would be.

mod hands;

use std::collections::HashMap;
use std::sync::LazyLock;

use assay_core::finding::{Matter, mark};
use assay_core::named;
use assay_core::observation::AttackStage;
use serde::Deserialize;

/// The rows, as they are compiled in.
pub const SIGNALS_CSV: &str = include_str!("signals.csv");

named! {
    /// What beside its place tells two occurrences of a signal apart, as a hash: never a process id, argument or time.
    pub enum Apart {
        /// Nothing: one finding a container.
        Nothing = "nothing",
        /// The program.
        Exe = "exe",
        /// Who did it.
        User = "user",
    }
}

impl Apart {
    /// What tells an occurrence from others of its signal at the same place: words of ours, and hashes. Of the program
    /// the name only, because tools give the path or not.
    pub fn words(self, exe: &str, user: &str) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Exe => Matter::mark_of(exe),
            Self::User => mark("user", user),
        }
    }
}

/// One sign of attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Its id: `shell-from-server`.
    pub id: Box<str>,
    /// What happened, as a short noun phrase.
    pub title: Box<str>,
    /// ATT&CK techniques, the nearest first.
    pub techniques: Vec<Box<str>>,
    /// How far the attack is when this is seen.
    pub stage: AttackStage,
    /// What tells two occurrences apart.
    pub apart: Apart,
    /// What tells it from everyday work.
    pub tells: Box<str>,
    /// What to look at next.
    pub next: Box<str>,
}

impl Signal {
    /// The row that this signal has when a program did it: another one for a service's own program, where services do it
    /// by design.
    pub fn done_by(&'static self, exe: &str) -> &'static Self {
        hands::row_of_service(&self.id, exe).and_then(signal).unwrap_or(self)
    }
}

#[derive(Deserialize)]
struct Row {
    id: String,
    title: String,
    attack: String,
    stage: String,
    apart: String,
    tells: String,
    next: String,
}

impl Row {
    fn signal(self) -> Option<Signal> {
        Some(Signal {
            id: self.id.into(),
            title: self.title.into(),
            techniques: self.attack.split_whitespace().map(Into::into).collect(),
            stage: self.stage.parse().ok()?,
            apart: self.apart.parse().ok()?,
            tells: self.tells.into(),
            next: self.next.into(),
        })
    }
}

/// Every signal, by id.
pub fn signals() -> &'static HashMap<Box<str>, Signal> {
    // A test reads every row, so none is missing; a panic here would take the service down.
    static SIGNALS: LazyLock<HashMap<Box<str>, Signal>> = LazyLock::new(|| {
        let mut reader = csv::Reader::from_reader(SIGNALS_CSV.as_bytes());
        let rows = reader.deserialize::<Row>().filter_map(Result::ok);
        rows.filter_map(Row::signal).map(|signal| (signal.id.clone(), signal)).collect()
    });
    &SIGNALS
}

/// The signal of an id.
pub fn signal(id: &str) -> Option<&'static Signal> {
    signals().get(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_core::control::Controls;
    use std::collections::HashSet;

    /// `T1059` or `T1059.004`.
    fn is_technique(text: &str) -> bool {
        let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
        let Some(rest) = text.strip_prefix('T') else { return false };
        match rest.split_once('.') {
            Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
            None => digits(rest, 4),
        }
    }

    #[test]
    fn every_row_parses_once_and_says_all_that_it_must() {
        let rows: Vec<csv::StringRecord> =
            csv::Reader::from_reader(SIGNALS_CSV.as_bytes()).records().map(Result::unwrap).collect();
        assert!(rows.len() >= 30, "{} rows", rows.len());
        assert_eq!(signals().len(), rows.len(), "an id stands twice, or a word is outside its list");
        for row in &rows {
            let signal = signal(&row[0]).unwrap();
            assert!(!signal.techniques.is_empty() && signal.techniques.iter().all(|t| is_technique(t)), "{signal:?}");
            let distinct: HashSet<&Box<str>> = signal.techniques.iter().collect();
            assert_eq!(distinct.len(), signal.techniques.len(), "{} names a technique twice", signal.id);
            for text in [&signal.title, &signal.tells, &signal.next] {
                assert!(!text.is_empty(), "{} leaves something unsaid", signal.id);
            }
            assert!(signal.tells.ends_with('.') && signal.next.ends_with('.'), "{}: sentences end", signal.id);
            assert!(signal.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", signal.id);
            assert!(["yes", "no"].contains(&&row[5]) && ["total", "partial"].contains(&&row[6]), "{}", signal.id);
        }
    }

    #[test]
    fn the_core_reads_the_same_rows_beside_the_controls() {
        let both = Controls::parse(crate::CONTROLS).unwrap().and(SIGNALS_CSV).unwrap();
        for signal in signals().values() {
            let row = both.get(&signal.id).unwrap();
            assert_eq!(row.title.as_str(), &*signal.title);
            assert_eq!(&*row.standard, format!("ATT&CK {}", signal.techniques.join(" ")));
        }
    }

    #[test]
    fn a_technique_has_four_digits_and_perhaps_three() {
        assert!(is_technique("T1059") && is_technique("T1059.004"));
        for odd in ["T159", "T1059.4", "1059", "T1059.", "TA0001", "T10590"] {
            assert!(!is_technique(odd), "{odd}");
        }
    }
}

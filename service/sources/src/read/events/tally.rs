//! What a log holds beside what is read of it, counted by its sort and name, so that ten thousand lines of one sort are
//! one line of the result. Names are strangers' text and pass the door.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use assay_core::text::Opaque;

use super::super::ReadError;
use super::super::intake::Intake;
use super::values::At;

/// Sorts of things that are counted and not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Left {
    /// A rule that no row maps.
    NotMapped,
    /// A rule that was looked at and is no sign of attack by itself, and why.
    Passed(&'static str),
    /// A signal whose event names nothing that could carry it.
    Nowhere,
    /// JSON that is no event of this tool.
    Foreign,
    /// Text that is no JSON.
    Prose,
}

struct Row {
    left: Left,
    name: Opaque,
    count: u64,
    first: At,
}

/// Counts by sort and name.
#[derive(Default)]
pub(super) struct Tally {
    rows: HashMap<u64, Row>,
    /// Occurrences that found no room.
    more: u64,
}

/// The longest name that is shown, in characters.
const NAME_SHOWN_MAX: usize = 120;

impl Tally {
    pub(super) fn note(&mut self, intake: &Intake<'_>, left: Left, name: &str, at: At) {
        let mut hasher = DefaultHasher::new();
        (left, name).hash(&mut hasher);
        let key = hasher.finish();
        if let Some(row) = self.rows.get_mut(&key) {
            row.count += 1;
        } else if self.rows.len() < intake.how.limits.skipped_listed_max {
            self.rows.insert(key, Row { left, name: intake.name(name), count: 1, first: at });
        } else {
            self.more += 1;
        }
    }

    /// Puts the counts among what was skipped.
    pub(super) fn tell(self, intake: &mut Intake<'_>) -> Result<(), ReadError> {
        let mut rows: Vec<Row> = self.rows.into_values().collect();
        rows.sort_by(|a, b| (a.left, &a.name).cmp(&(b.left, &b.name)));
        for Row { left, name, count, first } in rows {
            let place = if count == 1 { first.to_string() } else { format!("{count} times, first at {first}") };
            let name: String = name.reveal().chars().take(NAME_SHOWN_MAX).collect();
            let reason = match left {
                Left::NotMapped => format!("rule not mapped: {name}"),
                Left::Passed(why) => format!("no sign of attack by itself: {name} ({why})"),
                Left::Nowhere => format!("it names no pod, workload or node that could carry it: {name}"),
                Left::Foreign => "JSON that is no event of this tool".to_owned(),
                Left::Prose => "text that is no event".to_owned(),
            };
            intake.skip(place, reason)?;
        }
        if self.more > 0 {
            intake.skip("and more", format!("{} events of rules that found no room in this list", self.more))?;
        }
        Ok(())
    }
}

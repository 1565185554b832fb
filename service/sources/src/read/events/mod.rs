//! Event streams: logs of what tools saw while it happened. Comes in: a log, which may begin and end anywhere and hold
//! lines of other sorts. Goes out: one record an event, with a signal where a reviewed row says that it is one, and with
//! what ran where the event says so plainly. A stream speaks for nothing that it does not mention, and closes nothing.

mod lines;
mod place;
mod shape;
mod tally;
mod values;

use std::borrow::Cow;
use std::io::BufRead;

use assay_core::ids::Time;
use assay_core::observation::{
    AttackStage, Author, Claim, ControlId, Fact, Flaw, Observation, Record, RecordKind, SENSOR_FACT_VALID, Severity,
    Subject, What, prevented,
};
use assay_core::scope::{Artifact, Head, Part, Scope, SpokenSet};
use assay_core::text::Opaque;
use serde::de::DeserializeOwned;

use super::ReadError;
use super::intake::{Intake, Learnt};
use super::json::plain_reason;
use super::signals::Mapped;
use crate::signals::{Apart, Signal};

pub(crate) use lines::after_runtime_prefix;
pub(super) use place::{Place, kind_of};
use tally::{Left, Tally};
use values::{Piece, Values};

/// Where an event stands in its log.
pub(super) use values::At;

/// An event, as a reader understood it.
pub(super) struct Event<'e> {
    /// When it happened.
    pub(super) at: Option<Time>,
    /// What it happened to.
    pub(super) place: Place<'e>,
    /// What it may be a sign of.
    pub(super) signs: Vec<Sign<'e>>,
    /// The program that ran, where the event says just that; empty otherwise.
    pub(super) ran: &'e str,
}

/// Something that may be a sign of attack.
pub(super) struct Sign<'e> {
    /// The tool's own name for it.
    pub(super) rule: &'e str,
    /// What our table says of it; none where no row maps it.
    pub(super) mapped: Option<Mapped>,
    /// How bad the tool says it is.
    pub(super) severity: Severity,
    /// What the tool says.
    pub(super) says: Cow<'e, str>,
    /// It was tried and prevented.
    pub(super) refused: bool,
    /// The program.
    pub(super) exe: &'e str,
    /// Who did it.
    pub(super) user: &'e str,
    /// Where the sign belongs, where that is another place than the event's.
    pub(super) place: Option<Place<'e>>,
}

/// What a value of the log turned out to be.
pub(super) enum Outcome {
    /// Events of this tool, handed on.
    Heard,
    /// JSON, but no event of this tool.
    Foreign,
    /// An event that cannot be read, and why.
    Bad(String),
}

/// What a reader does with one JSON value of its log, read as a type of its own: it makes events of it and hands them to
/// the hearer.
pub(super) type One<'r, T> = dyn FnMut(&mut Hearer<'_>, At, T) -> Result<Outcome, ReadError> + 'r;

/// Takes the events of one log.
pub(super) struct Hearer<'a> {
    pub(super) intake: Intake<'a>,
    author: Author,
    tally: Tally,
    latest: Option<Time>,
}

/// What a reader says once when its log is at its end.
pub(super) type Last<'r> = dyn FnMut(&mut Hearer<'_>) -> Result<(), ReadError> + 'r;

/// Reads a log.
pub(super) fn read<T: DeserializeOwned>(
    input: &mut dyn BufRead,
    intake: Intake<'_>,
    author: Author,
    one: &mut One<'_, T>,
) -> Result<Head, ReadError> {
    read_to_end(input, intake, author, one, &mut |_| Ok(()))
}

/// Reads a log whose reader has something to say of all of it.
pub(super) fn read_to_end<T: DeserializeOwned>(
    input: &mut dyn BufRead,
    intake: Intake<'_>,
    author: Author,
    one: &mut One<'_, T>,
    last: &mut Last<'_>,
) -> Result<Head, ReadError> {
    let mut values = Values::new(input, intake.how.limits);
    let mut hearer = Hearer { intake, author, tally: Tally::default(), latest: None };
    let (mut heard, mut anything, mut cut) = (false, false, None);
    while let Some(piece) = values.next()? {
        anything = true;
        match piece {
            Piece::Value { bytes, at } => {
                let outcome = match serde_json::from_slice(&bytes) {
                    Ok(value) => one(&mut hearer, at, value)?,
                    Err(error) => Outcome::Bad(plain_reason(&error)),
                };
                match outcome {
                    Outcome::Heard => heard = true,
                    Outcome::Foreign => hearer.tally.note(&hearer.intake, Left::Foreign, "", at),
                    Outcome::Bad(reason) => hearer.intake.skip(at.to_string(), reason)?,
                }
            }
            Piece::Prose { at } => hearer.tally.note(&hearer.intake, Left::Prose, "", at),
            Piece::Broken { at, why } => hearer.intake.skip(at.to_string(), why)?,
            Piece::Cut { at } => {
                cut = Some(at);
                hearer.intake.skip(at.to_string(), "the log ends in the middle of this event: it was cut")?;
            }
        }
    }
    match (heard, cut) {
        (true, _) => {
            last(&mut hearer)?;
            hearer.head()
        }
        (false, Some(at)) => Err(ReadError::Syntax {
            place: at.to_string(),
            reason: "the text ends in the middle of its only event: it was cut".to_owned(),
        }),
        (false, None) if anything => {
            Err(ReadError::Unknown { saw: "text without one event of the format that it is read as" })
        }
        (false, None) => Err(ReadError::Empty),
    }
}

impl Hearer<'_> {
    /// Takes one event. `locator` is its place in the log, used once.
    pub(super) fn hear(&mut self, at: At, locator: String, event: &Event<'_>) -> Result<(), ReadError> {
        // Nothing happens after it was told: a clock that is ahead must not keep a sign fresh for ever.
        let received_at = self.intake.how.received_at;
        let seen_at = event.at.map(|time| time.min(received_at));
        self.latest = self.latest.max(seen_at);
        let when = seen_at.unwrap_or(received_at);
        let mut yields = Vec::new();
        for sign in &event.signs {
            match sign.mapped {
                None => self.tally.note(&self.intake, Left::NotMapped, sign.rule, at),
                Some(Mapped::Passed(why)) => self.tally.note(&self.intake, Left::Passed(why), sign.rule, at),
                Some(Mapped::Signal(signal)) => match sign.place.unwrap_or(event.place).subject(&self.intake) {
                    Some(subject) => self.sign(&mut yields, sign, signal, subject, when),
                    None => self.tally.note(&self.intake, Left::Nowhere, sign.rule, at),
                },
            }
        }
        if !event.ran.is_empty()
            && let Some(subject) = event.place.container(&self.intake)
        {
            let what = What::Executed { exe: self.intake.name(event.ran) };
            yields.push(self.fact(subject, what, when));
        }
        let kind = RecordKind::Event;
        self.intake.give(Record { locator: locator.into(), kind, author: self.author, seen_at, yields })
    }

    fn sign(
        &mut self,
        yields: &mut Vec<Observation>,
        sign: &Sign<'_>,
        signal: &'static Signal,
        subject: Subject,
        when: Time,
    ) {
        let signal = signal.done_by(sign.exe);
        let stage = if sign.refused { AttackStage::Attempt } else { signal.stage };
        let id = ControlId(Opaque::readmit(&signal.id));
        let discriminator = discriminator(sign, signal.apart);
        let attacked = What::Attacked { stage, signal: id.clone() };
        yields.push(self.fact(subject.clone(), attacked, when));
        // A signal is one claim however often it was seen: the fact above keeps first and last.
        if self.intake.first_time((&subject, &signal.id, &discriminator, sign.severity, sign.rule)) {
            let rule = self.intake.name(sign.rule);
            yields.push(Observation::Claim(Box::new(Claim {
                scope: None,
                subject,
                severity: sign.severity,
                title: rule.clone(),
                text: self.intake.text(&sign.says),
                rule,
                flaw: Flaw::Signal { signal: id, discriminator: Opaque::readmit(&discriminator), stage },
            })));
        }
    }

    fn fact(&self, subject: Subject, what: What, when: Time) -> Observation {
        Observation::Fact(Box::new(Fact {
            subject,
            component: None,
            what,
            author: self.author,
            since: when,
            until: when,
            valid_until: Some(when + SENSOR_FACT_VALID),
        }))
    }

    fn head(mut self) -> Result<Head, ReadError> {
        std::mem::take(&mut self.tally).tell(&mut self.intake)?;
        let part = Part { scope: Scope::Stream, classes: SpokenSet::default(), complete: false, content: None };
        Ok(self.intake.head(Learnt {
            tool_version: Opaque::readmit(""),
            artifact: Artifact::Cluster,
            parts: vec![part],
            produced_at: self.latest,
            hint: None,
        }))
    }
}

/// What tells this occurrence from others of its signal at the same place.
fn discriminator(sign: &Sign<'_>, apart: Apart) -> String {
    let by = apart.words(sign.exe, sign.user);
    if sign.refused { prevented(&by) } else { by }
}

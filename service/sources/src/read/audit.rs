//! The audit log of the API server, one JSON object a line, as the server writes it, in a list as a webhook gets it, or
//! in the frame that a cloud puts around it. Every call is one event; what calls are a sign of is told by conditions of
//! ours, and by what one identity did before in the same log.

mod call;
mod caller;
mod configmaps;
mod frames;
mod google;
mod judge;
mod memory;
mod pods;
mod rights;
mod uses;

use std::cell::RefCell;
use std::io::BufRead;

use assay_core::observation::{Author, Severity};
use assay_core::scope::Head;

use super::ReadError;
use super::events::{At, Event, Hearer, Outcome, Sign, read_to_end as hear};
use super::intake::Intake;
use super::signals::Mapped;
use crate::signals::signal;
use call::Call;
use frames::{Framed, framed};
use judge::{Found, judge};
use memory::Memory;
use uses::Uses;

pub(super) fn read(input: &mut dyn BufRead, intake: Intake<'_>) -> Result<Head, ReadError> {
    let mut memory = Memory::default();
    let uses = RefCell::new(Uses::default());
    // The server writes it, about what it allowed itself; names in it are still strangers'.
    let mut one = |hearer: &mut Hearer<'_>, at: At, map| match framed(map) {
        Framed::Calls(calls) => {
            let alone = calls.len() == 1;
            for (i, call) in calls.iter().enumerate() {
                let locator = if alone { at.to_string() } else { format!("{at}, items[{i}]") };
                match call {
                    Ok(call) => {
                        uses.borrow_mut().note(call);
                        take(hearer, at, locator, call, &mut memory)?;
                    }
                    Err(reason) => hearer.intake.skip(locator, reason.as_str())?,
                }
            }
            Ok(Outcome::Heard)
        }
        Framed::Foreign => Ok(Outcome::Foreign),
        Framed::Bad(reason) => Ok(Outcome::Bad(reason)),
    };
    hear(input, intake, Author::Cluster, &mut one, &mut |hearer| uses.take().tell(hearer))
}

fn take(hearer: &mut Hearer<'_>, at: At, locator: String, call: &Call, memory: &mut Memory) -> Result<(), ReadError> {
    let signs = judge(call, memory).into_iter().map(|found| sign(call, &found)).collect();
    hearer.hear(at, locator, &Event { at: call.at, place: call.place(), signs, ran: "" })
}

fn sign<'c>(call: &'c Call, found: &Found<'c>) -> Sign<'c> {
    Sign {
        rule: found.signal,
        mapped: signal(found.signal).map(Mapped::Signal),
        severity: Severity::Unknown,
        says: call.says().into(),
        refused: false,
        exe: "",
        user: &call.user,
        place: Some(found.place),
    }
}

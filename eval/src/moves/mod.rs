//! Moves of a tenant who wants to talk a finding down. Comes in: moves, each with the situation before, what he says, and
//! what somebody who may lower would say in his place; or what he does to the objects of a cluster. Goes out: how many of them made the finding less urgent.

mod cluster;

pub use cluster::Change;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cases::{self, BadCase, Named};
use crate::context::{Stands, places};
use crate::ground::Ground;
use crate::outcome::Outcome;
use crate::situation::{self, Situation, Spot, lay, over};
use crate::{EvalError, Suite};
use assay_core::policy::Policy;

/// The moves of this build.
pub const MOVES: &str = include_str!("../../data/moves.jsonl");

/// One move.
#[derive(Clone, Debug)]
pub struct Move {
    /// Its name.
    pub id: String,
    /// What he does.
    pub what: String,
    /// How.
    pub how: How,
    /// Why it must not succeed.
    pub why: String,
}

/// How a move is made.
#[derive(Clone, Debug)]
pub enum How {
    /// In the core's own terms.
    Said(Box<Said>),
    /// With objects of the cluster and with reports, through readers, scan and ledger.
    Done {
        /// What he changes.
        changes: Vec<Change>,
        /// What must stay as urgent as it is, where it is not all that is watched.
        watched: Option<Vec<String>>,
    },
}

/// A situation, what he makes of it, and what somebody would make of it who may lower.
#[derive(Clone, Debug)]
pub struct Said {
    /// The situation before.
    pub before: Situation,
    /// The situation after it.
    pub after: Situation,
    /// The situation when somebody says it who may lower: it shows that there is something to win.
    pub trusted: Situation,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    #[serde(rename = "move")]
    what: String,
    base: Option<Map<String, Value>>,
    said: Option<Map<String, Value>>,
    trusted: Option<Map<String, Value>>,
    change: Option<Vec<Change>>,
    watched: Option<Vec<String>>,
    why: String,
}

impl Named for Line {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Reads moves.
///
/// # Errors
/// When a line is no move, changes nothing, or gives no reason.
pub fn read(text: &str) -> Result<Vec<Move>, BadCase> {
    cases::read(text, |line: Line| {
        let Line { id, what, base, said, trusted, change, watched, why } = line;
        cases::reason(&why)?;
        cases::reason(&what)?;
        let how = match (base, said, trusted, change) {
            (Some(base), Some(said), Some(trusted), None) => How::Said(Box::new(Said::read(&base, &said, &trusted)?)),
            (None, None, None, Some(changes)) if !changes.is_empty() => How::Done { changes, watched },
            _ => return Err("it says either `base`, `said` and `trusted`, or `change`".to_owned()),
        };
        Ok(Move { id, what, how, why })
    })
}

impl Said {
    fn read(
        base: &Map<String, Value>,
        said: &Map<String, Value>,
        trusted: &Map<String, Value>,
    ) -> Result<Self, String> {
        let read = |fields| Situation::read(fields).map_err(|e| e.to_string());
        let [before, after, trusted] = [read(base)?, read(&over(base, said))?, read(&over(base, trusted))?];
        if before == after {
            return Err("it changes nothing".to_owned());
        }
        Ok(Self { before, after, trusted })
    }
}

/// Makes all moves.
///
/// # Errors
/// When a table of the core cannot be read, or the ground fails.
pub fn run(moves: &[Move], policy: &Policy, ground: &impl Ground) -> Result<Outcome, EvalError> {
    let fault = |source| EvalError::Ground { suite: Suite::Moves, source };
    let before = cluster::stands(&[], policy, ground).map_err(fault)?;
    let mut failed = Vec::new();
    for one in moves {
        let won = match &one.how {
            How::Said(said) => {
                gain(&said.before, &said.after, policy)?.map(|(before, after)| format!("{before} became {after}"))
            }
            How::Done { changes, watched } => {
                let after = cluster::stands(changes, policy, ground).map_err(fault)?;
                cluster::gain(&before, &after, watched.as_deref())
            }
        };
        failed.extend(won.map(|won| format!("{}: he {}, and {won}; {}", one.id, one.what, one.why)));
    }
    Ok(Outcome::count(Suite::Moves, "moves that succeeded", moves.len(), failed))
}

/// Where the finding stood and stands, when that is less urgent than before.
fn gain(before: &Situation, after: &Situation, policy: &Policy) -> Result<Option<(Stands, Stands)>, EvalError> {
    let (before, after) = (stands(before, policy)?, stands(after, policy)?);
    Ok(match (before, after) {
        (Some(before), Some(after)) if after.is_below(&before) => Some((before, after)),
        _ => None,
    })
}

fn stands(situation: &Situation, policy: &Policy) -> Result<Option<Stands>, EvalError> {
    let mut scene = situation::scene(policy)?;
    lay(situation, &Spot::new("demo", "CVE-2026-1001")?, &mut scene);
    Ok(places(&scene).first().copied())
}

#[cfg(test)]
mod tests;

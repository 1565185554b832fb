//! Moves of a tenant who wants to talk a finding down. Comes in: moves, each with the situation before, what he says, and
//! what somebody who may lower would say in his place. Goes out: how many of them made the finding less urgent.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cases::{self, BadCase, Named};
use crate::context::{Stands, places};
use crate::outcome::Outcome;
use crate::situation::{self, Situation, Spot, lay, over};
use crate::{EvalError, Suite};
use assay_core::policy::Policy;

/// The moves of this build.
pub const MOVES: &str = include_str!("../data/moves.jsonl");

/// One move.
#[derive(Clone, Debug)]
pub struct Move {
    /// Its name.
    pub id: String,
    /// What he does.
    pub what: String,
    /// The situation before.
    pub before: Situation,
    /// The situation after it.
    pub after: Situation,
    /// The situation when somebody says it who may lower: it shows that there is something to win.
    pub trusted: Situation,
    /// Why it must not succeed.
    pub why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    #[serde(rename = "move")]
    what: String,
    base: Map<String, Value>,
    said: Map<String, Value>,
    trusted: Map<String, Value>,
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
        let Line { id, what, base, said, trusted, why } = line;
        cases::reason(&why)?;
        cases::reason(&what)?;
        let read = |fields| Situation::read(fields).map_err(|e| e.to_string());
        let [before, after, trusted] = [read(&base)?, read(&over(&base, &said))?, read(&over(&base, &trusted))?];
        if before == after {
            return Err("it changes nothing".to_owned());
        }
        Ok(Move { id, what, before, after, trusted, why })
    })
}

/// Makes all moves.
///
/// # Errors
/// When a table of the core cannot be read.
pub fn run(moves: &[Move], policy: &Policy) -> Result<Outcome, EvalError> {
    let mut failed = Vec::new();
    for one in moves {
        if let Some((before, after)) = gain(&one.before, &one.after, policy)? {
            failed.push(format!("{}: he {}, and {before} became {after}; {}", one.id, one.what, one.why));
        }
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
mod tests {
    use super::*;

    fn moves() -> Vec<Move> {
        read(MOVES).unwrap()
    }

    fn policy() -> Policy {
        Policy::bod_26_04().unwrap()
    }

    #[test]
    fn no_move_succeeds() {
        let outcome = run(&moves(), &policy()).unwrap();
        assert!(outcome.cases >= 30);
        assert_eq!(outcome.met, Some(true), "{:#?}", outcome.failed);
    }

    /// Every one of them would have something to win: the same, said by somebody who may lower, lowers.
    #[test]
    fn the_same_by_a_trusted_author_lowers() {
        for one in moves() {
            let gain = gain(&one.before, &one.trusted, &policy()).unwrap();
            assert!(gain.is_some(), "{}: nothing to win", one.id);
        }
    }

    /// A core that believed the tenant would be caught.
    #[test]
    fn a_core_that_believes_tenants_is_caught() {
        let believed = MOVES.replace(" by tenant", " by cluster");
        let outcome = run(&read(&believed).unwrap(), &policy()).unwrap();
        assert!(outcome.value >= 8.0 && outcome.met == Some(false), "{}", outcome.value);
        let read_aloud =
            MOVES.replace(" by reading", " by cisa-adp").replace("container by cisa-adp", "container by curated");
        assert!(run(&read(&read_aloud).unwrap(), &policy()).unwrap().value >= 2.0);
    }

    #[test]
    fn a_move_that_moves_nothing_is_refused() {
        let line =
            r#"{"id":"x","move":"does nothing at all","base":{},"said":{},"trusted":{},"why":"because it is so"}"#;
        assert_eq!(read(line).unwrap_err().to_string(), "line 1: it changes nothing");
    }
}

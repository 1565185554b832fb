//! Pairs of situations that differ in one fact. Comes in: pairs, each with the order that a person demands and why. Goes
//! out: the share that the road puts in that order. Both lie side by side in one world, so that a fact of one that leaks to
//! the other shows.

use std::cmp::Ordering;

use assay_core::named;
use assay_core::order::Ranked;
use assay_core::policy::{BadPolicy, Policy};
use assay_core::scene::Scene;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cases::{self, BadCase, Named};
use crate::outcome::Outcome;
use crate::situation::{self, Situation, Spot, differing, lay, over};
use crate::{EvalError, Suite};

/// The pairs of this build.
pub const PAIRS: &str = include_str!("../data/context.jsonl");

named! {
    /// What a pair is about: the five factors, and what the policy asks beside them.
    pub enum About {
        /// What the place is for.
        Environment = "environment",
        /// Whether the Internet gets there, whether somebody calls, and on which port.
        Exposure = "exposure",
        /// Whether the package is in use.
        InUse = "in_use",
        /// Whether it was attacked lately.
        Attacked = "attacked",
        /// Whether the conditions of exploitation are met.
        Conditions = "conditions",
        /// What is published, and what falls with it.
        Policy = "policy",
        /// What must not count.
        Words = "words",
    }
}

/// Two situations and what is demanded of their order.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Its name.
    pub id: String,
    /// What it is about.
    pub about: About,
    /// Under which policy; none for the default one.
    pub policy: Option<String>,
    /// The situation that must be the more urgent one, unless both must be equal.
    pub first: Situation,
    /// The other.
    pub second: Situation,
    /// Whether both must be equal.
    pub equal: bool,
    /// Why, in a person's words.
    pub why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    about: String,
    policy: Option<String>,
    #[serde(default)]
    base: Map<String, Value>,
    more: Option<Map<String, Value>>,
    less: Option<Map<String, Value>>,
    same: Option<[Map<String, Value>; 2]>,
    why: String,
}

impl Named for Line {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Reads pairs.
///
/// # Errors
/// When a line is no pair, its two situations do not differ in exactly one fact, or it gives no reason.
pub fn read(text: &str) -> Result<Vec<Pair>, BadCase> {
    cases::read(text, Line::pair)
}

impl Line {
    fn pair(self) -> Result<Pair, String> {
        let Self { id, about, policy, base, more, less, same, why } = self;
        let (first, second, equal) = match (more, less, same) {
            (Some(more), Some(less), None) => (more, less, false),
            (None, None, Some([one, other])) => (one, other, true),
            _ => return Err("it says either `more` and `less`, or `same`".to_owned()),
        };
        let (first, second) = (over(&base, &first), over(&base, &second));
        match differing(&first, &second).as_slice() {
            [_] => {}
            fields => return Err(format!("the two differ in {fields:?} and not in one fact")),
        }
        cases::reason(&why)?;
        let read = |fields| Situation::read(fields).map_err(|e| e.to_string());
        let about = about.parse::<About>().map_err(|e| e.to_string())?;
        Ok(Pair { id, about, policy, first: read(&first)?, second: read(&second)?, equal, why })
    }
}

/// The policies that pairs are judged under.
#[derive(Clone, Debug)]
pub struct Policies {
    /// Where a pair names none.
    pub default: Policy,
    /// The others, by their id.
    pub others: Vec<Policy>,
}

impl Policies {
    /// Those of this build.
    ///
    /// # Errors
    /// Never for the files of this build.
    pub fn bundled() -> Result<Self, BadPolicy> {
        Ok(Self { default: Policy::bod_26_04()?, others: vec![Policy::ssvc_deployer()?] })
    }

    fn of(&self, pair: &Pair) -> Option<&Policy> {
        match &pair.policy {
            None => Some(&self.default),
            Some(id) => self.others.iter().find(|p| p.id == *id),
        }
    }
}

/// Puts all pairs in order.
///
/// # Errors
/// When a table of the core cannot be read.
pub fn run(pairs: &[Pair], policies: &Policies) -> Result<Outcome, EvalError> {
    let mut failed = Vec::new();
    for pair in pairs {
        if let Some(why) = judge(pair, policies)? {
            failed.push(format!("{} ({}): {why}; demanded because {}", pair.id, pair.about, pair.why));
        }
    }
    Ok(Outcome::share(Suite::Context, "pairs in the demanded order", pairs.len(), failed))
}

/// What is wrong with the order of a pair; none when it is the demanded one.
fn judge(pair: &Pair, policies: &Policies) -> Result<Option<String>, EvalError> {
    let Some(policy) = policies.of(pair) else { return Ok(Some("no such policy".to_owned())) };
    let spots = [Spot::new("left", "CVE-2026-1001")?, Spot::new("right", "CVE-2026-1002")?];
    let one_world = pair.first.catalogue() == pair.second.catalogue();
    let (mut listed, mut scene) = (Vec::new(), situation::scene(policy)?);
    for (situation, spot) in [&pair.first, &pair.second].into_iter().zip(&spots) {
        lay(situation, spot, &mut scene);
        if !one_world {
            listed.extend(places(&scene));
            scene = situation::scene(policy)?;
        }
    }
    if one_world {
        listed = places(&scene);
    }
    let [first, second] = listed.as_slice() else { return Ok(Some("a finding is not listed".to_owned())) };
    let order = if one_world { first.rank.cmp(&second.rank) } else { first.urgency().cmp(&second.urgency()) };
    let demanded = if pair.equal { Ordering::Equal } else { Ordering::Less };
    Ok((order != demanded).then(|| format!("{first} and {second}")))
}

/// Where a finding stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stands {
    pub(crate) rank: u32,
    pub(crate) band: u8,
    pub(crate) worst: u8,
    pub(crate) points: u16,
    pub(crate) decided: bool,
}

impl Stands {
    /// Where the list has it.
    pub(crate) fn of(ranked: &Ranked<'_>) -> Self {
        let a = ranked.assessment();
        let decided = ranked.row.is_decided() || !ranked.row.is_open();
        Self { rank: ranked.rank, band: a.band, worst: a.worst, points: a.points, decided }
    }

    /// Less is more urgent, whatever list it stands in.
    pub(crate) fn urgency(&self) -> (u8, std::cmp::Reverse<u16>) {
        (self.band, std::cmp::Reverse(self.points))
    }

    /// True when it is less urgent than the other in any way that a person would see.
    pub(crate) fn is_below(&self, other: &Self) -> bool {
        self.urgency() > other.urgency() || self.worst > other.worst || (self.decided && !other.decided)
    }
}

impl std::fmt::Display for Stands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let decided = if self.decided { ", off the list" } else { "" };
        write!(f, "band {} (at worst {}) with {} points{decided}", self.band, self.worst, self.points)
    }
}

/// Where the findings of a scene stand, in the order in which they were put into it.
pub(crate) fn places(scene: &Scene) -> Vec<Stands> {
    let world = scene.world();
    let table = scene.table(&world);
    let mut listed: Vec<(u32, Stands)> =
        table.list(&scene.policy, |_| true).map(|r| (r.row.id, Stands::of(&r))).collect();
    listed.sort_by_key(|(id, _)| *id);
    listed.into_iter().map(|(_, stands)| stands).collect()
}

#[cfg(test)]
mod tests;

//! What may be said about a finding: propositions that recorded evidence entails at a stated time. Comes in: the finding,
//! its factors, its assessment. Goes out: the propositions with their handles, and the set that decides. What is not in a
//! brief cannot be said; what is in it is always said.

mod control;
mod exposure;
mod kept;
mod published;
mod usage;

pub use control::capability_own;

use std::collections::BTreeSet;

use crate::assess::Assessment;
use crate::catalogue::Predicate;
use crate::context::{Factors, Known, Origin};
use crate::control::Controls;
use crate::finding::{Finding, FindingClass, Matter, Presence, ResolvedBecause};
use crate::ids::{Digest, EvidenceId, Span, Time};
use crate::named;
use crate::observation::SettledBy;
use crate::policy::{Policy, Question};
use crate::reconcile::Word;
use crate::text::{Opaque, Own, Shaped};
use crate::world::World;

/// The most propositions in one brief: each has a letter.
pub const PROPOSITIONS_MAX: usize = 14;

/// A value in a phrase, by who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// Text of ours.
    Own(Own),
    /// A value that a strict grammar parsed.
    Shaped(Shaped),
    /// A name that a stranger wrote: shown framed.
    Name(Opaque),
}

named! {
    /// What a proposition is about; facts of some families must not stand side by side.
    pub enum Family {
        /// What the sources claim.
        Claim = "claim",
        /// Exploitation in the world.
        Exploited = "exploited",
        /// The ways in.
        Exposure = "exposure",
        /// Use of the package.
        Use = "use",
        /// Attacks on this asset.
        Attack = "attack",
        /// Conditions of exploitation.
        Conditions = "conditions",
        /// What an attacker needs and gains.
        Gain = "gain",
        /// The place.
        Place = "place",
        /// Doubts about the sources.
        Doubt = "doubt",
    }
}

/// One thing that may be said, with what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposition {
    /// What is said.
    pub predicate: Predicate,
    /// The values of its slots, in order.
    pub args: Vec<Arg>,
    /// What it rests on; empty for an unknown.
    pub evidence: Vec<EvidenceId>,
    /// The time for which it is known.
    pub as_of: Option<Time>,
    /// What it is about.
    pub family: Family,
}

/// The letter that stands for a proposition in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub u8);

impl Handle {
    /// `A` for the first.
    pub fn letter(self) -> char {
        char::from(b'A' + self.0)
    }
}

/// One decided question: its name, its answer, and where that comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The question.
    pub question: Question,
    /// The answer, in the standard's word.
    pub answer: &'static str,
    /// True when it is the policy's default.
    pub assumed: bool,
    /// True when a model read it out of a text.
    pub read: bool,
}

/// Everything that may be said about one finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Brief {
    /// The propositions; the first has handle A.
    pub propositions: Vec<Proposition>,
    /// The smallest set of answers that fixes the band.
    pub decided_by: Vec<Decided>,
    /// The unknown questions that could make it more urgent, and what would settle each.
    pub could_raise: Vec<(Question, Option<SettledBy>)>,
    /// The same for less urgent.
    pub could_lower: Vec<(Question, Option<SettledBy>)>,
    /// How many propositions were left out for length.
    pub left_out: usize,
}

impl Brief {
    /// Equal briefs share a plan: the digest is over predicates and their order, never over names or numbers.
    pub fn digest(&self) -> Digest {
        Digest::of_fields(self.propositions.iter().map(|p| p.predicate.as_str().as_bytes()))
    }

    /// The handles, in order.
    pub fn handles(&self) -> impl Iterator<Item = Handle> {
        (0..self.propositions.len() as u8).map(Handle)
    }

    /// The proposition of a handle.
    pub fn get(&self, handle: Handle) -> Option<&Proposition> {
        self.propositions.get(usize::from(handle.0))
    }

    /// True when two facts may not stand side by side, because the order would suggest a cause or a time that nobody
    /// recorded: an attack beside the way in, or beside the use of the package.
    pub fn invite_inference(&self, a: Handle, b: Handle) -> bool {
        let family = |h: Handle| self.get(h).map(|p| p.family);
        let attack = |h: Handle| {
            matches!(
                self.get(h).map(|p| p.predicate),
                Some(Predicate::Foothold | Predicate::Attempt | Predicate::SignalSeen | Predicate::SignalPrevented)
            )
        };
        let open = |h: Handle| matches!(family(h), Some(Family::Exposure | Family::Use));
        attack(a) && open(b) || attack(b) && open(a)
    }
}

/// The brief of a finding.
pub fn brief(
    finding: &Finding,
    factors: &Factors,
    assessment: &Assessment,
    world: &World,
    policy: &Policy,
    controls: &Controls,
) -> Brief {
    let mut said = Vec::new();
    match finding.class {
        FindingClass::Vulnerability => {
            published::exploited(&mut said, factors);
            exposure::ways(&mut said, finding, factors, world);
            usage::usage(&mut said, finding, factors, world);
            exposure::attacks(&mut said, finding, factors, world);
            published::gain(&mut said, factors);
            published::conditions(&mut said, factors);
        }
        FindingClass::Misconfiguration
        | FindingClass::Benchmark
        | FindingClass::Secret
        | FindingClass::Rbac
        | FindingClass::Signal => {
            control::claim(&mut said, finding, world, controls);
            exposure::ways(&mut said, finding, factors, world);
            exposure::attacks(&mut said, finding, factors, world);
            control::gain(&mut said, factors);
        }
    }
    kept::kept(&mut said, finding, world);
    exposure::drift(&mut said, finding, world);
    exposure::place(&mut said, factors);
    if finding.class == FindingClass::Vulnerability {
        reports(&mut said, finding);
    }
    doubts(&mut said, finding);
    let left_out = said.len().saturating_sub(PROPOSITIONS_MAX);
    said.truncate(PROPOSITIONS_MAX);
    let (decided_by, could_raise, could_lower) = deciding(factors, assessment, policy);
    Brief { propositions: said, decided_by, could_raise, could_lower, left_out }
}

/// What the scanners say, in their name.
fn reports(said: &mut Vec<Proposition>, finding: &Finding) {
    let live: Vec<_> = finding.words.iter().filter(|w| w.stands == Word::Live).collect();
    let tools: BTreeSet<&Opaque> = live.iter().map(|w| &w.tool).collect();
    let Some(first) = live.first() else { return };
    let version = if first.sighting.version.is_empty() {
        Arg::Own(Own::new("an unstated version"))
    } else {
        Arg::Name(first.sighting.version.clone())
    };
    let worst = live.iter().map(|w| w.sighting.severity).max().unwrap_or(finding.severity);
    let severity = Arg::Own(Own::new(worst.as_str()));
    let evidence = live.iter().map(|w| EvidenceId::Record(w.record)).collect();
    let as_of = live.iter().map(|w| w.produced_at).max();
    let (predicate, args) = match tools.len() {
        1 => (Predicate::ReportedBy, vec![Arg::Name(first.tool.clone()), severity, version]),
        many => (Predicate::ReportedByMany, vec![Arg::Shaped(Shaped::Count(many as u64)), severity, version]),
    };
    said.push(Proposition { predicate, args, evidence, as_of, family: Family::Claim });
}

/// Sources that fell silent, and tools that took their word back: one of them, or all.
fn doubts(said: &mut Vec<Proposition>, finding: &Finding) {
    if let Presence::Resolved(because) = finding.life.presence {
        let evidence = finding.words.first().map(|w| EvidenceId::Record(w.record)).into_iter().collect();
        said.push(Proposition {
            predicate: Predicate::Resolved,
            args: vec![own(resolved_words(because))],
            evidence,
            as_of: finding.life.resolved_at,
            family: Family::Doubt,
        });
        return;
    }
    let any = |stands: fn(&Word) -> bool| finding.words.iter().find(|w| stands(&w.stands));
    let live = any(|w| *w == Word::Live);
    let silent = any(|w| *w == Word::Silent);
    let gone = any(|w| matches!(w, Word::Gone(_)));
    if let (None, Some(word)) = (live, silent) {
        let evidence = vec![EvidenceId::Record(word.record)];
        said.push(Proposition {
            predicate: Predicate::Silent,
            args: Vec::new(),
            evidence,
            as_of: Some(word.received_at),
            family: Family::Doubt,
        });
    }
    if let (Some(live), Some(gone)) = (live, gone)
        && live.tool != gone.tool
    {
        let evidence = vec![EvidenceId::Record(gone.record)];
        let args = vec![Arg::Name(gone.tool.clone())];
        said.push(Proposition {
            predicate: Predicate::ToolsDisagree,
            args,
            evidence,
            as_of: Some(gone.received_at),
            family: Family::Doubt,
        });
    }
}

const fn resolved_words(because: ResolvedBecause) -> &'static str {
    match because {
        ResolvedBecause::Fixed => "a newer complete report lacks it",
        ResolvedBecause::AssetGone => "what it was about is gone",
        ResolvedBecause::Superseded => "another finding speaks for it",
        ResolvedBecause::SourceWithdrew => "the source took its word back",
        ResolvedBecause::ScopeRetired => "a person retired the source's scope",
        ResolvedBecause::Quiet => "no attempt was recorded for 7 days",
        ResolvedBecause::ClosedByPerson => "a person closed it",
    }
}

type Questions = Vec<(Question, Option<SettledBy>)>;

/// The deciding answers, and the unknown questions on either side of the band.
fn deciding(factors: &Factors, assessment: &Assessment, policy: &Policy) -> (Vec<Decided>, Questions, Questions) {
    let inputs = factors.inputs();
    let mut decided = Vec::new();
    let (mut raise, mut lower) = (Vec::new(), Vec::new());
    for (i, asked) in policy.asked.iter().enumerate() {
        let answer = asked.question.answer(&inputs);
        if assessment.deciding & (1 << i) != 0 {
            let value = usize::from(answer.unwrap_or_else(|| asked.assumed(&inputs)));
            decided.push(Decided {
                question: asked.question,
                answer: asked.question.values()[value],
                assumed: answer.is_none(),
                read: answer.is_some() && is_read(asked.question, factors),
            });
        }
        if answer.is_none() && !assessment.incident {
            let settle = settles(asked.question, factors);
            if assessment.worst < assessment.band {
                raise.push((asked.question, settle));
            }
            if assessment.best > assessment.band {
                lower.push((asked.question, settle));
            }
        }
    }
    (decided, raise, lower)
}

/// True when an answer is a model's reading.
fn is_read(question: Question, factors: &Factors) -> bool {
    let known = match question {
        Question::Automatable => &factors.automatable,
        Question::TechnicalImpact => &factors.total_impact,
        Question::InKev
        | Question::Exploitation
        | Question::PubliclyExposed
        | Question::SystemExposure
        | Question::HumanImpact => return false,
    };
    matches!(known, Known::Is(_, proof) if proof.origin == Origin::ModelReading)
}

/// The cheapest observation that would answer a question.
fn settles(question: Question, factors: &Factors) -> Option<SettledBy> {
    fn of<T>(known: &Known<T>) -> Option<SettledBy> {
        match known {
            Known::Unknown(_, by) => *by,
            Known::Is(..) | Known::NotApplicable => None,
        }
    }
    match question {
        Question::InKev | Question::Exploitation if factors.class == FindingClass::Vulnerability => of(&factors.in_kev),
        Question::InKev | Question::Exploitation => of(&factors.attacked),
        Question::PubliclyExposed | Question::SystemExposure => of(&factors.exposure),
        Question::Automatable => of(&factors.automatable),
        Question::TechnicalImpact => of(&factors.total_impact),
        Question::HumanImpact => of(&factors.human_impact),
    }
}

/// What would settle an unknown, in words.
pub fn settle_words(by: SettledBy) -> Own {
    Own::new(match by {
        SettledBy::ServicesAndRoutes => "a scan with the Services and routes of its namespace",
        SettledBy::Nodes => "the addresses of the nodes",
        SettledBy::NodeNames => "the names of the nodes that the report is about",
        SettledBy::LoadBalancerStatus => "the address that the load balancer got",
        SettledBy::RouteController => "the controller that serves this route",
        SettledBy::NetworkPolicies => "a scan that sees all network policies of its namespace",
        SettledBy::NetworkPlugin => "a test of whether the network plug-in lets callers from outside through",
        SettledBy::Sensor => "a sensor on every node that runs it",
        SettledBy::MoreWatching => "more time watched by the sensor",
        SettledBy::Person => "a person who looks, or a statement of its vendor",
        SettledBy::ClusterScan => "a scan of the cluster or its manifests",
        SettledBy::EnvironmentRules => "an environment rule in the configuration",
        SettledBy::FreshFeed => "a fresh copy of the feeds",
        SettledBy::OtherScanner => "a scanner that knows this distribution",
    })
}

/// The package of a finding, by its counted name.
fn package_name(finding: &Finding) -> Arg {
    match &finding.matter {
        Matter::Vulnerability { package, .. } => Arg::Name(package.said()),
        _ => Arg::Own(Own::new("the package")),
    }
}

fn count(n: u32) -> Arg {
    Arg::Shaped(Shaped::Count(u64::from(n)))
}

fn span(span: Span) -> Arg {
    Arg::Shaped(Shaped::For(span))
}

fn own(text: &'static str) -> Arg {
    Arg::Own(Own::new(text))
}

#[cfg(test)]
mod tests;

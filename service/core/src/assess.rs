//! How soon, for one finding: sixteen bytes in, sixteen bytes out, no name and no text on the way. Comes in: the
//! factors as enums and bucketed numbers. Goes out: band, the best and worst band that the unknowns allow, and points.
//! This is the only path that a million findings take.

mod points;

pub use points::{Contribution, contributions};

use crate::environment::HumanImpact;
use crate::finding::FindingClass;
use crate::named;
use crate::observation::{AttackStage, Environment};
use crate::policy::{Policy, QUESTIONS_MAX};

named! {
    /// A yes or no that may be unknown, or have no meaning for the class of finding.
    pub enum Answer {
        /// No, with evidence.
        No = "no",
        /// Nobody knows.
        Unknown = "unknown",
        /// Yes, with evidence.
        Yes = "yes",
        /// The class has no such question.
        NotApplicable = "not_applicable",
    }
}

named! {
    /// Whether the Internet gets to the asset.
    pub enum Exposed {
        /// Every way in was looked for and there is none.
        Internal = "internal",
        /// It cannot be told.
        Unknown = "unknown",
        /// There is a path.
        ByPath = "exposed",
        /// There is a path and traffic was seen on it.
        WithTraffic = "exposed_with_traffic",
    }
}

named! {
    /// Whether the asset was attacked in the last seven days.
    pub enum Attacked {
        /// The sensor watched and saw nothing.
        NoneSeen = "none_seen",
        /// Nobody watched.
        Unknown = "unknown",
        /// It was tried.
        Attempt = "attempt",
        /// Something ran, or later.
        Foothold = "foothold",
    }
}

named! {
    /// The thirteen factors, in the order in which surfaces list them.
    pub enum FactorName {
        /// What the place is for.
        Environment = "environment",
        /// Whether the Internet gets there.
        Exposure = "exposure",
        /// Whether the package is in use.
        InUse = "in_use",
        /// Whether it was attacked lately.
        Attacked = "attacked",
        /// Whether the conditions of exploitation are met.
        Conditions = "conditions",
        /// Whether it is in CISA's catalogue.
        InKev = "in_kev",
        /// Whether exploitation can be automated.
        Automatable = "automatable",
        /// How much an attacker gains.
        TechnicalImpact = "technical_impact",
        /// How likely exploitation is in 30 days.
        Epss = "epss",
        /// The base score.
        Cvss = "cvss",
        /// How much falls with it.
        BlastRadius = "blast_radius",
        /// Whether a fix exists.
        Fix = "fix",
        /// What a model prefers inside a band.
        Preference = "preference",
    }
}

/// How many factors there are.
pub const FACTORS: usize = FactorName::ALL.len();

impl Attacked {
    /// What an attack of this stage makes of its asset.
    pub const fn of(stage: AttackStage) -> Self {
        match stage {
            AttackStage::Attempt => Self::Attempt,
            AttackStage::Foothold => Self::Foothold,
        }
    }
}

impl Exposed {
    /// The answer to "publicly exposed?".
    pub const fn publicly(self) -> Answer {
        match self {
            Self::Internal => Answer::No,
            Self::Unknown => Answer::Unknown,
            Self::ByPath | Self::WithTraffic => Answer::Yes,
        }
    }
}

/// Stands for a number that nobody published or measured.
pub const MISSING: u8 = u8::MAX;

/// Everything that rank depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Inputs {
    /// What sort of finding.
    pub class: FindingClass,
    /// In the catalogue of exploited vulnerabilities. Not applicable without a CVE.
    pub in_kev: Answer,
    /// The Internet gets there.
    pub exposure: Exposed,
    /// Exploitation can be automated; without a CVE: it needs no foothold.
    pub automatable: Answer,
    /// Total technical impact; without a CVE: node, cluster admin or credentials are gained.
    pub total_impact: Answer,
    /// Attacked in the last seven days.
    pub attacked: Attacked,
    /// The package is in use.
    pub in_use: Answer,
    /// The conditions of exploitation are met.
    pub conditions: Answer,
    /// What the place is for.
    pub environment: Option<Environment>,
    /// What a failure would mean.
    pub human_impact: Option<HumanImpact>,
    /// EPSS percentile, 0 to 100, or [`MISSING`].
    pub epss: u8,
    /// CVSS base score in tenths, 0 to 100, or [`MISSING`].
    pub cvss: u8,
    /// Points of blast radius, 0 to 100, or [`MISSING`].
    pub blast: u8,
    /// A fix exists.
    pub fix: Answer,
    /// Points of preference, 0 to 20.
    pub preference: u8,
    /// A public proof of concept exists.
    pub public_poc: bool,
}

const _: () = assert!(size_of::<Inputs>() == 16);

impl Inputs {
    /// Inputs of which nothing is known.
    pub const fn unknown(class: FindingClass) -> Self {
        Self {
            class,
            in_kev: Answer::Unknown,
            exposure: Exposed::Unknown,
            automatable: Answer::Unknown,
            total_impact: Answer::Unknown,
            attacked: Attacked::Unknown,
            in_use: Answer::Unknown,
            conditions: Answer::Unknown,
            environment: None,
            human_impact: None,
            epss: MISSING,
            cvss: MISSING,
            blast: MISSING,
            fix: Answer::Unknown,
            preference: 0,
            public_poc: false,
        }
    }

    /// The first question of BOD 26-04: in the catalogue; for a finding without a CVE, exploited here. That somebody tried
    /// is no evidence that he failed.
    pub const fn exploited(&self) -> Answer {
        match (self.class, self.attacked) {
            (FindingClass::Vulnerability, _) => self.in_kev,
            (_, Attacked::Foothold) => Answer::Yes,
            (_, Attacked::Unknown | Attacked::Attempt) => Answer::Unknown,
            (_, Attacked::NoneSeen) => Answer::No,
        }
    }

    /// True for housekeeping: a failure that gives an attacker nothing by itself. No policy's table has a row for it, so
    /// it stands where the table ends.
    pub const fn gives_nothing(&self) -> bool {
        matches!(
            (self.class, self.total_impact),
            (FindingClass::Misconfiguration | FindingClass::Benchmark, Answer::NotApplicable)
        )
    }

    /// True for a foothold signal: an incident, first whatever else holds.
    pub const fn is_incident(&self) -> bool {
        matches!((self.class, self.attacked), (FindingClass::Signal, Attacked::Foothold))
    }

    /// As sixteen bytes, for the record of past assessments.
    pub fn to_bytes(&self) -> [u8; 16] {
        [
            self.class as u8,
            self.in_kev as u8,
            self.exposure as u8,
            self.automatable as u8,
            self.total_impact as u8,
            self.attacked as u8,
            self.in_use as u8,
            self.conditions as u8,
            self.environment.map_or(MISSING, |e| e as u8),
            self.human_impact.map_or(MISSING, |h| h as u8),
            self.epss,
            self.cvss,
            self.blast,
            self.fix as u8,
            self.preference,
            u8::from(self.public_poc),
        ]
    }

    /// From the record; none when the bytes were written by another version of the enums.
    pub fn from_bytes(b: [u8; 16]) -> Option<Self> {
        fn pick<T: Copy>(all: &[T], byte: u8) -> Option<T> {
            all.get(usize::from(byte)).copied()
        }
        let optional = |byte: u8| byte != MISSING;
        Some(Self {
            class: pick(FindingClass::ALL, b[0])?,
            in_kev: pick(Answer::ALL, b[1])?,
            exposure: pick(Exposed::ALL, b[2])?,
            automatable: pick(Answer::ALL, b[3])?,
            total_impact: pick(Answer::ALL, b[4])?,
            attacked: pick(Attacked::ALL, b[5])?,
            in_use: pick(Answer::ALL, b[6])?,
            conditions: pick(Answer::ALL, b[7])?,
            environment: if optional(b[8]) { Some(pick(Environment::ALL, b[8])?) } else { None },
            human_impact: if optional(b[9]) { Some(pick(HumanImpact::ALL, b[9])?) } else { None },
            epss: b[10],
            cvss: b[11],
            blast: b[12],
            fix: pick(Answer::ALL, b[13])?,
            preference: b[14],
            public_poc: b[15] == 1,
        })
    }
}

/// How soon, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Assessment {
    /// Points inside the band.
    pub points: u16,
    /// The row of the policy's table that decided.
    pub row: u16,
    /// Order of the band; 0 is the most urgent.
    pub band: u8,
    /// The least urgent band that the unknowns allow.
    pub best: u8,
    /// The most urgent one.
    pub worst: u8,
    /// The questions that are unknown, one bit a column of the table.
    pub unknown: u8,
    /// The smallest set of questions that fixes the band, one bit a column.
    pub deciding: u8,
    /// True when no table was asked: an incident.
    pub incident: bool,
    _pad: [u8; 6],
}

const _: () = assert!(size_of::<Assessment>() == 16);

/// What order rests on, and no more: what a list of a million asks of each of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Order of the band; 0 is the most urgent.
    pub band: u8,
    /// The row of the policy's table that decided.
    pub row: u16,
    /// Points inside the band.
    pub points: u16,
}

/// Where a finding stands: [`assess`] without what could still change and what decided.
pub fn stand(inputs: Inputs, policy: &Policy) -> Standing {
    Answers::of(&inputs, policy).standing(inputs, policy)
}

/// Assesses one finding.
pub fn assess(inputs: Inputs, policy: &Policy) -> Assessment {
    let answers = Answers::of(&inputs, policy);
    let Standing { band, row, points } = answers.standing(inputs, policy);
    let incident = inputs.is_incident();
    let Answers { given, least, unknown } = answers;
    let (worst, best) = if incident { (band, band) } else { reachable(policy, given, unknown, least) };
    let deciding = if incident { 0 } else { deciding(policy, given, band) };
    Assessment { points, row, band, best, worst, unknown, deciding, incident, _pad: [0; 6] }
}

/// The answers to a policy's questions.
struct Answers {
    /// As they are, or as the policy assumes where they are unknown.
    given: [u8; QUESTIONS_MAX],
    /// The least that an unknown one may be.
    least: [u8; QUESTIONS_MAX],
    /// The unknown ones, one bit a column.
    unknown: u8,
}

impl Answers {
    fn of(inputs: &Inputs, policy: &Policy) -> Self {
        let mut answers = Self { given: [0; QUESTIONS_MAX], least: [0; QUESTIONS_MAX], unknown: 0 };
        if inputs.gives_nothing() {
            return answers;
        }
        for (i, asked) in policy.asked.iter().enumerate() {
            answers.given[i] = asked.question.answer(inputs).unwrap_or_else(|| {
                answers.unknown |= 1 << i;
                answers.least[i] = asked.question.at_least(inputs);
                asked.assumed(inputs)
            });
        }
        answers
    }

    fn standing(&self, inputs: Inputs, policy: &Policy) -> Standing {
        let points = contributions(inputs, policy).iter().map(|c| c.points).sum();
        // An incident is asked no question.
        let (row, band) = if inputs.is_incident() { (0, 0) } else { policy.cell(&self.given[..policy.asked.len()]) };
        Standing { band, row, points }
    }
}

/// The most and least urgent band when the questions in `open` may have any answer from `least` on.
fn reachable(policy: &Policy, given: [u8; QUESTIONS_MAX], open: u8, least: [u8; QUESTIONS_MAX]) -> (u8, u8) {
    let n = policy.asked.len();
    let Some(first) = (0..n).find(|i| open & (1 << i) != 0) else {
        let band = policy.cell(&given[..n]).1;
        return (band, band);
    };
    let mut span = (u8::MAX, 0);
    for value in least[first]..policy.asked[first].question.values().len() as u8 {
        let mut answers = given;
        answers[first] = value;
        let (worst, best) = reachable(policy, answers, open & !(1 << first), least);
        span = (span.0.min(worst), span.1.max(best));
    }
    span
}

/// The smallest set of questions whose answers alone fix the band; of equal sets the one with the earliest columns.
fn deciding(policy: &Policy, given: [u8; QUESTIONS_MAX], band: u8) -> u8 {
    let all = (1u8 << policy.asked.len()) - 1;
    (0..=all)
        .filter(|set| reachable(policy, given, all & !set, [0; QUESTIONS_MAX]) == (band, band))
        .min_by_key(|set| (set.count_ones(), *set))
        .unwrap_or(all)
}

#[cfg(test)]
mod tests;

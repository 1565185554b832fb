//! One finding's subject seen in the world. Comes in: a subject and a snapshot. Goes out: thirteen factors, each known
//! with its proof and age, or unknown with the reason and what would settle it. It must never fill an unknown.

mod asked;
mod attacked;
mod granted;
mod node;
mod published;
mod rows;
mod situation;
mod usage;
mod watch;

pub(crate) use asked::conditions;
pub use asked::{Asked, TextRead};
pub use attacked::foothold_below;
pub use granted::{grantable, stage_here};
pub use published::{EPSS_AGE_MAX, KEV_AGE_MAX, Published};
pub use rows::FactorRow;
pub use situation::{FOOTHOLD_AGE_MAX, Situation};
pub use usage::{Use, in_use};
pub use watch::{Past, Watch, watch};

use crate::assess::{Answer, Attacked, Exposed, Inputs, MISSING};
use crate::asset::{KindClass, PackageKey};
use crate::control::{Controls, Gain};
use crate::environment::HumanImpact;
use crate::finding::{Finding, FindingClass, Matter, SourceWord};
use crate::graph::Exposure;
use crate::ids::{EvidenceId, Time};
use crate::intel::TechnicalImpact;
use crate::named;
use crate::observation::{AttackStage, Environment, SettledBy};
use crate::text::Opaque;
use crate::world::{AssetIdx, VulnIdx, World};

pub use crate::world::SCAN_VALID;

named! {
    /// Where a factor's value comes from; shown on every surface.
    pub enum Origin {
        /// A sensor on the node.
        Sensor = "sensor",
        /// A scan of the cluster or of manifests.
        Scan = "scan",
        /// The operator's rules.
        Rule = "rule",
        /// CISA's catalogue.
        Kev = "kev",
        /// FIRST.
        Epss = "epss",
        /// CISA's analysts, in the CVE record.
        CisaAdp = "cisa_adp",
        /// Derived from, or read off, a CVSS vector.
        CvssVector = "cvss_vector",
        /// A curated row of ours.
        Curated = "curated",
        /// A model's reading of the CVE text.
        ModelReading = "model_reading",
        /// Read out of the CVE text by our table of phrases.
        TextReading = "text_reading",
        /// The row of a control, right or signal.
        Control = "control",
        /// A report.
        Report = "report",
        /// A model's preference inside a band.
        ModelPreference = "model_preference",
        /// Nobody: the policy's default is assumed.
        Default = "default",
    }
}

named! {
    /// Why a value is unknown.
    pub enum UnknownBecause {
        /// Whether the attacker was in a workload that runs as it is not recorded.
        IdentityAttacked = "an attack was recorded on the identity that it runs as",
        /// Where it runs has not been seen.
        NotPlaced = "where it runs has not been seen",
        /// No sensor watched the container.
        NoSensor = "no sensor watched the container",
        /// A sensor watched, and has said nothing for too long.
        SensorSilent = "a sensor that watched it has fallen silent",
        /// A sensor watched, and saw the end of it.
        Ended = "what a sensor watched of it has ended",
        /// A sensor watched, but not long enough, or saw no start.
        NotWatchedEnough = "it was not watched long enough",
        /// A sensor watched, with holes.
        WatchedWithHoles = "it was watched with holes",
        /// The sensor reads no list of such packages, so that it would not know one that is used.
        KindNotSeen = "the sensor does not tell which packages of its kind are used",
        /// Something was used that others claim as well, or that has no name: it may have been this.
        PerhapsUsed = "something was used that may have been it",
        /// Not all instances were watched.
        NotAllWatched = "not every replica was watched",
        /// The ways in were not all in view.
        RoutesNotInView = "the ways in were not all in view",
        /// No scan has shown the nodes and their addresses.
        NodesNotInView = "no scan has shown the addresses of the nodes",
        /// Not all nodes have a public address, and a report names none.
        NodesDiffer = "only some nodes have a public address, and the report does not name its nodes",
        /// Sensors watch containers.
        NoContainer = "sensors watch containers, and none is its own",
        /// It is no workload, and which workloads use it is not recorded.
        NoWorkload = "which workloads use it is not recorded",
        /// No rule covers the place.
        NoRule = "no rule covers the place",
        /// Nobody published it.
        NotPublished = "nobody has published it",
        /// The feed is missing or too old to say no.
        FeedTooOld = "the feed is missing or too old",
        /// Its conditions are not recorded, or cannot be observed.
        NotObservable = "its conditions are not recorded or cannot be observed",
        /// No scan has looked at rights.
        NoScan = "no scan has looked at it",
        /// No row says what a failure of this rule gives.
        NoControlRow = "no row says what a failure gives",
    }
}

/// A factor's value, with proof, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Known<T> {
    /// It is known.
    Is(T, Proof),
    /// It is not.
    Unknown(UnknownBecause, Option<SettledBy>),
    /// The class of finding has no such factor.
    NotApplicable,
}

/// What a known value rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// Where it comes from.
    pub origin: Origin,
    /// What can be cited; never empty.
    pub evidence: Vec<EvidenceId>,
    /// The time for which it is known.
    pub as_of: Time,
}

impl Proof {
    /// A proof by one piece of evidence.
    pub fn by(origin: Origin, evidence: EvidenceId, as_of: Time) -> Self {
        Self { origin, evidence: vec![evidence], as_of }
    }
}

impl<T: Copy> Known<T> {
    /// The value, where it is known.
    pub fn value(&self) -> Option<T> {
        match self {
            Self::Is(value, _) => Some(*value),
            Self::Unknown(..) | Self::NotApplicable => None,
        }
    }
}

impl Known<bool> {
    /// As an answer.
    pub fn answer(&self) -> Answer {
        match self {
            Self::Is(true, _) => Answer::Yes,
            Self::Is(false, _) => Answer::No,
            Self::Unknown(..) => Answer::Unknown,
            Self::NotApplicable => Answer::NotApplicable,
        }
    }
}

/// What a finding is about, in terms of a world.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// What sort of finding.
    pub class: FindingClass,
    /// The asset, where the world has it.
    pub asset: Option<AssetIdx>,
    /// The container; empty for the whole asset.
    pub container: &'a Opaque,
    /// The vulnerability.
    pub vuln: Option<VulnIdx>,
    /// The package.
    pub package: Option<&'a PackageKey>,
    /// What a failure without a CVE gives, with the table and row that say so.
    pub gain: Option<(Gain, &'static str, Box<str>)>,
    /// How far the attack of a signal went.
    pub stage: Option<AttackStage>,
    /// Whether a source names a version that mends it.
    pub fix: bool,
    /// The record that claims the finding, and when it was last received; of a signal when it happened.
    pub record: (EvidenceId, Time),
    /// Points that a model's stored preference gives.
    pub preference: u8,
}

impl<'a> Subject<'a> {
    /// A finding in terms of a world.
    pub fn of(finding: &'a Finding, world: &World, controls: &Controls) -> Self {
        let (vuln, package) = match &finding.matter {
            Matter::Vulnerability { id, package } => (world.vuln(id), Some(package)),
            _ => (None, None),
        };
        // A report speaks for the time when it came in; a signal for when it happened.
        let at = |w: &SourceWord| if finding.class == FindingClass::Signal { w.produced_at } else { w.received_at };
        let word = finding.words.first();
        let asset = world.find(&finding.place.asset);
        Self {
            class: finding.class,
            asset,
            container: &finding.place.container,
            vuln,
            package,
            gain: controls.gain(&finding.matter),
            stage: stage_of(finding, asset, world),
            fix: finding.fixed_in().is_some(),
            record: word
                .map_or((EvidenceId::Record(0), finding.life.last_seen), |w| (EvidenceId::Record(w.record), at(w))),
            preference: 0,
        }
    }
}

/// How far the attack of a signal went, as far as this world knows.
pub fn stage_of(finding: &Finding, asset: Option<AssetIdx>, world: &World) -> Option<AttackStage> {
    match (&finding.matter, finding.stage, asset) {
        (Matter::Signal { signal, .. }, Some(stage), Some(asset)) => {
            Some(stage_here(world, asset, &finding.place.container, &signal.0, stage).0)
        }
        (_, stage, _) => stage,
    }
}

/// The factors of one finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors {
    /// What sort of finding.
    pub class: FindingClass,
    /// What the place is for.
    pub environment: Known<Environment>,
    /// What a failure would mean.
    pub human_impact: Known<HumanImpact>,
    /// Whether the Internet gets there.
    pub exposure: Known<Exposed>,
    /// The ways in behind it.
    pub ways: Exposure,
    /// Whether the package is in use.
    pub in_use: Known<bool>,
    /// How, by what, and how long it was watched.
    pub usage: Use,
    /// Attacked in the last seven days.
    pub attacked: Known<Attacked>,
    /// The conditions of exploitation are met.
    pub conditions: Known<bool>,
    /// Which those are, and each of them here.
    pub asked: Option<Asked>,
    /// What the text of the record reads as.
    pub text: Option<TextRead>,
    /// In CISA's catalogue.
    pub in_kev: Known<bool>,
    /// Exploitation can be automated.
    pub automatable: Known<bool>,
    /// Total technical impact.
    pub total_impact: Known<bool>,
    /// EPSS percentile, 0 to 100.
    pub epss: Known<u8>,
    /// CVSS base score in tenths.
    pub cvss: Known<u8>,
    /// Points of blast radius, 0 to 100.
    pub blast_radius: Known<u8>,
    /// A fix exists.
    pub fix: Known<bool>,
    /// Points of preference.
    pub preference: Known<u8>,
    /// A public proof of concept exists.
    pub public_poc: bool,
}

/// The factors of a subject.
pub fn context(subject: &Subject<'_>, world: &World) -> Factors {
    let situation = Situation::of(world, subject.asset);
    let published = subject.vuln.map(|v| Published::of(world, v));
    let usage = Use::of(world, subject.asset, subject.container, subject.package);
    let vulnerability = subject.class == FindingClass::Vulnerability;
    let gained = |pick: fn(&Gain) -> bool| match &subject.gain {
        Some((gain, table, row)) => {
            Known::Is(pick(gain), Proof::by(Origin::Control, EvidenceId::Table(table, row.clone()), world.as_of))
        }
        None => Known::Unknown(UnknownBecause::NoControlRow, None),
    };
    let (in_kev, automatable, total_impact, epss, cvss, public_poc) = match (vulnerability, published) {
        (true, Some(p)) => {
            let total = match p.technical_impact {
                Known::Is(impact, proof) => Known::Is(impact == TechnicalImpact::Total, proof),
                Known::Unknown(why, by) => Known::Unknown(why, by),
                Known::NotApplicable => Known::NotApplicable,
            };
            (p.in_kev, p.automatable, total, p.epss, p.cvss, p.public_poc)
        }
        (true, None) => {
            let unpublished = || Known::Unknown(UnknownBecause::NotPublished, Some(SettledBy::FreshFeed));
            (
                unpublished(),
                unpublished(),
                unpublished(),
                Known::Unknown(UnknownBecause::NotPublished, None),
                Known::Unknown(UnknownBecause::NotPublished, None),
                false,
            )
        }
        (false, _) => (
            Known::NotApplicable,
            gained(|g| g.needs_no_foothold),
            match &subject.gain {
                // What gives nothing by itself is not asked how much it gives.
                Some((gain, ..)) if gain.nothing => Known::NotApplicable,
                _ => gained(|g| g.total),
            },
            Known::NotApplicable,
            Known::NotApplicable,
            false,
        ),
    };
    let (record, seen) = &subject.record;
    let is_workload = subject.asset.is_some_and(|a| world.asset(a).key.kind.class() == KindClass::Workload);
    let own = subject.stage.map(|stage| (Attacked::of(stage), Proof::by(Origin::Sensor, record.clone(), *seen)));
    let attacked = match (own, situation.attacked) {
        // What else happened to the asset counts too: an attempt does not cover a foothold.
        (Some((own, _)), Known::Is(worse, proof)) if worse > own => Known::Is(worse, proof),
        // The workload's own record knows when it was seen last.
        (Some((own, _)), Known::Is(same, proof)) if same == own && is_workload => Known::Is(same, proof),
        (Some((own, proof)), _) => Known::Is(own, proof),
        (None, of_asset) => of_asset,
    };
    Factors {
        class: subject.class,
        environment: situation.environment,
        human_impact: situation.human_impact,
        exposure: situation.exposure,
        ways: situation.ways,
        in_use: if vulnerability { usage.known() } else { Known::NotApplicable },
        usage,
        attacked,
        conditions: if vulnerability { conditions(subject, world) } else { Known::NotApplicable },
        asked: Asked::of(subject, world),
        text: subject.vuln.and_then(|v| TextRead::of(world, v)),
        in_kev,
        automatable,
        total_impact,
        epss,
        cvss,
        blast_radius: situation.blast_radius,
        fix: if vulnerability {
            Known::Is(subject.fix, Proof::by(Origin::Report, record.clone(), *seen))
        } else {
            Known::NotApplicable
        },
        preference: match subject.preference {
            0 => Known::NotApplicable,
            points => Known::Is(points, Proof::by(Origin::ModelPreference, record.clone(), *seen)),
        },
        public_poc,
    }
}

impl Factors {
    /// What rank depends on: the same sixteen bytes that the table of all findings is assessed from.
    pub fn inputs(&self) -> Inputs {
        Inputs {
            class: self.class,
            in_kev: self.in_kev.answer(),
            exposure: self.exposure.value().unwrap_or(Exposed::Unknown),
            automatable: self.automatable.answer(),
            total_impact: self.total_impact.answer(),
            attacked: self.attacked.value().unwrap_or(Attacked::Unknown),
            in_use: self.in_use.answer(),
            conditions: self.conditions.answer(),
            environment: self.environment.value(),
            human_impact: self.human_impact.value(),
            epss: self.epss.value().unwrap_or(MISSING),
            cvss: self.cvss.value().unwrap_or(MISSING),
            blast: self.blast_radius.value().unwrap_or(MISSING),
            fix: self.fix.answer(),
            preference: self.preference.value().unwrap_or(0),
            public_poc: self.public_poc,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

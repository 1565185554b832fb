//! A small world in which reports, scans and decisions come in any order: three images with three tags and two builds,
//! two tools, six flaws of three classes, three workloads.

use std::fmt;

use assay_core::ids::{Span, Time};
use assay_core::observation::VexStatus;
use assay_core::scope::{Scope, Spoken};
use proptest::prelude::*;

use crate::report::{Report, Vuln, digest, hour, image, o, vuln};
use crate::scan::{CLUSTER, deployment, scan};

pub(crate) const IMAGES: usize = 3;
pub(crate) const TAGS: usize = 3;
pub(crate) const FLAWS: usize = 6;
pub(crate) const WORKLOADS: usize = 3;
const TOOLS: [&str; 2] = ["trivy", "grype"];

/// A tool looked at a tag of an image.
#[derive(Clone)]
pub(crate) struct Look {
    pub(crate) tool: usize,
    pub(crate) image: usize,
    pub(crate) tag: usize,
    pub(crate) build: u64,
    /// The flaws that it found, as bits; those of classes that it did not look for count not.
    pub(crate) flaws: u8,
    pub(crate) classes: Vec<Spoken>,
    pub(crate) complete: bool,
    pub(crate) version: u8,
    pub(crate) when: When,
}

/// A scan of the namespace.
#[derive(Clone)]
pub(crate) struct Sweep {
    pub(crate) workloads: Vec<Option<Seen>>,
    pub(crate) complete: bool,
    pub(crate) when: When,
}

/// A workload as a scan saw it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub(crate) image: usize,
    pub(crate) tag: usize,
    /// The build that runs, where the scan knows the digest.
    pub(crate) build: Option<u64>,
    pub(crate) privileged: bool,
}

/// How long before it came in a report was written, in minutes; none where it does not say.
#[derive(Clone, Copy)]
pub(crate) struct When {
    pub(crate) lag: Option<i64>,
    /// Set when the sequence is laid out.
    pub(crate) received: Time,
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = |at: Time| hour(0).until(at).millis() as f64 / 60_000.0;
        match self.lag {
            Some(lag) => write!(f, "at {:.1}, written {lag} before", minutes(self.received)),
            None => write!(f, "at {:.1}, undated", minutes(self.received)),
        }
    }
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tool, image, tag, build, classes, complete, version, when, .. } = self;
        let claims: Vec<usize> = self.claims().collect();
        let whole = if *complete { "complete" } else { "incomplete" };
        write!(
            f,
            "{} {version} image{image}:v{tag} build {build} {whole} {classes:?} claims {claims:?} {when:?}",
            TOOLS[*tool]
        )
    }
}

impl fmt::Debug for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.complete { "complete" } else { "incomplete" };
        write!(f, "scan {whole} {:?}", self.when)?;
        for (n, seen) in self.workloads.iter().enumerate() {
            let Some(Seen { image, tag, build, privileged }) = seen else { continue };
            write!(
                f,
                ", w{n} runs image{image}:v{tag} build {build:?}{}",
                if *privileged { " privileged" } else { "" }
            )?;
        }
        Ok(())
    }
}

impl When {
    pub(crate) fn produced(self) -> Time {
        self.received - Span::minutes(self.lag.unwrap_or(0))
    }
}

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Look(Look),
    Sweep(Sweep),
    /// Something that came in before comes in again.
    Replay(prop::sample::Index),
    /// A person decides on some finding.
    Decide(prop::sample::Index, VexStatus),
}

impl Step {
    /// The report, when it is one. `at` is its place in the sequence.
    pub(crate) fn report(&self, at: usize) -> Option<Report> {
        match self {
            Self::Look(look) => Some(look.report(at)),
            Self::Sweep(sweep) => Some(sweep.report(at)),
            Self::Replay(_) | Self::Decide(..) => None,
        }
    }

    /// What the order of reports must keep: those of one scope stay in theirs.
    pub(crate) fn scope(&self) -> Option<(usize, usize, usize)> {
        match self {
            Self::Look(look) => Some((look.tool, look.image, look.tag)),
            Self::Sweep(_) => Some((9, 9, 9)),
            Self::Replay(_) | Self::Decide(..) => None,
        }
    }
}

/// The class of a flaw.
pub(crate) fn class(flaw: usize) -> Spoken {
    match flaw {
        0..=3 => Spoken::OsPackages,
        4 => Spoken::LanguagePackages,
        _ => Spoken::Secret,
    }
}

fn as_vuln(flaw: usize) -> Vuln {
    let vuln = vuln(&format!("CVE-2026-{}", 1000 + flaw), &format!("lib{flaw}"));
    if class(flaw) == Spoken::OsPackages { vuln } else { vuln.npm() }
}

/// A flaw's matter, as [`crate::ledger::name`] writes it.
pub(crate) fn matter(flaw: usize) -> String {
    match class(flaw) {
        Spoken::Secret => format!("aws-key in file{flaw}"),
        _ => format!("CVE-2026-{} in lib{flaw}", 1000 + flaw),
    }
}

/// The digest of a build.
fn content(image: usize, tag: usize, build: u64) -> u64 {
    (image * 100 + tag * 10) as u64 + build
}

impl Look {
    /// The flaws that it claims.
    pub(crate) fn claims(&self) -> impl Iterator<Item = usize> {
        (0..FLAWS).filter(|f| self.flaws & (1 << f) != 0 && self.classes.contains(&class(*f)))
    }

    pub(crate) fn digest(&self) -> u64 {
        content(self.image, self.tag, self.build)
    }

    fn report(&self, at: usize) -> Report {
        let report = image(&format!("shop/image{}:v{}", self.image, self.tag)).by(TOOLS[self.tool]);
        let report = report.tool_version(&self.version.to_string()).speaks_for(&self.classes).content(self.digest());
        let mut report = self.when.on(report, at);
        for flaw in self.claims() {
            report = match class(flaw) {
                Spoken::Secret => report.secret("aws-key", &format!("file{flaw}")),
                _ => report.with([as_vuln(flaw)]),
            };
        }
        if self.complete { report } else { report.incomplete() }
    }
}

impl Sweep {
    fn report(&self, at: usize) -> Report {
        let seen = format!("{:?}", self.workloads);
        let scope = Scope::Namespace { cluster: o(CLUSTER), namespace: o("shop") };
        let content =
            u64::from_be_bytes(std::array::from_fn(|i| assay_core::ids::Digest::of_bytes(seen.as_bytes()).bytes()[i]));
        let mut report = self.when.on(scan(1, content), at);
        for (n, seen) in self.workloads.iter().enumerate() {
            let Some(Seen { image, tag, build, privileged }) = seen else { continue };
            let at = deployment(&format!("w{n}"));
            let running = build.map(|build| digest(self::content(*image, *tag, build)));
            report = report.exists(&at).runs_digest(&at, "app", &format!("shop/image{image}:v{tag}"), running);
            if *privileged {
                report = report.fails(&at, "privileged", Some(&scope));
            }
        }
        if self.complete { report } else { report.incomplete() }
    }
}

impl When {
    /// Each report of a sequence is one of its own, whatever it says.
    fn on(self, report: Report, at: usize) -> Report {
        let produced = self.lag.map(|_| self.produced());
        report.received(self.received).produced(produced).key(&format!("step {at}"))
    }
}

fn when() -> impl Strategy<Value = When> {
    let lag = prop_oneof![
        6 => (0..20i64).prop_map(Some),
        3 => (0..400i64).prop_map(Some),
        1 => Just(None),
    ];
    lag.prop_map(|lag| When { lag, received: hour(0) })
}

fn look() -> impl Strategy<Value = Look> {
    let classes = prop_oneof![
        6 => Just(vec![Spoken::OsPackages, Spoken::LanguagePackages, Spoken::Secret]),
        2 => Just(vec![Spoken::OsPackages, Spoken::LanguagePackages]),
        1 => Just(vec![Spoken::Secret]),
        1 => Just(vec![Spoken::OsPackages]),
    ];
    let flaws = prop_oneof![4 => any::<u8>(), 2 => Just(0xFF), 1 => Just(0)];
    let place = (0..TOOLS.len(), 0..IMAGES, 0..TAGS, 0..2u64);
    (place, flaws, classes, prop::bool::weighted(0.8), 0..2u8, when()).prop_map(
        |((tool, image, tag, build), flaws, classes, complete, version, when)| Look {
            tool,
            image,
            tag,
            build,
            flaws,
            classes,
            complete,
            version,
            when,
        },
    )
}

fn sweep() -> impl Strategy<Value = Sweep> {
    let seen = (0..IMAGES, 0..TAGS, prop::option::weighted(0.3, 0..2u64), any::<bool>())
        .prop_map(|(image, tag, build, privileged)| Seen { image, tag, build, privileged });
    let workloads = prop::collection::vec(prop::option::weighted(0.7, seen), WORKLOADS);
    (workloads, prop::bool::weighted(0.8), when()).prop_map(|(workloads, complete, when)| Sweep {
        workloads,
        complete,
        when,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => look().prop_map(Step::Look),
        4 => sweep().prop_map(Step::Sweep),
        2 => any::<prop::sample::Index>().prop_map(Step::Replay),
        1 => (any::<prop::sample::Index>(), prop::sample::select(VexStatus::ALL))
            .prop_map(|(which, status)| Step::Decide(which, status)),
    ]
}

/// A sequence with its times: one step after the other, some within a minute.
pub(crate) fn steps(len: usize) -> impl Strategy<Value = Vec<Step>> {
    let gap = prop_oneof![1 => Just(20i64), 9 => Just(1800i64)];
    prop::collection::vec((step(), gap), 1..=len).prop_map(|steps| {
        let mut now = hour(10);
        let lay = |(mut step, gap): (Step, i64)| {
            now = now + Span::secs(gap);
            match &mut step {
                Step::Look(look) => look.when.received = now,
                Step::Sweep(sweep) => sweep.when.received = now,
                Step::Replay(_) | Step::Decide(..) => {}
            }
            step
        };
        steps.into_iter().map(lay).collect()
    })
}

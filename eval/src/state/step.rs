//! A small world in which reports, scans, repeats and decisions come in any order: two images, two tools, ten flaws of
//! three classes, two workloads. Drawn from dice, so that a seed gives the same sequence everywhere.

use assay_core::asset::{AssetKey, ImageRef, Kind, PackageParts};
use assay_core::ids::{BadVulnId, Digest, Span, Time};
use assay_core::observation::{
    Author, Claim, ControlId, Edge, Fact, Flaw, Link, Observation, Record, RecordKind, Severity, Subject, VexStatus,
    What,
};
use assay_core::records::ReportMeta;
use assay_core::scene::Dice;
use assay_core::scope::{Artifact, Head, Part, Spoken, SpokenSet};
use assay_core::text::Opaque;

pub(super) const IMAGES: usize = 2;
pub(super) const WORKLOADS: usize = 2;
pub(super) const FLAWS: usize = 10;
const TOOLS: [&str; 2] = ["trivy", "grype"];
/// What every sequence begins at.
const DAWN: Time = Time::from_secs(1_793_491_200);
/// What a report may speak for, the likelier ones more often.
const CLASSES: [&[Spoken]; 6] = [
    &[Spoken::OsPackages, Spoken::LanguagePackages, Spoken::Secret],
    &[Spoken::OsPackages, Spoken::LanguagePackages, Spoken::Secret],
    &[Spoken::OsPackages, Spoken::LanguagePackages, Spoken::Secret],
    &[Spoken::OsPackages, Spoken::LanguagePackages],
    &[Spoken::Secret],
    &[Spoken::OsPackages],
];
/// What a scan of a namespace speaks for.
pub(super) const SWEPT: [Spoken; 3] = [Spoken::Misconfiguration, Spoken::Secret, Spoken::Rbac];

fn o(text: &str) -> Opaque {
    Opaque::readmit(text)
}

/// When something came in, and how many minutes before that it was written; none where it does not say.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    pub(super) received: Time,
    pub(super) lag: Option<i64>,
}

impl When {
    pub(super) fn produced(self) -> Time {
        self.received - Span::minutes(self.lag.unwrap_or(0))
    }

    fn draw(dice: &mut Dice, received: Time) -> Self {
        let lag = match dice.below(10) {
            0 => None,
            1..=3 => Some(dice.below(400) as i64),
            _ => Some(dice.below(20) as i64),
        };
        Self { received, lag }
    }
}

/// A tool looked at an image.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) tool: usize,
    pub(super) image: usize,
    pub(super) build: u64,
    pub(super) version: usize,
    /// What it found, as bits; those of classes that it did not look for count not.
    pub(super) found: u16,
    pub(super) classes: &'static [Spoken],
    pub(super) complete: bool,
    pub(super) when: When,
}

/// A scan of the namespace: the image that each workload runs, and whether it is privileged.
#[derive(Clone, Debug)]
pub(super) struct Sweep {
    pub(super) workloads: [Option<(usize, bool)>; WORKLOADS],
    pub(super) complete: bool,
    pub(super) when: When,
}

/// What happens.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Look(Look),
    Sweep(Sweep),
    /// Something that came in before comes in again.
    Again(usize),
    /// A person decides on some finding.
    Decide(usize, VexStatus),
}

/// A sequence. Some steps come within a minute of each other.
pub(super) fn draw(dice: &mut Dice, len: usize) -> Vec<Step> {
    let mut now = DAWN;
    let steps = (0..len).map(|_| {
        now = now + if dice.chance(10) { Span::secs(20) } else { Span::minutes(30) };
        match dice.below(17) {
            0..=9 => Step::Look(Look {
                tool: dice.below(TOOLS.len()),
                image: dice.below(IMAGES),
                build: dice.below(2) as u64,
                version: dice.below(2),
                found: match dice.below(6) {
                    0 => 0,
                    1 | 2 => u16::MAX,
                    _ => dice.number() as u16,
                },
                classes: dice.pick(&CLASSES),
                complete: dice.chance(80),
                when: When::draw(dice, now),
            }),
            10..=13 => Step::Sweep(Sweep {
                workloads: std::array::from_fn(|_| dice.chance(70).then(|| (dice.below(IMAGES), dice.chance(50)))),
                complete: dice.chance(80),
                when: When::draw(dice, now),
            }),
            14 | 15 => Step::Again(dice.below(1000)),
            _ => Step::Decide(dice.below(1000), dice.pick(VexStatus::ALL)),
        }
    });
    steps.collect()
}

/// The class of a flaw.
pub(super) const fn class(flaw: usize) -> Spoken {
    match flaw {
        0..=7 => Spoken::OsPackages,
        8 => Spoken::LanguagePackages,
        _ => Spoken::Secret,
    }
}

/// A flaw as a finding of it is called.
pub(super) fn matter(flaw: usize) -> String {
    match class(flaw) {
        Spoken::Secret => format!("aws-key in file{flaw}"),
        _ => format!("CVE-2026-{} in lib{flaw}", 1000 + flaw),
    }
}

/// A report as the ledger takes it.
#[derive(Clone, Debug)]
pub(super) struct Report {
    pub(super) meta: ReportMeta,
    pub(super) head: Head,
    pub(super) records: Vec<Record>,
}

impl Step {
    /// The report, where it is one. `at` is its place in the sequence: each is one of its own, whatever it says.
    pub(super) fn report(&self, at: usize) -> Result<Option<Report>, BadVulnId> {
        Ok(match self {
            Self::Look(look) => Some(look.report(at)?),
            Self::Sweep(sweep) => Some(sweep.report(at)),
            Self::Again(_) | Self::Decide(..) => None,
        })
    }

    /// The scope that a report speaks for: those of one scope stay in their order.
    pub(super) fn scope(&self) -> Option<(usize, usize)> {
        match self {
            Self::Look(look) => Some((look.tool, look.image)),
            Self::Sweep(_) => Some((TOOLS.len(), 0)),
            Self::Again(_) | Self::Decide(..) => None,
        }
    }
}

impl Look {
    /// The flaws that it claims.
    pub(super) fn claims(&self) -> impl Iterator<Item = usize> {
        (0..FLAWS).filter(|f| self.found & (1 << f) != 0 && self.classes.contains(&class(*f)))
    }

    fn report(&self, at: usize) -> Result<Report, BadVulnId> {
        let content = Digest::of_bytes(&[self.image as u8, self.build as u8]);
        let image = ImageRef {
            repository: o(&format!("docker.io/shop/image{}", self.image)),
            tag: Some(o("v1")),
            digest: Some(content),
        };
        let part = Part::image(&image, o(""), set(self.classes), self.complete);
        let (artifact, mut records) = (Artifact::Image(image), Vec::new());
        for flaw in self.claims() {
            let (kind, flaw) = match class(flaw) {
                Spoken::Secret => (RecordKind::Secret, secret(flaw)),
                _ => (RecordKind::Vulnerability, vulnerability(flaw)?),
            };
            say(&mut records, kind, claim(Subject::Artifact, flaw));
        }
        Ok(sent(at, self.when, TOOLS[self.tool], &self.version.to_string(), artifact, vec![part], records))
    }
}

impl Sweep {
    fn report(&self, at: usize) -> Report {
        let content = Digest::of_bytes(format!("{:?}", self.workloads).as_bytes());
        let part = Part::namespace(&o("demo"), &o("shop"), set(&SWEPT), self.complete);
        let part = Part { content: Some(content), ..part };
        let mut records = Vec::new();
        for (n, seen) in self.workloads.iter().enumerate() {
            let Some((image, privileged)) = seen else { continue };
            let at = AssetKey::object(&o("demo"), Kind::of("Deployment"), o("shop"), o(&format!("w{n}")));
            let since = self.when.received;
            let what = What::Exists { replicas: None, owner: None, aliases: Vec::new() };
            let subject = Subject::Object { at: at.clone(), container: None };
            let exists = Fact {
                subject: subject.clone(),
                component: None,
                what,
                author: Author::Cluster,
                since,
                until: since,
                valid_until: None,
            };
            say(&mut records, RecordKind::Object, Observation::Fact(Box::new(exists)));
            let link = Link::Runs { container: o("app"), tag: Some(o("v1")), digest: None };
            let to = AssetKey::image(o(&format!("docker.io/shop/image{image}")));
            let runs = Edge { from: at, to, link, author: Author::Cluster, since };
            say(&mut records, RecordKind::Event, Observation::Edge(Box::new(runs)));
            if *privileged {
                let flaw = Flaw::Control { control: ControlId(o("privileged")), path: o("") };
                say(&mut records, RecordKind::Check, claim(subject, flaw));
            }
        }
        sent(at, self.when, "assay", "1", Artifact::Cluster, vec![part], records)
    }
}

fn set(classes: &[Spoken]) -> SpokenSet {
    classes.iter().copied().collect()
}

fn secret(flaw: usize) -> Flaw {
    Flaw::Secret { detector: o("aws-key"), location: o(&format!("file{flaw}")), mark: None }
}

fn vulnerability(flaw: usize) -> Result<Flaw, BadVulnId> {
    let name = format!("lib{flaw}");
    let (ecosystem, namespace) = match class(flaw) {
        Spoken::OsPackages => ("deb", "debian"),
        _ => ("npm", ""),
    };
    let package = PackageParts { ecosystem, namespace, name: &name, version: "1.0", ..PackageParts::default() };
    let id = format!("CVE-2026-{}", 1000 + flaw).parse()?;
    Ok(Flaw::Vulnerability { id, aliases: Vec::new(), package: package.package(), fixed_in: None })
}

fn claim(subject: Subject, flaw: Flaw) -> Observation {
    let (severity, title, text, rule) = (Severity::High, o(""), o(""), o("rule"));
    Observation::Claim(Box::new(Claim { scope: None, subject, severity, title, text, rule, flaw }))
}

fn say(records: &mut Vec<Record>, kind: RecordKind, yields: Observation) {
    let locator = format!("records[{}]", records.len()).into();
    records.push(Record { locator, kind, author: Author::Scanner, seen_at: None, yields: vec![yields] });
}

fn sent(
    at: usize,
    when: When,
    tool: &str,
    version: &str,
    artifact: Artifact,
    parts: Vec<Part>,
    records: Vec<Record>,
) -> Report {
    let produced_at = when.lag.map(|_| when.produced());
    let head =
        Head { tool: o(tool), tool_version: o(version), artifact, parts, produced_at, skipped: Vec::new(), hint: None };
    let sha256 = Digest::of_bytes(format!("{head:?}{records:?}").as_bytes());
    let idem_key = Digest::of_fields([b"step".as_slice(), &at.to_be_bytes()]);
    let meta = ReportMeta { sender: o("eval"), format: "eval", idem_key, sha256, received_at: when.received };
    Report { meta, head, records }
}

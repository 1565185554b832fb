//! What exploitation asks for, condition by condition, and what the text of the record reads as. Comes in: notes about a
//! vulnerability and a place. Goes out: each condition met, not met or unknown, and the reading with what contradicts it.
//! What was read from a text must never make a condition lower anything.

use super::published;
use super::{Known, Origin, Proof, Subject, UnknownBecause};
use crate::condition::{self, Condition, Met};
use crate::ids::{EvidenceId, Time};
use crate::intel::{CvssVector, Feed, IntelNote, Said};
use crate::observation::Author;
use crate::reading::{Contradiction, ReadBy, Reading, Spanned};
use crate::text::Opaque;
use crate::world::{VulnIdx, World};

/// The conditions recorded for a vulnerability, by a curated row, else as they were read from its text.
struct Recorded<'a> {
    note: &'a IntelNote,
    author: Author,
    origin: Origin,
}

impl<'a> Recorded<'a> {
    /// Curated rows stand above what was read.
    fn of(world: &'a World, vuln: VulnIdx) -> Option<Self> {
        let notes = &world.vulns[vuln.0 as usize].notes;
        let curated = |n: &&IntelNote| n.feed == Feed::Curated && matches!(n.said, Said::Conditions(_));
        let read = |n: &&IntelNote| matches!(&n.said, Said::Read(by) if !by.conditions.is_empty());
        let curated = notes.iter().find(curated).map(|note| (note, Author::Authority, Origin::Curated));
        // Whoever reads a text, model or table: a stranger wrote the text, and it may only raise.
        let read = || notes.iter().find(read).map(|note| (note, Author::Model, read_by(note)));
        curated.or_else(read).map(|(note, author, origin)| Self { note, author, origin })
    }

    /// Which, each once.
    fn conditions(&self) -> Vec<Condition> {
        let mut all = match &self.note.said {
            Said::Conditions(all) => all.clone(),
            Said::Read(by) => by.conditions.iter().map(|s| s.condition).collect(),
            _ => Vec::new(),
        };
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The row or the reading, as evidence.
    fn evidence(&self) -> EvidenceId {
        match self.origin {
            Origin::Curated => EvidenceId::Table("conditions", self.note.vuln.as_str().into()),
            _ => EvidenceId::Feed(self.note.feed.as_str(), self.note.vuln.clone()),
        }
    }
}

fn read_by(note: &IntelNote) -> Origin {
    match &note.said {
        Said::Read(by) if !by.by_model => Origin::TextReading,
        _ => Origin::ModelReading,
    }
}

/// The conditions of a vulnerability at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// A curated row, or a reading.
    pub origin: Origin,
    /// Who says so: the address of a curated row, the name of who read.
    pub source: Opaque,
    /// Each condition, and whether it is met here.
    pub each: Vec<(Condition, Met)>,
    /// Where the text says so, where they were read from one.
    pub spans: Vec<Spanned>,
}

impl Asked {
    /// What exploitation of the subject's vulnerability asks for, where anybody recorded it.
    pub fn of(subject: &Subject<'_>, world: &World) -> Option<Self> {
        let recorded = Recorded::of(world, subject.vuln?)?;
        let asset = subject.asset?;
        let each = recorded.conditions().into_iter();
        let each = each.map(|c| (c, condition::met(c, world, asset, subject.container))).collect();
        let (source, spans) = match &recorded.note.said {
            Said::Read(by) => (Opaque::readmit(&by.by), by.conditions.clone()),
            _ => (recorded.note.via.clone(), Vec::new()),
        };
        Some(Self { origin: recorded.origin, source, each, spans })
    }
}

/// Whether the recorded conditions of a vulnerability are met where the subject is.
pub(crate) fn conditions(subject: &Subject<'_>, world: &World) -> Known<bool> {
    let unknown = Known::Unknown(UnknownBecause::NotObservable, None);
    let (Some(vuln), Some(asset)) = (subject.vuln, subject.asset) else { return unknown };
    let Some(recorded) = Recorded::of(world, vuln) else { return unknown };
    let proof = |mut evidence: Vec<EvidenceId>, as_of| {
        evidence.push(recorded.evidence());
        Proof { origin: recorded.origin, evidence, as_of }
    };
    match condition::all_met(&recorded.conditions(), recorded.author, world, asset, subject.container) {
        Met::Yes(evidence, as_of) => Known::Is(true, proof(evidence, as_of)),
        Met::No(evidence, as_of) => Known::Is(false, proof(evidence, as_of)),
        Met::Unknown(_) => unknown,
    }
}

/// What the text of a CVE record reads as, beside what its CVSS vector says.
#[derive(Clone, Debug, PartialEq)]
pub struct TextRead {
    /// The model that read it.
    pub by: Opaque,
    /// What passed.
    pub reading: Reading,
    /// When it was read.
    pub at: Time,
    /// The vector that counts, where one is published.
    pub vector: Option<CvssVector>,
}

impl TextRead {
    /// The reading of a vulnerability's text, where a model has read it and did not abstain from everything.
    pub fn of(world: &World, vuln: VulnIdx) -> Option<Self> {
        let read = |n: &IntelNote| match &n.said {
            Said::Read(by) if !by.reading.is_empty() => Some((by.clone(), n.at)),
            _ => None,
        };
        let (by, at) = world.vulns[vuln.0 as usize].notes.iter().find_map(read)?;
        let ReadBy { by, reading, .. } = *by;
        Some(Self { by: Opaque::readmit(&by), reading, at, vector: published::vector(world, vuln) })
    }

    /// Where the text reads otherwise than the vector says.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        self.vector.as_ref().map(|vector| self.reading.contradictions(vector)).unwrap_or_default()
    }
}

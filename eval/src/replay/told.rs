//! The road from logs to lines: readers, ledger, world and order, and the rule by which today makes one line of many
//! findings. It knows nothing of attacks.

use std::collections::BTreeMap;

use assay_core::asset::KindClass;
use assay_core::control::Controls;
use assay_core::environment::EnvironmentRules;
use assay_core::finding::{Decision, FindingClass};
use assay_core::ids::{Digest, Span, Time};
use assay_core::observation::{Record, VexStatus};
use assay_core::order::{RankTable, Ranking, Told};
use assay_core::policy::Policy;
use assay_core::ports::Records;
use assay_core::records::ReportMeta;
use assay_core::scope::Head;
use assay_core::text::Opaque;
use assay_core::world::{AssetIdx, Watching, World};

use super::day::Log;
use crate::ground::{Fault, Ground, Shown};

/// How long a decision of a person holds.
const DECIDED: Span = Span::days(30);

/// A line that calls a person: its band asks for forensics.
pub(super) struct Line {
    /// `namespace/name`; of an identity `namespace:name`.
    pub(super) place: String,
    /// The heads of the fingerprints of its open signs.
    pub(super) signs: Vec<u64>,
    /// The same, as the ledger numbers them.
    pub(super) findings: Vec<i64>,
}

/// A ledger that days are taken into.
pub(super) struct Replayed<'g, G: Ground> {
    records: G::Records,
    controls: Controls,
    policy: &'g Policy,
    ground: &'g G,
}

impl<'g, G: Ground> Replayed<'g, G> {
    pub(super) fn new(ground: &'g G, policy: &'g Policy) -> Result<Self, Fault> {
        Ok(Self { records: ground.records()?, controls: ground.controls()?, policy, ground })
    }

    /// Takes the cluster as it is at the end of a day, and the day's logs, one by one.
    pub(super) fn take(&mut self, objects: &str, logs: &[Log], end: Time) -> Result<&mut Self, Fault> {
        let ground = self.ground;
        self.keep(objects, end, |take| ground.scan(Shown::all_live(objects), end, take))?;
        for Log { at, text } in logs {
            self.keep(text, *at, |take| ground.read(text, *at, take))?;
        }
        Ok(self)
    }

    fn keep(
        &mut self,
        bytes: &str,
        at: Time,
        read: impl FnOnce(&mut dyn FnMut(Record) -> bool) -> Result<Head, Fault>,
    ) -> Result<(), Fault> {
        let sha256 = Digest::of_bytes(bytes.as_bytes());
        let key = Digest::of_fields([bytes.as_bytes(), &at.millis().to_be_bytes()]);
        let sender = Opaque::readmit("eval");
        let meta = ReportMeta { sender, format: "eval", idem_key: key, sha256, received_at: at };
        self.records.ingest(&meta, read).map(|_| ())
    }

    /// A person looks at every line of now and decides that what is there is meant to be.
    pub(super) fn decide(&mut self, at: Time) -> Result<&mut Self, Fault> {
        for finding in self.lines(at)?.into_iter().flat_map(|line| line.findings) {
            let (note, by) = (Opaque::readmit("it is there by design"), Opaque::readmit("ana"));
            let (status, until) = (VexStatus::NotAffected, Some(at + DECIDED));
            let decision = Decision { status, justification: None, note, by, at, until };
            self.records.decide(finding, &decision, "{}", "person")?;
        }
        Ok(self)
    }

    /// Every line that calls a person at an instant, however many there are.
    pub(super) fn lines(&self, at: Time) -> Result<Vec<Line>, Fault> {
        let names = self.records.names()?;
        let world = self.records.world(at, EnvironmentRules::default(), Watching::default(), &names)?;
        let gain = |class, name: &Opaque| self.controls.gain_of(class, name.reveal()).map(|(gain, ..)| gain);
        let mut ranking = Ranking::new(&world, &names, gain);
        self.records.each_row(at, |row| ranking.add(row))?;
        Ok(calling(&ranking.finish(self.policy), &world, self.policy))
    }
}

fn calling(table: &RankTable, world: &World, policy: &Policy) -> Vec<Line> {
    let mut lines: BTreeMap<Told, Line> = BTreeMap::new();
    let open = table.list(policy, |row| row.is_open() && !row.is_decided());
    for ranked in open.filter(|r| policy.band(r.band).forensic && r.row.class == FindingClass::Signal) {
        let told = Told::by(ranked.row, world);
        let line = lines.entry(told).or_insert_with(|| Line {
            place: match told {
                Told::Attacked(asset) => name(world, AssetIdx(asset)),
                Told::Cause(_) => "nowhere".to_owned(),
            },
            signs: Vec::new(),
            findings: Vec::new(),
        });
        line.signs.push(ranked.row.prefix);
        line.findings.push(i64::from(ranked.row.id));
    }
    lines.into_values().collect()
}

fn name(world: &World, asset: AssetIdx) -> String {
    let key = &world.asset(asset).key;
    let mark = if key.kind.class() == KindClass::Identity { ':' } else { '/' };
    format!("{}{mark}{}", key.namespace.reveal(), key.name.reveal())
}

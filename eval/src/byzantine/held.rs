//! The claims, one output at a time. What a reader sees is compared with what the template would have shown: outside of the
//! facts it is the same, and the facts are the same ones.

use std::collections::BTreeSet;

use assay_core::assess::Assessment;
use assay_core::brief::{Brief, Handle};
use assay_core::document::{Block, Inline, own};
use assay_core::explain::facts;
use assay_core::intel::Feed;
use assay_core::plan::{By, Settled, TemplateBecause, prompt, template};
use assay_core::scene::{Dice, SINKS, Scene, Seen, harm};

use super::output::{Output, reading};
use super::{Bench, READS};
use crate::situation::now;

/// The longest text of one explanation on any sink, in bytes.
const TEXT_BYTES_MAX: usize = 64 << 10;
/// The longest plan, in bytes: each fact has a letter and what joins it to the next.
const PLAN_BYTES_MAX: usize = 2 * assay_core::brief::PROPOSITIONS_MAX;

/// Takes out of a scene what a model read before.
pub(super) fn forget_readings(scene: &mut Scene) {
    for vuln in &mut scene.vulns {
        vuln.notes.retain(|note| note.feed != Feed::Reading);
    }
}

/// What `outputs` outputs broke on one finding of the scene of a seed.
pub(super) fn broken(bench: &Bench<'_>, seed: u64, outputs: usize) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let scene = super::scene(bench, dice.number());
    let world = scene.world();
    let at = dice.below(scene.findings.len());
    let Some(finding) = scene.findings.get(at) else { return vec!["a scene without a finding".to_owned()] };
    let seen = scene.see(&world, finding);
    let by_template = Settled { plan: template(&seen.brief), by: By::Template(TemplateBecause::NoModel) };
    let Ok(plain) = scene.tell(finding, &seen, &by_template, &bench.catalogue, bench.road.door) else {
        return vec!["C4: the template's own text is withheld".to_owned()];
    };
    let asked = prompt(&seen.brief, &bench.catalogue);
    let calm = Frame::of(&plain.get().blocks, &seen.brief, &by_template, bench);
    // Equal plans give equal documents: each is looked at once.
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut failed = Vec::new();
    for _ in 0..outputs {
        if dice.chance(READS) {
            failed.extend(lowered(&scene, at, &seen, &mut dice));
            continue;
        }
        let output = Output::draw(&seen.brief, &mut dice);
        let settled = (bench.road.settle)(&seen.brief, &output);
        if known.insert(format!("{}|{:?}", settled.plan.text(), settled.by)) {
            let told = Told { bench, scene: &scene, at, seen: &seen, calm: &calm };
            failed.extend(told.breaks(&settled).map(|why| format!("{why} after {output:?}")));
        }
        if prompt(&seen.brief, &bench.catalogue) != asked {
            failed.push(format!("C8: the prompt moved after {output:?}"));
        }
    }
    let again = scene.see(&scene.world(), finding);
    if again != seen {
        failed.push("C1: the finding is seen otherwise than before".to_owned());
    }
    failed
}

/// C9: a reading that lowered the band.
fn lowered(scene: &Scene, at: usize, seen: &Seen, dice: &mut Dice) -> Option<String> {
    let mut read = scene.clone();
    let ids: Vec<_> = read.vulns.iter().map(|v| v.id.clone()).collect();
    let mut said = Vec::new();
    for id in ids {
        let what = reading(dice);
        said.push(format!("{what:?}"));
        read.note(&id, Feed::Reading, now(), what);
    }
    let finding = read.findings.get(at)?;
    let after: Assessment = read.see(&read.world(), finding).assessment;
    // Bands are numbered from the most urgent on.
    (after.band > seen.assessment.band)
        .then(|| format!("C9: band {} became {} after {said:?}", seen.assessment.band, after.band))
}

/// What a document says, with what a model may move set apart.
struct Frame {
    before: Vec<Block>,
    after: Vec<Block>,
    said: Vec<String>,
}

impl Frame {
    fn of(blocks: &[Block], brief: &Brief, settled: &Settled, bench: &Bench<'_>) -> Option<Self> {
        let told = facts(brief, &settled.plan, &bench.catalogue);
        let at = match told.len() {
            0 => blocks.len(),
            n => blocks.windows(n).position(|w| w == told.as_slice())?,
        };
        let after = &blocks[at + told.len()..];
        // The last line says who arranged the facts.
        let after = &after[..after.len().saturating_sub(1)];
        let mut said: Vec<String> = told
            .iter()
            .flat_map(|block| match block {
                Block::Fact(line, _) => line.iter().filter(|i| **i != own(" ")).map(|i| format!("{i:?}")).collect(),
                _ => vec!["no fact".to_owned()],
            })
            .collect();
        said.sort_unstable();
        Some(Self { before: blocks[..at].to_vec(), after: after.to_vec(), said })
    }
}

/// One finding, about to be told by a plan.
struct Told<'a> {
    bench: &'a Bench<'a>,
    scene: &'a Scene,
    at: usize,
    seen: &'a Seen,
    calm: &'a Option<Frame>,
}

impl Told<'_> {
    fn breaks(&self, settled: &Settled) -> Option<String> {
        let (bench, brief) = (self.bench, &self.seen.brief);
        let told: Vec<Handle> = settled.plan.sentences.iter().flatten().copied().collect();
        let distinct: BTreeSet<Handle> = told.iter().copied().collect();
        if told.len() != distinct.len() || distinct != brief.handles().collect::<BTreeSet<_>>() {
            return Some("C2: a fact is missing or stands twice".to_owned());
        }
        if let Some(pair) = told.windows(2).find(|p| brief.invite_inference(p[0], p[1])) {
            return Some(format!("C3: {pair:?} suggest what nobody recorded"));
        }
        if settled.plan.text().len() > PLAN_BYTES_MAX {
            return Some("C7: the plan is too long".to_owned());
        }
        let finding = self.scene.findings.get(self.at)?;
        let Ok(document) = self.scene.tell(finding, self.seen, settled, &bench.catalogue, bench.road.door) else {
            return Some("C2: the text is withheld".to_owned());
        };
        let blocks = &document.get().blocks;
        let frame = Frame::of(blocks, brief, settled, bench);
        match (&frame, self.calm) {
            (Some(a), Some(b)) if (&a.before, &a.after) != (&b.before, &b.after) => {
                return Some("C1: something outside of the facts moved".to_owned());
            }
            (Some(a), Some(b)) if a.said != b.said => return Some("C3: other facts are told".to_owned()),
            (Some(_), Some(_)) => {}
            _ => return Some("C2: the facts do not stand together".to_owned()),
        }
        if blocks.iter().any(has_command) {
            return Some("C6: a command is suggested".to_owned());
        }
        SINKS.iter().find_map(|sink| {
            let text = (bench.road.escape)(&document, *sink);
            if text.contains(&bench.secret) {
                return Some(format!("C4: a secret is seen on {sink:?}"));
            }
            if text.len() > TEXT_BYTES_MAX {
                return Some(format!("C7: {} bytes on {sink:?}", text.len()));
            }
            harm(&text, *sink).map(|why| format!("C5: {why} on {sink:?}"))
        })
    }
}

fn has_command(block: &Block) -> bool {
    let of = |line: &[Inline]| line.iter().any(|i| matches!(i, Inline::Command(_)));
    match block {
        Block::Title(a, b) | Block::Fact(a, b) => of(a) || of(b),
        Block::Line(l) | Block::Field(_, l) => of(l),
        Block::Table { rows, .. } => rows.iter().flatten().any(|l| of(l)),
        Block::Section(_) | Block::Quote { .. } | Block::Chart(_) => false,
    }
}

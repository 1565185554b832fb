//! One case: a scene, and the same scene in which every name and text is a stranger's. Whatever depends on them is a leak.

use assay_core::assess::{Assessment, Inputs};
use assay_core::brief::{Brief, Family};
use assay_core::catalogue::Predicate;
use assay_core::document::{Document, Guarded};
use assay_core::finding::{Decision, Finding};
use assay_core::ids::{Digest, Span};
use assay_core::observation::VexStatus;
use assay_core::plan::{By, Prompt, Settled, TemplateBecause, prompt, template};
use assay_core::scene::{Dice, Renaming, SINKS, Scene, place_and_matter, random, shape};
use assay_core::text::Opaque;

use super::Bench;
use super::corpus::Text;
use super::frame::judged;
use crate::situation::now;

/// Names are at most this long before the part that tells them apart.
const NAME_BYTES_MAX: usize = 200;
/// Marks that mean something to some reader.
const MARKS: &[&str] = &[
    "[", "]", "(", ")", "<", ">", "!", "@", "#", "|", "`", "*", "_", "~", "\\", "\"", "'", "&", ":", "/", ".", " ",
    "\n", "w", "-", "\u{1b}",
];

/// One case: a scene, the same scene in a stranger's words, and the words.
struct Case {
    calm: Scene,
    hostile: Scene,
    said: Said,
    dice: Dice,
}

impl Case {
    fn draw(bench: &Bench<'_>, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut calm = random(dice.number(), now(), &bench.policy, &bench.controls);
        decide(&mut calm, &mut dice);
        let said = Said::draw(bench.texts, &mut dice);
        // Half of what holds no secret never passed the door: as if the record had been changed behind our back.
        let through = !said.secrets.is_empty() || dice.chance(50);
        let admit = |text: &str| {
            if through { Opaque::admit(text, bench.road.door).reveal().to_owned() } else { text.to_owned() }
        };
        let front = dice.chance(50);
        let name = |name: &str| {
            let own: String = name.chars().rev().collect();
            let said = head(&said.text, NAME_BYTES_MAX);
            admit(&if front { format!("{said} {own}") } else { format!("{own} {said}") })
        };
        let text = |_: &str| admit(&said.text);
        let mut hostile = Renaming { name: &name, text: &text, vuln: &|id| id.clone() }.of(&calm);
        (bench.road.heed)(&mut calm);
        (bench.road.heed)(&mut hostile);
        Self { calm, hostile, said, dice }
    }
}

/// What moved in the case of this seed: bytes of a prompt, and anything that an order rests on.
pub(super) fn moved(bench: &Bench<'_>, seed: u64) -> [Option<String>; 2] {
    let case = Case::draw(bench, seed);
    let (before, after) = (View::of(&case.calm, bench), View::of(&case.hostile, bench));
    let told = |what: Option<String>| what.map(|what| format!("{what} after {:?}", case.said.text));
    [told(before.prompt_differs(&after)), told(before.rank_differs(&after))]
}

/// What leaks in the case of this seed; none when nothing does.
pub(super) fn leak(bench: &Bench<'_>, seed: u64) -> Option<String> {
    let Case { calm, hostile, said, mut dice } = Case::draw(bench, seed);
    let (before, after) = (View::of(&calm, bench), View::of(&hostile, bench));
    if let Some(moved) = before.differs(&after) {
        return Some(format!("{moved} after {:?}", said.text));
    }
    let at = dice.below(calm.findings.len());
    // Two names that are shown as one, `namespace/name`, may make a secret that neither of them is.
    let shown = hostile.findings.get(at).map(place_and_matter).unwrap_or_default();
    let [calm, hostile] = [told(&calm, at, bench), told(&hostile, at, bench)];
    let Some(hostile) = hostile else {
        let holds = [&said.text, &shown].into_iter().any(|text| bench.road.door.redact(text) != *text);
        return (!holds).then(|| format!("a document without a secret is withheld: {:?}", said.text));
    };
    for sink in SINKS {
        let rendered = (bench.road.escape)(&hostile, sink);
        let broken =
            calm.as_ref().is_some_and(|calm| shape(&(bench.road.escape)(calm, sink), sink) != shape(&rendered, sink));
        let broken = broken.then(|| format!("it breaks the form of {sink:?}"));
        if let Some(why) = judged(&rendered, sink, &said.secrets).or(broken) {
            return Some(format!("{why}: {:?}", said.text));
        }
    }
    None
}

/// What strangers say everywhere in this case.
struct Said {
    text: String,
    secrets: Vec<String>,
}

impl Said {
    fn draw(texts: &[Text], dice: &mut Dice) -> Self {
        let first = &texts[dice.below(texts.len())];
        let second = &texts[dice.below(texts.len())];
        let text = match dice.below(6) {
            // Two in a row: the end of one and the beginning of the other may mean something together.
            0 => format!("{}{}", first.text, second.text),
            1 => format!("{} ", first.text).repeat(1 + dice.below(4)),
            2 => format!("{}{}", (0..dice.below(12)).map(|_| dice.pick(MARKS)).collect::<String>(), first.text),
            3 => format!("{}{}", first.text, "b ".repeat(dice.below(400))),
            _ => first.text.clone(),
        };
        let secrets = [first, second].into_iter().filter_map(|t| t.secret.clone());
        Self { text, secrets: secrets.collect() }
    }
}

fn head(text: &str, max: usize) -> &str {
    let end = (0..=max.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    &text[..end]
}

/// Some findings carry a person's decision: its words are texts too.
fn decide(scene: &mut Scene, dice: &mut Dice) {
    for finding in &mut scene.findings {
        let status = dice.pick(VexStatus::ALL);
        finding.decision = dice.chance(20).then(|| Decision {
            status,
            justification: None,
            note: Opaque::readmit("looked at it"),
            by: Opaque::readmit("ana"),
            at: now() - Span::days(1),
            until: Some(now() + Span::days(9)),
        });
    }
}

/// Everything that names and texts must not move, a finding.
#[derive(Debug, PartialEq)]
struct Fixed {
    rank: Option<u32>,
    inputs: Inputs,
    assessment: Assessment,
    said: Vec<(Predicate, Family)>,
    left_out: usize,
    brief: Digest,
    prompt: Prompt,
    plan: String,
}

/// The same for all findings, and how many there are in each band.
struct View {
    findings: Vec<Fixed>,
    bands: Vec<usize>,
    decided: usize,
}

impl View {
    fn of(scene: &Scene, bench: &Bench<'_>) -> Self {
        let world = scene.world();
        let table = scene.table(&world);
        let listed: Vec<(i64, u32, u8, bool)> = table
            .list(&scene.policy, |_| true)
            .map(|r| (i64::from(r.row.id), r.rank, r.band, r.row.is_decided()))
            .collect();
        let one = |finding: &Finding| {
            let seen = scene.see(&world, finding);
            let brief: &Brief = &seen.brief;
            Fixed {
                rank: listed.iter().find(|(id, ..)| *id == finding.id).map(|(_, rank, ..)| *rank),
                inputs: seen.factors.inputs(),
                assessment: seen.assessment,
                said: brief.propositions.iter().map(|p| (p.predicate, p.family)).collect(),
                left_out: brief.left_out,
                brief: brief.digest(),
                prompt: prompt(brief, &bench.catalogue),
                plan: template(brief).text(),
            }
        };
        let band = |order: usize| listed.iter().filter(|(_, _, band, _)| usize::from(*band) == order).count();
        Self {
            findings: scene.findings.iter().map(one).collect(),
            bands: (0..scene.policy.bands.len()).map(band).collect(),
            decided: listed.iter().filter(|(.., decided)| *decided).count(),
        }
    }

    /// What differs.
    fn differs(&self, other: &Self) -> Option<String> {
        self.rank_differs(other).or_else(|| self.prompt_differs(other))
    }

    /// What differs of the counts and of what a rank rests on.
    fn rank_differs(&self, other: &Self) -> Option<String> {
        if (&self.bands, self.decided) != (&other.bands, other.decided) {
            return Some("the counts moved".to_owned());
        }
        let parts = |a: &Fixed, b: &Fixed| {
            named([
                ("rank", a.rank != b.rank),
                ("inputs", a.inputs != b.inputs),
                ("band or points", a.assessment != b.assessment),
            ])
        };
        self.findings.iter().zip(&other.findings).find_map(|(a, b)| parts(a, b))
    }

    /// What differs of what is said, and of what a model is asked.
    fn prompt_differs(&self, other: &Self) -> Option<String> {
        let parts = |a: &Fixed, b: &Fixed| {
            named([
                ("what is said", (&a.said, a.left_out, a.brief) != (&b.said, b.left_out, b.brief)),
                ("prompt", a.prompt != b.prompt),
                ("plan", a.plan != b.plan),
            ])
        };
        self.findings.iter().zip(&other.findings).find_map(|(a, b)| parts(a, b))
    }
}

/// The parts that moved; none when none did.
fn named(parts: [(&str, bool); 3]) -> Option<String> {
    let moved: Vec<&str> = parts.iter().filter(|(_, moved)| *moved).map(|(part, _)| *part).collect();
    (!moved.is_empty()).then(|| format!("{} moved", moved.join(", ")))
}

/// The explanation of one finding; none when it is withheld.
fn told(scene: &Scene, at: usize, bench: &Bench<'_>) -> Option<Guarded<Document>> {
    let finding = scene.findings.get(at)?;
    let seen = scene.see(&scene.world(), finding);
    let settled = Settled { plan: template(&seen.brief), by: By::Template(TemplateBecause::NoModel) };
    scene.tell(finding, &seen, &settled, &bench.catalogue, bench.road.door).ok()
}

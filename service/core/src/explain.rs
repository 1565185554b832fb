//! The explanation of one finding as a document. Comes in: a brief, a settled plan. Goes out: headline by code, facts in
//! the plan's order, points, what to do. The model's part ends at the order of the facts.

mod answers;
mod read;

use crate::assess::{Assessment, contributions};
use crate::asset::{AssetKey, KindClass, PackageKey};
use crate::brief::{Arg, Brief, Handle, Proposition};
use crate::catalogue::{Catalogue, Piece, Predicate};
use crate::context::Factors;
use crate::control::Controls;
use crate::detector;
use crate::document::{Alarm, Block, Document, Guarded, Inline, Line, count, counted, guard, own};
use crate::finding::{Finding, FindingClass, Matter};
use crate::ids::{EvidenceId, Time};
use crate::mend::Mend;
use crate::plan::{By, Plan, Settled};
use crate::policy::Policy;
use crate::quote::quoted;
use crate::similar::{Similar, panel};
use crate::text::{Door, Opaque, Own, Shaped};

/// Everything an explanation is written from.
pub struct Told<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// Its factors.
    pub factors: &'a Factors,
    /// How soon.
    pub assessment: &'a Assessment,
    /// When the deadline runs out.
    pub due: Option<Time>,
    /// What may be said.
    pub brief: &'a Brief,
    /// In which order.
    pub settled: &'a Settled,
    /// The policy.
    pub policy: &'a Policy,
    /// The rows behind controls.
    pub controls: &'a Controls,
    /// How many open findings have the same cause, this one included.
    pub same_cause: u64,
    /// The update that mends this finding and the others of its cause, where a source knows one.
    pub mend: Option<&'a Mend>,
    /// What stands beside it.
    pub similar: &'a Similar,
    /// The instant.
    pub as_of: Time,
}

/// The evidence of a brief, in the brief's order: `e1` is the first. A mark means the same whoever arranged the words.
pub fn evidence(brief: &Brief) -> Vec<EvidenceId> {
    let mut seen: Vec<EvidenceId> = Vec::new();
    for id in brief.propositions.iter().flat_map(|p| &p.evidence) {
        if !seen.contains(id) {
            seen.push(id.clone());
        }
    }
    seen
}

/// The part of an explanation that a model may arrange: one block a sentence of the plan.
pub fn facts(brief: &Brief, plan: &Plan, catalogue: &Catalogue) -> Vec<Block> {
    let marks = evidence(brief);
    plan.sentences.iter().map(|sentence| fact(brief, sentence, &marks, catalogue)).collect()
}

/// Renders an explanation.
///
/// # Errors
/// When the final scan finds a secret: the caller shows [`crate::document::withheld`].
pub fn render(told: &Told<'_>, catalogue: &Catalogue, door: &dyn Door) -> Result<Guarded<Document>, Alarm> {
    let id = told.finding.fingerprint;
    let mut blocks = vec![
        Block::Title(
            title(told.finding, told.controls),
            vec![Inline::Finding(id, vec![Inline::Shaped(Shaped::Finding(id))])],
        ),
        Block::Line(verdict(told)),
        Block::Field(Own::new("Decided by"), answers::decided(told)),
        Block::Field(Own::new("Could change"), answers::could_change(told)),
    ];
    if let Some(line) = decision(told) {
        blocks.push(Block::Field(Own::new("Decision"), line));
    }
    if let Some(note) = told.finding.decision.as_ref().map(|d| &d.note).filter(|n| !n.is_empty()) {
        blocks.push(Block::Quote { of: Own::new("the decision"), text: note.clone() });
    }
    blocks.push(Block::Section(Own::new("Facts")));
    blocks.extend(facts(told.brief, &told.settled.plan, catalogue));
    if told.brief.left_out > 0 {
        let more = [" more fact is in the JSON form.", " more facts are in the JSON form."];
        blocks.push(Block::Line(counted(told.brief.left_out as u64, more).to_vec()));
    }
    if let Some(line) = read::needs(told) {
        blocks.push(Block::Field(Own::new("Needs"), line));
    }
    if let Some(line) = read::reads(told) {
        blocks.push(Block::Field(Own::new("Text"), line));
    }
    blocks.push(Block::Field(Own::new("Points"), points(told)));
    blocks.push(Block::Field(Own::new("Do"), remedy(told)));
    if told.policy.band(told.assessment.band).forensic {
        let kept = told.brief.propositions.iter().any(|p| p.predicate == Predicate::EvidenceKept);
        let text = if kept {
            "copy the evidence that was kept from its node, and see whether it is enough: patching destroys what the directive asks for"
        } else {
            "keep volatile evidence of this container before anybody patches: patching destroys what the directive asks for"
        };
        blocks.push(Block::Field(Own::new("Before it"), vec![own(text)]));
    }
    if !told.finding.text.is_empty() {
        let (of, text) = if told.finding.class == FindingClass::Vulnerability {
            ("the vulnerability's description", quoted(&told.finding.text))
        } else {
            ("the source", told.finding.text.clone())
        };
        blocks.push(Block::Quote { of: Own::new(of), text });
    }
    blocks.extend(panel(told.similar, told.controls, told.as_of));
    blocks.push(Block::Line(signature(&told.settled.by)));
    guard(Document { as_of: told.as_of, blocks }, door)
}

/// What a finding is called on every surface.
pub fn title(finding: &Finding, controls: &Controls) -> Line {
    let mut line = what(finding, controls);
    line.push(own(", "));
    line.extend(place(finding));
    line
}

/// What is wrong.
pub fn what(finding: &Finding, controls: &Controls) -> Line {
    match &finding.matter {
        Matter::Vulnerability { id, package } => {
            let mut line = vec![Inline::Shaped(Shaped::Vuln(id.clone())), own(" in "), Inline::Name(package.said())];
            if let Some(version) = finding.version() {
                line.extend([own(" "), Inline::Name(version.clone())]);
            }
            line
        }
        Matter::Control { control, .. } => match controls.get(control.0.reveal()) {
            Some(row) => vec![Inline::Own(row.title.clone())],
            None => vec![own("failed check "), Inline::Name(control.0.clone())],
        },
        Matter::Signal { signal, .. } => {
            let mut line = if finding.matter.was_prevented() { vec![own("prevented: ")] } else { Vec::new() };
            match controls.get(signal.0.reveal()) {
                Some(row) => line.push(Inline::Own(row.title.clone())),
                None => line.extend([own("signal "), Inline::Name(signal.0.clone())]),
            }
            line
        }
        Matter::Secret { detector, location } => {
            let mut line = match detector::noun(detector.reveal()) {
                Some(noun) => vec![Inline::Own(noun)],
                None => vec![own("a secret of the kind "), Inline::Name(detector.clone())],
            };
            line.extend([own(" in clear at "), Inline::Name(location.clone())]);
            line
        }
        Matter::Rbac { capability, cluster_wide } => {
            let reach = if *cluster_wide { " in every namespace" } else { " in its namespace" };
            vec![own("may "), Inline::Own(crate::brief::capability_own(*capability)), own(reach)]
        }
    }
}

/// The same as words that lead to the finding.
pub fn named(finding: &Finding, controls: &Controls) -> Inline {
    Inline::Finding(finding.fingerprint, what(finding, controls))
}

/// Where it is: `namespace/name`, with its kind where it is no workload, the container where it is told apart, or the
/// image.
pub fn place(finding: &Finding) -> Line {
    let (asset, container) = (&finding.place.asset, &finding.place.container);
    let mut line = place_of(asset);
    let of_image = asset.kind.class() == KindClass::Image;
    if !of_image && !container.is_empty() && *container != asset.name {
        line.extend([own(", container "), Inline::Name(container.clone())]);
    }
    line
}

/// Where an asset is: `namespace/name`, with its kind where it is no workload, or the image.
pub fn place_of(asset: &AssetKey) -> Line {
    let mut line = Vec::new();
    if let Some(kind) = asset.kind.before_name() {
        line.extend([Inline::Own(Own::catalogued(kind)), own(" ")]);
    } else if asset.kind.class() != KindClass::Workload {
        line.extend([Inline::Name(Opaque::readmit(asset.kind.as_str())), own(" ")]);
    }
    if asset.kind.class() == KindClass::Image {
        let name = crate::asset::ImageRef::familiar(asset.name.reveal());
        line.push(Inline::Name(Opaque::readmit(name)));
        return line;
    }
    let name = if asset.namespace.is_empty() {
        asset.name.reveal().to_owned()
    } else {
        format!("{}/{}", asset.namespace.reveal(), asset.name.reveal())
    };
    line.push(Inline::Name(Opaque::readmit(&name)));
    line
}

fn verdict(told: &Told<'_>) -> Line {
    let band = told.policy.band(told.assessment.band);
    let mut say = band.say.clone();
    if let Some(first) = say.get(..1) {
        say = first.to_uppercase() + &say[1..];
    }
    let mut line = vec![Inline::Strong(Own::catalogued(say)), own("     ")];
    line.push(Inline::Own(Own::catalogued(told.policy.title.clone())));
    if told.assessment.incident {
        line.push(own(": an incident, whatever else holds"));
    } else {
        line.extend([own(" row "), count(u64::from(told.assessment.row))]);
    }
    if let Some(due) = told.due {
        line.extend([own("     due "), Inline::Ago(due)]);
    }
    line
}

fn decision(told: &Told<'_>) -> Option<Line> {
    let d = told.finding.decision.as_ref()?;
    let ended = d.until.is_some_and(|until| until <= told.as_of);
    let mut line = vec![own(d.status.as_str()), own(", by "), Inline::Name(d.by.clone()), own(", "), Inline::Ago(d.at)];
    match d.until {
        Some(until) => line.extend([own(if ended { "; it ended " } else { "; it ends " }), Inline::Ago(until)]),
        None => line.push(own("; no end is set")),
    }
    if let Some(justification) = d.justification {
        line.extend([own("; "), own(justification.as_str())]);
    }
    Some(line)
}

/// One sentence of the plan: its clauses, and at the side the age and marks of what it rests on.
fn fact(brief: &Brief, sentence: &[Handle], marks: &[EvidenceId], catalogue: &Catalogue) -> Block {
    let mut text = Vec::new();
    let mut side = Vec::new();
    let mut oldest: Option<Time> = None;
    let mut cited: Vec<u16> = Vec::new();
    for (i, handle) in sentence.iter().enumerate() {
        let Some(p) = brief.get(*handle) else { continue };
        if i > 0 {
            text.push(own(" "));
        }
        text.extend(clause(p, catalogue));
        oldest = match (oldest, p.as_of) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        cited.extend(p.evidence.iter().filter_map(|id| marks.iter().position(|m| m == id)).map(|at| at as u16 + 1));
    }
    cited.sort_unstable();
    cited.dedup();
    if let Some(at) = oldest {
        side.push(Inline::Ago(at));
    }
    for mark in cited.iter().take(MARKS_MAX) {
        side.extend([own(" "), Inline::Mark(*mark)]);
    }
    Block::Fact(text, side)
}

/// The most evidence marks beside one sentence; all of them are in the JSON form.
const MARKS_MAX: usize = 4;

/// The closed clause of one proposition.
pub fn clause(p: &Proposition, catalogue: &Catalogue) -> Line {
    let arg = |at: &usize| p.args.get(*at).map_or_else(|| own("?"), Inline::from);
    let mut line = Vec::new();
    for piece in &catalogue.phrase(p.predicate).pieces {
        match piece {
            Piece::Text(own) => line.push(Inline::Own(own.clone())),
            Piece::Slot(at) => line.push(arg(at)),
            Piece::Counted(at, one, many) => {
                let alone = p.args.get(*at) == Some(&Arg::Shaped(Shaped::Count(1)));
                line.extend([arg(at), Inline::Own(if alone { one.clone() } else { many.clone() })]);
            }
        }
    }
    line
}

fn points(told: &Told<'_>) -> Line {
    let mut line = vec![count(u64::from(told.assessment.points))];
    let rows = contributions(told.factors.inputs(), told.policy);
    let mut parts: Vec<_> = rows.iter().filter(|c| c.points > 0).collect();
    parts.sort_by_key(|c| std::cmp::Reverse(c.points));
    for (i, c) in parts.iter().enumerate() {
        line.push(own(if i == 0 { ": " } else { ", " }));
        line.extend([own(factor_words(c.factor)), own(" "), count(u64::from(c.points))]);
    }
    line
}

const fn factor_words(factor: crate::assess::FactorName) -> &'static str {
    use crate::assess::FactorName as F;
    match factor {
        F::Environment => "environment",
        F::Exposure => "exposure",
        F::InUse => "use",
        F::Attacked => "attacks",
        F::Conditions => "conditions",
        F::InKev => "KEV",
        F::Automatable => "automation",
        F::TechnicalImpact => "impact",
        F::Epss => "EPSS",
        F::Cvss => "CVSS",
        F::BlastRadius => "blast radius",
        F::Fix => "fix exists",
        F::Preference => "preference",
    }
}

fn remedy(told: &Told<'_>) -> Line {
    let mut line = match &told.finding.matter {
        Matter::Vulnerability { package, .. } => return update(told, package),
        Matter::Control { control, .. } | Matter::Signal { signal: control, .. } => {
            match told.controls.get(control.0.reveal()) {
                Some(row) => vec![Inline::Own(row.remedy.clone())],
                None => vec![own("follow the tool's own advice for this check")],
            }
        }
        Matter::Secret { .. } => vec![own("rotate the secret, then take it out of the place where it lies")],
        Matter::Rbac { capability, .. } => {
            vec![own(capability.row().remedy), own("; or bind the role to a subject that nothing exposed runs as")]
        }
    };
    if told.same_cause > 1 {
        line.push(own("; the same fix closes "));
        line.extend(counted(told.same_cause, [" open finding", " open findings"]));
    }
    line
}

fn update(told: &Told<'_>, package: &PackageKey) -> Line {
    let name = Inline::Name(package.said());
    let mend = told.mend.filter(|_| told.finding.fixed_in().is_some());
    let Some(mend) = mend else {
        return vec![own("no source names a version that mends it: take the asset off the Internet, or remove "), name];
    };
    let mut line = vec![own("update "), name, own(" to "), Inline::Name(mend.version.clone())];
    if mend.closes > 1 {
        line.push(own("; that closes "));
        line.extend(counted(mend.closes, [" open finding", " open findings"]));
    }
    line
}

fn signature(by: &By) -> Line {
    match by {
        By::Model(model) => {
            vec![
                own("Arranged by "),
                Inline::Cell(Opaque::readmit(&model.name)),
                own("; every fact, name and number by Assay."),
            ]
        }
        By::Fallback { model, instead_of, because } => vec![
            own("Arranged by "),
            Inline::Cell(Opaque::readmit(&model.name)),
            own(" instead of "),
            Inline::Cell(Opaque::readmit(instead_of)),
            own(" ("),
            own(because.as_str()),
            own("); every fact, name and number by Assay."),
        ],
        By::Template(because) => vec![own("Arranged by the template: "), own(because.as_str()), own(".")],
    }
}

//! The first screen: what is due, why, since when, and what was not seen. Comes in: a snapshot. Goes out: today's list by
//! root cause, and the document that every surface shows first.

mod not_seen;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::Result;
use assay_core::asset::KindClass;
use assay_core::document::{Block, Command, Document, Guarded, Inline, Line, count, counted, guard, own, withheld};
use assay_core::explain::{named, place};
use assay_core::finding::{Finding, FindingClass, Matter};
use assay_core::ids::{Span, Time};
use assay_core::observation::AttackStage;
use assay_core::order::{Ranked, Row, Told};
use assay_core::text::{Door, Opaque, Own, Shaped};
use assay_core::why::why;
use assay_store::{Funnel, Store};

use crate::snapshot::Snapshot;
use not_seen::not_seen;
pub(crate) use not_seen::unscanned;

/// Today fits on a screen.
pub(crate) const TODAY_MAX: usize = 5;
/// Findings that sound worse than they are, shown with their proof.
const LOWER_MAX: usize = 3;
/// "Due soon" in the funnel line.
const SOON: Span = Span::days(14);

/// One line of today: the most urgent finding of a root cause, or of a place under attack.
pub(crate) struct Item<'a> {
    pub(crate) ranked: Ranked<'a>,
    pub(crate) finding: Finding,
    /// Open findings that the same update or change closes; of a place under attack, its open signals.
    pub(crate) closes: u64,
}

/// Everything on the first screen.
pub(crate) struct Today<'a> {
    pub(crate) items: Vec<Item<'a>>,
    pub(crate) lower: Vec<Item<'a>>,
    pub(crate) open: u64,
    pub(crate) due_soon: u64,
    /// Root causes with a deadline: `items` are the first of them.
    pub(crate) causes: u64,
    pub(crate) decided: u64,
    pub(crate) images: u64,
    pub(crate) tools: Vec<String>,
    pub(crate) fix_first: Option<FixFirst>,
    pub(crate) unseen: Vec<Unseen>,
    pub(crate) funnel: Funnel,
}

/// The one fix that closes most.
pub(crate) struct FixFirst {
    pub(crate) finding: Finding,
    pub(crate) version: Opaque,
    pub(crate) closes: u64,
    pub(crate) workloads: u64,
}

/// A source that has fallen silent, and how many findings hang on it.
pub(crate) struct Unseen {
    pub(crate) node: Opaque,
    pub(crate) since: Time,
    pub(crate) findings: u64,
}

/// True for rows that today, due and digests count: open, spoken for by no other finding, taken out by no decision.
pub(crate) fn counts(row: &Row) -> bool {
    row.is_open() && !row.is_decided()
}

/// Today's list: the head of the order, one line a root cause, or a place under attack. What has no deadline is not for today.
pub(crate) fn items<'a>(store: &Store, snapshot: &'a Snapshot, max: usize) -> Result<Vec<Item<'a>>> {
    let mut seen = HashSet::new();
    let mut picked = Vec::new();
    for ranked in snapshot.table.list(&snapshot.policy, counts) {
        if snapshot.policy.band(ranked.band).days.is_none() || picked.len() >= max {
            break;
        }
        if seen.insert(Told::by(ranked.row, &snapshot.world)) {
            picked.push(ranked);
        }
    }
    for ranked in picked.iter_mut().filter(|r| r.row.class == FindingClass::Signal) {
        *ranked = gravest(snapshot, *ranked);
    }
    detailed(store, snapshot, picked)
}

/// Of the signs at one place that are as urgent as this one, the first that tells a foothold: each of them stands where the
/// place stands, and that one says why.
fn gravest<'a>(snapshot: &'a Snapshot, head: Ranked<'a>) -> Ranked<'a> {
    let told = Told::by(head.row, &snapshot.world);
    let shown = |row: &Row| counts(row) && Told::by(row, &snapshot.world) == told;
    let mut signs = snapshot.table.list(&snapshot.policy, shown).filter(|r| r.band == head.band);
    signs.find(|r| r.row.stage() == Some(AttackStage::Foothold)).unwrap_or(head)
}

fn detailed<'a>(store: &Store, snapshot: &'a Snapshot, picked: Vec<Ranked<'a>>) -> Result<Vec<Item<'a>>> {
    let ids: Vec<i64> = picked.iter().map(|r| i64::from(r.row.id)).collect();
    let findings = store.details(&ids, snapshot.world.as_of)?;
    let item = |(ranked, finding): (Ranked<'a>, Finding)| {
        let closes = match finding.class {
            FindingClass::Vulnerability => snapshot.mend(store, ranked.row)?.map_or(0, |m| m.closes),
            FindingClass::Signal => {
                let told = Told::by(ranked.row, &snapshot.world);
                snapshot.table.rows().iter().filter(|r| counts(r) && Told::by(r, &snapshot.world) == told).count()
                    as u64
            }
            _ => snapshot.same_cause(ranked.row),
        };
        Ok(Item { closes, ranked, finding })
    };
    picked.into_iter().zip(findings).map(item).collect()
}

/// Gathers the first screen.
pub(crate) fn gather<'a>(store: &Store, snapshot: &'a Snapshot) -> Result<Today<'a>> {
    let as_of = snapshot.world.as_of;
    let mut open = 0;
    let mut due_soon = 0;
    let mut decided = 0;
    let mut causes = HashSet::new();
    for ranked in snapshot.table.list(&snapshot.policy, |row| row.is_open()) {
        open += 1;
        if ranked.row.is_decided() {
            decided += 1;
            continue;
        }
        let soon = ranked.row.due(&snapshot.policy, ranked.band).is_some_and(|due| due <= as_of + SOON);
        due_soon += u64::from(soon);
        if snapshot.policy.band(ranked.band).days.is_some() {
            causes.insert(Told::by(ranked.row, &snapshot.world));
        }
    }
    let items = items(store, snapshot, TODAY_MAX)?;
    let shown: HashSet<u32> = items.iter().map(|i| i.ranked.row.cause).collect();
    Ok(Today {
        lower: lower(store, snapshot, &shown)?,
        fix_first: fix_first(store, snapshot)?,
        images: snapshot.world.assets.iter().filter(|a| a.key.kind.class() == KindClass::Image).count() as u64,
        tools: store.tools()?,
        unseen: unseen(store, snapshot)?,
        funnel: store.funnel(as_of - Span::hours(24), as_of)?,
        items,
        open,
        due_soon,
        causes: causes.len() as u64,
        decided,
    })
}

/// Findings that a scanner calls critical and that the evidence puts low: not in use, or not reached.
fn lower<'a>(store: &Store, snapshot: &'a Snapshot, shown: &HashSet<u32>) -> Result<Vec<Item<'a>>> {
    let last = snapshot.policy.bands.len().saturating_sub(1) as u8;
    let mut seen = HashSet::new();
    let mut picked: Vec<Ranked<'a>> = Vec::new();
    let low = |row: &Row| {
        let inputs = snapshot.table.inputs(row);
        let proof =
            inputs.in_use == assay_core::assess::Answer::No || inputs.exposure == assay_core::assess::Exposed::Internal;
        counts(row)
            && row.class == FindingClass::Vulnerability
            && inputs.cvss != assay_core::assess::MISSING
            && inputs.cvss >= 90
            && proof
    };
    for ranked in snapshot.table.list(&snapshot.policy, low) {
        if ranked.band + 1 >= last && !shown.contains(&ranked.row.cause) && seen.insert(ranked.row.cause) {
            picked.push(ranked);
        }
    }
    // What was watched and not used says more than what is merely not reached.
    picked.sort_by_key(|r| {
        (r.row.in_use() != assay_core::assess::Answer::No, std::cmp::Reverse(snapshot.table.inputs(r.row).cvss))
    });
    picked.truncate(LOWER_MAX);
    detailed(store, snapshot, picked)
}

/// The cause whose fix closes most open findings with a deadline, where a fix is known.
fn fix_first(store: &Store, snapshot: &Snapshot) -> Result<Option<FixFirst>> {
    let mut causes: BTreeMap<u32, (u64, BTreeSet<u32>, &Row, u8)> = BTreeMap::new();
    for ranked in snapshot.table.list(&snapshot.policy, |row| counts(row) && row.has_fix()) {
        if snapshot.policy.band(ranked.band).days.is_none() {
            break;
        }
        let entry = causes.entry(ranked.row.cause).or_insert((0, BTreeSet::new(), ranked.row, ranked.band));
        entry.0 += 1;
        entry.1.insert(ranked.row.asset);
    }
    let best =
        causes.into_values().max_by_key(|(n, _, row, band)| (*n, std::cmp::Reverse(*band), std::cmp::Reverse(row.id)));
    let Some((_, assets, row, _)) = best.filter(|(n, ..)| *n > 1) else { return Ok(None) };
    let finding = store.details(&[i64::from(row.id)], snapshot.world.as_of)?.into_iter().next();
    let (Some(finding), Some(mend)) = (finding, snapshot.mend(store, row)?) else { return Ok(None) };
    Ok(Some(FixFirst { finding, version: mend.version, closes: mend.closes, workloads: assets.len() as u64 }))
}

/// Nodes whose sensor has fallen silent, with the findings whose use is unknown because of it.
pub(crate) fn unseen(store: &Store, snapshot: &Snapshot) -> Result<Vec<Unseen>> {
    let as_of = snapshot.world.as_of;
    let silent = snapshot.world.watching.silent_after;
    let mut out = Vec::new();
    for (node, since) in store.sensor_nodes()? {
        if since.until(as_of) <= silent {
            continue;
        }
        let hangs = |row: &&Row| {
            let on_node = snapshot
                .world
                .assets
                .get(row.asset as usize)
                .is_some_and(|a| a.coverage.iter().any(|c| c.window.node.reveal() == node));
            counts(row) && on_node && row.in_use() == assay_core::assess::Answer::Unknown
        };
        let findings = snapshot.table.rows().iter().filter(hangs).count() as u64;
        out.push(Unseen { node: Opaque::readmit(&node), since, findings });
    }
    Ok(out)
}

/// What stands beside the list: where the digest lies, and what to type next.
#[derive(Default)]
pub(crate) struct Around<'a> {
    pub(crate) cluster: &'a str,
    pub(crate) words: &'a str,
    pub(crate) search: &'a str,
    pub(crate) digest: Option<&'a str>,
    pub(crate) next: Vec<Command>,
}

/// The first screen as a document.
pub(crate) fn document(
    today: &Today<'_>,
    snapshot: &Snapshot,
    around: &Around<'_>,
    door: &dyn Door,
) -> Guarded<Document> {
    let as_of = snapshot.world.as_of;
    let mut blocks = vec![Block::Line(head(as_of, around))];
    blocks.push(Block::Field(Own::new("Last 24 h"), funnel(today)));
    blocks.push(Block::Field(Own::new("Findings"), numbers(today)));
    blocks.push(Block::Field(Own::new("Not seen"), not_seen(today, snapshot)));
    blocks.push(Block::Section(Own::new("TODAY")));
    if today.items.is_empty() {
        blocks.push(Block::Line(vec![
            own("Nothing has a deadline. What was looked at: "),
            own(if today.open == 0 {
                "no open finding."
            } else {
                "every open finding; none is due before the next upgrade."
            }),
        ]));
    } else {
        let rows = today.items.iter().enumerate().map(|(i, item)| row(i, item, snapshot)).collect();
        let head = ["#", "DUE", "WHAT", "WHERE", "WHY"].map(Own::new).to_vec();
        blocks.push(Block::Table { head, rows });
        blocks.push(Block::Line(vec![own(
            "In order of band, then points: how soon the policy wants it, then how much speaks for it.",
        )]));
    }
    if !today.lower.is_empty() {
        blocks.push(Block::Section(Own::new("Lower than it looks")));
        for item in &today.lower {
            blocks.push(Block::Line(lower_line(item, snapshot)));
        }
    }
    blocks.push(Block::Section(Own::new("Then")));
    if let Some(fix) = &today.fix_first {
        blocks.push(Block::Field(Own::new("Fix first"), fix_line(fix)));
    }
    if let Some(digest) = around.digest {
        blocks.push(Block::Field(Own::new("Digest"), vec![Inline::Cell(Opaque::admit_name(digest, door))]));
    }
    let mut next = Vec::new();
    for (i, command) in around.next.iter().enumerate() {
        if i > 0 {
            next.push(own("     "));
        }
        next.push(Inline::Command(command.clone()));
    }
    if !next.is_empty() {
        blocks.push(Block::Field(Own::new("Next"), next));
    }
    guard(Document { as_of, blocks }, door).unwrap_or_else(|alarm| {
        tracing::error!("{alarm}");
        withheld(as_of)
    })
}

fn head(as_of: Time, around: &Around<'_>) -> Line {
    let cell = |text: &str| Inline::Cell(Opaque::readmit(text));
    vec![
        Inline::Strong(Own::new(concat!("Assay ", env!("CARGO_PKG_VERSION")))),
        own("   cluster "),
        cell(around.cluster),
        own("   as of "),
        cell(&as_of.to_minute()),
        own("   words: "),
        cell(around.words),
        own("   search: "),
        cell(around.search),
    ]
}

fn funnel(today: &Today<'_>) -> Line {
    let f = &today.funnel;
    if f.nodes.is_empty() {
        return vec![own("no sensor has reported: use, traffic and attacks are unknown")];
    }
    let lost: u64 = f.lost.values().sum();
    funnel_steps(f).into_iter().chain([own("     lost: "), count(lost)]).collect()
}

/// What came in and what was left of it, step by step.
pub(crate) fn funnel_steps(f: &Funnel) -> Line {
    let hits = counted(f.hook_hits, [" hook hit > ", " hook hits > "]);
    let records = counted(f.records, [" record > ", " records > "]);
    hits.into_iter().chain(records).chain(counted(f.facts, [" fact", " facts"])).collect()
}

fn numbers(today: &Today<'_>) -> Line {
    let mut line = vec![count(today.open), own(" open from ")];
    line.extend(counted(today.tools.len() as u64, [" tool in ", " tools in "]));
    line.extend(counted(today.images, [" image > ", " images > "]));
    line.extend([count(today.due_soon), own(" due within 14 days")]);
    // Today is the head of the order, not a part of what is due soon.
    line.extend([own("     today: "), count(today.items.len() as u64), own(" of ")]);
    line.extend(counted(today.causes, [" cause with a deadline", " causes with a deadline"]));
    if today.decided > 0 {
        line.extend([own("     decided: "), count(today.decided)]);
    }
    line
}

fn row(at: usize, item: &Item<'_>, snapshot: &Snapshot) -> Vec<Line> {
    let band = snapshot.policy.band(item.ranked.band);
    let as_of = snapshot.world.as_of;
    let mut due: Line = Vec::new();
    if band.forensic {
        due.push(own("forensic, "));
    }
    match item.ranked.row.due(&snapshot.policy, item.ranked.band) {
        Some(due_at) if due_at <= as_of => due.extend([own("overdue "), Inline::Ago(due_at)]),
        Some(due_at) => due.push(Inline::Shaped(Shaped::For(as_of.until(due_at)))),
        None => due.push(own("next upgrade")),
    }
    let factors = snapshot.factors(&item.finding);
    let mut place = place(&item.finding);
    if let Some(environment) = factors.environment.value() {
        place.extend([own("  "), own(environment.as_str())]);
    }
    let mut reason = why(&item.finding, &factors, &snapshot.world);
    if item.finding.class == FindingClass::Signal {
        if item.closes > 1 {
            reason.push(own("; "));
            reason.extend(counted(item.closes - 1, [" more sign here", " more signs here"]));
        }
    } else if item.closes > 1 {
        reason.extend([own("; one fix closes "), count(item.closes)]);
    }
    vec![vec![count(at as u64 + 1)], due, vec![named(&item.finding, &snapshot.controls)], place, reason]
}

fn lower_line(item: &Item<'_>, snapshot: &Snapshot) -> Line {
    let mut line = vec![named(&item.finding, &snapshot.controls)];
    let factors = snapshot.factors(&item.finding);
    line.extend([own(", "), own(item.finding.severity.as_str())]);
    if let Some(score) = factors.cvss.value() {
        line.extend([own(" "), Inline::Shaped(Shaped::Tenths(u16::from(score)))]);
    }
    line.push(own(", "));
    line.extend(place(&item.finding));
    line.push(own(": "));
    line.extend(why(&item.finding, &factors, &snapshot.world));
    line
}

pub(crate) fn fix_line(fix: &FixFirst) -> Line {
    let mut line = Vec::new();
    if let Matter::Vulnerability { package, .. } = &fix.finding.matter {
        line.extend([own("update "), Inline::Name(package.said())]);
        line.extend([own(" to "), Inline::Name(fix.version.clone())]);
    }
    if let Some(image) = &fix.finding.image {
        let name = assay_core::asset::ImageRef::familiar(image.repository.reveal());
        line.extend([own(" in image "), Inline::Name(Opaque::readmit(name))]);
    }
    line.push(own(": closes "));
    line.extend(counted(fix.closes, [" finding in ", " findings in "]));
    line.extend(counted(fix.workloads, [" workload", " workloads"]));
    line
}

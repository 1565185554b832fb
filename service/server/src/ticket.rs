//! A ticket in, what is known about it out. Comes in: a ticket's text, a stranger's. Goes out: the findings, images,
//! workloads and packages it names, matched against what is there, and a document for the ticket. What it names and
//! nobody knows is said.

use std::collections::{BTreeSet, HashSet};

use anyhow::Result;
use assay_core::asset::{ImageRef, KindClass};
use assay_core::document::{Block, Document, Guarded, Inline, Line, count, counted, guard, own, withheld};
use assay_core::explain::place;
use assay_core::finding::{Finding, Matter};
use assay_core::ids::VulnId;
use assay_core::order::Ranked;
use assay_core::query::nicknamed;
use assay_core::similar::{Similar, panel};
use assay_core::text::{Door, Opaque, Own, Shaped};
use assay_core::why::why;
use assay_core::world::AssetIdx;
use assay_store::Store;

use crate::shown::{self, Form, Kept};
use crate::similar::TextSearch;
use crate::snapshot::Snapshot;
use crate::today;
use crate::wire::full_name;

/// The longest ticket that is read, in bytes.
pub(crate) const TICKET_BYTES_MAX: usize = 256 << 10;
/// The most findings of one ticket.
const FINDINGS_MAX: usize = 50;
/// The most findings that its text lists.
const LISTED_MAX: usize = 10;

/// What a ticket names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) vulns: Vec<VulnId>,
    /// Assets by their index in the world.
    pub(crate) assets: Vec<u32>,
    /// Packages by their row.
    pub(crate) packages: BTreeSet<i64>,
    /// Names of the form `namespace/name` whose namespace is known and whose name is not.
    pub(crate) unknown: Vec<Opaque>,
}

/// What is known about a ticket.
pub(crate) struct Enrichment<'a> {
    pub(crate) named: Named,
    pub(crate) findings: Vec<(Ranked<'a>, Finding)>,
    /// Vulnerabilities that it names and that no finding has.
    pub(crate) unmatched: Vec<VulnId>,
    pub(crate) total: usize,
    pub(crate) similar: Similar,
    /// The ticket's text, cleaned.
    pub(crate) text: Opaque,
    pub(crate) document: Guarded<Document>,
}

/// The record of what is known about a ticket, as it leaves in these forms. The tracker's key is no part of it: a reader's
/// ticket is not kept.
pub(crate) fn record(enrichment: &Enrichment<'_>, forms: &[Form]) -> Result<Kept> {
    shown::record("enrichment", "of a ticket", &enrichment.document, None, forms)
}

/// Reads a ticket and gathers what is known. `key` is the tracker's own, so that a ticket is not offered to itself.
pub(crate) fn enrich<'a>(
    store: &Store,
    snapshot: &'a Snapshot,
    texts: &TextSearch,
    text: &str,
    key: Option<&Opaque>,
    door: &dyn Door,
) -> Result<Enrichment<'a>> {
    let text = Opaque::admit(cut(text), door);
    let named = read(&text, snapshot);
    let mut vulns: HashSet<u32> = HashSet::new();
    let mut unmatched = Vec::new();
    for id in &named.vulns {
        match store.vuln_row(id)?.and_then(|row| snapshot.world.vuln_row(row)) {
            Some(idx) => drop(vulns.insert(idx.0)),
            None => unmatched.push(id.clone()),
        }
    }
    let assets: HashSet<u32> = named.assets.iter().copied().collect();
    // A ticket that names a vulnerability is about that one, wherever it is open; the places that it names beside it are
    // answered for one by one.
    let hit = |row: &assay_core::order::Row| {
        let vuln = vulns.contains(&row.vuln);
        let asset = assets.contains(&row.asset);
        let package = named.packages.contains(&i64::from(row.package));
        row.is_open()
            && if vulns.is_empty() {
                asset && (named.packages.is_empty() || package) || (assets.is_empty() && package)
            } else {
                vuln
            }
    };
    let mut total = 0;
    let mut page = Vec::new();
    for ranked in snapshot.table.list(&snapshot.policy, hit) {
        total += 1;
        if page.len() < FINDINGS_MAX {
            page.push(ranked);
        }
    }
    let ids: Vec<i64> = page.iter().map(|r| i64::from(r.row.id)).collect();
    let findings: Vec<(Ranked<'a>, Finding)> =
        page.into_iter().zip(store.details(&ids, snapshot.world.as_of)?).collect();
    let updates = updates(store, snapshot, &findings)?;
    let about: Vec<&Finding> = findings.iter().map(|(_, finding)| finding).collect();
    let similar = texts.beside_ticket(store, snapshot, &text, &about, key)?;
    let mut blocks = told(snapshot, &named, &findings, &updates, (&vulns, &unmatched), total);
    blocks.extend(panel(&similar, &snapshot.controls, snapshot.world.as_of));
    let document = guard(Document { as_of: snapshot.world.as_of, blocks }, door).unwrap_or_else(|alarm| {
        tracing::error!("{alarm}");
        withheld(snapshot.world.as_of)
    });
    Ok(Enrichment { named, findings, unmatched, total, similar, text, document })
}

/// A ticket's text up to the limit, at a character.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(TICKET_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The id of a vulnerability that a word is: of the two databases that people cite.
pub(crate) fn vuln(word: &str) -> Option<VulnId> {
    let cited = |p: &&str| word.get(..p.len()).is_some_and(|head| head.eq_ignore_ascii_case(p));
    ["CVE-", "GHSA-"].iter().find(|p| cited(p) && word.len() > p.len()).and_then(|_| word.parse().ok())
}

/// The names in a ticket that mean something here.
fn read(text: &Opaque, snapshot: &Snapshot) -> Named {
    let world = &snapshot.world;
    let mut named = Named::default();
    let words: Vec<&str> = text
        .reveal()
        .split(|c: char| {
            c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '"' | '\'' | '`' | '<' | '>' | '|' | '[' | ']')
        })
        .collect();
    let words: Vec<&str> = words
        .iter()
        .map(|w| w.trim_matches(|c: char| matches!(c, '.' | ':' | '!' | '?' | '*' | '_')))
        .filter(|w| w.len() >= 2)
        .collect();
    let plain: HashSet<&str> = words.iter().copied().collect();
    for word in &words {
        if let Some(id) = vuln(word).filter(|id| !named.vulns.contains(id)) {
            named.vulns.push(id);
        }
    }
    // Who writes a ticket says Log4Shell as often as the number.
    for id in nicknamed(text.reveal()) {
        if !named.vulns.contains(&id) {
            named.vulns.push(id);
        }
    }
    let mut namespaces: HashSet<&str> = HashSet::new();
    let mut full: HashSet<String> = HashSet::new();
    for (i, asset) in world.assets.iter().enumerate() {
        let key = &asset.key;
        let name = key.name.reveal();
        match key.kind.class() {
            KindClass::Workload => {
                namespaces.insert(key.namespace.reveal());
                let path = format!("{}/{name}", key.namespace.reveal());
                // A bare name counts only where it cannot be a word of prose.
                let bare = plain.contains(name) && (name.contains('-') || plain.contains(key.namespace.reveal()));
                if plain.contains(path.as_str()) || bare {
                    named.assets.push(i as u32);
                }
                full.insert(path);
            }
            KindClass::Image => {
                let familiar = ImageRef::familiar(name);
                let hit = words.iter().any(|w| {
                    w.strip_prefix(familiar)
                        .or_else(|| w.strip_prefix(name))
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
                });
                if hit && familiar.contains('/') {
                    named.assets.push(i as u32);
                }
            }
            _ => {}
        }
    }
    for (row, package) in &snapshot.names.packages {
        let name = package.name.reveal();
        if name.len() >= 4 && plain.contains(name) {
            named.packages.insert(*row);
        }
    }
    for word in &words {
        if let Some((namespace, name)) = word.split_once('/')
            && namespaces.contains(namespace)
            && !name.is_empty()
            && !name.contains('/')
            && !full.contains(*word)
        {
            let name = Opaque::readmit(word);
            if !named.unknown.contains(&name) {
                named.unknown.push(name);
            }
        }
    }
    named
}

fn told(
    snapshot: &Snapshot,
    named: &Named,
    findings: &[(Ranked<'_>, Finding)],
    updates: &[Line],
    vulns: (&HashSet<u32>, &[VulnId]),
    total: usize,
) -> Vec<Block> {
    let (vulns, unmatched) = vulns;
    let as_of = snapshot.world.as_of;
    let mut blocks = vec![Block::Title(vec![own("Assay on this ticket")], vec![Inline::Shaped(Shaped::At(as_of))])];
    if *named == Named::default() {
        let none = "It names nothing that I recognise: no vulnerability, and no workload, image or package of yours.";
        blocks.push(Block::Line(vec![own(none)]));
        return blocks;
    }
    blocks.push(Block::Line(summary(snapshot, findings, total)));
    for (ranked, finding) in findings.iter().take(LISTED_MAX) {
        let mut line = vec![assay_core::explain::named(finding, &snapshot.controls)];
        line.push(own(", "));
        line.extend(place(finding));
        line.push(own(": "));
        line.extend(why(finding, &snapshot.factors(finding), &snapshot.world));
        let mut side = vec![Inline::Own(Own::catalogued(snapshot.policy.band(ranked.band).name.clone()))];
        if ranked.row.is_decided() {
            side.push(own(", decided"));
        } else if let Some(due) = ranked.row.due(&snapshot.policy, ranked.band) {
            side.extend([own(", due "), Inline::Ago(due)]);
        }
        blocks.push(Block::Fact(line, side));
    }
    if total > LISTED_MAX {
        let more = [" more is in the JSON form.", " more are in the JSON form."];
        blocks.push(Block::Line(counted((total - LISTED_MAX) as u64, more).to_vec()));
    }
    blocks.extend(updates.iter().map(|line| Block::Field(Own::new("Fix"), line.clone())));
    for id in unmatched {
        blocks.push(Block::Line(vec![
            own("The ticket names "),
            Inline::Shaped(Shaped::Vuln(id.clone())),
            own(": no report that was taken in claims it here."),
        ]));
    }
    blocks.extend(unclaimed(snapshot, named, vulns).into_iter().map(Block::Line));
    for name in &named.unknown {
        blocks.push(Block::Line(vec![
            own("The ticket also names "),
            Inline::Name(name.clone()),
            own(": unknown here."),
        ]));
    }
    blocks
}

/// The workloads that a ticket names beside vulnerabilities and that have none of them, with whether anybody looked.
fn unclaimed(snapshot: &Snapshot, named: &Named, vulns: &HashSet<u32>) -> Vec<Line> {
    if named.vulns.is_empty() {
        return Vec::new();
    }
    let world = &snapshot.world;
    let open = snapshot.table.rows().iter().filter(|row| row.is_open() && vulns.contains(&row.vuln));
    let has: HashSet<u32> = open.map(|row| row.asset).collect();
    let spared = named.assets.iter().map(|i| AssetIdx(*i)).filter(|i| !has.contains(&i.0));
    let mut lines = Vec::new();
    for workload in spared.filter(|i| world.asset(*i).key.kind.class() == KindClass::Workload).take(LISTED_MAX) {
        let key = &world.asset(workload).key;
        let name = Opaque::readmit(&full_name(key));
        let (all, scanned) = world
            .images(workload)
            .fold((0, 0), |(all, scanned), (edge, ..)| (all + 1, scanned + u64::from(snapshot.was_scanned(edge.to))));
        let mut line = vec![Inline::Name(name), own(": no report claims it there. ")];
        match (all, scanned) {
            (0, _) => line.push(own("Which images it runs is not known.")),
            (all, scanned) if all == scanned => line.push(own("Reports speak for all of its images.")),
            (all, scanned) => {
                line.extend([own("Reports speak for "), count(scanned), own(" of its ")]);
                line.extend(counted(all, [" image.", " images."]));
            }
        }
        lines.push(line);
    }
    lines
}

fn summary(snapshot: &Snapshot, findings: &[(Ranked<'_>, Finding)], total: usize) -> Line {
    if total == 0 {
        return vec![own("Nothing that the ticket names is an open finding here.")];
    }
    let assets: HashSet<u32> = findings.iter().map(|(r, _)| r.row.asset).collect();
    let as_of = snapshot.world.as_of;
    let soon = findings.iter().filter(|(r, _)| {
        today::counts(r.row)
            && r.row.due(&snapshot.policy, r.band).is_some_and(|due| due <= as_of + assay_core::ids::Span::days(14))
    });
    let soon = soon.count() as u64;
    let found = counted(total as u64, [" open finding in ", " open findings in "]);
    let places = counted(assets.len() as u64, [" place; ", " places; "]);
    found.into_iter().chain(places).chain([count(soon), own(" due within 14 days.")]).collect()
}

/// The updates that mend what was found, one a cause.
fn updates(store: &Store, snapshot: &Snapshot, findings: &[(Ranked<'_>, Finding)]) -> Result<Vec<Line>> {
    let mut seen = HashSet::new();
    let mut lines = Vec::new();
    for (ranked, finding) in findings {
        let Matter::Vulnerability { package, .. } = &finding.matter else { continue };
        if lines.len() >= LISTED_MAX || finding.fixed_in().is_none() || !seen.insert(ranked.row.cause) {
            continue;
        }
        let Some(mend) = snapshot.mend(store, ranked.row)? else { continue };
        let name = Inline::Name(package.said());
        let mut line = vec![own("update "), name, own(" to "), Inline::Name(mend.version)];
        if let Some(image) = &finding.image {
            let familiar = ImageRef::familiar(image.repository.reveal());
            line.extend([own(" in image "), Inline::Name(Opaque::readmit(familiar))]);
        }
        lines.push(line);
    }
    Ok(lines)
}

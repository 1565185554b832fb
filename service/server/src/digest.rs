//! The digest: what to do today, what moved, what is overdue, what was not seen. Comes in: a snapshot and a stretch of
//! time. Goes out: a document of one screen and its detail, and the numbers that tomorrow's digest is compared with.

mod stories;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use anyhow::Result;
use assay_core::document::{Block, Chart, Document, Guarded, Inline, Line, count, counted, guard, own, withheld};
use assay_core::explain::title;
use assay_core::finding::Finding;
use assay_core::ids::{Span, Time};
use assay_core::intel::FeedState;
use assay_core::order::{Ranked, Row};
use assay_core::text::{Door, Opaque, Own, Shaped};
use assay_core::why::why;
use assay_store::Store;
use serde::{Deserialize, Serialize};

use crate::data::{DataFolder, write_whole};
use crate::shifts;
use crate::shown::{self, Form, Kept};
use crate::snapshot::Snapshot;
use crate::today::{self, Today};
use stories::{Stories, section};

/// The most lines of one section; more are counted.
const LINES_MAX: usize = 10;
/// Days of the line chart.
const CHART_DAYS: u32 = 14;
/// The span that a digest has unless another is asked for.
const DAY: Span = Span::hours(24);
/// Decisions that end within this are announced.
const EXPIRES_SOON: Span = Span::days(7);

/// The numbers of a digest, kept so that the next one can say what moved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Numbers {
    pub(crate) open: u64,
    pub(crate) due_soon: u64,
    pub(crate) overdue: u64,
    pub(crate) decided: u64,
    pub(crate) new: u64,
    pub(crate) worse: u64,
    pub(crate) better: u64,
    pub(crate) resolved: u64,
    pub(crate) reopened: u64,
    /// Open findings by band.
    pub(crate) bands: BTreeMap<String, u64>,
}

/// A digest: its numbers and its document.
pub(crate) struct Digest {
    pub(crate) numbers: Numbers,
    pub(crate) since: Time,
    pub(crate) document: Guarded<Document>,
}

/// Makes the digest of the time since `since`.
pub(crate) fn make(store: &Store, snapshot: &Snapshot, since: Time, door: &dyn Door) -> Result<Digest> {
    let as_of = snapshot.world.as_of;
    let today = today::gather(store, snapshot)?;
    let moved = Moved::read(store, snapshot, since)?;
    let overdue = overdue(store, snapshot)?;
    let mut bands = BTreeMap::new();
    for ranked in snapshot.table.list(&snapshot.policy, |row| row.is_open()) {
        *bands.entry(snapshot.policy.band(ranked.band).name.clone()).or_default() += 1;
    }
    let numbers = Numbers {
        open: today.open,
        due_soon: today.due_soon,
        overdue: overdue.total,
        decided: today.decided,
        new: moved.new.total,
        worse: moved.worse.total,
        better: moved.better.total,
        resolved: moved.resolved.total,
        reopened: moved.reopened.total,
        bands,
    };
    let before = store
        .digest_before(since, as_of)?
        .and_then(|(at, body)| serde_json::from_str::<Numbers>(&body).ok().map(|numbers| (at, numbers)));
    let mut blocks = vec![Block::Title(headline(&numbers), period(snapshot, since))];
    blocks.push(numbers_table(&numbers, before.as_ref().map(|(_, numbers)| numbers)));
    blocks.push(Block::Line(compared(since.until(as_of), before.map(|(at, _)| at))));
    do_today(&mut blocks, &today, snapshot);
    section(&mut blocks, "New", &moved.new, snapshot);
    section(&mut blocks, "Came back", &moved.reopened, snapshot);
    section(&mut blocks, "More urgent", &moved.worse, snapshot);
    section(&mut blocks, "Less urgent", &moved.better, snapshot);
    section(&mut blocks, "Gone", &moved.resolved, snapshot);
    blocks.extend(shifts::section(store, since, as_of, LINES_MAX)?);
    section(&mut blocks, "Overdue", &overdue, snapshot);
    expiring(&mut blocks, store, snapshot)?;
    if moved.is_quiet() && today.items.is_empty() {
        blocks.push(Block::Line(vec![own("Nothing moved, and nothing has a deadline. These sources were looked at:")]));
    }
    sources(&mut blocks, store, snapshot, &today)?;
    blocks.push(Block::Chart(Chart {
        title: Own::new("Open findings"),
        values: store.open_by_day(as_of, CHART_DAYS)?,
        ends: [Own::new("14 days ago"), Own::new("now")],
    }));
    let document = guard(Document { as_of, blocks }, door).unwrap_or_else(|alarm| {
        tracing::error!("{alarm}");
        withheld(as_of)
    });
    Ok(Digest { numbers, since, document })
}

/// Which cluster a digest is about, and from when to when.
fn period(snapshot: &Snapshot, since: Time) -> Line {
    let at = |time: Time| Inline::Cell(Opaque::readmit(&time.to_minute()));
    let cluster = Inline::Cell(snapshot.cluster.clone());
    vec![own("cluster "), cluster, own(", from "), at(since), own(" to "), at(snapshot.world.as_of)]
}

/// The span of the newest digest: what the service tells from what is known now; without one, a day.
pub(crate) fn newest_span(store: &Store) -> Result<Span> {
    Ok(store.newest_digest()?.map_or(DAY, |(at, since, _)| since.until(at)))
}

/// Keeps a digest in the records, and its page among the files of the data folder.
pub(crate) fn keep(store: &mut Store, data: &DataFolder, snapshot: &Snapshot, digest: &Digest) -> Result<PathBuf> {
    let as_of = snapshot.world.as_of;
    store.keep_digest(as_of, digest.since, &serde_json::to_string(&digest.numbers)?)?;
    // Digests of a day are the rule; another span stands in the name, so that it takes no day's place.
    let span = digest.since.until(as_of);
    let of_span = if span == DAY { String::new() } else { format!(".{}", span.to_string().replace(' ', "")) };
    let path = data.digests().join(format!("{}{of_span}.html", as_of.civil().date()));
    write_whole(&path, page(&digest.document).as_bytes())?;
    Ok(path)
}

/// The record of a digest that leaves in these forms.
pub(crate) fn record(digest: &Digest, forms: &[Form]) -> Result<Kept> {
    let of = format!("of {}", digest.since.until(digest.document.get().as_of));
    shown::record("digest", &of, &digest.document, None, forms)
}

/// A digest as a page that stands alone: no script, nothing fetched.
pub(crate) fn page(document: &Guarded<Document>) -> String {
    let body = assay_core::sink::escape(document, assay_core::sink::Sink::Html);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Assay digest, {}</title><style>{}</style></head><body><main>\n{body}</main></body></html>\n",
        document.get().as_of.to_minute(),
        crate::STYLE
    )
}

struct Moved {
    new: Stories,
    reopened: Stories,
    worse: Stories,
    better: Stories,
    resolved: Stories,
}

impl Moved {
    /// The most urgent first. An image's finding that a workload's speaks for is not told beside it.
    fn read(store: &Store, snapshot: &Snapshot, since: Time) -> Result<Self> {
        let until = snapshot.world.as_of;
        let listed = snapshot.table.list(&snapshot.policy, |row| !row.is_superseded());
        let place: HashMap<i64, (usize, &Row)> =
            listed.enumerate().map(|(at, r)| (i64::from(r.row.id), (at, r.row))).collect();
        let read = |kind: &str| -> Result<Stories> {
            let changes = store.changes_between(since, until, kind)?;
            let placed = changes.into_iter().filter_map(|c| Some((*place.get(&c.finding?)?, c.body)));
            let mut placed: Vec<_> = placed.collect();
            placed.sort_by_key(|((at, _), _)| *at);
            let moved: Vec<(&Row, String)> = placed.into_iter().map(|((_, row), body)| (row, body)).collect();
            stories::gather(store, snapshot, &moved)
        };
        Ok(Self {
            new: read("new")?,
            reopened: read("reopened")?,
            worse: read("worse")?,
            better: read("better")?,
            resolved: read("resolved")?,
        })
    }

    fn is_quiet(&self) -> bool {
        [&self.new, &self.reopened, &self.worse, &self.better, &self.resolved].iter().all(|s| s.total == 0)
    }
}

fn overdue(store: &Store, snapshot: &Snapshot) -> Result<Stories> {
    let as_of = snapshot.world.as_of;
    let late = |r: &Ranked<'_>| r.row.due(&snapshot.policy, r.band).is_some_and(|due| due <= as_of);
    let late = snapshot.table.list(&snapshot.policy, today::counts).filter(late);
    let moved: Vec<(&Row, String)> = late.map(|r| (r.row, String::new())).collect();
    stories::gather(store, snapshot, &moved)
}

fn headline(n: &Numbers) -> Line {
    vec![
        count(n.open),
        own(" open, "),
        count(n.due_soon),
        own(" due within 14 days, "),
        count(n.overdue),
        own(" overdue"),
    ]
}

fn numbers_table(n: &Numbers, before: Option<&Numbers>) -> Block {
    let row = |what: &'static str, now: u64, pick: fn(&Numbers) -> u64| {
        let then = before.map_or_else(|| vec![own("-")], |b| vec![count(pick(b))]);
        vec![vec![own(what)], vec![count(now)], then]
    };
    let rows = vec![
        row("open", n.open, |b| b.open),
        row("due within 14 days", n.due_soon, |b| b.due_soon),
        row("overdue", n.overdue, |b| b.overdue),
        row("new", n.new, |b| b.new),
        row("came back", n.reopened, |b| b.reopened),
        row("more urgent", n.worse, |b| b.worse),
        row("less urgent", n.better, |b| b.better),
        row("gone", n.resolved, |b| b.resolved),
        row("decided", n.decided, |b| b.decided),
    ];
    Block::Table { head: ["", "now", "before"].map(Own::new).to_vec(), rows }
}

/// Which digest stands beside the numbers.
fn compared(span: Span, before: Option<Time>) -> Line {
    let span = Inline::Shaped(Shaped::For(span));
    match before {
        Some(at) => {
            vec![own("Before: the digest of "), Inline::Shaped(Shaped::At(at)), own(", of the same span: "), span]
        }
        None => vec![own("Before: no earlier digest has this span: "), span],
    }
}

/// A finding's title, which leads to it.
fn entitled(finding: &Finding, snapshot: &Snapshot) -> Inline {
    Inline::Finding(finding.fingerprint, title(finding, &snapshot.controls))
}

fn do_today(blocks: &mut Vec<Block>, today: &Today<'_>, snapshot: &Snapshot) {
    if today.items.is_empty() {
        return;
    }
    blocks.push(Block::Section(Own::new("Do today")));
    for item in &today.items {
        let band = snapshot.policy.band(item.ranked.band);
        let mut line = vec![entitled(&item.finding, snapshot)];
        line.push(own(": "));
        line.extend(why(&item.finding, &snapshot.factors(&item.finding), &snapshot.world));
        let mut side = vec![Inline::Own(Own::catalogued(band.name.clone()))];
        if let Some(due) = item.ranked.row.due(&snapshot.policy, item.ranked.band) {
            side.extend([own(", due "), Inline::Ago(due)]);
        }
        blocks.push(Block::Fact(line, side));
    }
    let rest = today.due_soon.saturating_sub(today.items.len() as u64);
    if rest > 0 {
        let more = [" more is due within 14 days.", " more are due within 14 days."];
        blocks.push(Block::Line(counted(rest, more).to_vec()));
    }
}

/// The cause of a move: it was written by ours, as pairs of factor names and values.
fn side_of(because: &str, snapshot: &Snapshot, finding: &Finding) -> Line {
    if because.is_empty() || because.starts_with('{') {
        return snapshot
            .ranked(finding.id)
            .map(|r| vec![Inline::Own(Own::catalogued(snapshot.policy.band(r.band).name.clone()))])
            .unwrap_or_default();
    }
    vec![Inline::Own(Own::catalogued(because.to_owned()))]
}

fn expiring(blocks: &mut Vec<Block>, store: &Store, snapshot: &Snapshot) -> Result<()> {
    let as_of = snapshot.world.as_of;
    let soon: Vec<_> = store
        .decisions(as_of)?
        .into_iter()
        .filter(|(_, d)| d.until.is_some_and(|until| until > as_of && until <= as_of + EXPIRES_SOON))
        .collect();
    if soon.is_empty() {
        return Ok(());
    }
    blocks.push(Block::Section(Own::new("Decisions that end this week")));
    for (id, decision) in soon.iter().take(LINES_MAX) {
        let Some(finding) = store.details(&[*id], as_of)?.into_iter().next() else { continue };
        let mut side = vec![own(decision.word())];
        if let Some(until) = decision.until {
            side.extend([own(", ends "), Inline::Ago(until)]);
        }
        blocks.push(Block::Fact(vec![entitled(&finding, snapshot)], side));
    }
    Ok(())
}

/// Every source with its last good time, and what could not be seen.
fn sources(blocks: &mut Vec<Block>, store: &Store, snapshot: &Snapshot, today: &Today<'_>) -> Result<()> {
    let as_of = snapshot.world.as_of;
    blocks.push(Block::Section(Own::new("Sources")));
    let mut rows: Vec<Vec<Line>> = Vec::new();
    for source in store.sources(as_of)? {
        let state = match (source.silent, source.scopes) {
            (0, _) => vec![own("in time")],
            (silent, all) => {
                let scopes = counted(all, [" scope silent: ", " scopes silent: "]);
                let stale = own(if silent == 1 { "its findings are stale" } else { "their findings are stale" });
                [count(silent), own(" of ")].into_iter().chain(scopes).chain([stale]).collect()
            }
        };
        rows.push(vec![vec![Inline::Cell(source.tool)], vec![Inline::Ago(source.last_received)], state]);
    }
    for FeedState { feed, published, rows: n, .. } in &snapshot.world.feeds {
        let entries = counted(*n, [" entry", " entries"]).to_vec();
        rows.push(vec![vec![own(feed.as_str())], vec![Inline::Ago(*published)], entries]);
    }
    for (node, at) in store.sensor_nodes()? {
        let silent = at.until(as_of) > snapshot.world.watching.silent_after;
        let state = own(if silent { "silent: what rests on it is unknown" } else { "in time" });
        rows.push(vec![
            vec![own("sensor on "), Inline::Name(Opaque::readmit(&node))],
            vec![Inline::Ago(at)],
            vec![state],
        ]);
    }
    blocks.push(Block::Table { head: ["source", "heard", "state"].map(Own::new).to_vec(), rows });
    let unscanned = today::unscanned(snapshot);
    if unscanned > 0 {
        let mut line = counted(unscanned, [" running image was", " running images were"]).to_vec();
        line.push(own(" never scanned: zero findings there means nothing."));
        blocks.push(Block::Line(line));
    }
    let f = &today.funnel;
    if !f.nodes.is_empty() {
        let lost: u64 = f.lost.values().sum();
        let steps = today::funnel_steps(f).into_iter();
        let line = steps.chain([own("; lost: "), count(lost)]).collect();
        blocks.push(Block::Field(Own::new("Sensors, last 24 h"), line));
    }
    Ok(())
}

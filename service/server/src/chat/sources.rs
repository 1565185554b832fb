//! Who looked, and what is not seen. Silence is said before it is asked: every source with its last good time, every
//! question that nobody can answer with how many findings hang on it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use assay_core::assess::{Answer, Attacked, Exposed};
use assay_core::document::{Block, Inline, Line, count, own};
use assay_core::ids::Time;
use assay_core::observation::What;
use assay_core::order::Row;
use assay_core::query::{Abstain, PresenceIs, Query, QueryKind, Tri};
use assay_core::text::{Opaque, Own};

use super::scope::{assets, nodes};
use super::tables::{line, some};
use super::wire::RowWire;
use super::{Chat, Told};
use crate::today;

/// The kinds whose answer would rest on a source that says nothing any more.
fn rests_on_sources(kind: QueryKind) -> bool {
    use QueryKind as K;
    matches!(kind, K::Top | K::List | K::Count | K::Changed | K::Due | K::Fixes | K::Affected)
}

impl Chat<'_> {
    /// The source without which there is no answer, when it has fallen silent: all tools that are named, or every sensor
    /// where attacks are asked for. Who asks for what is stale gets it.
    pub(super) fn silent_source(&self, query: &Query) -> Result<Option<Abstain>> {
        let f = &query.filters;
        let wants_stale = f.stale == Some(Tri::Yes) || f.presence.contains(&PresenceIs::Stale);
        if wants_stale || !rests_on_sources(query.kind) {
            return Ok(None);
        }
        let as_of = self.snapshot.world.as_of;
        if !f.source.is_empty() {
            let sources = self.store.sources(as_of)?;
            let named: Vec<_> = sources.iter().filter(|s| f.source.contains(&s.tool)).collect();
            let all_silent = !named.is_empty() && named.iter().all(|s| s.silent == s.scopes);
            if let Some(last) = named.iter().max_by_key(|s| s.last_received).filter(|_| all_silent) {
                return Ok(Some(Abstain::SourceStale { source: last.tool.clone(), since: last.last_received }));
            }
        }
        if f.attacked.iter().any(|a| *a != Attacked::Unknown) {
            let sensors = self.sensors_heard()?;
            let silent = |at: &Time| at.until(as_of) > self.snapshot.world.watching.silent_after;
            if let Some(last) = sensors.values().max().copied().filter(|_| sensors.values().all(silent)) {
                return Ok(Some(Abstain::SourceStale { source: Opaque::readmit("sensor"), since: last }));
            }
        }
        Ok(None)
    }

    /// Every node that a sensor ever spoke of, with the last time: by its own reports, or by what it watched.
    fn sensors_heard(&self) -> Result<BTreeMap<String, Time>> {
        let mut heard = self.store.sensor_nodes()?;
        let windows = self.snapshot.world.assets.iter().flat_map(|a| &a.coverage);
        for window in windows.map(|c| &c.window).filter(|w| w.eye.is_of_sensor() && !w.node.is_empty()) {
            let last = heard.entry(window.node.reveal().to_owned()).or_insert(window.until);
            *last = window.until.max(*last);
        }
        Ok(heard)
    }

    /// Every source with its last good time, in a line each.
    pub(super) fn heard(&self) -> Result<Vec<Block>> {
        let mut blocks = Vec::new();
        for source in self.store.sources(self.snapshot.world.as_of)? {
            let mut line = vec![Inline::Name(source.tool.clone()), own(" was last heard ")];
            line.extend([Inline::Ago(source.last_received), own(".")]);
            blocks.push(Block::Line(line));
        }
        if blocks.is_empty() {
            blocks.push(line("No source has reported yet."));
        }
        Ok(blocks)
    }

    pub(super) fn coverage(&self, query: &Query) -> Result<Told> {
        let f = &query.filters;
        let world = &self.snapshot.world;
        let as_of = world.as_of;
        let mut told = Told::default();
        let only_node = !f.node.is_empty() && f.source.is_empty();
        let sources = if only_node { Vec::new() } else { self.store.sources(as_of)? };
        let sources: Vec<_> = sources
            .into_iter()
            .filter(|s| f.source.is_empty() || f.source.contains(&s.tool))
            .filter(|s| f.stale.is_none_or(|want| (want == Tri::Yes) == (s.silent == s.scopes)))
            .collect();
        let mut rows: Vec<Vec<Line>> = Vec::new();
        for source in &sources {
            rows.push(vec![
                vec![Inline::Cell(source.tool.clone())],
                vec![Inline::Ago(source.last_received)],
                vec![count(source.scopes)],
                vec![count(source.silent)],
            ]);
            told.rows.push(RowWire::Source {
                source: (&source.tool).into(),
                what: "reports",
                last_heard: Some(source.last_received.to_string()),
                scopes: source.scopes,
                silent: source.silent,
            });
        }
        if f.source.is_empty() {
            self.sensors(query, &mut rows, &mut told)?;
        }
        let head = ["SOURCE", "LAST HEARD", "SPEAKS FOR", "SILENT"].map(Own::new).to_vec();
        if rows.is_empty() {
            let none = if f.stale == Some(Tri::Yes) {
                "No source has fallen silent."
            } else {
                "No source of that sort has reported."
            };
            told.blocks.push(line(none));
        } else {
            told.blocks.push(Block::Table { head, rows });
        }
        if f.source.is_empty() && !only_node && f.stale.is_none() {
            self.feeds(&mut told);
            told.blocks.push(Block::Line(self.images_looked_at()));
            told.blocks.push(Block::Line(self.watched(query)));
        }
        Ok(told)
    }

    fn sensors(&self, query: &Query, rows: &mut Vec<Vec<Line>>, told: &mut Told) -> Result<()> {
        let f = &query.filters;
        let world = &self.snapshot.world;
        let heard = self.sensors_heard()?;
        // A node that is known and has never been heard of is one without a sensor.
        let known = world.assets.iter().filter(|a| a.key.kind.as_str() == "Node").map(|a| a.key.name.reveal());
        let all: BTreeSet<&str> = heard.keys().map(String::as_str).chain(known).collect();
        for node in all {
            let last = heard.get(node).copied();
            let silent = last.is_none_or(|at| at.until(world.as_of) > world.watching.silent_after);
            let name = Opaque::readmit(node);
            let asked = (f.node.is_empty() || f.node.contains(&name))
                && f.stale.is_none_or(|want| (want == Tri::Yes) == silent);
            if !asked {
                continue;
            }
            rows.push(vec![
                vec![own("sensor on "), Inline::Name(name.clone())],
                vec![last.map_or(own("never"), Inline::Ago)],
                vec![count(1)],
                vec![count(u64::from(silent))],
            ]);
            told.rows.push(RowWire::Source {
                source: (&name).into(),
                what: "sensor",
                last_heard: last.map(|t| t.to_string()),
                scopes: 1,
                silent: u64::from(silent),
            });
        }
        Ok(())
    }

    fn feeds(&self, told: &mut Told) {
        for feed in &self.snapshot.world.feeds {
            let line = vec![
                own(feed.feed.as_str()),
                own(" was published "),
                Inline::Ago(feed.published),
                own(" and taken in "),
                Inline::Ago(feed.imported),
                own("."),
            ];
            told.blocks.push(Block::Line(line));
            told.rows.push(RowWire::Source {
                source: (&Opaque::readmit(feed.feed.as_str())).into(),
                what: "feed",
                last_heard: Some(feed.published.to_string()),
                scopes: feed.rows,
                silent: 0,
            });
        }
        if self.snapshot.world.feeds.is_empty() {
            told.blocks.push(line("No feed has been taken in: what is exploited elsewhere is unknown."));
        }
    }

    fn images_looked_at(&self) -> Line {
        let world = &self.snapshot.world;
        let running: BTreeSet<u32> = world.edges.iter().filter(|e| e.link.as_str() == "runs").map(|e| e.to.0).collect();
        let unscanned = today::unscanned(self.snapshot);
        let mut line = vec![own("Scanned: "), count((running.len() as u64).saturating_sub(unscanned)), own(" of ")];
        line.extend(some(running.len() as u64, " running image", " running images"));
        line.extend([own("; never scanned: "), count(unscanned), own(".")]);
        line
    }

    fn watched(&self, query: &Query) -> Line {
        let world = &self.snapshot.world;
        let inside = assets(world, &query.filters, true);
        let scope: Vec<u32> =
            world.workloads().map(|w| w.0).filter(|w| inside.as_ref().is_none_or(|set| set.contains(w))).collect();
        let watched = scope.iter().filter(|w| !nodes(world, **w).is_empty()).count() as u64;
        let mut line = vec![own("Watched by a sensor at some time: "), count(watched), own(" of ")];
        line.extend(some(scope.len() as u64, " workload.", " workloads."));
        line
    }

    /// What is not seen, with how much hangs on it.
    pub(super) fn blind(&self, query: &Query) -> Result<Told> {
        let world = &self.snapshot.world;
        let table = &self.snapshot.table;
        let gathered = self.gathered(query, |row| !row.is_decided())?;
        let mut told = Told::default();
        for unseen in today::unseen(self.store, self.snapshot)? {
            if !query.filters.node.is_empty() && !query.filters.node.contains(&unseen.node) {
                continue;
            }
            let mut line = vec![own("Node "), Inline::Name(unseen.node.clone()), own(" has had no sensor since ")];
            line.extend([Inline::Ago(unseen.since), own(": use is unknown for ")]);
            line.extend(some(unseen.findings, " finding.", " findings."));
            told.blocks.push(Block::Line(line));
            told.rows.push(RowWire::Unseen {
                what: "sensor_silent",
                name: Some((&unseen.node).into()),
                since: Some(unseen.since.to_string()),
                findings: unseen.findings,
            });
        }
        if self.sensors_heard()?.is_empty() {
            told.blocks.push(line("No sensor has ever reported: use, traffic and attacks are unknown everywhere."));
        }
        for source in self.store.sources(world.as_of)?.iter().filter(|s| s.silent > 0) {
            let mut line = vec![Inline::Name(source.tool.clone()), own(" is silent for "), count(source.silent)];
            line.push(own(" of "));
            line.extend(some(source.scopes, " thing that it speaks for", " things that it speaks for"));
            line.push(own("; last heard "));
            line.extend([Inline::Ago(source.last_received), own(".")]);
            told.blocks.push(Block::Line(line));
        }
        told.blocks.extend(self.never_scanned());
        let failed = world.assets.iter().flat_map(|a| &a.facts).filter(|f| matches!(f.what, What::NotAssessed(_)));
        let failed = failed.count() as u64;
        if failed > 0 {
            let mut line = Vec::new();
            line.extend(some(failed, " scan could not assess", " scans could not assess"));
            line.push(own(" what it looked at: nothing found there shows nothing."));
            told.blocks.push(Block::Line(line));
        }
        let n = |hit: &dyn Fn(&Row) -> bool| gathered.rows.iter().filter(|r| hit(r.row)).count() as u64;
        let unknowns: [(&'static str, u64); 7] = [
            ("exposure", n(&|r| table.inputs(r).exposure == Exposed::Unknown)),
            ("use", n(&|r| r.in_use() == Answer::Unknown)),
            ("attacks", n(&|r| table.inputs(r).attacked == Attacked::Unknown)),
            ("environment", n(&|r| table.inputs(r).environment.is_none())),
            ("being exploited elsewhere", n(&|r| table.inputs(r).in_kev == Answer::Unknown)),
            ("being automatable", n(&|r| table.inputs(r).automatable == Answer::Unknown)),
            ("technical impact", n(&|r| table.inputs(r).total_impact == Answer::Unknown)),
        ];
        let mut line = vec![own("Of ")];
        line.extend(some(gathered.rows.len() as u64, " open finding", " open findings"));
        line.push(own(" unknown: "));
        let mut any = false;
        for (what, unknown) in unknowns.into_iter().filter(|(_, n)| *n > 0) {
            line.extend(any.then(|| own(", ")));
            line.extend([own(what), own(" of "), count(unknown)]);
            told.rows.push(RowWire::Unseen { what, name: None, since: None, findings: unknown });
            any = true;
        }
        line.push(own(if any { "." } else { "nothing." }));
        told.blocks.push(Block::Line(line));
        Ok(told)
    }
}

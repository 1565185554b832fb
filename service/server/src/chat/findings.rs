//! Answers that are findings: what comes first, lists, counts, deadlines, one finding explained, one flaw everywhere.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};

use anyhow::Result;
use assay_core::assess::{Answer, MISSING};
use assay_core::document::{Block, Inline, count, own};
use assay_core::ids::Time;
use assay_core::order::{Ranked, Row};
use assay_core::query::{Absent, Abstain, Change, Order, PresenceIs, Query, QueryKind, Tri, Which};
use assay_core::text::Shaped;

use super::sieve::{Gathered, Sieve};
use super::tables::{LISTED_MAX, some};
use super::wire::RowWire;
use super::{Chat, Outcome, Told};
use crate::commands::explain::ByWire;
use crate::today;

impl Chat<'_> {
    pub(super) fn gathered(&self, query: &Query, also: impl Fn(&Row) -> bool) -> Result<Gathered<'_>> {
        let mut gathered = Sieve::new(self.store, self.snapshot, query)?.gather(also);
        self.sort(&mut gathered.rows, query.order)?;
        Ok(gathered)
    }

    fn sort(&self, rows: &mut [Ranked<'_>], order: Order) -> Result<()> {
        let table = &self.snapshot.table;
        // What is missing comes last, not first.
        let highest = |value: u8| Reverse(if value == MISSING { 0 } else { value.saturating_add(1) });
        match order {
            Order::Band => {}
            Order::Due => rows.sort_by_key(|r| self.due_at(r).map_or(i64::MAX, Time::millis)),
            Order::Epss => rows.sort_by_key(|r| highest(table.inputs(r.row).epss)),
            Order::Cvss => rows.sort_by_key(|r| highest(table.inputs(r.row).cvss)),
            Order::Oldest | Order::Newest => {
                let seen = self.store.first_seen()?;
                let at = |r: &Ranked<'_>| seen.get(&i64::from(r.row.id)).map_or(i64::MAX, |t| t.millis());
                match order {
                    Order::Newest => rows.sort_by_key(|r| Reverse(at(r))),
                    _ => rows.sort_by_key(at),
                }
            }
        }
        Ok(())
    }

    fn due_at(&self, ranked: &Ranked<'_>) -> Option<Time> {
        ranked.row.due(&self.snapshot.policy, ranked.band)
    }

    /// One line a root cause, the most urgent first. What a decision covers is left out unless decisions are asked for.
    pub(super) fn top(&self, query: &Query) -> Result<Told> {
        let asked = query.filters.decision.is_some() || !query.filters.presence.is_empty();
        let gathered = self.gathered(query, |row| asked || !row.is_decided())?;
        let mut causes = HashSet::new();
        let heads: Vec<Ranked<'_>> = gathered.rows.iter().copied().filter(|r| causes.insert(r.row.cause)).collect();
        let shown = heads.len().min(usize::from(query.limit));
        let mut told = Told::default();
        let mut line = Vec::new();
        let decided = self.gathered(query, |row| !asked && row.is_decided())?.rows.len() as u64;
        line.extend(some(gathered.rows.len() as u64 + decided, " open finding", " open findings"));
        if decided > 0 {
            line.extend([own(", "), count(decided), own(" of them decided and left out,")]);
        }
        line.push(own(" with "));
        line.extend(some(heads.len() as u64, " root cause.", " root causes."));
        if shown < heads.len() {
            line.extend([own(" Shown: the first "), count(shown.min(LISTED_MAX) as u64), own(", one a cause.")]);
        }
        told.blocks.push(Block::Line(line));
        self.list_findings(&mut told, &self.detailed(&heads[..shown])?, true);
        let dated = |r: &&Ranked<'_>| self.due_at(r).is_some();
        if !heads.is_empty() && heads.iter().take(shown).find(dated).is_none() {
            told.blocks.push(super::tables::line("None of these has a deadline before the next upgrade."));
        }
        told.blocks.extend(self.not_counted(&gathered));
        Ok(told)
    }

    pub(super) fn list(&self, query: &Query) -> Result<Told> {
        if asks_whether_fixed(query) {
            return self.fixed(query);
        }
        let gathered = self.gathered(query, |_| true)?;
        let shown = gathered.rows.len().min(usize::from(query.limit));
        let mut told = Told { blocks: self.counted(query, &gathered, shown), ..Told::default() };
        told.blocks.extend(self.still_open(query)?);
        self.list_findings(&mut told, &self.detailed(&gathered.rows[..shown])?, false);
        Ok(told)
    }

    pub(super) fn due(&self, query: &Query) -> Result<Told> {
        let asked = query.filters.decision.is_some();
        // Those that are overdue are told among all that have a deadline.
        let only_late = query.filters.overdue == Some(Tri::Yes);
        let mut dated = query.clone();
        dated.filters.overdue = query.filters.overdue.filter(|_| !only_late);
        let mut gathered = self.gathered(&dated, |row| asked || !row.is_decided())?;
        let none = gathered.rows.iter().filter(|r| self.due_at(r).is_none()).count() as u64;
        gathered.rows.retain(|r| self.due_at(r).is_some());
        self.sort(&mut gathered.rows, Order::Due)?;
        let as_of = self.snapshot.world.as_of;
        let dated = gathered.rows.len() as u64;
        let late = gathered.rows.partition_point(|r| self.due_at(r).is_some_and(|d| d <= as_of));
        let mut line = Vec::new();
        if only_late {
            line.extend([count(late as u64), own(" overdue of ")]);
            line.extend(some(dated, " finding with a deadline", " findings with a deadline"));
            if let Some(next) = gathered.rows.get(late).and_then(|r| self.due_at(r)) {
                line.extend([own("; the next is due in "), Inline::Shaped(Shaped::For(as_of.until(next)))]);
            }
            line.push(own("."));
            gathered.rows.truncate(late);
        } else {
            line.extend(some(dated, " finding with a deadline", " findings with a deadline"));
            line.extend([own(", "), count(late as u64), own(" of them overdue.")]);
        }
        let shown = gathered.rows.len().min(usize::from(query.limit));
        if shown.min(LISTED_MAX) < gathered.rows.len() {
            line.extend([own(" Shown: the first "), count(shown.min(LISTED_MAX) as u64), own(".")]);
        }
        if none > 0 {
            line.extend([own(" Due with the next upgrade only: "), count(none), own(".")]);
        }
        let mut told = Told { blocks: vec![Block::Line(line)], ..Told::default() };
        self.list_findings(&mut told, &self.detailed(&gathered.rows[..shown])?, false);
        told.blocks.extend(self.not_counted(&gathered));
        Ok(told)
    }

    /// One finding with everything that is known of it: the words of `assay explain`.
    pub(super) fn why(&self, query: &Query) -> Outcome {
        let absent = |absent| Ok(Err(Abstain::NothingFound(absent)));
        let (id, others) = match &query.filters.finding {
            Some(Which::Id(text)) => match self.store.find(text)? {
                Some(id) => (id, 0),
                None => return absent(Absent::Finding),
            },
            Some(Which::Nth { n, of }) => match self.nth(query, *n, *of)? {
                Ok(id) => (id, 0),
                Err(abstain) => return Ok(Err(abstain)),
            },
            None => match self.first(query)? {
                Some(found) => found,
                None => return absent(Absent::Finding),
            },
        };
        let Some(ranked) = self.snapshot.ranked(id) else { return absent(Absent::Finding) };
        let Some(finding) = self.store.details(&[id], self.snapshot.world.as_of)?.into_iter().next() else {
            return absent(Absent::Finding);
        };
        let (explained, plan) = self.words.explain(self.store, self.snapshot, &finding, &ranked, self.door)?;
        let mut told = Told { plan, by: Some(ByWire::from(&explained.settled.by)), ..Told::default() };
        if others > 0 {
            let mut line = vec![own("The most urgent of "), count(others + 1)];
            line.push(own(" that match; a list of them is one question away."));
            told.blocks.push(Block::Line(line));
        }
        told.blocks.extend(explained.document.get().blocks.iter().cloned());
        told.findings.push(id);
        told.rows.push(RowWire::Finding(Box::new(crate::wire::FindingWire::of(self.snapshot, &finding, &ranked))));
        Ok(Ok(told))
    }

    /// The most urgent finding that matches, open ones first, and how many others do.
    fn first(&self, query: &Query) -> Result<Option<(i64, u64)>> {
        let open = self.gathered(query, |_| true)?;
        let all = if open.rows.is_empty() {
            let mut any = query.clone();
            any.filters.presence = vec![PresenceIs::Resolved];
            self.gathered(&any, |_| true)?
        } else {
            open
        };
        Ok(all.rows.first().map(|r| (i64::from(r.row.id), all.rows.len() as u64 - 1)))
    }

    /// The n-th row of the list that a query of another kind with the same filters shows.
    fn nth(&self, query: &Query, n: u16, of: QueryKind) -> Result<Result<i64, Abstain>> {
        let mut listed = Query { kind: of, ..query.clone() };
        listed.filters.finding = None;
        listed.limit = n.max(of.rows_default());
        if matches!(of, QueryKind::Why | QueryKind::Count) {
            listed.kind = QueryKind::List;
        }
        let told = match self.told(&listed)? {
            Ok(told) => told,
            Err(abstain) => return Ok(Err(abstain)),
        };
        if told.findings.is_empty() && !told.rows.is_empty() {
            return Ok(Err(Abstain::NothingFound(Absent::ListOfFindings)));
        }
        let rows = told.findings.len().min(usize::from(u16::MAX)) as u16;
        let found = usize::from(n).checked_sub(1).and_then(|i| told.findings.get(i).copied());
        Ok(found.ok_or(Abstain::NothingFound(Absent::Place { n, rows })))
    }

    /// One flaw or package everywhere: where it is open, how exposed and used it is, and what is not known.
    pub(super) fn affected(&self, query: &Query) -> Result<Told> {
        if asks_whether_fixed(query) {
            return self.fixed(query);
        }
        let gathered = self.gathered(query, |_| true)?;
        let mut resolved = query.clone();
        resolved.filters.presence = vec![PresenceIs::Resolved];
        let resolved = self.gathered(&resolved, |_| true)?.rows.len() as u64;
        let mut told = Told::default();
        let table = &self.snapshot.table;
        let n = |hit: &dyn Fn(&Row) -> bool| gathered.rows.iter().filter(|r| hit(r.row)).count() as u64;
        let exposed = |want: Answer| n(&|row| table.inputs(row).exposure.publicly() == want);
        if gathered.rows.is_empty() {
            told.blocks.push(Block::Line(vec![
                own("No open finding matches. Resolved before: "),
                count(resolved),
                own("."),
            ]));
        } else {
            let assets: BTreeSet<u32> = gathered.rows.iter().map(|r| r.row.asset).collect();
            let mut line = Vec::new();
            line.extend(some(gathered.rows.len() as u64, " open finding in ", " open findings in "));
            line.extend(some(assets.len() as u64, " place.", " places."));
            line.extend([own(" Exposed: "), count(exposed(Answer::Yes))]);
            line.extend([own(", in use: "), count(n(&|row| row.in_use() == Answer::Yes))]);
            line.extend([own(", decided: "), count(n(&|row| row.is_decided())), own(".")]);
            line.extend([own(" Unknown: exposure of "), count(exposed(Answer::Unknown))]);
            line.extend([own(", use of "), count(n(&|row| row.in_use() == Answer::Unknown)), own(".")]);
            if resolved > 0 {
                line.extend([own(" Resolved before: "), count(resolved), own(".")]);
            }
            told.blocks.push(Block::Line(line));
        }
        let shown = gathered.rows.len().min(usize::from(query.limit));
        self.list_findings(&mut told, &self.detailed(&gathered.rows[..shown])?, false);
        if shown.min(LISTED_MAX) < gathered.rows.len() {
            told.blocks.push(Block::Line(vec![
                own("Shown: the first "),
                count(shown.min(LISTED_MAX) as u64),
                own("."),
            ]));
        }
        told.blocks.extend(self.not_counted(&gathered));
        told.blocks.extend(self.never_scanned());
        Ok(told)
    }

    /// For a question about what is resolved: how many of the same are open.
    pub(super) fn still_open(&self, query: &Query) -> Result<Option<Block>> {
        let f = &query.filters;
        if f.presence != [PresenceIs::Resolved] && f.change != [Change::Resolved] {
            return Ok(None);
        }
        let open = count(self.gathered(&about_open(query), |_| true)?.rows.len() as u64);
        Ok(Some(Block::Line(vec![own("Of the same, still open: "), open, own(".")])))
    }

    /// Whether something is fixed: what is still open answers, and comes before what is resolved.
    fn fixed(&self, query: &Query) -> Result<Told> {
        let (open, resolved) = (self.gathered(&about_open(query), |_| true)?, self.gathered(query, |_| true)?);
        let answer = match (open.rows.is_empty(), resolved.rows.is_empty()) {
            (false, _) => "No: ",
            (true, false) => "Yes, as far as reports tell: ",
            (true, true) => "No report that was taken in claims it there: ",
        };
        let mut told = Told::default();
        let mut line = vec![own(answer), count(open.rows.len() as u64), own(" open, ")];
        line.extend([count(resolved.rows.len() as u64), own(" resolved.")]);
        told.blocks.push(Block::Line(line));
        let rows: Vec<Ranked<'_>> = open.rows.iter().chain(&resolved.rows).copied().collect();
        let shown = rows.len().min(usize::from(query.limit));
        self.list_findings(&mut told, &self.detailed(&rows[..shown])?, false);
        if shown.min(LISTED_MAX) < rows.len() {
            let shown = count(shown.min(LISTED_MAX) as u64);
            told.blocks.push(Block::Line(vec![own("Shown: the first "), shown, own(".")]));
        }
        told.blocks.extend(self.not_counted(&open));
        told.blocks.extend(self.never_scanned());
        Ok(told)
    }

    /// What no report speaks of cannot be told to be without a flaw.
    pub(super) fn never_scanned(&self) -> Option<Block> {
        let unscanned = today::unscanned(self.snapshot);
        (unscanned > 0).then(|| {
            let mut line = vec![own("Not looked at: ")];
            line.extend(some(
                unscanned,
                " running image that was never scanned.",
                " running images that were never scanned.",
            ));
            Block::Line(line)
        })
    }
}

/// The same question about what is open.
fn about_open(query: &Query) -> Query {
    let mut still = query.clone();
    let f = &mut still.filters;
    (f.presence, f.change, f.since, f.until) = (Vec::new(), Vec::new(), None, None);
    still
}

/// True for a question about one flaw or package that asks for what is resolved: it wants to know whether anything is
/// left.
fn asks_whether_fixed(query: &Query) -> bool {
    let f = &query.filters;
    f.presence == [PresenceIs::Resolved] && !(f.cve.is_empty() && f.package.is_empty())
}

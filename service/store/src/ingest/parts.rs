//! The scopes a report speaks for, and how it stands to the reports before it.

use std::collections::HashMap;

use assay_core::asset::{AssetKey, Kind};
use assay_core::ids::{Digest, Span, Time};
use assay_core::reconcile::{self, Standing};
use assay_core::scope::{Head, Part, Scope, Spoken, SpokenSet};
use rusqlite::{OptionalExtension, params};

use super::Settling;
use crate::error::{Doing, StoreError};

/// A scope of which only one report is known stays fresh for this long.
const TTL_SINGLE: Span = Span::days(7);
/// No scope falls silent sooner than this.
const TTL_MIN: Span = Span::hours(24);
/// A scope falls silent after this many of its usual gaps.
const TTL_GAPS: i64 = 3;
/// The reports that the usual gap is taken from.
const GAPS_MAX: i64 = 20;

/// One part of the report, with its row and standing.
pub(super) struct OpenPart {
    pub(super) scope_id: i64,
    pub(super) key: String,
    pub(super) scope: Scope,
    pub(super) complete: bool,
    /// Complete, newer than every complete report before it, and able to close at all.
    pub(super) newest: bool,
    /// Older than some complete report of its scope.
    pub(super) outdated: bool,
    pub(super) standing: Standing,
    /// The classes that it looked at.
    pub(super) classes: SpokenSet,
}

/// All parts of the report.
pub(super) struct Parts {
    pub(super) list: Vec<OpenPart>,
    by_key: HashMap<String, usize>,
    by_home: HashMap<AssetKey, usize>,
}

impl Parts {
    fn of(list: Vec<OpenPart>) -> Self {
        let by_key = list.iter().enumerate().map(|(at, part)| (part.key.clone(), at)).collect();
        let by_home = list.iter().enumerate().filter_map(|(at, part)| Some((home(&part.scope)?, at))).collect();
        Self { list, by_key, by_home }
    }

    /// The part that a claim belongs to: the one that it names, else the first.
    pub(super) fn of_claim(&self, scope: Option<&str>) -> Option<&OpenPart> {
        let named = scope.and_then(|key| self.by_key.get(key)).copied();
        self.list.get(named.unwrap_or(0))
    }

    /// True when a newer complete report has said what is so about this asset.
    pub(super) fn is_outdated(&self, asset: &AssetKey) -> bool {
        let own = || self.by_home.get(asset);
        let space = || self.by_home.get(&space_of(asset));
        let part = match &self.list[..] {
            [one] => Some(one),
            list => own().or_else(space).and_then(|at| list.get(*at)),
        };
        part.is_some_and(|part| part.outdated)
    }
}

/// The asset that a scope is about, where it is about one: what is said of it belongs to this part.
fn home(scope: &Scope) -> Option<AssetKey> {
    match scope {
        Scope::Image { repository, .. } => Some(AssetKey::image(repository.clone())),
        Scope::Tree { name } => Some(AssetKey::repository(name.clone())),
        Scope::Namespace { cluster, namespace } => Some(AssetKey::namespace(cluster, namespace.clone())),
        Scope::Object { at, .. } => Some(at.clone()),
        Scope::Unnamed | Scope::Benchmark { .. } | Scope::Run { .. } | Scope::Document { .. } | Scope::Stream => None,
    }
}

/// The namespace that an object lies in; a namespace lies in itself.
fn space_of(asset: &AssetKey) -> AssetKey {
    if asset.kind == Kind::of("Namespace") {
        return asset.clone();
    }
    AssetKey::namespace(&asset.cluster, asset.namespace.clone())
}

/// Parts of one scope are one part. What it looked at whole is what any of them looked at whole.
fn merged(parts: &[Part]) -> Vec<Part> {
    let mut order: Vec<Part> = Vec::new();
    let mut at: HashMap<String, usize> = HashMap::new();
    for part in parts {
        let first = *at.entry(part.scope.key().to_string()).or_insert(order.len());
        match order.get_mut(first) {
            None => order.push(part.clone()),
            Some(known) => {
                known.classes = match (known.complete, part.complete) {
                    (true, false) => known.classes,
                    (false, true) => part.classes,
                    _ => SpokenSet::from_bits(known.classes.bits() | part.classes.bits()),
                };
                known.complete |= part.complete;
                known.content = known.content.or(part.content);
            }
        }
    }
    order
}

impl Settling<'_> {
    /// Opens the scope rows of a report and notes the report in each scope's history.
    pub(super) fn open_parts(&self, head: &Head, sha256: Digest) -> Result<Parts, StoreError> {
        let stream = Part { scope: Scope::Stream, classes: SpokenSet::default(), complete: false, content: None };
        let parts = if head.parts.is_empty() { vec![stream] } else { merged(&head.parts) };
        let open = parts.iter().map(|part| self.open_part(part, head, sha256)).collect::<Result<_, _>>()?;
        Ok(Parts::of(open))
    }

    fn open_part(&self, part: &Part, head: &Head, sha256: Digest) -> Result<OpenPart, StoreError> {
        let key = part.scope.key().to_string();
        let complete = part.complete && part.scope.can_close();
        let before: Option<(i64, Option<Vec<u8>>, String)> = self
            .conn
            .prepare_cached("SELECT id, content, tool_version FROM scope WHERE tool = ?1 AND scope_key = ?2")
            .and_then(|mut s| s.query_row([&self.tool, &key], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).optional())
            .doing("reading a scope")?;
        let scope_id = match &before {
            Some((id, ..)) => *id,
            None => self.new_scope(part, &key)?,
        };
        let newest_complete = self.newest_complete(scope_id)?;
        let mut standing = Standing::new(self.produced_at);
        for class in Spoken::ALL {
            let last = newest_complete[*class as usize];
            if complete && part.classes.contains(*class) && reconcile::newer(self.produced_at, last) {
                standing.closes.insert(*class);
            }
            if last.is_some_and(|last| self.produced_at < last) {
                standing.outdated.insert(*class);
            }
        }
        let newest = complete && newest_complete.iter().flatten().all(|last| self.produced_at > *last);
        let outdated = newest_complete.iter().flatten().any(|last| self.produced_at < *last);
        if let Some((_, content, tool_version)) = &before {
            let content = content.as_deref().and_then(|b| <[u8; 32]>::try_from(b).ok()).map(Digest::from_bytes);
            standing.same_content_and_tool =
                reconcile::unchanged((content, part.content), (tool_version, head.tool_version.reveal()));
        }
        let (scope, classes) = (part.scope.clone(), part.classes);
        let open = OpenPart { scope_id, key, scope, complete, newest, outdated, standing, classes };
        self.note_report(&open, part, head, sha256)?;
        Ok(open)
    }

    fn new_scope(&self, part: &Part, key: &str) -> Result<i64, StoreError> {
        let (repository, version, platform) = match &part.scope {
            Scope::Image { repository, version, platform } => {
                (Some(repository.reveal()), Some(version.reveal()), Some(platform.reveal()))
            }
            _ => (None, None, None),
        };
        let sql = "INSERT INTO scope (tool, scope_key, repository, version, platform, last_received, ttl_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let row =
            params![self.tool, key, repository, version, platform, self.received_at.millis(), TTL_SINGLE.millis()];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("opening a scope")?;
        Ok(self.conn.last_insert_rowid())
    }

    /// For each class, when the newest complete report that spoke for it was produced.
    fn newest_complete(&self, scope_id: i64) -> Result<[Option<Time>; Spoken::ALL.len()], StoreError> {
        let doing = "reading a scope's history";
        let mut newest = [None; Spoken::ALL.len()];
        let sql =
            "SELECT spoken, max(produced_at) FROM scope_report WHERE scope_id = ?1 AND complete = 1 GROUP BY spoken";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([scope_id]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let spoken = SpokenSet::from_bits(row.get(0).doing(doing)?);
            let at = Time::from_millis(row.get(1).doing(doing)?);
            for class in Spoken::ALL.iter().filter(|c| spoken.contains(**c)) {
                let slot = &mut newest[*class as usize];
                *slot = (*slot).max(Some(at));
            }
        }
        Ok(newest)
    }

    fn note_report(&self, open: &OpenPart, part: &Part, head: &Head, sha256: Digest) -> Result<(), StoreError> {
        let doing = "noting a report in its scope";
        let newest_of_all: bool = self
            .conn
            .prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM scope_report WHERE scope_id = ?1 AND produced_at > ?2)")
            .and_then(|mut s| s.query_row([open.scope_id, self.produced_at.millis()], |r| r.get(0)))
            .doing(doing)?;
        let sql = "INSERT INTO scope_report (scope_id, report_id, produced_at, received_at, sha256, spoken, complete) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let row = params![
            open.scope_id,
            self.report_id,
            self.produced_at.millis(),
            self.received_at.millis(),
            sha256.bytes().as_slice(),
            part.classes.bits(),
            open.complete
        ];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
        // A tag stands for the digest of its newest report, whenever that came in.
        let digest = match &part.scope {
            Scope::Image { .. } if newest_of_all => part.content.map(|d| d.bytes().to_vec()),
            _ => None,
        };
        let sql = "UPDATE scope SET last_received = max(last_received, ?2), ttl_ms = ?3, digest = COALESCE(?4, digest), spoken = spoken | ?5 WHERE id = ?1";
        let ttl = self.ttl(open.scope_id)?.millis();
        let row = params![open.scope_id, self.received_at.millis(), ttl, digest, part.classes.bits()];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
        if open.newest {
            let sql = "UPDATE scope SET content = ?2, tool_version = ?3 WHERE id = ?1";
            let row = params![open.scope_id, part.content.map(|d| d.bytes().to_vec()), head.tool_version.reveal()];
            self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
        }
        Ok(())
    }

    /// Three times the median gap between its reports, never under a day; seven days for a single report.
    fn ttl(&self, scope_id: i64) -> Result<Span, StoreError> {
        let doing = "reading a scope's rhythm";
        let sql =
            "SELECT DISTINCT received_at FROM scope_report WHERE scope_id = ?1 ORDER BY received_at DESC LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let times: Vec<i64> =
            statement.query_map([scope_id, GAPS_MAX], |r| r.get(0)).and_then(Iterator::collect).doing(doing)?;
        let mut gaps: Vec<i64> = times.windows(2).map(|w| w[0] - w[1]).collect();
        gaps.sort_unstable();
        Ok(match gaps.get(gaps.len() / 2) {
            Some(gap) => Time::from_millis(0).until(Time::from_millis(gap.saturating_mul(TTL_GAPS))).max(TTL_MIN),
            None => TTL_SINGLE,
        })
    }
}

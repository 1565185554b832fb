//! Which tags of an image have been overtaken by a newer one, and for which classes.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::ids::Time;
use assay_core::place::{ImageReport, overtaken};
use assay_core::scope::{Scope, SpokenSet};
use rusqlite::params;

use super::Settling;
use super::parts::Parts;
use crate::error::{Doing, StoreError};

impl Settling<'_> {
    /// Looks again at the repositories that the report speaks of, and at those where containers started or stopped
    /// running a tag.
    pub(super) fn overtake(&self, parts: &Parts, replaced: BTreeSet<String>) -> Result<(), StoreError> {
        let reported = parts.list.iter().filter_map(|p| match &p.scope {
            Scope::Image { repository, .. } => Some(repository.reveal().to_owned()),
            _ => None,
        });
        let repositories: BTreeSet<String> = reported.chain(replaced).collect();
        repositories.iter().try_for_each(|repository| self.overtake_in(repository))
    }

    fn overtake_in(&self, repository: &str) -> Result<(), StoreError> {
        let doing = "comparing the tags of an image";
        // History is per tool and platform: one tool's newer tag says nothing about what another tool has seen.
        let sql = "SELECT s.tool, COALESCE(s.platform, ''), s.id, r.produced_at, r.spoken, r.complete, s.overtaken, \
                   EXISTS (SELECT 1 FROM placement p WHERE p.scope_id = s.id AND p.carried = 0) \
                   FROM scope s JOIN scope_report r ON r.scope_id = s.id WHERE s.repository = ?1";
        let mut lines: BTreeMap<(String, String), Vec<ImageReport>> = BTreeMap::new();
        let mut running: BTreeSet<i64> = BTreeSet::new();
        let mut before: BTreeMap<i64, u8> = BTreeMap::new();
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([repository]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let scope: i64 = row.get(2).doing(doing)?;
            let report = ImageReport {
                scope,
                produced_at: Time::from_millis(row.get(3).doing(doing)?),
                spoken: SpokenSet::from_bits(row.get(4).doing(doing)?),
                complete: row.get(5).doing(doing)?,
            };
            lines.entry((row.get(0).doing(doing)?, row.get(1).doing(doing)?)).or_default().push(report);
            before.insert(scope, row.get(6).doing(doing)?);
            if row.get(7).doing(doing)? {
                running.insert(scope);
            }
        }
        let now: BTreeMap<i64, SpokenSet> =
            lines.values().flat_map(|reports| overtaken(reports, |scope| running.contains(&scope))).collect();
        for (scope, was) in before {
            let is = now.get(&scope).map_or(0, |classes| classes.bits());
            if is != was {
                self.conn.execute("UPDATE scope SET overtaken = ?2 WHERE id = ?1", params![scope, is]).doing(doing)?;
                self.touch_scope(scope)?;
            }
        }
        Ok(())
    }
}

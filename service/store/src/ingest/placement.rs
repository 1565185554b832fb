//! Where an image's reports speak for a running container: by the digest that it runs, else by the tag that it asks for;
//! where nobody has looked at that version, by what it ran before. The answer hangs on what is known, not on the order
//! in which it came.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::ids::{Digest, Time};
use assay_core::observation::Link;
use assay_core::place::{ImageScope, Ran, speaking};
use assay_core::text::Opaque;
use rusqlite::params;

use super::Settling;
use crate::error::{Doing, StoreError};
use crate::twin::{LinkRow, key};

/// The most versions of the past that are looked at for one image.
const RAN_MAX: i64 = 1_000;

/// A container: the raised workload's row, and the container's name.
pub(super) type Container = (i64, String);

/// Which scopes speak for which containers, and whether they speak of what ran before.
type Placed = BTreeMap<(Container, i64), bool>;

impl Settling<'_> {
    /// Brings placements, and the placed findings, up to date with this commit's reports, edges and assets. Returns the
    /// repositories of which other tags run now.
    pub(super) fn place(&self) -> Result<BTreeSet<String>, StoreError> {
        let sql = "WITH RECURSIVE moved(id) AS (SELECT asset_id FROM moved_asset UNION SELECT a.id FROM asset a JOIN moved m ON a.owner_id = m.id) \
                   SELECT DISTINCT i.id FROM asset i WHERE i.kind = 'Image' AND i.id IN ( \
                   SELECT asset_id FROM moved_image \
                   UNION SELECT e.to_id FROM edge e JOIN moved m ON m.id = e.from_id \
                   UNION SELECT a.id FROM scope_report r JOIN scope s ON s.id = r.scope_id JOIN asset a ON a.kind = 'Image' AND a.cluster = '' AND a.namespace = '' AND a.name = s.repository WHERE r.report_id = ?1 \
                   UNION SELECT f.asset_id FROM touched t JOIN finding f ON f.id = t.finding_id) ORDER BY i.id";
        let images: Vec<(i64, String)> = self
            .ids(sql, [self.report_id])?
            .into_iter()
            .map(|image| Ok((image, self.repository(image)?)))
            .collect::<Result<_, StoreError>>()?;
        let mut replaced = BTreeSet::new();
        let mut running: BTreeMap<&str, BTreeSet<Container>> = BTreeMap::new();
        for (image, repository) in &images {
            let (wanted, before) = (self.wanted(*image, repository)?, self.placed(repository)?);
            if wanted != before {
                self.replace(&before, &wanted)?;
                replaced.insert(repository.clone());
            }
            running.insert(repository, wanted.into_keys().map(|(container, _)| container).collect());
        }
        // Only when all placements are known can a finding be handed from one image to another.
        for (repository, containers) in running {
            containers.iter().try_for_each(|container| self.place_in(container, repository))?;
        }
        self.touch_placed()?;
        Ok(replaced)
    }

    fn repository(&self, image: i64) -> Result<String, StoreError> {
        self.conn
            .prepare_cached("SELECT name FROM asset WHERE id = ?1")
            .and_then(|mut s| s.query_row([image], |r| r.get(0)))
            .doing("reading an image's name")
    }

    fn replace(&self, before: &Placed, wanted: &Placed) -> Result<(), StoreError> {
        let doing = "placing an image's findings";
        for ((container, scope), _) in before.iter().filter(|(at, _)| !wanted.contains_key(at)) {
            let sql = "DELETE FROM placement WHERE asset_id = ?1 AND container = ?2 AND scope_id = ?3";
            self.conn.execute(sql, params![container.0, container.1, scope]).doing(doing)?;
            self.touch_scope(*scope)?;
        }
        for ((container, scope), carried) in wanted.iter().filter(|(at, carried)| before.get(at) != Some(carried)) {
            let sql =
                "INSERT OR REPLACE INTO placement (asset_id, container, scope_id, carried) VALUES (?1, ?2, ?3, ?4)";
            self.conn.execute(sql, params![container.0, container.1, scope, carried]).doing(doing)?;
            self.touch_scope(*scope)?;
        }
        Ok(())
    }

    fn wanted(&self, image: i64, repository: &str) -> Result<Placed, StoreError> {
        let scopes = self.image_scopes(repository)?;
        let mut placed = Placed::new();
        if scopes.is_empty() {
            return Ok(placed);
        }
        let mut runs = self.running(image)?;
        let unknown: BTreeSet<Container> =
            runs.iter().filter(|(_, runs)| speaking(&scopes, runs).0.is_empty()).map(|(c, _)| c.clone()).collect();
        if !unknown.is_empty() {
            self.add_what_ran(image, &unknown, &mut runs)?;
        }
        for (container, runs) in runs {
            let (speaking, carried) = speaking(&scopes, &runs);
            placed.extend(speaking.into_iter().map(|scope| ((container.clone(), scope), carried)));
        }
        Ok(placed)
    }

    fn image_scopes(&self, repository: &str) -> Result<Vec<ImageScope>, StoreError> {
        let sql = "SELECT id, version, digest FROM scope WHERE repository = ?1 AND retired = 0 ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql).doing("matching containers with reports")?;
        statement
            .query_map([repository], |r| {
                let digest = r.get::<_, Option<[u8; 32]>>(2)?.map(Digest::from_bytes);
                Ok(ImageScope { id: r.get(0)?, version: Opaque::readmit(&r.get::<_, String>(1)?), digest })
            })
            .and_then(Iterator::collect)
            .doing("matching containers with reports")
    }

    /// What runs the image now.
    fn running(&self, image: i64) -> Result<BTreeMap<Container, Vec<Ran>>, StoreError> {
        let sql = "SELECT e.id, e.body, a.cluster, a.kind, a.namespace, a.name, NULL FROM edge e JOIN asset a ON a.id = e.from_id \
                   WHERE e.to_id = ?1 AND e.gone_at IS NULL AND a.gone_at IS NULL";
        let mut runs = BTreeMap::new();
        self.each_run(sql, params![image], |container, ran| runs.entry(container).or_insert_with(Vec::new).push(ran))?;
        Ok(runs)
    }

    /// What these containers ran before, the latest first.
    fn add_what_ran(
        &self,
        image: i64,
        of: &BTreeSet<Container>,
        runs: &mut BTreeMap<Container, Vec<Ran>>,
    ) -> Result<(), StoreError> {
        let sql = "SELECT e.id, e.body, a.cluster, a.kind, a.namespace, a.name, COALESCE(e.gone_at, a.gone_at) FROM edge e JOIN asset a ON a.id = e.from_id \
                   WHERE e.to_id = ?1 AND (e.gone_at IS NOT NULL OR a.gone_at IS NOT NULL) ORDER BY 7 DESC, e.id DESC LIMIT ?2";
        self.each_run(sql, params![image, RAN_MAX], |container, ran| {
            if of.contains(&container) {
                runs.entry(container).or_default().push(ran);
            }
        })
    }

    /// Reads edges of containers to an image, each under the workload that answers for it, unless that one is gone.
    fn each_run(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        mut each: impl FnMut(Container, Ran),
    ) -> Result<(), StoreError> {
        let doing = "reading what runs an image";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query(params).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let id: i64 = row.get(0).doing(doing)?;
            let unread = |why: String| StoreError::Row { table: "edge", row: id, why };
            let text = |i: usize| row.get::<_, String>(i).doing(doing);
            let link: LinkRow = serde_json::from_str(&text(1)?).map_err(|e| unread(e.to_string()))?;
            let Link::Runs { container, tag, digest } = link.link().map_err(|e| unread(e.to_string()))? else {
                continue;
            };
            let until = row.get::<_, Option<i64>>(6).doing(doing)?.map(Time::from_millis);
            let at = self.raise(&key(&text(2)?, &text(3)?, &text(4)?, &text(5)?))?;
            let sql = "SELECT id FROM asset WHERE cluster = ?1 AND kind = ?2 AND namespace = ?3 AND name = ?4 AND gone_at IS NULL";
            let name = [at.cluster.reveal(), at.kind.as_str(), at.namespace.reveal(), at.name.reveal()];
            for workload in self.ids(sql, name)? {
                let ran = Ran { tag: tag.clone(), digest, until };
                each((workload, container.reveal().to_owned()), ran);
            }
        }
        Ok(())
    }

    fn placed(&self, repository: &str) -> Result<Placed, StoreError> {
        let doing = "reading placements";
        let sql = "SELECT p.asset_id, p.container, p.scope_id, p.carried FROM placement p JOIN scope s ON s.id = p.scope_id WHERE s.repository = ?1";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        statement
            .query_map([repository], |r| Ok((((r.get(0)?, r.get(1)?), r.get(2)?), r.get(3)?)))
            .and_then(Iterator::collect)
            .doing(doing)
    }
}

//! Facts, edges and watch windows: kept under the asset they are about, owners learnt on the way.

use assay_core::asset::AssetKey;
use assay_core::ids::{Digest, Time};
use assay_core::observation::{Coverage, Edge, Fact, Link, What};
use assay_core::scope::Head;
use rusqlite::params;

use super::Settling;
use super::parts::Parts;
use super::stage::place_of;
use super::staged::{Loose, LooseRow};
use crate::error::{Doing, StoreError};
use crate::intern::Intern;
use crate::twin::{HoleRow, LinkRow, WhatRow, edge_identity, fact_identity};

impl Settling<'_> {
    /// Keeps everything that is no claim, unless a newer complete report has said what is so. Owners are learnt on the
    /// way, and findings move to them before any claim is identified.
    pub(super) fn keep_loose(&self, intern: &mut Intern<'_>, head: &Head, parts: &Parts) -> Result<(), StoreError> {
        let artifact = head.artifact.asset();
        let mut owned = Vec::new();
        let doing = "reading staged facts";
        let mut statement =
            self.conn.prepare("SELECT id, body, observation_id FROM stage_loose ORDER BY id").doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let (id, body, observation): (i64, String, i64) =
                (row.get(0).doing(doing)?, row.get(1).doing(doing)?, row.get(2).doing(doing)?);
            let unread = |why: String| StoreError::Row { table: "stage_loose", row: id, why };
            let staged: LooseRow = serde_json::from_str(&body).map_err(|e| unread(e.to_string()))?;
            match staged.loose().map_err(|e| unread(e.to_string()))? {
                Loose::Fact(fact) => {
                    let Some((asset, container)) = place_of(&fact.subject, artifact.as_ref()) else { continue };
                    if parts.is_outdated(&asset) {
                        continue;
                    }
                    let asset_id = intern.asset(&asset)?;
                    if let Some(child) = self.learn_owner(intern, asset_id, &asset, &fact.what)? {
                        owned.push(child);
                    }
                    self.fact(intern, asset_id, container.reveal(), &fact, observation)?;
                    self.learn_from_fact(intern, asset_id, &asset, &fact)?;
                }
                Loose::Edge(edge) if parts.is_outdated(edge.home()) => {}
                Loose::Edge(edge) => self.edge(intern, &edge, observation)?,
                Loose::Coverage(window) => {
                    let Some((asset, container)) = place_of(&window.subject, artifact.as_ref()) else { continue };
                    let asset_id = intern.asset(&asset)?;
                    self.coverage(asset_id, container.reveal(), &window)?;
                }
            }
        }
        for child in owned {
            self.move_to_owner(child)?;
        }
        Ok(())
    }

    /// Notes the owner and other names that an object's existence tells; the asset's row when its owner is new.
    fn learn_owner(
        &self,
        intern: &mut Intern<'_>,
        asset_id: i64,
        asset: &AssetKey,
        what: &What,
    ) -> Result<Option<i64>, StoreError> {
        let What::Exists { owner, aliases, .. } = what else { return Ok(None) };
        let sql = "INSERT OR IGNORE INTO restated (asset_id) VALUES (?1)";
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute([asset_id])).doing("noting an object")?;
        for alias in aliases {
            let sql = "INSERT INTO asset_alias (cluster, alias, asset_id) VALUES (?1, ?2, ?3) ON CONFLICT (cluster, alias) DO UPDATE SET asset_id = excluded.asset_id";
            let row = params![asset.cluster.reveal(), alias.reveal(), asset_id];
            self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("keeping another name of an asset")?;
        }
        let Some(owner) = owner.as_ref().filter(|o| *o != asset) else { return Ok(None) };
        let owner_id = intern.asset(owner)?;
        let sql = "UPDATE asset SET owner_id = ?2 WHERE id = ?1 AND owner_id IS NOT ?2";
        let changed = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.execute([asset_id, owner_id]))
            .doing("keeping an owner")?;
        Ok((changed > 0).then_some(asset_id))
    }

    fn fact(
        &self,
        intern: &mut Intern<'_>,
        asset_id: i64,
        container: &str,
        fact: &Fact,
        observation: i64,
    ) -> Result<(), StoreError> {
        let package_id = fact.component.as_ref().map(|c| intern.package(c)).transpose()?;
        let mut identity = fact_identity(&fact.what);
        identity.push(package_id.map(|p| p.to_string()).unwrap_or_default());
        let detail = Digest::of_fields(identity.iter().map(|f| f.as_bytes()));
        let body = serde_json::to_string(&WhatRow::from(&fact.what)).unwrap_or_default();
        // The same fact again: seen from the first time to the last; an older batch that arrives late takes nothing back.
        let sql = "INSERT INTO fact (asset_id, container, package_id, source, detail, body, author, since, until, valid_until, observation_id, report_id) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (asset_id, container, source, detail) DO UPDATE SET \
                   since = min(since, excluded.since), valid_until = CASE WHEN excluded.until >= until THEN excluded.valid_until ELSE valid_until END, \
                   body = CASE WHEN excluded.until >= until THEN excluded.body ELSE body END, author = CASE WHEN excluded.until >= until THEN excluded.author ELSE author END, \
                   observation_id = CASE WHEN excluded.until >= until THEN excluded.observation_id ELSE observation_id END, report_id = excluded.report_id, until = max(until, excluded.until)";
        let row = params![
            asset_id,
            container,
            package_id,
            self.tool,
            &detail.bytes()[..20],
            body,
            fact.author.as_str(),
            fact.since.millis(),
            fact.until.millis(),
            fact.valid_until.map(|t| t.millis()),
            observation,
            self.report_id
        ];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("keeping a fact")?;
        Ok(())
    }

    /// A fact may name the source of a package: that counts for the asset, for what owns it, and for the images it runs.
    fn learn_from_fact(
        &self,
        intern: &mut Intern<'_>,
        asset_id: i64,
        asset: &AssetKey,
        fact: &Fact,
    ) -> Result<(), StoreError> {
        let Some((component, source)) = fact.component.as_ref().and_then(|c| Some((c, c.source.as_ref()?))) else {
            return Ok(());
        };
        let mut about = self.ids("SELECT to_id FROM edge e JOIN asset a ON a.id = e.to_id WHERE e.from_id = ?1 AND e.gone_at IS NULL AND a.kind = 'Image'", [asset_id])?;
        about.extend([asset_id, intern.asset(&self.raise(asset)?)?]);
        about.sort_unstable();
        about.dedup();
        for asset in about {
            self.learn_source(asset, component.ecosystem.reveal(), component.name.reveal(), source.reveal())?;
        }
        Ok(())
    }

    fn edge(&self, intern: &mut Intern<'_>, edge: &Edge, observation: i64) -> Result<(), StoreError> {
        let (from, to) = (intern.asset(&edge.from)?, intern.asset(&edge.to)?);
        let home = if edge.home() == &edge.to { to } else { from };
        let detail = Digest::of_fields(edge_identity(&edge.link).iter().map(|f| f.as_bytes()));
        let one_run = match &edge.link {
            Link::Runs { container, .. } if edge.from.kind.as_str() == "Pod" => Some(container),
            _ => None,
        };
        if let Some(container) = one_run
            && !self.only_run(from, container.reveal(), &detail, edge.since)?
        {
            return Ok(());
        }
        let body = serde_json::to_string(&LinkRow::from(&edge.link)).unwrap_or_default();
        let sql = "INSERT INTO edge (from_id, to_id, home_id, source, detail, body, author, since, until, observation_id, report_id) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (from_id, to_id, source, detail) DO UPDATE SET body = excluded.body, \
                   author = excluded.author, since = min(since, excluded.since), until = max(until, excluded.until), gone_at = NULL, \
                   observation_id = excluded.observation_id, report_id = excluded.report_id";
        let row = params![
            from,
            to,
            home,
            self.tool,
            &detail.bytes()[..20],
            body,
            edge.author.as_str(),
            edge.since.millis(),
            self.received_at.millis(),
            observation,
            self.report_id
        ];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("keeping an edge")?;
        self.touch_ends(&[to])
    }

    /// A container of a pod runs one image in all its life: what the same tool said of it before was less exact, and
    /// goes. False when the tool has said something else since.
    fn only_run(&self, pod: i64, container: &str, detail: &Digest, since: Time) -> Result<bool, StoreError> {
        let doing = "keeping an edge";
        let other = "from_id = ?1 AND source = ?2 AND detail <> ?3 AND gone_at IS NULL AND json_extract(body, '$.link') = 'runs' \
                     AND json_extract(body, '$.container') = ?4";
        let same = (pod, &self.tool, &detail.bytes()[..20], container);
        let sql = format!("SELECT EXISTS (SELECT 1 FROM edge WHERE {other} AND since > ?5)");
        let row = params![same.0, same.1, same.2, same.3, since.millis()];
        if self.conn.prepare_cached(&sql).and_then(|mut s| s.query_row(row, |r| r.get(0))).doing(doing)? {
            return Ok(false);
        }
        let sql = format!("UPDATE edge SET gone_at = ?5 WHERE {other} RETURNING to_id");
        let ends = self.ids(&sql, params![same.0, same.1, same.2, same.3, self.received_at.millis()])?;
        self.touch_ends(&ends)?;
        Ok(true)
    }

    /// A window of one instance grows; each word on it states all its holes. A late word takes nothing back.
    fn coverage(&self, asset_id: i64, container: &str, window: &Coverage) -> Result<(), StoreError> {
        let holes: Vec<HoleRow> = window.holes.iter().map(HoleRow::from).collect();
        let holes = serde_json::to_string(&holes).unwrap_or_default();
        let sql = "INSERT INTO coverage (asset_id, container, eye, instance, node, since, until, start_seen, holes, report_id) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (asset_id, container, eye, instance, since) DO UPDATE SET \
                   until = excluded.until, start_seen = max(start_seen, excluded.start_seen), holes = excluded.holes, node = excluded.node, \
                   report_id = excluded.report_id WHERE excluded.until >= until";
        let row = params![
            asset_id,
            container,
            window.eye.as_str(),
            window.instance.reveal(),
            window.node.reveal(),
            window.since.millis(),
            window.until.millis(),
            window.start_seen,
            holes,
            self.report_id
        ];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("keeping a watch window")?;
        Ok(())
    }
}

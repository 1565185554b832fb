//! What a complete scan no longer shows: edges that are not there any more, objects that are gone. Only a newer, complete
//! report of the same scope says so; of itself an object also speaks by being shown again.

use assay_core::asset::{AssetKey, KindClass};
use assay_core::scope::{Scope, Spoken};
use assay_core::text::Opaque;
use rusqlite::params;

use super::Settling;
use super::parts::Parts;
use crate::error::{Doing, StoreError};

/// Who may do what: objects and edges that only a scan that looked at rights takes back.
const OF_RIGHTS: &str = "('Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding')";
const RIGHTS: &str = "json_extract(body, '$.link') IN ('holds', 'runs_as')";

/// True of the record of an object's existence.
const EXISTS: &str = "json_extract(body, '$.is') = 'exists'";

/// What lies in the namespace ?2 of the cluster ?1, with the namespace itself; ?3 says whether objects of rights count.
const WITHIN: &str = "SELECT a.id FROM asset a WHERE a.cluster = ?1 AND a.namespace = ?2 AND a.gone_at IS NULL \
     AND (?3 OR a.kind NOT IN ('Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding')) \
     UNION SELECT a.id FROM asset a WHERE ?2 <> '' AND a.cluster = ?1 AND a.kind = 'Namespace' AND a.namespace = '' AND a.name = ?2 AND a.gone_at IS NULL";

impl Settling<'_> {
    /// Retires edges, facts and objects of this tool in the scopes that the report saw whole.
    pub(super) fn retire_what_is_gone(&self, parts: &Parts) -> Result<(), StoreError> {
        for part in parts.list.iter().filter(|p| p.newest) {
            match &part.scope {
                Scope::Object { at, container } if container.is_empty() => self.retire_of_object(at)?,
                // A scan that was not shown all kinds does not speak for misconfigurations: what it lacks may be there.
                Scope::Namespace { cluster, namespace } if part.classes.contains(Spoken::Misconfiguration) => {
                    let rights = part.classes.contains(Spoken::Rbac);
                    self.retire_in(cluster.reveal(), namespace.reveal(), rights)?;
                }
                Scope::Document { id } => self.retire_statements(id)?,
                _ => {}
            }
        }
        if !parts.list.iter().any(|part| matches!(part.scope, Scope::Namespace { .. })) {
            self.retire_entries()?;
        }
        Ok(())
    }

    /// What an object no longer says of itself. A binding also takes back the rights that it gave to others.
    fn retire_of_object(&self, at: &AssetKey) -> Result<(), StoreError> {
        let sql = "SELECT id FROM asset WHERE cluster = ?1 AND kind = ?2 AND namespace = ?3 AND name = ?4";
        let name = [at.cluster.reveal(), at.kind.as_str(), at.namespace.reveal(), at.name.reveal()];
        for asset in self.ids(sql, name)? {
            self.retire_of(asset)?;
        }
        if at.kind.class() == KindClass::Rbac {
            self.retire_rights(at)?;
        }
        Ok(())
    }

    /// Rights that this binding gave and gives no longer.
    fn retire_rights(&self, binding: &AssetKey) -> Result<(), StoreError> {
        let sql = "UPDATE edge SET gone_at = ?5 WHERE source = ?1 AND report_id <> ?2 AND gone_at IS NULL \
                   AND json_extract(body, '$.link') IN ('holds', 'may_hold') AND json_extract(body, '$.binding') = ?3 \
                   AND to_id IN (SELECT id FROM asset WHERE cluster = ?6 AND (?4 = '' OR kind = 'Namespace' AND name = ?4))";
        let name = format!("{}/{}", binding.kind, binding.name.reveal());
        let now = self.received_at.millis();
        let row = params![self.tool, self.report_id, name, binding.namespace.reveal(), now, binding.cluster.reveal()];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("retiring rights")?;
        Ok(())
    }

    /// Everything in a namespace that this tool knew and does not show; `rights` says whether it looked at those. A
    /// namespace that is gone takes its objects along.
    fn retire_in(&self, cluster: &str, namespace: &str, rights: bool) -> Result<(), StoreError> {
        // What was gone already is gone as of now.
        let sql = format!(
            "UPDATE asset SET gone_as_of = ?3 WHERE cluster = ?1 AND namespace = ?2 AND gone_as_of < ?3 AND EXISTS \
             (SELECT 1 FROM fact WHERE asset_id = asset.id AND source = ?4 AND {EXISTS}) AND (?5 OR kind NOT IN {OF_RIGHTS})"
        );
        let row = params![cluster, namespace, self.produced_at.millis(), self.tool, rights];
        self.conn
            .prepare_cached(&sql)
            .and_then(|mut s| s.execute(row))
            .doing("retiring what a scan no longer shows")?;
        let now = self.received_at.millis();
        let sql = format!(
            "UPDATE edge SET gone_at = ?6 WHERE home_id IN ({WITHIN}) AND source = ?4 AND report_id <> ?5 AND gone_at IS NULL AND (?3 OR NOT {RIGHTS}) RETURNING to_id"
        );
        let ends = self.ids(&sql, params![cluster, namespace, rights, self.tool, self.report_id, now])?;
        self.touch_ends(&ends)?;
        let sql = format!(
            "UPDATE fact SET valid_until = ?6 WHERE asset_id IN ({WITHIN}) AND source = ?4 AND report_id <> ?5 AND (valid_until IS NULL OR valid_until > ?6)"
        );
        let row = params![cluster, namespace, rights, self.tool, self.report_id, now - 1];
        self.conn
            .prepare_cached(&sql)
            .and_then(|mut s| s.execute(row))
            .doing("retiring what a scan no longer shows")?;
        for space in self.retire_objects(cluster, namespace, rights)? {
            self.retire_in(cluster, &space, rights)?;
        }
        Ok(())
    }

    /// Edges and facts of one asset that this tool said before and does not say now.
    fn retire_of(&self, asset: i64) -> Result<(), StoreError> {
        let doing = "retiring what a scan no longer shows";
        let now = self.received_at.millis();
        let sql = "UPDATE edge SET gone_at = ?4 WHERE home_id = ?1 AND source = ?2 AND report_id <> ?3 AND gone_at IS NULL RETURNING to_id";
        let ends = self.ids(sql, params![asset, self.tool, self.report_id, now])?;
        self.touch_ends(&ends)?;
        let sql = "UPDATE fact SET valid_until = ?4 WHERE asset_id = ?1 AND source = ?2 AND report_id <> ?3 AND (valid_until IS NULL OR valid_until > ?4)";
        self.conn
            .prepare_cached(sql)
            .and_then(|mut s| s.execute(params![asset, self.tool, self.report_id, now - 1]))
            .doing(doing)?;
        Ok(())
    }

    /// Objects whose existence this tool stated before and does not state now. The names of the namespaces among them.
    fn retire_objects(&self, cluster: &str, namespace: &str, rights: bool) -> Result<Vec<String>, StoreError> {
        let doing = "retiring objects";
        let sql = format!(
            "UPDATE asset SET gone_at = ?6, gone_as_of = ?7 WHERE id IN ({WITHIN}) AND NOT EXISTS \
             (SELECT 1 FROM fact WHERE asset_id = asset.id AND report_id = ?5) AND EXISTS (SELECT 1 FROM fact WHERE asset_id = asset.id AND source = ?4 AND {EXISTS}) \
             RETURNING id, kind, name"
        );
        let (now, as_of) = (self.received_at.millis(), self.produced_at.millis());
        let gone: Vec<(i64, String, String)> = self
            .conn
            .prepare_cached(&sql)
            .and_then(|mut s| {
                let row = params![cluster, namespace, rights, self.tool, self.report_id, now, as_of];
                s.query_map(row, |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?.collect()
            })
            .doing(doing)?;
        for (asset, ..) in &gone {
            self.touch_asset(*asset)?;
        }
        Ok(gone.into_iter().filter(|(_, kind, _)| kind == "Namespace").map(|(.., name)| name).collect())
    }

    /// Ways in of the objects that this report shows again, where it shows no whole namespace: what is open to the
    /// outside an object says by itself; whom it hands on to is known only when both are in view.
    fn retire_entries(&self) -> Result<(), StoreError> {
        let sql = "UPDATE edge SET gone_at = ?3 WHERE source = ?1 AND report_id <> ?2 AND gone_at IS NULL AND home_id IN (SELECT asset_id FROM restated) \
                   AND (json_extract(body, '$.link') = 'enters' OR (json_extract(body, '$.link') = 'routes' AND to_id IN (SELECT asset_id FROM restated)))";
        let row = params![self.tool, self.report_id, self.received_at.millis()];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("retiring ways in")?;
        Ok(())
    }

    /// Statements that a newer version of their document dropped.
    fn retire_statements(&self, document: &Opaque) -> Result<(), StoreError> {
        let sql = "UPDATE fact SET valid_until = ?4 WHERE source = ?1 AND report_id <> ?2 AND json_extract(body, '$.document') = ?3 \
                   AND (valid_until IS NULL OR valid_until > ?4)";
        let row = params![self.tool, self.report_id, document.reveal(), self.received_at.millis() - 1];
        self.conn.execute(sql, row).doing("retiring statements that a document dropped")?;
        Ok(())
    }
}

//! What a complete scan no longer shows: edges that are not there any more, objects that are gone. Only a newer, complete
//! report of the same scope says so.

use assay_core::scope::{Head, Scope};
use rusqlite::params;

use super::Settling;
use super::parts::OpenPart;
use crate::error::{Doing, StoreError};

impl Settling<'_> {
    /// Retires edges, facts and objects of this tool in the scopes that the report saw whole.
    pub(super) fn retire_what_is_gone(&self, _head: &Head, parts: &[OpenPart]) -> Result<(), StoreError> {
        for part in parts.iter().filter(|p| p.newest) {
            match &part.scope {
                Scope::Object { at, container } if container.is_empty() => {
                    let sql = "SELECT id FROM asset WHERE cluster = ?1 AND kind = ?2 AND namespace = ?3 AND name = ?4";
                    let at = params![at.cluster.reveal(), at.kind.as_str(), at.namespace.reveal(), at.name.reveal()];
                    for asset in self.ids(sql, at)? {
                        self.retire_of(asset)?;
                    }
                }
                Scope::Namespace { cluster, namespace } => {
                    let sql = "SELECT DISTINCT a.id FROM asset a WHERE a.cluster = ?1 AND (a.namespace = ?2 OR (?2 <> '' AND a.kind = 'Namespace' AND a.name = ?2)) \
                               AND (EXISTS (SELECT 1 FROM edge e WHERE e.home_id = a.id AND e.source = ?3) OR EXISTS (SELECT 1 FROM fact f WHERE f.asset_id = a.id AND f.source = ?3))";
                    for asset in self.ids(sql, params![cluster.reveal(), namespace.reveal(), self.tool])? {
                        self.retire_of(asset)?;
                        self.retire_object(asset)?;
                    }
                }
                Scope::Document { id } => {
                    let sql = "UPDATE fact SET valid_until = ?4 WHERE source = ?1 AND report_id <> ?2 AND json_extract(body, '$.document') = ?3 \
                               AND (valid_until IS NULL OR valid_until > ?4)";
                    let row = params![self.tool, self.report_id, id.reveal(), self.received_at.millis() - 1];
                    self.conn.execute(sql, row).doing("retiring statements that a document dropped")?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Edges and facts of one asset that this tool said before and does not say now.
    fn retire_of(&self, asset: i64) -> Result<(), StoreError> {
        let doing = "retiring what a scan no longer shows";
        let now = self.received_at.millis();
        let sql =
            "UPDATE edge SET gone_at = ?4 WHERE home_id = ?1 AND source = ?2 AND report_id <> ?3 AND gone_at IS NULL";
        self.conn
            .prepare_cached(sql)
            .and_then(|mut s| s.execute(params![asset, self.tool, self.report_id, now]))
            .doing(doing)?;
        let sql = "UPDATE fact SET valid_until = ?4 WHERE asset_id = ?1 AND source = ?2 AND report_id <> ?3 AND (valid_until IS NULL OR valid_until > ?4)";
        self.conn
            .prepare_cached(sql)
            .and_then(|mut s| s.execute(params![asset, self.tool, self.report_id, now - 1]))
            .doing(doing)?;
        Ok(())
    }

    /// An object whose existence this tool stated before and does not state now.
    fn retire_object(&self, asset: i64) -> Result<(), StoreError> {
        let doing = "retiring an object";
        let sql = "UPDATE asset SET gone_at = ?4 WHERE id = ?1 AND gone_at IS NULL AND NOT EXISTS \
                   (SELECT 1 FROM fact WHERE asset_id = ?1 AND report_id = ?3) AND EXISTS (SELECT 1 FROM fact WHERE asset_id = ?1 AND source = ?2 AND body LIKE '{\"is\":\"exists\"%')";
        let row = params![asset, self.tool, self.report_id, self.received_at.millis()];
        let gone = self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
        if gone > 0 {
            for finding in self.ids("SELECT id FROM finding WHERE asset_id = ?1", [asset])? {
                self.touch(finding)?;
            }
        }
        Ok(())
    }
}

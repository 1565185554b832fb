//! Late knowledge: two findings turn out to be one. The old fingerprint stays as an alias, so that links, tickets and
//! decisions survive; nothing of this is news.

use assay_core::ids::Fingerprint;
use rusqlite::{OptionalExtension, params};

use super::Settling;
use crate::error::{Doing, StoreError};
use crate::twin::key;

impl Settling<'_> {
    /// Makes one vulnerability of two: `kept` has the better name.
    pub(super) fn merge_vulns(&self, kept: i64, lost: i64) -> Result<(), StoreError> {
        let doing = "joining two names of a vulnerability";
        let run =
            |sql: &str| self.conn.prepare_cached(sql).and_then(|mut s| s.execute(params![kept, lost])).doing(doing);
        run("UPDATE vuln_alias SET vuln_id = ?1 WHERE vuln_id = ?2")?;
        // Of two words of one source on one question the newer one stays.
        run(
            "DELETE FROM intel WHERE vuln_id = ?1 AND EXISTS (SELECT 1 FROM intel o WHERE o.vuln_id = ?2 AND o.feed = intel.feed AND o.question = intel.question \
             AND o.via = intel.via AND (o.at, o.body) > (intel.at, intel.body))",
        )?;
        run("UPDATE OR IGNORE intel SET vuln_id = ?1 WHERE vuln_id = ?2")?;
        self.conn.execute("DELETE FROM intel WHERE vuln_id = ?1", [lost]).doing(doing)?;
        // The text of a record stands before one that a scanner gave.
        run(
            "UPDATE vuln SET (passage_id, from_record) = (SELECT o.passage_id, o.from_record FROM vuln o WHERE o.id = ?2) WHERE id = ?1 \
             AND EXISTS (SELECT 1 FROM vuln o WHERE o.id = ?2 AND o.passage_id IS NOT NULL AND (vuln.passage_id IS NULL OR o.from_record > vuln.from_record))",
        )?;
        for finding in self.ids("SELECT id FROM finding WHERE vuln_id = ?1", [lost])? {
            self.conn.execute("UPDATE finding SET vuln_id = ?2 WHERE id = ?1", [finding, kept]).doing(doing)?;
            self.rekey(finding)?;
        }
        self.conn.execute("DELETE FROM vuln WHERE id = ?1", [lost]).doing(doing)?;
        Ok(())
    }

    /// Counts the findings of an asset, and those placed from it, by a source package instead of a binary one.
    pub(super) fn recount(&self, asset_id: i64, ecosystem: &str, binary: &str, source: &str) -> Result<(), StoreError> {
        let doing = "counting findings by their source package";
        let sql = "SELECT f.id FROM finding f JOIN package p ON p.id = f.package_id WHERE p.ecosystem = ?2 AND p.name = ?3 AND \
                   (f.asset_id = ?1 OR f.via IN (SELECT id FROM finding WHERE asset_id = ?1))";
        for finding in self.ids(sql, params![asset_id, ecosystem, binary])? {
            let sql = "INSERT INTO package (ecosystem, namespace, name, artifact) \
                       SELECT p.ecosystem, p.namespace, ?2, p.artifact FROM package p JOIN finding f ON f.package_id = p.id WHERE f.id = ?1 \
                       ON CONFLICT (ecosystem, namespace, name, artifact) DO UPDATE SET name = name RETURNING id";
            let package: i64 = self.conn.query_row(sql, params![finding, source], |r| r.get(0)).doing(doing)?;
            self.conn.execute("UPDATE finding SET package_id = ?2 WHERE id = ?1", [finding, package]).doing(doing)?;
            self.rekey(finding)?;
        }
        Ok(())
    }

    /// Moves the findings of an asset whose owner has become known to the owner.
    pub(super) fn move_to_owner(&self, asset_id: i64) -> Result<(), StoreError> {
        let sql = "SELECT cluster, kind, namespace, name FROM asset WHERE id = ?1";
        let parts: [String; 4] = self
            .conn
            .query_row(sql, [asset_id], |r| Ok([r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?]))
            .doing("reading an asset")?;
        let top = self.raise(&key(&parts[0], &parts[1], &parts[2], &parts[3]))?;
        let sql = "SELECT id FROM asset WHERE cluster = ?1 AND kind = ?2 AND namespace = ?3 AND name = ?4";
        let at = params![top.cluster.reveal(), top.kind.as_str(), top.namespace.reveal(), top.name.reveal()];
        let owner: i64 = self.conn.query_row(sql, at, |r| r.get(0)).doing("reading an owner")?;
        if owner == asset_id {
            return Ok(());
        }
        let doing = "moving a container to its owner";
        self.conn
            .execute("UPDATE OR IGNORE placement SET asset_id = ?2 WHERE asset_id = ?1", [asset_id, owner])
            .doing(doing)?;
        self.conn.execute("DELETE FROM placement WHERE asset_id = ?1", [asset_id]).doing(doing)?;
        self.touch_asset(asset_id)?;
        for finding in self.ids("SELECT id FROM finding WHERE asset_id = ?1", [asset_id])? {
            self.conn
                .execute("UPDATE finding SET asset_id = ?2 WHERE id = ?1", [finding, owner])
                .doing("moving a finding to its owner")?;
            self.rekey(finding)?;
        }
        Ok(())
    }

    /// The first column of a query, as ids.
    pub(super) fn ids(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<i64>, StoreError> {
        let doing = "reading rows";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        statement.query_map(params, |r| r.get(0)).and_then(Iterator::collect).doing(doing)
    }

    /// A fingerprint that a finding once had, or has: its row.
    pub(super) fn finding_of(&self, fp: &Fingerprint) -> Result<Option<i64>, StoreError> {
        let bytes = fp.bytes().as_slice();
        let direct = self
            .conn
            .prepare_cached("SELECT id FROM finding WHERE fp = ?1")
            .and_then(|mut s| s.query_row([bytes], |r| r.get(0)).optional());
        if let Some(id) = direct.doing("looking for a finding")? {
            return Ok(Some(id));
        }
        let alias = self
            .conn
            .prepare_cached("SELECT finding_id FROM finding_alias WHERE fp = ?1")
            .and_then(|mut s| s.query_row([bytes], |r| r.get(0)).optional());
        alias.doing("looking for a finding")
    }
}

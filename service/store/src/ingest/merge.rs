//! Late knowledge: two findings turn out to be one. The old fingerprint stays as an alias, so that links, tickets and
//! decisions survive; nothing of this is news.

use assay_core::asset::PackageKey;
use assay_core::finding::Place;
use assay_core::fingerprint::fingerprint;
use assay_core::ids::Fingerprint;
use assay_core::text::Opaque;
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
        run("UPDATE OR IGNORE intel SET vuln_id = ?1 WHERE vuln_id = ?2")?;
        self.conn.execute("DELETE FROM intel WHERE vuln_id = ?1", [lost]).doing(doing)?;
        run(
            "UPDATE vuln SET passage_id = COALESCE(passage_id, (SELECT passage_id FROM vuln WHERE id = ?2)) WHERE id = ?1",
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
        for finding in self.ids("SELECT id FROM finding WHERE asset_id = ?1", [asset_id])? {
            self.conn
                .execute("UPDATE finding SET asset_id = ?2 WHERE id = ?1", [finding, owner])
                .doing("moving a finding to its owner")?;
            self.rekey(finding)?;
        }
        Ok(())
    }

    /// Computes a finding's fingerprint anew from its columns; when another finding has it already, the two become one.
    fn rekey(&self, finding: i64) -> Result<(), StoreError> {
        let doing = "giving a finding its new fingerprint";
        let sql = "SELECT f.fp, a.cluster, a.kind, a.namespace, a.name, f.container, f.class, f.detail, v.name, p.ecosystem, p.namespace, p.name, p.artifact, c.name, \
                   h.cluster, h.kind, h.namespace, h.name FROM finding f JOIN asset a ON a.id = f.asset_id LEFT JOIN vuln v ON v.id = f.vuln_id \
                   LEFT JOIN package p ON p.id = f.package_id LEFT JOIN control c ON c.id = f.control_id \
                   LEFT JOIN finding i ON i.id = f.via JOIN asset h ON h.id = COALESCE(i.asset_id, f.asset_id) WHERE f.id = ?1";
        let (old, place, matter, home) = self
            .conn
            .query_row(sql, [finding], |r| {
                let text = |i: usize| r.get::<_, Option<String>>(i).map(Option::unwrap_or_default);
                let place = Place {
                    asset: key(&text(1)?, &text(2)?, &text(3)?, &text(4)?),
                    container: Opaque::readmit(&text(5)?),
                };
                let o = |i: usize| text(i).map(|t| Opaque::readmit(&t));
                let package =
                    PackageKey { ecosystem: o(9)?, namespace: o(10)?, name: o(11)?, source: None, artifact: o(12)? };
                let matter = crate::findings::matter(&text(8)?, package, &text(13)?, &text(7)?, r.get(6)?);
                let home = key(&text(14)?, &text(15)?, &text(16)?, &text(17)?);
                Ok((r.get::<_, Vec<u8>>(0)?, place, matter, home))
            })
            .doing(doing)?;
        let Some(matter) = matter else {
            return Err(StoreError::Row { table: "finding", row: finding, why: "its matter is not whole".to_owned() });
        };
        let new = fingerprint(&place, &matter);
        if old.as_slice() == new.bytes() {
            return Ok(());
        }
        let other: Option<i64> = self
            .conn
            .query_row("SELECT id FROM finding WHERE fp = ?1", [new.bytes().as_slice()], |r| r.get(0))
            .optional()
            .doing(doing)?;
        match other {
            Some(other) => self.fold(finding, other)?,
            None => {
                let cause = crate::findings::cause(&home, &matter);
                self.conn
                    .execute(
                        "UPDATE finding SET fp = ?2, cause = ?3 WHERE id = ?1",
                        params![finding, new.bytes().as_slice(), cause.bytes().as_slice()],
                    )
                    .doing(doing)?;
            }
        }
        let kept = other.unwrap_or(finding);
        self.conn
            .execute("INSERT OR REPLACE INTO finding_alias (fp, finding_id) VALUES (?1, ?2)", params![old, kept])
            .doing(doing)?;
        self.touch(kept)
    }

    /// Folds one finding into another: its sightings, decisions and history move, the earlier clock wins.
    fn fold(&self, from: i64, into: i64) -> Result<(), StoreError> {
        let doing = "making one finding of two";
        let run = |sql: &str| self.conn.execute(sql, [from, into]).doing(doing);
        run("UPDATE OR IGNORE sighting SET finding_id = ?2 WHERE finding_id = ?1")?;
        run("UPDATE decision SET finding_id = ?2 WHERE finding_id = ?1")?;
        run("UPDATE finding_alias SET finding_id = ?2 WHERE finding_id = ?1")?;
        run("UPDATE OR IGNORE forensic_triage SET finding_id = ?2 WHERE finding_id = ?1")?;
        run("UPDATE outbox SET finding_id = ?2 WHERE finding_id = ?1")?;
        run("UPDATE finding SET via = ?2 WHERE via = ?1")?;
        run("UPDATE finding SET first_seen = min(first_seen, (SELECT first_seen FROM finding WHERE id = ?1)), \
             episode_start = min(episode_start, (SELECT episode_start FROM finding WHERE id = ?1)), \
             clock_start = min(clock_start, (SELECT clock_start FROM finding WHERE id = ?1)) WHERE id = ?2")?;
        for table in ["sighting", "assessment_change", "forensic_triage", "touched"] {
            self.conn.execute(&format!("DELETE FROM {table} WHERE finding_id = ?1"), [from]).doing(doing)?;
        }
        self.conn.execute("DELETE FROM finding WHERE id = ?1", [from]).doing(doing)?;
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

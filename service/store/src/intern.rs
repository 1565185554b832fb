//! Rows for names: assets, vulnerabilities, packages, controls, passages. Each name has one row; what was looked up in a
//! transaction is remembered for as long as that transaction lives.

use std::collections::HashMap;

use assay_core::asset::{AssetKey, PackageKey};
use assay_core::ids::{Digest, Time, VulnId};
use assay_core::text::Opaque;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{Doing, StoreError};

/// The most names of one kind that are remembered at a time.
const REMEMBERED_MAX: usize = 50_000;

/// Looks names up and adds what is missing.
pub(crate) struct Intern<'c> {
    conn: &'c Connection,
    at: Time,
    /// When what is taken in was written.
    as_of: Time,
    /// Assets that were gone and are there again.
    returned: Vec<i64>,
    assets: HashMap<AssetKey, i64>,
    packages: HashMap<PackageKey, i64>,
    vulns: HashMap<VulnId, i64>,
    controls: HashMap<Opaque, i64>,
    passages: HashMap<Digest, i64>,
    /// There are texts whose words cannot be found yet.
    new_passages: bool,
}

impl<'c> Intern<'c> {
    pub(crate) fn new(conn: &'c Connection, at: Time) -> Self {
        Self {
            conn,
            at,
            as_of: at,
            returned: Vec::new(),
            assets: HashMap::new(),
            packages: HashMap::new(),
            vulns: HashMap::new(),
            controls: HashMap::new(),
            passages: HashMap::new(),
            new_passages: false,
        }
    }

    /// Names are taken from a report that was written then.
    pub(crate) fn as_of(&mut self, as_of: Time) {
        self.as_of = as_of;
    }

    /// The assets that were gone and that a newer report has named.
    pub(crate) fn returned(&self) -> &[i64] {
        &self.returned
    }

    /// The row of an asset. It counts as seen now. When it had gone it is there again, unless the scan that missed it
    /// was written later.
    pub(crate) fn asset(&mut self, key: &AssetKey) -> Result<i64, StoreError> {
        if let Some(id) = self.assets.get(key) {
            return Ok(*id);
        }
        let doing = "naming an asset";
        let name = [key.cluster.reveal(), key.kind.as_str(), key.namespace.reveal(), key.name.reveal()];
        let sql = "SELECT id, gone_as_of FROM asset WHERE cluster = ?1 AND kind = ?2 AND namespace = ?3 AND name = ?4";
        let known: Option<(i64, Option<i64>)> = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row(name, |r| Ok((r.get(0)?, r.get(1)?))).optional())
            .doing(doing)?;
        let id = match known {
            Some((id, gone_as_of)) => {
                let back = gone_as_of.is_some_and(|gone| gone < self.as_of.millis());
                let sql = "UPDATE asset SET last_seen = max(last_seen, ?2), gone_at = CASE WHEN ?3 THEN NULL ELSE gone_at END, \
                           gone_as_of = CASE WHEN ?3 THEN NULL ELSE gone_as_of END WHERE id = ?1";
                let row = params![id, self.at.millis(), back];
                self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
                self.returned.extend(back.then_some(id));
                id
            }
            None => {
                let sql = "INSERT INTO asset (cluster, kind, namespace, name, first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
                let row = params![name[0], name[1], name[2], name[3], self.at.millis()];
                self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
                self.conn.last_insert_rowid()
            }
        };
        remember(&mut self.assets, key.clone(), id);
        Ok(id)
    }

    /// The row of a package, by the name that findings are counted by.
    pub(crate) fn package(&mut self, key: &PackageKey) -> Result<i64, StoreError> {
        if let Some(id) = self.packages.get(key) {
            return Ok(*id);
        }
        let sql = "INSERT INTO package (ecosystem, namespace, name, artifact) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (ecosystem, namespace, name, artifact) DO UPDATE SET name = name RETURNING id";
        let parts =
            params![key.ecosystem.reveal(), key.namespace.reveal(), key.counted_name().reveal(), key.artifact.reveal()];
        let id = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row(parts, |r| r.get(0)))
            .doing("naming a package")?;
        remember(&mut self.packages, key.clone(), id);
        Ok(id)
    }

    /// The row of the vulnerability that a name stands for, through its aliases.
    pub(crate) fn vuln(&mut self, name: &VulnId) -> Result<i64, StoreError> {
        if let Some(id) = self.vulns.get(name) {
            return Ok(*id);
        }
        let known = self
            .conn
            .prepare_cached("SELECT vuln_id FROM vuln_alias WHERE alias = ?1")
            .and_then(|mut s| s.query_row([name.as_str()], |r| r.get(0)).optional())
            .doing("naming a vulnerability")?;
        let id = match known {
            Some(id) => id,
            None => self.new_vuln(name)?,
        };
        remember(&mut self.vulns, name.clone(), id);
        Ok(id)
    }

    fn new_vuln(&self, name: &VulnId) -> Result<i64, StoreError> {
        let doing = "naming a vulnerability";
        self.conn
            .prepare_cached("INSERT INTO vuln (name) VALUES (?1)")
            .and_then(|mut s| s.execute([name.as_str()]))
            .doing(doing)?;
        let id = self.conn.last_insert_rowid();
        let sql = "INSERT INTO vuln_alias (alias, vuln_id) VALUES (?1, ?2)";
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(params![name.as_str(), id])).doing(doing)?;
        Ok(id)
    }

    /// Forgets which row a name stands for: after two vulnerabilities became one.
    pub(crate) fn forget_vulns(&mut self) {
        self.vulns.clear();
    }

    /// The row of a control, right or signal id.
    pub(crate) fn control(&mut self, name: &Opaque) -> Result<i64, StoreError> {
        if let Some(id) = self.controls.get(name) {
            return Ok(*id);
        }
        let sql = "INSERT INTO control (name) VALUES (?1) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id";
        let id = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([name.reveal()], |r| r.get(0)))
            .doing("naming a control")?;
        remember(&mut self.controls, name.clone(), id);
        Ok(id)
    }

    /// The row of a text; none for an empty one.
    pub(crate) fn passage(&mut self, kind: &str, text: &Opaque, author: &str) -> Result<Option<i64>, StoreError> {
        if text.is_empty() {
            return Ok(None);
        }
        let digest = Digest::of_bytes(text.reveal().as_bytes());
        if let Some(id) = self.passages.get(&digest) {
            return Ok(Some(*id));
        }
        let known = self
            .conn
            .prepare_cached("SELECT id FROM passage WHERE sha256 = ?1")
            .and_then(|mut s| s.query_row([digest.bytes().as_slice()], |r| r.get(0)).optional())
            .doing("keeping a text")?;
        let id = match known {
            Some(id) => id,
            None => {
                let sql = "INSERT INTO passage (kind, sha256, text, author) VALUES (?1, ?2, ?3, ?4)";
                let row = params![kind, digest.bytes().as_slice(), text.reveal(), author];
                self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("keeping a text")?;
                self.new_passages = true;
                self.conn.last_insert_rowid()
            }
        };
        remember(&mut self.passages, digest, id);
        Ok(Some(id))
    }

    /// Makes the words of new texts findable; the last thing before a transaction commits. Done once for all of them: an
    /// index of words that is written between other rows is flushed at every one of those.
    pub(crate) fn finish(self) -> Result<(), StoreError> {
        if self.new_passages {
            let sql = "INSERT INTO passage_words (rowid, text) SELECT id, text FROM passage \
                       WHERE id > (SELECT coalesce(max(id), 0) FROM passage_words_docsize)";
            self.conn.execute(sql, []).doing("keeping words of texts")?;
        }
        Ok(())
    }
}

fn remember<K: std::hash::Hash + Eq>(map: &mut HashMap<K, i64>, key: K, id: i64) {
    if map.len() >= REMEMBERED_MAX {
        map.clear();
    }
    map.insert(key, id);
}

//! Who is who: aliases of vulnerabilities, owners of objects, source packages. Then every claim gets its fingerprint.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::asset::{AssetKey, KindClass};
use assay_core::finding::{Matter, Place};
use assay_core::fingerprint::fingerprint;
use assay_core::ids::VulnId;
use assay_core::observation::Flaw;
use assay_core::scope::Head;
use assay_core::text::Opaque;
use rusqlite::{OptionalExtension, params};

use super::Settling;
use super::parts::Parts;
use super::stage::place_of;
use super::staged::{ClaimRow, SubjectRow};
use crate::error::{Doing, StoreError};
use crate::intern::Intern;
use crate::twin::{key, vuln_id};

/// The longest chain of owners that is followed: Pod, ReplicaSet, Deployment, and what made that.
const OWNERS_MAX: usize = 4;

impl Settling<'_> {
    /// Joins the names of a vulnerability that this report calls the same. Two CVEs are never joined: an advisory that
    /// covers several is an alias of none of them.
    pub(super) fn join_aliases(&self, intern: &mut Intern<'_>) -> Result<(), StoreError> {
        let doing = "reading staged aliases";
        let mut statement =
            self.conn.prepare("SELECT name, alias FROM stage_alias ORDER BY name, alias").doing(doing)?;
        let pairs: Vec<(String, String)> =
            statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).and_then(Iterator::collect).doing(doing)?;
        let pairs: Vec<(VulnId, VulnId)> =
            pairs.iter().filter_map(|(name, alias)| Some((name.parse().ok()?, alias.parse().ok()?))).collect();
        let several = of_several_cves(&pairs);
        for (name, alias) in pairs.iter().filter(|(name, alias)| !several.contains(name) && !several.contains(alias)) {
            let (a, b) = (intern.vuln(name)?, intern.vuln(alias)?);
            if a == b {
                continue;
            }
            let (name_a, name_b) = (self.vuln_name(a)?, self.vuln_name(b)?);
            if name_a.is_cve() && name_b.is_cve() {
                continue;
            }
            let (kept, lost) = if name_a.preferred(&name_b) == &name_a { (a, b) } else { (b, a) };
            self.merge_vulns(kept, lost)?;
            intern.forget_vulns();
        }
        Ok(())
    }

    pub(super) fn vuln_name(&self, id: i64) -> Result<VulnId, StoreError> {
        let name: String = self
            .conn
            .prepare_cached("SELECT name FROM vuln WHERE id = ?1")
            .and_then(|mut s| s.query_row([id], |r| r.get(0)))
            .doing("reading a vulnerability's name")?;
        vuln_id(&name).map_err(|e| StoreError::Row { table: "vuln", row: id, why: e.to_string() })
    }

    /// The owner at the top of the chain, by what scans have said so far.
    pub(super) fn raise(&self, asset: &AssetKey) -> Result<AssetKey, StoreError> {
        if asset.kind.class() != KindClass::Workload {
            return Ok(asset.clone());
        }
        let sql = "SELECT o.cluster, o.kind, o.namespace, o.name FROM asset a JOIN asset o ON o.id = a.owner_id \
                   WHERE a.cluster = ?1 AND a.kind = ?2 AND a.namespace = ?3 AND a.name = ?4";
        let mut top = asset.clone();
        for _ in 0..OWNERS_MAX {
            let found: Option<[String; 4]> = self
                .conn
                .prepare_cached(sql)
                .and_then(|mut s| {
                    let at =
                        params![top.cluster.reveal(), top.kind.as_str(), top.namespace.reveal(), top.name.reveal()];
                    s.query_row(at, |r| Ok([r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?])).optional()
                })
                .doing("raising an owner")?;
            match found {
                Some([cluster, kind, namespace, name]) => top = key(&cluster, &kind, &namespace, &name),
                None => break,
            }
        }
        Ok(top)
    }

    /// Learns the source packages that the report's claims name.
    pub(super) fn learn_sources(&self, intern: &mut Intern<'_>, head: &Head) -> Result<(), StoreError> {
        let doing = "reading staged source packages";
        let sql = "SELECT subject, ecosystem, binary_name, source_name FROM stage_source ORDER BY 1, 2, 3, 4";
        let mut statement = self.conn.prepare(sql).doing(doing)?;
        let rows: Vec<[String; 4]> = statement
            .query_map([], |r| Ok([r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?]))
            .and_then(Iterator::collect)
            .doing(doing)?;
        let artifact = head.artifact.asset();
        for [subject, ecosystem, binary, source] in rows {
            let unread = |e: serde_json::Error| StoreError::Row { table: "stage_source", row: 0, why: e.to_string() };
            let subject: SubjectRow = serde_json::from_str(&subject).map_err(unread)?;
            let Some((asset, _)) = place_of(&subject.subject(), artifact.as_ref()) else { continue };
            let asset_id = intern.asset(&self.raise(&asset)?)?;
            self.learn_source(asset_id, &ecosystem, &binary, &source)?;
        }
        Ok(())
    }

    /// Gives every staged claim its place, matter and fingerprint.
    pub(super) fn identify(&self, intern: &mut Intern<'_>, head: &Head, parts: &Parts) -> Result<(), StoreError> {
        let artifact = head.artifact.asset();
        let mut statement =
            self.conn.prepare("SELECT id, body FROM stage_claim ORDER BY id").doing("reading staged claims")?;
        let mut rows = statement.query([]).doing("reading staged claims")?;
        while let Some(row) = rows.next().doing("reading staged claims")? {
            let id: i64 = row.get(0).doing("reading staged claims")?;
            let body: String = row.get(1).doing("reading staged claims")?;
            let unread = |why: String| StoreError::Row { table: "stage_claim", row: id, why };
            let staged: ClaimRow = serde_json::from_str(&body).map_err(|e| unread(e.to_string()))?;
            let Some(part) = parts.of_claim(staged.scope()) else { continue };
            let claim = staged.claim().map_err(|e| unread(e.to_string()))?;
            let Some((asset, container)) = place_of(&claim.subject, artifact.as_ref()) else { continue };
            let place = Place { asset: self.raise(&asset)?, container };
            let asset_id = intern.asset(&place.asset)?;
            let matter = self.matter(intern, &claim.flaw, asset_id)?;
            let sighting = claim.sighting();
            // Said twice in one report, the graver word counts, in whatever order they stand.
            let sql = "INSERT INTO stage_said (scope_id, fp, component, claim_id, asset_id, spoken, severity, details) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
                       ON CONFLICT (scope_id, fp, component) DO UPDATE SET claim_id = excluded.claim_id, severity = excluded.severity, details = excluded.details \
                       WHERE (excluded.severity, excluded.details) > (severity, details)";
            let fp = fingerprint(&place, &matter);
            let row = params![
                part.scope_id,
                fp.bytes().as_slice(),
                sighting.component.reveal(),
                id,
                asset_id,
                matter.spoken(&place.asset).map(|s| s as u8),
                sighting.severity as u8,
                sighting.details() as i64
            ];
            self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("identifying a claim")?;
        }
        Ok(())
    }

    /// The matter of a claim under canonical names.
    pub(super) fn matter(&self, intern: &mut Intern<'_>, flaw: &Flaw, asset_id: i64) -> Result<Matter, StoreError> {
        let canonical = match flaw {
            Flaw::Vulnerability { id, .. } => {
                let row = intern.vuln(id)?;
                Some(self.vuln_name(row)?)
            }
            _ => None,
        };
        let mut matter = Matter::of(flaw, |id| canonical.clone().unwrap_or_else(|| id.clone()));
        if let Matter::Vulnerability { package, .. } = &mut matter
            && package.of_distribution()
            && package.source.is_none()
        {
            package.source = self.source_of(asset_id, package.ecosystem.reveal(), package.name.reveal())?;
        }
        Ok(matter)
    }

    fn source_of(&self, asset_id: i64, ecosystem: &str, binary: &str) -> Result<Option<Opaque>, StoreError> {
        let sql = "SELECT source_name FROM built_from WHERE asset_id = ?1 AND ecosystem = ?2 AND binary_name = ?3";
        let found: Option<String> = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row(params![asset_id, ecosystem, binary], |r| r.get(0)).optional())
            .doing("looking for a source package")?;
        Ok(found.map(|name| Opaque::readmit(&name)))
    }

    /// Remembers which source a binary package was built from; findings that were counted by the binary's name move.
    pub(super) fn learn_source(
        &self,
        asset_id: i64,
        ecosystem: &str,
        binary: &str,
        source: &str,
    ) -> Result<(), StoreError> {
        let sql =
            "INSERT OR IGNORE INTO built_from (asset_id, ecosystem, binary_name, source_name) VALUES (?1, ?2, ?3, ?4)";
        let new = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.execute(params![asset_id, ecosystem, binary, source]))
            .doing("learning a source package")?;
        if new > 0 && binary != source {
            self.recount(asset_id, ecosystem, binary, source)?;
        }
        Ok(())
    }
}

/// The names that this report gives to several CVEs.
fn of_several_cves(pairs: &[(VulnId, VulnId)]) -> BTreeSet<&VulnId> {
    let mut cves: BTreeMap<&VulnId, BTreeSet<&VulnId>> = BTreeMap::new();
    for (one, other) in pairs.iter().flat_map(|(a, b)| [(a, b), (b, a)]) {
        if !one.is_cve() && other.is_cve() {
            cves.entry(one).or_default().insert(other);
        }
    }
    cves.into_iter().filter(|(_, cves)| cves.len() > 1).map(|(name, _)| name).collect()
}

//! Findings of an image, in the containers that run it.

use assay_core::asset::{AssetKey, PackageKey};
use assay_core::finding::{FindingClass, Matter, Place, Presence};
use assay_core::fingerprint::fingerprint;
use assay_core::reconcile::presence;
use assay_core::text::Opaque;
use rusqlite::params;

use super::Settling;
use super::apply::{MatterIds, NewFinding};
use super::hear::Heard;
use super::life::Row;
use super::placement::Container;
use crate::error::{Doing, StoreError};
use crate::findings;
use crate::twin::key;

/// A finding of an image that a container's scopes claim and that has no finding there yet.
struct Unplaced {
    via: i64,
    ids: MatterIds,
    /// None when the columns of the image's finding are not whole.
    matter: Option<Matter>,
}

/// What of an image is so of each container that runs it: its packages' flaws, and the secrets that lie in its files.
const PLACED: [FindingClass; 2] = [FindingClass::Vulnerability, FindingClass::Secret];

impl Settling<'_> {
    /// Gives a container a finding for each touched finding of the image that its scopes claim.
    pub(super) fn place_in(&self, container: &Container, repository: &str) -> Result<(), StoreError> {
        let place = Place { asset: self.asset_key(container.0)?, container: Opaque::readmit(&container.1) };
        let home = AssetKey::image(Opaque::readmit(repository));
        for unplaced in self.unplaced(container)? {
            let Unplaced { via, ids, matter } = unplaced;
            let whole = || StoreError::Row { table: "finding", row: via, why: "its matter is not whole".to_owned() };
            let matter = matter.ok_or_else(whole)?;
            let fp = fingerprint(&place, &matter);
            match self.finding_of(&fp)? {
                Some(known) => self.join_via(known, via, container)?,
                None => {
                    let (asset_id, via) = (container.0, Some(via));
                    let new = NewFinding {
                        fp: &fp,
                        place: &place,
                        home: &home,
                        matter: &matter,
                        ids,
                        asset_id,
                        via,
                        stage: None,
                    };
                    self.insert_finding(&new)?;
                }
            }
        }
        Ok(())
    }

    fn unplaced(&self, container: &Container) -> Result<Vec<Unplaced>, StoreError> {
        let doing = "placing a finding";
        let sql = "SELECT DISTINCT f.id, f.vuln_id, f.package_id, f.control_id, f.class, f.detail, v.name, k.ecosystem, k.namespace, k.name, k.artifact, n.name \
                   FROM touched t JOIN finding f ON f.id = t.finding_id \
                   JOIN sighting s ON s.finding_id = f.id JOIN placement p ON p.scope_id = s.scope_id AND p.asset_id = ?1 AND p.container = ?2 \
                   LEFT JOIN vuln v ON v.id = f.vuln_id LEFT JOIN package k ON k.id = f.package_id LEFT JOIN control n ON n.id = f.control_id \
                   WHERE f.class IN (?3, ?4) AND s.gone_at IS NULL \
                   AND NOT EXISTS (SELECT 1 FROM finding c WHERE c.via = f.id AND c.asset_id = ?1 AND c.container = ?2) ORDER BY f.id";
        let [flaws, secrets] = PLACED.map(|class| class as u8);
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        statement
            .query_map(params![container.0, container.1, flaws, secrets], |r| {
                let text = |i: usize| r.get::<_, Option<String>>(i).map(Option::unwrap_or_default);
                let o = |i: usize| text(i).map(|t| Opaque::readmit(&t));
                let package =
                    PackageKey { ecosystem: o(7)?, namespace: o(8)?, name: o(9)?, source: None, artifact: o(10)? };
                let ids = MatterIds { vuln: r.get(1)?, package: r.get(2)?, control: r.get(3)? };
                let matter = findings::matter(&text(6)?, package, &text(11)?, &text(5)?, r.get(4)?);
                Ok(Unplaced { via: r.get(0)?, ids, matter })
            })
            .and_then(Iterator::collect)
            .doing(doing)
    }

    /// A finding of the container that is there already: because a tool told of the workload itself, or because it ran
    /// another image that has it too. That one goes on speaking while it claims it.
    fn join_via(&self, known: i64, via: i64, container: &Container) -> Result<(), StoreError> {
        let doing = "placing a finding";
        let sql = "UPDATE finding SET via = ?2 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM sighting s JOIN placement p ON p.scope_id = s.scope_id \
                   WHERE s.finding_id = finding.via AND s.gone_at IS NULL AND p.asset_id = ?3 AND p.container = ?4)";
        let row = params![known, via, container.0, container.1];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
        self.touch(known)
    }

    /// True where a container runs two images, as while one takes the place of the other.
    pub(super) fn runs_several(&self, row: &Row) -> Result<bool, StoreError> {
        let sql = "SELECT count(DISTINCT s.repository) > 1 FROM placement p JOIN scope s ON s.id = p.scope_id WHERE p.asset_id = ?1 AND p.container = ?2";
        let at = (row.asset, row.container.as_str());
        self.conn.prepare_cached(sql).and_then(|mut s| s.query_row(at, |r| r.get(0))).doing("looking for another image")
    }

    /// The image's finding that speaks for a placed one: of several, the one with the better word, then the one with the
    /// smaller fingerprint.
    pub(super) fn choose_via(&self, finding: i64, row: &Row) -> Result<Option<i64>, StoreError> {
        let doing = "looking for another image";
        let at = (row.asset, row.container.as_str());
        let sql = if row.of_vuln {
            "SELECT DISTINCT i.fp, i.id FROM finding f JOIN finding i INDEXED BY finding_by_vuln ON i.vuln_id = f.vuln_id AND i.package_id = f.package_id AND i.via IS NULL \
             JOIN sighting s ON s.finding_id = i.id AND s.gone_at IS NULL JOIN placement p ON p.scope_id = s.scope_id AND p.asset_id = f.asset_id AND p.container = f.container \
             WHERE f.id = ?1 ORDER BY i.fp"
        } else {
            "SELECT DISTINCT i.fp, i.id FROM finding f JOIN placement p ON p.asset_id = f.asset_id AND p.container = f.container JOIN scope c ON c.id = p.scope_id \
             JOIN asset a ON a.kind = 'Image' AND a.cluster = '' AND a.namespace = '' AND a.name = c.repository \
             JOIN finding i INDEXED BY finding_by_asset ON i.asset_id = a.id AND i.class = f.class AND i.control_id = f.control_id AND i.detail = f.detail AND i.via IS NULL \
             JOIN sighting s ON s.finding_id = i.id AND s.scope_id = p.scope_id AND s.gone_at IS NULL WHERE f.id = ?1 ORDER BY i.fp"
        };
        let mut best: Option<(Presence, i64)> = None;
        for (_, image) in self.pairs(sql, [finding])? {
            let mut heard = Heard::default();
            self.hear_placed(image, at, &mut heard)?;
            let presence = presence(heard.words);
            if best.is_none_or(|(known, _)| presence < known) {
                best = Some((presence, image));
            }
        }
        let chosen = best.map_or(row.via, |(_, image)| Some(image));
        if let (Some(before), Some(now)) = (row.via, chosen)
            && before != now
        {
            self.conn.execute("UPDATE finding SET via = ?2 WHERE id = ?1", [finding, now]).doing(doing)?;
            self.touch(before)?;
            self.touch(now)?;
        }
        Ok(chosen)
    }

    fn pairs(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<([u8; 20], i64)>, StoreError> {
        let doing = "reading rows";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        statement.query_map(params, |r| Ok((r.get(0)?, r.get(1)?))).and_then(Iterator::collect).doing(doing)
    }

    fn asset_key(&self, id: i64) -> Result<AssetKey, StoreError> {
        let sql = "SELECT cluster, kind, namespace, name FROM asset WHERE id = ?1";
        let name: [String; 4] = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([id], |r| Ok([r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?])))
            .doing("reading an asset")?;
        Ok(key(&name[0], &name[1], &name[2], &name[3]))
    }
}

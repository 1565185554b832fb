//! Findings of an image, where the image runs. Each container that runs it gets findings of its own; their presence reads
//! the image's sightings. Report before scan and scan before report end in equal rows.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::asset::{AssetKey, PackageKey};
use assay_core::finding::{Matter, Place};
use assay_core::fingerprint::fingerprint;
use assay_core::ids::{Digest, Time};
use assay_core::observation::Link;
use assay_core::place::{ImageReport, ImageScope, describing, overtaken};
use assay_core::scope::Scope;
use assay_core::text::Opaque;
use rusqlite::params;

use super::Settling;
use super::apply::{MatterIds, NewFinding};
use super::parts::OpenPart;
use crate::error::{Doing, StoreError};
use crate::intern::Intern;
use crate::twin::{LinkRow, key, vuln_id};

/// A container: the raised workload's row, and the container's name.
type Container = (i64, String);

impl Settling<'_> {
    /// Looks again at which tags of the report's repositories have been overtaken.
    pub(super) fn overtake(&self, parts: &[OpenPart]) -> Result<(), StoreError> {
        let repositories: BTreeSet<&str> = parts
            .iter()
            .filter_map(|p| match &p.scope {
                Scope::Image { repository, .. } => Some(repository.reveal()),
                _ => None,
            })
            .collect();
        for repository in repositories {
            self.overtake_in(repository)?;
        }
        Ok(())
    }

    fn overtake_in(&self, repository: &str) -> Result<(), StoreError> {
        let doing = "comparing the tags of an image";
        // History is per tool and platform: one tool's newer tag says nothing about what another tool has seen.
        let sql = "SELECT s.tool || ' ' || COALESCE(s.platform, ''), s.id, r.produced_at, r.sha256, r.complete, s.overtaken, \
                   EXISTS (SELECT 1 FROM placement p WHERE p.scope_id = s.id) \
                   FROM scope s JOIN scope_report r ON r.scope_id = s.id WHERE s.repository = ?1";
        let mut lines: BTreeMap<String, Vec<ImageReport>> = BTreeMap::new();
        let mut running: BTreeSet<i64> = BTreeSet::new();
        let mut before: BTreeMap<i64, bool> = BTreeMap::new();
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([repository]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let scope: i64 = row.get(1).doing(doing)?;
            let report = ImageReport {
                scope,
                produced_at: Time::from_millis(row.get(2).doing(doing)?),
                sha256: Digest::from_bytes(row.get(3).doing(doing)?),
                complete: row.get(4).doing(doing)?,
            };
            lines.entry(row.get(0).doing(doing)?).or_default().push(report);
            before.insert(scope, row.get(5).doing(doing)?);
            if row.get(6).doing(doing)? {
                running.insert(scope);
            }
        }
        let now: BTreeSet<i64> =
            lines.values().flat_map(|reports| overtaken(reports, |scope| running.contains(&scope))).collect();
        for (scope, was) in before {
            let is = now.contains(&scope);
            if is != was {
                self.conn.execute("UPDATE scope SET overtaken = ?2 WHERE id = ?1", params![scope, is]).doing(doing)?;
                for finding in self.ids("SELECT DISTINCT finding_id FROM sighting WHERE scope_id = ?1", [scope])? {
                    self.touch(finding)?;
                }
            }
        }
        Ok(())
    }

    /// Brings placements, and the placed findings, up to date with this commit's reports and edges.
    pub(super) fn place(&self, intern: &mut Intern<'_>) -> Result<(), StoreError> {
        let images = self.ids(
            "SELECT DISTINCT to_id FROM edge e JOIN asset a ON a.id = e.to_id WHERE a.kind = 'Image' AND (e.report_id = ?1 OR e.gone_at = ?2) \
             UNION SELECT a.id FROM scope_report r JOIN scope s ON s.id = r.scope_id JOIN asset a ON a.kind = 'Image' AND a.name = s.repository WHERE r.report_id = ?1 \
             UNION SELECT f.asset_id FROM touched t JOIN finding f ON f.id = t.finding_id JOIN asset a ON a.id = f.asset_id WHERE a.kind = 'Image'",
            params![self.report_id, self.received_at.millis()],
        )?;
        for image in images {
            self.place_image(intern, image)?;
        }
        Ok(())
    }

    fn place_image(&self, intern: &mut Intern<'_>, image: i64) -> Result<(), StoreError> {
        let doing = "placing an image's findings";
        let repository: String =
            self.conn.query_row("SELECT name FROM asset WHERE id = ?1", [image], |r| r.get(0)).doing(doing)?;
        let wanted = self.wanted(image, &repository)?;
        let before = self.placed(&repository)?;
        for (container, scope) in before.difference(&wanted) {
            let sql = "DELETE FROM placement WHERE asset_id = ?1 AND container = ?2 AND scope_id = ?3";
            self.conn.execute(sql, params![container.0, container.1, scope]).doing(doing)?;
            self.touch_placed(container, *scope)?;
        }
        for (container, scope) in wanted.difference(&before) {
            let sql = "INSERT OR IGNORE INTO placement (asset_id, container, scope_id) VALUES (?1, ?2, ?3)";
            self.conn.execute(sql, params![container.0, container.1, scope]).doing(doing)?;
            for finding in self.ids("SELECT DISTINCT finding_id FROM sighting WHERE scope_id = ?1", [*scope])? {
                self.touch(finding)?;
            }
        }
        let home = AssetKey::image(Opaque::readmit(&repository));
        let containers: BTreeSet<&Container> = wanted.iter().map(|(c, _)| c).collect();
        for container in containers {
            self.place_in(intern, container, &home)?;
        }
        let images = "INSERT OR IGNORE INTO touched SELECT p.id FROM finding p JOIN touched t ON t.finding_id = p.via";
        self.conn.execute(images, []).doing(doing)?;
        Ok(())
    }

    /// Which scopes of the repository speak for which containers.
    fn wanted(&self, image: i64, repository: &str) -> Result<BTreeSet<(Container, i64)>, StoreError> {
        let doing = "matching containers with reports";
        let mut statement = self
            .conn
            .prepare_cached("SELECT id, version, digest FROM scope WHERE repository = ?1 AND retired = 0")
            .doing(doing)?;
        let scopes: Vec<ImageScope> = statement
            .query_map([repository], |r| {
                let digest = r.get::<_, Option<[u8; 32]>>(2)?.map(Digest::from_bytes);
                Ok(ImageScope { id: r.get(0)?, version: Opaque::readmit(&r.get::<_, String>(1)?), digest })
            })
            .and_then(Iterator::collect)
            .doing(doing)?;
        let sql = "SELECT e.id, e.body, a.cluster, a.kind, a.namespace, a.name FROM edge e JOIN asset a ON a.id = e.from_id \
                   WHERE e.to_id = ?1 AND e.gone_at IS NULL AND a.gone_at IS NULL";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([image]).doing(doing)?;
        let mut wanted = BTreeSet::new();
        while let Some(row) = rows.next().doing(doing)? {
            let id: i64 = row.get(0).doing(doing)?;
            let unread = |why: String| StoreError::Row { table: "edge", row: id, why };
            let text = |i: usize| row.get::<_, String>(i).doing(doing);
            let link: LinkRow = serde_json::from_str(&text(1)?).map_err(|e| unread(e.to_string()))?;
            let Link::Runs { container, tag, digest } = link.link().map_err(|e| unread(e.to_string()))? else {
                continue;
            };
            let workload = self.raise(&key(&text(2)?, &text(3)?, &text(4)?, &text(5)?))?;
            let sql = "SELECT id FROM asset WHERE cluster = ?1 AND kind = ?2 AND namespace = ?3 AND name = ?4 AND gone_at IS NULL";
            let at = params![
                workload.cluster.reveal(),
                workload.kind.as_str(),
                workload.namespace.reveal(),
                workload.name.reveal()
            ];
            for asset in self.ids(sql, at)? {
                for scope in describing(&scopes, tag.as_ref(), digest) {
                    wanted.insert(((asset, container.reveal().to_owned()), scope));
                }
            }
        }
        Ok(wanted)
    }

    fn placed(&self, repository: &str) -> Result<BTreeSet<(Container, i64)>, StoreError> {
        let doing = "reading placements";
        let sql = "SELECT p.asset_id, p.container, p.scope_id FROM placement p JOIN scope s ON s.id = p.scope_id WHERE s.repository = ?1";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        statement
            .query_map([repository], |r| Ok(((r.get(0)?, r.get(1)?), r.get(2)?)))
            .and_then(Iterator::collect)
            .doing(doing)
    }

    /// The placed findings of a container, and their images' findings, have to be looked at when a scope leaves it.
    fn touch_placed(&self, container: &Container, scope: i64) -> Result<(), StoreError> {
        let sql = "SELECT p.id FROM finding p WHERE p.asset_id = ?1 AND p.container = ?2 AND p.via IN (SELECT finding_id FROM sighting WHERE scope_id = ?3) \
                   UNION SELECT finding_id FROM sighting WHERE scope_id = ?3";
        for finding in self.ids(sql, params![container.0, container.1, scope])? {
            self.touch(finding)?;
        }
        Ok(())
    }

    /// Gives a container a finding for each touched finding of the image that its scopes have ever claimed.
    fn place_in(&self, intern: &mut Intern<'_>, container: &Container, home: &AssetKey) -> Result<(), StoreError> {
        let doing = "placing a finding";
        let sql = "SELECT DISTINCT f.id, f.vuln_id, f.package_id, v.name, k.ecosystem, k.namespace, k.name, k.artifact FROM touched t JOIN finding f ON f.id = t.finding_id \
                   JOIN sighting s ON s.finding_id = f.id JOIN placement p ON p.scope_id = s.scope_id AND p.asset_id = ?1 AND p.container = ?2 \
                   JOIN vuln v ON v.id = f.vuln_id JOIN package k ON k.id = f.package_id \
                   WHERE s.gone_at IS NULL AND NOT EXISTS (SELECT 1 FROM finding c WHERE c.via = f.id AND c.asset_id = ?1 AND c.container = ?2) ORDER BY f.id";
        let asset = self.asset_key(container.0)?;
        let place = Place { asset, container: Opaque::readmit(&container.1) };
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let found: Vec<(i64, MatterIds, [String; 5])> = statement
            .query_map(params![container.0, container.1], |r| {
                let ids = MatterIds { vuln: r.get(1)?, package: r.get(2)?, control: None };
                Ok((r.get(0)?, ids, [r.get(3)?, r.get(4)?, r.get(5)?, r.get(6)?, r.get(7)?]))
            })
            .and_then(Iterator::collect)
            .doing(doing)?;
        for (via, ids, [vuln, ecosystem, namespace, name, artifact]) in found {
            let id = vuln_id(&vuln).map_err(|e| StoreError::Row { table: "vuln", row: via, why: e.to_string() })?;
            let o = |t: &str| Opaque::readmit(t);
            let package = PackageKey {
                ecosystem: o(&ecosystem),
                namespace: o(&namespace),
                name: o(&name),
                source: None,
                artifact: o(&artifact),
            };
            let matter = Matter::Vulnerability { id, package };
            let fp = fingerprint(&place, &matter);
            let placed = match self.finding_of(&fp)? {
                Some(known) => {
                    self.conn.execute("UPDATE finding SET via = ?2 WHERE id = ?1", [known, via]).doing(doing)?;
                    known
                }
                None => self.insert_finding(&NewFinding {
                    fp: &fp,
                    place: &place,
                    home,
                    matter: &matter,
                    ids,
                    asset_id: container.0,
                    via: Some(via),
                    stage: None,
                })?,
            };
            self.touch(placed)?;
        }
        let _ = intern;
        Ok(())
    }

    fn asset_key(&self, id: i64) -> Result<AssetKey, StoreError> {
        self.conn
            .query_row("SELECT cluster, kind, namespace, name FROM asset WHERE id = ?1", [id], |r| {
                Ok(key(
                    &r.get::<_, String>(0)?,
                    &r.get::<_, String>(1)?,
                    &r.get::<_, String>(2)?,
                    &r.get::<_, String>(3)?,
                ))
            })
            .doing("reading an asset")
    }
}

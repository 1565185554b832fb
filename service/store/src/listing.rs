//! Findings for the list and for one page: rows for the rank table, details for what is shown.

use std::collections::HashSet;

use assay_core::asset::{AssetKey, PackageKey};
use assay_core::finding::{Decision, Finding, FindingClass, Place, ScannedImage, Sighting, SourceWord};
use assay_core::ids::{Digest, Fingerprint, Time, VulnId};
use assay_core::mend::FixWord;
use assay_core::observation::{AttackStage, Severity};
use assay_core::order::StoredRow;
use assay_core::reconcile::{Life, Word};
use assay_core::text::Opaque;
use rusqlite::{OptionalExtension, params};

use crate::decide::{decision, decision_row};
use crate::error::{Doing, StoreError};
use crate::findings::{matter, read_presence};
use crate::open::Store;
use crate::twin::key;

/// The most findings whose details are read at once.
pub const DETAILS_MAX: usize = 1_000;

impl Store {
    /// Every finding, as a row for the rank table.
    ///
    /// # Errors
    /// When the database fails.
    pub fn each_row(&self, as_of: Time, mut each: impl FnMut(&StoredRow<'_>)) -> Result<(), StoreError> {
        let doing = "reading findings";
        let silent = self.silent_findings(as_of)?;
        let decided = self.decided_findings(as_of)?;
        let sql = "SELECT id, fp, class, asset_id, container, vuln_id, package_id, control_id, presence, because, fix, stage, clock_start, cause, recorded FROM finding ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let id: i64 = row.get(0).doing(doing)?;
            let class: u8 = row.get(2).doing(doing)?;
            let class = *FindingClass::ALL.get(usize::from(class)).ok_or_else(|| StoreError::Row {
                table: "finding",
                row: id,
                why: "unknown class".to_owned(),
            })?;
            let cause = row.get_ref(13).doing(doing)?;
            let cause = cause.as_blob().ok().and_then(|b| b.first_chunk::<4>()).map_or(0, |b| u32::from_be_bytes(*b));
            let stage: Option<u8> = row.get(11).doing(doing)?;
            let recorded: Option<i64> = row.get(14).doing(doing)?;
            let container = row.get_ref(4).doing(doing)?;
            let stored = StoredRow {
                id,
                fingerprint: Fingerprint::from_bytes(row.get(1).doing(doing)?),
                class,
                asset: row.get(3).doing(doing)?,
                container: container.as_str().unwrap_or_default(),
                vuln: row.get(5).doing(doing)?,
                package: row.get(6).doing(doing)?,
                control: row.get(7).doing(doing)?,
                presence: read_presence(row.get(8).doing(doing)?, row.get(9).doing(doing)?),
                fix: row.get(10).doing(doing)?,
                stage: stage.and_then(|s| AttackStage::ALL.get(usize::from(s)).copied()),
                clock_start: Time::from_millis(row.get(12).doing(doing)?),
                cause,
                recorded: recorded.map(|r| ((r >> 16) as u8, r as u16)),
                decided: decided.contains(&id),
                silent: silent.contains(&id),
            };
            each(&stored);
        }
        Ok(())
    }

    /// Findings all of whose live sources have been silent for longer than their scope's rhythm allows.
    fn silent_findings(&self, as_of: Time) -> Result<HashSet<i64>, StoreError> {
        let doing = "looking for silent sources";
        let any: bool = self
            .conn
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM scope WHERE last_received + ttl_ms < ?1 AND retired = 0)",
                [as_of.millis()],
                |r| r.get(0),
            )
            .doing(doing)?;
        if !any {
            return Ok(HashSet::new());
        }
        // Findings that are there, and that no source in its rhythm claims: neither a word of its own, nor, where it is
        // placed, one for the image that runs there.
        let live = "s.gone_at IS NULL AND s.doubted_at IS NULL AND c.retired = 0 AND c.last_received + c.ttl_ms >= ?1";
        let sql = format!(
            "SELECT f.id FROM finding f WHERE f.presence = 0 AND NOT EXISTS (SELECT 1 FROM sighting s JOIN scope c ON c.id = s.scope_id \
             WHERE s.finding_id = f.id AND {live} AND (c.overtaken >> COALESCE(s.spoken, 63)) & 1 = 0) \
             AND (f.via IS NULL OR NOT EXISTS (SELECT 1 FROM sighting s JOIN scope c ON c.id = s.scope_id \
             JOIN placement p ON p.scope_id = c.id AND p.asset_id = f.asset_id AND p.container = f.container AND p.carried = 0 \
             WHERE s.finding_id = f.via AND {live}))"
        );
        let mut statement = self.conn.prepare_cached(&sql).doing(doing)?;
        statement.query_map([as_of.millis()], |r| r.get(0)).and_then(Iterator::collect).doing(doing)
    }

    fn decided_findings(&self, as_of: Time) -> Result<HashSet<i64>, StoreError> {
        let sql = "SELECT finding_id FROM decision WHERE revoked_at IS NULL AND (status IN ('not_affected', 'fixed') OR (status = 'affected' AND until IS NOT NULL)) AND (until IS NULL OR until > ?1)";
        let mut statement = self.conn.prepare_cached(sql).doing("reading decisions")?;
        statement.query_map([as_of.millis()], |r| r.get(0)).and_then(Iterator::collect).doing("reading decisions")
    }

    /// The finding that an id or a prefix of it names; more than one match is none.
    ///
    /// # Errors
    /// When the database fails.
    pub fn find(&self, text: &str) -> Result<Option<i64>, StoreError> {
        let doing = "looking for a finding";
        if let Ok(fp) = text.parse::<Fingerprint>() {
            let sql = "SELECT id FROM finding WHERE fp = ?1 UNION ALL SELECT finding_id FROM finding_alias WHERE fp = ?1 LIMIT 1";
            return self.conn.query_row(sql, [fp.bytes().as_slice()], |r| r.get(0)).optional().doing(doing);
        }
        let body = text.strip_prefix("a1:").unwrap_or(text).trim_end_matches('.');
        if body.len() < 4 || !body.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)) {
            return Ok(None);
        }
        let Some((low, high)) = range(body) else { return Ok(None) };
        for table in ["SELECT id FROM finding", "SELECT DISTINCT finding_id FROM finding_alias"] {
            let sql = format!("{table} WHERE fp >= ?1 AND fp <= ?2 LIMIT 2");
            let mut statement = self.conn.prepare_cached(&sql).doing(doing)?;
            let ids = statement.query_map([low.as_slice(), high.as_slice()], |r| r.get(0));
            let found: Vec<i64> = ids.and_then(Iterator::collect).doing(doing)?;
            match found[..] {
                [] => {}
                [one] => return Ok(Some(one)),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The details of some findings, in the order asked for.
    ///
    /// # Errors
    /// When the database fails or holds what this build cannot have written.
    pub fn details(&self, ids: &[i64], as_of: Time) -> Result<Vec<Finding>, StoreError> {
        ids.iter().take(DETAILS_MAX).map(|id| self.detail(*id, as_of)).collect()
    }

    fn detail(&self, id: i64, as_of: Time) -> Result<Finding, StoreError> {
        let doing = "reading a finding";
        let sql = "SELECT f.fp, f.class, a.cluster, a.kind, a.namespace, a.name, f.container, f.detail, v.name, p.ecosystem, p.namespace, p.name, p.artifact, c.name, \
                   f.presence, f.because, f.first_seen, f.last_seen, f.episode, f.episode_start, f.resolved_at, f.clock_start, f.severity, f.stage, f.cause, f.via, f.vuln_id, \
                   f.asset_id FROM finding f JOIN asset a ON a.id = f.asset_id LEFT JOIN vuln v ON v.id = f.vuln_id LEFT JOIN package p ON p.id = f.package_id \
                   LEFT JOIN control c ON c.id = f.control_id WHERE f.id = ?1";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let row = statement
            .query_row([id], |r| {
                let text = |i: usize| r.get::<_, Option<String>>(i).map(Option::unwrap_or_default);
                let o = |i: usize| text(i).map(|t| Opaque::readmit(&t));
                let time = |i: usize| r.get(i).map(Time::from_millis);
                let package =
                    PackageKey { ecosystem: o(9)?, namespace: o(10)?, name: o(11)?, source: None, artifact: o(12)? };
                let class: u8 = r.get(1)?;
                let life = Life {
                    presence: read_presence(r.get(14)?, r.get(15)?),
                    first_seen: time(16)?,
                    last_seen: time(17)?,
                    episode: r.get(18)?,
                    episode_start: time(19)?,
                    resolved_at: r.get::<_, Option<i64>>(20)?.map(Time::from_millis),
                };
                Ok(Raw {
                    fingerprint: Fingerprint::from_bytes(r.get(0)?),
                    class,
                    place: Place { asset: key(&text(2)?, &text(3)?, &text(4)?, &text(5)?), container: o(6)? },
                    matter: matter(&text(8)?, package, &text(13)?, &text(7)?, class),
                    life,
                    clock_start: time(21)?,
                    severity: r.get(22)?,
                    stage: r.get(23)?,
                    cause: Digest::from_bytes(r.get(24)?),
                    via: r.get(25)?,
                    vuln: r.get(26)?,
                    asset: r.get(27)?,
                })
            })
            .optional()
            .doing(doing)?
            .ok_or(StoreError::NoFinding)?;
        let unread = |why: &str| StoreError::Row { table: "finding", row: id, why: why.to_owned() };
        let words = self.words(id, &row, as_of)?;
        // A report that says nothing new moves no row, and counts all the same.
        let last_seen = words.iter().map(|(_, at)| *at).fold(row.life.last_seen, Time::max);
        let text = self.text_of(row.via.unwrap_or(id), row.vuln)?;
        Ok(Finding {
            id,
            fingerprint: row.fingerprint,
            class: *FindingClass::ALL.get(usize::from(row.class)).ok_or_else(|| unread("unknown class"))?,
            image: self.image_of(&row)?,
            aliases: self.aliases_of(row.vuln, &row.matter)?,
            place: row.place,
            matter: row.matter.ok_or_else(|| unread("its matter is not whole"))?,
            life: Life { last_seen, ..row.life },
            clock_start: row.clock_start,
            severity: Severity::ALL.get(usize::from(row.severity)).copied().unwrap_or(Severity::Unknown),
            stage: row.stage.and_then(|s| AttackStage::ALL.get(usize::from(s)).copied()),
            cause: row.cause,
            words: words.into_iter().map(|(word, _)| word).collect(),
            decision: self.decision_of(id, as_of)?,
            text,
        })
    }

    /// Every source's word for a finding, and when a report had it last; for a placed one also the image's, as far as
    /// they are about this container.
    fn words(&self, id: i64, row: &Raw, as_of: Time) -> Result<Vec<(SourceWord, Time)>, StoreError> {
        let doing = "reading sightings";
        let sql = "SELECT c.tool, s.component, s.severity, s.rule, s.version, s.fixed_in, s.title, s.observation_id, o.locator, COALESCE(o.seen_at, r.produced_at), c.last_received, \
                   s.gone_at IS NOT NULL, s.gone_because, s.doubted_at IS NOT NULL OR p.carried OR c.last_received + c.ttl_ms < ?4, \
                   s.finding_id = ?1 AND (c.overtaken >> COALESCE(s.spoken, 63)) & 1, r.received_at \
                   FROM sighting s JOIN scope c ON c.id = s.scope_id JOIN observation o ON o.id = s.observation_id JOIN report r ON r.id = s.report_id \
                   LEFT JOIN placement p ON p.scope_id = s.scope_id AND p.asset_id = ?2 AND p.container = ?3 AND s.finding_id = ?5 \
                   WHERE s.finding_id = ?1 OR (s.finding_id = ?5 AND p.scope_id IS NOT NULL) \
                   ORDER BY s.gone_at IS NOT NULL, c.tool, s.component, c.scope_key";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let params = params![id, row.asset, row.place.container.reveal(), as_of.millis(), row.via];
        let words = statement.query_map(params, |r| {
            let o = |i: usize| r.get::<_, String>(i).map(|t| Opaque::readmit(&t));
            let severity: u8 = r.get(2)?;
            let because: Option<u8> = r.get(12)?;
            let silent = r.get::<_, Option<bool>>(13)?.unwrap_or(false);
            let stands = match (r.get::<_, bool>(11)?, r.get::<_, bool>(14)?, silent) {
                (true, ..) => Word::Gone(
                    because
                        .and_then(|b| assay_core::finding::ResolvedBecause::ALL.get(usize::from(b)).copied())
                        .unwrap_or(assay_core::finding::ResolvedBecause::Fixed),
                ),
                (_, true, _) => Word::Gone(assay_core::finding::ResolvedBecause::Superseded),
                (_, _, true) => Word::Silent,
                _ => Word::Live,
            };
            let sighting = Sighting {
                component: o(1)?,
                severity: Severity::ALL.get(usize::from(severity)).copied().unwrap_or(Severity::Unknown),
                rule: o(3)?,
                version: o(4)?,
                fixed_in: o(5)?,
                title: o(6)?,
            };
            let word = SourceWord {
                tool: o(0)?,
                sighting,
                record: r.get(7)?,
                locator: r.get::<_, String>(8)?.into(),
                produced_at: Time::from_millis(r.get(9)?),
                received_at: Time::from_millis(r.get(10)?),
                stands,
            };
            Ok((word, Time::from_millis(r.get(15)?)))
        });
        words.and_then(Iterator::collect).doing(doing)
    }

    fn image_of(&self, row: &Raw) -> Result<Option<ScannedImage>, StoreError> {
        let doing = "reading an image";
        let repository = match row.via {
            Some(via) => {
                let sql = "SELECT a.name FROM finding f JOIN asset a ON a.id = f.asset_id WHERE f.id = ?1";
                Some(self.conn.query_row(sql, [via], |r| r.get::<_, String>(0)).doing(doing)?)
            }
            None if row.place.asset.kind.as_str() == "Image" => Some(row.place.asset.name.reveal().to_owned()),
            None => None,
        };
        let Some(repository) = repository else { return Ok(None) };
        let sql = "SELECT DISTINCT s.version FROM scope s WHERE s.repository = ?1 AND (s.overtaken = 0 OR s.spoken & ~s.overtaken <> 0) AND (?4 OR EXISTS \
                   (SELECT 1 FROM placement p WHERE p.scope_id = s.id AND p.asset_id = ?2 AND p.container = ?3)) ORDER BY s.version";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let params = params![repository, row.asset, row.place.container.reveal(), row.via.is_none()];
        let versions = statement
            .query_map(params, |r| r.get::<_, String>(0).map(|t| Opaque::readmit(&t)))
            .and_then(Iterator::collect)
            .doing(doing)?;
        Ok(Some(ScannedImage { repository: Opaque::readmit(&repository), versions }))
    }

    fn aliases_of(
        &self,
        vuln: Option<i64>,
        matter: &Option<assay_core::finding::Matter>,
    ) -> Result<Vec<VulnId>, StoreError> {
        let Some(vuln) = vuln else { return Ok(Vec::new()) };
        let doing = "reading aliases";
        let own = match matter {
            Some(assay_core::finding::Matter::Vulnerability { id, .. }) => id.as_str(),
            _ => "",
        };
        let mut statement =
            self.conn.prepare_cached("SELECT alias FROM vuln_alias WHERE vuln_id = ?1 ORDER BY alias").doing(doing)?;
        let names: Vec<String> = statement.query_map([vuln], |r| r.get(0)).and_then(Iterator::collect).doing(doing)?;
        Ok(names.iter().filter(|n| *n != own).filter_map(|n| n.parse().ok()).collect())
    }

    /// The description in the CVE record, else the longest that a source gave.
    fn text_of(&self, sightings_of: i64, vuln: Option<i64>) -> Result<Opaque, StoreError> {
        let doing = "reading a description";
        let official: Option<String> = match vuln {
            Some(vuln) => {
                let sql = "SELECT p.text FROM vuln v JOIN passage p ON p.id = v.passage_id WHERE v.id = ?1";
                self.conn
                    .prepare_cached(sql)
                    .and_then(|mut s| s.query_row([vuln], |r| r.get(0)).optional())
                    .doing(doing)?
            }
            None => None,
        };
        let text = match official {
            Some(text) => Some(text),
            None => {
                let sql = "SELECT p.text FROM sighting s JOIN passage p ON p.id = s.passage_id WHERE s.finding_id = ?1 ORDER BY s.gone_at IS NOT NULL, length(p.text) DESC, p.id LIMIT 1";
                self.conn
                    .prepare_cached(sql)
                    .and_then(|mut s| s.query_row([sightings_of], |r| r.get(0)).optional())
                    .doing(doing)?
            }
        };
        Ok(Opaque::readmit(&text.unwrap_or_default()))
    }

    /// The decision that binds now, else the one that bound last.
    pub(crate) fn decision_of(&self, finding: i64, as_of: Time) -> Result<Option<Decision>, StoreError> {
        let doing = "reading a decision";
        let sql = "SELECT status, justification, note, by_whom, at, until FROM decision WHERE finding_id = ?1 AND revoked_at IS NULL \
                   ORDER BY (until IS NULL OR until > ?2) DESC, at DESC, id DESC LIMIT 1";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let row = statement.query_row(params![finding, as_of.millis()], decision_row).optional().doing(doing)?;
        row.map(|row| decision(row, finding)).transpose()
    }

    /// The key of the asset that a finding sits on, by the asset's row.
    ///
    /// # Errors
    /// When there is no such row.
    pub fn asset_key(&self, row: i64) -> Result<AssetKey, StoreError> {
        self.conn
            .query_row("SELECT cluster, kind, namespace, name FROM asset WHERE id = ?1", [row], |r| {
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

/// The first and the last fingerprint that begin with some letters of base32; none for what is no such beginning.
fn range(letters: &str) -> Option<([u8; 20], [u8; 20])> {
    let (mut low, mut high) = ([0u8; 20], [0xFFu8; 20]);
    if letters.len() > 32 {
        return None;
    }
    for (at, letter) in letters.bytes().enumerate() {
        let value = match letter {
            b'a'..=b'z' => letter - b'a',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        for bit in 0..5 {
            let (byte, mask) = ((at * 5 + bit) / 8, 0x80u8 >> ((at * 5 + bit) % 8));
            let set = value & (0x10 >> bit) != 0;
            low[byte] = if set { low[byte] | mask } else { low[byte] };
            high[byte] = if set { high[byte] } else { high[byte] & !mask };
        }
    }
    Some((low, high))
}

/// A finding's own columns.
struct Raw {
    fingerprint: Fingerprint,
    class: u8,
    place: Place,
    matter: Option<assay_core::finding::Matter>,
    life: Life,
    clock_start: Time,
    severity: u8,
    stage: Option<u8>,
    cause: Digest,
    via: Option<i64>,
    vuln: Option<i64>,
    asset: i64,
}

impl Store {
    /// The row of a vulnerability, by any of its names; none when nothing has ever named it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn vuln_row(&self, name: &VulnId) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT vuln_id FROM vuln_alias WHERE alias = ?1";
        self.conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([name.as_str()], |r| r.get(0)).optional())
            .doing("looking for a vulnerability")
    }
}

impl Store {
    /// What every source says about the versions that mend some findings; what it has taken back is left out.
    ///
    /// # Errors
    /// When the database fails.
    pub fn fixes(&self, findings: &[i64]) -> Result<Vec<FixWord>, StoreError> {
        let doing = "reading fixes";
        let sql = "SELECT s.version, s.fixed_in FROM finding f JOIN sighting s ON s.finding_id = COALESCE(f.via, f.id) \
                   WHERE f.id = ?1 AND s.gone_at IS NULL AND s.doubted_at IS NULL ORDER BY s.scope_id, s.component";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut words = Vec::new();
        for &finding in findings {
            let rows = statement.query_map([finding], |r| {
                let o = |i: usize| r.get::<_, String>(i).map(|t| Opaque::readmit(&t));
                Ok(FixWord { finding, installed: o(0)?, fixed_in: o(1)? })
            });
            let said: Vec<FixWord> = rows.and_then(Iterator::collect).doing(doing)?;
            words.extend(said);
        }
        Ok(words)
    }

    /// The tools that have reported, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub fn tools(&self) -> Result<Vec<String>, StoreError> {
        let sql =
            "SELECT DISTINCT tool FROM scope WHERE retired = 0 AND tool NOT IN ('assay', 'assay-agent') ORDER BY tool";
        let mut statement = self.conn.prepare_cached(sql).doing("reading the tools")?;
        statement.query_map([], |r| r.get(0)).and_then(Iterator::collect).doing("reading the tools")
    }

    /// The rows of the images that a report speaks for.
    ///
    /// # Errors
    /// When the database fails.
    pub fn scanned_images(&self) -> Result<HashSet<i64>, StoreError> {
        let sql = "SELECT a.id FROM asset a JOIN scope s ON s.repository = a.name WHERE a.kind = 'Image'";
        let mut statement = self.conn.prepare_cached(sql).doing("reading the scanned images")?;
        statement.query_map([], |r| r.get(0)).and_then(Iterator::collect).doing("reading the scanned images")
    }
}

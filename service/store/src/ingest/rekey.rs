//! A finding whose identity is known better than before: it gets its new fingerprint, or becomes one with the finding that
//! has it already. The old fingerprint goes on naming it. Nothing of this is news.

use assay_core::asset::{AssetKey, PackageKey};
use assay_core::finding::{Matter, Place};
use assay_core::fingerprint::fingerprint;
use assay_core::ids::{Fingerprint, Time};
use assay_core::reconcile::Life;
use assay_core::text::Opaque;
use rusqlite::{OptionalExtension, params};

use super::Settling;
use crate::error::{Doing, StoreError};
use crate::findings::{self, presence_columns, read_presence};
use crate::twin::key;

/// A finding's identity, from its columns.
struct Identity {
    old: Fingerprint,
    place: Place,
    matter: Matter,
    /// Where the fix goes.
    home: AssetKey,
}

impl Settling<'_> {
    /// Computes a finding's fingerprint anew from its columns; when another finding has it already, the two become one.
    pub(super) fn rekey(&self, finding: i64) -> Result<(), StoreError> {
        let doing = "giving a finding its new fingerprint";
        let Identity { old, place, matter, home } = self.identity_of(finding)?;
        let new = fingerprint(&place, &matter);
        if old == new {
            return Ok(());
        }
        let other: Option<i64> = self
            .conn
            .prepare_cached("SELECT id FROM finding WHERE fp = ?1")
            .and_then(|mut s| s.query_row([new.bytes().as_slice()], |r| r.get(0)).optional())
            .doing(doing)?;
        match other {
            Some(other) => self.fold(finding, other)?,
            None => {
                let cause = findings::cause(&home, &matter);
                let sql = "UPDATE finding SET fp = ?2, cause = ?3 WHERE id = ?1";
                let row = params![finding, new.bytes().as_slice(), cause.bytes().as_slice()];
                self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
            }
        }
        let kept = other.unwrap_or(finding);
        let sql = "INSERT OR REPLACE INTO finding_alias (fp, finding_id) VALUES (?1, ?2)";
        let row = params![old.bytes().as_slice(), kept];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
        let body = format!("{{\"finding\":\"{new}\",\"was\":\"{old}\",\"report\":{}}}", self.report_id);
        self.tell(kept, "merged", &body)?;
        self.touch(kept)
    }

    fn identity_of(&self, finding: i64) -> Result<Identity, StoreError> {
        let sql = "SELECT f.fp, a.cluster, a.kind, a.namespace, a.name, f.container, f.class, f.detail, v.name, p.ecosystem, p.namespace, p.name, p.artifact, c.name, \
                   h.cluster, h.kind, h.namespace, h.name FROM finding f JOIN asset a ON a.id = f.asset_id LEFT JOIN vuln v ON v.id = f.vuln_id \
                   LEFT JOIN package p ON p.id = f.package_id LEFT JOIN control c ON c.id = f.control_id \
                   LEFT JOIN finding i ON i.id = f.via JOIN asset h ON h.id = COALESCE(i.asset_id, f.asset_id) WHERE f.id = ?1";
        let read = |r: &rusqlite::Row<'_>| {
            let text = |i: usize| r.get::<_, Option<String>>(i).map(Option::unwrap_or_default);
            let place =
                Place { asset: key(&text(1)?, &text(2)?, &text(3)?, &text(4)?), container: Opaque::readmit(&text(5)?) };
            let o = |i: usize| text(i).map(|t| Opaque::readmit(&t));
            let package =
                PackageKey { ecosystem: o(9)?, namespace: o(10)?, name: o(11)?, source: None, artifact: o(12)? };
            let matter = findings::matter(&text(8)?, package, &text(13)?, &text(7)?, r.get(6)?);
            let home = key(&text(14)?, &text(15)?, &text(16)?, &text(17)?);
            Ok((Fingerprint::from_bytes(r.get(0)?), place, matter, home))
        };
        let (old, place, matter, home) = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([finding], read))
            .doing("reading a finding's identity")?;
        let whole = || StoreError::Row { table: "finding", row: finding, why: "its matter is not whole".to_owned() };
        Ok(Identity { old, place, matter: matter.ok_or_else(whole)?, home })
    }

    /// Folds one finding into another: its sightings, decisions and history move.
    fn fold(&self, from: i64, into: i64) -> Result<(), StoreError> {
        let doing = "making one finding of two";
        let run =
            |sql: &str| self.conn.prepare_cached(sql).and_then(|mut s| s.execute([from, into])).doing(doing).map(drop);
        self.join_lives(from, into)?;
        // Where both were seen in one scope and part, the word that stands stays.
        run(
            "DELETE FROM sighting WHERE finding_id = ?2 AND (gone_at IS NOT NULL OR doubted_at IS NOT NULL) AND EXISTS (SELECT 1 FROM sighting o WHERE o.finding_id = ?1 \
             AND o.scope_id = sighting.scope_id AND o.component = sighting.component AND (o.gone_at IS NULL, o.doubted_at IS NULL) > (sighting.gone_at IS NULL, sighting.doubted_at IS NULL))",
        )?;
        run("UPDATE OR IGNORE sighting SET finding_id = ?2 WHERE finding_id = ?1")?;
        run("UPDATE decision SET finding_id = ?2 WHERE finding_id = ?1")?;
        self.one_decision_a_source(into)?;
        run("UPDATE OR IGNORE ticket_finding SET finding_id = ?2 WHERE finding_id = ?1")?;
        run("UPDATE finding_alias SET finding_id = ?2 WHERE finding_id = ?1")?;
        run("UPDATE OR IGNORE forensic_triage SET finding_id = ?2 WHERE finding_id = ?1")?;
        run("UPDATE outbox SET finding_id = ?2 WHERE finding_id = ?1")?;
        run(
            "UPDATE assessment_change SET seq = seq + (SELECT COALESCE(max(seq), 0) FROM assessment_change WHERE finding_id = ?2), finding_id = ?2 WHERE finding_id = ?1",
        )?;
        run("UPDATE finding SET via = ?2 WHERE via = ?1")?;
        run(
            "UPDATE finding SET via = COALESCE(via, (SELECT via FROM finding WHERE id = ?1)), recorded = COALESCE(recorded, (SELECT recorded FROM finding WHERE id = ?1)), \
             clock_start = min(clock_start, (SELECT clock_start FROM finding WHERE id = ?1)) WHERE id = ?2",
        )?;
        for table in ["sighting", "ticket_finding", "forensic_triage", "touched"] {
            self.conn.execute(&format!("DELETE FROM {table} WHERE finding_id = ?1"), [from]).doing(doing)?;
        }
        self.conn.execute("DELETE FROM finding WHERE id = ?1", [from]).doing(doing)?;
        Ok(())
    }

    /// Two lives of one finding: what it was taken for counts no longer, the earlier clocks win.
    fn join_lives(&self, from: i64, into: i64) -> Result<(), StoreError> {
        let doing = "joining the lives of two findings";
        let sql = "SELECT presence, because, own_presence, own_because, first_seen, last_seen, episode, episode_start, resolved_at FROM finding WHERE id = ?1";
        let read = |finding: i64| {
            let read = |r: &rusqlite::Row<'_>| {
                let at = |i: usize| r.get(i).map(Time::from_millis);
                let life = Life {
                    presence: read_presence(r.get(2)?, r.get(3)?),
                    first_seen: at(4)?,
                    last_seen: at(5)?,
                    episode: r.get(6)?,
                    episode_start: at(7)?,
                    resolved_at: r.get::<_, Option<i64>>(8)?.map(Time::from_millis),
                };
                Ok((read_presence(r.get(0)?, r.get(1)?), life))
            };
            self.conn.prepare_cached(sql).and_then(|mut s| s.query_row([finding], read)).doing(doing)
        };
        let ((shown, life), (other_shown, other_life)) = (read(into)?, read(from)?);
        let (joined, shown) = (life.join(other_life), presence_columns(shown.min(other_shown)));
        let own = presence_columns(joined.presence);
        let sql = "UPDATE finding SET presence = ?2, because = ?3, own_presence = ?4, own_because = ?5, first_seen = ?6, last_seen = ?7, episode = ?8, episode_start = ?9, \
                   resolved_at = ?10 WHERE id = ?1";
        let row = params![
            into,
            shown.0,
            shown.1,
            own.0,
            own.1,
            joined.first_seen.millis(),
            joined.last_seen.millis(),
            joined.episode,
            joined.episode_start.millis(),
            joined.resolved_at.map(|t| t.millis())
        ];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
        Ok(())
    }

    /// Of two decisions of one source the newer one stands.
    fn one_decision_a_source(&self, finding: i64) -> Result<(), StoreError> {
        let sql = "UPDATE decision SET revoked_at = ?2, revoked_because = 'replaced' WHERE finding_id = ?1 AND revoked_at IS NULL AND EXISTS \
                   (SELECT 1 FROM decision n WHERE n.finding_id = ?1 AND n.revoked_at IS NULL AND n.source = decision.source AND (n.at, n.id) > (decision.at, decision.id))";
        let row = params![finding, self.received_at.millis()];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("joining decisions")?;
        Ok(())
    }
}

//! The lives of the findings that this commit touched: presence from every source's word, clocks, and what the list shows.

use assay_core::finding::{Presence, ResolvedBecause};
use assay_core::ids::{Fingerprint, Time};
use assay_core::observation::{AttackStage, Severity};
use assay_core::reconcile::{Life, Step, Word, presence};
use rusqlite::params;

use super::Settling;
use crate::error::{Doing, StoreError};
use crate::findings::{presence_columns, read_presence};

/// What the live sightings of a finding add up to.
struct Heard {
    words: Vec<Word>,
    severity: Severity,
    fix: bool,
}

impl Settling<'_> {
    /// Moves every touched finding: first those with sightings of their own, then those placed from them.
    pub(super) fn move_lives(&mut self) -> Result<(), StoreError> {
        let own = self.ids(
            "SELECT t.finding_id FROM touched t JOIN finding f ON f.id = t.finding_id WHERE f.via IS NULL ORDER BY 1",
            [],
        )?;
        let placed = self.ids("SELECT t.finding_id FROM touched t JOIN finding f ON f.id = t.finding_id WHERE f.via IS NOT NULL ORDER BY 1", [])?;
        for finding in placed {
            self.move_life(finding, true)?;
        }
        for finding in own {
            self.move_life(finding, false)?;
        }
        Ok(())
    }

    fn move_life(&mut self, finding: i64, placed: bool) -> Result<(), StoreError> {
        let doing = "moving a finding's life";
        let sql = "SELECT f.fp, f.presence, f.because, f.first_seen, f.last_seen, f.episode, f.episode_start, f.resolved_at, f.stage, f.via, f.asset_id, f.container, \
                   a.gone_at IS NOT NULL, f.severity, NOT EXISTS (SELECT 1 FROM outbox o WHERE o.finding_id = f.id) \
                   FROM finding f JOIN asset a ON a.id = f.asset_id WHERE f.id = ?1";
        let row = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| {
                s.query_row([finding], |r| {
                    let at = |i: usize| r.get(i).map(Time::from_millis);
                    let life = Life {
                        presence: read_presence(r.get(1)?, r.get(2)?),
                        first_seen: at(3)?,
                        last_seen: at(4)?,
                        episode: r.get(5)?,
                        episode_start: at(6)?,
                        resolved_at: r.get::<_, Option<i64>>(7)?.map(Time::from_millis),
                    };
                    let stage: Option<u8> = r.get(8)?;
                    let via: Option<i64> = r.get(9)?;
                    let place: (i64, String) = (r.get(10)?, r.get(11)?);
                    Ok((
                        Fingerprint::from_bytes(r.get(0)?),
                        life,
                        stage,
                        via,
                        place,
                        r.get::<_, bool>(12)?,
                        r.get::<_, bool>(14)?,
                    ))
                })
            })
            .doing(doing)?;
        let (fp, mut life, stage, via, place, asset_gone, newborn) = row;
        let heard = match via {
            Some(image) => self.hear_placed(image, &place)?,
            None => self.hear(finding)?,
        };
        let mut to = presence(heard.words.iter().copied());
        if asset_gone {
            to = Presence::Resolved(ResolvedBecause::AssetGone);
        } else if via.is_some() && heard.words.is_empty() {
            // The container no longer runs the image whose reports claimed this.
            to = Presence::Resolved(ResolvedBecause::AssetGone);
        } else if !placed && !matches!(to, Presence::Resolved(_)) && self.speaks_elsewhere(finding)? {
            to = Presence::Resolved(ResolvedBecause::Superseded);
        }
        if stage == Some(AttackStage::Foothold as u8) && matches!(to, Presence::Resolved(_)) {
            to = Presence::Open;
        }
        let step = life.go(to, self.received_at);
        self.count(step, placed);
        let (code, because) = presence_columns(life.presence);
        let sql = "UPDATE finding SET presence = ?2, because = ?3, last_seen = ?4, resolved_at = ?5, episode = ?6, episode_start = ?7, severity = ?8, fix = ?9, \
                   clock_start = CASE WHEN ?10 THEN ?7 ELSE clock_start END WHERE id = ?1";
        let reopened = step == Some(Step::Reopened);
        let row = params![
            finding,
            code,
            because,
            life.last_seen.millis(),
            life.resolved_at.map(|t| t.millis()),
            life.episode,
            life.episode_start.millis(),
            heard.severity as u8,
            heard.fix,
            reopened
        ];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
        let kind = match (newborn, step) {
            (true, _) => "new",
            (_, Some(Step::Reopened)) => "reopened",
            (_, Some(Step::Staled)) => "stale",
            (_, Some(Step::Refreshed)) => "refreshed",
            (_, Some(Step::Resolved(_) | Step::Restated(_))) => "resolved",
            (_, None) => "touched",
        };
        self.announce(finding, kind, step, &fp)
    }

    fn count(&mut self, step: Option<Step>, placed: bool) {
        match step {
            // A finding that only gives way to its own placement is not news.
            Some(Step::Resolved(ResolvedBecause::Superseded) | Step::Restated(_) | Step::Staled | Step::Refreshed)
            | None => {}
            Some(Step::Resolved(_)) => self.counts.resolved += 1,
            Some(Step::Reopened) => {
                self.counts.reopened += 1;
                if !placed {
                    // It was counted as an update when its sighting came back.
                    self.counts.updated = self.counts.updated.saturating_sub(1);
                }
            }
        }
    }

    /// One row for those who follow: the finding changed, and the one cause.
    fn announce(&self, finding: i64, kind: &str, step: Option<Step>, fp: &Fingerprint) -> Result<(), StoreError> {
        let because = match step {
            Some(Step::Resolved(because) | Step::Restated(because)) => because.as_str(),
            _ => "",
        };
        let body = format!("{{\"finding\":\"{fp}\",\"because\":\"{because}\",\"report\":{}}}", self.report_id);
        let sql = "INSERT INTO outbox (at, kind, finding_id, body) VALUES (?1, ?2, ?3, ?4)";
        self.conn
            .prepare_cached(sql)
            .and_then(|mut s| s.execute(params![self.received_at.millis(), kind, finding, body]))
            .doing("noting a change")?;
        Ok(())
    }

    /// What every source says of a finding with sightings of its own.
    fn hear(&self, finding: i64) -> Result<Heard, StoreError> {
        let sql = "SELECT s.gone_at IS NOT NULL, s.gone_because, s.doubted_at IS NOT NULL, c.overtaken, c.retired, s.severity, s.fixed_in <> '' \
                   FROM sighting s JOIN scope c ON c.id = s.scope_id WHERE s.finding_id = ?1";
        self.listen(sql, params![finding])
    }

    /// What they say of an image's finding, as far as it is about this container. That a newer tag has overtaken the
    /// scope does not matter here: the container runs this one.
    fn hear_placed(&self, image: i64, place: &(i64, String)) -> Result<Heard, StoreError> {
        let sql = "SELECT s.gone_at IS NOT NULL, s.gone_because, s.doubted_at IS NOT NULL, 0, c.retired, s.severity, s.fixed_in <> '' \
                   FROM sighting s JOIN scope c ON c.id = s.scope_id JOIN placement p ON p.scope_id = s.scope_id \
                   WHERE s.finding_id = ?1 AND p.asset_id = ?2 AND p.container = ?3";
        self.listen(sql, params![image, place.0, place.1])
    }

    fn listen(&self, sql: &str, params: impl rusqlite::Params) -> Result<Heard, StoreError> {
        let doing = "hearing every source";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query(params).doing(doing)?;
        let mut heard = Heard { words: Vec::new(), severity: Severity::Unknown, fix: false };
        while let Some(row) = rows.next().doing(doing)? {
            let get = |i: usize| row.get::<_, bool>(i).doing(doing);
            let because: Option<u8> = row.get(1).doing(doing)?;
            let word = match (get(0)?, get(2)?, get(3)?, get(4)?) {
                (true, ..) => Word::Gone(
                    because
                        .and_then(|b| ResolvedBecause::ALL.get(usize::from(b)).copied())
                        .unwrap_or(ResolvedBecause::Fixed),
                ),
                (_, _, _, true) => Word::Gone(ResolvedBecause::ScopeRetired),
                (_, _, true, _) => Word::Gone(ResolvedBecause::Superseded),
                (_, true, ..) => Word::Silent,
                _ => Word::Live,
            };
            if !matches!(word, Word::Gone(_)) {
                let severity: u8 = row.get(5).doing(doing)?;
                heard.severity =
                    heard.severity.max(Severity::ALL.get(usize::from(severity)).copied().unwrap_or(Severity::Unknown));
                heard.fix |= get(6)?;
            }
            heard.words.push(word);
        }
        Ok(heard)
    }

    /// True while a placed finding speaks for this finding of an image.
    fn speaks_elsewhere(&self, finding: i64) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM finding WHERE via = ?1 AND presence < 2)";
        self.conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([finding], |r| r.get(0)))
            .doing("looking for placed findings")
    }
}

//! The lives of the findings that this commit touched: presence from every source's word, clocks, what the list shows, and
//! one announcement for each change with its one cause.

use std::collections::HashSet;

use assay_core::finding::{Presence, ResolvedBecause};
use assay_core::ids::{Fingerprint, Time};
use assay_core::observation::AttackStage;
use assay_core::reconcile::{Life, Step, Word, presence};
use rusqlite::params;

use super::Settling;
use super::hear::Heard;
use super::touched::Touched;
use crate::error::{Doing, StoreError};
use crate::findings::{presence_columns, read_presence};

/// A finding's row, as far as its life needs it.
pub(super) struct Row {
    fp: Fingerprint,
    shown: Presence,
    life: Life,
    stage: Option<u8>,
    pub(super) via: Option<i64>,
    pub(super) asset: i64,
    pub(super) container: String,
    asset_gone: bool,
    of_image: bool,
    pub(super) of_vuln: bool,
}

/// What came of looking at a finding again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    New,
    Updated,
    Resolved,
    Reopened,
    Nothing,
}

impl Settling<'_> {
    /// Moves every touched finding: first the placed ones, because what an image's finding shows hangs on them.
    pub(super) fn move_lives(&mut self) -> Result<(), StoreError> {
        self.touch_images()?;
        let mut placed = Vec::new();
        for touched in self.touched(true)? {
            placed.push(self.move_life(&touched)?);
        }
        let mut news: HashSet<i64> = HashSet::new();
        for touched in self.touched(false)? {
            let (_, outcome, _) = self.move_life(&touched)?;
            self.count(outcome);
            if outcome != Outcome::Nothing {
                news.insert(touched.finding);
            }
        }
        // What a report says of an image counts once, however many containers run it.
        for (via, outcome, claimed_here) in placed {
            if claimed_here || !via.is_some_and(|image| news.contains(&image)) {
                self.count(outcome);
            }
        }
        self.count_unchanged()
    }

    /// Moves one finding. Says what image it is placed from, what came of it, and whether the report claims it itself.
    fn move_life(&mut self, touched: &Touched) -> Result<(Option<i64>, Outcome, bool), StoreError> {
        let finding = touched.finding;
        let mut row = self.life_of(finding)?;
        let mut heard = self.hear_all(finding, &row)?;
        if row.via.is_some() && (!heard.placed_here || self.runs_several(&row)?) {
            row.via = self.choose_via(finding, &row)?;
            heard = self.hear_all(finding, &row)?;
        }
        let own = own_presence(&row, &heard);
        let step = row.life.go(own, self.received_at);
        row.life.last_seen = row.life.last_seen.max(heard.last_said.unwrap_or(row.life.last_seen));
        let shown = if is_here(own) && row.of_image && self.speaks_elsewhere(finding, row.of_vuln)? {
            Presence::Resolved(ResolvedBecause::Superseded)
        } else {
            own
        };
        self.keep_life(finding, &row, &heard, shown, step)?;
        let before = if touched.born { None } else { Some(row.shown) };
        self.announce(finding, &row.fp, before, shown, step)?;
        let outcome = match step {
            _ if touched.born => Outcome::New,
            Some(Step::Reopened) => Outcome::Reopened,
            Some(Step::Resolved(because)) if because != ResolvedBecause::Superseded => Outcome::Resolved,
            _ if touched.said => Outcome::Updated,
            _ => Outcome::Nothing,
        };
        Ok((row.via, outcome, heard.claimed_here))
    }

    fn life_of(&self, finding: i64) -> Result<Row, StoreError> {
        let sql = "SELECT f.fp, f.presence, f.because, f.own_presence, f.own_because, f.first_seen, f.last_seen, f.episode, f.episode_start, f.resolved_at, f.stage, f.via, \
                   f.asset_id, f.container, a.gone_at IS NOT NULL, a.kind = 'Image', f.vuln_id IS NOT NULL FROM finding f JOIN asset a ON a.id = f.asset_id WHERE f.id = ?1";
        let read = |r: &rusqlite::Row<'_>| {
            let at = |i: usize| r.get(i).map(Time::from_millis);
            let life = Life {
                presence: read_presence(r.get(3)?, r.get(4)?),
                first_seen: at(5)?,
                last_seen: at(6)?,
                episode: r.get(7)?,
                episode_start: at(8)?,
                resolved_at: r.get::<_, Option<i64>>(9)?.map(Time::from_millis),
            };
            Ok(Row {
                fp: Fingerprint::from_bytes(r.get(0)?),
                shown: read_presence(r.get(1)?, r.get(2)?),
                life,
                stage: r.get(10)?,
                via: r.get(11)?,
                asset: r.get(12)?,
                container: r.get(13)?,
                asset_gone: r.get(14)?,
                of_image: r.get(15)?,
                of_vuln: r.get(16)?,
            })
        };
        self.conn.prepare_cached(sql).and_then(|mut s| s.query_row([finding], read)).doing("reading a finding's life")
    }

    fn hear_all(&self, finding: i64, row: &Row) -> Result<Heard, StoreError> {
        let mut heard = Heard::default();
        self.hear(finding, &mut heard)?;
        if let Some(image) = row.via {
            self.hear_placed(image, (row.asset, &row.container), &mut heard)?;
        }
        Ok(heard)
    }

    fn keep_life(
        &self,
        finding: i64,
        row: &Row,
        heard: &Heard,
        shown: Presence,
        step: Option<Step>,
    ) -> Result<(), StoreError> {
        let ((presence, because), (own_presence, own_because)) =
            (presence_columns(shown), presence_columns(row.life.presence));
        let sql = "UPDATE finding SET presence = ?2, because = ?3, own_presence = ?4, own_because = ?5, last_seen = ?6, resolved_at = ?7, episode = ?8, episode_start = ?9, \
                   severity = ?10, fix = ?11, clock_start = CASE WHEN ?12 THEN ?9 ELSE clock_start END WHERE id = ?1";
        let life = &row.life;
        let row = params![
            finding,
            presence,
            because,
            own_presence,
            own_because,
            life.last_seen.millis(),
            life.resolved_at.map(|t| t.millis()),
            life.episode,
            life.episode_start.millis(),
            heard.severity,
            heard.fix,
            step == Some(Step::Reopened)
        ];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("moving a finding's life")?;
        Ok(())
    }

    /// One row for those who follow, when what is shown has changed: the change and its one cause.
    fn announce(
        &self,
        finding: i64,
        fp: &Fingerprint,
        before: Option<Presence>,
        shown: Presence,
        step: Option<Step>,
    ) -> Result<(), StoreError> {
        let kind = match (before, shown) {
            // What another finding speaks for from its first moment is no news: the other one is.
            (None, Presence::Resolved(_)) => "resolved",
            (None, _) => "new",
            (Some(before), shown) if before == shown => return Ok(()),
            (_, Presence::Resolved(_)) => "resolved",
            _ if step == Some(Step::Reopened) => "reopened",
            (_, Presence::Stale) => "stale",
            (_, Presence::Open) => "refreshed",
        };
        let because = match shown {
            Presence::Resolved(because) => because.as_str(),
            Presence::Open | Presence::Stale => "",
        };
        let body = format!("{{\"finding\":\"{fp}\",\"because\":\"{because}\",\"report\":{}}}", self.report_id);
        self.tell(finding, kind, &body)
    }

    /// Writes a row for those who follow.
    pub(super) fn tell(&self, finding: i64, kind: &str, body: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO outbox (at, kind, finding_id, body) VALUES (?1, ?2, ?3, ?4)";
        self.conn
            .prepare_cached(sql)
            .and_then(|mut s| s.execute(params![self.received_at.millis(), kind, finding, body]))
            .doing("noting a change")?;
        Ok(())
    }

    /// True while a placed finding speaks for this finding of an image: one that was placed from it, or, where a
    /// container runs two images that both have it, from the other.
    fn speaks_elsewhere(&self, finding: i64, of_vuln: bool) -> Result<bool, StoreError> {
        let ask = |sql: &str| {
            self.conn
                .prepare_cached(sql)
                .and_then(|mut s| s.query_row([finding], |r| r.get::<_, bool>(0)))
                .doing("looking for placed findings")
        };
        let placed =
            "FROM sighting s JOIN placement p ON p.scope_id = s.scope_id WHERE s.finding_id = ?1 AND s.gone_at IS NULL";
        let by_the_other = if of_vuln {
            "SELECT EXISTS (SELECT 1 FROM finding f JOIN finding c INDEXED BY finding_by_vuln ON c.vuln_id = f.vuln_id AND c.package_id = f.package_id \
             JOIN placement p ON p.asset_id = c.asset_id AND p.container = c.container JOIN sighting s ON s.finding_id = f.id AND s.scope_id = p.scope_id \
             WHERE f.id = ?1 AND c.via IS NOT NULL AND c.presence < 2 AND s.gone_at IS NULL)"
        } else {
            "SELECT EXISTS (SELECT 1 FROM finding f JOIN sighting s ON s.finding_id = f.id JOIN placement p ON p.scope_id = s.scope_id \
             JOIN finding c INDEXED BY finding_by_asset ON c.asset_id = p.asset_id AND c.container = p.container AND c.class = f.class AND c.control_id = f.control_id \
             AND c.detail = f.detail WHERE f.id = ?1 AND c.via IS NOT NULL AND c.presence < 2 AND s.gone_at IS NULL)"
        };
        Ok(ask("SELECT EXISTS (SELECT 1 FROM finding WHERE via = ?1 AND presence < 2)")?
            || (ask(&format!("SELECT EXISTS (SELECT 1 {placed})"))? && ask(by_the_other)?))
    }

    fn count(&mut self, outcome: Outcome) {
        let counts = &mut self.counts;
        match outcome {
            Outcome::New => counts.new += 1,
            Outcome::Updated => counts.updated += 1,
            Outcome::Resolved => counts.resolved += 1,
            Outcome::Reopened => counts.reopened += 1,
            Outcome::Nothing => {}
        }
    }

    /// Findings that the report claims as before: with a word of this report, and nothing new about any of them.
    fn count_unchanged(&mut self) -> Result<(), StoreError> {
        let sql = "SELECT count(*) FROM (SELECT DISTINCT s.finding_id FROM scope_report r JOIN sighting s ON s.scope_id = r.scope_id AND s.report_id = r.report_id \
                   WHERE r.report_id = ?1 AND s.gone_at IS NULL)";
        let claimed: i64 = self.conn.query_row(sql, [self.report_id], |r| r.get(0)).doing("counting findings")?;
        let sql = "SELECT count(DISTINCT s.finding_id) FROM touched t JOIN sighting s ON s.finding_id = t.finding_id WHERE s.report_id = ?1 AND (t.said OR t.born)";
        let said: i64 = self.conn.query_row(sql, [self.report_id], |r| r.get(0)).doing("counting findings")?;
        self.counts.unchanged = claimed.saturating_sub(said) as u64;
        Ok(())
    }
}

fn is_here(presence: Presence) -> bool {
    !matches!(presence, Presence::Resolved(_))
}

/// What the words add up to. A placed finding without any is one whose container no longer runs the image. A foothold
/// only a person closes.
fn own_presence(row: &Row, heard: &Heard) -> Presence {
    let words: &[Word] = &heard.words;
    let to = match words {
        _ if row.asset_gone => Presence::Resolved(ResolvedBecause::AssetGone),
        [] if row.via.is_some() => Presence::Resolved(ResolvedBecause::AssetGone),
        words => presence(words.iter().copied()),
    };
    let foothold = row.stage == Some(AttackStage::Foothold as u8);
    if foothold && !is_here(to) { Presence::Open } else { to }
}

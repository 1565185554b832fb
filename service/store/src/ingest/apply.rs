//! Applies what reconciling a scope found: sightings come, change and go, and findings are born.

use assay_core::asset::AssetKey;
use assay_core::finding::{Matter, Place, ResolvedBecause};
use assay_core::ids::{Fingerprint, Span, Time};
use assay_core::observation::{Claim, Flaw};
use assay_core::reconcile::{Change, Doubt, Live, Said, Staged, reconcile};
use assay_core::scope::Spoken;
use assay_core::text::Opaque;
use rusqlite::{Row, params};

use super::Settling;
use super::parts::OpenPart;
use super::staged::ClaimRow;
use crate::error::{Doing, StoreError};
use crate::findings;
use crate::intern::Intern;
use crate::twin::key;

/// A report that does not say when the tool looked is a second look this much later.
const SECOND_LOOK_AFTER: Span = Span::minutes(1);

impl Settling<'_> {
    /// Compares one scope with what the report claims in it, and applies the changes.
    pub(super) fn reconcile_part(&mut self, intern: &mut Intern<'_>, part: &OpenPart) -> Result<(), StoreError> {
        for change in self.changes(part)? {
            match change {
                Change::Appeared { staged } => self.appear(intern, part, staged)?,
                Change::Returned { live, staged } | Change::Updated { live, staged } => self.restate(live, staged)?,
                Change::Same { live, was_doubted } => self.confirm(live, was_doubted)?,
                Change::Gone { live } => self.take_back(live)?,
                Change::Doubted { live } => self.doubt(live)?,
            }
        }
        Ok(())
    }

    /// The changes of one scope. Only ids are held, so that a report of any size fits.
    fn changes(&self, part: &OpenPart) -> Result<Vec<Change>, StoreError> {
        let doing = "comparing a report with its scope";
        let sql = "SELECT s.id, f.fp, s.component, s.spoken, s.details, s.gone_at IS NULL, s.doubted_at, r.produced_at FROM sighting s \
                   JOIN finding f ON f.id = s.finding_id JOIN report r ON r.id = s.report_id WHERE s.scope_id = ?1 ORDER BY f.fp, s.component";
        let mut live = self.conn.prepare_cached(sql).doing(doing)?;
        let live = live
            .query_map([part.scope_id], |r| {
                let doubted_at: Option<i64> = r.get(6)?;
                Ok(Live {
                    id: r.get(0)?,
                    said: said(r)?,
                    alive: r.get(5)?,
                    doubt: self.doubt_of(doubted_at.map(Time::from_millis)),
                    said_at: Time::from_millis(r.get(7)?),
                })
            })
            .doing(doing)?;
        let sql = "SELECT claim_id, fp, component, spoken, details FROM stage_said WHERE scope_id = ?1 ORDER BY fp, component";
        let mut staged = self.conn.prepare_cached(sql).doing(doing)?;
        let staged =
            staged.query_map([part.scope_id], |r| Ok(Staged { id: r.get(0)?, said: said(r)? })).doing(doing)?;
        let mut failed = None;
        let changes = {
            let mut keep = |e: rusqlite::Error| failed = Some(e);
            let (mut live_error, mut staged_error) = (None, None);
            let live = live.map_while(|row| row.map_err(|e| live_error = Some(e)).ok());
            let staged = staged.map_while(|row| row.map_err(|e| staged_error = Some(e)).ok());
            let changes: Vec<Change> = reconcile(live, staged, part.standing).collect();
            live_error.into_iter().chain(staged_error).for_each(&mut keep);
            changes
        };
        match failed {
            Some(error) => Err(error).doing(doing),
            None => Ok(changes),
        }
    }

    /// A second look has a later time of its own, or comes a minute after the first.
    fn doubt_of(&self, doubted_at: Option<Time>) -> Doubt {
        match doubted_at {
            None => Doubt::None,
            Some(at) if self.dated || at.until(self.received_at) >= SECOND_LOOK_AFTER => Doubt::Ripe,
            Some(_) => Doubt::Fresh,
        }
    }

    fn appear(&mut self, intern: &mut Intern<'_>, part: &OpenPart, claim_id: i64) -> Result<(), StoreError> {
        let staged = self.staged(claim_id)?;
        let fp = Fingerprint::from_bytes(staged.fp);
        let finding = match self.finding_of(&fp)? {
            Some(known) => {
                let sql = "UPDATE finding SET first_seen = ?2 WHERE id = ?1 AND first_seen > ?2";
                let row = params![known, self.received_at.millis()];
                self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("keeping a finding")?;
                known
            }
            None => self.bear(intern, &fp, &staged)?,
        };
        let sighting = staged.claim.sighting();
        let sql = "INSERT INTO sighting (finding_id, scope_id, component, spoken, severity, rule, version, fixed_in, title, passage_id, observation_id, report_id, details) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
                   ON CONFLICT (finding_id, scope_id, component) DO UPDATE SET report_id = excluded.report_id, gone_at = NULL, gone_because = NULL, doubted_at = NULL";
        let row = params![
            finding,
            part.scope_id,
            sighting.component.reveal(),
            staged.spoken,
            sighting.severity as u8,
            sighting.rule.reveal(),
            sighting.version.reveal(),
            sighting.fixed_in.reveal(),
            sighting.title.reveal(),
            staged.passage_id,
            staged.observation_id,
            self.report_id,
            sighting.details() as i64
        ];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("keeping a sighting")?;
        self.touch_said(finding)
    }

    /// A finding's first row. What it shows beyond identity is filled when its life is looked at.
    fn bear(&self, intern: &mut Intern<'_>, fp: &Fingerprint, staged: &StagedClaim) -> Result<i64, StoreError> {
        let matter = self.matter(intern, &staged.claim.flaw, staged.asset_id)?;
        let place = Place { asset: staged.asset.clone(), container: staged.container.clone() };
        let ids = MatterIds::of(intern, &matter)?;
        let stage = match &staged.claim.flaw {
            Flaw::Signal { stage, .. } => Some(*stage as u8),
            _ => None,
        };
        self.insert_finding(&NewFinding {
            fp,
            place: &place,
            home: &place.asset,
            matter: &matter,
            ids,
            asset_id: staged.asset_id,
            via: None,
            stage,
        })
    }

    pub(super) fn insert_finding(&self, new: &NewFinding<'_>) -> Result<i64, StoreError> {
        let sql = "INSERT INTO finding (fp, class, via, asset_id, container, vuln_id, package_id, control_id, detail, presence, own_presence, first_seen, last_seen, \
                   episode, episode_start, clock_start, severity, fix, stage, cause) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0, ?10, ?10, 1, ?10, ?10, 0, 0, ?11, ?12)";
        let (detail, cause) = (findings::detail(new.matter), findings::cause(new.home, new.matter));
        let row = params![
            new.fp.bytes().as_slice(),
            new.matter.class(&new.place.asset) as u8,
            new.via,
            new.asset_id,
            new.place.container.reveal(),
            new.ids.vuln,
            new.ids.package,
            new.ids.control,
            detail,
            self.received_at.millis(),
            new.stage,
            cause.bytes().as_slice()
        ];
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("keeping a finding")?;
        let finding = self.conn.last_insert_rowid();
        self.touch_born(finding)?;
        Ok(finding)
    }

    fn restate(&mut self, live: i64, claim_id: i64) -> Result<(), StoreError> {
        let staged = self.staged(claim_id)?;
        let sighting = staged.claim.sighting();
        let sql = "UPDATE sighting SET severity = ?2, rule = ?3, version = ?4, fixed_in = ?5, title = ?6, passage_id = ?7, observation_id = ?8, report_id = ?9, \
                   details = ?10, gone_at = NULL, gone_because = NULL, doubted_at = NULL WHERE id = ?1 RETURNING finding_id";
        let row = params![
            live,
            sighting.severity as u8,
            sighting.rule.reveal(),
            sighting.version.reveal(),
            sighting.fixed_in.reveal(),
            sighting.title.reveal(),
            staged.passage_id,
            staged.observation_id,
            self.report_id,
            sighting.details() as i64
        ];
        let finding = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row(row, |r| r.get(0)))
            .doing("changing a sighting")?;
        self.touch_said(finding)
    }

    fn confirm(&mut self, live: i64, was_doubted: bool) -> Result<(), StoreError> {
        let sql = "UPDATE sighting SET report_id = ?2, doubted_at = NULL WHERE id = ?1 RETURNING finding_id";
        let finding = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([live, self.report_id], |r| r.get(0)))
            .doing("confirming a sighting")?;
        if was_doubted { self.touch(finding) } else { Ok(()) }
    }

    fn take_back(&mut self, live: i64) -> Result<(), StoreError> {
        let sql = "UPDATE sighting SET gone_at = ?2, doubted_at = NULL, \
                   gone_because = (SELECT CASE WHEN a.gone_at IS NULL THEN ?3 ELSE ?4 END FROM finding f JOIN asset a ON a.id = f.asset_id WHERE f.id = finding_id) \
                   WHERE id = ?1 RETURNING finding_id";
        let row =
            params![live, self.received_at.millis(), ResolvedBecause::Fixed as u8, ResolvedBecause::AssetGone as u8];
        let finding = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row(row, |r| r.get(0)))
            .doing("taking a sighting back")?;
        self.touch(finding)
    }

    fn doubt(&mut self, live: i64) -> Result<(), StoreError> {
        self.doubted += 1;
        let sql = "UPDATE sighting SET doubted_at = COALESCE(doubted_at, ?2) WHERE id = ?1 RETURNING finding_id";
        let row = params![live, self.received_at.millis()];
        let finding = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row(row, |r| r.get(0)))
            .doing("doubting a sighting")?;
        self.touch(finding)
    }

    fn staged(&self, claim_id: i64) -> Result<StagedClaim, StoreError> {
        let doing = "reading a staged claim";
        let sql = "SELECT c.body, c.passage_id, c.observation_id, d.fp, d.asset_id, d.spoken, a.cluster, a.kind, a.namespace, a.name \
                   FROM stage_claim c JOIN stage_said d ON d.claim_id = c.id JOIN asset a ON a.id = d.asset_id WHERE c.id = ?1";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let (body, passage_id, observation_id, fp, asset_id, spoken, asset) = statement
            .query_row([claim_id], |r| {
                let asset = key(
                    &r.get::<_, String>(6)?,
                    &r.get::<_, String>(7)?,
                    &r.get::<_, String>(8)?,
                    &r.get::<_, String>(9)?,
                );
                Ok((
                    r.get::<_, String>(0)?,
                    r.get(1)?,
                    r.get(2)?,
                    r.get::<_, [u8; 20]>(3)?,
                    r.get(4)?,
                    r.get(5)?,
                    asset,
                ))
            })
            .doing(doing)?;
        let unread = |why: String| StoreError::Row { table: "stage_claim", row: claim_id, why };
        let claim: ClaimRow = serde_json::from_str(&body).map_err(|e| unread(e.to_string()))?;
        let claim = claim.claim().map_err(|e| unread(e.to_string()))?;
        let container = match &claim.subject {
            assay_core::observation::Subject::Object { container: Some(container), .. } => container.clone(),
            _ => Opaque::readmit(""),
        };
        Ok(StagedClaim { claim, passage_id, observation_id, fp, asset_id, spoken, asset, container })
    }
}

/// A claim with what was computed for it.
struct StagedClaim {
    claim: Claim,
    passage_id: Option<i64>,
    observation_id: i64,
    fp: [u8; 20],
    asset_id: i64,
    spoken: Option<u8>,
    asset: AssetKey,
    container: Opaque,
}

/// A finding to be born.
pub(super) struct NewFinding<'a> {
    pub(super) fp: &'a Fingerprint,
    pub(super) place: &'a Place,
    /// Where the fix goes: the image for a placed finding, else the asset.
    pub(super) home: &'a AssetKey,
    pub(super) matter: &'a Matter,
    pub(super) ids: MatterIds,
    pub(super) asset_id: i64,
    pub(super) via: Option<i64>,
    pub(super) stage: Option<u8>,
}

/// The rows that a matter's names have.
#[derive(Clone, Copy, Default)]
pub(super) struct MatterIds {
    pub(super) vuln: Option<i64>,
    pub(super) package: Option<i64>,
    pub(super) control: Option<i64>,
}

impl MatterIds {
    fn of(intern: &mut Intern<'_>, matter: &Matter) -> Result<Self, StoreError> {
        let control = |intern: &mut Intern<'_>, id: &Opaque| {
            intern.control(id).map(|c| Self { control: Some(c), ..Self::default() })
        };
        match matter {
            Matter::Vulnerability { id, package } => {
                Ok(Self { vuln: Some(intern.vuln(id)?), package: Some(intern.package(package)?), control: None })
            }
            Matter::Control { control: id, .. } => control(intern, &id.0),
            Matter::Signal { signal, .. } => control(intern, &signal.0),
            Matter::Secret { detector, .. } => control(intern, detector),
            Matter::Rbac { capability, .. } => control(intern, &Opaque::readmit(capability.as_str())),
        }
    }
}

/// Columns 1 to 4 of both sides.
fn said(row: &Row<'_>) -> rusqlite::Result<Said> {
    let spoken: Option<u8> = row.get(3)?;
    Ok(Said {
        finding: Fingerprint::from_bytes(row.get(1)?),
        component: Opaque::readmit(&row.get::<_, String>(2)?),
        spoken: spoken.and_then(|s| Spoken::ALL.get(usize::from(s)).copied()),
        details: row.get::<_, i64>(4)? as u64,
    })
}

//! Postures of assets as they were last known, and the shifts between them. A shift is written once, with the findings
//! that moved at the same look, and never changed afterwards.

use assay_core::asset::ImageRef;
use assay_core::ids::Time;
use assay_core::observation::{Author, Link};
use assay_core::posture::{Aspect, Posture, RunsImage, Shift, Word};
use assay_core::records::{MovedBand, Shifted};
use assay_core::text::Opaque;
use rusqlite::{Row, TransactionBehavior, params};

use crate::error::{Doing, StoreError};
use crate::open::Store;
use crate::twin::{LinkRow, key};

/// The most findings that are named with one shift; more are counted.
const MOVED_NAMED_MAX: usize = 200;
/// The tool by whose word a cluster's set-up is compared: our own scans, live or of manifests.
const SCANS: &str = "assay";

/// What is recorded of one asset after a look.
pub struct PostureKept {
    /// Its row.
    pub asset: i64,
    /// The posture to record; none when it is gone.
    pub posture: Option<Posture>,
    /// What shifted, each with the findings that moved with it.
    pub shifts: Vec<(Shift, Vec<MovedBand>)>,
}

impl Store {
    /// Which images the containers of every workload run, in the words of our own scans.
    ///
    /// # Errors
    /// When the database fails or holds what this build cannot have written.
    pub fn runs_images(&self) -> Result<Vec<RunsImage>, StoreError> {
        let doing = "reading what runs";
        let sql = "SELECT e.id, e.from_id, a.name, e.body, e.author FROM edge e JOIN asset a ON a.id = e.to_id \
                   WHERE e.gone_at IS NULL AND e.source = ?1 AND json_extract(e.body, '$.link') = 'runs' ORDER BY e.id";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([SCANS]).doing(doing)?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next().doing(doing)? {
            let id: i64 = row.get(0).doing(doing)?;
            let unread = |why: String| StoreError::Row { table: "edge", row: id, why };
            let text = |i: usize| row.get::<_, String>(i).doing(doing);
            let link: LinkRow = serde_json::from_str(&text(3)?).map_err(|e| unread(e.to_string()))?;
            let Link::Runs { container, tag, digest } = link.link().map_err(|e| unread(e.to_string()))? else {
                continue;
            };
            let repository = text(2)?;
            let name = ImageRef::familiar(&repository);
            let image = tag.map_or_else(|| name.to_owned(), |tag| format!("{name}:{}", tag.reveal()));
            runs.push(RunsImage {
                workload: row.get(1).doing(doing)?,
                container,
                image: Opaque::readmit(&image),
                digest,
                by: author(&text(4)?, "edge", id)?,
            });
        }
        Ok(runs)
    }

    /// The recorded postures, by the asset's row.
    ///
    /// # Errors
    /// When the database fails or holds what this build cannot have written.
    pub fn postures(&self) -> Result<Vec<(i64, Posture)>, StoreError> {
        let doing = "reading postures";
        let mut statement =
            self.conn.prepare_cached("SELECT asset_id, body FROM posture ORDER BY asset_id").doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().doing(doing)? {
            let asset: i64 = row.get(0).doing(doing)?;
            all.push((asset, posture(&row.get::<_, String>(1).doing(doing)?, asset)?));
        }
        Ok(all)
    }

    /// Records postures and what shifted, in one transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub fn record_postures(&mut self, at: Time, all: &[PostureKept]) -> Result<(), StoreError> {
        let doing = "recording postures";
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing)?;
        for PostureKept { asset, posture, shifts } in all {
            match posture.as_ref().filter(|posture| !posture.is_empty()) {
                Some(posture) => {
                    let sql = "INSERT INTO posture (asset_id, body) VALUES (?1, ?2) ON CONFLICT (asset_id) DO UPDATE SET body = excluded.body";
                    tx.prepare_cached(sql).and_then(|mut s| s.execute(params![asset, body(posture)])).doing(doing)?;
                }
                None => {
                    let sql = "DELETE FROM posture WHERE asset_id = ?1";
                    tx.prepare_cached(sql).and_then(|mut s| s.execute([asset])).doing(doing)?;
                }
            }
            for (shift, moved) in shifts {
                let sql = "INSERT INTO shift (at, asset_id, aspect, which, before, before_by, after, after_by, moved, moved_count) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
                let named: Vec<(i64, u8, u8)> =
                    moved.iter().take(MOVED_NAMED_MAX).map(|m| (m.finding, m.from, m.to)).collect();
                let value = |word: &Option<Word>| word.as_ref().map(|w| w.value.reveal().to_owned());
                let by = |word: &Option<Word>| word.as_ref().map(|w| w.by.as_str());
                let row = params![
                    at.millis(),
                    asset,
                    shift.aspect.as_str(),
                    shift.which.reveal(),
                    value(&shift.before),
                    by(&shift.before),
                    value(&shift.after),
                    by(&shift.after),
                    serde_json::to_string(&named).unwrap_or_default(),
                    moved.len() as i64
                ];
                tx.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing(doing)?;
            }
        }
        tx.commit().doing(doing)
    }

    /// What shifted in a stretch of time, newest first: after `since`, up to `until`.
    ///
    /// # Errors
    /// When the database fails or holds what this build cannot have written.
    pub fn shifts_between(&self, since: Time, until: Time) -> Result<Vec<Shifted>, StoreError> {
        let doing = "reading what shifted";
        let sql = "SELECT s.id, s.at, a.cluster, a.kind, a.namespace, a.name, s.aspect, s.which, s.before, s.before_by, s.after, s.after_by, s.moved, s.moved_count \
                   FROM shift s JOIN asset a ON a.id = s.asset_id WHERE s.at > ?1 AND s.at <= ?2 ORDER BY s.at DESC, s.id";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([since.millis(), until.millis()]).doing(doing)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().doing(doing)? {
            all.push(shifted(row)?);
        }
        Ok(all)
    }
}

fn shifted(row: &Row<'_>) -> Result<Shifted, StoreError> {
    let doing = "reading what shifted";
    let id: i64 = row.get(0).doing(doing)?;
    let text = |i: usize| row.get::<_, String>(i).doing(doing);
    let unread = |why: String| StoreError::Row { table: "shift", row: id, why };
    let word = |value: usize, by: usize| -> Result<Option<Word>, StoreError> {
        let (value, by): (Option<String>, Option<String>) = (row.get(value).doing(doing)?, row.get(by).doing(doing)?);
        value
            .zip(by)
            .map(|(value, by)| Ok(Word { value: Opaque::readmit(&value), by: author(&by, "shift", id)? }))
            .transpose()
    };
    let named: Vec<(i64, u8, u8)> = serde_json::from_str(&text(12)?).map_err(|e| unread(e.to_string()))?;
    Ok(Shifted {
        at: Time::from_millis(row.get(1).doing(doing)?),
        asset: key(&text(2)?, &text(3)?, &text(4)?, &text(5)?),
        shift: Shift {
            aspect: aspect(&text(6)?).map_err(unread)?,
            which: Opaque::readmit(&text(7)?),
            before: word(8, 9)?,
            after: word(10, 11)?,
        },
        moved: named.into_iter().map(|(finding, from, to)| MovedBand { finding, from, to }).collect(),
        moved_count: row.get::<_, i64>(13).doing(doing)?.unsigned_abs(),
    })
}

/// A posture as it stands in the data file: aspect, which, value, who.
fn body(posture: &Posture) -> String {
    let rows: Vec<(&str, &str, &str, &str)> = posture
        .iter()
        .map(|((aspect, which), word)| (aspect.as_str(), which.reveal(), word.value.reveal(), word.by.as_str()))
        .collect();
    serde_json::to_string(&rows).unwrap_or_default()
}

fn posture(body: &str, asset: i64) -> Result<Posture, StoreError> {
    let unread = |why: String| StoreError::Row { table: "posture", row: asset, why };
    let rows: Vec<(String, String, String, String)> = serde_json::from_str(body).map_err(|e| unread(e.to_string()))?;
    rows.into_iter()
        .map(|(what, which, value, by)| {
            let word = Word { value: Opaque::readmit(&value), by: author(&by, "posture", asset)? };
            Ok(((aspect(&what).map_err(unread)?, Opaque::readmit(&which)), word))
        })
        .collect()
}

fn aspect(text: &str) -> Result<Aspect, String> {
    text.parse().map_err(|e: assay_core::named::Unspelled| e.to_string())
}

fn author(text: &str, table: &'static str, row: i64) -> Result<Author, StoreError> {
    text.parse().map_err(|e: assay_core::named::Unspelled| StoreError::Row { table, row, why: e.to_string() })
}

#[cfg(test)]
mod tests;

//! What the sources say of a finding: its own, and where it is placed, those of the image that runs there.

use assay_core::finding::ResolvedBecause;
use assay_core::ids::Time;
use assay_core::observation::Severity;
use assay_core::reconcile::Word;
use rusqlite::{Row, params};

use super::Settling;
use crate::error::{Doing, StoreError};

/// What the words for a finding add up to.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) words: Vec<Word>,
    /// The gravest that a standing word says.
    pub(super) severity: u8,
    /// A standing word names a version that mends it.
    pub(super) fix: bool,
    /// When a report claimed it last.
    pub(super) last_said: Option<Time>,
    /// A word of its own, not of an image, is in this very report.
    pub(super) claimed_here: bool,
    /// A word for an image that runs here stands.
    pub(super) placed_here: bool,
}

const COLUMNS: &str = "SELECT s.gone_at IS NOT NULL, s.gone_because, s.doubted_at IS NOT NULL, c.retired, s.severity, s.fixed_in <> '', r.received_at, s.report_id";

impl Settling<'_> {
    /// What every source says of a finding itself.
    pub(super) fn hear(&self, finding: i64, heard: &mut Heard) -> Result<(), StoreError> {
        let sql = format!(
            "{COLUMNS}, (c.overtaken >> COALESCE(s.spoken, 63)) & 1, 0 FROM sighting s JOIN scope c ON c.id = s.scope_id \
             JOIN report r ON r.id = s.report_id WHERE s.finding_id = ?1"
        );
        self.listen(&sql, params![finding], heard, true)
    }

    /// What they say of an image's finding, as far as it is about this container. That a newer tag has overtaken the
    /// scope does not matter here: the container runs this one.
    pub(super) fn hear_placed(
        &self,
        image: i64,
        (asset, container): (i64, &str),
        heard: &mut Heard,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "{COLUMNS}, 0, p.carried FROM sighting s JOIN scope c ON c.id = s.scope_id JOIN report r ON r.id = s.report_id \
             JOIN placement p ON p.scope_id = s.scope_id WHERE s.finding_id = ?1 AND p.asset_id = ?2 AND p.container = ?3"
        );
        self.listen(&sql, params![image, asset, container], heard, false)
    }

    fn listen(&self, sql: &str, params: impl rusqlite::Params, heard: &mut Heard, own: bool) -> Result<(), StoreError> {
        let doing = "hearing every source";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query(params).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let word = word(row).doing(doing)?;
            if !matches!(word, Word::Gone(_)) {
                heard.severity = heard.severity.max(row.get(4).doing(doing)?).min(Severity::ALL.len() as u8 - 1);
                heard.fix |= row.get::<_, bool>(5).doing(doing)?;
            }
            heard.placed_here |= !own && !matches!(word, Word::Gone(_));
            heard.last_said = heard.last_said.max(Some(Time::from_millis(row.get(6).doing(doing)?)));
            heard.claimed_here |= own && row.get::<_, i64>(7).doing(doing)? == self.report_id;
            heard.words.push(word);
        }
        Ok(())
    }
}

/// A source's word, from a row of [`COLUMNS`], whether the scope was overtaken, and whether it is about what ran before.
fn word(row: &Row<'_>) -> rusqlite::Result<Word> {
    let (gone, doubted, retired): (bool, bool, bool) = (row.get(0)?, row.get(2)?, row.get(3)?);
    let (overtaken, carried): (bool, bool) = (row.get(8)?, row.get(9)?);
    let because: Option<u8> = row.get(1)?;
    let because = because.and_then(|b| ResolvedBecause::ALL.get(usize::from(b)).copied());
    Ok(match () {
        () if gone => Word::Gone(because.unwrap_or(ResolvedBecause::Fixed)),
        () if retired => Word::Gone(ResolvedBecause::ScopeRetired),
        () if overtaken => Word::Gone(ResolvedBecause::Superseded),
        () if doubted || carried => Word::Silent,
        () => Word::Live,
    })
}

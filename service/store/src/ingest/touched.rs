//! What a commit has to look at again: findings whose presence may have changed, assets that went, came or got an owner.

use super::Settling;
use crate::error::{Doing, StoreError};
use crate::intern::Intern;

/// A finding that the commit touched.
pub(super) struct Touched {
    pub(super) finding: i64,
    /// The report claims it for the first time in a scope, or with other details.
    pub(super) said: bool,
    /// This commit made it.
    pub(super) born: bool,
}

impl Settling<'_> {
    /// Marks a finding whose presence has to be looked at again.
    pub(super) fn touch(&self, finding: i64) -> Result<(), StoreError> {
        self.mark(finding, false, false)
    }

    /// Marks a finding of which the report says something new.
    pub(super) fn touch_said(&self, finding: i64) -> Result<(), StoreError> {
        self.mark(finding, true, false)
    }

    /// Marks a finding that this commit made.
    pub(super) fn touch_born(&self, finding: i64) -> Result<(), StoreError> {
        self.mark(finding, false, true)
    }

    fn mark(&self, finding: i64, said: bool, born: bool) -> Result<(), StoreError> {
        let sql = "INSERT INTO touched (finding_id, said, born) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (finding_id) DO UPDATE SET said = max(said, excluded.said), born = max(born, excluded.born)";
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute((finding, said, born))).doing("marking a finding")?;
        Ok(())
    }

    /// Marks every finding with a word in a scope.
    pub(super) fn touch_scope(&self, scope: i64) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO touched (finding_id, said, born) SELECT finding_id, 0, 0 FROM sighting WHERE scope_id = ?1";
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute([scope])).doing("marking a scope's findings")?;
        Ok(())
    }

    /// Marks every finding of an asset, and the asset itself: what it runs has to be placed anew.
    pub(super) fn touch_asset(&self, asset: i64) -> Result<(), StoreError> {
        let doing = "marking an asset's findings";
        let sql =
            "INSERT OR IGNORE INTO touched (finding_id, said, born) SELECT id, 0, 0 FROM finding WHERE asset_id = ?1";
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute([asset])).doing(doing)?;
        let sql = "INSERT OR IGNORE INTO moved_asset (asset_id) VALUES (?1)";
        self.conn.prepare_cached(sql).and_then(|mut s| s.execute([asset])).doing(doing)?;
        Ok(())
    }

    /// Marks the images at the end of edges that came or went: they may run elsewhere now.
    pub(super) fn touch_ends(&self, ends: &[i64]) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO moved_image (asset_id) SELECT id FROM asset WHERE id = ?1 AND kind = 'Image'";
        for end in ends {
            self.conn.prepare_cached(sql).and_then(|mut s| s.execute([end])).doing("marking an image")?;
        }
        Ok(())
    }

    /// Marks placed findings of marked images, or images of marked placed findings: the one's presence hangs on the
    /// other's words.
    pub(super) fn touch_placed(&self) -> Result<(), StoreError> {
        self.spread("SELECT p.id, 0, 0 FROM finding p JOIN touched t ON t.finding_id = p.via")
    }

    /// See [`Self::touch_placed`].
    pub(super) fn touch_images(&self) -> Result<(), StoreError> {
        self.spread("SELECT p.via, 0, 0 FROM finding p JOIN touched t ON t.finding_id = p.id WHERE p.via IS NOT NULL")
    }

    fn spread(&self, to: &str) -> Result<(), StoreError> {
        let sql = format!("INSERT OR IGNORE INTO touched (finding_id, said, born) {to}");
        self.conn.prepare_cached(&sql).and_then(|mut s| s.execute([])).doing("marking findings")?;
        Ok(())
    }

    /// Assets that a newer report has brought back.
    pub(super) fn note_returned(&self, intern: &Intern<'_>) -> Result<(), StoreError> {
        intern.returned().iter().try_for_each(|asset| self.touch_asset(*asset))
    }

    /// The touched findings that are placed, or those that are not, in ascending order.
    pub(super) fn touched(&self, placed: bool) -> Result<Vec<Touched>, StoreError> {
        let doing = "reading what was touched";
        let sql = "SELECT t.finding_id, t.said, t.born FROM touched t JOIN finding f ON f.id = t.finding_id WHERE (f.via IS NOT NULL) = ?1 ORDER BY 1";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        statement
            .query_map([placed], |r| Ok(Touched { finding: r.get(0)?, said: r.get(1)?, born: r.get(2)? }))
            .and_then(Iterator::collect)
            .doing(doing)
    }
}

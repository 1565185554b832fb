//! Digests that were made: the newest one decides what counts as news.

use assay_core::ids::{Span, Time};
use rusqlite::{OptionalExtension, params};

use crate::error::{Doing, StoreError};
use crate::open::Store;

/// Without a digest, what came in this long before now is news.
const NEWS_WITHOUT_DIGEST: Span = Span::hours(24);

impl Store {
    /// Since when a finding counts as news at an instant.
    ///
    /// # Errors
    /// When the database fails.
    pub fn news_since(&self, as_of: Time) -> Result<Time, StoreError> {
        let newest: Option<i64> = self
            .conn
            .query_row("SELECT max(at) FROM digest WHERE at < ?1", [as_of.millis()], |r| r.get(0))
            .optional()
            .doing("reading the newest digest")?
            .flatten();
        Ok(newest.map_or(as_of - NEWS_WITHOUT_DIGEST, Time::from_millis))
    }

    /// Keeps a digest.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keep_digest(&mut self, at: Time, since: Time, body: &str) -> Result<i64, StoreError> {
        self.conn
            .execute(
                "INSERT INTO digest (at, since, body) VALUES (?1, ?2, ?3)",
                params![at.millis(), since.millis(), body],
            )
            .doing("keeping a digest")?;
        Ok(self.conn.last_insert_rowid())
    }

    /// The newest digest that looked back for as long as `since` to `at` and was made at least half that span before:
    /// when it was made, and its body.
    ///
    /// # Errors
    /// When the database fails.
    pub fn digest_before(&self, since: Time, at: Time) -> Result<Option<(Time, String)>, StoreError> {
        let span = at.millis() - since.millis();
        let sql = "SELECT at, body FROM digest WHERE at - since = ?1 AND at <= ?2 ORDER BY at DESC, id DESC LIMIT 1";
        let read = |r: &rusqlite::Row<'_>| Ok((Time::from_millis(r.get(0)?), r.get(1)?));
        let params = params![span, at.millis() - span / 2];
        self.conn.query_row(sql, params, read).optional().doing("reading an earlier digest")
    }

    /// The newest digest: when it was made, since when it looked, and its body.
    ///
    /// # Errors
    /// When the database fails.
    pub fn newest_digest(&self) -> Result<Option<(Time, Time, String)>, StoreError> {
        let sql = "SELECT at, since, body FROM digest ORDER BY at DESC, id DESC LIMIT 1";
        let read = |r: &rusqlite::Row<'_>| Ok((Time::from_millis(r.get(0)?), Time::from_millis(r.get(1)?), r.get(2)?));
        self.conn.query_row(sql, [], read).optional().doing("reading the newest digest")
    }
}

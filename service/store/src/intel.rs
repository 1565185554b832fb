//! Published intelligence: the newest word of each source on each question.

use assay_core::ids::{Digest, Time};
use assay_core::intel::{Feed, FeedState, IntelNote, Said};
use assay_core::records::Imported;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::error::{Doing, StoreError};
use crate::intern::Intern;
use crate::open::Store;
use crate::twin::SaidRow;

/// Keeps a note, unless a newer one of the same source answers the same question.
pub(crate) fn put(conn: &Connection, intern: &mut Intern<'_>, vuln: i64, note: &IntelNote) -> Result<(), StoreError> {
    if let Said::Text(text) = &note.said {
        let author = if note.feed == Feed::CveRecord { "authority" } else { "scanner" };
        let Some(passage) = intern.passage("cve", text, author)? else { return Ok(()) };
        let sql = "UPDATE vuln SET passage_id = ?2, from_record = from_record OR ?3 WHERE id = ?1 AND (passage_id IS NULL OR ?3)";
        let official = note.feed == Feed::CveRecord;
        conn.prepare_cached(sql)
            .and_then(|mut s| s.execute(params![vuln, passage, official]))
            .doing("keeping a description")?;
        return Ok(());
    }
    let Some((question, row)) = SaidRow::of(&note.said) else { return Ok(()) };
    let body = serde_json::to_string(&row).unwrap_or_default();
    let sql = "INSERT INTO intel (vuln_id, feed, question, via, at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
               ON CONFLICT (vuln_id, feed, question, via) DO UPDATE SET at = excluded.at, body = excluded.body WHERE (excluded.at, excluded.body) > (at, body)";
    let row = params![vuln, note.feed.as_str(), question, note.via.reveal(), note.at.millis(), body];
    conn.prepare_cached(sql).and_then(|mut s| s.execute(row)).doing("keeping intelligence")?;
    Ok(())
}

impl Store {
    /// Imports a file or folder of feeds in one transaction. `give` hands the notes over one by one and returns the state
    /// of each feed.
    ///
    /// # Errors
    /// When the database fails; `E` when reading the feed does. Nothing is kept then.
    pub fn import_feed<E: From<StoreError>>(
        &mut self,
        sha256: Digest,
        at: Time,
        give: impl FnOnce(&mut dyn FnMut(IntelNote) -> bool) -> Result<Vec<FeedState>, E>,
    ) -> Result<Imported, E> {
        let doing = "keeping a feed";
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing)?;
        let sha = sha256.bytes().as_slice();
        let known: i64 =
            tx.query_row("SELECT count(*) FROM feed WHERE sha256 = ?1", [sha], |r| r.get(0)).doing(doing)?;
        if known > 0 {
            tx.execute("UPDATE feed SET imported = ?2 WHERE sha256 = ?1", params![sha, at.millis()]).doing(doing)?;
            tx.commit().doing(doing)?;
            let feeds = self.feeds()?.into_iter().filter(|f| f.imported == at).collect();
            return Ok(Imported { feeds, notes: 0, repeated: true });
        }
        let mut notes = 0u64;
        let feeds = {
            let mut intern = Intern::new(&tx, at);
            let mut failed = None;
            let feeds = give(&mut |note| {
                notes += 1;
                let kept = intern.vuln(&note.vuln).and_then(|vuln| put(&tx, &mut intern, vuln, &note));
                failed = kept.err();
                failed.is_none()
            });
            let feeds = match failed {
                Some(error) => return Err(error.into()),
                None => feeds?,
            };
            intern.finish()?;
            feeds
        };
        for state in &feeds {
            let sql = "INSERT INTO feed (feed, published, imported, row_count, sha256) VALUES (?1, ?2, ?3, ?4, ?5) \
                       ON CONFLICT (feed) DO UPDATE SET published = excluded.published, imported = excluded.imported, row_count = excluded.row_count, sha256 = excluded.sha256 \
                       WHERE excluded.published >= published";
            let row = params![state.feed.as_str(), state.published.millis(), at.millis(), state.rows as i64, sha];
            tx.execute(sql, row).doing(doing)?;
            tx.execute(
                "INSERT INTO outbox (at, kind, body) VALUES (?1, 'intel', ?2)",
                params![at.millis(), state.feed.as_str()],
            )
            .doing(doing)?;
            crate::audit::append(&tx, at, "cli", "intel.import", state.feed.as_str(), "", &sha256.to_string())?;
        }
        tx.commit().doing(doing)?;
        Ok(Imported { feeds, notes, repeated: false })
    }

    /// What `update` knew of a feed: its URL's last entity tag.
    ///
    /// # Errors
    /// When the database fails.
    pub fn feed_etag(&self, feed: Feed) -> Result<Option<(String, String)>, StoreError> {
        let sql = "SELECT url, etag FROM feed WHERE feed = ?1";
        self.conn
            .query_row(sql, [feed.as_str()], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()
            .doing("reading the state of a feed")
    }

    /// Remembers where a feed came from.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_feed_etag(&mut self, feed: Feed, url: &str, etag: &str) -> Result<(), StoreError> {
        self.conn
            .execute("UPDATE feed SET url = ?2, etag = ?3 WHERE feed = ?1", params![feed.as_str(), url, etag])
            .doing("noting the feed's tag")?;
        Ok(())
    }

    /// The feeds that were imported.
    ///
    /// # Errors
    /// When the database fails or holds an unknown feed.
    pub fn feeds(&self) -> Result<Vec<FeedState>, StoreError> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT feed, published, imported, row_count FROM feed ORDER BY feed")
            .doing("reading the feeds")?;
        let rows = statement
            .query_map([], |r| {
                Ok((r.get::<_, String>(0)?, r.get::<_, i64>(1)?, r.get::<_, i64>(2)?, r.get::<_, i64>(3)?))
            })
            .doing("reading the feeds")?;
        rows.map(|row| {
            let (feed, published, imported, rows) = row.doing("reading the feeds")?;
            let feed = feed.parse().map_err(|e: assay_core::named::Unspelled| StoreError::Row {
                table: "feed",
                row: 0,
                why: e.to_string(),
            })?;
            Ok(FeedState {
                feed,
                published: Time::from_millis(published),
                imported: Time::from_millis(imported),
                rows: rows as u64,
            })
        })
        .collect()
    }
}

//! What can go wrong with records, and what to do about it.

use std::path::PathBuf;

/// Why the store could not do what was asked. Nothing is half-done when one of these is returned.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data file cannot be opened.
    #[error("the data file {path} cannot be opened; check that the folder exists and may be written")]
    Open {
        /// Which file.
        path: PathBuf,
        /// The database's word.
        #[source]
        source: rusqlite::Error,
    },
    /// A newer build wrote the data.
    #[error(
        "the data was written by a newer Assay (schema {found}, this build knows {known}); use that build, or the backup {backup}"
    )]
    Newer {
        /// The schema found.
        found: u32,
        /// The newest schema known.
        known: u32,
        /// The backup made before the last migration.
        backup: PathBuf,
    },
    /// A migration failed; the data is as it was.
    #[error("migrating the data to schema {to} failed; nothing was changed")]
    Migrate {
        /// The schema that was aimed at.
        to: u32,
        /// The database's word.
        #[source]
        source: rusqlite::Error,
    },
    /// The disk is full.
    #[error("the disk is full; nothing of this report was kept")]
    DiskFull,
    /// Another process holds the data file.
    #[error("another process writes to the data folder and did not finish in time; try again")]
    Busy,
    /// A row holds what this build cannot have written.
    #[error("{table} row {row} cannot be read: {why}")]
    Row {
        /// The table.
        table: &'static str,
        /// The row.
        row: i64,
        /// What is wrong.
        why: String,
    },
    /// No finding has this id.
    #[error("no finding has this id")]
    NoFinding,
    /// The database failed.
    #[error("the database failed while {doing}")]
    Sql {
        /// What was being done.
        doing: &'static str,
        /// The database's word.
        #[source]
        source: rusqlite::Error,
    },
}

/// Names what was being done when the database failed.
pub(crate) trait Doing<T> {
    /// Turns a database error into a [`StoreError`].
    fn doing(self, what: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, what: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => StoreError::DiskFull,
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => StoreError::Busy,
            _ => StoreError::Sql { doing: what, source },
        })
    }
}

//! What can go wrong with records, and what to do about it.

use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

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
    /// What lies there is no data file, or no longer one.
    #[error(
        "{path} is no data file of Assay, or it is damaged; restore a backup of it, or move it away and take the reports in again"
    )]
    NotOurs {
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
    /// The data cannot be backed up, so it is not migrated.
    #[error("the backup {path} cannot be written, so the data was not migrated; make room in its folder")]
    Backup {
        /// Which file.
        path: PathBuf,
        /// The disk's word.
        #[source]
        source: std::io::Error,
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
    #[error("the disk is full: nothing of what was being written was kept; make room and do it again")]
    DiskFull,
    /// The disk does not take or give what it should.
    #[error("the data file could not be read or written while {doing}; look at the disk, its quota and its limits")]
    Disk {
        /// What was being done.
        doing: &'static str,
        /// The database's word.
        #[source]
        source: rusqlite::Error,
    },
    /// The data may not be changed.
    #[error("the data folder may only be read; make it writable, or name another one with --data")]
    ReadOnly,
    /// The data file is damaged.
    #[error(
        "the data file is damaged (seen while {doing}); restore a backup of it, or move it away and take the reports in again"
    )]
    Damaged {
        /// What was being done.
        doing: &'static str,
        /// The database's word.
        #[source]
        source: rusqlite::Error,
    },
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
            _ if is_full(&source) => StoreError::DiskFull,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
            Some(ErrorCode::ReadOnly) => StoreError::ReadOnly,
            Some(ErrorCode::SystemIoFailure) => StoreError::Disk { doing: what, source },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged { doing: what, source },
            _ => StoreError::Sql { doing: what, source },
        })
    }
}

/// What a failure to open a data file means.
pub(crate) fn opening(path: &Path, source: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::NotOurs { path, source },
        _ if is_full(&source) => StoreError::DiskFull,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        _ => StoreError::Open { path, source },
    }
}

/// True when the disk has no room. The index of the write-ahead log is the one file whose lack of room SQLite reports as
/// a failed size, not as a full disk.
fn is_full(source: &rusqlite::Error) -> bool {
    source.sqlite_error().is_some_and(|e| e.code == ErrorCode::DiskFull || e.extended_code == ffi::SQLITE_IOERR_SHMSIZE)
}

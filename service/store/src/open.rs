//! Opens the data file: one writer, many readers, write-ahead log, full synchronisation for what was acknowledged.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::{Doing, StoreError, opening};
use crate::migrate;

/// How long a writer waits for another process.
const BUSY_MAX: Duration = Duration::from_secs(30);
/// Between two tries to switch a new file over, which takes a moment.
const SWITCH_PAUSE: Duration = Duration::from_millis(5);
/// Pages kept in memory, in KiB: small, because the working set is.
const CACHE_KIB: i64 = 16 * 1024;
/// The same while a report is taken in, which writes all over the file: what does not fit is written twice. Memory is used
/// as far as a report needs it.
const REPORT_CACHE_KIB: i64 = 32 * 1024;
/// The same of the temporary tables that a report lies in on its way.
const STAGE_CACHE_KIB: i64 = 16 * 1024;

/// The records of one installation, in one SQLite file.
#[derive(Debug)]
pub struct Store {
    pub(crate) conn: Connection,
    path: PathBuf,
}

impl Store {
    /// Opens the data file for writing, makes it when there is none, and migrates it.
    ///
    /// # Errors
    /// When the file cannot be opened, or was written by a newer build.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let conn = Connection::open(path).map_err(|source| opening(path, source))?;
        prepare(&conn).map_err(|source| opening(path, source))?;
        let mut store = Self { conn, path: path.to_owned() };
        migrate::run(&mut store.conn, path)?;
        Ok(store)
    }

    /// Opens the data file for reading beside a writer.
    ///
    /// # Errors
    /// When there is no data file, or its schema is not this build's.
    pub fn open_reader(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags).map_err(|source| opening(path, source))?;
        tune(&conn, 128).doing("opening the data file")?;
        migrate::check(&conn, path)?;
        Ok(Self { conn, path: path.to_owned() })
    }

    /// A store in memory, for tests.
    ///
    /// # Errors
    /// When the schema cannot be made.
    pub fn in_memory() -> Result<Self, StoreError> {
        let path = Path::new(":memory:");
        let conn = Connection::open_in_memory().map_err(|source| opening(path, source))?;
        prepare(&conn).doing("opening a store in memory")?;
        let mut store = Self { conn, path: path.to_owned() };
        migrate::run(&mut store.conn, path)?;
        Ok(store)
    }

    /// The data file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes room in memory for a report.
pub(crate) fn widen(conn: &Connection) -> Result<(), StoreError> {
    let wide = format!("PRAGMA main.cache_size = -{REPORT_CACHE_KIB}; PRAGMA temp.cache_size = -{STAGE_CACHE_KIB};");
    conn.execute_batch(&wide).doing("making room for a report")
}

/// Gives back what a report needed: before the next one, the connection holds no more than a reader does.
pub(crate) fn narrow(conn: &Connection) -> Result<(), StoreError> {
    let small = format!("PRAGMA main.cache_size = -{CACHE_KIB}; PRAGMA temp.cache_size = -{CACHE_KIB};");
    conn.execute_batch(&small).doing("giving memory back after a report")
}

fn prepare(conn: &Connection) -> rusqlite::Result<()> {
    tune(conn, 256)?;
    write_ahead(conn)?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "temp_store", "FILE")?;
    Ok(())
}

/// Switches a new file over to a write-ahead log. SQLite does not wait here when another process does the same at the same
/// moment, whatever the timeout: that would be a deadlock where both had begun to read.
fn write_ahead(conn: &Connection) -> rusqlite::Result<()> {
    let until = Instant::now() + BUSY_MAX;
    loop {
        match conn.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < until => {
                std::thread::sleep(SWITCH_PAUSE);
            }
            done => return done,
        }
    }
}

/// What readers and the writer want alike; `statements` are kept prepared.
fn tune(conn: &Connection, statements: usize) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY_MAX)?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // Otherwise SQLite plans a statement anew for each value that is bound to it: a third of the time of a large report.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(statements);
    Ok(())
}

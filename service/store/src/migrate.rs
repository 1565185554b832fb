//! The schema, in numbered steps. Each step is one transaction that also moves the version, so that a process killed at
//! any moment leaves the file at one step or the next. Before the first step a backup is made beside the file.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{Doing, StoreError};

/// The steps, in order. Step n brings the schema from n to n + 1. A released step is never edited.
const STEPS: &[&str] = &[include_str!("schema/0001_ledger.sql")];

/// The schema that this build writes.
pub(crate) const KNOWN: u32 = STEPS.len() as u32;

/// Brings the file to this build's schema.
pub(crate) fn run(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(conn)?;
    refuse_newer(found, path)?;
    if found > 0 && found < KNOWN {
        let backup = backup_path(path, found);
        conn.backup("main", &backup, None::<fn(rusqlite::backup::Progress)>).doing("backing up before a migration")?;
    }
    for (at, sql) in STEPS.iter().enumerate() {
        let to = at as u32 + 1;
        let step = |conn: &mut Connection| -> rusqlite::Result<()> {
            // Immediate: of two processes that start together one migrates, the other finds it done.
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let now: u32 = tx.query_row("PRAGMA user_version", [], |r| r.get(0))?;
            if now < to {
                tx.execute_batch(sql)?;
                tx.pragma_update(None, "user_version", to)?;
            }
            tx.commit()
        };
        if found < to {
            step(conn).map_err(|source| StoreError::Migrate { to, source })?;
        }
    }
    Ok(())
}

/// Checks that a reader can use the file.
pub(crate) fn check(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    refuse_newer(version(conn)?, path)
}

fn version(conn: &Connection) -> Result<u32, StoreError> {
    conn.query_row("PRAGMA user_version", [], |r| r.get(0)).doing("reading the schema's version")
}

fn refuse_newer(found: u32, path: &Path) -> Result<(), StoreError> {
    if found > KNOWN {
        return Err(StoreError::Newer { found, known: KNOWN, backup: backup_path(path, KNOWN) });
    }
    Ok(())
}

fn backup_path(path: &Path, version: u32) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".schema-{version}.backup"));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_file_gets_the_newest_schema_and_a_newer_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("assay.db");
        let mut conn = Connection::open(&path).unwrap();
        run(&mut conn, &path).unwrap();
        assert_eq!(version(&conn).unwrap(), KNOWN);
        run(&mut conn, &path).unwrap();
        conn.pragma_update(None, "user_version", KNOWN + 1).unwrap();
        let error = run(&mut conn, &path).unwrap_err();
        assert!(error.to_string().contains("newer Assay") && error.to_string().contains("backup"), "{error}");
    }
}

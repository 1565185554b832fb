//! The schema, in numbered steps. Each step is one transaction that also moves the version, so that a process killed at
//! any moment leaves the file at one step or the next. Before the first step a backup is made beside the file.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::error::{Doing, StoreError};

/// The steps, in order. Step n brings the schema from n to n + 1. A released step is never edited.
const STEPS: &[&str] = &[
    include_str!("schema/0001_ledger.sql"),
    include_str!("schema/0002_token_node.sql"),
    include_str!("schema/0003_readings.sql"),
    include_str!("schema/0004_shown.sql"),
    include_str!("schema/0005_posture.sql"),
];

/// The schema that this build writes.
pub(crate) const KNOWN: u32 = STEPS.len() as u32;

/// Brings the file to this build's schema.
pub(crate) fn run(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    run_steps(conn, path, STEPS)
}

fn run_steps(conn: &mut Connection, path: &Path, steps: &[&str]) -> Result<(), StoreError> {
    let (found, known) = (version(conn)?, steps.len() as u32);
    refuse_newer(found, known, path)?;
    if found > 0 && found < known {
        back_up(conn, path, found)?;
    }
    for (at, sql) in steps.iter().enumerate().skip(found as usize) {
        let to = at as u32 + 1;
        step(conn, to, sql).map_err(|source| match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::DiskFull,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
            _ => StoreError::Migrate { to, source },
        })?;
    }
    Ok(())
}

/// One step and its version, in one transaction.
fn step(conn: &mut Connection, to: u32, sql: &str) -> rusqlite::Result<()> {
    // Immediate: of two processes that start together one migrates, the other finds it done.
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let now: u32 = tx.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    if now < to {
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", to)?;
    }
    tx.commit()
}

/// A whole backup under its name, or none: it gets the name when it is done.
fn back_up(conn: &Connection, path: &Path, version: u32) -> Result<(), StoreError> {
    let doing = "backing up before a migration";
    let (backup, part) = (backup_path(path, version), backup_path(path, version).with_extension("part"));
    let disk = |source| StoreError::Backup { path: backup.clone(), source };
    if part.exists() {
        std::fs::remove_file(&part).map_err(disk)?;
    }
    conn.backup("main", &part, None::<fn(rusqlite::backup::Progress)>).doing(doing)?;
    std::fs::rename(&part, &backup).map_err(disk)
}

/// Checks that a reader can use the file.
pub(crate) fn check(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    refuse_newer(version(conn)?, KNOWN, path)
}

fn version(conn: &Connection) -> Result<u32, StoreError> {
    conn.query_row("PRAGMA user_version", [], |r| r.get(0)).doing("reading the schema's version")
}

fn refuse_newer(found: u32, known: u32, path: &Path) -> Result<(), StoreError> {
    if found > known {
        return Err(StoreError::Newer { found, known, backup: backup_path(path, known) });
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

    /// The steps of this build, and one more that it does not have.
    fn and_one_more(sql: &'static str) -> Vec<&'static str> {
        STEPS.iter().copied().chain([sql]).collect()
    }

    const MORE: &str = "CREATE TABLE more (n INTEGER) STRICT; INSERT INTO more SELECT id FROM asset;";

    fn assets(conn: &Connection) -> i64 {
        conn.query_row("SELECT count(*) FROM asset", [], |r| r.get(0)).unwrap()
    }

    /// A file of this build's schema with something in it.
    fn file(dir: &Path) -> (PathBuf, Connection) {
        let path = dir.join("assay.db");
        let mut conn = Connection::open(&path).unwrap();
        conn.pragma_update(None, "journal_mode", "WAL").unwrap();
        run(&mut conn, &path).unwrap();
        let sql = "INSERT INTO asset (cluster, kind, namespace, name, first_seen, last_seen) VALUES ('', 'Image', '', ?1, 0, 0)";
        for n in 0..1000 {
            conn.execute(sql, [n.to_string()]).unwrap();
        }
        (path, conn)
    }

    #[test]
    fn a_fresh_file_gets_the_newest_schema_and_a_newer_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut conn) = file(dir.path());
        assert_eq!(version(&conn).unwrap(), KNOWN);
        run(&mut conn, &path).unwrap();
        run_steps(&mut conn, &path, &and_one_more(MORE)).unwrap();
        let error = run(&mut conn, &path).unwrap_err();
        let backup = backup_path(&path, KNOWN);
        let name = backup.file_name().unwrap().to_string_lossy().into_owned();
        assert!(error.to_string().contains("newer Assay") && error.to_string().contains(&name), "{error}");
        let mut backup = Connection::open(backup).unwrap();
        run(&mut backup, &path).unwrap();
        assert_eq!(assets(&backup), 1000, "the way back is whole");
    }

    #[test]
    fn a_step_that_fails_changes_nothing_and_the_next_run_resumes() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut conn) = file(dir.path());
        let broken = and_one_more("CREATE TABLE more (n INTEGER) STRICT; INSERT INTO nowhere VALUES (1);");
        let error = run_steps(&mut conn, &path, &broken).unwrap_err();
        assert!(error.to_string().contains("nothing was changed"), "{error}");
        assert_eq!((version(&conn).unwrap(), assets(&conn)), (KNOWN, 1000));
        run_steps(&mut conn, &path, &and_one_more(MORE)).unwrap();
        let more: i64 = conn.query_row("SELECT count(*) FROM more", [], |r| r.get(0)).unwrap();
        assert_eq!((version(&conn).unwrap(), more), (KNOWN + 1, 1000));
    }

    #[test]
    fn a_process_that_is_killed_while_migrating_leaves_the_file_at_one_step_or_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let (path, conn) = file(dir.path());
        // What lies on the disk in the middle of the step is what a kill leaves.
        let killed = dir.path().join("killed");
        std::fs::create_dir(&killed).unwrap();
        conn.execute_batch("PRAGMA cache_size = 10; BEGIN IMMEDIATE;").unwrap();
        conn.execute_batch(MORE).unwrap();
        conn.pragma_update(None, "user_version", KNOWN + 1).unwrap();
        for name in ["assay.db", "assay.db-wal"] {
            std::fs::copy(dir.path().join(name), killed.join(name)).unwrap();
        }
        drop(conn);
        let at = killed.join(path.file_name().unwrap());
        let mut left = Connection::open(&at).unwrap();
        assert_eq!((version(&left).unwrap(), assets(&left)), (KNOWN, 1000));
        run_steps(&mut left, &at, &and_one_more(MORE)).unwrap();
        assert_eq!(version(&left).unwrap(), KNOWN + 1);
    }

    #[test]
    fn half_a_backup_never_has_the_name_of_a_whole_one() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut conn) = file(dir.path());
        let part = backup_path(&path, KNOWN).with_extension("part");
        std::fs::write(&part, b"half of one").unwrap();
        run_steps(&mut conn, &path, &and_one_more(MORE)).unwrap();
        assert!(!part.exists() && backup_path(&path, KNOWN).exists());
    }

    #[test]
    fn a_token_of_before_tokens_had_nodes_speaks_for_any() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("assay.db");
        let mut conn = Connection::open(&path).unwrap();
        run_steps(&mut conn, &path, &STEPS[..1]).unwrap();
        conn.execute("INSERT INTO token (name, role, hash, created_at) VALUES ('old', 'agent', x'00', 0)", []).unwrap();
        drop(conn);
        let rows = crate::Store::open(&path).unwrap().tokens().unwrap();
        assert_eq!(rows.iter().map(|t| (t.name.reveal(), t.node.clone())).collect::<Vec<_>>(), [("old", None)]);
    }

    #[test]
    fn of_texts_of_before_there_were_readings_those_of_records_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("assay.db");
        let mut conn = Connection::open(&path).unwrap();
        run_steps(&mut conn, &path, &STEPS[..2]).unwrap();
        let sql = "INSERT INTO passage (id, kind, sha256, text, author) VALUES (1, 'cve', x'01', 'a', 'authority'), (2, 'cve', x'02', 'b', 'scanner'); \
                   INSERT INTO vuln (name, passage_id) VALUES ('CVE-2026-0001', 1), ('CVE-2026-0002', 2), ('CVE-2026-0003', NULL);";
        conn.execute_batch(sql).unwrap();
        run(&mut conn, &path).unwrap();
        let of = |name: &str| -> bool {
            conn.query_row("SELECT from_record FROM vuln WHERE name = ?1", [name], |r| r.get(0)).unwrap()
        };
        assert_eq!(["CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003"].map(of), [true, false, false]);
    }

    #[test]
    fn of_two_processes_that_start_together_one_migrates() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("assay.db");
        let open = |path: PathBuf| std::thread::spawn(move || crate::Store::open(&path).map(drop));
        let both: Vec<_> = (0..4).map(|_| open(path.clone())).collect();
        for one in both {
            one.join().unwrap().unwrap();
        }
    }
}

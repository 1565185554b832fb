//! Tokens of the service: only digests are kept.

use assay_core::ids::{Digest, Time};
use assay_core::named;
use assay_core::text::Opaque;
use rusqlite::{OptionalExtension, params};

use crate::audit;
use crate::error::{Doing, StoreError};
use crate::open::Store;

named! {
    /// What a token may do.
    pub enum Role {
        /// Post sensor batches, nothing else.
        Agent = "agent",
        /// Read and ask.
        Reader = "reader",
        /// Read, ask, post reports, decide, make digests.
        Writer = "writer",
    }
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its name.
    pub name: Opaque,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Time,
    /// When it was taken back.
    pub revoked_at: Option<Time>,
}

impl Store {
    /// Keeps a new token by its digest.
    ///
    /// # Errors
    /// When the name is taken, or the database fails.
    pub fn add_token(&mut self, name: &Opaque, role: Role, digest: &Digest, at: Time) -> Result<bool, StoreError> {
        let sql = "INSERT OR IGNORE INTO token (name, role, hash, created_at) VALUES (?1, ?2, ?3, ?4)";
        let row = params![name.reveal(), role.as_str(), digest.bytes().as_slice(), at.millis()];
        let added = self.conn.execute(sql, row).doing("keeping a token")?;
        if added > 0 {
            audit::append(&self.conn, at, "cli", "token.create", name.reveal(), "", role.as_str())?;
        }
        Ok(added > 0)
    }

    /// The token with this digest, unless it was taken back.
    ///
    /// # Errors
    /// When the database fails.
    pub fn token(&self, digest: &Digest) -> Result<Option<(Opaque, Role)>, StoreError> {
        let sql = "SELECT name, role FROM token WHERE hash = ?1 AND revoked_at IS NULL";
        let found: Option<(String, String)> = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([digest.bytes().as_slice()], |r| Ok((r.get(0)?, r.get(1)?))).optional())
            .doing("looking for a token")?;
        Ok(found.and_then(|(name, role)| role.parse().ok().map(|role| (Opaque::readmit(&name), role))))
    }

    /// All tokens, without their secrets.
    ///
    /// # Errors
    /// When the database fails.
    pub fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        let doing = "reading the tokens";
        let mut statement = self
            .conn
            .prepare_cached("SELECT name, role, created_at, revoked_at FROM token ORDER BY id")
            .doing(doing)?;
        let rows = statement.query_map([], |r| {
            Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, r.get::<_, i64>(2)?, r.get::<_, Option<i64>>(3)?))
        });
        let rows: Vec<_> = rows.and_then(Iterator::collect).doing(doing)?;
        let row = |(name, role, created, revoked): (String, String, i64, Option<i64>)| {
            let role = role.parse().map_err(|e: assay_core::named::Unspelled| StoreError::Row {
                table: "token",
                row: 0,
                why: e.to_string(),
            })?;
            Ok(TokenRow {
                name: Opaque::readmit(&name),
                role,
                created_at: Time::from_millis(created),
                revoked_at: revoked.map(Time::from_millis),
            })
        };
        rows.into_iter().map(row).collect()
    }

    /// Takes a token back. False when there is none of this name.
    ///
    /// # Errors
    /// When the database fails.
    pub fn revoke_token(&mut self, name: &str, at: Time) -> Result<bool, StoreError> {
        let sql = "UPDATE token SET revoked_at = ?2 WHERE name = ?1 AND revoked_at IS NULL";
        let done = self.conn.execute(sql, params![name, at.millis()]).doing("taking a token back")?;
        if done > 0 {
            audit::append(&self.conn, at, "cli", "token.revoke", name, "", "")?;
        }
        Ok(done > 0)
    }

    /// A number that changes when another connection or process commits: a reader's snapshot is then old.
    ///
    /// # Errors
    /// When the database fails.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.conn.query_row("PRAGMA data_version", [], |r| r.get(0)).doing("looking for changes")
    }
}

//! Tokens of the service: only digests are kept.

use assay_core::ids::{Digest, Time};
use assay_core::named;
use assay_core::text::Opaque;
use rusqlite::{OptionalExtension, Row, params};

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

/// What a token lets its bearer do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its name.
    pub name: Opaque,
    /// What it may do.
    pub role: Role,
    /// The only node whose batches an agent may post with it; none: any.
    pub node: Option<String>,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its name.
    pub name: Opaque,
    /// What it may do.
    pub role: Role,
    /// The only node that it speaks for; none: any.
    pub node: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// When it was taken back.
    pub revoked_at: Option<Time>,
}

/// A row of the table: name, role, node, made, taken back.
type Listed = (String, String, Option<String>, i64, Option<i64>);

impl Store {
    /// Keeps a new token by its digest. False when the name is taken.
    ///
    /// # Errors
    /// When the database fails.
    pub fn add_token(&mut self, grant: &Grant, digest: &Digest, at: Time) -> Result<bool, StoreError> {
        let sql = "INSERT OR IGNORE INTO token (name, role, node, hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
        let (name, role, node) = (grant.name.reveal(), grant.role.as_str(), grant.node.as_deref());
        let row = params![name, role, node, digest.bytes().as_slice(), at.millis()];
        let added = self.conn.execute(sql, row).doing("keeping a token")?;
        if added > 0 {
            let what = node.map_or_else(|| role.to_owned(), |node| format!("{role} of node {node}"));
            audit::append(&self.conn, at, "cli", "token.create", name, "", &what)?;
        }
        Ok(added > 0)
    }

    /// What the token with this digest grants, unless it was taken back.
    ///
    /// # Errors
    /// When the database fails.
    pub fn token(&self, digest: &Digest) -> Result<Option<Grant>, StoreError> {
        let sql = "SELECT name, role, node FROM token WHERE hash = ?1 AND revoked_at IS NULL";
        let row = |r: &Row<'_>| Ok((r.get(0)?, r.get(1)?, r.get(2)?));
        let found: Option<(String, String, Option<String>)> = self
            .conn
            .prepare_cached(sql)
            .and_then(|mut s| s.query_row([digest.bytes().as_slice()], row).optional())
            .doing("looking for a token")?;
        let grant = |(name, role, node): (String, String, _)| {
            role.parse().ok().map(|role| Grant { name: Opaque::readmit(&name), role, node })
        };
        Ok(found.and_then(grant))
    }

    /// All tokens, without their secrets.
    ///
    /// # Errors
    /// When the database fails.
    pub fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        let doing = "reading the tokens";
        let mut statement = self
            .conn
            .prepare_cached("SELECT name, role, node, created_at, revoked_at FROM token ORDER BY id")
            .doing(doing)?;
        let rows = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?)));
        let rows: Vec<Listed> = rows.and_then(Iterator::collect).doing(doing)?;
        let row = |(name, role, node, created, revoked): Listed| {
            let role = role.parse().map_err(|e: assay_core::named::Unspelled| StoreError::Row {
                table: "token",
                row: 0,
                why: e.to_string(),
            })?;
            Ok(TokenRow {
                name: Opaque::readmit(&name),
                role,
                node,
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

//! The port [`Records`] on SQLite: each method is the store's own of the same name.

use assay_core::environment::EnvironmentRules;
use assay_core::finding::{Decision, Finding};
use assay_core::ids::{Digest, Time};
use assay_core::intel::{FeedState, IntelNote};
use assay_core::observation::Record;
use assay_core::order::{Names, StoredRow};
use assay_core::ports::Records;
use assay_core::records::{Chain, Changed, Imported, Move, Receipt, ReportMeta, StandingDecision};
use assay_core::scope::Head;
use assay_core::world::{Watching, World};

use crate::error::StoreError;
use crate::open::Store;

impl Records for Store {
    type Error = StoreError;

    fn ingest<E: From<StoreError>>(
        &mut self,
        meta: &ReportMeta,
        read: impl FnOnce(&mut dyn FnMut(Record) -> bool) -> Result<Head, E>,
    ) -> Result<Receipt, E> {
        Store::ingest(self, meta, read)
    }

    fn import_feed<E: From<StoreError>>(
        &mut self,
        sha256: Digest,
        at: Time,
        give: impl FnOnce(&mut dyn FnMut(IntelNote) -> bool) -> Result<Vec<FeedState>, E>,
    ) -> Result<Imported, E> {
        Store::import_feed(self, sha256, at, give)
    }

    fn names(&self) -> Result<Names, StoreError> {
        Store::names(self)
    }

    fn world(
        &self,
        as_of: Time,
        environments: EnvironmentRules,
        watching: Watching,
        names: &Names,
    ) -> Result<World, StoreError> {
        Store::world(self, as_of, environments, watching, names)
    }

    fn each_row(&self, as_of: Time, each: impl FnMut(&StoredRow<'_>)) -> Result<(), StoreError> {
        Store::each_row(self, as_of, each)
    }

    fn find(&self, text: &str) -> Result<Option<i64>, StoreError> {
        Store::find(self, text)
    }

    fn details(&self, ids: &[i64], as_of: Time) -> Result<Vec<Finding>, StoreError> {
        Store::details(self, ids, as_of)
    }

    fn decide(&mut self, finding: i64, decision: &Decision, relies_on: &str, source: &str) -> Result<(), StoreError> {
        Store::decide(self, finding, decision, relies_on, source)
    }

    fn standing_decisions(&self) -> Result<Vec<StandingDecision>, StoreError> {
        Store::standing_decisions(self)
    }

    fn revoke_decision(&mut self, id: i64, at: Time, because: &str, kind: &str) -> Result<(), StoreError> {
        Store::revoke_decision(self, id, at, because, kind)
    }

    fn record_moves(&mut self, at: Time, policy: &str, moves: &[Move]) -> Result<(), StoreError> {
        Store::record_moves(self, at, policy, moves)
    }

    fn moves_of(&self, finding: i64) -> Result<Vec<(Time, Move)>, StoreError> {
        Store::moves_of(self, finding)
    }

    fn changes(&self, after: i64, limit: usize) -> Result<Vec<Changed>, StoreError> {
        Store::changes(self, after, limit)
    }

    fn verify_audit(&self) -> Result<Chain, StoreError> {
        Store::verify_audit(self)
    }
}

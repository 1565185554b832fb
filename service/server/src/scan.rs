//! A scan on its way into the ledger, from the command line or from a watch. Comes in: what was gathered. Goes out: one
//! report, as of the instant at which it was looked at; a watch reports the namespaces that changed.

use std::collections::BTreeSet;

use assay_core::ids::{Digest, Time};
use assay_core::observation::Record;
use assay_core::scope::Head;
use assay_core::text::Opaque;
use assay_sources::cluster::live::LiveError;
use assay_sources::cluster::{Gathered, ScanHow, StandardsVersion, Told, ToldBy, records, records_of};
use assay_sources::door::SecretDoor;
use assay_sources::read::Flow;
use assay_store::{Receipt, ReportMeta, Store, StoreError};

/// What a scan is kept as.
pub(crate) struct Kept<'a> {
    pub(crate) cluster: &'a Opaque,
    pub(crate) told_by: ToldBy,
    /// Whether it shows all that there is.
    pub(crate) complete: bool,
    pub(crate) as_of: Time,
    /// Who brings it, for the audit chain.
    pub(crate) sender: &'static str,
    /// A digest of what was seen.
    pub(crate) sha256: Digest,
}

/// Keeps a scan as one report. A scan is new each time it is made: its key is the instant and what it saw.
pub(crate) fn keep(
    store: &mut Store,
    gathered: &Gathered,
    kept: &Kept<'_>,
    door: &SecretDoor,
) -> Result<Receipt, StoreError> {
    take(store, kept, |out| records(gathered, kept.how(door), out))
}

/// Keeps what there is to tell that was not told before, or all of it when nothing is said to have been told. None when
/// there is no news.
pub(crate) fn keep_news(
    store: &mut Store,
    gathered: &Gathered,
    kept: &Kept<'_>,
    before: Option<&Told>,
    door: &SecretDoor,
) -> Result<(Option<Receipt>, Told), StoreError> {
    let told = Told::of(gathered, kept.how(door));
    let Some(before) = before else {
        return Ok((Some(keep(store, gathered, kept, door)?), told));
    };
    let news: BTreeSet<Opaque> = told.news_since(before);
    if news.is_empty() {
        return Ok((None, told));
    }
    let receipt = take(store, kept, |out| records_of(&news, gathered, kept.how(door), out))?;
    Ok((Some(receipt), told))
}

impl<'a> Kept<'a> {
    fn how(&self, door: &'a SecretDoor) -> ScanHow<'a> {
        let Self { cluster, told_by, complete, as_of, .. } = *self;
        ScanHow { cluster, told_by, complete, as_of, version: StandardsVersion::LATEST, door }
    }
}

fn take(
    store: &mut Store,
    kept: &Kept<'_>,
    tell: impl FnOnce(&mut dyn FnMut(Record) -> Flow) -> Head,
) -> Result<Receipt, StoreError> {
    let Kept { cluster, as_of, sender, sha256, .. } = *kept;
    let instant = as_of.to_string();
    let idem_key =
        Digest::of_fields([b"scan".as_slice(), cluster.reveal().as_bytes(), instant.as_bytes(), sha256.bytes()]);
    let meta = ReportMeta { sender: Opaque::readmit(sender), format: "scan", idem_key, sha256, received_at: as_of };
    store.ingest::<StoreError>(&meta, |take| Ok(tell(&mut |record| if take(record) { Flow::More } else { Flow::Stop })))
}

/// Why a cluster cannot be looked at, each cause once: the client repeats one cause in each of its layers, and the
/// innermost says it.
pub(crate) fn said(error: LiveError) -> String {
    let error = anyhow::Error::new(error);
    let cause = error.root_cause().to_string();
    if error.to_string() == cause { cause } else { format!("{error}: {cause}") }
}

#[cfg(test)]
mod tests;

//! A scan on its way into the ledger, from the command line or from a watch. Comes in: what was gathered. Goes out: one
//! report, as of the instant at which it was looked at.

use assay_core::ids::{Digest, Time};
use assay_core::text::Opaque;
use assay_sources::cluster::live::LiveError;
use assay_sources::cluster::{Gathered, ScanHow, StandardsVersion, ToldBy, records};
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
    let Kept { cluster, told_by, complete, as_of, sender, sha256 } = *kept;
    let how = ScanHow { cluster, told_by, complete, as_of, version: StandardsVersion::LATEST, door };
    let instant = as_of.to_string();
    let idem_key =
        Digest::of_fields([b"scan".as_slice(), cluster.reveal().as_bytes(), instant.as_bytes(), sha256.bytes()]);
    let meta = ReportMeta { sender: Opaque::readmit(sender), format: "scan", idem_key, sha256, received_at: as_of };
    store.ingest::<StoreError>(&meta, |take| {
        Ok(records(gathered, how, &mut |record| if take(record) { Flow::More } else { Flow::Stop }))
    })
}

/// Why a cluster cannot be looked at, each cause once: the client repeats one cause in each of its layers, and the
/// innermost says it.
pub(crate) fn said(error: LiveError) -> String {
    let error = anyhow::Error::new(error);
    let cause = error.root_cause().to_string();
    if error.to_string() == cause { cause } else { format!("{error}: {cause}") }
}

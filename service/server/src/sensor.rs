//! Batches of sensors into the ledger: one batch, one report, one step of the funnel, whoever brings it. Comes in: a batch
//! of the agent's own format. Goes out: what changed. A batch is known by node, boot and sequence; sent again it changes
//! nothing.

use std::collections::BTreeMap;
use std::io::BufRead;

use assay_core::batch::{BadBatch, FunnelRow, SensorBatch};
use assay_core::ids::{Digest, Time};
use assay_core::scope::{Artifact, Head, Part, Scope, SpokenSet};
use assay_core::text::{Door, Opaque};
use assay_sources::limits::ReadLimits;
use assay_sources::read::{batch_records, batches};
use assay_store::{FunnelStep, Receipt, ReportMeta, Store, StoreError};

use crate::ingest::{Asked, IngestError};

/// The tool that batches come from, as the ledger knows it.
const TOOL: &str = "assay-agent";

/// Who brings a batch, and when.
#[derive(Clone, Debug)]
pub(crate) struct Bringer<'a> {
    /// The token's name, or `cli`.
    pub(crate) sender: Opaque,
    /// The cluster that the token speaks for, never a name in the batch.
    pub(crate) cluster: &'a Opaque,
    /// When it came.
    pub(crate) received_at: Time,
}

/// Why a batch was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SensorError {
    /// It is not one, or of another version.
    #[error(transparent)]
    Bad(#[from] BadBatch),
    /// The records failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes one batch. `bytes` are what it was read from.
pub(crate) fn take(
    store: &mut Store,
    batch: &SensorBatch,
    bytes: &[u8],
    from: &Bringer<'_>,
    door: &dyn Door,
) -> Result<Receipt, SensorError> {
    let records = batch_records(batch, from.cluster, door)?;
    let sent_at = batch.sent_at.parse::<Time>().unwrap_or(from.received_at);
    let sequence = batch.sequence.to_be_bytes();
    let key = [
        b"sensor".as_slice(),
        from.cluster.reveal().as_bytes(),
        batch.node.as_bytes(),
        batch.boot.as_bytes(),
        &sequence,
    ];
    let meta = ReportMeta {
        sender: from.sender.clone(),
        format: "sensor-batches",
        idem_key: Digest::of_fields(key),
        sha256: Digest::of_bytes(bytes),
        received_at: from.received_at,
    };
    let node = Opaque::admit_name(&batch.node, door);
    let counts = counts(&batch.funnel, door);
    // A node whose clock runs ahead was not heard later than now.
    let step = FunnelStep { node: node.reveal(), at: sent_at.min(from.received_at), counts: &counts };
    let receipt = store.ingest_batch::<StoreError>(&meta, &step, |give| {
        for record in records {
            if !give(record) {
                break;
            }
        }
        Ok(head(sent_at))
    })?;
    Ok(receipt)
}

/// Takes a file of batches, one JSON object a line, and says what came of all of them. A line that is none is skipped with
/// its number; the batches before and after it are kept.
pub(crate) fn stream(
    store: &mut Store,
    input: &mut dyn BufRead,
    door: &dyn Door,
    asked: &Asked<'_>,
) -> Result<Receipt, IngestError> {
    let from = Bringer { sender: asked.sender.clone(), cluster: asked.cluster, received_at: asked.received_at };
    let mut all = Receipt {
        report: 0,
        repeats: None,
        scopes: vec![Scope::Stream.key().to_string()],
        complete: false,
        observations: 0,
        findings: assay_store::Counts::default(),
        skipped: Vec::new(),
        doubted: 0,
        hint: None,
    };
    let mut news = false;
    let limits = ReadLimits::default();
    batches(input, &limits, &mut |line| {
        let place = format!("line {}", line.number);
        let taken = match line.batch {
            Ok(batch) => take(store, &batch, line.bytes, &from, door),
            Err(reason) => {
                skip(&mut all, &limits, place, reason);
                return Ok(());
            }
        };
        match taken {
            Ok(receipt) => {
                news |= receipt.repeats.is_none();
                add(&mut all, &receipt);
                Ok(())
            }
            Err(SensorError::Bad(bad)) => {
                skip(&mut all, &limits, place, bad.to_string());
                Ok(())
            }
            Err(SensorError::Store(error)) => Err(IngestError::Store(error)),
        }
    })?;
    if news {
        all.repeats = None;
    }
    Ok(all)
}

/// What stands at the end of every batch: events speak for nothing that they do not mention.
fn head(sent_at: Time) -> Head {
    Head {
        tool: Opaque::readmit(TOOL),
        tool_version: Opaque::readmit(""),
        artifact: Artifact::Cluster,
        parts: vec![Part { scope: Scope::Stream, classes: SpokenSet::default(), complete: false, content: None }],
        produced_at: Some(sent_at),
        skipped: Vec::new(),
        hint: None,
    }
}

/// The counts with the names of losses taken through the door: they are an agent's words.
fn counts(row: &FunnelRow, door: &dyn Door) -> FunnelRow {
    let mut lost = BTreeMap::new();
    for (reason, n) in &row.lost {
        *lost.entry(Opaque::admit_name(reason, door).reveal().to_owned()).or_default() += n;
    }
    FunnelRow { lost, ..row.clone() }
}

fn add(all: &mut Receipt, one: &Receipt) {
    all.report = one.report;
    all.repeats = one.repeats.or(all.repeats);
    all.observations += one.observations;
    all.findings.new += one.findings.new;
    all.findings.updated += one.findings.updated;
    all.findings.unchanged += one.findings.unchanged;
    all.findings.resolved += one.findings.resolved;
    all.findings.reopened += one.findings.reopened;
}

fn skip(all: &mut Receipt, limits: &ReadLimits, place: String, reason: String) {
    if all.skipped.len() < limits.skipped_listed_max {
        all.skipped.push((place, reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_sources::door::SecretDoor;

    const LINE: &str = r#"{"version":1,"node":"worker-1","boot":"b","sequence":7,"sent_at":"2026-11-24T03:00:00Z","funnel":{"hook_hits":90,"records":3,"facts":0}}"#;

    fn stream_of(store: &mut Store, text: &str) -> Receipt {
        let cluster = Opaque::readmit("c");
        let received_at = "2026-11-24T03:00:05Z".parse().unwrap();
        let asked = Asked {
            sender: Opaque::readmit("cli"),
            cluster: &cluster,
            format: None,
            source: None,
            again: false,
            key: None,
            received_at,
        };
        stream(store, &mut text.as_bytes(), &SecretDoor::new([7; 32]), &asked).unwrap()
    }

    #[test]
    fn a_batch_that_is_sent_again_counts_once() {
        let mut store = Store::in_memory().unwrap();
        assert_eq!(stream_of(&mut store, LINE).repeats, None);
        assert!(stream_of(&mut store, LINE).repeats.is_some());
        let sent: Time = "2026-11-24T03:00:00Z".parse().unwrap();
        let funnel = store.funnel(sent - assay_core::ids::Span::hours(1), sent).unwrap();
        assert_eq!((funnel.hook_hits, funnel.records), (90, 3));
        assert_eq!(store.sensor_nodes().unwrap().get("worker-1"), Some(&sent));
    }

    #[test]
    fn a_sign_of_attack_is_a_finding_however_often_it_is_told_and_an_unknown_one_is_none() {
        let mut store = Store::in_memory().unwrap();
        let batch = |sequence: u32, signal: &str, exe: &str| {
            format!(
                r#"{{"version":1,"node":"worker-1","boot":"b","sequence":{sequence},"sent_at":"2026-11-24T03:00:00Z",
                "containers":[{{"id":"c1","namespace":"shop","pod":"web-1","name":"web","image":"shop/web:1.0"}}],
                "facts":[{{"container":0,"since":"2026-11-24T02:00:00Z","until":"2026-11-24T03:00:00Z",
                "what":{{"kind":"attacked","stage":"foothold","signal":"{signal}","exe":"{exe}"}}}}]}}"#
            )
            .replace('\n', " ")
        };
        let new = |receipt: Receipt| receipt.findings.new;
        assert_eq!(new(stream_of(&mut store, &batch(1, "miner", "/tmp/xmrig"))), 1);
        assert_eq!(new(stream_of(&mut store, &batch(2, "miner", "/tmp/other"))), 0, "one miner, whatever it is called");
        assert_eq!(new(stream_of(&mut store, &batch(3, "dropped-binary-run", "/tmp/a"))), 1);
        assert_eq!(new(stream_of(&mut store, &batch(4, "dropped-binary-run", "/tmp/b"))), 1, "two programs");
        assert_eq!(new(stream_of(&mut store, &batch(5, "made-up", "/tmp/a"))), 0);
    }

    #[test]
    fn a_bad_line_is_skipped_with_its_number_and_its_neighbours_are_kept() {
        let mut store = Store::in_memory().unwrap();
        let other = LINE.replace("\"sequence\":7", "\"sequence\":8");
        let newer = LINE.replace("\"version\":1", "\"version\":9");
        let receipt = stream_of(&mut store, &format!("{LINE}\nnonsense\n{newer}\n{other}\n"));
        let places: Vec<&str> = receipt.skipped.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["line 2", "line 3"]);
        let hits: u64 = store.funnel_hours("2026-11-24".parse().unwrap(), "2026-11-25".parse().unwrap()).unwrap()[0]
            .counts
            .hook_hits;
        assert_eq!(hits, 180);
    }
}

//! What suites stand on in this binary: the ledger in memory, the readers, the door; and corpora that lie beside the
//! project.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use assay_core::control::Controls;
use assay_core::ids::Time;
use assay_core::observation::Record;
use assay_core::ports::Embed;
use assay_core::scope::Head;
use assay_core::text::{Door, Opaque};
use assay_eval::ground::{Fault, Ground, Shown};
use assay_eval::guard::corpus::{Text, foreign};
use assay_sources::cluster::limits::ScanLimits;
use assay_sources::cluster::{ScanHow, StandardsVersion, ToldBy, manifests, records};
use assay_sources::door::SecretDoor;
use assay_sources::limits::ReadLimits;
use assay_sources::read::{Flow, How, read};
use assay_sources::sniff::sniff;
use assay_store::Store;

/// Where other corpora lie, seen from the root of the project. They are no part of it.
const CORPORA: &str = "../shared/guard";
/// Larger files are no list of texts.
const CORPUS_BYTES_MAX: u64 = 4 << 20;

/// The parts of this binary.
pub(crate) struct OurGround {
    door: SecretDoor,
    cluster: Opaque,
    embed: Option<Arc<dyn Embed + Send + Sync>>,
}

impl OurGround {
    /// `embed` is the model that makes vectors, where there is one.
    pub(crate) fn new(embed: Option<Arc<dyn Embed + Send + Sync>>) -> Self {
        // Marks of secrets in a run of a suite belong to no installation.
        Self { door: SecretDoor::new([0; 32]), cluster: Opaque::readmit("demo"), embed }
    }

    pub(crate) fn secrets(&self) -> &SecretDoor {
        &self.door
    }
}

impl Ground for OurGround {
    type Records = Store;

    fn records(&self) -> Result<Store, Fault> {
        Ok(Store::in_memory()?)
    }

    fn read(&self, report: &str, at: Time, take: &mut dyn FnMut(Record) -> bool) -> Result<Head, Fault> {
        let limits = ReadLimits::default();
        let format = sniff(&mut Cursor::new(report), &limits)?;
        let how = How { limits: &limits, door: &self.door, cluster: &self.cluster, source: None, received_at: at };
        let mut out = |record| if take(record) { Flow::More } else { Flow::Stop };
        Ok(read(format, &mut Cursor::new(report), &how, &mut out)?)
    }

    fn scan(&self, shown: Shown<'_>, at: Time, take: &mut dyn FnMut(Record) -> bool) -> Result<Head, Fault> {
        let gathered = manifests::read_bytes(shown.objects.as_bytes(), "objects", &ScanLimits::default(), &self.door);
        if let Some(skipped) = gathered.skipped().next() {
            return Err(format!("{}: {}", skipped.locator, skipped.reason).into());
        }
        let how = ScanHow {
            cluster: &self.cluster,
            told_by: if shown.live { ToldBy::Server } else { ToldBy::Operator },
            complete: shown.complete,
            as_of: at,
            version: StandardsVersion::LATEST,
            door: &self.door,
        };
        let mut out = |record| if take(record) { Flow::More } else { Flow::Stop };
        Ok(records(&gathered, how, &mut out))
    }

    fn controls(&self) -> Result<Controls, Fault> {
        Ok(Controls::parse(assay_sources::CONTROLS)?)
    }

    fn door(&self) -> &dyn Door {
        &self.door
    }

    fn embed(&self) -> Option<&dyn Embed> {
        self.embed.as_deref().map(|embed| embed as &dyn Embed)
    }
}

/// Texts of other corpora, where they lie; none where they do not.
pub(crate) fn corpora() -> Vec<Text> {
    let root = Path::new(CORPORA);
    let Ok(files) = crate::ingest::folder(root) else { return Vec::new() };
    let texts = files.iter().filter_map(|path| {
        let known = path.extension().is_some_and(|e| e == "json" || e == "jsonl" || e == "txt" || e == "tsv");
        let small = path.metadata().is_ok_and(|m| m.len() <= CORPUS_BYTES_MAX);
        let file = (known && small).then(|| std::fs::read_to_string(path).ok()).flatten()?;
        Some(foreign(&path.strip_prefix(root).unwrap_or(path).display().to_string(), &file))
    });
    texts.flatten().collect()
}

//! What suites stand on in this binary: the ledger in memory, the readers, the door; and corpora that lie beside the
//! project.

use std::io::{Cursor, Read as _};
use std::path::Path;

use assay_core::control::Controls;
use assay_core::ids::Time;
use assay_core::observation::Record;
use assay_core::ports::{Embed, Planner, ReadText};
use assay_core::scene::Seen;
use assay_core::scope::Head;
use assay_core::text::{Door, Opaque};
use assay_eval::ground::{Absent, Asked, Fault, Ground, Shown, Traces};
use assay_eval::guard::corpus::{Text, foreign};
use assay_models::{Embedder, LocalPlanner, ModelStore, PhrasePlanner, Reader, plan};
use assay_sources::cluster::limits::ScanLimits;
use assay_sources::cluster::{ScanHow, StandardsVersion, ToldBy, manifests, records};
use assay_sources::door::{CASES, SecretDoor};
use assay_sources::intel::plain;
use assay_sources::limits::ReadLimits;
use assay_sources::read::{Flow, How, read};
use assay_sources::sniff::sniff;
use assay_store::Store;

use super::{lived, traces};

/// Where other corpora lie, seen from the root of the project. They are no part of it.
const CORPORA: &str = "../shared/guard";
/// Larger files are no list of texts.
const CORPUS_BYTES_MAX: u64 = 4 << 20;

/// Where CVE texts of others lie, with what was published about them, seen from the same place.
const CVES: &str = "../shared/intel/exploit_forecast.jsonl.gz";
/// Of a larger file no more is read.
const CVES_BYTES_MAX: u64 = 256 << 20;

/// The parts of this binary.
pub(crate) struct OurGround {
    door: SecretDoor,
    cluster: Opaque,
    models: ModelStore,
}

impl OurGround {
    pub(crate) fn new(models: ModelStore) -> Self {
        // Marks of secrets in a run of a suite belong to no installation.
        Self { door: SecretDoor::new([0; 32]), cluster: Opaque::readmit("demo"), models }
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

    fn planner(&self, system: &str) -> Result<Box<dyn Planner>, Absent> {
        let planner = LocalPlanner::load(&self.models, system, plan::PlanLimits::default()).map_err(absent)?;
        Ok(Box::new(planner))
    }

    fn phrases(&self, system: &str, empty: &str) -> Result<Box<dyn Planner>, Absent> {
        let limits = plan::PlanLimits::default();
        Ok(Box::new(PhrasePlanner::load(&self.models, system, empty, limits).map_err(absent)?))
    }

    fn embedder(&self) -> Result<Box<dyn Embed>, Absent> {
        Ok(Box::new(Embedder::load(&self.models).map_err(absent)?))
    }

    fn lived(&self) -> Result<Vec<Seen>, Fault> {
        Ok(lived::findings()?)
    }

    fn reader(&self) -> Result<Box<dyn ReadText>, Absent> {
        Ok(Box::new(Reader::load(&self.models).map_err(absent)?))
    }

    fn cves(&self) -> Result<String, Absent> {
        let mut text = String::new();
        let file = plain(Path::new(CVES)).map_err(absent)?;
        file.take(CVES_BYTES_MAX).read_to_string(&mut text).map_err(absent)?;
        Ok(text)
    }

    fn secret_recipes(&self) -> &str {
        CASES
    }

    fn traces(&self, report: &str, asked: &Asked, at: Time) -> Result<Traces, Fault> {
        traces::of(report, asked, at).map_err(|error| format!("{error:#}").into())
    }
}

fn absent(error: impl std::error::Error) -> Absent {
    Absent(error.to_string())
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

#[cfg(test)]
mod tests {
    use assay_eval::{Asked, Size, Suite, run};

    use super::*;

    /// The suite in its small size over a model that is installed; where models are required, none may be missing.
    fn measured(suite: Suite, must: &str) {
        let folder = std::env::var_os("ASSAY_MODELS").unwrap_or_default();
        let asked = Asked { size: Size::Ci, seed: None, cases: None, texts: &[] };
        let rows = run(suite, &asked, &OurGround::new(ModelStore::new(folder))).unwrap();
        let row = rows.iter().find(|row| row.measure == must).unwrap();
        if row.cases == 0 {
            let required = std::env::var_os("ASSAY_REQUIRE_MODELS").is_some_and(|value| value == "1");
            assert!(!required, "{row:?}");
            let said = format!("SKIPPED: {suite}: {}\n", row.failed.join(" "));
            std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes()).unwrap();
            return;
        }
        assert!(rows.iter().all(|row| row.met != Some(false)), "{rows:?}");
    }

    #[test]
    fn a_model_arranges_a_few_briefs_and_every_answer_is_legal() {
        measured(Suite::Arrange, "legal answers: model");
    }

    #[test]
    fn a_model_is_asked_which_of_two_is_more_urgent() {
        measured(Suite::Prefer, "pairs of a band: the same choice in both orders");
    }

    #[test]
    fn the_embedding_chooses_a_sentence_of_each_text() {
        measured(Suite::Quote, "our texts, right sentence: nearest by embedding");
    }
}

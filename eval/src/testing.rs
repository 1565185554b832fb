//! The real ledger, readers and door, for tests of the suites that stand on them.

use std::io::Cursor;

use assay_core::control::Controls;
use assay_core::ids::Time;
use assay_core::observation::Record;
use assay_core::scope::Head;
use assay_core::text::{Door, Opaque};
use assay_sources::cluster::limits::ScanLimits;
use assay_sources::cluster::{ScanHow, StandardsVersion, ToldBy, manifests, records};
use assay_sources::door::SecretDoor;
use assay_sources::limits::ReadLimits;
use assay_sources::read::{Flow, How, read};
use assay_sources::sniff::sniff;
use assay_store::Store;

use crate::ground::{Asked, Fault, Ground, Shown, Traces};

/// The parts of the product. A record may be spoilt on its way.
pub(crate) struct Real {
    door: SecretDoor,
    cluster: Opaque,
    spoil: fn(Record) -> Record,
}

impl Real {
    pub(crate) fn new() -> Self {
        Self::spoiling(|record| record)
    }

    /// A ground whose reader gets something wrong.
    pub(crate) fn spoiling(spoil: fn(Record) -> Record) -> Self {
        Self { door: SecretDoor::new([0; 32]), cluster: Opaque::readmit("demo"), spoil }
    }
}

impl Ground for Real {
    type Records = Store;

    fn records(&self) -> Result<Store, Fault> {
        Ok(Store::in_memory()?)
    }

    fn read(&self, report: &str, at: Time, take: &mut dyn FnMut(Record) -> bool) -> Result<Head, Fault> {
        let limits = ReadLimits::default();
        let format = sniff(&mut Cursor::new(report), &limits)?;
        let how = How { limits: &limits, door: &self.door, cluster: &self.cluster, source: None, received_at: at };
        let mut out = |record| if take((self.spoil)(record)) { Flow::More } else { Flow::Stop };
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
        let mut out = |record| if take((self.spoil)(record)) { Flow::More } else { Flow::Stop };
        Ok(records(&gathered, how, &mut out))
    }

    fn controls(&self) -> Result<Controls, Fault> {
        Ok(Controls::parse(assay_sources::CONTROLS)?)
    }

    fn door(&self) -> &dyn Door {
        &self.door
    }

    fn secret_recipes(&self) -> &str {
        assay_sources::door::CASES
    }

    /// The records alone: surfaces are the binary's.
    fn traces(&self, report: &str, _: &Asked, at: Time) -> Result<Traces, Fault> {
        let mut kept = Vec::new();
        self.read(report, at, &mut |record| {
            kept.extend_from_slice(format!("{record:?}").as_bytes());
            true
        })?;
        Ok(Traces { kept: vec![("records".to_owned(), kept)], ..Traces::default() })
    }
}

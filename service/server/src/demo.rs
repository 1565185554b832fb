//! The demo: a small shop in a cluster of its own, in which the right answer is known. Its files go the road that everybody's
//! files go, one by one at the times at which they would have come. Comes in: a folder and an instant. Goes out: a data
//! folder in the state of that instant.

mod bundle;
mod folder;
mod timeline;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use assay_core::batch::SensorBatch;
use assay_core::finding::Decision;
use assay_core::ids::{Digest, Span, Time};
use assay_core::observation::{Justification, VexStatus};
use assay_core::text::{Opaque, how_many};
use assay_sources::cluster::limits::ScanLimits;
use assay_sources::cluster::{Gathered, ToldBy, manifests};
use assay_sources::door::SecretDoor;
use assay_sources::intel::{ImportHow, import};
use assay_sources::limits::ReadLimits;
use assay_sources::read::{Flow, ReadError};
use assay_store::{Store, StoreError};

use crate::app::App;
use crate::cli::Global;
use crate::commands::findings::{Filter, list};
use crate::commands::{decide, scan};
use crate::data::{DataFolder, write_whole};
use crate::ingest::{self, Asked};
use crate::sensor::{self, Bringer};
use crate::{Missing, digest};
use bundle::Bundle;
use folder::DemoFolder;
use timeline::{DECIDED, DECIDED_BY, DECIDED_FOR, DECIDED_NOTE, Event, STEPS};

/// A digest looks back for a day.
const DAY: Span = Span::hours(24);

/// A feed that the demo brings, and that could not be imported.
#[derive(Debug, thiserror::Error)]
enum FeedFailed {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Loads the demo into a folder, as it is at an instant, and gives the file of its newest digest.
pub(crate) fn load(root: &Path, now: Time) -> Result<PathBuf> {
    let folder = DemoFolder::take(root)?;
    let loading = folder.loading()?;
    let bundle = Bundle::open()?;
    write_whole(&loading.join("assay.toml"), bundle.text("assay.toml", now)?.as_bytes())?;
    let dropped = decisions_of_people(root);
    let demo = Demo { root: &loading, bundle, now };
    let digest = demo.run()?;
    folder.replace()?;
    if dropped > 0 {
        let decisions = how_many(dropped, "decision that was made there is", "decisions that were made there are");
        anstream::eprintln!("the demo is made anew: {decisions} dropped");
    }
    let name = digest.strip_prefix(&loading).context("the digest lies in the data folder")?;
    Ok(root.join(name))
}

/// Decisions in a demo's folder that the demo itself did not bring; none where its records cannot be read.
fn decisions_of_people(root: &Path) -> u64 {
    let data = DataFolder::at(root);
    if !data.has_records() {
        return 0;
    }
    let standing = Store::open(&data.database()).and_then(|store| store.standing_decisions());
    standing.unwrap_or_default().iter().filter(|s| s.decision.by.reveal() != DECIDED_BY).count() as u64
}

struct Demo<'a> {
    root: &'a Path,
    bundle: Bundle,
    now: Time,
}

impl Demo<'_> {
    /// Everything in the order of time. After each step the moves of bands are written down, as they would have been.
    fn run(&self) -> Result<PathBuf> {
        let mut batches = self.batches()?.into_iter().peekable();
        // One connection stays open all the way, so that the file is settled once.
        let mut store = self.app(self.now)?.store()?;
        for step in STEPS {
            let at = self.now - step.before;
            while let Some((sent_at, batch, line)) = batches.next_if(|(sent_at, ..)| *sent_at < at) {
                self.batch(&mut store, sent_at, &batch, &line)?;
            }
            let app = self.app(at)?;
            match step.event {
                Event::Scan => self.scan(&app)?,
                Event::Feeds => self.feeds(&app, &mut store)?,
                Event::Report(name) => self.report(&app, &mut store, name)?,
                Event::Decide => self.decide(&app, &mut store)?,
                Event::Digest => self.digest(&app, &mut store).map(|_| ())?,
            }
            app.refreshed(&mut store)?;
        }
        for (sent_at, batch, line) in batches {
            self.batch(&mut store, sent_at, &batch, &line)?;
        }
        let app = self.app(self.now)?;
        self.digest(&app, &mut store)
    }

    /// The app at an instant of the past, with the demo's own configuration whatever the environment names.
    fn app(&self, at: Time) -> Result<App> {
        let global = Global { as_of: Some(at.to_string()), ..Global::plain() };
        App::on(self.root, &global)
    }

    /// Every batch of every node with the line that it stands on, oldest first.
    fn batches(&self) -> Result<Vec<(Time, SensorBatch, String)>> {
        let mut all = Vec::new();
        for name in Bundle::folder("sensor") {
            for line in self.bundle.text(name, self.now)?.lines() {
                let batch: SensorBatch = serde_json::from_str(line).with_context(|| name.to_owned())?;
                all.push((batch.sent_at.parse()?, batch, line.to_owned()));
            }
        }
        all.sort_by_key(|(sent_at, ..)| *sent_at);
        Ok(all)
    }

    fn batch(&self, store: &mut Store, sent_at: Time, batch: &SensorBatch, line: &str) -> Result<()> {
        let app = self.app(sent_at)?;
        let from = Bringer { sender: Opaque::readmit("demo"), cluster: &app.config.cluster, received_at: sent_at };
        sensor::take(store, batch, line.as_bytes(), &from, &app.door()?)?;
        Ok(())
    }

    fn scan(&self, app: &App) -> Result<()> {
        let (door, limits) = (app.door()?, ScanLimits::default());
        let mut gathered = Gathered::default();
        for name in Bundle::folder("cluster") {
            let text = self.bundle.text(name, app.now())?;
            let file = name.rsplit('/').next().unwrap_or(name);
            gathered.objects.extend(manifests::read_bytes(text.as_bytes(), file, &limits, &door).objects);
        }
        scan::keep(app, &gathered, ToldBy::Operator, true, &door)?;
        Ok(())
    }

    fn feeds(&self, app: &App, store: &mut Store) -> Result<()> {
        let (door, limits) = (app.door()?, ReadLimits::default());
        let how = ImportHow { limits: &limits, door: &door, imported_at: app.now() };
        for name in Bundle::folder("intel") {
            let text = self.bundle.text(name, app.now())?;
            let sha256 = Digest::of_bytes(text.as_bytes());
            store
                .import_feed::<FeedFailed>(sha256, app.now(), |take| {
                    let mut give = |note| if take(note) { Flow::More } else { Flow::Stop };
                    Ok(import(&mut text.as_bytes(), &how, &mut give)?.feeds)
                })
                .with_context(|| name.to_owned())?;
        }
        Ok(())
    }

    fn report(&self, app: &App, store: &mut Store, name: &str) -> Result<()> {
        let text = self.bundle.text(&format!("reports/{name}.json"), app.now())?;
        let door: SecretDoor = app.door()?;
        let asked = Asked::plain("demo", &app.config.cluster, app.now());
        ingest::reader(store, &mut Cursor::new(text), &door, &asked).with_context(|| name.to_owned())?;
        Ok(())
    }

    fn decide(&self, app: &App, store: &mut Store) -> Result<()> {
        let snapshot = app.refreshed(store)?;
        let (cve, namespace) = DECIDED;
        let filter =
            Filter { vuln: Some(cve.parse()?), namespace: Some(namespace.to_owned()), limit: 1, ..Filter::default() };
        let found = list(store, &snapshot, &filter)?;
        let missing = || Missing(format!("the demo has no {cve} in {namespace}"));
        let id = found.findings.first().map(|f| store.find(&f.id)).transpose()?.flatten().ok_or_else(missing)?;
        let finding = store.details(&[id], app.now())?.into_iter().next().ok_or_else(missing)?;
        let door = app.door()?;
        let decision = Decision {
            status: VexStatus::NotAffected,
            justification: Some(Justification::VulnerableCodeCannotBeControlled),
            note: Opaque::admit(DECIDED_NOTE, &door),
            by: Opaque::admit_name(DECIDED_BY, &door),
            at: app.now(),
            until: Some(app.now() + DECIDED_FOR),
        };
        store.decide(id, &decision.checked()?, &decide::relies_on(&snapshot, &finding), "person")?;
        Ok(())
    }

    fn digest(&self, app: &App, store: &mut Store) -> Result<PathBuf> {
        let snapshot = app.refreshed(store)?;
        let made = digest::make(store, &snapshot, app.now() - DAY, &app.door()?)?;
        digest::keep(store, &app.data, &snapshot, &made)
    }
}

//! Wires the parts: the only file that names implementations of the core's ports.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use assay_core::catalogue::Catalogue;
use assay_core::control::Controls;
use assay_core::ids::Time;
use assay_sources::door::SecretDoor;
use assay_store::Store;

use crate::cli::Global;
use crate::clock;
use crate::commands::band_order;
use crate::config::Config;
use crate::data::DataFolder;
use crate::models::LocalModels;
use crate::similar::TextSearch;
use crate::snapshot::Snapshot;
use crate::words::Words;
use crate::{decisions, refresh};

/// One run of the binary on one data folder.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) data: DataFolder,
    pub(crate) config: Config,
    pub(crate) controls: Controls,
    as_of: Option<Time>,
}

impl App {
    /// The app that the global flags ask for, on the folder they name or the default one.
    pub(crate) fn new(global: &Global) -> Result<Self> {
        Self::on(&global.folder(), global)
    }

    /// The same on another folder.
    pub(crate) fn on(root: &Path, global: &Global) -> Result<Self> {
        let data = DataFolder::at(root);
        let as_of = global.as_of.as_deref().map(|t| t.parse::<Time>()).transpose().map_err(crate::Usage::from_error)?;
        let (path, must_exist) = match &global.config {
            Some(path) => (path.clone(), true),
            None => (data.config(), false),
        };
        let config = Config::load(&path, must_exist, global.cluster.as_deref(), as_of.unwrap_or_else(clock::now))?;
        if let Some(band) = &global.fail_on {
            band_order(&config.policy, band)?;
        }
        let controls = Controls::parse(assay_sources::CONTROLS).context("the bundled table of controls")?;
        let controls = controls.and(assay_sources::SIGNALS).context("the bundled table of signals")?;
        Ok(Self { data, config, controls, as_of })
    }

    /// The instant of this run: what was asked for, else the clock.
    pub(crate) fn now(&self) -> Time {
        self.as_of.unwrap_or_else(clock::now)
    }

    /// The records, made when there are none.
    pub(crate) fn store(&self) -> Result<Store> {
        self.data.make()?;
        Ok(Store::open(&self.data.database())?)
    }

    /// The door for text from outside, keyed with this installation's key.
    pub(crate) fn door(&self) -> Result<SecretDoor> {
        Ok(SecretDoor::new(self.data.key()?))
    }

    /// What chooses words in this run. Without a model the template does, and says so.
    pub(crate) fn words(&self) -> Result<Words> {
        let catalogue = Arc::new(Catalogue::bundled()?);
        let models = LocalModels::new(&self.config, &self.data, &catalogue);
        let texts = TextSearch::new(models.clone());
        Ok(Words { catalogue, models, texts, budget: self.config.models.answer_max })
    }

    /// The local models.
    pub(crate) fn models(&self) -> Result<LocalModels> {
        Ok(self.words()?.models)
    }

    /// The state at this run's instant. Moves of bands that the passing of time brought are written down, unless the
    /// question is about another time than now.
    pub(crate) fn snapshot(&self, store: &mut Store) -> Result<Snapshot> {
        if self.as_of.is_none() {
            return self.refreshed(store);
        }
        let mut snapshot = self.load(store)?;
        refresh::preview(store, &mut snapshot)?;
        Ok(snapshot)
    }

    /// The state after a change, with everything that the change brought written down: decisions that end, bands that
    /// move.
    pub(crate) fn refreshed(&self, store: &mut Store) -> Result<Snapshot> {
        let mut snapshot = self.load(store)?;
        if decisions::follow(store, &self.config, &snapshot)? > 0 {
            snapshot = self.load(store)?;
        }
        refresh::run(store, &mut snapshot)?;
        Ok(snapshot)
    }

    fn load(&self, store: &Store) -> Result<Snapshot> {
        Snapshot::load(store, &self.config, &self.controls, self.now())
    }
}

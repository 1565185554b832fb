//! The local models of this run: where they lie, loaded when first needed, never required.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};
use assay_core::catalogue::Catalogue;
use assay_core::plan::TemplateBecause;
use assay_core::ports::{Embed, ModelId, Planner};
use assay_core::query::Second;
use assay_core::text::grouped;
use assay_models::store::State;
use assay_models::{Embedder, LocalPlanner, ModelStore, embed, plan};
use assay_store::Store;

use crate::config::Config;
use crate::data::DataFolder;

/// Models that are loaded when somebody needs them.
#[derive(Clone)]
pub(crate) struct LocalModels {
    folder: PathBuf,
    enabled: bool,
    system: String,
    planner: Arc<OnceLock<Option<Arc<dyn Planner + Send + Sync>>>>,
    embedder: Arc<OnceLock<Option<Arc<dyn Embed + Send + Sync>>>>,
    second_reader: bool,
    second: Arc<OnceLock<Option<Second>>>,
}

impl LocalModels {
    pub(crate) fn new(config: &Config, data: &DataFolder, catalogue: &Catalogue) -> Self {
        Self {
            folder: folder(config, data),
            enabled: config.models.enabled,
            system: catalogue.arrange_system.as_str().to_owned(),
            planner: Arc::new(OnceLock::new()),
            embedder: Arc::new(OnceLock::new()),
            second_reader: config.models.second_reader,
            second: Arc::new(OnceLock::new()),
        }
    }

    /// Where models lie.
    pub(crate) fn store(&self) -> ModelStore {
        ModelStore::new(self.folder.clone())
    }

    /// True when a model is installed; its digest is proven when it is loaded.
    fn installed(&self, name: &str) -> bool {
        self.enabled && named(name).is_ok_and(|model| self.store().state(model) == State::Installed)
    }

    /// The model that arranges words, or why there is none.
    pub(crate) fn planner(&self) -> Result<Arc<dyn Planner + Send + Sync>, TemplateBecause> {
        if !self.enabled {
            return Err(TemplateBecause::SwitchedOff);
        }
        if !self.installed(plan::PLANNER) {
            return Err(TemplateBecause::NoModel);
        }
        let loaded = self.planner.get_or_init(|| {
            match LocalPlanner::load(&self.store(), &self.system, plan::PlanLimits::default()) {
                Ok(planner) => Some(Arc::new(planner) as Arc<dyn Planner + Send + Sync>),
                Err(error) => {
                    tracing::warn!("the model that arranges words cannot be used: {error}");
                    None
                }
            }
        });
        loaded.clone().ok_or(TemplateBecause::Failed)
    }

    /// The model that makes vectors of texts, where there is one.
    pub(crate) fn embedder(&self) -> Option<Arc<dyn Embed + Send + Sync>> {
        if !self.installed(embed::EMBEDDER) {
            return None;
        }
        let loaded = self.embedder.get_or_init(|| match Embedder::load(&self.store()) {
            Ok(embedder) => Some(Arc::new(embedder) as Arc<dyn Embed + Send + Sync>),
            Err(error) => {
                tracing::warn!("the model that makes vectors cannot be used: {error}");
                None
            }
        });
        loaded.clone()
    }

    /// Who reads a question that the parser did not understand, and the model for it; none unless it is switched on and there is one.
    pub(crate) fn second(&self) -> Option<(&Second, Arc<dyn Embed + Send + Sync>)> {
        let embedder = self.second_reader.then(|| self.embedder()).flatten()?;
        let second = self.second.get_or_init(|| match Second::new(embedder.as_ref()) {
            Ok(second) => Some(second),
            Err(error) => {
                tracing::warn!("questions are read by the parser alone: {error}");
                None
            }
        });
        second.as_ref().map(|second| (second, embedder))
    }

    /// Whose vectors count: the model that is installed, whether or not it is loaded.
    pub(crate) fn embedding_model(&self) -> Option<ModelId> {
        self.installed(embed::EMBEDDER).then(|| Embedder::id().ok()).flatten()
    }

    /// What chooses words, for the first line of a screen; nothing is loaded for it.
    pub(crate) fn words_label(&self) -> &'static str {
        match (self.enabled, self.installed(plan::PLANNER)) {
            (false, _) => "by template, models are switched off",
            (true, true) => "SmolLM2-135M",
            (true, false) => "by template (assay models pull)",
        }
    }

    /// How texts are searched, for the first line of a screen: by vectors too as far as a model has made them.
    pub(crate) fn search_label(&self, store: &Store) -> Result<String> {
        let Some(model) = self.embedding_model() else { return Ok("by words".to_owned()) };
        Ok(match store.vector_progress(&model)? {
            (all, have) if all == have => "MiniLM and words".to_owned(),
            (_, 0) => "by words (assay models embed)".to_owned(),
            (all, have) => format!("words, vectors for {} of {} passages", grouped(have), grouped(all)),
        })
    }
}

/// The folder of the configuration, else ASSAY_MODELS, else `models` in the data folder where it exists, else one for all
/// data folders of this user.
fn folder(config: &Config, data: &DataFolder) -> PathBuf {
    if let Some(folder) = &config.models.folder {
        return folder.clone();
    }
    if let Some(folder) = std::env::var_os("ASSAY_MODELS").filter(|f| !f.is_empty()) {
        return folder.into();
    }
    let own = data.models();
    if own.is_dir() {
        return own;
    }
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    cache.map_or(own, |cache| cache.join("assay").join("models"))
}

/// The models that Assay uses by default.
pub(crate) const DEFAULTS: [&str; 2] = [plan::PLANNER, embed::EMBEDDER];

/// A model of the manifest by its name.
pub(crate) fn named(name: &str) -> Result<&'static assay_models::manifest::Model> {
    let manifest = assay_models::manifest::Manifest::built_in().context("the bundled manifest of models")?;
    manifest
        .model(name)
        .ok_or_else(|| crate::Usage(format!("no model `{name}`; assay models list names those there are")).into())
}

//! The models of this run: where local ones lie, which server is asked; loaded when first needed, never required.

mod slot;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};
use assay_core::catalogue::Catalogue;
use assay_core::plan::{TemplateBecause, phrase_prompt_empty};
use assay_core::ports::{Embed, ModelId, Planner, ReadText};
use assay_core::query::Second;
use assay_core::text::grouped;
use assay_models::store::State;
use assay_models::{
    BreakerLimits, Embedder, LocalPlanner, ModelStore, PhrasePlanner, Reader, ServerPlanner, embed, plan,
};
use assay_store::Store;

use crate::config::{Arrange, Config, ModelServer};
use crate::data::DataFolder;
use crate::ladder::{Chooser, Ladder, Rung};
use slot::{Slot, Stamp};

/// Models that are loaded when somebody needs them.
#[derive(Clone)]
pub(crate) struct LocalModels {
    folder: PathBuf,
    enabled: bool,
    arrange: Arrange,
    system: String,
    /// The prompt for phrases, without facts.
    empty: String,
    chosen: String,
    server: Option<ModelServer>,
    ladder: Arc<Ladder>,
    remote: Arc<OnceLock<Chooser>>,
    planner: Arc<Slot<dyn Planner + Send + Sync>>,
    phrases: Arc<Slot<dyn Planner + Send + Sync>>,
    embedder: Arc<Slot<dyn Embed + Send + Sync>>,
    reader: Arc<Slot<dyn ReadText + Send + Sync>>,
    second_reader: bool,
    second: Arc<OnceLock<Option<Second>>>,
}

impl LocalModels {
    pub(crate) fn new(config: &Config, data: &DataFolder, catalogue: &Catalogue) -> Self {
        let server = config.models.server.clone().filter(|server| server.enabled);
        let rest = server.as_ref().map_or_else(BreakerLimits::default, |server| server.rest);
        Self {
            folder: folder(config, data),
            enabled: config.models.enabled,
            arrange: config.models.arrange,
            system: catalogue.arrange_system.as_str().to_owned(),
            empty: phrase_prompt_empty(catalogue).as_str().to_owned(),
            chosen: config.models.planner.clone(),
            server,
            ladder: Arc::new(Ladder::new(rest)),
            remote: Arc::new(OnceLock::new()),
            planner: Arc::default(),
            phrases: Arc::default(),
            embedder: Arc::default(),
            reader: Arc::default(),
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

    /// What tells that a model's files are others than before.
    fn stamp(&self, name: &str) -> Stamp {
        let Ok(model) = named(name) else { return Stamp::new() };
        let paths: Vec<PathBuf> = model.files.iter().map(|file| self.store().path(model, file)).collect();
        slot::stamp(paths.iter().map(PathBuf::as_path))
    }

    /// What all who ask share: how models did, what they answered, the counts.
    pub(crate) fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// How the facts are put in order: by whom, or by what a model is asked.
    pub(crate) fn arrange(&self) -> Arrange {
        self.arrange
    }

    /// Who is asked, in this order: nobody where the template is chosen. With a server before it, a local model that is
    /// not installed is no rung; phrases are weighed by a local model only, for a server shows no likelihoods of texts.
    pub(crate) fn rungs(&self) -> Vec<(Rung, Chooser)> {
        match self.arrange {
            Arrange::Template => return vec![(Rung::Local, Err(TemplateBecause::Chosen))],
            Arrange::Phrases => return vec![(Rung::Local, self.phrases())],
            Arrange::Model => {}
        }
        let server = self.server.as_ref().filter(|_| self.enabled);
        let server =
            server.map(|server| (Rung::Server, self.remote.get_or_init(|| remote(server, &self.system)).clone()));
        let local = || match (server.is_some(), self.planner()) {
            (true, Err(TemplateBecause::NoModel)) => None,
            (_, planner) => Some((Rung::Local, planner)),
        };
        server.clone().into_iter().chain(local()).collect()
    }

    /// The name of the local model that arranges words.
    pub(crate) fn planner_name(&self) -> &str {
        &self.chosen
    }

    /// The model of this process that arranges words, or why there is none.
    pub(crate) fn planner(&self) -> Chooser {
        self.chooser(&self.planner, &self.chosen, |limits| {
            let planner = LocalPlanner::load_named(&self.store(), &self.chosen, &self.system, limits);
            made("arranges words", planner.map(|planner| Arc::new(planner) as Arc<dyn Planner + Send + Sync>))
        })
    }

    /// The model that weighs phrases, or why there is none.
    fn phrases(&self) -> Chooser {
        self.chooser(&self.phrases, plan::PLANNER, |limits| {
            let planner = PhrasePlanner::load(&self.store(), &self.system, &self.empty, limits);
            made("weighs phrases", planner.map(|planner| Arc::new(planner) as Arc<dyn Planner + Send + Sync>))
        })
    }

    fn chooser(
        &self,
        slot: &Slot<dyn Planner + Send + Sync>,
        name: &str,
        load: impl FnOnce(plan::PlanLimits) -> Option<Arc<dyn Planner + Send + Sync>>,
    ) -> Chooser {
        if !self.enabled {
            return Err(TemplateBecause::SwitchedOff);
        }
        if !self.installed(name) {
            return Err(TemplateBecause::NoModel);
        }
        slot.get(self.stamp(name), || load(plan::PlanLimits::default())).ok_or(TemplateBecause::Failed)
    }

    /// The model that makes vectors of texts, where there is one.
    pub(crate) fn embedder(&self) -> Option<Arc<dyn Embed + Send + Sync>> {
        if !self.installed(embed::EMBEDDER) {
            return None;
        }
        self.embedder.get(self.stamp(embed::EMBEDDER), || {
            made(
                "makes vectors",
                Embedder::load(&self.store()).map(|model| Arc::new(model) as Arc<dyn Embed + Send + Sync>),
            )
        })
    }

    /// The model that reads texts of CVE records, where there is one.
    pub(crate) fn reader(&self) -> Option<Arc<dyn ReadText + Send + Sync>> {
        if !self.installed(embed::EMBEDDER) {
            return None;
        }
        self.reader.get(self.stamp(embed::EMBEDDER), || {
            made(
                "reads texts",
                Reader::load(&self.store()).map(|model| Arc::new(model) as Arc<dyn ReadText + Send + Sync>),
            )
        })
    }

    /// Who reads a question that the parser did not understand, and the model for it; none unless it is switched on and there is one.
    pub(crate) fn second(&self) -> Option<(&Second, Arc<dyn Embed + Send + Sync>)> {
        let embedder = self.second_reader.then(|| self.embedder()).flatten()?;
        let second = self.second.get_or_init(|| {
            let second = Second::new(embedder.as_ref());
            second.inspect_err(|error| tracing::warn!("questions are read by the parser alone: {error}")).ok()
        });
        second.as_ref().map(|second| (second, embedder))
    }

    /// Whose vectors count: the model that is installed, whether or not it is loaded.
    pub(crate) fn embedding_model(&self) -> Option<ModelId> {
        self.installed(embed::EMBEDDER).then(|| Embedder::id().ok()).flatten()
    }

    /// What chooses words, for the first line of a screen; nothing is loaded for it.
    pub(crate) fn words_label(&self) -> String {
        if self.arrange == Arrange::Template {
            return "by template".to_owned();
        }
        let server = self.server.as_ref().filter(|_| self.arrange == Arrange::Model);
        match (self.enabled, server, self.installed(&self.chosen)) {
            (false, ..) => "by template, models are switched off".to_owned(),
            (true, Some(server), _) => format!("{} of the model server", server.model),
            (true, None, true) => {
                // A screen's first line is short.
                named(&self.chosen).map_or("a model", |model| model.title.trim_end_matches("-Instruct")).to_owned()
            }
            (true, None, false) => "by template (assay models pull)".to_owned(),
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

/// What was loaded; why not is said in the log.
fn made<T>(does: &str, model: Result<T, impl std::fmt::Display>) -> Option<T> {
    model.inspect_err(|error| tracing::warn!("the model that {does} cannot be used: {error}")).ok()
}

/// The model server, ready to be asked; nothing is sent yet.
fn remote(server: &ModelServer, system: &str) -> Chooser {
    let made = crate::tls().and_then(|()| Ok(ServerPlanner::new(server.settings()?, system)?));
    match made {
        Ok(planner) => Ok(Arc::new(planner)),
        Err(error) => {
            tracing::warn!("the model server cannot be used: {error:#}");
            Err(TemplateBecause::Failed)
        }
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

//! Configuration: what may be written (`ConfigFile`, everything optional, unknown keys refused) and what it means
//! (`Config`, nothing left open). Default < file < environment < flag.

mod model_server;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use assay_core::environment::{EnvironmentRule, EnvironmentRules, HumanImpact};
use assay_core::ids::{Span, Time};
use assay_core::named;
use assay_core::observation::Environment;
use assay_core::policy::Policy;
use assay_core::text::Opaque;
use assay_core::world::Watching;
use assay_models::manifest::Job;
use assay_sources::cluster::live::Namespaces;
use serde::Deserialize;

pub(crate) use model_server::ModelServer;
use model_server::ModelServerFile;

/// The example that documents every key; a test holds it against the defaults.
#[cfg(test)]
const EXAMPLE: &str = include_str!("../../../deploy/assay.example.toml");

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ConfigFile {
    cluster: Option<String>,
    policy: Option<String>,
    policy_file: Option<PathBuf>,
    policy_table: Option<PathBuf>,
    vex_sources: Vec<String>,
    environment: Vec<RuleFile>,
    watch: Vec<WatchFile>,
    sensor: SensorFile,
    serve: ServeFile,
    models: ModelsFile,
    intel: IntelFile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RuleFile {
    cluster: Option<String>,
    namespace: Option<String>,
    environment: Option<String>,
    human_impact: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WatchFile {
    cluster: Option<String>,
    context: Option<String>,
    namespaces: Vec<String>,
    without_namespaces: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SensorFile {
    watch_hours_min: Option<u32>,
    watch_starts_min: Option<u32>,
    silent_after_minutes: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ServeFile {
    listen: Option<String>,
    hosts: Vec<String>,
    body_bytes_max: Option<u64>,
    requests_at_once_max: Option<usize>,
    request_timeout_seconds: Option<u64>,
    token_review: Option<bool>,
    agent_account: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ModelsFile {
    folder: Option<PathBuf>,
    mirror: Option<String>,
    answer_ms_max: Option<u64>,
    arrange: Option<String>,
    enabled: Option<bool>,
    planner: Option<String>,
    server: ModelServerFile,
    second_reader: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct IntelFile {
    kev_url: Option<String>,
    epss_url: Option<String>,
}

/// What holds for this run.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The cluster that in-cluster reports speak of.
    pub(crate) cluster: Opaque,
    /// How soon.
    pub(crate) policy: Policy,
    /// VEX documents whose id or author begins with one of these are decisions; all others are facts.
    pub(crate) vex_sources: Vec<String>,
    /// What namespaces are for.
    pub(crate) environments: EnvironmentRules,
    /// The clusters that the service watches.
    pub(crate) watch: Vec<Watched>,
    /// When a sensor's silence becomes a "no".
    pub(crate) watching: Watching,
    /// The service.
    pub(crate) serve: Serve,
    /// The models.
    pub(crate) models: Models,
    /// Where feeds come from.
    pub(crate) intel: Intel,
}

/// A cluster to watch.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    /// What it is called here; a context is never an identity.
    pub(crate) cluster: Opaque,
    /// The kubeconfig context; none: the current one, else the pod's own account.
    pub(crate) context: Option<String>,
    pub(crate) namespaces: Namespaces,
}

/// Limits of the service.
#[derive(Clone, Debug)]
pub(crate) struct Serve {
    pub(crate) listen: String,
    /// Names by which the service may be called, besides addresses and `localhost`.
    pub(crate) hosts: Vec<String>,
    pub(crate) body_bytes_max: u64,
    pub(crate) requests_at_once_max: usize,
    pub(crate) request_timeout_seconds: u64,
    /// The service account whose tokens the API server is asked about; none: it is not asked.
    pub(crate) agent_account: Option<String>,
}

named! {
    /// Who puts the facts of an explanation in order.
    pub enum Arrange {
        /// The template.
        Template = "template",
        /// The model, by letters.
        Model = "model",
        /// The model, by what its prompt adds to each phrase.
        Phrases = "phrases",
    }
}

impl Arrange {
    /// Why one would have it so, for a list of the models.
    pub(crate) const fn why(self) -> &'static str {
        match self {
            Self::Template => "no model was shown to do it better; [models] arrange changes it",
            Self::Model | Self::Phrases => "by the configuration; the default is the template",
        }
    }
}

/// Where models lie and how long they may take.
#[derive(Clone, Debug)]
pub(crate) struct Models {
    pub(crate) folder: Option<PathBuf>,
    pub(crate) mirror: Option<String>,
    pub(crate) answer_max: Span,
    pub(crate) arrange: Arrange,
    pub(crate) enabled: bool,
    /// The local model that arranges words, by its name in the manifest.
    pub(crate) planner: String,
    /// A model server that is asked before the local model.
    pub(crate) server: Option<ModelServer>,
    /// Whether a model reads the questions that the parser does not understand.
    pub(crate) second_reader: bool,
}

/// Where feeds come from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Intel {
    pub(crate) kev_url: Option<String>,
    pub(crate) epss_url: Option<String>,
}

impl Config {
    /// Reads the file at `path`, where there is one, under the flags given.
    pub(crate) fn load(path: &Path, must_exist: bool, cluster: Option<&str>, now: Time) -> Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !must_exist => String::new(),
            Err(e) => return Err(e).with_context(|| format!("the configuration {} cannot be read", path.display())),
        };
        let file: ConfigFile =
            toml::from_str(&text).with_context(|| format!("the configuration {} is not right", path.display()))?;
        Self::from_file(file, path, cluster, now)
    }

    fn from_file(file: ConfigFile, path: &Path, cluster: Option<&str>, now: Time) -> Result<Self> {
        let rules =
            file.environment.into_iter().enumerate().map(|(i, rule)| rule.read(i)).collect::<Result<Vec<_>>>()?;
        let cluster = cluster.map(str::to_owned).or(file.cluster).unwrap_or_else(|| "default".to_owned());
        check_cluster(&cluster)?;
        let watch = watched(file.watch, &cluster)?;
        let watching = Watching::default();
        let server = file.models.server.read()?;
        Ok(Self {
            cluster: Opaque::readmit(&cluster),
            policy: policy(file.policy.as_deref(), file.policy_file, file.policy_table, path)?,
            vex_sources: file.vex_sources,
            watch,
            environments: EnvironmentRules { as_of: (!rules.is_empty()).then_some(now), rules },
            watching: Watching {
                span_min: file.sensor.watch_hours_min.map_or(watching.span_min, |h| Span::hours(i64::from(h))),
                starts_min: file.sensor.watch_starts_min.unwrap_or(watching.starts_min),
                silent_after: file
                    .sensor
                    .silent_after_minutes
                    .map_or(watching.silent_after, |m| Span::minutes(i64::from(m))),
            },
            serve: Serve {
                listen: file.serve.listen.unwrap_or_else(|| "127.0.0.1:7700".to_owned()),
                hosts: file.serve.hosts,
                body_bytes_max: file.serve.body_bytes_max.unwrap_or(64 << 20),
                requests_at_once_max: file.serve.requests_at_once_max.unwrap_or(64),
                request_timeout_seconds: file.serve.request_timeout_seconds.unwrap_or(30),
                agent_account: agent_account(file.serve.token_review, file.serve.agent_account)?,
            },
            models: Models {
                folder: file.models.folder,
                mirror: file.models.mirror,
                answer_max: file
                    .models
                    .answer_ms_max
                    .map_or(Span::secs(2), |ms| Time::from_millis(0).until(Time::from_millis(ms as i64))),
                arrange: arrange(file.models.arrange.as_deref(), server.as_ref())?,
                enabled: file.models.enabled.unwrap_or(true),
                planner: planner(file.models.planner)?,
                server,
                second_reader: file.models.second_reader.unwrap_or(false),
            },
            intel: Intel { kev_url: file.intel.kev_url, epss_url: file.intel.epss_url },
        })
    }
}

fn check_cluster(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > 253 {
        bail!("the cluster's name has 1 to 253 characters");
    }
    Ok(())
}

/// The clusters to watch, each under a name of its own: one that names none is the configured one.
fn watched(files: Vec<WatchFile>, cluster: &str) -> Result<Vec<Watched>> {
    let mut all: Vec<Watched> = Vec::new();
    for file in files {
        let name = file.cluster.unwrap_or_else(|| cluster.to_owned());
        check_cluster(&name)?;
        let namespaces = Namespaces::asked(&file.namespaces, &file.without_namespaces)
            .with_context(|| format!("[[watch]] of cluster {name}"))?;
        let cluster = Opaque::readmit(&name);
        if all.iter().any(|other| other.cluster == cluster) {
            bail!("two of [[watch]] are of cluster {name}: give each a cluster of its own");
        }
        all.push(Watched { cluster, context: file.context, namespaces });
    }
    Ok(all)
}

/// The model that arranges words: one of the manifest that was made for it.
fn planner(name: Option<String>) -> Result<String> {
    let Some(name) = name else { return Ok(assay_models::plan::PLANNER.to_owned()) };
    let fit = crate::models::named(&name).is_ok_and(|model| model.job == Job::Plan);
    match fit {
        true => Ok(name),
        false => bail!("planner in [models] is `{name}`: no model of that name arranges words (assay models list)"),
    }
}

/// The account that agents run under, where the API server may be asked about their tokens.
fn agent_account(review: Option<bool>, name: Option<String>) -> Result<Option<String>> {
    let name = name.unwrap_or_else(|| "system:serviceaccount:assay-agent:assay-agent".to_owned());
    let parts: Vec<&str> = name.split(':').collect();
    if !matches!(parts[..], ["system", "serviceaccount", namespace, account] if !namespace.is_empty() && !account.is_empty())
    {
        bail!("agent_account in [serve] is `{name}`: expected system:serviceaccount:NAMESPACE:NAME");
    }
    Ok(review.unwrap_or(false).then_some(name))
}

fn arrange(name: Option<&str>, server: Option<&ModelServer>) -> Result<Arrange> {
    let asked = server.is_some_and(|server| server.enabled);
    let Some(name) = name else { return Ok(if asked { Arrange::Model } else { Arrange::Template }) };
    let arrange =
        name.parse().with_context(|| format!("arrange in [models] is `{name}`: template, model or phrases"))?;
    if asked && arrange != Arrange::Model {
        bail!("[models.server] is switched on, but arrange in [models] is `{name}`: only `model` asks a server");
    }
    Ok(arrange)
}

impl RuleFile {
    fn read(self, at: usize) -> Result<EnvironmentRule> {
        let place = || format!("environment rule {}", at + 1);
        let environment = self.environment.map(|e| e.parse::<Environment>()).transpose().with_context(place)?;
        let human_impact = self.human_impact.map(|h| h.parse::<HumanImpact>()).transpose().with_context(place)?;
        if environment.is_none() && human_impact.is_none() {
            bail!("{} says neither environment nor human_impact", place());
        }
        let all = || "*".to_owned();
        Ok(EnvironmentRule {
            cluster: self.cluster.unwrap_or_else(all),
            namespace: self.namespace.unwrap_or_else(all),
            environment,
            human_impact,
        })
    }
}

fn policy(name: Option<&str>, file: Option<PathBuf>, table: Option<PathBuf>, config: &Path) -> Result<Policy> {
    match (name, file, table) {
        (None | Some("bod-26-04"), None, None) => Ok(Policy::bod_26_04()?),
        (Some("ssvc-deployer"), None, None) => Ok(Policy::ssvc_deployer()?),
        (None, Some(file), Some(table)) => {
            let beside = |p: &Path| config.parent().unwrap_or(Path::new(".")).join(p);
            let read = |p: &Path| {
                std::fs::read_to_string(beside(p)).with_context(|| format!("{} cannot be read", beside(p).display()))
            };
            Policy::parse(&read(&file)?, &read(&table)?, Policy::POINTS)
                .with_context(|| format!("the policy {} is not right", file.display()))
        }
        (None, ..) => bail!("policy_file and policy_table go together"),
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
            bail!("policy names one of ours; policy_file and policy_table give your own: not both")
        }
        (Some(other), ..) => {
            bail!("no policy `{other}`: bod-26-04 or ssvc-deployer, or give policy_file and policy_table")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config> {
        Config::from_file(toml::from_str(text)?, Path::new("assay.toml"), None, Time::from_secs(0))
    }

    #[test]
    fn the_example_states_the_defaults() {
        let (example, bare) = (read(EXAMPLE).unwrap(), read("").unwrap());
        assert_eq!(format!("{example:?}"), format!("{bare:?}"));
    }

    #[test]
    fn a_model_server_that_is_switched_on_is_asked_or_the_mix_is_refused() {
        let server = "[models.server]\nenabled = true\nurl = 'http://127.0.0.1:1/v1'\nmodel = 'm'\n";
        assert!(read(server).unwrap().models.arrange == Arrange::Model);
        let refused = read(&format!("[models]\narrange = 'template'\n{server}")).unwrap_err().to_string();
        assert!(refused.contains("only `model` asks a server"), "{refused}");
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(read("colour = 'red'").is_err());
        assert!(read("policy = 'mine'").unwrap_err().to_string().contains("bod-26-04"));
        assert!(read("[[environment]]\nnamespace = 'shop'").is_err());
        let arrange = format!("{:#}", read("[models]\narrange = 'luck'").unwrap_err());
        assert!(arrange.contains("template, model or phrases"), "{arrange}");
        let account = read("[serve]\ntoken_review = true\nagent_account = 'assay-agent'").unwrap_err();
        assert!(account.to_string().contains("system:serviceaccount:NAMESPACE:NAME"), "{account}");
        let account = read("[serve]\ntoken_review = true").unwrap().serve.agent_account;
        assert_eq!(account.as_deref(), Some("system:serviceaccount:assay-agent:assay-agent"));
        let two = read("[[watch]]\ncontext = 'a'\n[[watch]]\ncontext = 'b'").unwrap_err();
        assert!(two.to_string().contains("cluster of its own"), "{two}");
        let two = read("[[watch]]\ncontext = 'a'\n[[watch]]\ncluster = 'b'\nnamespaces = ['shop']").unwrap().watch;
        assert_eq!([two[0].cluster.reveal(), two[1].cluster.reveal()], ["default", "b"]);
        assert!(read("[models]\nplanner = 'all-minilm-l6-v2'").is_err(), "it makes vectors");
        assert_eq!(read("[models]\nplanner = 'gemma3-270m'").unwrap().models.planner, "gemma3-270m");
        assert!(read("[[watch]]\nnamespaces = ['a']\nwithout_namespaces = ['b']").is_err());
        let rule = read("[[environment]]\nnamespace = 'shop'\nenvironment = 'production'").unwrap();
        assert_eq!(rule.environments.rules.len(), 1);
    }
}

//! The command line: what may be typed. What it means is decided in the commands.

mod audit;
mod cluster;
mod intel;
mod models;
pub(crate) mod rules;
mod vex_words;

use std::path::PathBuf;

use assay_sources::sniff::Format;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use audit::Audit;
pub(crate) use cluster::{Assets, Live, Paths, Profiles, Rights, Scan};
pub(crate) use intel::Intel;
pub(crate) use models::Models;

const EXAMPLES: &str = "Examples:
  assay demo                                     see it on a bundled sample cluster
  trivy image -f json web:1.0 | assay ingest -   take in a report
  assay scan --manifests k8s/                    take in the manifests that run it
  assay                                          what to do today
  assay explain 1                                why, with the proof
  assay ask \"what is exposed and in use in payments\"

Exit codes: 0 done, 1 done but a threshold was crossed, 2 wrong usage, 3 bad input, 4 a needed part is missing.";

/// Kubernetes security triage: the few risks that matter now, why, and what to do.
#[derive(Debug, Parser)]
#[command(name = "assay", version, after_help = EXAMPLES, max_term_width = 120)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Where data lie when nobody names a folder.
const FOLDER: &str = "./assay-data";

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The data folder [default: ./assay-data].
    #[arg(long, global = true, env = "ASSAY_DATA", value_name = "DIR", help_heading = "Global")]
    pub(crate) data: Option<PathBuf>,
    /// The configuration; default: assay.toml in the data folder.
    #[arg(long, global = true, env = "ASSAY_CONFIG", value_name = "FILE", help_heading = "Global")]
    pub(crate) config: Option<PathBuf>,
    /// The cluster that in-cluster reports speak of.
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global")]
    pub(crate) cluster: Option<String>,
    /// Answer for this instant instead of now (RFC 3339 or a date).
    #[arg(long, global = true, value_name = "INSTANT", help_heading = "Global")]
    pub(crate) as_of: Option<String>,
    /// Text for people, JSON for programs; documents (today, explain, ask, digest, enrich) also as Markdown and HTML.
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Text, help_heading = "Global")]
    pub(crate) output: Output,
    /// Exit 1 when an open finding is in this band or a more urgent one.
    #[arg(long, global = true, value_name = "BAND", help_heading = "Global")]
    pub(crate) fail_on: Option<String>,
}

impl Global {
    /// The data folder of this run.
    pub(crate) fn folder(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| PathBuf::from(FOLDER))
    }

    /// No flag given.
    pub(crate) fn plain() -> Self {
        Self { data: None, config: None, cluster: None, as_of: None, output: Output::Text, fail_on: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Text,
    Json,
    Md,
    Html,
}

impl Output {
    /// Its spelling on the command line.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Md => "md",
            Self::Html => "html",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a bundled sample cluster: ranked, explained, with a digest file.
    Demo(Demo),
    /// Take in reports: files, folders, or - for standard input.
    Ingest(Ingest),
    /// Take in a cluster: the live one, or its manifests.
    Scan(Scan),
    /// List findings by band, then points.
    Findings(Findings),
    /// Why a finding stands where it does: assessment, evidence, words.
    Explain(Explain),
    /// What there is: workloads, identities, nodes, with exposure and levels met.
    Assets(Assets),
    /// Attack paths: ways in, ways on to nodes and cluster admins, and the changes that close most of them.
    Paths(Paths),
    /// Who may do what that is dangerous: where, through which binding and role, and which workloads run with it.
    Rights(Rights),
    /// What each image does while it is watched: programs, packages, ports, peers; -o json exports it.
    Profiles(Profiles),
    /// Ask a question; without one, a conversation.
    Ask(Ask),
    /// The digest of a stretch of time.
    Digest(DigestArgs),
    /// Read a ticket and say what is known about it.
    Enrich(Enrich),
    /// Record what you concluded about a finding.
    Decide(Decide),
    /// Write the decisions as an OpenVEX document. One that calms is written where every place of its image was decided so.
    Vex(Vex),
    /// Published intelligence: KEV, EPSS, CVE records.
    #[command(subcommand)]
    Intel(Intel),
    /// Local models: pull, list, verify, embed.
    #[command(subcommand)]
    Models(Models),
    /// Serve the API, the chat and the page; ASSAY_LOG (error, warn, info, debug) sets the log on standard error.
    Serve(Serve),
    /// Tokens of the service.
    #[command(subcommand)]
    Token(Token),
    /// From hook hits to what is due today, with every loss; --by hour or node shows where.
    Funnel(Funnel),
    /// The audit chain.
    #[command(subcommand)]
    Audit(Audit),
    /// Run suites of the evaluation.
    Eval(Eval),
    /// Measure, side by side where there is a peer.
    Bench(Bench),
    /// What the sensor can attach here, or (--rights) what may be read of the live cluster, and what is lost without it.
    Doctor(Doctor),
    /// Run the agent that lies beside this binary.
    #[command(trailing_var_arg = true, allow_hyphen_values = true, disable_help_flag = true)]
    Agent(Agent),
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to put the demo's data; default: --data when given, else ./assay-demo.
    pub(crate) dir: Option<PathBuf>,
    /// Keep it up as a service.
    #[arg(long)]
    pub(crate) serve: bool,
    /// Where the service listens.
    #[arg(long, value_name = "ADDR:PORT", requires = "serve")]
    pub(crate) listen: Option<String>,
}

/// The formats, as the help lists them.
fn formats() -> clap::builder::PossibleValuesParser {
    Format::ALL.iter().map(|format| format.as_str()).collect::<Vec<_>>().into()
}

#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// Reports or folders of reports; - reads standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The format, where detection is not wanted.
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    pub(crate) format: Option<String>,
    /// A name that stays the same, for reports of source trees that have none.
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// A second look: the same bytes count as a new report.
    #[arg(long)]
    pub(crate) again: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Findings {
    /// Only this band.
    #[arg(long, value_name = "BAND")]
    pub(crate) band: Option<String>,
    /// Only this namespace.
    #[arg(long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// Only this vulnerability, by any of its names.
    #[arg(long, value_name = "CVE")]
    pub(crate) cve: Option<String>,
    /// Only this class: vulnerability, misconfiguration, benchmark, secret, rbac, signal.
    #[arg(long, value_name = "CLASS")]
    pub(crate) class: Option<String>,
    /// open, all, decided, or one of new, stale, reopened, resolved. Default: all but resolved.
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Option<String>,
    /// At most this many (up to 1000).
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) limit: u16,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The id, the beginning of it, the number that `assay` prints, or a vulnerability that is open in one place.
    pub(crate) id: String,
    /// Show one piece of evidence, such as e3.
    #[arg(long, value_name = "E")]
    pub(crate) evidence: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// The question.
    pub(crate) question: Option<String>,
    /// The question before it, so that "and in staging?" has something to follow.
    #[arg(long, value_name = "QUESTION")]
    pub(crate) previous: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DigestArgs {
    /// How far back.
    #[arg(long, default_value = "24h", value_name = "SPAN")]
    pub(crate) since: String,
}

#[derive(Debug, Args)]
pub(crate) struct Enrich {
    /// The ticket's text; - reads standard input.
    #[arg(long, default_value = "-", value_name = "FILE")]
    pub(crate) ticket: PathBuf,
    /// The tracker's key for it, such as SEC-1180: the ticket is then kept, and named beside findings with the same fix.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Decide {
    /// The finding: its id, the beginning of it, or the number that `assay` prints now.
    pub(crate) id: String,
    /// What you concluded.
    #[arg(long, value_parser = vex_words::statuses(), required_unless_present = "withdraw")]
    pub(crate) status: Option<String>,
    /// Why it is not_affected.
    #[arg(long, value_parser = vex_words::justifications())]
    pub(crate) justification: Option<String>,
    /// In your words; of affected: what is being done, or why the risk is accepted.
    #[arg(long, default_value = "")]
    pub(crate) note: String,
    /// The day it ends: required, but for fixed and affected. An affected finding with an end is an accepted risk.
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// Take back the decision that stands; it stays in the records, and the deadline runs as if it had not been made.
    #[arg(long, conflicts_with_all = ["status", "justification", "note", "until"])]
    pub(crate) withdraw: bool,
    /// Who decided; default: the user of this machine.
    #[arg(long)]
    pub(crate) by: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Funnel {
    /// Also a table of what each hour or node gave and lost.
    #[arg(long, value_name = "WHAT")]
    pub(crate) by: Option<FunnelBy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FunnelBy {
    Hour,
    Node,
}

#[derive(Debug, Args)]
pub(crate) struct Vex {
    /// Also what sensors showed: packages that no placement of their image uses.
    #[arg(long)]
    pub(crate) observed: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; default: the configuration's, loopback.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<String>,
    /// Keep watching the live cluster, and take in each change; the configuration can name several in [[watch]].
    #[arg(long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) live: Live,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Which rights on the live cluster a scan and a watch have, and what is lost without the rest.
    #[arg(long)]
    pub(crate) rights: bool,
    #[command(flatten)]
    pub(crate) live: Live,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token and print it once.
    Create {
        /// agent, reader or writer.
        #[arg(long)]
        role: String,
        /// What to call it.
        #[arg(long)]
        name: Option<String>,
        /// For an agent: the only node whose batches it may post, as the cluster names it; default: any.
        #[arg(long, value_name = "NODE")]
        node: Option<String>,
    },
    /// The tokens there are.
    List,
    /// Take a token back.
    Revoke {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Which suite; default: all. Cases of your own: --data FILE, one JSON object a line.
    pub(crate) suite: Option<String>,
    /// The large sizes instead of those of CI.
    #[arg(long)]
    pub(crate) full: bool,
    /// The seed of what is drawn; each suite has one of its own and prints it.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// ingest, rank, explain, retrieve, understand or serve; default: all of these. By name only: agent, in-use, fleet, cluster, models.
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Agent {
    /// What `assay-agent` is told.
    pub(crate) args: Vec<String>,
}

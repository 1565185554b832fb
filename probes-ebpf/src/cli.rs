//! The command line: what was typed, and what it means.

use std::path::PathBuf;
use std::time::Duration;

use assay_core::ids::Span;
use assay_core::observation::PeerClass;
use clap::{Parser, Subcommand, ValueEnum};
use reqwest::Url;

use crate::capture::NODES_MAX;
use crate::cgroups::Which;
use crate::peers::Range;
use crate::pods::api::{ApiServer, address};
use crate::pods::follow::Paces;
use crate::replay;
use crate::run::{BURST, Options, RING_BYTES, To};
use crate::ship::Service;
use crate::spool::Limits;

/// Watches the containers of this node and tells the service what runs, listens and talks.
#[derive(Debug, Parser)]
#[command(name = "assay-agent", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch, and send what is seen.
    Run(Box<RunArgs>),
    /// Watch, and write what is seen to a file that `replay` and `assay ingest` read.
    Record(Box<RecordArgs>),
    /// Send what was recorded to a service, as if it happened now, from one node or from many.
    Replay(ReplayArgs),
    /// Say which probes attach here, and what is lost without the others.
    Doctor(DoctorArgs),
    /// One step of the doctor's self-test, in a process of its own.
    #[command(hide = true)]
    SelfTest(SelfTestArgs),
}

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Address of the service, such as https://assay.example:8443
    #[arg(long, value_name = "URL", env = "ASSAY_SERVICE", required_unless_present = "print")]
    service: Option<String>,
    /// File with the agent's token (mode 0600)
    #[arg(long, value_name = "FILE", env = "ASSAY_AGENT_TOKEN_FILE", required_unless_present = "print")]
    token_file: Option<PathBuf>,
    /// Folder for batches that the service has not taken yet
    #[arg(long, value_name = "DIR", default_value = "/var/lib/assay-agent")]
    spool: PathBuf,
    /// The most bytes that the spool may hold
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().bytes_max)]
    spool_bytes_max: u64,
    /// The oldest batch that the spool keeps
    #[arg(long, value_name = "SPAN", default_value = "24h")]
    spool_age_max: Span,
    /// Write batches to the standard output, one JSON object a line, instead of sending them
    #[arg(long)]
    print: bool,
    #[command(flatten)]
    watch: WatchArgs,
}

/// Arguments of `record`.
#[derive(Debug, clap::Args)]
pub struct RecordArgs {
    /// The file to write: batches, one JSON object a line. It must not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    watch: WatchArgs,
}

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
pub struct ReplayArgs {
    /// Captures that `record` has written, or any file of batches
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Address of the service
    #[arg(long, value_name = "URL", env = "ASSAY_SERVICE")]
    service: String,
    /// File with the agent's token
    #[arg(long, value_name = "FILE", env = "ASSAY_AGENT_TOKEN_FILE")]
    token_file: PathBuf,
    /// How many nodes play each capture, to see what a fleet costs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(NODES_MAX)))]
    nodes: u32,
    /// Keep the instants as they were recorded; else the last batch was sent now
    #[arg(long)]
    as_recorded: bool,
}

/// How a node is watched.
#[derive(Debug, clap::Args)]
pub struct WatchArgs {
    /// Stop after this many seconds
    #[arg(long, value_name = "SECONDS")]
    once: Option<u64>,
    /// Seconds between two batches
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
    /// JSON list of containers: {"containers":[{"id","namespace","pod","name","image"}]}
    #[arg(long, value_name = "FILE")]
    pods: Option<PathBuf>,
    #[command(flatten)]
    api: ApiArgs,
    /// Seconds between two lists of the node's pods; a container that nobody knows is asked about sooner
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(5..=3600))]
    api_every: u64,
    /// Addresses of pods; may be repeated
    #[arg(long, value_name = "RANGE")]
    pod_range: Vec<Range>,
    /// Addresses of Services; may be repeated
    #[arg(long, value_name = "RANGE")]
    service_range: Vec<Range>,
    /// Addresses of nodes; may be repeated
    #[arg(long, value_name = "RANGE")]
    node_range: Vec<Range>,
    /// Which cgroup tree names containers
    #[arg(long, value_enum, default_value = "auto")]
    cgroups: Tree,
    /// Size of the kernel's ring in bytes: a power of two from 4096 on
    #[arg(long, value_name = "BYTES", default_value_t = RING_BYTES, value_parser = ring_bytes)]
    ring_bytes: u32,
    /// New records that one container may send at once, and again over each 40 seconds; beyond it has a hole of its own
    #[arg(long, value_name = "RECORDS", default_value_t = BURST, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    burst: u64,
    /// How long a container may unpack itself: programs that it writes and runs are an attempt until then, a foothold later
    #[arg(long, value_name = "SPAN", default_value = "5m")]
    settle: Span,
    /// Leave a hook out; may be repeated
    #[arg(long, value_name = "HOOK")]
    without: Vec<String>,
}

/// Which node this is, and who may know its pods.
#[derive(Debug, clap::Args)]
pub struct ApiArgs {
    /// Name of this node, as the cluster knows it; default: the host name
    #[arg(long, value_name = "NAME", env = "NODE_NAME")]
    node: Option<String>,
    /// API server that lists the pods of this node; default: that of the cluster whose pod this is, none outside of one
    #[arg(long, value_name = "URL", value_parser = address)]
    api_server: Option<Url>,
}

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Which API server may name this node's containers
    #[command(flatten)]
    pub api: ApiArgs,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value = "table")]
    pub output: Output,
}

/// Arguments of the self-test's process.
#[derive(Debug, clap::Args)]
pub struct SelfTestArgs {
    /// The cgroup to enter; none once it was entered
    #[arg(long)]
    pub cgroup: Option<PathBuf>,
    /// The file to become
    #[arg(long)]
    pub become_file: Option<PathBuf>,
}

/// Which cgroup tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tree {
    /// A v1 controller's where one is mounted, else the unified tree.
    Auto,
    /// The unified tree.
    V2,
}

/// Form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// For machines.
    Json,
}

impl ApiArgs {
    /// The node's name, and the API server.
    pub fn found(self) -> (String, Option<ApiServer>) {
        (self.node.unwrap_or_else(host_name), ApiServer::found(self.api_server))
    }
}

impl RunArgs {
    /// What it means.
    pub fn options(self) -> Options {
        let to = match (self.print, self.service, self.token_file) {
            (false, Some(url), Some(token_file)) => To::Service {
                service: Service { url, token_file },
                spool: self.spool,
                limits: Limits { bytes_max: self.spool_bytes_max, age_max: self.spool_age_max, ..Limits::default() },
            },
            _ => To::Print,
        };
        self.watch.options(to)
    }
}

impl RecordArgs {
    /// What it means.
    pub fn options(self) -> Options {
        self.watch.options(To::File(self.file))
    }
}

impl ReplayArgs {
    /// What it means.
    pub fn options(self) -> replay::Options {
        replay::Options {
            files: self.files,
            service: Service { url: self.service, token_file: self.token_file },
            nodes: self.nodes,
            as_recorded: self.as_recorded,
        }
    }
}

impl WatchArgs {
    fn options(self, to: To) -> Options {
        let of = |ranges: Vec<Range>, class| ranges.into_iter().map(move |range| (range, class));
        let ranges = of(self.service_range, PeerClass::Service)
            .chain(of(self.pod_range, PeerClass::Pod))
            .chain(of(self.node_range, PeerClass::Node))
            .collect();
        let (node, api_server) = self.api.found();
        let paces = Paces::every(Duration::from_secs(self.api_every));
        Options {
            node,
            to,
            every: Duration::from_secs(self.every),
            once: self.once.map(Duration::from_secs),
            pods: self.pods,
            api_server: api_server.map(|server| (server, paces)),
            ranges,
            without: self.without,
            cgroups: if self.cgroups == Tree::V2 { Which::Unified } else { Which::Found },
            ring_bytes: self.ring_bytes,
            burst: self.burst,
            settle: self.settle,
        }
    }
}

fn ring_bytes(text: &str) -> Result<u32, String> {
    let bytes: u32 = text.parse().map_err(|_| "not a number of bytes".to_owned())?;
    if bytes < 4096 || !bytes.is_power_of_two() {
        return Err("the kernel takes powers of two from 4096 on".to_owned());
    }
    Ok(bytes)
}

fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

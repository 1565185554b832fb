//! Reports become records, one by one. Each format has its file and its golden test; a bad record is skipped with its
//! place and reason, a bad report is refused whole.

mod audit;
mod controls;
mod cyclonedx;
mod events;
mod falco;
mod grype;
mod image;
pub(crate) mod intake;
pub(crate) mod json;
mod kube_bench;
mod kubearmor;
mod kubescape;
pub(crate) mod lenient;
mod openvex;
mod sarif;
mod sensor;
mod signals;
mod spdx;
mod tetragon;
mod tracee;
mod trivy;
mod trivy_k8s;
mod trivy_operator;
pub(crate) mod vuln;
mod yaml;

use std::io::BufRead;

use assay_core::ids::Time;
use assay_core::observation::Record;
use assay_core::scope::Head;
use assay_core::text::Opaque;

use crate::door::SecretDoor;
use crate::limits::ReadLimits;
use crate::sniff::Format;
use intake::Intake;
use json::Json;

pub(crate) use events::after_runtime_prefix;
pub use sensor::{BatchLine, batches, records as batch_records};

/// What a reader is told beside the bytes.
pub struct How<'a> {
    /// Bounds.
    pub limits: &'a ReadLimits,
    /// The door that every string passes.
    pub door: &'a SecretDoor,
    /// The cluster that in-cluster reports speak of: `--cluster`, else the configured one.
    pub cluster: &'a Opaque,
    /// The name given with `--source`, for reports whose scope has no name of its own.
    pub source: Option<&'a Opaque>,
    /// When the report was received.
    pub received_at: Time,
}

/// Whether the taker of records wants more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    More,
    /// Stop: the taker failed and knows why.
    Stop,
}

/// Why a report is refused. The caller adds the file's name.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes could not be had.
    #[error("it cannot be read")]
    Io(#[from] std::io::Error),
    /// The report is empty.
    #[error("it is empty")]
    Empty,
    /// Not a format that is known.
    #[error("no known report format: {saw}")]
    Unknown {
        /// What was seen instead.
        saw: &'static str,
    },
    /// The bytes break the format's own grammar.
    #[error("at {place}: {reason}")]
    Syntax {
        /// Line and column, or the path of the value.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// A bound was crossed.
    #[error("{what} is over the limit of {max} {unit}")]
    Limit {
        /// What crossed it.
        what: &'static str,
        /// The bound.
        max: u64,
        /// Its unit.
        unit: &'static str,
    },
    /// The text is not UTF-8.
    #[error("it is {encoding}; convert it to UTF-8 (iconv -t UTF-8)")]
    Encoding {
        /// What it seems to be.
        encoding: &'static str,
    },
    /// The taker of records stopped.
    #[error("reading was stopped")]
    Stopped,
}

/// Reads one report as a stream, giving each record to `out`; the head comes last.
///
/// # Errors
/// When the report as a whole is refused. Records given before that must be thrown away by the caller.
pub fn read(
    format: Format,
    input: &mut dyn BufRead,
    how: &How<'_>,
    out: &mut dyn FnMut(Record) -> Flow,
) -> Result<Head, ReadError> {
    let open = |input| Json::open(input, how.limits);
    match format {
        Format::TrivyJson => trivy::read(&mut open(input)?, Intake::new(how, "trivy", out)),
        Format::GrypeJson => grype::read(&mut open(input)?, Intake::new(how, "grype", out)),
        Format::TrivyK8sJson => trivy_k8s::read(&mut open(input)?, Intake::new(how, "trivy", out)),
        Format::TrivyOperator => trivy_operator::read(input, how, Intake::new(how, "trivy-operator", out)),
        Format::KubescapeJson => kubescape::read(&mut open(input)?, Intake::new(how, "kubescape", out)),
        Format::KubeBenchJson => kube_bench::read(&mut open(input)?, Intake::new(how, "kube-bench", out)),
        Format::Sarif => sarif::read(&mut open(input)?, Intake::new(how, "sarif", out)),
        Format::OpenVex => openvex::read(&mut open(input)?, Intake::new(how, "openvex", out)),
        Format::SensorBatches => sensor::read(input, Intake::new(how, "assay-agent", out)),
        Format::CycloneDxJson => cyclonedx::json::read(&mut open(input)?, Intake::new(how, "cyclonedx", out)),
        Format::CycloneDxXml => cyclonedx::xml::read(input, Intake::new(how, "cyclonedx", out)),
        Format::FalcoJsonl => falco::read(input, Intake::new(how, "falco", out)),
        Format::TetragonJsonl => tetragon::read(input, Intake::new(how, "tetragon", out)),
        Format::TraceeJsonl => tracee::read(input, Intake::new(how, "tracee", out)),
        Format::KubeArmorJsonl => kubearmor::read(input, Intake::new(how, "kubearmor", out)),
        Format::AuditJsonl => audit::read(input, Intake::new(how, "k8s-audit", out)),
        Format::SpdxJson => spdx::read(&mut open(input)?, Intake::new(how, "spdx", out)),
    }
}

//! `assay agent ..` and `assay doctor`: the agent is a binary of its own, beside this one. Only it talks to the kernel.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cli::{Agent, Global, Output};
use crate::{Ended, Missing};

pub(crate) fn run(args: &Agent) -> Result<Ended> {
    hand_over(&args.args)
}

pub(crate) fn doctor(global: &Global) -> Result<Ended> {
    let mut args = vec!["doctor".to_owned()];
    if global.output == Output::Json {
        args.extend(["-o".to_owned(), "json".to_owned()]);
    }
    hand_over(&args)
}

fn hand_over(args: &[String]) -> Result<Ended> {
    let agent = beside()?;
    let status =
        Command::new(&agent).args(args).status().with_context(|| format!("{} cannot be started", agent.display()))?;
    match status.code() {
        Some(0) => Ok(Ended::Done),
        Some(1) => Ok(Ended::Crossed),
        Some(2) => Err(crate::Usage(String::new()).into()),
        Some(3) => Err(crate::BadInput(String::new()).into()),
        _ => Err(Missing(String::new()).into()),
    }
}

/// The agent in the folder of this binary.
pub(crate) fn beside() -> Result<PathBuf> {
    let own = std::env::current_exe().context("this binary cannot be found")?;
    let agent = own.with_file_name("assay-agent");
    if agent.is_file() {
        return Ok(agent);
    }
    let text = format!(
        "assay-agent is not beside {}: build it with `cargo build --release -p assay-probes`, or install the agent's package",
        own.display()
    );
    Err(Missing(text).into())
}

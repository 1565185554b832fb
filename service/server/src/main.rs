//! The binary `assay`: every mode in one match, exit codes as a contract.

mod app;
mod bench;
mod chat;
mod cli;
mod clock;
mod commands;
mod config;
mod data;
mod decisions;
mod demo;
mod digest;
mod feeds;
mod http;
mod ingest;
mod inventory;
mod keep;
mod ladder;
mod log;
mod models;
mod paths;
mod progress;
mod readings;
mod refresh;
mod rights;
mod scan;
mod sensor;
mod shifts;
mod shown;
mod similar;
mod snapshot;
#[cfg(test)]
mod testing;
mod ticket;
mod today;
mod tokens;
mod wire;
mod words;

use std::process::ExitCode;

use clap::Parser;
use cli::{Audit, Cli, Command};

/// The one style sheet: of the page and of digests that stand alone.
pub(crate) const STYLE: &str = include_str!("style.css");

/// What was asked for makes no sense: exit 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

impl Usage {
    pub(crate) fn from_error(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// What was given cannot be read: exit 3. The message has been printed already when it is empty.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadInput(pub(crate) String);

/// Something that is needed is not there: exit 4.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Missing(pub(crate) String);

/// How a command ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As asked.
    Done,
    /// As asked, and a threshold was crossed.
    Crossed,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            if !error.use_stderr() {
                // Nothing can be said when the terminal is gone.
                let _ = error.print();
                return ExitCode::SUCCESS;
            }
            let said = error.render().ansi().to_string();
            // One prefix for every word that goes wrong.
            let plain = error.to_string();
            let said = if plain.starts_with("error: ") { said.replacen("error:", "assay:", 1) } else { said };
            anstream::eprint!("{said}");
            return ExitCode::from(2);
        }
    };
    match run(&cli) {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Crossed) => ExitCode::from(1),
        Err(error) => ExitCode::from(report(&error)),
    }
}

fn run(cli: &Cli) -> anyhow::Result<Ended> {
    let global = &cli.global;
    // A command says itself what a person should know; a service has only its log.
    log::start(if matches!(cli.command, Some(Command::Serve(_))) { "info" } else { "error" });
    if let Some(command) = &cli.command {
        command.check(global)?;
    }
    match &cli.command {
        Some(Command::Demo(args)) => commands::demo::run(global, args),
        Some(Command::Ingest(args)) => commands::ingest::run(global, args),
        Some(Command::Findings(args)) => commands::findings::run(global, args),
        Some(Command::Scan(args)) => commands::scan::run(global, args),
        Some(Command::Explain(args)) => commands::explain::run(global, args),
        Some(Command::Assets(args)) => commands::assets::run(global, args),
        Some(Command::Profiles(args)) => commands::profiles::run(global, args),
        Some(Command::Paths(args)) => commands::paths::run(global, args),
        Some(Command::Rights(args)) => commands::rights::run(global, args),
        Some(Command::Ask(args)) => commands::ask::run(global, args),
        Some(Command::Serve(args)) => commands::serve::run(global, args),
        Some(Command::Token(what)) => commands::serve::token(global, what),
        Some(Command::Audit(Audit::Verify { replay })) => commands::audit::verify(global, *replay),
        Some(Command::Vex(args)) => commands::vex::run(global, args),
        Some(Command::Funnel(args)) => commands::funnel::run(global, args),
        Some(Command::Agent(args)) => commands::agent::run(args),
        Some(Command::Doctor(args)) => commands::doctor::run(global, args),
        Some(Command::Models(what)) => commands::models::run(global, what),
        Some(Command::Digest(args)) => commands::digest::run(global, args),
        Some(Command::Enrich(args)) => commands::enrich::run(global, args),
        Some(Command::Eval(args)) => commands::eval::run(global, args),
        Some(Command::Intel(what)) => commands::intel::run(global, what),
        Some(Command::Decide(args)) => commands::decide::run(global, args),
        None => commands::today::run(global),
        Some(Command::Bench(args)) => commands::bench::run(global, args),
    }
}

/// Chooses the TLS implementation of this process, once: rustls on ring.
pub(crate) fn tls() -> anyhow::Result<()> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        rustls::crypto::ring::default_provider()
            .install_default()
            .map_err(|_| anyhow::anyhow!("TLS was set up twice"))?;
    }
    Ok(())
}

/// Prints an error with its causes and what to do, and gives the exit code.
fn report(error: &anyhow::Error) -> u8 {
    let code = if error.is::<Usage>() {
        2
    } else if error.is::<BadInput>() {
        3
    } else if error.is::<Missing>() {
        4
    } else {
        // The environment failed: the data folder, the disk, the network.
        match error.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
            Some(std::io::ErrorKind::BrokenPipe) => return 0,
            _ => 4,
        }
    };
    let text = said(error);
    if !text.is_empty() {
        anstream::eprintln!("assay: {text}");
    }
    code
}

/// An error with its causes, each told once, and what to do about it last.
fn said(error: &anyhow::Error) -> String {
    let whole = error.to_string();
    let (what, hint) = whole.split_once("\nhint: ").map_or((whole.as_str(), None), |(w, h)| (w, Some(h)));
    let mut text = what.to_owned();
    for cause in error.chain().skip(1).map(ToString::to_string).filter(|c| !c.is_empty()) {
        // Some libraries repeat their cause in their own words.
        if !text.contains(&cause) {
            text.push_str(&format!(": {cause}"));
        }
    }
    if let Some(hint) = hint {
        text.push_str(&format!("\nhint: {hint}"));
    }
    text
}

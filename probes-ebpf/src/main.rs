//! The binary `assay-agent`. Exit codes: 0 done, 2 wrong usage (clap's), 4 a needed part is missing, 1 anything else.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use std::io::{self, Write};

use assay_probes::cli::{Cli, Command, DoctorArgs, Output};
use assay_probes::doctor::{Names, examine};
use assay_probes::run::{RunError, run};
use assay_probes::selftest::act;
use clap::Parser;

const MISSING_PART: u8 = 4;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_env("ASSAY_LOG").unwrap_or_else(|_| "info".into()))
        .init();
    let done = match Cli::parse().command {
        Command::Run(args) => watch(&args.options()),
        Command::Record(args) => watch(&args.options()),
        Command::Replay(args) => play(&args.options()),
        Command::Doctor(args) => return doctor(args),
        Command::SelfTest(args) => {
            act(args.cgroup.as_deref(), args.become_file.as_deref()).map_err(anyhow::Error::from)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            let missing = error.downcast_ref::<RunError>().is_some_and(RunError::is_missing_part);
            if missing { ExitCode::from(MISSING_PART) } else { ExitCode::FAILURE }
        }
    }
}

/// Answers whatever it finds; without any probe the exit code says that a needed part is missing.
fn doctor(args: DoctorArgs) -> ExitCode {
    let (node, server) = args.api.found();
    let answer = examine(Names::ask(node, server));
    let text = match args.output {
        Output::Table => answer.table(),
        Output::Json => serde_json::to_string_pretty(&answer).map_or_else(|e| format!("error: {e}"), |t| t + "\n"),
    };
    // A reader that went away wants no more.
    let _ = io::stdout().write_all(text.as_bytes());
    match &answer.missing {
        Some(missing) => {
            eprintln!("error: {missing}");
            ExitCode::from(MISSING_PART)
        }
        None => ExitCode::SUCCESS,
    }
}

fn watch(options: &assay_probes::run::Options) -> anyhow::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_signals(&stop)?;
    run(options, &stop)?;
    Ok(())
}

fn play(options: &assay_probes::replay::Options) -> anyhow::Result<()> {
    let played = assay_probes::replay::replay(options)?;
    let rate = played.facts as f64 / played.seconds.max(1e-9);
    let (batches, facts, seconds) = (played.batches, played.facts, played.seconds);
    writeln!(io::stdout(), "{batches} batches with {facts} facts taken in {seconds:.1} s: {rate:.0} facts/s")?;
    Ok(())
}

/// SIGTERM and SIGINT end the watch in order: what is known is sent first.
fn stop_on_signals(stop: &Arc<AtomicBool>) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut term, mut int) = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    let stop = stop.clone();
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        });
        stop.store(true, Ordering::Relaxed);
    })?;
    Ok(())
}

//! The agent as a process, and what it said in its batches.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use assay_core::batch::{FactBody, SensorBatch};

use super::super::child::Running;

/// A running agent that prints its batches.
pub(super) struct Agent {
    process: Running,
    out: tempfile::NamedTempFile,
    /// Reading on keeps the agent from waiting.
    log: std::thread::JoinHandle<()>,
}

/// What it said.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) hits: u64,
    pub(super) records: u64,
    pub(super) lost: u64,
    /// Containers in which a program was seen to start.
    pub(super) executed_in: BTreeSet<String>,
    /// Container, package URL and level of every use of a package.
    pub(super) used: BTreeSet<(String, String, String)>,
}

impl Agent {
    /// Starts it and waits until it watches.
    pub(super) fn start(binary: &Path, args: &[&str]) -> Result<Self> {
        let out = tempfile::NamedTempFile::new()?;
        let mut command = Command::new(binary);
        command.args(["run", "--print", "--every", "2", "--node", "bench"]).args(args);
        let mut child = command.stdout(out.reopen()?).stderr(Stdio::piped()).spawn()?;
        let log = child.stderr.take().context("the agent's log")?;
        let mut process = Running(child);
        let mut log = BufReader::new(log);
        let (mut line, mut said) = (String::new(), String::new());
        while !line.contains("watching") {
            said.push_str(&line);
            line.clear();
            if log.read_line(&mut line)? == 0 {
                let status = process.0.wait()?;
                bail!("the agent ended with {status} before it watched: {said}");
            }
        }
        // What it warns of later is counted in its batches too.
        let log = std::thread::spawn(move || log.lines().for_each(drop));
        Ok(Self { process, out, log })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// Ends it in order and reads what it said.
    pub(super) fn stop(mut self) -> Result<Said> {
        let pid = rustix::process::Pid::from_child(&self.process.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let status = self.process.0.wait()?;
        if !status.success() {
            bail!("the agent ended with {status}");
        }
        // Its log ended with it.
        let _ = self.log.join();
        let mut said = Said::default();
        for line in BufReader::new(self.out.reopen()?).lines() {
            said.take(&serde_json::from_str(&line?)?);
        }
        Ok(said)
    }
}

impl Said {
    fn take(&mut self, batch: &SensorBatch) {
        self.hits += batch.funnel.hook_hits;
        self.records += batch.funnel.records;
        self.lost += batch.funnel.lost.values().sum::<u64>();
        for fact in &batch.facts {
            if let (FactBody::InUse { purl, level, .. }, Some(container)) =
                (&fact.what, batch.containers.get(fact.container))
            {
                self.used.insert((container.id.clone(), purl.clone(), level.clone()));
            }
        }
        let executed = batch.facts.iter().filter(|f| matches!(f.what, FactBody::Executed { .. }));
        self.executed_in.extend(executed.filter_map(|f| Some(batch.containers.get(f.container)?.id.clone())));
    }

    pub(super) fn add(&mut self, more: Self) {
        self.hits += more.hits;
        self.records += more.records;
        self.lost += more.lost;
        self.executed_in.extend(more.executed_in);
        self.used.extend(more.used);
    }
}

/// A hook of the agent.
#[derive(Debug)]
pub(super) struct Hook {
    pub(super) name: String,
    /// It came to sit on system calls here, which costs everybody.
    pub(super) is_on_calls: bool,
}

/// All hooks, as the doctor knows them.
pub(super) fn hooks(binary: &Path) -> Result<Vec<Hook>> {
    let out = Command::new(binary).args(["doctor", "-o", "json"]).output()?.stdout;
    let answer: serde_json::Value = serde_json::from_slice(&out).context("the doctor's answer")?;
    let probes = answer["probes"].as_array().context("the doctor's list of probes")?;
    let hook = |p: &serde_json::Value| {
        Some(Hook { name: p["hook"].as_str()?.to_owned(), is_on_calls: p["costs"].as_str().is_some() })
    };
    Ok(probes.iter().filter_map(hook).collect())
}

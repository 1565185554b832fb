//! Runs this binary as its users do: as a process, whose time and memory are seen from outside.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often the memory of a running process is read.
const LOOK: Duration = Duration::from_millis(2);

/// What one run took.
#[derive(Debug)]
pub(super) struct Took {
    pub(super) seconds: f64,
    /// The most memory it held, in MB (10^6 bytes), as the kernel counted it when it was last seen.
    pub(super) peak_mb: f64,
    pub(super) out: Vec<u8>,
}

/// This binary with a data folder of its own; nothing of the user's environment decides what it does.
pub(super) fn assay(data: &Path, args: &[&str]) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("this binary's own path")?);
    command.args(args).arg("--data").arg(data).env_remove("ASSAY_CONFIG").stdin(Stdio::null());
    Ok(command)
}

/// Runs it to its end.
pub(super) fn run(data: &Path, args: &[&str]) -> Result<Took> {
    let mut command = assay(data, args)?;
    let out = tempfile::NamedTempFile::new()?;
    command.stdout(out.reopen()?).stderr(Stdio::null());
    let started = Instant::now();
    let mut child = command.spawn()?;
    let mut peak_mb = 0.0;
    let status = loop {
        if let Some(memory) = memory_mb(child.id(), "VmHWM") {
            peak_mb = memory;
        }
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(LOOK);
    };
    let seconds = started.elapsed().as_secs_f64();
    if !status.success() {
        bail!("`assay {}` ended with {status}", args.join(" "));
    }
    Ok(Took { seconds, peak_mb, out: std::fs::read(out.path())? })
}

/// A line of `/proc/PID/status` that counts kB, in MB.
pub(super) fn memory_mb(pid: u32, key: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(':'))?;
    let kb: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kb * 1024.0 / 1e6)
}

/// A process that ends with its owner.
#[derive(Debug)]
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

//! The service: how soon it answers, and what memory it holds when nobody asks.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::child::{self, Running, memory_mb};
use super::report;
use super::row::{Aim, Row, Runs};
use crate::app::App;
use crate::cli::Global;
use crate::{clock, demo};

const RUNS: usize = 5;
const FINDINGS: u64 = 30_000;
const REPORTS: u64 = 4;
/// How long the service may be silent before the measure gives up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at whether it answers.
const LOOK: Duration = Duration::from_millis(5);
/// After the last answer, before its memory is read.
const REST: Duration = Duration::from_secs(5);
/// The most looks at a service that is still making vectors.
const RESTS_MAX: usize = 60;
const WITH_MODELS: &str = "memory of `assay serve` at rest with the demo's data, models loaded";

pub(super) fn measure(folder: &Path) -> Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    crate::tls()?;
    let (large, _) = report::ledger(folder, REPORTS, FINDINGS)?;
    let starts: Vec<f64> = (0..RUNS).map(|_| runtime.block_on(start(&large))).collect::<Result<_>>()?;
    let what = format!("start of `assay serve` to its first page of {} findings", FINDINGS * REPORTS);
    let mut rows = vec![Runs::of(starts).row(&what, "s").aim(Aim::AtMost(2.0))];

    let small = folder.join("demo");
    demo::load(&small, clock::now())?;
    let without = runtime.block_on(at_rest(&small, false))?;
    let installed = App::on(&small, &Global::plain())?.models()?;
    rows.push(if installed.planner().is_ok() && installed.embedder().is_some() {
        Row::new(WITH_MODELS, runtime.block_on(at_rest(&small, true))?, "MB").aim(Aim::AtMost(750.0))
    } else {
        Row::skipped(WITH_MODELS, "no models; `assay models pull` fetches them")
    });
    rows.push(
        Row::new("memory of `assay serve` at rest with the demo's data, without models", without, "MB")
            .aim(Aim::AtMost(80.0)),
    );
    Ok(rows)
}

/// A service on a free port of this machine.
struct Service {
    running: Running,
    url: String,
    token: String,
}

impl Service {
    fn start(data: &Path, models: bool) -> Result<Self> {
        let listen = {
            let free = std::net::TcpListener::bind("127.0.0.1:0")?;
            free.local_addr()?.to_string()
        };
        let token = "benchmark-of-this-machine-only-0123456789".to_owned();
        let mut command = child::assay(data, &["serve", "--listen", &listen])?;
        command.env("ASSAY_TOKEN", &token).stdout(Stdio::null()).stderr(Stdio::null());
        if !models {
            command.env("ASSAY_MODELS", data.join("no-models"));
        }
        Ok(Self { running: Running(command.spawn()?), url: format!("http://{listen}"), token })
    }

    async fn get(&self, path: &str) -> Result<String> {
        let client = reqwest::Client::new();
        let answer =
            client.get(format!("{}{path}", self.url)).bearer_auth(&self.token).timeout(PATIENCE).send().await?;
        Ok(answer.error_for_status()?.text().await?)
    }

    /// Waits for the first page of findings.
    async fn first_page(&self) -> Result<String> {
        let started = Instant::now();
        loop {
            match self.get("/api/v1/findings?limit=50").await {
                Ok(page) => return Ok(page),
                Err(error) if started.elapsed() > PATIENCE => return Err(error).context("the service does not answer"),
                Err(_) => tokio::time::sleep(LOOK).await,
            }
        }
    }
}

/// Seconds from the start of the process to the first page.
async fn start(data: &Path) -> Result<f64> {
    let started = Instant::now();
    let service = Service::start(data, false)?;
    let page = service.first_page().await?;
    let seconds = started.elapsed().as_secs_f64();
    let page: serde_json::Value = serde_json::from_str(&page)?;
    if page["findings"].as_array().map(Vec::len) != Some(50) {
        bail!("the first page has not 50 findings: {page}");
    }
    Ok(seconds)
}

/// Memory of a service that has answered and then rests.
async fn at_rest(data: &Path, models: bool) -> Result<f64> {
    let service = Service::start(data, models)?;
    let page: serde_json::Value = serde_json::from_str(&service.first_page().await?)?;
    let first = page["findings"][0]["id"].as_str().context("the demo has no finding")?;
    // Loads the model that arranges words, where there is one; the other is loaded by its work in the background.
    service.get(&format!("/api/v1/findings/{first}/explanation")).await?;
    let pid = service.running.0.id();
    let mut before = f64::NAN;
    for _ in 0..RESTS_MAX {
        tokio::time::sleep(REST).await;
        let now = memory_mb(pid, "VmRSS").context("the service has ended")?;
        if busy(pid) == Some(false) && (now - before).abs() < 1.0 {
            return Ok(now);
        }
        before = now;
    }
    Ok(before)
}

/// Whether a process used more than a tenth of a core within a second.
fn busy(pid: u32) -> Option<bool> {
    let ticks = || {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
    };
    let before = ticks()?;
    std::thread::sleep(Duration::from_secs(1));
    // A tick is a hundredth of a second on Linux (USER_HZ).
    Some(ticks()? - before > 10)
}

//! What the node's agent costs, and what it sees: loads with and without it, in turn. As root, with runc and busybox; the
//! loads run in containers of their own, because that is what the agent watches.

mod agent;
mod container;
mod load;
mod truth;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use self::agent::{Agent, Said};
use self::container::Container;
use self::load::LOADS;
use super::child::memory_mb;
use super::row::{Aim, Row, Runs};
use crate::commands::agent::beside;

pub(super) use self::truth::measure as in_use;

/// Runs of each load, with and without.
const ROUNDS: usize = 7;
/// A hook that has no other place than a system call, and one that the loop never makes.
const RARE: &str = "bpf";
/// Containers of a crash loop.
const SHORT_LIVED: usize = 200;
/// Containers that are watched at once.
const WATCHED: usize = 30;
/// Programs started to see whether the agent grows.
const EXECS: u64 = 20_000;

pub(super) fn measure(folder: &Path) -> Result<Vec<Row>> {
    let binary = beside()?;
    if let Some(lacks) = container::lacks() {
        return Ok(vec![Row::skipped("the node's agent", lacks)]);
    }
    let mut rows = Vec::new();
    slow_downs(&binary, folder, &mut rows)?;
    calls(&binary, &mut rows)?;
    short_lived(&binary, folder, &mut rows)?;
    memory(&binary, folder, &mut rows)?;
    starts(&binary, &mut rows)?;
    rows.extend(in_use(folder)?);
    Ok(rows)
}

/// Each load alone and under the agent, in turn; and what share of the hooks' runs became records.
fn slow_downs(binary: &Path, folder: &Path, rows: &mut Vec<Row>) -> Result<()> {
    for load in &LOADS {
        let container = Container::start(folder, "exec /bin/httpd -f -p 8080 -h /www")?;
        (load.run)(&container)?;
        let (mut alone, mut watched, mut said) = (Vec::new(), Vec::new(), Said::default());
        for _ in 0..ROUNDS {
            alone.push(timed(|| (load.run)(&container))?);
            let agent = Agent::start(binary, &[])?;
            watched.push(timed(|| (load.run)(&container))?);
            said.add(agent.stop()?);
        }
        let (alone, watched) = (Runs::of(alone), Runs::of(watched));
        let slower = (watched.median() / alone.median() - 1.0) * 100.0;
        let spread = format!(
            "medians of {ROUNDS} in turn: {:.3} s alone ({:.3} to {:.3}), {:.3} s under the agent ({:.3} to {:.3})",
            alone.median(),
            alone.quantile(0.0),
            alone.quantile(1.0),
            watched.median(),
            watched.quantile(0.0),
            watched.quantile(1.0)
        );
        rows.push(Row::new(&format!("slow-down of {}", load.what), slower, "%").over(spread).aim(load.slower));
        let share = said.records as f64 / said.hits.max(1) as f64 * 100.0;
        let row = Row::new(&format!("records out of hook hits, {}", load.what), share, "%");
        let row = row.over(format!("{} of {}, {} held back or lost", said.records, said.hits, said.lost));
        rows.push(match load.records {
            Some(aim) => row.aim(aim),
            None => row,
        });
    }
    Ok(())
}

/// A loop of the cheapest system call there is: what a tracepoint on system calls costs everybody.
fn calls(binary: &Path, rows: &mut Vec<Row>) -> Result<()> {
    let hooks = agent::hooks(binary)?;
    let on_calls = hooks.iter().filter(|hook| hook.is_on_calls).map(|hook| hook.name.as_str());
    let without: Vec<&str> = on_calls.clone().flat_map(|hook| ["--without", hook]).collect();
    let but_one: Vec<&str> = on_calls.filter(|hook| *hook != RARE).flat_map(|hook| ["--without", hook]).collect();
    let mut times: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        for (at, args) in [None, Some(without.as_slice()), Some(but_one.as_slice()), Some(&[])].into_iter().enumerate()
        {
            let agent = args.map(|args| Agent::start(binary, args)).transpose()?;
            times[at].push(load::cheapest_call());
            if let Some(agent) = agent {
                agent.stop()?;
            }
        }
    }
    let [alone, light, one, all] = times.map(|t| Runs::of(t).median());
    let slower = |with: f64| (with / alone - 1.0) * 100.0;
    let over = |with: f64| format!("medians of {ROUNDS} in turn, {alone:.1} ns a call alone, {with:.1} ns under it");
    let what = "slow-down of a getppid loop, hooks that sit on no system call";
    rows.push(Row::new(what, slower(light), "%").over(over(light)).aim(Aim::AtMost(3.0)));
    let what = "slow-down of a getppid loop, one program on another system call: the tracepoints' own price";
    rows.push(Row::new(what, slower(one), "%").over(over(one)));
    rows.push(Row::new("slow-down of a getppid loop, all hooks", slower(all), "%").over(over(all)));
    let row = Row::new("all hooks against that one program, getppid loop", all / one, "times");
    rows.push(row.aim(Aim::AtMost(1.2)));
    Ok(())
}

/// A crash loop: whether each of the containers is known, and how many records it costs.
fn short_lived(binary: &Path, folder: &Path, rows: &mut Vec<Row>) -> Result<()> {
    let agent = Agent::start(binary, &[])?;
    let mut ids = Vec::new();
    for _ in 0..SHORT_LIVED {
        ids.push(Container::run(folder, "/bin/sleep 0.1")?);
    }
    let said = agent.stop()?;
    let known = ids.iter().filter(|id| said.executed_in.contains(*id)).count();
    let share = known as f64 / SHORT_LIVED as f64 * 100.0;
    let row = Row::new("containers of 0.1 s whose programs are attributed", share, "%");
    rows.push(row.over(format!("{known} of {SHORT_LIVED}")).aim(Aim::AtLeast(99.9)));
    let each = said.records as f64 / SHORT_LIVED as f64;
    let row = Row::new("records a container of a crash loop", each, "records");
    rows.push(row.over(format!("{} of {} hook hits", said.records, said.hits)).aim(Aim::AtMost(12.0)));
    Ok(())
}

fn memory(binary: &Path, folder: &Path, rows: &mut Vec<Row>) -> Result<()> {
    let containers: Vec<Container> =
        (0..WATCHED).map(|_| Container::start(folder, "exec /bin/sleep 600")).collect::<Result<_>>()?;
    let agent = Agent::start(binary, &[])?;
    std::thread::sleep(Duration::from_secs(8));
    let resident = || memory_mb(agent.pid(), "VmRSS").context("the agent's memory cannot be read");
    let before = resident()?;
    rows.push(Row::new(&format!("memory with {WATCHED} containers"), before, "MB").aim(Aim::AtMost(60.0)));
    let first = containers.first().context("a container")?;
    // Each under a name of its own: what is known is not said again, and would prove nothing.
    first.exec(&format!(
        "i=0; while [ $i -lt {EXECS} ]; do ln -s busybox /bin/t$i; /bin/t$i true; rm /bin/t$i; i=$((i+1)); done"
    ))?;
    std::thread::sleep(Duration::from_secs(3));
    let row = Row::new(&format!("growth over {EXECS} program starts"), resident()? - before, "MB");
    rows.push(row.aim(Aim::AtMost(5.0)));
    agent.stop()?;
    Ok(())
}

/// The longest start with any one hook refused.
fn starts(binary: &Path, rows: &mut Vec<Row>) -> Result<()> {
    let mut times = Vec::new();
    let hooks = agent::hooks(binary)?;
    for agent::Hook { name, .. } in &hooks {
        let started = Instant::now();
        let agent = Agent::start(binary, &["--without", name])?;
        times.push(started.elapsed().as_secs_f64());
        agent.stop()?;
    }
    let times = Runs::of(times);
    let row = Row::new("start with any one hook refused, the slowest", times.quantile(1.0), "s");
    rows.push(row.over(format!("{} hooks, median {:.2}", hooks.len(), times.median())).aim(Aim::AtMost(5.0)));
    Ok(())
}

fn timed(run: impl FnOnce() -> Result<()>) -> Result<f64> {
    let started = Instant::now();
    run()?;
    Ok(started.elapsed().as_secs_f64())
}

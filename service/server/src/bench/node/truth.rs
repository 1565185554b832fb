//! What the agent says is in use, held against the truth. Comes in: small programs of five runtimes, in containers whose
//! image is this machine's own Debian, among hundreds of packages that they do not use. Each runs twice: once under the
//! agent, once under strace. What strace saw finds its package by other ways than the agent's: dpkg-query, `RECORD`,
//! `package.json`, the log of loaded classes, `go version`. Goes out: recall and precision of (package, level).

mod golang;
mod image;
mod java;
mod node;
mod owner;
mod python;
mod server;
mod strace;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use assay_core::observation::UseLevel;

use self::image::Image;
use self::strace::Trace;
use super::agent::{Agent, Said};
use super::container;
use crate::bench::row::{Aim, Row};
use crate::commands::agent::beside;

/// What each of the two shares has to reach.
const SHARE: Aim = Aim::AtLeast(98.0);
/// How long a container stays after its work: packages are looked up in a container that is still there.
const STAYS: &str = "exec /bin/sleep 7";
/// The names of a row that are listed.
const NAMED_MAX: usize = 8;

/// A package and how far its use went: `deb/libc6@2.36-9 loaded`.
type Use = String;

/// A program of one runtime.
struct Workload {
    runtime: &'static str,
    /// What has to be installed: a program, and the Debian package that has it.
    needs: &'static [(&'static str, &'static str)],
    /// Lays its own packages into the image; the script that runs it.
    lay: fn(&Image) -> Result<String>,
    /// Its own packages that these files are of.
    owners: fn(&Image, &BTreeSet<String>) -> Result<BTreeSet<String>>,
    /// How far the use of such a package goes where its file is executed.
    executed: UseLevel,
    /// Packages that the agent takes for used because it cannot see further, by design: named in a row of their own.
    blurred: &'static [&'static str],
}

const WORKLOADS: [&Workload; 5] = [&server::NGINX, &python::PYTHON, &java::JAVA, &node::NODE, &golang::GO];

pub(in crate::bench) fn measure(folder: &Path) -> Result<Vec<Row>> {
    let binary = beside()?;
    if let Some(lacks) = container::lacks().or_else(image::lacks) {
        return Ok(vec![Row::skipped("in use, against strace", lacks)]);
    }
    let mut rows = Vec::new();
    for workload in WORKLOADS {
        let what = format!("in use, {}, against strace", workload.runtime);
        let lacks: Vec<&str> =
            workload.needs.iter().filter(|(program, _)| !Path::new(program).exists()).map(|(_, from)| *from).collect();
        if lacks.is_empty() {
            // One that cannot run here leaves the other rows as they are, and says why it has none.
            let failed = |error| vec![Row::skipped(&what, format!("{error:#}"))];
            rows.extend(hold(&binary, folder, workload, &what).unwrap_or_else(failed));
        } else {
            rows.push(Row::skipped(&what, format!("not installed (Debian: apt-get install {})", lacks.join(" "))));
        }
    }
    Ok(rows)
}

/// One program twice, and what the agent said of it against what was so.
fn hold(binary: &Path, folder: &Path, workload: &Workload, what: &str) -> Result<Vec<Row>> {
    let agent = Agent::start(binary, &[])?;
    let image = Image::new(folder)?;
    let script = format!("{}\n{STAYS}", (workload.lay)(&image)?);
    let id = image.run(&["/bin/sh", "-c", &script])?;
    drop(image);
    // What ended last is told in the next batch.
    std::thread::sleep(Duration::from_secs(3));
    let told = told(&agent.stop()?, &id);

    let image = Image::new(folder)?;
    (workload.lay)(&image)?;
    let trace = image.trace(&script)?;
    let truth = truth(workload, &image, &trace)?;
    let data = packages(workload, &image, &trace.data)?;

    let is_blurred = |used: &&Use| workload.blurred.iter().any(|name| used.contains(name)) && !truth.contains(*used);
    let blurred: Vec<&Use> = told.iter().filter(is_blurred).collect();
    let judged: Vec<&Use> = told.iter().filter(|used| !blurred.contains(used)).collect();
    let missed: Vec<&Use> = truth.iter().filter(|used| !told.contains(*used)).collect();
    let wrong: Vec<&Use> = judged.iter().filter(|used| !truth.contains(**used)).copied().collect();
    let share = |of: usize, without: usize| (of - without) as f64 / of.max(1) as f64 * 100.0;
    let count = |of: usize, without: usize, which: &str, names: &[&Use]| {
        let named = if names.is_empty() { String::new() } else { format!("; {which}: {}", list(names)) };
        format!("{} of {of} uses of packages{named}", of - without)
    };
    let recall = Row::new(&format!("{what}: recall"), share(truth.len(), missed.len()), "%");
    let precision = Row::new(&format!("{what}: precision"), share(judged.len(), wrong.len()), "%");
    let mut of_judged = count(judged.len(), wrong.len(), "wrong", &wrong);
    if !blurred.is_empty() {
        let strict = share(told.len(), wrong.len() + blurred.len());
        of_judged.push_str(&format!("; {} in archives left aside, {strict:.1} % with them", blurred.len()));
    }
    let mut rows = vec![
        recall.over(count(truth.len(), missed.len(), "missed", &missed)).aim(SHARE),
        precision.over(of_judged).aim(SHARE),
    ];
    let mut also = |which: &str, names: &[&Use]| {
        if !names.is_empty() {
            let row = Row::new(&format!("{what}: {which}"), names.len() as f64, "packages");
            rows.push(row.over(list(names)));
        }
    };
    also("told of an archive that was read, though no class came of it", &blurred);
    let is_told = |package: &str| told.iter().any(|used| used.split(' ').next() == Some(package));
    let unseen: Vec<&Use> = data.iter().filter(|package| !is_told(package)).collect();
    also("not told, as nothing but data of them was opened", &unseen);
    Ok(rows)
}

/// What was used, and how far.
fn truth(workload: &Workload, image: &Image, trace: &Trace) -> Result<BTreeSet<Use>> {
    let executed = trace.executed.iter().map(|path| image.real(path)).collect::<Result<BTreeSet<_>>>()?;
    // A program that opens its own executable reads it.
    let read = trace.data.intersection(&executed).chain(&trace.read).cloned().collect();
    let mut uses = BTreeSet::new();
    let mut add = |packages: BTreeSet<String>, level: UseLevel| {
        uses.extend(packages.into_iter().map(|package| format!("{package} {level}")));
    };
    add(owner::debian(&executed)?, UseLevel::Executed);
    add((workload.owners)(image, &executed)?, workload.executed);
    add(packages(workload, image, &trace.loaded)?, UseLevel::Loaded);
    add(packages(workload, image, &read)?, UseLevel::Read);
    Ok(uses)
}

/// The packages of these files, of Debian and of the runtime.
fn packages(workload: &Workload, image: &Image, files: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let mut packages = owner::debian(files)?;
    packages.extend((workload.owners)(image, files)?);
    Ok(packages)
}

/// What was said of a container for sure, in the words of the truth.
fn told(said: &Said, id: &str) -> BTreeSet<Use> {
    let sure = |level: &str| level != UseLevel::Perhaps.to_string();
    let of_it = said.used.iter().filter(|(container, _, level)| container == id && sure(level));
    of_it.map(|(_, purl, level)| format!("{} {level}", owner::plain(purl))).collect()
}

fn list(names: &[&Use]) -> String {
    let mut text = names.iter().take(NAMED_MAX).map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    if names.len() > NAMED_MAX {
        text.push_str(&format!(" and {} more", names.len() - NAMED_MAX));
    }
    text
}

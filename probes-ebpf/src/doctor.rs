//! Says how the agent stands on this node: each hook with what is lost without it, what the kernel offers, which rights
//! are held, and whether an act is found again. Comes in: nothing but the node. Goes out: one answer, for people or for
//! machines.

use std::fmt::Write as _;
use std::fs;

use serde::Serialize;

use crate::cgroups::{Hierarchy, HierarchyError, Which};
use crate::hooks::{HOOKS, MAPS};
use crate::load::{Loaded, NOT_BUILT, OBJECT, Standing, load};
use crate::run::settings;
use crate::selftest::{SelfTest, self_test};

mod names;

pub use names::Names;

/// The whole answer.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// Every hook of this build.
    pub probes: Vec<Probe>,
    /// What the kernel offers.
    pub kernel: Kernel,
    /// The rights that the agent asks for.
    pub rights: Vec<Right>,
    /// Fixed sizes of the maps.
    pub maps: Vec<MapSize>,
    /// Whether acts are found again.
    pub self_test: SelfTest,
    /// Whether the API server names containers.
    pub names: Names,
    /// What is missing altogether; absent when the agent can watch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// One hook.
#[derive(Debug, Serialize)]
pub struct Probe {
    /// Where it sits in the kernel.
    pub name: &'static str,
    /// The hook's short name, as in counts of losses and for `--without`.
    pub hook: &'static str,
    /// The programs.
    pub programs: Vec<&'static str>,
    /// `attached`, `not_permitted` or `unsupported`.
    pub status: &'static str,
    /// What it tells.
    pub tells: &'static str,
    /// What is lost; empty when it is attached.
    pub lost: &'static str,
    /// The kernel's own words.
    pub detail: String,
    /// Better places that were refused, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instead_of: Vec<String>,
    /// What this place costs beyond the run time of the program; empty when nothing.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub costs: &'static str,
    /// Times it ran during the self-test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<u64>,
    /// Mean time of a run, in nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ns_per_run: Option<u64>,
}

/// What the kernel offers.
#[derive(Debug, Serialize)]
pub struct Kernel {
    /// Its release.
    pub release: String,
    /// The machine.
    pub machine: String,
    /// Whether it describes its own types.
    pub btf: bool,
    /// Which cgroup hierarchy names containers.
    pub cgroups: String,
    /// Where that hierarchy is.
    pub cgroup_root: String,
    /// Whether a v2 tree is there for programs that attach to it.
    pub unified: bool,
}

/// One right.
#[derive(Debug, Serialize)]
pub struct Right {
    /// Its name.
    pub name: &'static str,
    /// Whether this process has it.
    pub held: bool,
    /// What for.
    pub needed_for: &'static str,
}

/// One map.
#[derive(Debug, Serialize)]
pub struct MapSize {
    /// Its name.
    pub name: &'static str,
    /// Its entries, or bytes for the ring.
    pub size: u32,
}

/// The capabilities that are asked for, with their numbers.
const RIGHTS: [(&str, u32, &str); 5] = [
    ("CAP_BPF", 39, "loading the probes"),
    ("CAP_PERFMON", 38, "attaching to tracepoints and reading kernel memory"),
    ("CAP_NET_ADMIN", 12, "attaching to the cgroup root, for UDP ports"),
    ("CAP_SYS_PTRACE", 19, "looking at the processes, files and sockets of containers"),
    ("CAP_DAC_READ_SEARCH", 2, "reading package lists inside containers"),
];

/// Looks, tries, and answers.
pub fn examine(names: Names) -> Answer {
    let hierarchy = Hierarchy::find(Which::Found);
    let rights = held_rights();
    let mut answer = Answer {
        probes: Vec::new(),
        kernel: kernel(&hierarchy),
        rights,
        maps: MAPS.iter().map(|(name, size)| MapSize { name, size: *size }).collect(),
        self_test: SelfTest::not_run("the probes are not loaded"),
        names,
        missing: None,
    };
    let Some(object) = OBJECT else {
        answer.missing = Some(NOT_BUILT.to_owned());
        return answer;
    };
    let settings = match settings(Which::Found) {
        Ok(settings) => settings,
        Err(error) => {
            answer.missing = Some(error.to_string());
            return answer;
        }
    };
    // Counting run times costs a little, so it is on for the self-test only.
    let timed = aya::sys::enable_stats(aya::sys::Stats::RunTime);
    let mut loaded = load(object, &settings, &[]);
    if !loaded.any() {
        answer.missing =
            Some(format!("no hook attaches here: {}", loaded.standings.first().map_or("", Standing::detail)));
    } else {
        answer.self_test = self_test(&mut loaded, &settings.hierarchy);
    }
    answer.probes = probes(&loaded);
    drop(timed);
    answer
}

impl Answer {
    /// For people.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let k = &self.kernel;
        // Writing into a String cannot fail.
        let _ = writeln!(out, "kernel     {} {}, BTF {}", k.release, k.machine, if k.btf { "yes" } else { "no" });
        let _ = writeln!(out, "cgroups    {} at {}", k.cgroups, k.cgroup_root);
        for p in &self.probes {
            let _ =
                writeln!(out, "{:<13}  {:<28}  {}", p.status, p.name, if p.lost.is_empty() { p.tells } else { p.lost });
            if !p.detail.is_empty() {
                let _ = writeln!(out, "{:<13}  {:<28}  kernel: {}", "", "", p.detail);
            }
            for better in &p.instead_of {
                let _ = writeln!(out, "{:<13}  {:<28}  instead of {better}", "", "");
            }
        }
        if let Some(costs) = self.probes.iter().map(|p| p.costs).find(|costs| !costs.is_empty()) {
            let slow: Vec<_> = self.probes.iter().filter(|p| !p.costs.is_empty()).map(|p| p.name).collect();
            let _ = writeln!(out, "costs      {costs}: {}", slow.join(", "));
        }
        for r in self.rights.iter().filter(|r| !r.held) {
            let _ = writeln!(out, "right      {} is not held: {}", r.name, r.needed_for);
        }
        match &self.self_test.because {
            Some(because) => {
                let _ = writeln!(out, "self-test  not run: {because}");
            }
            None => {
                for s in &self.self_test.steps {
                    let _ = writeln!(
                        out,
                        "self-test  {:<9} {}",
                        s.step,
                        if s.found { "found again" } else { "NOT found again" }
                    );
                }
            }
        }
        out.push_str(&self.names.line());
        if let Some(missing) = &self.missing {
            let _ = writeln!(out, "missing    {missing}");
        }
        out
    }
}

fn probes(loaded: &Loaded) -> Vec<Probe> {
    let times = loaded.run_times();
    HOOKS
        .iter()
        .zip(&loaded.standings)
        .zip(&loaded.rungs)
        .enumerate()
        .map(|(number, ((hook, standing), seated))| {
            let attached = *standing == Standing::Attached;
            let (ns, runs) = times.get(&number).copied().unzip();
            Probe {
                name: seated.rung.name,
                hook: hook.short,
                programs: seated.rung.parts.iter().map(|p| p.program).collect(),
                status: standing.as_str(),
                tells: hook.tells,
                lost: if attached { "" } else { hook.lost },
                detail: standing.detail().to_owned(),
                instead_of: seated.refused.clone(),
                costs: if attached { seated.rung.costs } else { "" },
                runs,
                ns_per_run: ns.zip(runs).and_then(|(ns, runs)| ns.checked_div(runs)),
            }
        })
        .collect()
}

fn kernel(hierarchy: &Result<Hierarchy, HierarchyError>) -> Kernel {
    let uname = rustix::system::uname();
    let found = hierarchy.as_ref().ok();
    Kernel {
        release: uname.release().to_string_lossy().into_owned(),
        machine: uname.machine().to_string_lossy().into_owned(),
        btf: fs::metadata("/sys/kernel/btf/vmlinux").is_ok(),
        cgroups: found.map_or("none found", |h| h.mode.as_str()).to_owned(),
        cgroup_root: found.map(|h| h.root.display().to_string()).unwrap_or_default(),
        unified: found.is_some_and(|h| h.unified.is_some()),
    }
}

fn held_rights() -> Vec<Right> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|l| l.strip_prefix("CapEff:"));
    let held = effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(0);
    RIGHTS.iter().map(|(name, bit, needed_for)| Right { name, held: held >> bit & 1 == 1, needed_for }).collect()
}

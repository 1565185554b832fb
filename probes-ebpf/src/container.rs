//! One container and everything that is known of it. Comes in: sightings. Goes out: facts, and the files whose packages
//! are asked for. Bounded.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use assay_core::ids::{Span, Time};
use assay_core::observation::{AttackStage, Caps, HoleReason, UseLevel};

use crate::coverage::{Gap, Gaps};
use crate::packages::{Package, is_package_manager};
use crate::pods::Identity;
use crate::record::{EXEC_FIRST, EXEC_FOREIGN, EXEC_HOST_MOUNTS, EXEC_PARENT_HOST, FileId};
use crate::said::{Facts, Said};
use crate::signals::Rule;

/// The most executables of one container whose file is remembered.
pub const EXES_MAX: usize = 4_096;
/// The most uses of files by executables that are remembered of one container.
pub const USES_MAX: usize = 4_096;
/// The most packages that are remembered of the files of one container.
pub const PACKAGES_MAX: usize = 4_096;

/// The most servers of one container of which is remembered that they run shells.
pub const SERVERS_MAX: usize = 64;
/// How long a server is watched before its first shell is a sign.
pub const LEARNS: Span = Span::days(8);

/// One container.
#[derive(Debug)]
pub struct Container {
    /// The pod's uid, where the path had one.
    pub pod_uid: Option<String>,
    /// Paths of its cgroups, its own and those below.
    pub groups: BTreeMap<u64, String>,
    /// Since when it is watched.
    pub since: Time,
    /// The stretch of its life before it was watched, once that is known.
    pub missed: Option<Gap>,
    /// Whether its start was seen.
    pub start_seen: bool,
    /// Whether its processes were looked at.
    pub looked_at: bool,
    /// When it ended.
    pub ended: Option<Time>,
    /// Its first process is gone: to be checked.
    pub perhaps_ended: Option<Time>,
    /// What is known.
    pub facts: Facts,
    /// What was not seen of this container alone.
    pub gaps: Gaps,
    /// Who it is, once that is known.
    pub identity: Option<Identity>,
    /// When the service was last told its windows.
    pub windows_told: Option<Time>,
    /// A program of its own has run: until then what happens is the runtime's work.
    pub begun: bool,
    /// The service was told everything, and the container has ended.
    pub settled: bool,
    /// Not every package of its files can be known: there are too many, or to look at them all takes too much. Nobody
    /// can say of such a container what it does not use.
    pub known_in_part: bool,
    runs_shells: BTreeSet<String>,
    exes: HashMap<FileId, String>,
    unpacked: HashSet<FileId>,
    uses: BTreeMap<Use, Sighted>,
    packages: BTreeMap<String, Vec<Package>>,
}

/// True when a record is of the container runtime at work and not of the workload. The runtime still sees the node's
/// files, or it is a program that lies nowhere in the container and that the node has started: before the container's own
/// program has begun, or to run something else in it. A workload's process can bring about the first half of that, by
/// running from memory, and not the second: its parent is in the container.
pub fn is_runtime(flags: u32, begun: bool) -> bool {
    let foreign = flags & EXEC_FOREIGN != 0 && flags & EXEC_PARENT_HOST != 0;
    flags & EXEC_HOST_MOUNTS != 0 || foreign && (!begun || flags & EXEC_FIRST == 0)
}

/// A file in use: which, how far, by which executable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    path: String,
    level: UseLevel,
    exe: String,
}

/// First and last seen, and whether that moved since the facts were last made of it.
#[derive(Clone, Copy, Debug)]
struct Sighted {
    since: Time,
    until: Time,
    moved: bool,
}

impl Container {
    /// A container that is watched since then.
    pub fn new(pod_uid: Option<String>, since: Time, start_seen: bool) -> Self {
        Self {
            pod_uid,
            groups: BTreeMap::new(),
            since,
            missed: None,
            start_seen,
            looked_at: false,
            ended: None,
            perhaps_ended: None,
            facts: Facts::default(),
            gaps: Gaps::default(),
            identity: None,
            windows_told: None,
            begun: !start_seen,
            settled: false,
            known_in_part: false,
            runs_shells: BTreeSet::new(),
            exes: HashMap::new(),
            unpacked: HashSet::new(),
            uses: BTreeMap::new(),
            packages: BTreeMap::new(),
        }
    }

    /// Notes a fact; opens a hole of its own when there is no room.
    pub fn say(&mut self, said: Said, since: Time, until: Time) -> bool {
        let eye = said.eye();
        let kept = self.facts.note(said, since, until);
        if !kept {
            self.gaps.open(Gap { eye: Some(eye), since, until, because: HoleReason::Suppressed });
        }
        kept
    }

    /// An executable ran; false when there was no room.
    pub fn ran(&mut self, file: FileId, path: &str, at: Time) -> bool {
        self.name_exe(file, path);
        let exe = path.to_owned();
        self.say(Said::Executed { exe: exe.clone() }, at, at)
            && self.used(Use { path: exe.clone(), level: UseLevel::Executed, exe }, at)
    }

    /// A program ran with these capabilities in effect; false when there was no room. None at all are no news.
    pub fn ran_with(&mut self, capabilities: Caps, at: Time) -> bool {
        capabilities.is_empty() || self.say(Said::RanWith { capabilities }, at, at)
    }

    /// An executable has a library mapped; false when there was no room.
    pub fn loaded(&mut self, library: &str, exe: &str, at: Time) -> bool {
        self.used(Use { path: library.to_owned(), level: UseLevel::Loaded, exe: exe.to_owned() }, at)
    }

    /// An executable reads a part of a package; false when there was no room.
    pub fn read(&mut self, path: &str, exe: &str, at: Time) -> bool {
        self.used(Use { path: path.to_owned(), level: UseLevel::Read, exe: exe.to_owned() }, at)
    }

    /// A sign of an attack; false when there was no room. What start scripts write is an attempt at most until the
    /// container has settled.
    fn sign(&mut self, sign: &'static Rule, exe: &str, settle: Span, at: Time) -> bool {
        let preparing = sign.is_written() && !self.is_settled(settle, at);
        let stage = if preparing { AttackStage::Attempt } else { sign.stage };
        self.say(Said::Attacked { stage, signal: sign.signal, exe: exe.to_owned() }, at, at)
    }

    /// Signs of an attack; how many of them had no room.
    pub fn signs(&mut self, signs: impl Iterator<Item = &'static Rule>, exe: &str, settle: Span, at: Time) -> u64 {
        signs.map(|sign| u64::from(!self.sign(sign, exe, settle, at))).sum()
    }

    /// True when this server is known to run shells, or has been watched for less than [`LEARNS`]. The first one after
    /// that is unusual; it is remembered, like all before it.
    pub fn is_usual_shell(&mut self, server: &str, at: Time) -> bool {
        let known = self.runs_shells.contains(server);
        if !known && self.runs_shells.len() < SERVERS_MAX {
            self.runs_shells.insert(server.to_owned());
        }
        known || at < self.since + LEARNS
    }

    /// True for a program of the writable layer that is no news: one that was run before the container had settled.
    pub fn is_unpacked(&mut self, file: FileId, settle: Span, at: Time) -> bool {
        if !self.is_settled(settle, at) && self.unpacked.len() < EXES_MAX {
            self.unpacked.insert(file);
        }
        self.unpacked.contains(&file)
    }

    /// Programs that run on hold what they have read, though nobody sees them read it again.
    pub fn still_runs(&mut self, exe: &str, at: Time) {
        for (_, span) in self.uses.iter_mut().filter(|(u, _)| u.level == UseLevel::Read && u.exe == exe) {
            (span.until, span.moved) = (span.until.max(at), true);
        }
    }

    /// True when the container is old enough to have unpacked itself. One that is older than the agent has.
    pub fn is_settled(&self, settle: Span, at: Time) -> bool {
        !self.start_seen || self.since + settle <= at
    }

    /// The executable that did something; none where it was the container runtime.
    pub fn doer(&mut self, exe: FileId, flags: u32, name: impl FnOnce() -> Option<String>) -> Option<String> {
        if is_runtime(flags, self.begun) {
            return None;
        }
        if let Some(known) = self.exe(exe) {
            return Some(known.to_owned());
        }
        let found = name().unwrap_or_default();
        if !found.is_empty() {
            self.name_exe(exe, &found);
        }
        Some(found)
    }

    /// Remembers which path a file has.
    pub fn name_exe(&mut self, file: FileId, path: &str) {
        if self.exes.len() < EXES_MAX || self.exes.contains_key(&file) {
            self.exes.insert(file, path.to_owned());
        }
    }

    /// The path of a file that ran.
    pub fn exe(&self, file: FileId) -> Option<&str> {
        self.exes.get(&file).map(String::as_str)
    }

    /// Files in use whose package was not asked for yet.
    pub fn unasked(&self) -> BTreeSet<&str> {
        self.uses.keys().map(|u| u.path.as_str()).filter(|path| !self.packages.contains_key(*path)).collect()
    }

    /// True when there are files in use whose package was not asked for yet.
    pub fn has_unasked(&self) -> bool {
        self.uses.keys().any(|u| !self.packages.contains_key(&u.path))
    }

    /// The answer for all files that were unasked; `whole` when no bound was met on the way to it.
    pub fn answer(&mut self, mut found: BTreeMap<String, Vec<Package>>, whole: bool) {
        let asked: Vec<String> = self.unasked().into_iter().map(str::to_owned).collect();
        let mut room = PACKAGES_MAX.saturating_sub(self.packages.values().map(Vec::len).sum());
        self.known_in_part |= !whole;
        for path in asked {
            let mut packages = found.remove(&path).unwrap_or_default();
            self.known_in_part |= packages.len() > room;
            packages.truncate(room);
            room -= packages.len();
            self.packages.insert(path, packages);
        }
        // A use that waited for this answer becomes a fact now.
        self.uses.values_mut().for_each(|span| span.moved = true);
    }

    /// Makes facts of the uses that moved, one for each package of the file. The port comes from the same executable's
    /// listener: this is the join of package and port.
    pub fn settle_uses(&mut self) -> u64 {
        let mut facts = Vec::new();
        for (u, span) in &mut self.uses {
            let Some(packages) = self.packages.get(&u.path) else { continue };
            if !std::mem::take(&mut span.moved) || packages.is_empty() {
                continue;
            }
            let listens = self.facts.port_of(&u.exe);
            facts.extend(packages.iter().map(|package| {
                let said = Said::InUse {
                    purl: package.purl.clone(),
                    source: package.source.clone(),
                    path: package.path.clone(),
                    level: package.level.unwrap_or(u.level),
                    exe: u.exe.clone(),
                    listens,
                };
                (said, *span)
            }));
        }
        facts.into_iter().map(|(said, span)| u64::from(!self.say(said, span.since, span.until))).sum()
    }

    /// An executable was found to listen: its uses are told anew, with the port.
    pub fn listens_now(&mut self, exe: &str) {
        self.uses.iter_mut().filter(|(u, _)| u.exe == exe).for_each(|(_, span)| span.moved = true);
    }

    fn used(&mut self, u: Use, at: Time) -> bool {
        // What a package manager touches says nothing of the workload, but its own packages are used by it.
        let level = if is_package_manager(&u.exe) { UseLevel::Perhaps } else { u.level };
        let u = Use { level, ..u };
        if let Some(span) = self.uses.get_mut(&u) {
            span.until = span.until.max(at);
            span.moved = true;
            return true;
        }
        if self.uses.len() >= USES_MAX {
            self.known_in_part = true;
            return false;
        }
        self.uses.insert(u, Sighted { since: at, until: at, moved: true });
        true
    }
}

#[cfg(test)]
mod tests;

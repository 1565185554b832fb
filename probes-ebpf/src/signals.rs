//! Signs of an attack. Comes in: what was done in a container, after the runtime's own work was set aside. Goes out: rows
//! of the table. What a row means, and what to look at next, stands in the service's table of signals under the same id.

mod rules;

use std::collections::BTreeMap;

use assay_core::observation::{AttackStage, PeerClass, Role};

pub use rules::RULES;

use crate::record::{
    EXEC_DETACHED, EXEC_OVERLAY, EXEC_PARENT_HOST, EXEC_STDIN_INET, EXEC_TERMINAL, EXEC_UNLINKED, EXEC_UPPER, FileOp,
};
use crate::said::Said;

/// The longest file name that the kernel's side can watch for.
pub const WATCHED_NAME_MAX: usize = 31;

const WATCHED_READ: u32 = 1;
const WATCHED_WRITE: u32 = 2;
const WATCHED_FOLDER: u32 = 4;

/// One row: a condition, and the signal that it is.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// When it holds.
    pub when: When,
    /// Id in the service's table.
    pub signal: &'static str,
    /// How far an attack has come by it.
    pub stage: AttackStage,
}

impl Rule {
    /// True for signs in what is written, which start scripts do as well.
    pub const fn is_written(&self) -> bool {
        matches!(self.when, When::Writes { .. } | When::WritesInto { .. })
    }
}

/// A condition over one act.
#[derive(Clone, Copy, Debug)]
pub enum When {
    /// A program of one of these names is run, by the name of its file or the name it is called by.
    Runs(&'static [&'static str]),
    /// A program is run from below one of these folders.
    RunsBelow(&'static [&'static str]),
    /// A shell is run, and this holds.
    Shell(Circumstance),
    /// Any program is run, and this holds.
    Any(Circumstance),
    /// A file of one of these names is read.
    Reads {
        /// Last parts of the path.
        names: &'static [&'static str],
        /// What the path must hold; empty for anything.
        within: &'static str,
        /// By whom.
        by: By,
    },
    /// A file of one of these names is written.
    Writes {
        /// Last parts of the path.
        names: &'static [&'static str],
        /// What the path must hold; empty for anything.
        within: &'static str,
        /// By whom.
        by: By,
    },
    /// Something is written directly into a folder of one of these names.
    WritesInto {
        /// Names of folders.
        folders: &'static [&'static str],
        /// By whom.
        by: By,
    },
    /// A call that few programs have a reason for.
    Calls {
        /// Number of the hook.
        call: usize,
        /// Which argument tells, and what; none for any.
        argument: Option<(usize, Told)>,
    },
    /// Somebody there is called.
    Asks(PeerClass),
    /// It sees the node's own file tree, and no runtime has brought it there.
    SeesNode,
}

/// What an argument of a call must be.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    /// One of these values.
    OneOf(&'static [u64]),
    /// At least one of these bits.
    Any(u64),
}

/// Who does something.
#[derive(Clone, Copy, Debug)]
pub enum By {
    /// Anybody but these programs, for which it is daily work.
    AllBut(&'static [&'static str]),
    /// These programs only: others have a use of their own for it.
    Only(&'static [&'static str]),
}

impl By {
    fn is(self, exe: &str) -> bool {
        match self {
            Self::AllBut(programs) => !programs.contains(&last(exe)),
            Self::Only(programs) => programs.contains(&last(exe)),
        }
    }
}

/// How a program is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circumstance {
    /// From memory, without a file.
    FromMemory,
    /// From a file that was deleted.
    Deleted,
    /// From the writable layer, once the container has settled: it is not in the image.
    NotInImage,
    /// The same while it may still unpack itself.
    NotInImageAtStart,
    /// With a terminal, started from outside the container.
    Terminal,
    /// With a network connection as its input.
    StdinIsConnection,
    /// By a program that listens and never runs one, or has not while it was watched for long enough to know.
    UnderServer,
    /// As root, by a process that is not.
    GainsRoot,
    /// Under a name that begins with a dot, in a folder that everybody may write to.
    HiddenName,
    /// Under a name of the kernel's own tasks.
    KernelName,
}

/// A program that was run.
#[derive(Clone, Copy, Debug)]
pub struct Ran<'a> {
    /// Path of its file.
    pub path: &'a str,
    /// The name it is called by.
    pub called: &'a str,
    /// `EXEC_*`.
    pub flags: u32,
    /// The program that started it, where that listens.
    pub server: Option<&'a str>,
    /// That program is known to run shells, or has not been watched for long enough to know.
    pub usual: bool,
    /// The container is old enough to have unpacked itself.
    pub settled: bool,
    /// It is root and its parent is not.
    pub gains_root: bool,
}

/// Signs in a program that was run.
pub fn ran<'a>(act: &'a Ran<'a>) -> impl Iterator<Item = &'static Rule> + 'a {
    RULES.iter().filter(move |rule| match rule.when {
        When::Runs(names) => goes_by(names, act.path, act.called),
        When::RunsBelow(folders) => folders.iter().any(|folder| act.path.starts_with(folder)),
        When::Shell(how) => is_shell(act.path, act.called) && act.is(how),
        When::Any(how) => act.is(how),
        When::Reads { .. }
        | When::Writes { .. }
        | When::WritesInto { .. }
        | When::Calls { .. }
        | When::Asks(_)
        | When::SeesNode => false,
    })
}

/// The sign that a process of the container sees the node's own files.
pub fn got_out() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(|rule| matches!(rule.when, When::SeesNode))
}

/// Signs in a file that `exe` opened.
pub fn opened<'a>(path: &'a str, op: FileOp, exe: &'a str) -> impl Iterator<Item = &'static Rule> + 'a {
    let mut parts = path.rsplit('/');
    let (name, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    RULES.iter().filter(move |rule| match (rule.when, op) {
        (When::Reads { names, within, by }, FileOp::WatchedRead)
        | (When::Writes { names, within, by }, FileOp::WatchedWrite) => {
            names.contains(&name) && path.contains(within) && by.is(exe)
        }
        (When::WritesInto { folders, by }, FileOp::WatchedWrite) => folders.contains(&folder) && by.is(exe),
        _ => false,
    })
}

/// Signs in a call, by the number of its hook.
pub fn called(call: usize, args: &[u64; 3]) -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(move |rule| match rule.when {
        When::Calls { call: wanted, argument } => {
            let told = argument.is_none_or(|(index, told)| {
                args.get(index).is_some_and(|value| match told {
                    Told::OneOf(values) => values.contains(value),
                    Told::Any(bits) => value & bits != 0,
                })
            });
            wanted == call && told
        }
        _ => false,
    })
}

/// The sign in a flow.
pub fn talked(said: &Said) -> Option<&'static Rule> {
    let Said::Talks { role: Role::Client, peer, .. } = said else { return None };
    RULES.iter().find(|rule| matches!(rule.when, When::Asks(asked) if asked == *peer))
}

/// True when this is a program that takes commands.
pub fn is_shell(path: &str, called: &str) -> bool {
    goes_by(rules::SHELLS, path, called)
}

/// By the name of its file, or the name it is called by.
fn goes_by(names: &[&str], path: &str, called: &str) -> bool {
    names.contains(&last(path)) || names.contains(&called)
}

/// The names for which the kernel's side looks out, and for what.
pub fn watched() -> BTreeMap<&'static str, u32> {
    let mut names = BTreeMap::new();
    for rule in RULES {
        let (list, how) = match rule.when {
            When::Reads { names, .. } => (names, WATCHED_READ),
            When::Writes { names, .. } => (names, WATCHED_WRITE),
            When::WritesInto { folders, .. } => (folders, WATCHED_FOLDER),
            _ => continue,
        };
        list.iter().for_each(|name| *names.entry(*name).or_insert(0) |= how);
    }
    names
}

impl Ran<'_> {
    fn is(&self, how: Circumstance) -> bool {
        let has = |flag| self.flags & flag != 0;
        match how {
            Circumstance::FromMemory => has(EXEC_DETACHED),
            Circumstance::Deleted => has(EXEC_UNLINKED) && !has(EXEC_DETACHED),
            Circumstance::NotInImage => has(EXEC_OVERLAY) && has(EXEC_UPPER) && self.settled,
            Circumstance::NotInImageAtStart => has(EXEC_OVERLAY) && has(EXEC_UPPER) && !self.settled,
            Circumstance::Terminal => has(EXEC_TERMINAL) && has(EXEC_PARENT_HOST),
            Circumstance::StdinIsConnection => has(EXEC_STDIN_INET),
            Circumstance::UnderServer => {
                self.server.is_some_and(|server| !self.usual || rules::NEVER_RUN_SHELLS.contains(&last(server)))
            }
            Circumstance::GainsRoot => self.gains_root,
            Circumstance::HiddenName => {
                let open_to_all = ["/tmp/", "/var/tmp/", "/dev/shm/"].iter().any(|top| self.path.starts_with(top));
                open_to_all && self.path.split('/').any(|part| part.starts_with('.') && part.len() > 2)
            }
            Circumstance::KernelName => rules::KERNEL_TASKS.iter().any(|name| last(self.path).starts_with(name)),
        }
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests;

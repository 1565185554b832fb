//! Which cgroup hierarchy names the containers of this node, and where its folders are. Comes in: the mount table and
//! the list of controllers. Goes out: one [`Hierarchy`]. On v2 alone it is the unified tree; where v1 controllers are
//! mounted, the v2 tree often holds every task in its root, so a controller's hierarchy names them.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The most folders that a walk looks at.
pub const CGROUPS_MAX: usize = 65_536;
/// The deepest folder that a walk enters.
pub const CGROUP_DEPTH_MAX: usize = 24;

/// What names a task, with the number that the probes know it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The unified tree.
    V2 = 0,
    /// The v1 hierarchy of the memory controller.
    V1Memory = 1,
    /// The v1 hierarchy of the pids controller.
    V1Pids = 2,
}

impl Mode {
    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V1Memory => "v1 (memory)",
            Self::V1Pids => "v1 (pids)",
        }
    }
}

/// Which hierarchy to take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// A v1 controller's where one is mounted, else the unified tree.
    #[default]
    Found,
    /// The unified tree, whatever else is mounted.
    Unified,
}

/// The hierarchy that names containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    /// Which.
    pub mode: Mode,
    /// The kernel's number of it; 0 is the unified tree.
    pub id: u32,
    /// Where its root is mounted, as this process reaches it.
    pub root: PathBuf,
    /// Where the unified tree's root is, for programs that attach to it.
    pub unified: Option<PathBuf>,
}

/// The hierarchy cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum HierarchyError {
    /// A file of /proc could not be read.
    #[error("{path} cannot be read")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No hierarchy is mounted.
    #[error("no cgroup hierarchy is mounted where the agent can see it (looked in {0})")]
    NotMounted(PathBuf),
}

/// One cgroup: its id and its path in the hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The id that the probes send.
    pub id: u64,
    /// From the hierarchy's root, with a leading slash.
    pub path: String,
}

impl Hierarchy {
    /// Looks as the node's first process sees it, so that an agent in a container of its own sees the same.
    ///
    /// # Errors
    /// When /proc cannot be read or nothing is mounted.
    pub fn find(which: Which) -> Result<Self, HierarchyError> {
        let node = Path::new("/proc/1/root");
        // Without the right to look through the first process's root, this process's own view must do.
        let prefix = if fs::metadata(node.join("sys")).is_ok() { node } else { Path::new("/") };
        let mounts_at = if prefix == node { "/proc/1/mountinfo" } else { "/proc/self/mountinfo" };
        // Without controllers, none of them can name anything.
        let controllers = if which == Which::Unified { String::new() } else { text("/proc/cgroups")? };
        Self::from_tables(&controllers, &text(mounts_at)?, prefix)
            .ok_or_else(|| HierarchyError::NotMounted(mounts_at.into()))
    }

    /// From the text of `/proc/cgroups` and of a `mountinfo`.
    pub fn from_tables(controllers: &str, mountinfo: &str, prefix: &Path) -> Option<Self> {
        let mounts: Vec<Mount<'_>> = mountinfo.lines().filter_map(Mount::parse).collect();
        let reach = |at: &str| prefix.join(at.trim_start_matches('/'));
        let unified = mounts.iter().find(|m| m.kind == "cgroup2").map(|m| reach(m.at));
        for (mode, name) in [(Mode::V1Memory, "memory"), (Mode::V1Pids, "pids")] {
            let id = controller_hierarchy(controllers, name).unwrap_or(0);
            let mount = mounts.iter().find(|m| m.kind == "cgroup" && m.options.split(',').any(|o| o == name));
            if let (1.., Some(mount)) = (id, mount) {
                return Some(Self { mode, id, root: reach(mount.at), unified });
            }
        }
        Some(Self { mode: Mode::V2, id: 0, root: unified.clone()?, unified })
    }

    /// Every cgroup, parents before children, up to [`CGROUPS_MAX`]; true when that was not all.
    pub fn walk(&self) -> (Vec<Group>, bool) {
        let mut found = Vec::new();
        let mut open = vec![(self.root.clone(), String::new(), 0)];
        while let Some((folder, path, depth)) = open.pop() {
            let Ok(meta) = fs::metadata(&folder) else { continue };
            if found.len() == CGROUPS_MAX || depth > CGROUP_DEPTH_MAX {
                return (found, true);
            }
            let shown = if path.is_empty() { "/".to_owned() } else { path.clone() };
            found.push(Group { id: meta.ino(), path: shown });
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries.flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_dir())) {
                let name = entry.file_name().to_string_lossy().into_owned();
                open.push((entry.path(), format!("{path}/{name}"), depth + 1));
            }
        }
        (found, false)
    }

    /// The processes of one cgroup, by its path; none when it is gone.
    pub fn processes(&self, path: &str) -> Vec<u32> {
        let listed = fs::read_to_string(self.folder(path).join("cgroup.procs")).unwrap_or_default();
        listed.lines().filter_map(|l| l.parse().ok()).filter(|&pid| pid != 0).collect()
    }

    /// Where a cgroup's folder is.
    pub fn folder(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }
}

struct Mount<'a> {
    at: &'a str,
    kind: &'a str,
    options: &'a str,
}

impl<'a> Mount<'a> {
    /// `36 35 98:0 / /mnt rw,noatime shared:1 - cgroup cgroup rw,memory`; only whole hierarchies count.
    fn parse(line: &'a str) -> Option<Self> {
        let (head, tail) = line.split_once(" - ")?;
        let mut tail = tail.split(' ');
        let mut head = head.split(' ').skip(3);
        let (root, at) = (head.next()?, head.next()?);
        let (kind, _, options) = (tail.next()?, tail.next()?, tail.next()?);
        (root == "/").then_some(Self { at, kind, options })
    }
}

fn controller_hierarchy(controllers: &str, name: &str) -> Option<u32> {
    let line = controllers.lines().find(|l| l.split_whitespace().next() == Some(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn text(path: &str) -> Result<String, HierarchyError> {
    fs::read_to_string(path).map_err(|source| HierarchyError::Read { path: path.into(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1_LINE: &str = "31 29 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n32 29 0:28 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n";
    const V2_LINE: &str = "30 29 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    fn find(controllers: &str, mounts: &str) -> Option<(Mode, u32, String)> {
        let h = Hierarchy::from_tables(controllers, mounts, Path::new("/"))?;
        Some((h.mode, h.id, h.root.display().to_string()))
    }

    #[test]
    fn the_tree_that_names_containers_is_found_on_v1_v2_and_hybrid() {
        let both = format!("{V1_LINE}{V2_LINE}");
        let v1 = "#subsys_name hierarchy num enabled\nmemory\t4\t15\t1\npids\t8\t1\t1\n";
        let v2 = "memory\t0\t15\t1\npids\t0\t1\t1\n";
        let pids_only = "memory\t0\t1\t0\npids\t8\t1\t1\n";
        for (controllers, mounts, expected) in [
            (v1, both.as_str(), Some((Mode::V1Memory, 4, "/sys/fs/cgroup/memory".to_owned()))),
            (v1, V1_LINE, Some((Mode::V1Memory, 4, "/sys/fs/cgroup/memory".to_owned()))),
            (pids_only, both.as_str(), Some((Mode::V1Pids, 8, "/sys/fs/cgroup/pids".to_owned()))),
            (v2, V2_LINE, Some((Mode::V2, 0, "/sys/fs/cgroup/unified".to_owned()))),
            (v2, "", None),
        ] {
            assert_eq!(find(controllers, mounts), expected);
        }
    }

    #[test]
    fn a_mount_that_shows_only_a_part_of_a_hierarchy_is_not_taken() {
        let part = "31 29 0:27 /kubepods/pod1 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
        assert_eq!(find("memory\t4\t1\t1\n", part), None);
    }
}

//! Evidence that is kept before anybody patches. Comes in: an order of the service that names a container. Goes out: a file
//! with what the container is at that moment (processes, open files, sockets, maps) and what was recorded of it lately, and
//! the fact that it was kept. Only containers of this node are looked at, none of it leaves the node, arguments and contents
//! are not read, and the agent never removes a file that it has kept: a full folder keeps no more, and that is said.

pub mod look;

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use assay_core::ids::{Digest, Span, Time};

use crate::assemble::Sender;
use crate::cgroups::Hierarchy;
use crate::node::Node;
use crate::said::Said;

use look::{Around, Evidence, look};

/// The most bytes of all files that are kept.
pub const FOLDER_BYTES_MAX: u64 = 256 << 20;
/// The most orders that wait.
pub const WAITING_MAX: usize = 64;
/// The most orders that are carried out in one tick.
pub const KEPT_AT_ONCE_MAX: usize = 2;
/// How long after evidence was kept another order for the same container is taken for the same one: the service orders
/// until it has heard.
pub const AGAIN_AFTER: Span = Span::minutes(10);
/// The longest id of a container that is looked for.
const ID_MAX: usize = 256;

/// Keeps evidence in a folder of its own.
#[derive(Debug)]
pub struct Keeper {
    folder: PathBuf,
    waiting: VecDeque<String>,
    kept: BTreeMap<String, Time>,
    /// The last trouble that was logged, so that one outage is one line.
    said: Option<String>,
}

impl Keeper {
    /// A keeper with this folder, which is made when something is kept.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, waiting: VecDeque::new(), kept: BTreeMap::new(), said: None }
    }

    /// Takes orders in. Those for containers that are not on this node are refused.
    pub fn order(&mut self, ids: impl IntoIterator<Item = String>, node: &Node, now: Time) {
        self.kept.retain(|_, at| *at + AGAIN_AFTER > now);
        for id in ids {
            if id.len() > ID_MAX || !node.containers.contains_key(&id) {
                self.trouble("evidence was ordered of a container that is not on this node: refused");
            } else if !self.kept.contains_key(&id) && !self.waiting.contains(&id) && self.waiting.len() < WAITING_MAX {
                self.waiting.push_back(id);
            }
        }
    }

    /// Carries out a few of the orders. What was kept becomes a fact of its container.
    pub fn work(&mut self, node: &mut Node, hierarchy: &Hierarchy, sender: &Sender, now: Time) {
        for _ in 0..KEPT_AT_ONCE_MAX {
            let Some(id) = self.waiting.pop_front() else { return };
            let Some(container) = node.containers.get_mut(&id) else { continue };
            let around = Around { node: &sender.node, boot: &sender.boot, id: &id, at: now };
            let evidence = look(container, hierarchy, &around);
            match self.write(&id, &evidence, now) {
                Ok(said) => {
                    tracing::info!(container = id, "evidence was kept");
                    container.say(said, now, now);
                    self.kept.insert(id, now);
                }
                // The service orders again, and somebody may make room until then.
                Err(error) => self.trouble(&format!("evidence cannot be kept in {}: {error}", self.folder.display())),
            }
        }
    }

    /// Writes beside, makes durable, then names: the file is whole or absent, and never takes another one's place.
    fn write(&self, id: &str, evidence: &Evidence, now: Time) -> io::Result<Said> {
        let text = serde_json::to_vec(evidence)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let held: u64 = fs::read_dir(&self.folder)?.flatten().filter_map(|e| e.metadata().ok()).map(|m| m.len()).sum();
        if held + text.len() as u64 > FOLDER_BYTES_MAX {
            return Err(io::Error::other(format!(
                "it holds {held} bytes of {FOLDER_BYTES_MAX}: move what is there elsewhere"
            )));
        }
        // An id is the runtime's own; what is no part of a name by itself must not become one.
        let plain: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(64).collect();
        let name = format!("{:013}-{plain}.json", now.millis());
        let (beside, path) = (self.folder.join(format!("{name}.new")), self.folder.join(&name));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        let written = file.write_all(&text).and_then(|()| file.sync_all());
        if let Err(error) = written.and_then(|()| fs::hard_link(&beside, &path)) {
            // Half a file would take the room that is missing.
            let _ = fs::remove_file(&beside);
            return Err(error);
        }
        fs::remove_file(&beside)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(Said::Kept {
            file: name,
            sha256: Digest::of_bytes(&text).to_string(),
            bytes: text.len() as u64,
            counts: evidence.counts(),
        })
    }

    fn trouble(&mut self, why: &str) {
        if self.said.as_deref() != Some(why) {
            tracing::warn!("{why}");
            self.said = Some(why.to_owned());
        }
    }
}

#[cfg(test)]
mod tests;

//! What an agent kept of a container as evidence. The evidence stays on its node; what is told of it are counts, and the
//! file's name and digest, so that nobody can change it unseen afterwards.

use crate::ids::Digest;
use crate::text::Opaque;

/// What an agent kept of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// On which node the file lies.
    pub node: Opaque,
    /// The container, as the runtime numbers it.
    pub instance: Opaque,
    /// The file's name in the agent's folder.
    pub file: Opaque,
    /// Of the file.
    pub sha256: Digest,
    /// How long the file is.
    pub bytes: u64,
    /// Processes in it.
    pub processes: u32,
    /// Open files of them.
    pub files: u32,
    /// Sockets of them.
    pub sockets: u32,
    /// Mapped ranges of them.
    pub maps: u32,
    /// What the agent recorded of the container lately.
    pub records: u32,
    /// What was there and found no room.
    pub left_out: u32,
}

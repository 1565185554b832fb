//! What closes a step, and how hard that is.

use super::graph::ScopeIdx;
use crate::observation::HostSetting;
use crate::world::AssetIdx;

/// A change that closes steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remedy {
    /// A workload gets no token of its identity.
    UnmountToken(AssetIdx),
    /// New pods of a namespace must meet the baseline.
    EnforceBaseline(ScopeIdx),
    /// A workload goes without a setting.
    DropSetting(AssetIdx, HostSetting),
    /// A workload mounts no folder of its node.
    UnmountFolders(AssetIdx),
    /// A binding goes, or gives less: a place in [`super::AttackGraph::granted`].
    RemoveBinding(u32),
    /// Anonymous callers lose what a binding gives them.
    RefuseAnonymous(AssetIdx),
    /// A workload is handed a secret no longer.
    WithdrawSecret(AssetIdx, AssetIdx),
    /// The Internet gets to a workload no longer.
    CloseEntry(AssetIdx),
}

impl Remedy {
    /// How hard it is, in units of our own: 1 is a field that workloads seldom need, 8 is to close what was most likely
    /// opened on purpose. Orders of size, set by judgement; only their ratios count.
    pub const fn effort(self) -> u64 {
        match self {
            Self::UnmountToken(_) | Self::RefuseAnonymous(_) => 1,
            Self::EnforceBaseline(_) => 2,
            Self::DropSetting(_, HostSetting::Privileged | HostSetting::HostNetwork) => 4,
            Self::DropSetting(_, HostSetting::HostPid) | Self::UnmountFolders(_) => 3,
            Self::DropSetting(..) => 2,
            Self::RemoveBinding(_) => 3,
            Self::WithdrawSecret(..) => 6,
            Self::CloseEntry(_) => 8,
        }
    }
}

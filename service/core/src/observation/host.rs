//! What a container holds of the machine under it. Comes in: settings of a pod, one by one. Goes out: a set of bits, since
//! every container has one and a cluster has many.

use crate::named;

named! {
    /// A setting that brings a container nearer to its node.
    /// Sources: Kubernetes documentation, Pod Security Standards; capabilities(7).
    pub enum HostSetting {
        /// `privileged`: every device and capability.
        Privileged = "privileged",
        /// The node's processes are in view.
        HostPid = "host-pid",
        /// The node's memory and semaphores are shared.
        HostIpc = "host-ipc",
        /// The node's network is its own.
        HostNetwork = "host-network",
        /// `SYS_ADMIN` is added.
        SysAdmin = "sys-admin",
        /// `SYS_MODULE` is added: kernel modules can be loaded.
        SysModule = "sys-module",
        /// `SYS_PTRACE` is added: other processes can be changed.
        SysPtrace = "sys-ptrace",
        /// `SYS_RAWIO` is added: memory and ports of the machine.
        SysRawio = "sys-rawio",
        /// `DAC_READ_SEARCH` is added: files are opened by their handles, past every mount.
        DacReadSearch = "dac-read-search",
        /// `BPF` is added: programs in the kernel.
        Bpf = "bpf",
        /// `NET_ADMIN` is added.
        NetAdmin = "net-admin",
        /// `NET_RAW` is added, or left in the default set.
        NetRaw = "net-raw",
        /// A folder of the node that programs of the node trust can be written.
        HostWrite = "host-write",
        /// A folder of the node that holds credentials can be read.
        HostRead = "host-read",
        /// The volumes of the node's other pods can be read.
        PodVolumes = "pod-volumes",
        /// The socket of the container runtime can be spoken to.
        RuntimeSocket = "runtime-socket",
        /// The folder of the node's logs can be written.
        HostLogs = "host-logs",
        /// The node's kernel settings can be written.
        KernelSettings = "kernel-settings",
        /// Nothing says that it runs as another user than root.
        AsRoot = "as-root",
        /// Its users are those of the node: no user namespace of its own.
        HostUsers = "host-users",
        /// Its processes and those of the pod's other containers see each other.
        SharedProcesses = "shared-processes",
    }
}

impl HostSetting {
    /// True for what a mounted folder of the node gives.
    pub const fn is_of_folder(self) -> bool {
        matches!(
            self,
            Self::HostWrite
                | Self::HostRead
                | Self::PodVolumes
                | Self::RuntimeSocket
                | Self::HostLogs
                | Self::KernelSettings
        )
    }
}

/// A set of settings. More of them never mean less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostAccess(u32);

impl HostAccess {
    /// Whether a setting is among them.
    pub const fn has(self, setting: HostSetting) -> bool {
        self.0 & (1 << setting as u32) != 0
    }

    /// Whether all of these are among them.
    pub fn has_all(self, settings: &[HostSetting]) -> bool {
        settings.iter().all(|setting| self.has(*setting))
    }

    /// The same with one more.
    #[must_use]
    pub const fn with(self, setting: HostSetting) -> Self {
        Self(self.0 | 1 << setting as u32)
    }

    /// Those of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The settings, in the order of their declaration.
    pub fn settings(self) -> impl Iterator<Item = HostSetting> {
        HostSetting::ALL.iter().copied().filter(move |setting| self.has(*setting))
    }
}

impl FromIterator<HostSetting> for HostAccess {
    fn from_iter<T: IntoIterator<Item = HostSetting>>(settings: T) -> Self {
        settings.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_into_it() {
        assert!(HostSetting::ALL.len() <= 32, "a bit each");
        let all: HostAccess = HostSetting::ALL.iter().copied().collect();
        assert_eq!(all.settings().collect::<Vec<_>>(), HostSetting::ALL);
        let two = HostAccess::default().with(HostSetting::HostPid).union(HostAccess::default().with(HostSetting::Bpf));
        assert_eq!(two.settings().collect::<Vec<_>>(), [HostSetting::HostPid, HostSetting::Bpf]);
        assert!(two.has_all(&[HostSetting::Bpf, HostSetting::HostPid]) && !two.has(HostSetting::Privileged));
    }
}

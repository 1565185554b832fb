//! Security settings of pods and containers, as Kubernetes defines them.

use serde::Deserialize;

/// Security settings of a pod or a container: the two share most names and never differ in meaning.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SecurityContext {
    /// Nearly everything the host may.
    pub privileged: Option<bool>,
    /// Whether a process may gain more than its parent has.
    pub allow_privilege_escalation: Option<bool>,
    /// Linux capabilities.
    pub capabilities: Capabilities,
    /// How /proc is masked.
    pub proc_mount: Option<Box<str>>,
    /// Whether root is refused.
    pub run_as_non_root: Option<bool>,
    /// The user id.
    pub run_as_user: Option<i64>,
    /// The group id.
    pub run_as_group: Option<i64>,
    /// The group that volumes are given; of a pod only.
    pub fs_group: Option<i64>,
    /// More groups of every process; of a pod only.
    pub supplemental_groups: Vec<i64>,
    /// Whether the container's own files may be written.
    pub read_only_root_filesystem: Option<bool>,
    /// SELinux labels.
    pub se_linux_options: SeLinuxOptions,
    /// The seccomp profile.
    pub seccomp_profile: Option<Profile>,
    /// The AppArmor profile.
    pub app_armor_profile: Option<Profile>,
    /// Windows settings.
    pub windows_options: WindowsOptions,
    /// Kernel settings; of a pod only.
    pub sysctls: Vec<Sysctl>,
}

/// Capabilities added and dropped.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// Added to the default set.
    pub add: Vec<Box<str>>,
    /// Taken out of it.
    pub drop: Vec<Box<str>>,
}

/// SELinux labels.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SeLinuxOptions {
    /// The type; empty is the default.
    #[serde(rename = "type")]
    pub label: Option<Box<str>>,
    /// The user.
    pub user: Option<Box<str>>,
    /// The role.
    pub role: Option<Box<str>>,
    /// The level.
    pub level: Option<Box<str>>,
}

/// A seccomp or AppArmor profile by its type.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// `RuntimeDefault`, `Localhost`, `Unconfined`.
    #[serde(rename = "type")]
    pub sort: Box<str>,
}

/// Windows settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WindowsOptions {
    /// Runs on the host itself.
    pub host_process: Option<bool>,
}

/// A kernel setting.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sysctl {
    /// Its name.
    pub name: Box<str>,
}

//! The fields of identities, roles and bindings that say who may do what.

use serde::Deserialize;

use super::policy::Selector;

/// A ServiceAccount.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceAccount {
    /// Whether its token is mounted where the pod does not say.
    pub automount_service_account_token: Option<bool>,
    /// Secrets that pods of the account may mount, its old tokens among them.
    pub secrets: Vec<serde::de::IgnoredAny>,
}

/// A Role or ClusterRole.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Role {
    /// What it allows.
    pub rules: Vec<Rule>,
    /// Of a ClusterRole: the roles whose rules it adds up. The server writes the sum into `rules`.
    pub aggregation_rule: Option<AggregationRule>,
}

/// Which roles a ClusterRole adds up.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AggregationRule {
    /// Those that any of these chooses.
    pub cluster_role_selectors: Vec<Selector>,
}

/// One rule of a role: every verb on every resource it names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rule {
    /// API groups; empty text is the core group.
    pub api_groups: Vec<Box<str>>,
    /// Resources and subresources.
    pub resources: Vec<Box<str>>,
    /// Verbs.
    pub verbs: Vec<Box<str>>,
    /// Only objects of these names, where not empty.
    pub resource_names: Vec<Box<str>>,
    /// Paths that are no resources, with a `*` at the end or alone.
    #[serde(rename = "nonResourceURLs")]
    pub non_resource_urls: Vec<Box<str>>,
}

/// A RoleBinding or ClusterRoleBinding.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Binding {
    /// The role it gives.
    pub role_ref: RoleRef,
    /// To whom.
    pub subjects: Vec<RoleSubject>,
}

/// The role of a binding.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RoleRef {
    /// `Role` or `ClusterRole`.
    pub kind: Box<str>,
    /// Its name.
    pub name: Box<str>,
}

/// A subject of a binding.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RoleSubject {
    /// `ServiceAccount`, `User` or `Group`.
    pub kind: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Its namespace, for a ServiceAccount.
    pub namespace: Option<Box<str>>,
}

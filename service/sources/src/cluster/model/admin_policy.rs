//! The fields of the policies that administrators set over those of namespaces: AdminNetworkPolicy, which comes before
//! them, and BaselineAdminNetworkPolicy, which comes after. Source: Network Policy API, v1alpha1.

use serde::Deserialize;

use super::policy::Selector;

/// An AdminNetworkPolicy or the BaselineAdminNetworkPolicy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AdminPolicy {
    /// True for the one that comes after the policies of namespaces.
    #[serde(skip)]
    pub baseline: bool,
    /// What is wanted.
    pub spec: AdminSpec,
}

/// What such a policy wants.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AdminSpec {
    /// The smaller one comes first.
    pub priority: i32,
    /// The pods that it is for.
    pub subject: AdminPeer,
    /// Rules about those who call, in order.
    pub ingress: Vec<AdminRule>,
    /// Rules about those who are called, in order.
    pub egress: Vec<AdminRule>,
}

/// One rule; the first that fits decides.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AdminRule {
    /// `Allow`, `Deny`, or `Pass`: leave it to the policies of namespaces.
    pub action: Box<str>,
    /// Of ingress: who calls.
    pub from: Vec<AdminPeer>,
    /// Of egress: who is called.
    pub to: Vec<AdminPeer>,
    /// On which ports; all where unset.
    pub ports: Option<Vec<AdminPort>>,
}

/// A sort of pods, or addresses outside.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AdminPeer {
    /// All pods of these namespaces.
    pub namespaces: Option<Selector>,
    /// These pods of these namespaces.
    pub pods: Option<AdminPods>,
    /// Blocks of addresses.
    pub networks: Vec<Box<str>>,
}

/// Pods by their own labels and those of their namespace.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AdminPods {
    /// The namespaces.
    pub namespace_selector: Selector,
    /// The pods in them.
    pub pod_selector: Selector,
}

/// A port: one of the three.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AdminPort {
    /// By number.
    pub port_number: Option<AdminPortNumber>,
    /// A range.
    pub port_range: Option<AdminPortRange>,
    /// By the name that a pod gives it.
    pub named_port: Option<Box<str>>,
}

/// A port by number.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AdminPortNumber {
    /// TCP where unset.
    pub protocol: Option<Box<str>>,
    /// The number.
    pub port: u16,
}

/// A range of ports, with both ends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AdminPortRange {
    /// TCP where unset.
    pub protocol: Option<Box<str>>,
    /// The first.
    pub start: u16,
    /// The last.
    pub end: u16,
}

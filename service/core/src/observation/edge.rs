//! How two assets are connected: what runs what, who it runs as, and how the outside gets in.

use super::{Author, Capability, Protocol};
use crate::asset::AssetKey;
use crate::ids::{Digest, Time};
use crate::named;
use crate::text::Opaque;

/// Two assets are connected.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// From here.
    pub from: AssetKey,
    /// To there.
    pub to: AssetKey,
    /// How.
    pub link: Link,
    /// Who could have written it.
    pub author: Author,
    /// Since when it is known.
    pub since: Time,
}

impl Edge {
    /// Where it belongs: an entry to what it enters, every other one to where it starts. A newer word about that place
    /// takes it back.
    pub fn home(&self) -> &AssetKey {
        if matches!(self.link, Link::Enters { .. }) { &self.to } else { &self.from }
    }
}

/// How two assets are connected.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// A workload's container runs an image.
    Runs {
        /// The container.
        container: Opaque,
        /// The tag it asks for.
        tag: Option<Opaque>,
        /// The digest it runs, where known.
        digest: Option<Digest>,
    },
    /// A workload runs as an identity.
    RunsAs {
        /// Whether its token is mounted.
        token_mounted: bool,
    },
    /// A workload is handed a secret: as files, or in its environment.
    IsHanded,
    /// The Internet reaches an entry.
    Enters {
        /// How sure that is.
        reach: Reach,
        /// Through what.
        entry: Entry,
        /// The host name asked for, where one is.
        host: Option<Opaque>,
        /// The port that is open to the outside.
        port: u16,
    },
    /// A Service, Ingress or route hands on to a Service or workload.
    Routes {
        /// The host name that this route is for; none for every host.
        host: Option<Opaque>,
        /// The port it listens on.
        port: u16,
        /// The port it hands on to: of a pod, when the target is a workload.
        target_port: u16,
        /// TCP or UDP.
        protocol: Protocol,
        /// What network policies let through to the target.
        admits: Admits,
    },
    /// An identity holds a dangerous right.
    Holds {
        /// Which.
        capability: Capability,
        /// In one namespace or everywhere.
        cluster_wide: bool,
        /// The only objects that it is for, by name, in order; all of them where empty.
        names: Vec<Opaque>,
        /// The binding that gives it, as `Kind/name`.
        binding: Opaque,
        /// The role that says so, as `Kind/name`.
        role: Opaque,
    },
    /// An identity is bound to a role, and not all of what that gives is known.
    MayHold {
        /// The binding, as `Kind/name`.
        binding: Opaque,
        /// The role, as `Kind/name`.
        role: Opaque,
        /// Why it is not known.
        because: RightsUnknown,
    },
}

impl Link {
    /// The name that is stored and shown.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Runs { .. } => "runs",
            Self::RunsAs { .. } => "runs_as",
            Self::IsHanded => "is_handed",
            Self::Enters { .. } => "enters",
            Self::Routes { .. } => "routes",
            Self::Holds { .. } => "holds",
            Self::MayHold { .. } => "may_hold",
        }
    }
}

named! {
    /// Why nobody can say all that a binding gives.
    pub enum RightsUnknown {
        /// Its role is not in view.
        RoleNotInView = "role_not_in_view",
        /// Its role adds up others by their labels, and not all roles are in view.
        RolesNotAllInView = "roles_not_all_in_view",
        /// Adding up its role takes more steps than are taken.
        TooManyRoles = "too_many_roles",
        /// A right of it is limited to more names than are kept.
        TooManyNames = "too_many_names",
    }
}

impl RightsUnknown {
    /// The same in words that follow a colon.
    pub const fn words(self) -> &'static str {
        match self {
            Self::RoleNotInView => "its role is not in view",
            Self::RolesNotAllInView => "its role adds up other roles by their labels, and not all roles are in view",
            Self::TooManyRoles => "its role adds up more roles than are followed",
            Self::TooManyNames => "a right of it is limited to more names than are kept",
        }
    }
}

/// Whether the Internet gets to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// It cannot: the entry is internal.
    Internal,
    /// Not to be told from what is in view.
    Unknown(SettledBy),
    /// It can.
    Public,
}

/// How far network policies let callers from outside through to a port of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Admits {
    /// Those who come through a load balancer, a node's port or an external address.
    pub direct: Reach,
    /// Those who come through the pods that serve an Ingress or a Gateway.
    pub routed: Reach,
}

impl Admits {
    /// No policy stands in the way.
    pub const ALL: Self = Self { direct: Reach::Public, routed: Reach::Public };

    /// What is left of two that stand one behind the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { direct: self.direct.min(other.direct), routed: self.routed.min(other.routed) }
    }

    /// How far callers come who enter through this.
    pub const fn through(self, entry: Entry) -> Reach {
        match entry {
            Entry::Ingress | Entry::Gateway => self.routed,
            _ => self.direct,
        }
    }
}

named! {
    /// What one would have to look at to settle an unknown.
    pub enum SettledBy {
        /// The Services and routes of its namespace.
        ServicesAndRoutes = "services_and_routes",
        /// The addresses of the nodes.
        Nodes = "nodes",
        /// Which nodes a report is about.
        NodeNames = "node_names",
        /// The address that the load balancer got.
        LoadBalancerStatus = "load_balancer_status",
        /// The controller that serves this class of Ingress or Gateway.
        RouteController = "route_controller",
        /// All network policies of its namespace.
        NetworkPolicies = "network_policies",
        /// What the network plug-in does with callers whose address the node rewrites: Kubernetes leaves it open.
        NetworkPlugin = "network_plugin",
        /// A sensor on its node.
        Sensor = "sensor",
        /// More time watched by the sensor.
        MoreWatching = "more_watching",
        /// A person, or a statement of its vendor: no sensor of ours sees it.
        Person = "person",
        /// A scan of the cluster that shows which workloads run it.
        ClusterScan = "cluster_scan",
        /// The operator's environment rules.
        EnvironmentRules = "environment_rules",
        /// A fresh copy of the feed.
        FreshFeed = "fresh_feed",
        /// A scanner that knows this distribution.
        OtherScanner = "other_scanner",
    }
}

named! {
    /// Ways in from outside.
    pub enum Entry {
        /// A Service of type LoadBalancer.
        LoadBalancer = "load_balancer",
        /// A Service of type NodePort.
        NodePort = "node_port",
        /// An external address of a Service.
        ExternalIp = "external_ip",
        /// An Ingress.
        Ingress = "ingress",
        /// A Gateway and its routes.
        Gateway = "gateway",
        /// A port of the host that a container takes.
        HostPort = "host_port",
        /// The network of the host.
        HostNetwork = "host_network",
        /// An address of a node itself.
        NodeAddress = "node_address",
    }
}

//! Who calls, and from where: parts of Kubernetes and of the cloud that runs it are told from strangers by their names, and
//! the outside by addresses. All of it is what the server itself knows of its caller, but for the caller's program.

use super::call::Call;

/// Paths that every cluster answers without a name, for load balancers and probes.
const PUBLIC_PATHS: &[&str] = &["/healthz", "/livez", "/readyz", "/version", "/.well-known/", "/openid/"];

/// Programs of load balancers and nodes that ask for health. It is the caller's own word: it only makes a question quieter
/// that every cluster answers.
const CHECKERS: &[&str] = &["GoogleHC/", "GoogleKubernetesEngineFrontend", "kube-probe/"];

/// Identities of agents that run on the network of their nodes, and call a public endpoint from a node's own address. Source:
/// manifests of these add-ons, `hostNetwork: true`.
const ON_THE_NODES_NETWORK: &[&str] = &[
    "kube-proxy",
    "aws-node",
    "ebs-csi-node-sa",
    "efs-csi-node-sa",
    "csi-azuredisk-node-sa",
    "csi-azurefile-node-sa",
    "cloud-node-manager",
    "calico-node",
    "cilium",
    "kube-flannel",
    "konnectivity-agent",
    "ip-masq-agent",
];

impl Call {
    /// Parts of Kubernetes by their own names; pods' identities and nobody are none.
    pub(super) fn is_control_plane(&self) -> bool {
        self.user.starts_with("system:") && !self.user.starts_with("system:serviceaccount:") && !self.is_anonymous()
    }

    pub(super) fn is_anonymous(&self) -> bool {
        let nobody = ["system:anonymous", "system:unauthenticated"];
        nobody.contains(&self.user.as_str()) || self.groups.iter().any(|g| g == "system:unauthenticated")
    }

    /// Neither a part of Kubernetes nor of the cloud that runs it. Whoever can use an identity of kube-system has the
    /// cluster already.
    pub(super) fn is_stranger(&self) -> bool {
        let platform = ["system:serviceaccount:kube-system:", "eks:", "aksService", "acs-"];
        !self.is_control_plane() && !platform.iter().any(|name| self.user.starts_with(name))
    }

    pub(super) fn is_for_another(&self) -> bool {
        let own = format!("system:serviceaccount:{}:{}", self.namespace, self.name);
        let by_part = self.is_control_plane() && !self.is_node() && self.namespace != "kube-system";
        by_part || self.is_stranger() && self.user != own
    }

    pub(super) fn is_public_path(&self) -> bool {
        let path = self.uri.split('?').next().unwrap_or_default();
        // Google Cloud tells some of them as resources.
        let of_resource = format!("/{}", self.resource);
        PUBLIC_PATHS.iter().any(|known| path.starts_with(known) || of_resource == *known)
    }

    /// A pod's identity that calls from outside, where pods do not come from.
    pub(super) fn is_pod_from_outside(&self) -> bool {
        let Some(account) = self.user.strip_prefix("system:serviceaccount:") else { return false };
        let of_system = account.strip_prefix("kube-system:").unwrap_or_default();
        self.is_from_outside() && !ON_THE_NODES_NETWORK.contains(&of_system)
    }

    /// A kubelet, which asks for the pods of its node.
    pub(super) fn is_node(&self) -> bool {
        self.user.starts_with("system:node:")
    }

    /// A probe of a load balancer or a node.
    pub(super) fn is_checker(&self) -> bool {
        self.is_public_path() && CHECKERS.iter().any(|checker| self.agent.starts_with(checker))
    }

    /// Every address of the request a public one: a proxy on the way would have added its own.
    pub(super) fn is_from_outside(&self) -> bool {
        !self.addresses.is_empty() && self.addresses.iter().all(|ip| crate::cluster::is_public(*ip))
    }
}

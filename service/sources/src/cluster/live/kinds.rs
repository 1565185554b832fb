//! The kinds that a live scan lists and a watch follows, and nothing else: by the verbs `list` and `watch`. Secrets are not
//! among them.

/// A kind to list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) group: &'static str,
    /// The plural that paths use.
    pub(super) resource: &'static str,
    pub(super) kind: &'static str,
    /// What it is read for.
    pub(super) feature: &'static str,
}

const WORKLOADS: &str = "workloads, images, Pod Security";
const OWNERS: &str = "which workload answers for a pod";
const EXPOSURE: &str = "exposure";
const POLICIES: &str = "network policies";
const ADMITTING: &str = "what admission refuses and changes";
const RIGHTS: &str = "who may do what";
const IDENTITIES: &str = "identities and their tokens";
const SPACES: &str = "which namespaces are there, and what a report closes";

const fn listed(group: &'static str, resource: &'static str, kind: &'static str, feature: &'static str) -> Listed {
    Listed { group, resource, kind, feature }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const NETWORK: &str = "networking.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const GATEWAY: &str = "gateway.networking.k8s.io";

/// In the order in which they are listed. A group that a server does not have is passed over.
pub(super) const LISTED: &[Listed] = &[
    listed("", "namespaces", "Namespace", SPACES),
    listed("", "nodes", "Node", EXPOSURE),
    listed("", "serviceaccounts", "ServiceAccount", IDENTITIES),
    listed("apps", "deployments", "Deployment", WORKLOADS),
    listed("apps", "statefulsets", "StatefulSet", WORKLOADS),
    listed("apps", "daemonsets", "DaemonSet", WORKLOADS),
    listed("apps", "replicasets", "ReplicaSet", OWNERS),
    listed("", "replicationcontrollers", "ReplicationController", WORKLOADS),
    listed("batch", "cronjobs", "CronJob", WORKLOADS),
    listed("batch", "jobs", "Job", WORKLOADS),
    listed("", "pods", "Pod", WORKLOADS),
    listed("", "services", "Service", EXPOSURE),
    listed("discovery.k8s.io", "endpointslices", "EndpointSlice", EXPOSURE),
    listed(NETWORK, "ingressclasses", "IngressClass", EXPOSURE),
    listed(NETWORK, "ingresses", "Ingress", EXPOSURE),
    listed(GATEWAY, "gatewayclasses", "GatewayClass", EXPOSURE),
    listed(GATEWAY, "gateways", "Gateway", EXPOSURE),
    listed(GATEWAY, "httproutes", "HTTPRoute", EXPOSURE),
    listed(GATEWAY, "grpcroutes", "GRPCRoute", EXPOSURE),
    listed(GATEWAY, "tlsroutes", "TLSRoute", EXPOSURE),
    listed(GATEWAY, "tcproutes", "TCPRoute", EXPOSURE),
    listed(GATEWAY, "udproutes", "UDPRoute", EXPOSURE),
    listed(GATEWAY, "referencegrants", "ReferenceGrant", EXPOSURE),
    listed("route.openshift.io", "routes", "Route", EXPOSURE),
    listed("networking.istio.io", "virtualservices", "VirtualService", EXPOSURE),
    listed("traefik.io", "ingressroutes", "IngressRoute", EXPOSURE),
    listed("traefik.io", "ingressroutetcps", "IngressRouteTCP", EXPOSURE),
    listed("traefik.io", "ingressrouteudps", "IngressRouteUDP", EXPOSURE),
    listed("traefik.containo.us", "ingressroutes", "IngressRoute", EXPOSURE),
    listed("projectcontour.io", "httpproxies", "HTTPProxy", EXPOSURE),
    listed("getambassador.io", "mappings", "Mapping", EXPOSURE),
    listed("getambassador.io", "tcpmappings", "TCPMapping", EXPOSURE),
    listed("k8s.nginx.org", "virtualservers", "VirtualServer", EXPOSURE),
    listed("k8s.nginx.org", "transportservers", "TransportServer", EXPOSURE),
    listed(NETWORK, "networkpolicies", "NetworkPolicy", POLICIES),
    listed("policy.networking.k8s.io", "adminnetworkpolicies", "AdminNetworkPolicy", POLICIES),
    listed("policy.networking.k8s.io", "baselineadminnetworkpolicies", "BaselineAdminNetworkPolicy", POLICIES),
    listed("cilium.io", "ciliumnetworkpolicies", "CiliumNetworkPolicy", POLICIES),
    listed("cilium.io", "ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy", POLICIES),
    listed("crd.projectcalico.org", "networkpolicies", "NetworkPolicy", POLICIES),
    listed("crd.projectcalico.org", "globalnetworkpolicies", "GlobalNetworkPolicy", POLICIES),
    listed(ADMISSION, "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", ADMITTING),
    listed(ADMISSION, "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", ADMITTING),
    listed(ADMISSION, "validatingadmissionpolicies", "ValidatingAdmissionPolicy", ADMITTING),
    listed(RBAC, "roles", "Role", RIGHTS),
    listed(RBAC, "clusterroles", "ClusterRole", RIGHTS),
    listed(RBAC, "rolebindings", "RoleBinding", RIGHTS),
    listed(RBAC, "clusterrolebindings", "ClusterRoleBinding", RIGHTS),
];

impl Listed {
    /// `v1`, or `apps/v1`.
    pub(super) fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    /// True for the kind Namespace itself.
    pub(super) fn is_namespace(&self) -> bool {
        self.group.is_empty() && self.resource == "namespaces"
    }

    /// Versions come from a server and become part of a path: only what looks like one is asked for.
    pub(super) fn knows(&self, version: &str) -> bool {
        version.starts_with('v') && version.len() <= 20 && version.bytes().all(|b| b.is_ascii_alphanumeric())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_never_listed_and_no_kind_twice() {
        assert!(LISTED.iter().all(|listed| !listed.resource.contains("secret")));
        let mut all: Vec<_> = LISTED.iter().map(|listed| (listed.group, listed.resource)).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), LISTED.len());
    }
}

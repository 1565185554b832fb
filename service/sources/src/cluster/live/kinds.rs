//! The kinds that a live scan lists, and nothing else: each once, by the verb `list`. Secrets are not among them.

/// A kind to list.
pub(super) struct Listed {
    pub(super) group: &'static str,
    /// The plural that paths use.
    pub(super) resource: &'static str,
    pub(super) kind: &'static str,
}

const fn listed(group: &'static str, resource: &'static str, kind: &'static str) -> Listed {
    Listed { group, resource, kind }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const NETWORK: &str = "networking.k8s.io";
const GATEWAY: &str = "gateway.networking.k8s.io";

/// In the order in which they are listed. A group that a server does not have is passed over.
pub(super) const LISTED: &[Listed] = &[
    listed("", "namespaces", "Namespace"),
    listed("", "nodes", "Node"),
    listed("", "serviceaccounts", "ServiceAccount"),
    listed("apps", "deployments", "Deployment"),
    listed("apps", "statefulsets", "StatefulSet"),
    listed("apps", "daemonsets", "DaemonSet"),
    listed("apps", "replicasets", "ReplicaSet"),
    listed("", "replicationcontrollers", "ReplicationController"),
    listed("batch", "cronjobs", "CronJob"),
    listed("batch", "jobs", "Job"),
    listed("", "pods", "Pod"),
    listed("", "services", "Service"),
    listed("discovery.k8s.io", "endpointslices", "EndpointSlice"),
    listed(NETWORK, "ingressclasses", "IngressClass"),
    listed(NETWORK, "ingresses", "Ingress"),
    listed(GATEWAY, "gatewayclasses", "GatewayClass"),
    listed(GATEWAY, "gateways", "Gateway"),
    listed(GATEWAY, "httproutes", "HTTPRoute"),
    listed(GATEWAY, "grpcroutes", "GRPCRoute"),
    listed(GATEWAY, "tlsroutes", "TLSRoute"),
    listed(GATEWAY, "tcproutes", "TCPRoute"),
    listed(GATEWAY, "udproutes", "UDPRoute"),
    listed(GATEWAY, "referencegrants", "ReferenceGrant"),
    listed("route.openshift.io", "routes", "Route"),
    listed("networking.istio.io", "virtualservices", "VirtualService"),
    listed("traefik.io", "ingressroutes", "IngressRoute"),
    listed("traefik.io", "ingressroutetcps", "IngressRouteTCP"),
    listed("traefik.io", "ingressrouteudps", "IngressRouteUDP"),
    listed("traefik.containo.us", "ingressroutes", "IngressRoute"),
    listed("projectcontour.io", "httpproxies", "HTTPProxy"),
    listed("getambassador.io", "mappings", "Mapping"),
    listed("getambassador.io", "tcpmappings", "TCPMapping"),
    listed("k8s.nginx.org", "virtualservers", "VirtualServer"),
    listed("k8s.nginx.org", "transportservers", "TransportServer"),
    listed(NETWORK, "networkpolicies", "NetworkPolicy"),
    listed("policy.networking.k8s.io", "adminnetworkpolicies", "AdminNetworkPolicy"),
    listed("policy.networking.k8s.io", "baselineadminnetworkpolicies", "BaselineAdminNetworkPolicy"),
    listed("cilium.io", "ciliumnetworkpolicies", "CiliumNetworkPolicy"),
    listed("cilium.io", "ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy"),
    listed("crd.projectcalico.org", "networkpolicies", "NetworkPolicy"),
    listed("crd.projectcalico.org", "globalnetworkpolicies", "GlobalNetworkPolicy"),
    listed(RBAC, "roles", "Role"),
    listed(RBAC, "clusterroles", "ClusterRole"),
    listed(RBAC, "rolebindings", "RoleBinding"),
    listed(RBAC, "clusterrolebindings", "ClusterRoleBinding"),
];

impl Listed {
    /// `v1`, or `apps/v1`.
    pub(super) fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    /// The path of the list over all namespaces.
    pub(super) fn path(&self, api_version: &str) -> String {
        let root = if self.group.is_empty() { "api" } else { "apis" };
        format!("/{root}/{api_version}/{}", self.resource)
    }

    /// Where the list stands, for people.
    pub(super) fn place(&self, api_version: &str) -> String {
        format!("live {api_version} {}", self.resource)
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

//! The rows behind dangerous rights: what each gives, how bad that is, what to do and who says so. A right that leads to
//! a node, to the whole cluster or to credentials by itself gains total control, every other one a part of it.

use crate::observation::{Capability, Severity};

/// One dangerous right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapabilityRow {
    /// The right in words that follow "may".
    pub words: &'static str,
    /// How bad a scan of ours says it is.
    pub severity: Severity,
    /// It leads to node, cluster admin or credentials by itself.
    pub total: bool,
    /// What to do, in words that follow "Do".
    pub remedy: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
}

/// Kubernetes documentation.
const SECRETS: &str = "Kubernetes, RBAC Good Practices: Listing secrets";
const WORKLOADS: &str = "Kubernetes, RBAC Good Practices: Workload creation";
const VOLUMES: &str = "Kubernetes, RBAC Good Practices: Persistent volume creation";
const NODE_PROXY: &str = "Kubernetes, RBAC Good Practices: Access to proxy subresource of Nodes";
const ESCALATION: &str = "Kubernetes, RBAC Good Practices: Escalate verb";
const BINDING: &str = "Kubernetes, RBAC Good Practices: Bind verb";
const GUARDED: &str = "Kubernetes, Using RBAC Authorization: Privilege escalation prevention and bootstrapping";
const IMPERSONATION: &str = "Kubernetes, RBAC Good Practices: Impersonate verb; Authenticating: User impersonation";
const CERTIFICATES: &str = "Kubernetes, RBAC Good Practices: CSRs and certificate issuing";
const TOKENS: &str = "Kubernetes, RBAC Good Practices: Token request";
const WEBHOOKS: &str = "Kubernetes, RBAC Good Practices: Control admission webhooks";
const NAMESPACES: &str = "Kubernetes, RBAC Good Practices: Namespace modification";
const WILDCARDS: &str = "Kubernetes, RBAC Good Practices: Least privilege, wildcards";
const TOKEN_SECRETS: &str = "Kubernetes, Secrets: ServiceAccount token Secrets";
const EVICTION: &str =
    "Kubernetes, API-initiated Eviction; Palo Alto Networks, Kubernetes Privilege Escalation (2022): steal pods";
const EXEC: &str = "Kubernetes, Using RBAC Authorization: Referring to resources; KubeHound POD_EXEC";
const ATTACH: &str = "KubeHound POD_ATTACH, CONTAINER_ATTACH; MITRE ATT&CK T1609";
const PATCH: &str = "KubeHound POD_PATCH; MITRE ATT&CK T1610";
const EXTERNAL: &str = "Kubernetes advisory CVE-2020-8554";
const ENDPOINTS: &str =
    "Kubernetes, Using RBAC Authorization: Write access for EndpointSlices and Endpoints (CVE-2021-25740)";
const INGRESS: &str = "Kubernetes, Ingress; MITRE ATT&CK T1557";
const POLICIES: &str = "Kubernetes, Network Policies; MITRE ATT&CK T1562";
const EVENTS: &str = "Microsoft, Threat matrix for Kubernetes: Delete events; MITRE ATT&CK T1070";
const SYSTEM: &str = "Microsoft, Threat matrix for Kubernetes: CoreDNS poisoning; EKS, aws-auth ConfigMap";
const EXTENSION: &str = "Kubernetes, Custom Resources; Kubernetes API Aggregation Layer";
const PROFILING: &str = "CIS Kubernetes Benchmark 1.2: profiling; kube-apiserver reference: --enable-logs-handler";
const PROXIES: &str = "Kubernetes, Proxies in Kubernetes: apiserver proxy; OWASP Kubernetes K08";
const ACCOUNTS: &str = "Kubernetes, Service Accounts: imagePullSecrets, secrets";

/// Gains total control.
const fn total(words: &'static str, remedy: &'static str, source: &'static str) -> CapabilityRow {
    CapabilityRow { words, severity: Severity::High, total: true, remedy, source }
}

/// Gains a part.
const fn part(words: &'static str, remedy: &'static str, source: &'static str) -> CapabilityRow {
    CapabilityRow { words, severity: Severity::Medium, total: false, remedy, source }
}

impl Capability {
    /// What is known of this right.
    pub const fn row(self) -> CapabilityRow {
        match self {
            Self::ClusterAdmin => CapabilityRow {
                severity: Severity::Critical,
                ..total("do everything", "bind a role that names what the subject does", WILDCARDS)
            },
            Self::NamespaceAdmin => {
                total("do everything that a namespace knows", "bind a role that names what the subject does", WILDCARDS)
            }
            Self::HoldWildcards => part(
                "use kinds that a wildcard covers, those to come too",
                "name groups, resources and verbs in the role instead of a wildcard",
                WILDCARDS,
            ),
            Self::ReadSecrets => {
                total("read secrets", "limit the rule to the secrets that are needed (resourceNames)", SECRETS)
            }
            Self::ListSecrets => total(
                "list all secrets with their contents",
                "take list and watch on secrets away, and give get on those that are needed",
                SECRETS,
            ),
            Self::WriteSecrets => total(
                "create or change secrets",
                "take writing secrets away: a secret of the type for tokens is filled with a token of any account there",
                TOKEN_SECRETS,
            ),
            Self::CreatePods => {
                total("create pods", "take create on pods away, or enforce Pod Security there", WORKLOADS)
            }
            Self::CreateWorkloads => total(
                "create or change workloads",
                "take writing workloads away, or enforce Pod Security there",
                WORKLOADS,
            ),
            Self::ChangePods => total("change pods that run", "take update and patch on pods away", PATCH),
            Self::ExecPods => total("run commands in pods", "take create on pods/exec away", EXEC),
            Self::AttachPods => total("attach to what runs in pods", "take pods/attach away", ATTACH),
            Self::DebugPods => {
                total("put containers into running pods", "take patch on pods/ephemeralcontainers away", PATCH)
            }
            Self::ForwardPorts => {
                part("reach ports of pods through the API server", "take pods/portforward away", PROXIES)
            }
            Self::DeletePods => {
                part("delete or evict pods", "limit the rule to what the subject runs itself", EVICTION)
            }
            Self::ChangeNodes => part("change nodes", "leave labels, taints and status of nodes to kubelets", EVICTION),
            Self::CreateVolumes => total(
                "create persistent volumes, of paths on nodes too",
                "leave persistent volumes to administrators and to what provisions them",
                VOLUMES,
            ),
            Self::ChangeAccounts => part(
                "change service accounts",
                "take update and patch on serviceaccounts away: their pull secrets go into every pod that runs as them",
                ACCOUNTS,
            ),
            Self::Escalate => total("grant rights that it does not have", "take the verb escalate away", ESCALATION),
            Self::Bind => total("bind roles that it does not have", "limit bind to the roles that are needed", BINDING),
            Self::WriteRoles => part(
                "change roles, though the API server lets it grant only rights that it has",
                "take writing roles away, and never add the verb escalate",
                GUARDED,
            ),
            Self::WriteBindings => part(
                "change bindings, though the API server lets it grant only rights that it has",
                "take writing bindings away, and never add the verb bind",
                GUARDED,
            ),
            Self::Impersonate => total("act as another user", "limit impersonate to the names needed", IMPERSONATION),
            Self::ImpersonateGroups => {
                total("act as a member of other groups", "limit impersonate to the groups needed", IMPERSONATION)
            }
            Self::ImpersonateAccounts => {
                total("act as service accounts", "limit impersonate to the accounts needed", IMPERSONATION)
            }
            Self::ImpersonateUids => part(
                "act under other uids or extra fields",
                "take impersonate on uids and userextras away",
                IMPERSONATION,
            ),
            Self::RequestTokens => total(
                "ask for tokens of service accounts",
                "limit serviceaccounts/token to the accounts that are needed",
                TOKENS,
            ),
            Self::ProxyNodes => total("reach kubelets through the API server", "take nodes/proxy away", NODE_PROXY),
            Self::ProxyPods => part(
                "reach pods and services through the API server, past network policies",
                "take pods/proxy and services/proxy away",
                PROXIES,
            ),
            Self::ApproveCertificates => total(
                "approve certificates",
                "leave approval to administrators, and approve on signers limited to the one that is needed",
                CERTIFICATES,
            ),
            Self::UseSigners => {
                total("sign or approve for signers", "limit the rule to the signer that is its own", CERTIFICATES)
            }
            Self::ChangeAdmission => {
                total("change mutating admission webhooks", "leave them to administrators, or limit by name", WEBHOOKS)
            }
            Self::ChangeValidation => total(
                "change validating admission webhooks",
                "leave them to administrators, or limit by name",
                WEBHOOKS,
            ),
            Self::ChangeAdmissionPolicies => {
                total("change admission policies", "leave admission policies to administrators", WEBHOOKS)
            }
            Self::WriteSystemConfig => total(
                "change the configuration of the system's own namespace",
                "limit the rule to the ConfigMaps that are its own (resourceNames), outside kube-system",
                SYSTEM,
            ),
            Self::WriteEndpoints => {
                part("say which addresses stand behind services", "leave endpoints to the controllers", ENDPOINTS)
            }
            Self::ChangeServices => part(
                "change services, with external addresses too",
                "limit the rule by name, or refuse externalIPs by admission",
                EXTERNAL,
            ),
            Self::ChangeRoutes => {
                part("change ingresses and routes", "limit the rule to the routes that are its own", INGRESS)
            }
            Self::ChangeNetworkPolicies => {
                part("change network policies", "leave network policies to who owns the namespace", POLICIES)
            }
            Self::DeleteEvents => {
                part("delete events", "take delete on events away: they are the trace of what was done", EVENTS)
            }
            Self::ChangeDefinitions => {
                part("change definitions of custom resources", "limit the rule to its own definitions", EXTENSION)
            }
            Self::ChangeApiServices => {
                part("put a server of its own behind an API group", "leave apiservices to administrators", EXTENSION)
            }
            Self::LabelNamespaces => part(
                "change the labels that Pod Security goes by",
                "take update and patch on namespaces away",
                NAMESPACES,
            ),
            Self::ReadServerInternals => part(
                "read the API server's debug and log pages",
                "name the paths that are needed, such as /metrics",
                PROFILING,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Each row can be told from every other one, and says where it comes from.
    #[test]
    fn every_right_has_words_a_remedy_and_a_source() {
        let mut words = BTreeSet::new();
        for capability in Capability::ALL {
            let row = capability.row();
            assert!(words.insert(row.words), "{}", row.words);
            for text in [row.words, row.remedy, row.source] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{capability}: {text}");
            }
            assert!(row.severity >= Severity::Medium, "{capability}");
            assert_eq!(row.total, row.severity >= Severity::High, "{capability}: severity and gain say the same");
        }
        assert!(words.len() >= 20);
    }
}

//! Dangerous rights, by name. What each gives and what to do about it is in [`crate::capability`]; which rules of a role
//! give it is for the reader of roles to know.

use crate::named;

named! {
    /// Dangerous rights. Source: Kubernetes documentation, "Role Based Access Control Good Practices", and the works that
    /// [`crate::capability`] names with each.
    pub enum Capability {
        /// Everything, everywhere.
        ClusterAdmin = "cluster-admin",
        /// Everything in one namespace.
        NamespaceAdmin = "namespace-admin",
        /// What a wildcard gives: also kinds and groups that do not exist yet.
        HoldWildcards = "hold-wildcards",
        /// Read secrets by their names.
        ReadSecrets = "read-secrets",
        /// Read all secrets at once, without knowing a name.
        ListSecrets = "list-secrets",
        /// Create or change secrets: one of the type for tokens is filled with a token of any account.
        WriteSecrets = "write-secrets",
        /// Create pods.
        CreatePods = "create-pods",
        /// Create or change what makes pods.
        CreateWorkloads = "create-workloads",
        /// Change pods that run: their images.
        ChangePods = "change-pods",
        /// Run commands in pods.
        ExecPods = "exec-pods",
        /// Attach to what runs in pods.
        AttachPods = "attach-pods",
        /// Put a container of one's own into a running pod.
        DebugPods = "debug-pods",
        /// Reach ports of pods through the API server.
        ForwardPorts = "forward-ports",
        /// Delete or evict pods.
        DeletePods = "delete-pods",
        /// Change nodes: labels, taints, capacity, status.
        ChangeNodes = "change-nodes",
        /// Create persistent volumes, of a path on the node too.
        CreateVolumes = "create-volumes",
        /// Change service accounts.
        ChangeAccounts = "change-accounts",
        /// Grant rights that one does not have.
        Escalate = "escalate",
        /// Bind roles that one does not have.
        Bind = "bind",
        /// Create or change roles, as far as the server's guard lets.
        WriteRoles = "write-roles",
        /// Create or change bindings, as far as the server's guard lets.
        WriteBindings = "write-bindings",
        /// Act as another user.
        Impersonate = "impersonate",
        /// Act as a member of any group.
        ImpersonateGroups = "impersonate-groups",
        /// Act as a service account.
        ImpersonateAccounts = "impersonate-accounts",
        /// Act under another uid, or with other extra fields.
        ImpersonateUids = "impersonate-uids",
        /// Ask for tokens of service accounts.
        RequestTokens = "request-tokens",
        /// Reach kubelets through the API server.
        ProxyNodes = "proxy-nodes",
        /// Reach pods and services through the API server.
        ProxyPods = "proxy-pods",
        /// Approve certificates.
        ApproveCertificates = "approve-certificates",
        /// Sign certificates, or approve in the name of a signer.
        UseSigners = "use-signers",
        /// Change mutating admission webhooks.
        ChangeAdmission = "change-admission",
        /// Change validating admission webhooks.
        ChangeValidation = "change-validation",
        /// Change admission policies and what binds them.
        ChangeAdmissionPolicies = "change-admission-policies",
        /// Write configuration of the system's own namespace.
        WriteSystemConfig = "write-system-config",
        /// Say which addresses stand behind a service.
        WriteEndpoints = "write-endpoints",
        /// Create or change services, with external addresses too.
        ChangeServices = "change-services",
        /// Create or change ingresses and routes.
        ChangeRoutes = "change-routes",
        /// Create, change or delete network policies.
        ChangeNetworkPolicies = "change-network-policies",
        /// Delete events.
        DeleteEvents = "delete-events",
        /// Change or delete definitions of custom resources.
        ChangeDefinitions = "change-definitions",
        /// Register an API server of one's own for an API group.
        ChangeApiServices = "change-api-services",
        /// Change namespaces: the labels that Pod Security and policies go by.
        LabelNamespaces = "label-namespaces",
        /// Read the API server's debug and log pages.
        ReadServerInternals = "read-server-internals",
    }
}

impl Capability {
    /// The general right that this one is a sort of: who asks for that wants this one too.
    pub const fn sort_of(self) -> Option<Self> {
        match self {
            Self::ListSecrets => Some(Self::ReadSecrets),
            Self::CreateWorkloads => Some(Self::CreatePods),
            Self::ImpersonateGroups | Self::ImpersonateAccounts | Self::ImpersonateUids => Some(Self::Impersonate),
            Self::ChangeValidation | Self::ChangeAdmissionPolicies => Some(Self::ChangeAdmission),
            _ => None,
        }
    }

    /// True for rights over objects of the whole cluster: a binding in one namespace gives nothing on them. Source:
    /// Kubernetes documentation, "Using RBAC Authorization", RoleBinding and ClusterRoleBinding.
    pub const fn is_of_cluster(self) -> bool {
        matches!(
            self,
            Self::ClusterAdmin
                | Self::ChangeNodes
                | Self::CreateVolumes
                | Self::Impersonate
                | Self::ImpersonateGroups
                | Self::ImpersonateUids
                | Self::ProxyNodes
                | Self::ApproveCertificates
                | Self::UseSigners
                | Self::ChangeAdmission
                | Self::ChangeValidation
                | Self::ChangeAdmissionPolicies
                | Self::ChangeDefinitions
                | Self::ChangeApiServices
                | Self::ReadServerInternals
        )
    }

    /// True when who has this can do that: everything holds each, everything in a namespace what a namespace can hold.
    pub fn gives(self, asked: Self) -> bool {
        match self {
            Self::ClusterAdmin => true,
            Self::NamespaceAdmin => !asked.is_of_cluster(),
            _ => self == asked || self.sort_of() == Some(asked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sort_is_never_the_general_of_another() {
        for capability in Capability::ALL {
            assert!(capability.gives(*capability));
            let general = capability.sort_of();
            assert!(general.is_none_or(|g| g.sort_of().is_none() && capability.gives(g) && !g.gives(*capability)));
        }
    }

    #[test]
    fn what_gives_everything_here_gives_nothing_of_the_cluster() {
        use Capability as C;
        assert!(C::ClusterAdmin.gives(C::ProxyNodes) && C::NamespaceAdmin.gives(C::ListSecrets));
        assert!(!C::NamespaceAdmin.gives(C::ProxyNodes) && !C::NamespaceAdmin.gives(C::ClusterAdmin));
        assert!(C::ListSecrets.gives(C::ReadSecrets) && !C::ReadSecrets.gives(C::ListSecrets));
    }
}

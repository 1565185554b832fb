//! The kinds of steps, one row each: from what to what, what must be so, and what to change. Names are KubeHound's where
//! it has one for the same step.

use crate::named;

named! {
    /// A way in which an attacker comes from one thing to the next.
    pub enum StepKind {
        /// From a whole to its parts: never shown by itself.
        Within = "WITHIN",
        /// An account is in a group.
        GroupMember = "GROUP_MEMBER",
        /// The Internet reaches a port of a workload.
        EndpointExploit = "ENDPOINT_EXPLOIT",
        /// Nobody needs a name to ask the API server.
        ApiAnonymous = "API_ANONYMOUS",
        /// A workload holds the token of its identity.
        IdentityAssume = "IDENTITY_ASSUME",
        /// A binding gives rights to an identity.
        PermissionDiscover = "PERMISSION_DISCOVER",
        /// A binding gives everything.
        ClusterAdmin = "CLUSTER_ADMIN",
        /// A binding gives everything in a namespace.
        NamespaceAdmin = "NAMESPACE_ADMIN",
        /// Commands are run in pods.
        PodExec = "POD_EXEC",
        /// Pods that run are given another image.
        PodPatch = "POD_PATCH",
        /// Containers are put into pods that run.
        PodDebug = "POD_DEBUG",
        /// What makes pods is made or changed.
        WorkloadCreate = "WORKLOAD_CREATE",
        /// Pods are made, and with them whatever a pod may be.
        PodCreate = "POD_CREATE",
        /// Whoever holds a node holds its pods.
        PodAttach = "POD_ATTACH",
        /// Admission is changed, and with it every new pod.
        AdmissionChange = "ADMISSION_CHANGE",
        /// Roles are given rights that their writer does not have.
        RoleEscalate = "ROLE_ESCALATE",
        /// Roles are bound that the binder does not have.
        RoleBind = "ROLE_BIND",
        /// Somebody acts as somebody else.
        IdentityImpersonate = "IDENTITY_IMPERSONATE",
        /// Secrets are read that hold tokens of accounts.
        TokenBruteforce = "TOKEN_BRUTEFORCE",
        /// Secrets are listed that hold tokens of accounts.
        TokenList = "TOKEN_LIST",
        /// A secret is made that the server fills with a token.
        TokenSecret = "TOKEN_SECRET",
        /// Tokens of accounts are asked for.
        TokenRequest = "TOKEN_REQUEST",
        /// Secrets are read.
        SecretRead = "SECRET_READ",
        /// A workload is handed a secret.
        SecretMount = "SECRET_MOUNT",
        /// Kubelets are reached through the API server.
        NodeProxy = "NODE_PROXY",
        /// A volume is made of a path of the node.
        VolumeCreate = "VOLUME_CREATE",
        /// Configuration that rights are read from is written.
        SystemConfig = "SYSTEM_CONFIG",
        /// Certificates are approved for any name.
        CsrApprove = "CSR_APPROVE",
        /// The cloud's metadata service is called from a pod.
        MetadataCall = "METADATA_CALL",
        /// The cloud's metadata service is called from a node.
        NodeMetadata = "NODE_METADATA",
        /// A privileged container mounts the node's disk.
        CePrivMount = "CE_PRIV_MOUNT",
        /// A privileged container enters the node's first process.
        CeNsenter = "CE_NSENTER",
        /// A module is loaded into the node's kernel.
        CeModuleLoad = "CE_MODULE_LOAD",
        /// A process of the node is traced and changed.
        CeSysPtrace = "CE_SYS_PTRACE",
        /// The node's file systems are mounted by `SYS_ADMIN`.
        CeSysAdmin = "CE_SYS_ADMIN",
        /// A program is set as the kernel's handler of crashes.
        CeUmhCorePattern = "CE_UMH_CORE_PATTERN",
        /// A link in the log folder makes the kubelet read any file.
        CeVarLogSymlink = "CE_VAR_LOG_SYMLINK",
        /// The node's traffic is taken over.
        CeNetMitm = "CE_NET_MITM",
        /// Files of the node are opened by handle.
        CeDacReadSearch = "CE_DAC_READ_SEARCH",
        /// The machine's memory is written.
        CeSysRawio = "CE_SYS_RAWIO",
        /// Programs in the kernel read and change other processes.
        CeBpf = "CE_BPF",
        /// A file that the node trusts is written.
        ExploitHostWrite = "EXPLOIT_HOST_WRITE",
        /// Credentials of the node are read.
        ExploitHostRead = "EXPLOIT_HOST_READ",
        /// Tokens of other pods are read from the node's disk.
        ExploitHostTraverse = "EXPLOIT_HOST_TRAVERSE",
        /// The container runtime starts what it is told.
        ExploitContainerdSock = "EXPLOIT_CONTAINERD_SOCK",
    }
}

named! {
    /// What could still stop a step, and is not in view.
    pub enum Doubt {
        /// Whether the Internet gets there at all.
        Reach = "whether the Internet reaches it is not certain",
        /// A rule of admission other than a namespace's level.
        Admission = "admission may refuse such pods",
        /// It runs as another user than root.
        AnotherUser = "it does not run as root",
        /// Its users are not those of the node.
        OwnUsers = "it has a user namespace of its own",
        /// AppArmor, SELinux or seccomp.
        Profile = "a profile of the kernel may forbid it",
        /// Nobody says on which node it runs.
        Placement = "it may run on another node",
        /// Accounts have tokens in secrets only where somebody made them.
        StoredTokens = "accounts may have no tokens in secrets",
        /// What the kubelet shows of its logs.
        KubeletLogs = "it needs the right to read logs through the kubelet",
        /// It is limited to objects of some names, which are not all in view.
        OnlyNamed = "it is only for objects of some names",
        /// What runs in the pod.
        Console = "what runs there may take no input",
        /// Another right that it needs.
        AlsoRead = "it also takes reading the secret",
        /// Another right that it needs.
        AlsoPod = "it also takes a pod that mounts the volume",
        /// Another right that it needs.
        AlsoUser = "it also takes acting as some user",
        /// Whether some user is an admin.
        AdminUser = "it takes a user who is an admin",
        /// Whether rights are read from there.
        Provider = "rights are read from there only on some providers",
        /// Which names a signer accepts.
        Signer = "the signer may refuse the name",
        /// Whether the traffic that passes holds credentials.
        Traffic = "the traffic may hold no credentials",
        /// Whether the machine has an identity in its cloud.
        CloudIdentity = "the node may have no identity in its cloud",
        /// Whether the API server is reached.
        Endpoint = "the API server may not be reached from the Internet",
    }
}

/// What stands behind a kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// The kind.
    pub kind: StepKind,
    /// Whether the name is KubeHound's.
    pub kubehound: bool,
    /// What the attacker holds before.
    pub from: &'static str,
    /// What the attacker holds after.
    pub to: &'static str,
    /// What must be so.
    pub needs: &'static str,
    /// Where the rule is from.
    pub source: &'static str,
}

const fn row(
    kind: StepKind,
    kubehound: bool,
    [from, to]: [&'static str; 2],
    needs: &'static str,
    source: &'static str,
) -> StepRow {
    StepRow { kind, kubehound, from, to, needs, source }
}

const RBAC: &str = "Kubernetes documentation, Role Based Access Control Good Practices";
const PSS: &str = "Kubernetes documentation, Pod Security Standards";
const CAPS: &str = "capabilities(7)";
const ATTACKS: &str = "KubeHound, attack reference";
const ESCAPE: [&str; 2] = ["workload", "node"];

/// The rows, in the order of the kinds.
const ROWS: &[StepRow] = &[
    row(StepKind::Within, false, ["whole", "part"], "it is part of it", "none: a part of the whole"),
    row(
        StepKind::GroupMember,
        false,
        ["identity", "identity"],
        "the account is in a group of accounts",
        "Kubernetes documentation, Using RBAC Authorization",
    ),
    row(
        StepKind::EndpointExploit,
        true,
        ["internet", "workload"],
        "a way in from the Internet leads to a port of the workload; the flaw itself is a finding of its own",
        ATTACKS,
    ),
    row(
        StepKind::ApiAnonymous,
        false,
        ["internet", "identity"],
        "a binding gives rights to system:unauthenticated or system:anonymous",
        RBAC,
    ),
    row(
        StepKind::IdentityAssume,
        true,
        ["workload", "identity"],
        "the workload runs as the identity and a token is mounted",
        ATTACKS,
    ),
    row(StepKind::PermissionDiscover, true, ["identity", "binding"], "the binding names the identity", ATTACKS),
    row(
        StepKind::ClusterAdmin,
        false,
        ["binding", "cluster admin"],
        "its role allows every verb on everything, in the whole cluster",
        RBAC,
    ),
    row(
        StepKind::NamespaceAdmin,
        false,
        ["binding", "everything in a namespace"],
        "its role allows every verb on everything, in one namespace",
        RBAC,
    ),
    row(StepKind::PodExec, true, ["binding", "workload"], "its role allows exec or attach on pods", ATTACKS),
    row(StepKind::PodPatch, true, ["binding", "workload"], "its role allows changing pods", ATTACKS),
    row(StepKind::PodDebug, false, ["binding", "workload"], "its role allows ephemeral containers", RBAC),
    row(
        StepKind::WorkloadCreate,
        false,
        ["binding", "new pods"],
        "its role allows writing Deployments, Jobs or others that make pods",
        RBAC,
    ),
    row(
        StepKind::PodCreate,
        true,
        ["binding", "node or identity"],
        "its role allows making pods: as any account of the namespace, and as privileged as admission lets through",
        ATTACKS,
    ),
    row(StepKind::PodAttach, true, ["node", "workload"], "the workload has a pod on the node", ATTACKS),
    row(
        StepKind::AdmissionChange,
        false,
        ["binding", "workload or secret"],
        "its role allows writing admission webhooks or policies",
        RBAC,
    ),
    row(
        StepKind::RoleEscalate,
        false,
        ["binding", "every right of its scope"],
        "its role allows the verb escalate on roles",
        RBAC,
    ),
    row(
        StepKind::RoleBind,
        true,
        ["binding", "every right of its scope"],
        "its role allows the verb bind on roles",
        ATTACKS,
    ),
    row(StepKind::IdentityImpersonate, true, ["binding", "identity"], "its role allows the verb impersonate", ATTACKS),
    row(
        StepKind::TokenBruteforce,
        true,
        ["binding", "identity"],
        "its role allows reading secrets, and the account has a token in one",
        ATTACKS,
    ),
    row(
        StepKind::TokenList,
        true,
        ["binding", "identity"],
        "its role allows listing secrets, and the account has a token in one",
        ATTACKS,
    ),
    row(
        StepKind::TokenSecret,
        false,
        ["binding", "identity"],
        "its role allows creating secrets, which the server fills with tokens",
        "Kubernetes documentation, Managing Service Accounts",
    ),
    row(StepKind::TokenRequest, false, ["binding", "identity"], "its role allows creating serviceaccounts/token", RBAC),
    row(StepKind::SecretRead, false, ["binding", "secret"], "its role allows reading secrets", RBAC),
    row(
        StepKind::SecretMount,
        false,
        ["workload", "secret"],
        "the workload mounts the secret or has it in its environment",
        "Kubernetes documentation, Secrets",
    ),
    row(StepKind::NodeProxy, false, ["binding", "workload"], "its role allows nodes/proxy", RBAC),
    row(
        StepKind::VolumeCreate,
        false,
        ["binding", "node"],
        "its role allows creating persistent volumes, of paths of nodes too",
        RBAC,
    ),
    row(
        StepKind::SystemConfig,
        false,
        ["binding", "cluster admin"],
        "its role allows writing ConfigMaps of kube-system",
        "Microsoft, Threat Matrix for Kubernetes",
    ),
    row(
        StepKind::CsrApprove,
        false,
        ["binding", "cluster admin"],
        "its role allows approving certificate signing requests",
        RBAC,
    ),
    row(
        StepKind::MetadataCall,
        false,
        ["workload", "cloud identity"],
        "a sensor saw the workload call the metadata service",
        "MITRE ATT&CK T1552.005",
    ),
    row(
        StepKind::NodeMetadata,
        false,
        ["node", "cloud identity"],
        "a sensor saw the metadata service answer in this cluster",
        "MITRE ATT&CK T1552.005",
    ),
    row(StepKind::CePrivMount, true, ESCAPE, "a container is privileged", ATTACKS),
    row(StepKind::CeNsenter, true, ESCAPE, "a container is privileged and sees the node's processes", ATTACKS),
    row(StepKind::CeModuleLoad, true, ESCAPE, "a container has SYS_MODULE", ATTACKS),
    row(StepKind::CeSysPtrace, true, ESCAPE, "a container has SYS_PTRACE and sees the node's processes", ATTACKS),
    row(StepKind::CeSysAdmin, false, ESCAPE, "a container has SYS_ADMIN", CAPS),
    row(StepKind::CeUmhCorePattern, true, ESCAPE, "a container can write the node's /proc/sys/kernel", ATTACKS),
    row(StepKind::CeVarLogSymlink, true, ESCAPE, "a container can write the node's /var/log", ATTACKS),
    row(StepKind::CeNetMitm, true, ESCAPE, "a container has the node's network and NET_RAW or NET_ADMIN", ATTACKS),
    row(StepKind::CeDacReadSearch, false, ESCAPE, "a container has DAC_READ_SEARCH", CAPS),
    row(StepKind::CeSysRawio, false, ESCAPE, "a container has SYS_RAWIO", CAPS),
    row(StepKind::CeBpf, false, ESCAPE, "a container has BPF", CAPS),
    row(
        StepKind::ExploitHostWrite,
        true,
        ESCAPE,
        "a container can write a folder of the node that its programs trust",
        ATTACKS,
    ),
    row(StepKind::ExploitHostRead, true, ESCAPE, "a container can read a folder with credentials of the node", ATTACKS),
    row(
        StepKind::ExploitHostTraverse,
        true,
        ESCAPE,
        "a container can read the volumes of the node's other pods",
        ATTACKS,
    ),
    row(StepKind::ExploitContainerdSock, true, ESCAPE, "a container can speak to the container runtime", PSS),
];

impl StepKind {
    /// What stands behind it.
    pub fn row(self) -> &'static StepRow {
        &ROWS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_row() {
        assert_eq!(ROWS.len(), StepKind::ALL.len());
        for (kind, row) in StepKind::ALL.iter().zip(ROWS) {
            assert_eq!(row.kind, *kind);
            assert_eq!(kind.row(), row);
            assert!(!row.needs.is_empty() && !row.source.is_empty(), "{kind}");
        }
        assert!(ROWS.len() > 30, "beside the one that is never shown");
    }
}

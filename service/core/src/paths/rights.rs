//! From rights to what they let one take. Comes in: what a binding gives, where it counts, and the names that it is limited
//! to. Goes out: steps. Rights over networks, and those that only take guards away, lead to nothing by themselves.
//! Source: Kubernetes documentation, "Role Based Access Control Good Practices", privilege escalation risks.

use super::graph::{AttackGraph, Ground, ScopeIdx, Spot};
use super::kinds::{Doubt, StepKind};
use crate::asset::{AssetKey, Kind};
use crate::observation::Capability;
use crate::text::Opaque;
use crate::world::World;

/// Where a right counts, and for which objects.
#[derive(Clone, Copy)]
pub(super) struct Where<'n> {
    /// The namespace, or the cluster.
    pub(super) scope: ScopeIdx,
    /// The cluster.
    pub(super) cluster: ScopeIdx,
    /// The names of the objects; all where empty.
    pub(super) names: &'n [Opaque],
}

/// Adds what one capability of a binding lets one take.
pub(super) fn add(
    graph: &mut AttackGraph,
    world: &World,
    binding: Spot,
    capability: Capability,
    at: Where<'_>,
    ground: &Ground,
) {
    for (to, kind, doubt) in leads_to(capability, at) {
        let limited = match to {
            Spot::Secrets(_) => named(graph, world, at, "Secret", Spot::Secret),
            Spot::Identities(_) => named(graph, world, at, "ServiceAccount", Spot::Identity),
            _ => Vec::new(),
        };
        if limited.is_empty() {
            // Which objects have these names is not in view.
            let doubt = doubt.or((!at.names.is_empty()).then_some(Doubt::OnlyNamed));
            graph.step(binding, to, kind, ground.clone().doubt(doubt));
        }
        for one in limited {
            graph.step(binding, one, kind, ground.clone().doubt(doubt));
        }
    }
}

/// The objects that a right is limited to, where all of them are in view.
fn named(
    graph: &AttackGraph,
    world: &World,
    at: Where<'_>,
    kind: &'static str,
    spot: impl Fn(crate::world::AssetIdx) -> Spot,
) -> Vec<Spot> {
    let scope = &graph.scopes[at.scope.0 as usize];
    let Some(namespace) = &scope.namespace else { return Vec::new() };
    let find = |name: &Opaque| {
        world.find(&AssetKey::object(&scope.cluster, Kind::of(kind), namespace.clone(), name.clone())).map(&spot)
    };
    at.names.iter().map(find).collect::<Option<_>>().unwrap_or_default()
}

fn leads_to(capability: Capability, at: Where<'_>) -> Vec<(Spot, StepKind, Option<Doubt>)> {
    use Capability as C;
    use StepKind as K;
    let (pods, identities, secrets) = (Spot::Pods(at.scope), Spot::Identities(at.scope), Spot::Secrets(at.scope));
    let (new, admin, node) = (Spot::NewPods(at.scope), Spot::ClusterAdmin(at.cluster), Spot::Node(at.cluster));
    let everything = |kind| match at.scope == at.cluster {
        true => vec![(admin, kind, None)],
        false => [pods, identities, secrets, new].map(|to| (to, kind, None)).to_vec(),
    };
    match capability {
        C::ClusterAdmin => vec![(admin, K::ClusterAdmin, None)],
        C::NamespaceAdmin => everything(K::NamespaceAdmin),
        C::Escalate => everything(K::RoleEscalate),
        C::Bind => everything(K::RoleBind),
        C::ReadSecrets => {
            vec![(secrets, K::SecretRead, None), (identities, K::TokenBruteforce, Some(Doubt::StoredTokens))]
        }
        C::ListSecrets => vec![(secrets, K::SecretRead, None), (identities, K::TokenList, Some(Doubt::StoredTokens))],
        C::WriteSecrets => vec![(identities, K::TokenSecret, Some(Doubt::AlsoRead))],
        C::CreatePods => vec![(new, K::Within, None)],
        C::CreateWorkloads => vec![(new, K::WorkloadCreate, None)],
        C::ChangePods => vec![(pods, K::PodPatch, None)],
        C::ExecPods => vec![(pods, K::PodExec, None)],
        C::AttachPods => vec![(pods, K::PodExec, Some(Doubt::Console))],
        C::DebugPods => vec![(pods, K::PodDebug, None)],
        C::CreateVolumes => vec![(node, K::VolumeCreate, Some(Doubt::AlsoPod))],
        C::Impersonate => vec![(admin, K::IdentityImpersonate, Some(Doubt::AdminUser))],
        C::ImpersonateGroups => vec![(admin, K::IdentityImpersonate, Some(Doubt::AlsoUser))],
        C::ImpersonateAccounts => vec![(identities, K::IdentityImpersonate, None)],
        C::RequestTokens => vec![(identities, K::TokenRequest, None)],
        C::ProxyNodes => vec![(Spot::Pods(at.cluster), K::NodeProxy, None)],
        C::ApproveCertificates | C::UseSigners => vec![(admin, K::CsrApprove, Some(Doubt::Signer))],
        C::ChangeAdmission => vec![
            (Spot::NewPods(at.cluster), K::AdmissionChange, None),
            (Spot::Secrets(at.cluster), K::AdmissionChange, None),
        ],
        C::WriteSystemConfig => vec![(admin, K::SystemConfig, Some(Doubt::Provider))],
        C::HoldWildcards
        | C::ForwardPorts
        | C::DeletePods
        | C::ChangeNodes
        | C::ChangeAccounts
        | C::WriteRoles
        | C::WriteBindings
        | C::ImpersonateUids
        | C::ProxyPods
        | C::ChangeValidation
        | C::ChangeAdmissionPolicies
        | C::WriteEndpoints
        | C::ChangeServices
        | C::ChangeRoutes
        | C::ChangeNetworkPolicies
        | C::DeleteEvents
        | C::ChangeDefinitions
        | C::ChangeApiServices
        | C::LabelNamespaces
        | C::ReadServerInternals => Vec::new(),
    }
}

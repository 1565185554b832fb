//! From rights to what they let one take. Comes in: a binding with a capability and where it counts. Goes out: steps.
//! Source: Kubernetes documentation, "Role Based Access Control Good Practices", privilege escalation risks.

use super::graph::{AttackGraph, Ground, ScopeIdx, Spot};
use super::kinds::{Doubt, StepKind};
use crate::observation::Capability;

/// Where a right counts.
#[derive(Clone, Copy)]
pub(super) struct Where {
    /// The namespace, or the cluster.
    pub(super) scope: ScopeIdx,
    /// The cluster.
    pub(super) cluster: ScopeIdx,
}

/// Adds what one capability of a binding lets one take.
pub(super) fn add(graph: &mut AttackGraph, binding: Spot, capability: Capability, at: Where, ground: &Ground) {
    let everywhere = at.scope == at.cluster;
    let mut step = |to: Spot, kind: StepKind, doubt: Option<Doubt>| {
        graph.step(binding, to, kind, ground.clone().doubt(doubt));
    };
    let (pods, identities, secrets) = (Spot::Pods(at.scope), Spot::Identities(at.scope), Spot::Secrets(at.scope));
    let admin = Spot::ClusterAdmin(at.cluster);
    match capability {
        Capability::ClusterAdmin => step(admin, StepKind::ClusterAdmin, None),
        Capability::ReadSecrets => {
            step(secrets, StepKind::SecretRead, None);
            step(identities, StepKind::TokenBruteforce, Some(Doubt::StoredTokens));
        }
        Capability::CreatePods => step(Spot::NewPods(at.scope), StepKind::Within, None),
        Capability::ExecPods => step(pods, StepKind::PodExec, None),
        Capability::RequestTokens => step(identities, StepKind::TokenRequest, None),
        Capability::Impersonate if !everywhere => step(identities, StepKind::IdentityImpersonate, None),
        // The group system:masters may everything.
        Capability::Impersonate => step(admin, StepKind::IdentityImpersonate, None),
        Capability::Escalate | Capability::Bind => {
            let kind = if capability == Capability::Bind { StepKind::RoleBind } else { StepKind::RoleEscalate };
            if everywhere {
                step(admin, kind, None);
            } else {
                for all in [pods, identities, secrets, Spot::NewPods(at.scope)] {
                    step(all, kind, None);
                }
            }
        }
        Capability::ProxyNodes => step(Spot::Pods(at.cluster), StepKind::NodeProxy, None),
        Capability::ApproveCertificates => step(admin, StepKind::CsrApprove, Some(Doubt::Signer)),
        Capability::ChangeAdmission => {
            step(Spot::NewPods(at.cluster), StepKind::AdmissionChange, None);
            step(Spot::Secrets(at.cluster), StepKind::AdmissionChange, None);
        }
    }
}

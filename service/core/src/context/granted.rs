//! Acts that a workload was made for: a network plugin enters namespaces, a node agent asks the container runtime. Comes
//! in: a signal that says that a program did such an act which is no tool of people's hands. Goes out: the proof that the
//! container was given what the act takes, by somebody who could have taken it without this container. Then the act is an
//! attempt and not a foothold.
//!
//! What an object merely says never counts. The API server enforces what a container is given, but a tenant who may write
//! workloads can ask for it: so nobody may be in view who writes workloads, or brings programs into them, in this namespace
//! and not everywhere. Who may everywhere has the nodes anyway.

use super::{Origin, Proof};
use crate::ids::EvidenceId;
use crate::observation::{AttackStage, Capability, Eye, HostSetting, Link, What};
use crate::text::Opaque;
use crate::world::{AssetIdx, CoverageSeen, FactSeen, World};

/// An act, and the settings of which any one gives it.
struct Grant {
    /// The row of the table of signals.
    signal: &'static str,
    needs: &'static [HostSetting],
}

/// Sources: setns(2) and unshare(2) take CAP_SYS_ADMIN; a socket takes a mount of it or of a folder above it.
const GRANTS: &[Grant] = &[
    Grant { signal: "service-changes-namespaces", needs: &[HostSetting::Privileged, HostSetting::SysAdmin] },
    Grant { signal: "service-asks-runtime", needs: &[HostSetting::RuntimeSocket] },
];

/// The signals that may be acts which a workload was made for.
pub fn grantable() -> impl Iterator<Item = &'static str> {
    GRANTS.iter().map(|grant| grant.signal)
}

/// How far an attack of this signal went, as far as this world knows, with the proof where it says less than the sign.
pub fn stage_here(
    world: &World,
    asset: AssetIdx,
    container: &Opaque,
    signal: &Opaque,
    stage: AttackStage,
) -> (AttackStage, Option<Proof>) {
    match stage {
        AttackStage::Foothold => match granted(world, asset, container, signal) {
            Some(proof) => (AttackStage::Attempt, Some(proof)),
            None => (stage, None),
        },
        AttackStage::Attempt => (stage, None),
    }
}

/// The proof that a container was given what a signal's act takes, by administrators; none where any part is not known.
fn granted(world: &World, asset: AssetIdx, container: &Opaque, signal: &Opaque) -> Option<Proof> {
    let grant = GRANTS.iter().find(|grant| grant.signal == signal.reveal())?;
    if container.is_empty() {
        return None;
    }
    let scan = rights_seen(world, asset)?;
    let given = given(world, asset, container)?;
    let What::OnHost(access) = &given.what else { return None };
    if !grant.needs.iter().any(|setting| access.has(*setting)) || tenants_write(world, asset) {
        return None;
    }
    let evidence = vec![given.evidence(), EvidenceId::Coverage(scan.id)];
    Some(Proof { origin: Origin::Scan, evidence, as_of: given.until.min(scan.window.until) })
}

/// What the newest word of those who may lower says that a container holds of its node.
fn given<'w>(world: &'w World, asset: AssetIdx, container: &Opaque) -> Option<&'w FactSeen> {
    let of_it = |f: &&FactSeen| matches!(f.what, What::OnHost(_)) && f.container == *container;
    let heard = world.facts(asset).filter(of_it).filter(|f| f.author.may_lower() && f.is_fresh(world.as_of));
    heard.max_by_key(|f| (f.until, std::cmp::Reverse(f.id)))
}

/// The newest complete scan of a place, where it saw all roles and bindings too.
fn rights_seen(world: &World, asset: AssetIdx) -> Option<&CoverageSeen> {
    let scan = world.scanned(asset)?;
    let rights = world.looked(asset, Eye::CompleteRights)?;
    (rights.window.until >= scan.window.until).then_some(rights)
}

/// Rights by which somebody decides what runs in a namespace's containers.
const DECIDES: &[Capability] = &[
    Capability::NamespaceAdmin,
    Capability::HoldWildcards,
    Capability::CreatePods,
    Capability::CreateWorkloads,
    Capability::ChangePods,
    Capability::ExecPods,
    Capability::AttachPods,
    Capability::DebugPods,
    Capability::Escalate,
    Capability::Bind,
    Capability::Impersonate,
    Capability::ImpersonateGroups,
    Capability::ImpersonateAccounts,
    Capability::RequestTokens,
];

/// Whether anybody decides what runs in the namespace of an asset and not everywhere, or may: a binding of which nobody
/// can say what it gives counts.
fn tenants_write(world: &World, asset: AssetIdx) -> bool {
    let Some(home) = world.home(asset) else { return true };
    world.into(home).any(|edge| match &edge.link {
        Link::Holds { capability, cluster_wide, .. } => !cluster_wide && DECIDES.contains(capability),
        Link::MayHold { .. } => true,
        _ => false,
    })
}

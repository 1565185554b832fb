//! From a container to its node. Comes in: what the container holds. Goes out: the steps that are open by it.

use super::graph::{AttackGraph, Ground, ScopeIdx, Spot};
use super::kinds::{Doubt, StepKind};
use crate::ids::EvidenceId;
use crate::observation::{HostAccess, HostSetting};
use crate::world::AssetIdx;

use HostSetting as S;

/// A way out of a container.
struct Escape {
    kind: StepKind,
    /// All of these together. Without any one of them it is closed, so each stands for itself on the way. A setting that
    /// opens nothing alone stands last: nothing else may begin with it.
    needs: &'static [HostSetting],
    doubt: Option<Doubt>,
}

const fn escape(kind: StepKind, needs: &'static [HostSetting], doubt: Option<Doubt>) -> Escape {
    Escape { kind, needs, doubt }
}

const ESCAPES: &[Escape] = &[
    escape(StepKind::CePrivMount, &[S::Privileged], None),
    escape(StepKind::CeNsenter, &[S::Privileged, S::HostPid], None),
    escape(StepKind::CeModuleLoad, &[S::Privileged], None),
    escape(StepKind::CeModuleLoad, &[S::SysModule], None),
    escape(StepKind::CeSysPtrace, &[S::SysPtrace, S::HostPid], Some(Doubt::Profile)),
    // The usual profiles forbid to mount, whatever the capability.
    escape(StepKind::CeSysAdmin, &[S::SysAdmin], Some(Doubt::Profile)),
    escape(StepKind::CeUmhCorePattern, &[S::KernelSettings], None),
    escape(StepKind::CeVarLogSymlink, &[S::HostLogs], Some(Doubt::KubeletLogs)),
    escape(StepKind::CeNetMitm, &[S::NetAdmin, S::HostNetwork], Some(Doubt::Traffic)),
    escape(StepKind::CeNetMitm, &[S::NetRaw, S::HostNetwork], Some(Doubt::Traffic)),
    escape(StepKind::CeDacReadSearch, &[S::DacReadSearch], None),
    escape(StepKind::CeSysRawio, &[S::SysRawio], Some(Doubt::Profile)),
    escape(StepKind::CeBpf, &[S::Bpf], Some(Doubt::Profile)),
    escape(StepKind::ExploitHostWrite, &[S::HostWrite], None),
    escape(StepKind::ExploitHostRead, &[S::HostRead], None),
    escape(StepKind::ExploitHostTraverse, &[S::PodVolumes], None),
    escape(StepKind::ExploitContainerdSock, &[S::RuntimeSocket], None),
];

/// Adds the ways out of one container of a workload.
pub(super) fn add(
    graph: &mut AttackGraph,
    workload: AssetIdx,
    node: ScopeIdx,
    access: HostAccess,
    evidence: &EvidenceId,
) {
    for escape in ESCAPES.iter().filter(|escape| access.has_all(escape.needs)) {
        let doubt = escape.doubt.or_else(|| doubt(access));
        let mut here = Spot::Workload(workload);
        for setting in escape.needs {
            // One volume gives several settings, and goes with all of them.
            let next = match setting.is_of_folder() {
                true => Spot::HostFolders(workload),
                false => Spot::Setting(workload, *setting),
            };
            graph.step(here, next, StepKind::Within, Ground::shown([evidence.clone()]));
            here = next;
        }
        graph.step(here, Spot::Node(node), escape.kind, Ground::shown([evidence.clone()]).doubt(doubt));
    }
}

/// What could stop whoever is in the container, whatever the way out.
fn doubt(access: HostAccess) -> Option<Doubt> {
    let checks = [(S::HostUsers, Doubt::OwnUsers), (S::AsRoot, Doubt::AnotherUser)];
    checks.into_iter().find(|(setting, _)| !access.has(*setting)).map(|(_, doubt)| doubt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_setting_that_needs_company_never_begins_a_way() {
        let first: BTreeSet<HostSetting> = ESCAPES.iter().map(|e| e.needs[0]).collect();
        let behind = ESCAPES.iter().flat_map(|e| &e.needs[1..]);
        assert!(behind.into_iter().all(|setting| !first.contains(setting)), "it would open what it alone does not");
        assert!(ESCAPES.iter().all(|e| e.needs.len() < 3), "three settings in a row are not thought through");
    }
}

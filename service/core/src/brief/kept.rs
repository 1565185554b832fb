//! What was kept of a finding's containers as evidence, and whether a person has given a verdict.

use super::{Arg, Family, Proposition, count, own};
use crate::catalogue::Predicate;
use crate::finding::Finding;
use crate::keep;
use crate::observation::VexStatus;
use crate::text::Shaped;
use crate::world::World;

/// One proposition for all that was kept, with each file as evidence.
pub(super) fn kept(said: &mut Vec<Proposition>, finding: &Finding, world: &World) {
    let all = keep::kept(finding, world);
    let Some(newest) = all.first() else { return };
    let what = newest.kept;
    let verdict = match finding.decision.as_ref().map(|decision| decision.status) {
        None => "no verdict of a person yet",
        Some(VexStatus::UnderInvestigation) => "a person is looking at it",
        Some(VexStatus::Affected) => "the verdict of a person: affected",
        Some(VexStatus::NotAffected) => "the verdict of a person: not affected",
        Some(VexStatus::Fixed) => "the verdict of a person: fixed",
    };
    let containers: std::collections::BTreeSet<_> = all.iter().map(|seen| &seen.kept.instance).collect();
    let args = vec![
        Arg::Shaped(Shaped::Count(containers.len() as u64)),
        Arg::Name(what.node.clone()),
        Arg::Name(what.file.clone()),
        count(what.processes),
        count(what.files),
        count(what.sockets),
        count(what.maps),
        count(what.records),
        count(what.left_out),
        own(verdict),
    ];
    let evidence = all.iter().map(keep::Seen::evidence).collect();
    let (predicate, as_of) = (Predicate::EvidenceKept, Some(newest.at));
    said.push(Proposition { predicate, args, evidence, as_of, family: Family::Place });
}

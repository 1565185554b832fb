//! Whether a right was used, as far as the audit log shows. Comes in: the world. Goes out: first and last use, or for how
//! long the log shows none. What was not used can be: this says what may be taken away, and lowers nothing.

use crate::asset::{AssetKey, KindClass};
use crate::ids::{EvidenceId, Span, Time};
use crate::observation::{Capability, Eye, What};
use crate::world::{AssetIdx, World};

/// A log that is shorter shows too little of what is usual for "not seen" to be said.
pub const LOG_SPAN_MIN: Span = Span::hours(24);

/// What the audit log shows of one right of one subject.
#[derive(Clone, Debug, PartialEq)]
pub enum Usage {
    /// It was used.
    Used {
        /// First.
        since: Time,
        /// Last.
        until: Time,
        /// The facts that say so.
        evidence: Vec<EvidenceId>,
    },
    /// It was not, in all of the log.
    NotSeen(Log),
    /// The log is too short, there is none, or it cannot show this.
    Untold,
}

/// How much of a cluster's audit log was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// From its first event.
    pub since: Time,
    /// To its last.
    pub until: Time,
    /// The time that it covers in between, without gaps.
    pub span: Span,
    /// Its stretches.
    pub evidence: Vec<EvidenceId>,
}

/// What of a cluster's audit log was given; stretches that overlap count once. One with a hole says nothing.
pub fn log(world: &World, cluster: &AssetKey) -> Option<Log> {
    let home = world.find(&AssetKey::cluster(&cluster.cluster))?;
    let mut windows: Vec<(Time, Time, i64)> = (world.asset(home).coverage.iter())
        .filter(|c| c.window.eye == Eye::AuditLog && c.window.holes.is_empty())
        .map(|c| (c.window.since, c.window.until, c.id))
        .collect();
    windows.sort_unstable();
    let (first, _, _) = *windows.first()?;
    let (mut covered, mut reached) = (0, first);
    for (since, until, _) in &windows {
        let from = (*since).max(reached);
        if from < *until {
            covered += from.until(*until).millis();
            reached = *until;
        }
    }
    let evidence = windows.iter().map(|(.., id)| EvidenceId::Coverage(*id)).collect();
    Some(Log { since: first, until: reached, span: Span::secs(covered / 1000), evidence })
}

/// What the log shows of a right of a subject, or of those who are in it.
pub fn usage(world: &World, subject: AssetIdx, capability: Capability) -> Usage {
    if !shows(capability) {
        return Usage::Untold;
    }
    let key = &world.asset(subject).key;
    let is_group = key.kind.as_str() == "Group";
    let members: Vec<AssetIdx> = if is_group {
        if !super::is_of_server(key.name.reveal()) {
            // The log tells who called; who is in the group only whoever signs people in.
            return Usage::Untold;
        }
        let all = (0..world.assets.len() as u32).map(AssetIdx);
        let identities = all.filter(|i| world.asset(*i).key.kind.class() == KindClass::Identity);
        identities.filter(|i| super::groups_of(world, *i).contains(&subject)).collect()
    } else {
        vec![subject]
    };
    let facts = members.iter().flat_map(|m| world.facts(*m));
    let used: Vec<_> = facts.filter(|f| f.what == What::UsedRight(capability)).collect();
    let times = used.iter().map(|f| f.since).min().zip(used.iter().map(|f| f.until).max());
    if let Some((since, until)) = times {
        return Usage::Used { since, until, evidence: used.iter().map(|f| f.evidence()).collect() };
    }
    match log(world, key) {
        Some(log) if log.span >= LOG_SPAN_MIN => Usage::NotSeen(log),
        _ => Usage::Untold,
    }
}

/// True for rights whose use stands in an audit log as such: of what holds everything any call is a use, and the verbs to
/// escalate, to bind and to approve for a signer are asked for, and never called.
const fn shows(capability: Capability) -> bool {
    !matches!(
        capability,
        Capability::ClusterAdmin
            | Capability::NamespaceAdmin
            | Capability::HoldWildcards
            | Capability::Escalate
            | Capability::Bind
            | Capability::UseSigners
            | Capability::ImpersonateGroups
            | Capability::ImpersonateUids
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::{controls, now, policy};
    use crate::observation::{Author, Hole, HoleReason};
    use crate::scene::Scene;

    fn at(scene: &Scene, hours_ago: i64) -> Time {
        scene.as_of - Span::hours(hours_ago)
    }

    struct Laid {
        scene: Scene,
        web: AssetIdx,
        cluster: AssetIdx,
    }

    impl Laid {
        fn new() -> Self {
            let mut scene = Scene::new(now(), policy(), controls());
            let web = scene.object("ServiceAccount", "shop", "web");
            let cluster = AssetKey::cluster(&scene.key(web).cluster.clone());
            let cluster = scene.asset(cluster);
            Self { scene, web, cluster }
        }

        fn log(&mut self, from: i64, to: i64) {
            let (since, until) = (at(&self.scene, from), at(&self.scene, to));
            let window = self.scene.window(self.cluster, "", Eye::AuditLog, Span::ZERO);
            (window.window.since, window.window.until) = (since, until);
        }

        fn says(&self, subject: AssetIdx, capability: Capability) -> Usage {
            usage(&self.scene.world(), subject, capability)
        }
    }

    fn hours(usage: &Usage) -> Option<i64> {
        match usage {
            Usage::NotSeen(log) => Some(log.span.millis() / 3_600_000),
            _ => None,
        }
    }

    #[test]
    fn nothing_is_said_without_a_day_of_the_log() {
        let mut laid = Laid::new();
        assert_eq!(laid.says(laid.web, Capability::ReadSecrets), Usage::Untold);
        laid.log(20, 0);
        assert_eq!(laid.says(laid.web, Capability::ReadSecrets), Usage::Untold);
        laid.log(60, 50);
        assert_eq!(hours(&laid.says(laid.web, Capability::ReadSecrets)), Some(30), "the gap counts for nothing");
        laid.log(25, 10);
        assert_eq!(hours(&laid.says(laid.web, Capability::ReadSecrets)), Some(35), "what overlaps counts once");
    }

    #[test]
    fn a_log_with_a_hole_says_nothing() {
        let mut laid = Laid::new();
        laid.log(60, 0);
        let (since, until) = (at(&laid.scene, 60), at(&laid.scene, 0));
        let hole = Hole { since, until, because: HoleReason::Lost };
        laid.scene.coverage.iter_mut().for_each(|(_, c)| c.window.holes.push(hole));
        assert_eq!(laid.says(laid.web, Capability::ReadSecrets), Usage::Untold);
    }

    #[test]
    fn a_use_is_told_of_its_right_alone_and_counts_for_the_groups() {
        let mut laid = Laid::new();
        laid.log(60, 0);
        let group = AssetKey { namespace: crate::text::Opaque::readmit(""), ..laid.scene.key(laid.web).clone() };
        let group_of = |name: &str| AssetKey {
            kind: crate::asset::Kind::of("Group"),
            name: crate::text::Opaque::readmit(name),
            ..group.clone()
        };
        let (all, other) = (group_of("system:serviceaccounts"), group_of("ann-and-friends"));
        let (all, other) = (laid.scene.asset(all), laid.scene.asset(other));
        laid.scene.fact(laid.web, Author::Cluster, What::UsedRight(Capability::ExecPods));
        assert!(matches!(laid.says(laid.web, Capability::ExecPods), Usage::Used { .. }));
        assert!(matches!(laid.says(all, Capability::ExecPods), Usage::Used { .. }), "one of its members did");
        assert_eq!(hours(&laid.says(laid.web, Capability::ReadSecrets)), Some(60));
        assert_eq!(laid.says(other, Capability::ReadSecrets), Usage::Untold, "nobody knows who is in it");
        assert_eq!(laid.says(laid.web, Capability::ClusterAdmin), Usage::Untold, "any call is a use of it");
    }
}

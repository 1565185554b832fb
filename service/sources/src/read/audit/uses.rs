//! Which dangerous rights identities used: first and last, over the whole log. Only what the server let happen counts.
//! Where lines could not be read, or more was used than is kept, the log cannot say what was not used.

use std::collections::BTreeMap;

use assay_core::asset::AssetKey;
use assay_core::ids::Time;
use assay_core::observation::{
    Author, Capability, Coverage, Eye, Fact, Hole, HoleReason, Observation, Record, RecordKind, Subject, What,
};
use assay_core::text::Opaque;

use super::super::ReadError;
use super::super::events::{Hearer, Place};
use super::call::Call;
use crate::cluster::{Rule, rights_of_rule};

/// How many pairs of an identity and a right are kept.
const USES_MAX: usize = 50_000;

/// What was used, and when.
#[derive(Default)]
pub(super) struct Uses {
    /// By identity and right: first and last.
    by: BTreeMap<(String, Capability), (Time, Time)>,
    /// The first and the last event.
    window: Option<(Time, Time)>,
    /// Something found no room, or had no time.
    lost: bool,
}

impl Uses {
    /// Notes one call.
    pub(super) fn note(&mut self, call: &Call) {
        let Some(at) = call.at else {
            self.lost = true;
            return;
        };
        let (first, last) = self.window.unwrap_or((at, at));
        self.window = Some((first.min(at), last.max(at)));
        if call.unanswered || call.allowed == Some(false) {
            return;
        }
        let acts = if call.acts_as.is_empty() { &call.user } else { &call.acts_as };
        for capability in rights_of_rule(&as_rule(call)) {
            let elsewhere = capability == Capability::WriteSystemConfig && call.namespace != "kube-system";
            if !elsewhere {
                self.used(acts, capability, at);
            }
        }
        if !call.acts_as.is_empty() {
            let account = call.acts_as.starts_with("system:serviceaccount:");
            let by = if account { Capability::ImpersonateAccounts } else { Capability::Impersonate };
            self.used(&call.user, by, at);
        }
    }

    fn used(&mut self, user: &str, capability: Capability, at: Time) {
        // Parts of Kubernetes have the rights that it gives them itself.
        let account = user.starts_with("system:serviceaccount:") || user == "system:anonymous";
        if user.is_empty() || (user.starts_with("system:") && !account) {
            return;
        }
        if let Some((first, last)) = self.by.get_mut(&(user.to_owned(), capability)) {
            (*first, *last) = ((*first).min(at), (*last).max(at));
        } else if self.by.len() < USES_MAX {
            self.by.insert((user.to_owned(), capability), (at, at));
        } else {
            self.lost = true;
        }
    }

    /// Says at the end of the log what was used, and which time the log covers.
    pub(super) fn tell(self, hearer: &mut Hearer<'_>) -> Result<(), ReadError> {
        let intake = &mut hearer.intake;
        let Some((first, last)) = self.window else { return Ok(()) };
        // Nothing happens after it was told.
        let told = |at: Time| at.min(intake.how.received_at);
        let (since, until) = (told(first), told(last));
        let mut yields = Vec::new();
        for ((user, capability), (first, last)) in &self.by {
            let Some(subject) = Place::identity(user).subject(intake) else { continue };
            yields.push(Observation::Fact(Box::new(Fact {
                subject,
                component: None,
                what: What::UsedRight(*capability),
                author: Author::Cluster,
                since: told(*first),
                until: told(*last),
                valid_until: None,
            })));
        }
        let lost = self.lost || !intake.is_whole();
        let hole = Hole { since, until, because: HoleReason::Lost };
        yields.push(Observation::Coverage(Box::new(Coverage {
            subject: Subject::Object { at: AssetKey::cluster(intake.how.cluster), container: None },
            eye: Eye::AuditLog,
            instance: Opaque::readmit(""),
            node: Opaque::readmit(""),
            since,
            until,
            start_seen: false,
            holes: if lost { vec![hole] } else { Vec::new() },
        })));
        let locator = "rights used in the whole log".into();
        intake.give(Record { locator, kind: RecordKind::Aid, author: Author::Cluster, seen_at: Some(until), yields })
    }
}

/// The rule that a role would need for this call.
fn as_rule(call: &Call) -> Rule {
    let one = |text: &str| vec![Box::from(text)];
    let resource = match call.subresource.is_empty() {
        true => call.resource.clone(),
        false => format!("{}/{}", call.resource, call.subresource),
    };
    if call.resource.is_empty() {
        let path = call.uri.split('?').next().unwrap_or_default();
        return Rule { verbs: one(&call.verb), non_resource_urls: one(path), ..Rule::default() };
    }
    Rule { api_groups: one(&call.group), resources: one(&resource), verbs: one(&call.verb), ..Rule::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(verb: &str, resource: &str, user: &str, at: i64) -> Call {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        Call {
            at: Some(Time::from_secs(at)),
            verb: verb.into(),
            resource: resource.into(),
            subresource: subresource.into(),
            namespace: "shop".into(),
            user: user.into(),
            allowed: Some(true),
            ..Call::default()
        }
    }

    fn used(calls: &[Call]) -> Vec<String> {
        let mut uses = Uses::default();
        calls.iter().for_each(|call| uses.note(call));
        let by = uses
            .by
            .iter()
            .map(|((user, c), (a, b))| format!("{user} {c} {}..{}", a.millis() / 1000, b.millis() / 1000));
        by.collect()
    }

    #[test]
    fn what_was_allowed_is_a_use_of_the_right_that_it_needs() {
        let refused = Call { allowed: Some(false), ..call("get", "secrets", "ann", 9) };
        let asked = Call { unanswered: true, ..call("get", "secrets", "ann", 9) };
        let calls = [
            call("get", "secrets", "ann", 3),
            call("get", "secrets", "ann", 1),
            call("watch", "secrets", "ann", 2),
            call("create", "pods/exec", "bob", 4),
            call("get", "configmaps", "bob", 5),
            refused,
            asked,
        ];
        let own = call("create", "pods", "system:kube-controller-manager", 1);
        assert_eq!(used(&[own]), [""; 0], "a part of Kubernetes");
        assert_eq!(used(&calls), ["ann read-secrets 1..3", "ann list-secrets 2..2", "bob exec-pods 4..4"]);
    }

    #[test]
    fn who_acts_as_another_uses_that_and_the_other_the_rest() {
        let acts = Call { acts_as: "system:serviceaccount:shop:web".into(), ..call("get", "secrets", "ann", 1) };
        let want = ["ann impersonate-accounts 1..1", "system:serviceaccount:shop:web read-secrets 1..1"];
        assert_eq!(used(&[acts]), want);
    }

    #[test]
    fn groups_paths_and_namespaces_count() {
        let other = Call { group: "apps".into(), ..call("patch", "deployments", "ann", 1) };
        let not_core = Call { group: "widgets.example".into(), ..call("get", "secrets", "ann", 1) };
        let path =
            Call { uri: "/debug/pprof/heap?seconds=1".into(), resource: String::new(), ..call("get", "", "ann", 1) };
        let system = Call { namespace: "kube-system".into(), ..call("update", "configmaps", "ann", 1) };
        assert_eq!(used(&[other]), ["ann create-workloads 1..1"]);
        assert_eq!(used(&[not_core, call("update", "configmaps", "ann", 1)]), [""; 0]);
        assert_eq!(used(&[path]), ["ann read-server-internals 1..1"]);
        assert_eq!(used(&[system]), ["ann write-system-config 1..1"]);
    }

    #[test]
    fn what_finds_no_room_takes_the_no_back() {
        let mut uses = Uses::default();
        (0..=USES_MAX).for_each(|i| uses.note(&call("get", "secrets", &format!("u{i}"), 1)));
        assert!(uses.lost && uses.by.len() == USES_MAX);
    }
}

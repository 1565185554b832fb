//! What is so about whole namespaces and the cluster: policies, the levels that workloads meet, the API server's address,
//! and that everything was looked at.

use std::collections::{BTreeMap, HashMap};

use assay_core::asset::AssetKey;
use assay_core::observation::{
    Claim, ControlId, Coverage, Eye, Fact, Flaw, Observation, Outcome, PodSecurity, Record, RecordKind, Subject, What,
};
use assay_core::text::Opaque;

use super::address;
use super::controls::{self, ClusterCase, Condition, ENFORCE, NamespaceCase, StandardsVersion, Verdict, conditions};
use super::expose::Ways;
use super::gathered::Gathered;
use super::judge;
use super::model::Body;
use super::object::Object;
use super::parts::Parts;
use super::scan::ScanHow;
use super::view::View;

const API_ENDPOINT: &str = "api-endpoint-public";

/// The level that each workload meets: of all its pods and its template the least strict.
pub(super) struct Levels(HashMap<AssetKey, PodSecurity>);

/// Finds the levels of all workloads.
pub(super) fn levels(view: &View<'_>, version: StandardsVersion) -> Levels {
    let mut levels: HashMap<AssetKey, PodSecurity> = HashMap::new();
    for (at, workload) in view.workloads() {
        let is_pod = &*view.objects[at].kind == "Pod";
        let speaks = if is_pod { workload.wanted > 0 || view.owner[at].is_none() } else { view.owner[at].is_none() };
        // Without its containers a pod is half a pod, and meets no level that could be told.
        if !speaks || workload.spec.containers.is_empty() {
            continue;
        }
        let level = judge::level(&judge::case(view, at, workload, version));
        let least = levels.entry(view.raised[at].clone()).or_insert(level);
        *least = (*least).min(level);
    }
    Levels(levels)
}

impl Levels {
    /// The level of a workload, handed out once.
    pub(super) fn take(&mut self, workload: &AssetKey) -> Option<PodSecurity> {
        self.0.remove(workload)
    }
}

/// The records that belong to no single object.
pub(super) fn records(
    view: &View<'_>,
    ways: &Ways,
    parts: &mut Parts,
    gathered: &Gathered,
    how: ScanHow<'_>,
) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let mut add = |locator: String, yields: Vec<Observation>| {
        if !yields.is_empty() {
            let locator = Opaque::admit(&locator, how.door).reveal().into();
            let (author, seen_at) = (how.told_by.enforced(), Some(how.as_of));
            records.push(Record { locator, kind: RecordKind::Aid, author, seen_at, yields });
        }
    };
    for (namespace, case) in cases(view, ways, parts.all_seen()) {
        let at = AssetKey::namespace(how.cluster, namespace.clone());
        add(format!("namespace {}", namespace.reveal()), judge_namespace(&at, &case, parts, how));
    }
    add("API server".to_owned(), judge_endpoint(gathered, parts, how));
    add("cluster".to_owned(), judge_cluster(&cluster_case(view, parts.all_seen()), parts, how));
    add("scan".to_owned(), coverage(parts, how));
    records
}

/// Every namespace with a workload or a policy.
fn cases(view: &View<'_>, ways: &Ways, complete: bool) -> BTreeMap<Opaque, NamespaceCase> {
    let cluster_policies = view.objects.iter().any(|o| o.body.is_network_policy() && o.namespace.is_empty());
    let empty = || NamespaceCase { cluster_policies, complete, ..NamespaceCase::default() };
    let mut cases: BTreeMap<Opaque, NamespaceCase> = BTreeMap::new();
    for key in &ways.exposed {
        cases.entry(key.namespace.clone()).or_insert_with(empty).exposed += 1;
    }
    for (at, workload) in view.workloads() {
        if view.owner[at].is_none() && workload.wanted > 0 {
            cases.entry(view.keys[at].namespace.clone()).or_insert_with(empty).workloads += 1;
        }
    }
    for (object, key) in view.objects.iter().zip(&view.keys) {
        let Some(case) = cases.get_mut(&key.namespace).filter(|_| object.body.is_network_policy()) else { continue };
        case.policies = true;
        if let Body::NetworkPolicy(policy) = &object.body {
            let all = policy.spec.pod_selector.is_empty();
            case.denies_ingress |= all && policy.spec.is_for_ingress() && policy.spec.ingress.is_empty();
            case.denies_egress |= all && policy.spec.is_for_egress() && policy.spec.egress.is_empty();
        } else {
            case.other_policies = true;
        }
    }
    cases
}

/// What refuses objects in this cluster.
fn cluster_case(view: &View<'_>, complete: bool) -> ClusterCase {
    let refuses = |object: &Object| match &object.body {
        Body::Webhooks(_) | Body::AdmissionPolicy => true,
        Body::Namespace => object.meta.labels.get(ENFORCE).is_some_and(|level| &**level != "privileged"),
        _ => false,
    };
    let workloads = view.workloads().filter(|(at, _)| view.owner[*at].is_none()).count();
    ClusterCase { admission: view.objects.iter().any(refuses), complete, workloads }
}

fn judge_namespace(at: &AssetKey, case: &NamespaceCase, parts: &Parts, how: ScanHow<'_>) -> Vec<Observation> {
    let verdicts = conditions().filter_map(|(id, condition)| match condition {
        Condition::Namespace(condition) => Some((*id, condition(case))),
        _ => None,
    });
    verdicts.filter_map(|(id, verdict)| said(at, id, verdict, parts, how)).collect()
}

fn judge_cluster(case: &ClusterCase, parts: &Parts, how: ScanHow<'_>) -> Vec<Observation> {
    let at = AssetKey::cluster(how.cluster);
    let verdicts = conditions().filter_map(|(id, condition)| match condition {
        Condition::Cluster(condition) => Some((*id, condition(case))),
        _ => None,
    });
    verdicts.filter_map(|(id, verdict)| said(&at, id, verdict, parts, how)).collect()
}

/// A verdict over something that is no object, in the core's words.
fn said(at: &AssetKey, id: &'static str, verdict: Verdict, parts: &Parts, how: ScanHow<'_>) -> Option<Observation> {
    let control = ControlId(Opaque::readmit(id));
    match verdict {
        Verdict::Fail(spots) => {
            let words: Vec<String> = spots.iter().map(|s| format!("no {}, {}", s.field, s.saw)).collect();
            Some(claim(at, controls::controls().get(id)?, &words.join("; "), parts, how))
        }
        Verdict::NotObservable => Some(outcome(at, control, Outcome::NotObservable, how)),
        Verdict::NeedsPerson => Some(outcome(at, control, Outcome::NeedsPerson, how)),
        Verdict::Pass | Verdict::NotApplicable => None,
    }
}

/// The API server's own address: public is a failure, a name needs a person who knows where it leads.
fn judge_endpoint(gathered: &Gathered, parts: &Parts, how: ScanHow<'_>) -> Vec<Observation> {
    let (Some(host), Some(row)) = (&gathered.endpoint, controls::controls().get(API_ENDPOINT)) else {
        return Vec::new();
    };
    let at = AssetKey::cluster(how.cluster);
    match host.trim_matches(['[', ']']).parse() {
        Ok(ip) if address::is_public(ip) => {
            vec![claim(&at, row, &format!("the API server is reached at {ip}"), parts, how)]
        }
        Ok(_) => Vec::new(),
        Err(_) => vec![outcome(&at, ControlId(Opaque::readmit(API_ENDPOINT)), Outcome::NeedsPerson, how)],
    }
}

fn claim(
    at: &AssetKey,
    row: &assay_core::control::ControlRow,
    words: &str,
    parts: &Parts,
    how: ScanHow<'_>,
) -> Observation {
    Observation::Claim(Box::new(Claim {
        // The cluster's claims belong to what has no namespace.
        scope: Some(parts.scope_of(&parts.home(at)).key()),
        subject: Subject::Object { at: at.clone(), container: None },
        severity: judge::severity(row),
        title: Opaque::readmit(row.title.as_str()),
        text: Opaque::admit(words, how.door),
        rule: Opaque::readmit(&row.id),
        flaw: Flaw::Control { control: ControlId(Opaque::readmit(&row.id)), path: Opaque::readmit("") },
    }))
}

fn outcome(at: &AssetKey, control: ControlId, outcome: Outcome, how: ScanHow<'_>) -> Observation {
    Observation::Fact(Box::new(Fact {
        subject: Subject::Object { at: at.clone(), container: None },
        component: None,
        what: What::Outcome { control, outcome },
        author: how.told_by.enforced(),
        since: how.as_of,
        until: how.as_of,
        valid_until: None,
    }))
}

/// That everything was looked at: only then an absence means something.
fn coverage(parts: &Parts, how: ScanHow<'_>) -> Vec<Observation> {
    if !parts.all_seen() {
        return Vec::new();
    }
    let homes = parts.namespaces().map(|name| match name.is_empty() {
        true => AssetKey::cluster(how.cluster),
        false => AssetKey::namespace(how.cluster, name.clone()),
    });
    let rights = parts.all_roles_seen().then_some(Eye::CompleteRights);
    let eyes = || [Eye::CompleteScan].into_iter().chain(rights);
    homes
        .flat_map(|at| eyes().map(move |eye| (at.clone(), eye)))
        .map(|(at, eye)| {
            Observation::Coverage(Box::new(Coverage {
                subject: Subject::Object { at, container: None },
                eye,
                instance: Opaque::readmit(""),
                node: Opaque::readmit(""),
                since: how.as_of,
                until: how.as_of,
                start_seen: true,
                holes: Vec::new(),
            }))
        })
        .collect()
}

//! One scan as records and the head that says what they speak for. Comes in: what was gathered. Goes out: a record an
//! object with its facts, edges and claims. Manifests speak for each object alone, unless the operator says that they
//! are all there is; then, as in a live scan, for whole namespaces.

use std::collections::HashSet;

use assay_core::asset::{AssetKey, Kind, KindClass};
use assay_core::ids::Time;
use assay_core::named;
use assay_core::observation::{
    Author, Capability, Claim, Edge, Fact, Flaw, Link, Observation, Record, RecordKind, Subject, What,
};
use assay_core::scope::{Artifact, Head};
use assay_core::text::Opaque;

use super::controls::{ENFORCE, ObjectCase, StandardsVersion};
use super::expose::{self, Around, Ways};
use super::gathered::Gathered;
use super::hosts::Hosts;
use super::judge::{self, Failure, Judged};
use super::model::{Body, Workload};
use super::namespaces;
use super::object::Object;
use super::parts::Parts;
use super::rights::{Given, Rights};
use super::runs::Runs;
use super::view::View;
use crate::door::SecretDoor;
use crate::read::Flow;

named! {
    /// Who showed the objects.
    pub enum ToldBy {
        /// The operator, by manifests given by hand.
        Operator = "operator",
        /// An API server.
        Server = "server",
    }
}

impl ToldBy {
    /// The author of what the server enforces: types, ports, security settings, absences.
    pub(super) const fn enforced(self) -> Author {
        match self {
            Self::Operator => Author::ClusterAdmin,
            Self::Server => Author::Cluster,
        }
    }
}

/// What a scan is told beside the objects.
#[derive(Clone, Copy)]
pub struct ScanHow<'a> {
    /// The cluster, as this installation knows it.
    pub cluster: &'a Opaque,
    /// Who showed the objects.
    pub told_by: ToldBy,
    /// Whether they are all that there is. What could not be read takes this back.
    pub complete: bool,
    /// When they were looked at.
    pub as_of: Time,
    /// The version of the Pod Security Standards to judge by.
    pub version: StandardsVersion,
    /// The door that every name passes.
    pub door: &'a SecretDoor,
}

/// Turns what was gathered into records, one an object, and says at the end what they speak for. Stops early when `out`
/// says so; the head then is of no use.
pub fn records(gathered: &Gathered, how: ScanHow<'_>, out: &mut dyn FnMut(Record) -> Flow) -> Head {
    let view = View::new(&gathered.objects, how.cluster, how.door);
    let parts = Parts::new(&view, gathered, how);
    let around = Around { told_by: how.told_by, complete: parts.all_seen(), as_of: how.as_of, door: how.door };
    let mut scan = Scan {
        ways: expose::ways(&view, around),
        runs: Runs::new(&view, how.door),
        hosts: Hosts::new(&view),
        rights: Rights::new(&view, parts.all_roles_seen()),
        levels: namespaces::levels(&view, how.version),
        said: HashSet::new(),
        identified: HashSet::new(),
        view: &view,
        parts,
        how,
    };
    let head = |parts: &Parts| Head {
        tool: Opaque::readmit("assay"),
        tool_version: Opaque::readmit(env!("CARGO_PKG_VERSION")),
        artifact: Artifact::Cluster,
        parts: parts.list(),
        produced_at: Some(how.as_of),
        skipped: gathered.lost.clone(),
        hint: parts.hint(),
    };
    for at in 0..gathered.objects.len() {
        let record = scan.record(at);
        if out(record) == Flow::Stop {
            return head(&scan.parts);
        }
    }
    for record in namespaces::records(&view, &scan.ways, &mut scan.parts, gathered, how) {
        if out(record) == Flow::Stop {
            break;
        }
    }
    head(&scan.parts)
}

struct Scan<'a, 'v> {
    view: &'a View<'v>,
    how: ScanHow<'a>,
    ways: Ways,
    runs: Runs,
    hosts: Hosts,
    rights: Rights,
    levels: namespaces::Levels,
    parts: Parts,
    /// What was said already: pods of one workload repeat each other and their template.
    said: HashSet<(AssetKey, Option<Opaque>, Said)>,
    /// The workloads whose identity was said.
    identified: HashSet<AssetKey>,
}

/// The part of a failure that its identity rests on.
#[derive(PartialEq, Eq, Hash)]
enum Said {
    Control(Opaque),
    Secret(Opaque, Opaque),
}

impl Scan<'_, '_> {
    fn record(&mut self, at: usize) -> Record {
        let object = &self.view.objects[at];
        let mut yields = Vec::new();
        match &object.body {
            Body::Workload(workload) => self.workload(at, workload, &mut yields),
            Body::Binding(binding) => {
                let given = self.rights.given(self.view, object, binding);
                self.binding(at, given, &mut yields);
                self.object(at, &mut yields);
            }
            Body::Other | Body::Endpoints(_) | Body::GatewayRoute(_) | Body::OtherRoute | Body::ReferenceGrant(_) => {
                self.object(at, &mut yields);
            }
            Body::Service(_)
            | Body::Ingress(_)
            | Body::IngressClass(_)
            | Body::Gateway(_)
            | Body::GatewayClass(_)
            | Body::Node(_)
            | Body::ServiceAccount(_)
            | Body::Role(_)
            | Body::NetworkPolicy(_)
            | Body::AdminPolicy(_)
            | Body::OtherPolicy
            | Body::Webhooks(_)
            | Body::ConfigMap(_)
            | Body::Kubelet(_)
            | Body::AuditPolicy(_)
            | Body::Encryption(_)
            | Body::Secret(_)
            | Body::PersistentVolume(_)
            | Body::AdmissionPolicy => {
                yields.push(self.exists(at, None));
                self.object(at, &mut yields);
            }
            Body::Namespace => {
                yields.push(self.exists(at, None));
                self.object(at, &mut yields);
                let level = object.meta.labels.get(ENFORCE).and_then(|level| level.parse().ok());
                if let Some(level) = level {
                    let at = Subject::Object { at: self.view.keys[at].clone(), container: None };
                    yields.push(self.fact(at, What::Enforces(level)));
                }
            }
        }
        let edges = self.ways.edges.remove(&at).unwrap_or_default();
        yields.extend(edges.into_iter().map(|edge| Observation::Edge(Box::new(edge))));
        let key = &self.view.keys[at];
        let place = [key.namespace.reveal(), key.name.reveal()].join("/");
        let locator = format!("{} {} {}", object.origin, key.kind, place.trim_start_matches('/'));
        Record {
            locator: Opaque::admit(&locator, self.how.door).reveal().into(),
            kind: RecordKind::Object,
            author: self.how.told_by.enforced(),
            seen_at: Some(self.how.as_of),
            yields,
        }
    }

    fn workload(&mut self, at: usize, workload: &Workload, yields: &mut Vec<Observation>) {
        let object = &self.view.objects[at];
        let raised = self.view.raised[at].clone();
        let owned = raised != self.view.keys[at];
        // An owned object's count says nothing about its owner: that one has a count of its own.
        yields.push(self.exists(at, (!owned).then_some(workload.wanted)));
        if let Some(level) = self.levels.take(&raised) {
            yields.push(self.fact(Subject::Object { at: raised.clone(), container: None }, What::PodSecurity(level)));
        }
        self.holds(&raised, yields);
        for (to, link) in self.runs.take(self.view, at, self.how.door) {
            yields.push(self.edge(raised.clone(), to, link));
        }
        let ended = &*object.kind == "Pod" && workload.wanted == 0;
        let speaks_for_itself = self.view.owner[at].is_none() || &*object.kind == "Pod";
        if ended || !speaks_for_itself {
            return;
        }
        if self.view.owner[at].is_none() && self.identified.insert(raised.clone()) {
            let account = self.view.key(Kind::of("ServiceAccount"), &object.namespace, workload.spec.identity());
            let link = Link::RunsAs { token_mounted: self.view.token_mounted(at) };
            yields.push(self.edge(raised.clone(), account, link));
        }
        let case = judge::case(self.view, at, workload, self.how.version);
        let judged = judge::judge(&case, self.how.door);
        self.parts.workload(&raised, object);
        self.judged(&raised, judged, yields);
        self.judged(&raised, judge::judge_object(&self.object_case(at), self.how.door), yields);
    }

    /// Judges an object that is no workload.
    fn object(&mut self, at: usize, yields: &mut Vec<Observation>) {
        let key = self.view.keys[at].clone();
        self.parts.judged(&key, &self.view.objects[at]);
        self.judged(&key, judge::judge_object(&self.object_case(at), self.how.door), yields);
    }

    fn object_case(&self, at: usize) -> ObjectCase<'_> {
        ObjectCase {
            object: &self.view.objects[at],
            view: self.view,
            complete: self.parts.all_seen(),
            rights_complete: self.parts.all_roles_seen(),
            live: matches!(self.how.told_by, ToldBy::Server),
            as_of: self.how.as_of,
        }
    }

    fn judged(&mut self, at: &AssetKey, judged: Judged, yields: &mut Vec<Observation>) {
        let home = self.parts.home(at);
        let scope = self.parts.scope_of(&home).key();
        for failure in judged.failures {
            let Failure { container, severity, title, text, rule, flaw } = failure;
            let said = match &flaw {
                Flaw::Secret { detector, location, .. } => Said::Secret(detector.clone(), location.clone()),
                _ => Said::Control(rule.clone()),
            };
            if !self.said.insert((at.clone(), container.clone(), said)) {
                continue;
            }
            let subject = Subject::Object { at: at.clone(), container };
            let claim = Claim { scope: Some(scope.clone()), subject, severity, title, text, rule, flaw };
            yields.push(Observation::Claim(Box::new(claim)));
        }
        for (control, outcome) in judged.open {
            let subject = Subject::Object { at: at.clone(), container: None };
            yields.push(self.fact(subject, What::Outcome { control, outcome }));
        }
    }

    /// What the workload holds of its nodes, the ports that it names, and the secrets that it is handed.
    fn holds(&mut self, workload: &AssetKey, yields: &mut Vec<Observation>) {
        let held = self.hosts.take(workload);
        for (container, access) in held.access {
            let container = Some(Opaque::admit_name(&container, self.how.door));
            yields.push(self.fact(Subject::Object { at: workload.clone(), container }, What::OnHost(access)));
        }
        for (container, ports) in held.ports {
            let container = Some(Opaque::admit_name(&container, self.how.door));
            let ports = What::NamesPorts(ports.into_iter().collect());
            yields.push(self.fact(Subject::Object { at: workload.clone(), container }, ports));
        }
        for secret in held.secrets {
            let secret = self.view.key(Kind::of("Secret"), workload.namespace.reveal(), &secret);
            yields.push(self.edge(workload.clone(), secret, Link::IsHanded));
        }
    }

    fn binding(&mut self, at: usize, given: Given, yields: &mut Vec<Observation>) {
        let object = &self.view.objects[at];
        let key = &self.view.keys[at];
        yields.push(self.exists(at, None));
        if given.is_whole() || !given.rights.is_empty() {
            self.parts.binding(key, object, given.is_whole());
        }
        let scope = self.parts.scope_of(key).key();
        let name = |text: &str| Opaque::admit_name(text, self.how.door);
        let (binding, role) = (name(&format!("{}/{}", object.kind, object.name)), name(&given.role));
        let cluster_wide = given.cluster_wide;
        let reach = if cluster_wide {
            AssetKey::cluster(self.how.cluster)
        } else {
            AssetKey::namespace(self.how.cluster, key.namespace.clone())
        };
        for (workload, group, token_mounted) in given.members {
            yields.push(self.edge(workload, group, Link::RunsAs { token_mounted }));
        }
        for (subject, because) in given.doubts {
            let (binding, role) = (binding.clone(), role.clone());
            yields.push(self.edge(subject, reach.clone(), Link::MayHold { binding, role, because }));
        }
        for right in given.rights {
            let capability = right.capability;
            let names: Vec<Opaque> = right.names.iter().map(|n| name(n)).collect();
            if right.alarms {
                let text = self.right_words(&binding, &role, object, &right.names);
                yields.push(Observation::Claim(Box::new(Claim {
                    scope: Some(scope.clone()),
                    subject: Subject::Object { at: right.subject.clone(), container: None },
                    severity: capability.row().severity,
                    title: Opaque::readmit(&right_title(capability, cluster_wide)),
                    text,
                    rule: Opaque::readmit(capability.as_str()),
                    flaw: Flaw::Rbac { capability, cluster_wide },
                })));
            }
            let (binding, role) = (binding.clone(), role.clone());
            let link = Link::Holds { capability, cluster_wide, names, binding, role };
            yields.push(self.edge(right.subject, reach.clone(), link));
        }
    }

    fn right_words(&self, binding: &Opaque, role: &Opaque, object: &Object, names: &[Box<str>]) -> Opaque {
        let only = if names.is_empty() { String::new() } else { format!(", only for {}", names.join(", ")) };
        let text = format!("by {} of {}{only} ({})", binding.reveal(), role.reveal(), object.origin);
        Opaque::admit(&text, self.how.door)
    }

    fn exists(&self, at: usize, replicas: Option<u32>) -> Observation {
        let object = &self.view.objects[at];
        let key = &self.view.keys[at];
        let raised = &self.view.raised[at];
        let name = |text: &str| Opaque::admit_name(text, self.how.door);
        let mut aliases: Vec<Opaque> = object.meta.uid.iter().map(|uid| name(uid)).collect();
        if &*object.kind == "Pod" {
            aliases.push(name(&format!("{}/{}", object.namespace, object.name)));
        }
        let owner = (raised != key && key.kind.class() == KindClass::Workload).then(|| raised.clone());
        self.fact(Subject::Object { at: key.clone(), container: None }, What::Exists { replicas, owner, aliases })
    }

    fn fact(&self, subject: Subject, what: What) -> Observation {
        let (at, author) = (self.how.as_of, self.how.told_by.enforced());
        Observation::Fact(Box::new(Fact {
            subject,
            component: None,
            what,
            author,
            since: at,
            until: at,
            valid_until: None,
        }))
    }

    fn edge(&self, from: AssetKey, to: AssetKey, link: Link) -> Observation {
        let (since, author) = (self.how.as_of, self.how.told_by.enforced());
        Observation::Edge(Box::new(Edge { from, to, link, author, since }))
    }
}

fn right_title(capability: Capability, cluster_wide: bool) -> String {
    format!("{capability} in {}", if cluster_wide { "the whole cluster" } else { "one namespace" })
}

//! A day of events, drawn from a seed: every event of the cases at its time, as its sensor writes it. Comes in: cases. Goes
//! out: the objects of the cluster, and one log a sensor and hour.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::ids::{Span, Time};
use assay_core::scene::Dice;
use serde_json::{Value, json};

use super::{Events, Place, Sensor};

/// How many nodes there are.
pub(super) const NODES: usize = 14;
/// The hash in the names of replica sets.
const SET: &str = "7d9c5b6f5d";
const HOUR_MS: f64 = 3_600_000.0;

/// What one sensor wrote in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Log {
    /// The end of the hour: when it was received.
    pub(super) at: Time,
    /// Its lines.
    pub(super) text: String,
}

impl Place {
    fn pod(&self, replica: usize) -> String {
        match self.kind.as_str() {
            "StatefulSet" => format!("{}-{replica}", self.name),
            "DaemonSet" => format!("{}-n{replica:02}q", self.name),
            _ => format!("{}-{SET}-b{replica:02}xk", self.name),
        }
    }
}

/// The objects, as the API server lists them.
pub(super) fn objects(places: &[Place]) -> String {
    let teams: BTreeSet<&str> = places.iter().filter(|p| p.team).map(|p| p.namespace.as_str()).collect();
    let items: Vec<Value> = places.iter().flat_map(of_place).chain(teams.into_iter().map(team)).collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

/// That a team may write what a namespace holds.
fn team(namespace: &str) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "team", "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": format!("team-{namespace}")}],
    })
}

fn of_place(place: &Place) -> Vec<Value> {
    let Place { namespace, name, kind, account, host, .. } = place;
    let labels = json!({"app": name});
    let named = || host.paths.iter().enumerate().map(|(n, path)| (format!("host-{n}"), path));
    let volumes: Vec<Value> = named().map(|(name, path)| json!({"name": name, "hostPath": {"path": path}})).collect();
    let mounts: Vec<Value> = named().map(|(name, path)| json!({"name": name, "mountPath": path})).collect();
    let mut spec = json!({
        "serviceAccountName": account,
        "containers": [{
            "name": name, "image": format!("registry.example/{namespace}/{name}:1"), "ports": [{"containerPort": 8080}],
            "volumeMounts": mounts,
        }],
        "volumes": volumes,
    });
    if host.privileged {
        spec["containers"][0]["securityContext"] = json!({"privileged": true});
    }
    if host.network {
        spec["hostNetwork"] = json!(true);
    }
    let meta = |name: &str| json!({"name": name, "namespace": namespace, "labels": labels});
    let owned = |name: &str, kind: &str, owner: &str| {
        let mut meta = meta(name);
        meta["ownerReferences"] =
            json!([{"apiVersion": "apps/v1", "kind": kind, "name": owner, "controller": true, "uid": owner}]);
        meta
    };
    let scaled = json!({
        "replicas": place.pods,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": spec},
    });
    let workload =
        |kind: &str, meta: Value| json!({"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": scaled});
    let mut out = vec![
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": namespace}}),
        workload(kind, meta(name)),
    ];
    let set = format!("{name}-{SET}");
    let owner = if kind == "Deployment" { ("ReplicaSet", set.as_str()) } else { (kind.as_str(), name.as_str()) };
    if kind == "Deployment" {
        out.push(workload("ReplicaSet", owned(&set, kind, name)));
    }
    for replica in 0..place.pods {
        let meta = owned(&place.pod(replica), owner.0, owner.1);
        out.push(json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}));
    }
    if place.exposed {
        out.push(json!({
            "apiVersion": "v1", "kind": "Service", "metadata": meta(name),
            "spec": {"type": "LoadBalancer", "selector": labels, "ports": [{"port": 443, "targetPort": 8080}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}},
        }));
    }
    out
}

/// The logs of the 24 hours before an instant, oldest first.
pub(super) fn logs<'e>(places: &[Place], events: impl Iterator<Item = &'e Events>, end: Time, seed: u64) -> Vec<Log> {
    let start = end - Span::days(1);
    let mut drawn: Vec<(Time, Sensor, String)> = Vec::new();
    for events in events {
        // Each has dice of its own: what is left out moves nothing else.
        let own = events.id.bytes().fold(seed, |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(b)));
        let mut dice = Dice::new(own);
        let [from, to] = events.hours;
        for n in 0..events.times {
            let wide = ((to - from) * HOUR_MS) as usize;
            let at = Time::from_millis(start.millis() + (from * HOUR_MS) as i64 + dice.below(wide) as i64);
            drawn.push((at, events.sensor, line(places, events, at, n, &mut dice).to_string()));
        }
    }
    drawn.sort();
    let mut logs: BTreeMap<(i64, Sensor), String> = BTreeMap::new();
    for (at, sensor, line) in drawn {
        let log = logs.entry((start.until(at).whole_hours(), sensor)).or_default();
        log.push_str(&line);
        log.push('\n');
    }
    logs.into_iter().map(|((hour, _), text)| Log { at: start + Span::hours(hour + 1), text }).collect()
}

fn line(places: &[Place], events: &Events, at: Time, n: usize, dice: &mut Dice) -> Value {
    let at = at.to_string();
    let place = places.iter().find(|p| p.id == events.at);
    let replica = dice.below(place.map_or(1, |p| p.pods));
    let pod = place.map_or_else(String::new, |p| p.pod(replica));
    let node = format!("node-{:02}", 1 + (replica * 5 + events.at.len()) % NODES);
    let (namespace, name) = events.at.split_once('/').unwrap_or_default();
    let says = &events.says;
    match events.sensor {
        Sensor::Falco => json!({
            "hostname": node, "priority": says.priority, "rule": says.rule, "source": "syscall", "time": at,
            "output": format!("{} (user=root command={})", says.rule, says.command),
            "output_fields": {
                "container.name": name, "k8s.ns.name": namespace, "k8s.pod.name": pod, "user.name": "root",
                "proc.exepath": says.exe, "proc.cmdline": says.command, "proc.pid": dice.below(60_000),
            },
        }),
        Sensor::Tetragon => {
            let kind = place.map_or("", |p| p.kind.as_str());
            let process = json!({
                "uid": 0, "pid": dice.below(60_000), "binary": says.exe, "arguments": says.command,
                "pod": {"namespace": namespace, "name": pod, "workload": name, "workload_kind": kind, "container": {"name": name}},
            });
            let parent = json!({"uid": 0, "binary": says.parent});
            let (kind, body) = if says.function.is_empty() {
                ("process_exec", json!({"process": process, "parent": parent}))
            } else {
                let args = json!([{"file_arg": {"path": says.file}}, {"int_arg": 4}]);
                let probe = json!({
                    "process": process, "parent": parent, "function_name": says.function, "policy_name": says.policy,
                    "args": args, "action": "KPROBE_ACTION_POST",
                });
                ("process_kprobe", probe)
            };
            json!({kind: body, "node_name": node, "time": at})
        }
        Sensor::Audit => {
            let object = says.object.replace("{n}", &n.to_string());
            let on = if says.resource == "pods" && object.is_empty() { pod } else { object };
            json!({
                "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "stage": "ResponseComplete",
                "auditID": format!("{}-{n}", events.id), "verb": says.verb, "user": {"username": says.user},
                "sourceIPs": [if says.from.is_empty() { "10.0.7.9" } else { says.from.as_str() }],
                "objectRef": {
                    "resource": says.resource, "subresource": says.subresource, "name": on,
                    "namespace": if on.is_empty() { "" } else { namespace },
                },
                "requestURI": format!("/api/v1/{}", says.resource), "responseStatus": {"code": says.code},
                "requestReceivedTimestamp": at, "stageTimestamp": at,
            })
        }
    }
}

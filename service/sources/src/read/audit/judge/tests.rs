use super::*;
use crate::signals::signal;
use serde_json::json;

fn call(verb: &str, resource: &str, user: &str) -> Call {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    Call {
        verb: verb.into(),
        resource: resource.into(),
        subresource: subresource.into(),
        namespace: "shop".into(),
        name: "web".into(),
        user: user.into(),
        allowed: Some(true),
        ..Call::default()
    }
}

fn ids(call: &Call) -> Vec<&'static str> {
    judge(call, &mut Memory::default()).iter().map(|f| f.signal).collect()
}

#[test]
fn every_row_is_a_signal_of_ours() {
    for id in ROWS.iter().map(|r| r.signal).chain(["api-probing", "secret-sweep", "refused-from-outside"]) {
        assert!(signal(id).is_some(), "{id}");
    }
}

#[test]
fn a_call_is_a_sign_only_when_it_was_answered_and_allowed() {
    let exec = call("create", "pods/exec", "anna@shop.example");
    assert_eq!(ids(&exec), ["exec-into-pod"]);
    assert_eq!(ids(&Call { unanswered: true, ..exec.clone() }), [""; 0]);
    assert_eq!(ids(&Call { allowed: Some(false), ..exec.clone() }), [""; 0]);
    assert_eq!(ids(&Call { allowed: None, ..exec }), ["exec-into-pod"], "who does not say no has answered");
    assert_eq!(ids(&call("get", "pods", "anna@shop.example")), [""; 0]);
}

#[test]
fn nobody_may_ask_for_health_and_for_nothing_else() {
    let get = call("get", "pods", "system:anonymous");
    assert_eq!(ids(&get), ["api-server-anonymous"]);
    let health = Call { uri: "/healthz?verbose".into(), resource: String::new(), ..get };
    assert_eq!(ids(&health), [""; 0]);
}

#[test]
fn who_asks_from_outside_without_a_name_scans_the_server() {
    let from = |address: &str, agent: &str, allowed: bool| Call {
        uri: "/version".into(),
        resource: String::new(),
        addresses: vec![address.parse().unwrap()],
        agent: agent.into(),
        allowed: Some(allowed),
        ..call("get", "", "system:anonymous")
    };
    assert_eq!(ids(&from("203.0.113.7", "zgrab/0.x", true)), ["api-server-scanned"]);
    assert_eq!(ids(&from("203.0.113.7", "zgrab/0.x", false)), ["api-server-scanned"]);
    assert_eq!(ids(&from("203.0.113.7", "GoogleHC/1.0", true)), [""; 0]);
    assert_eq!(ids(&from("10.0.0.7", "zgrab/0.x", true)), [""; 0]);
    let php = Call { uri: "/index.php".into(), ..from("203.0.113.7", "GoogleHC/1.0", false) };
    assert_eq!(ids(&php), ["api-server-scanned"], "its own word makes nothing else quiet");
}

#[test]
fn credentials_in_a_config_map_are_told_and_so_is_a_namespace_that_goes() {
    let mut map = call("update", "configmaps", "anna");
    map.object = Some(json!({"data": {"app.properties": "password = hunter2"}}));
    assert_eq!(ids(&map), ["credentials-in-configmap"]);
    map.object = Some(json!({"data": {"app.properties": "color = red"}}));
    assert_eq!(ids(&map), [""; 0]);
    assert_eq!(ids(&call("delete", "namespaces", "anna")), ["namespace-deleted"]);
    assert_eq!(ids(&call("delete", "namespaces", "system:serviceaccount:kube-system:namespace-controller")), [""; 0]);
    assert_eq!(ids(&call("create", "daemonsets", "anna")), ["daemonset-made"]);
    assert_eq!(ids(&call("update", "daemonsets", "anna")), [""; 0]);
}

#[test]
fn tokens_are_for_oneself() {
    assert_eq!(ids(&call("create", "serviceaccounts/token", "anna")), ["token-for-another"]);
    for own in ["system:serviceaccount:shop:web", "system:node:worker-1"] {
        assert_eq!(ids(&call("create", "serviceaccounts/token", own)), [""; 0], "{own}");
    }
    // The controllers of the control plane have accounts in kube-system, and ask for no others.
    let mut part = call("create", "serviceaccounts/token", "system:kube-controller-manager");
    assert_eq!(ids(&part), ["token-for-another"]);
    part.namespace = "kube-system".into();
    assert_eq!(ids(&part), [""; 0]);
}

#[test]
fn a_pod_comes_from_inside() {
    let by = |addresses: &[&str]| Call {
        addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
        ..call("get", "endpoints", "system:serviceaccount:shop:web")
    };
    assert_eq!(ids(&by(&["203.0.113.7"])), ["system-identity-from-outside"]);
    assert_eq!(ids(&by(&["10.0.1.5"])), [""; 0]);
    assert_eq!(ids(&by(&["10.0.1.5", "203.0.113.7"])), [""; 0]);
    assert_eq!(ids(&by(&[])), [""; 0]);
    assert_eq!(ids(&Call { allowed: Some(false), ..by(&["203.0.113.7"]) }), ["refused-from-outside"]);
    let agent = Call { user: "system:serviceaccount:kube-system:aws-node".into(), ..by(&["203.0.113.7"]) };
    assert_eq!(ids(&agent), [""; 0], "it calls from its node's own address");
    let copy = Call { user: "system:serviceaccount:shop:aws-node".into(), ..agent };
    assert_eq!(ids(&copy), ["system-identity-from-outside"], "only its own namespace may make that account");
}

#[test]
fn pods_that_lead_to_the_node_are_told_by_what_they_ask() {
    let made = |spec: serde_json::Value| {
        let mut made = call("create", "pods", "anna");
        made.object = Some(json!({"kind": "Pod", "spec": spec}));
        ids(&made)
    };
    let of = |context: serde_json::Value| made(json!({"containers": [{"name": "a", "securityContext": context}]}));
    assert_eq!(of(json!({"privileged": true})), ["privileged-pod-created"]);
    assert_eq!(of(json!({"capabilities": {"add": ["CAP_SYS_ADMIN"]}})), ["capability-pod"]);
    assert_eq!(of(json!({"privileged": false})), [""; 0]);
    assert_eq!(made(json!({"hostPID": true, "containers": []})), ["host-namespace-pod"]);
    assert_eq!(made(json!({"volumes": [{"hostPath": {"path": "/etc/kubernetes/"}}]})), ["sensitive-mount-pod"]);
    assert_eq!(made(json!({"volumes": [{"hostPath": {"path": "/var/cache/shop"}}]})), [""; 0]);
}

#[test]
fn rights_that_take_over_the_cluster_are_told() {
    let mut binding = call("create", "clusterrolebindings", "anna");
    binding.object = Some(json!({"roleRef": {"name": "cluster-admin"}, "subjects": []}));
    assert_eq!(ids(&binding), ["cluster-admin-granted"]);
    binding.object = Some(json!({"roleRef": {"name": "view"}}));
    assert_eq!(ids(&binding), ["binding-made"]);
    assert_eq!(ids(&Call { verb: "delete".into(), ..binding }), [""; 0]);
    let mut role = call("create", "roles", "anna");
    role.object = Some(json!({"rules": [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}]}));
    assert_eq!(ids(&role), ["powerful-role-made"]);
    role.object = Some(json!({"rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]}));
    assert_eq!(ids(&role), [""; 0]);
    role.object = Some(json!({"rules": [{"apiGroups": [""], "resources": ["events"], "verbs": ["delete"]}]}));
    assert_eq!(ids(&role), ["writing-role-made"]);
    let system = Call { name: "system:node-problem".into(), ..call("patch", "clusterroles", "anna") };
    assert_eq!(ids(&system), ["system-role-changed"]);
}

#[test]
fn one_secret_is_work_and_ten_are_a_sweep() {
    let mut memory = Memory::default();
    let read = |i: usize, memory: &mut Memory| {
        let get = Call { name: format!("s{i}"), ..call("get", "secrets", "anna") };
        judge(&get, memory).len()
    };
    assert_eq!((0..9).map(|i| read(i, &mut memory)).sum::<usize>(), 0);
    assert_eq!(read(8, &mut memory), 0, "the same one again");
    assert_eq!(read(9, &mut memory), 1);
    let all = Call { namespace: String::new(), name: String::new(), ..call("list", "secrets", "anna") };
    assert_eq!(ids(&all), ["secret-sweep"]);
    let controller = Call { user: "system:serviceaccount:kube-system:operator".into(), ..all };
    assert_eq!(ids(&controller), [""; 0]);
}

//! Pods that call each other. Each case names the rule of Kubernetes that it rests on.

use proptest::prelude::*;

use super::*;
use crate::cluster::limits::ScanLimits;
use crate::cluster::manifests;
use crate::door::SecretDoor;

const TOWN: &str = "
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: front}}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab, labels: {team: back}}
";

fn pod(namespace: &str, name: &str, more: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}, all: 'yes'}}}}\nspec: {{{more}containers: [{{name: c, image: i, ports: [{{name: http, containerPort: 8080}}, {{name: dns, containerPort: 53, protocol: UDP}}]}}]}}\n"
    )
}

fn policy(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

fn admin(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

fn shown(party: &Party) -> String {
    match party {
        Party::Workload(key) => key.name.reveal().to_owned(),
        Party::AnyPod => "any pod".to_owned(),
        Party::Outside(_) => "outside".to_owned(),
    }
}

fn all(yaml: &str) -> Vec<Connection> {
    let door = SecretDoor::new([0; 32]);
    let home = manifests::read_bytes(yaml.as_bytes(), "x.yaml", &ScanLimits::default(), &door);
    assert_eq!(home.skipped().count(), 0, "{:?}", home.lost);
    connections(&home, &Opaque::readmit("c"), &door, None)
}

/// `web -> db: every port`, for pods in view.
fn open(yaml: &str) -> Vec<String> {
    let between = |c: &&Connection| matches!((&c.from, &c.to), (Party::Workload(_), Party::Workload(_)));
    let line = |c: &Connection| format!("{} -> {}: {}", shown(&c.from), shown(&c.to), c.ports);
    all(yaml).iter().filter(between).map(line).collect()
}

/// Web and db of shop, lab's app, and a policy for db.
fn with(spec: &str) -> Vec<String> {
    let pods = pod("shop", "web", "") + &pod("shop", "db", "") + &pod("lab", "probe", "");
    let lines = open(&format!("{TOWN}{pods}{}", policy("shop", "p", spec)));
    lines.into_iter().filter(|line| line.contains("-> db")).collect()
}

#[test]
fn callers_of_a_pod_are_those_that_some_rule_names() {
    let db = |ingress: &str| with(&format!("{{podSelector: {{matchLabels: {{app: db}}}}, ingress: {ingress}}}"));
    let every = |who: &[&str]| who.iter().map(|who| format!("{who} -> db: every port")).collect::<Vec<_>>();
    assert_eq!(with("{podSelector: {matchLabels: {app: other}}}"), every(&["probe", "web"]), "it is for no pod here");
    assert_eq!(db("[]"), every(&[]), "isolated, and nobody is named");
    assert_eq!(db("[{}]"), every(&["probe", "web"]), "a rule without callers means all");
    assert_eq!(db("[{from: [{podSelector: {}}]}]"), every(&["web"]), "pods alone are of the policy's own namespace");
    assert_eq!(db("[{from: [{namespaceSelector: {}}]}]"), every(&["probe", "web"]));
    assert_eq!(db("[{from: [{namespaceSelector: {matchLabels: {team: back}}}]}]"), every(&["probe"]));
    let both = "[{from: [{namespaceSelector: {matchLabels: {team: back}}, podSelector: {matchLabels: {app: web}}}]}]";
    assert_eq!(db(both), every(&[]), "both selectors of one peer must fit");
    assert_eq!(db("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]"), every(&[]), "blocks are for addresses outside");
}

#[test]
fn ports_are_those_of_the_pod_that_is_called() {
    let ports = |ports: &str| {
        let lines = with(&format!("{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{{ports: {ports}}}]}}"));
        lines.last().map(|line| line.trim_start_matches("web -> db: ").to_owned()).unwrap_or_default()
    };
    assert_eq!(ports("[{port: 5432}]"), "TCP 5432", "TCP where no protocol is named");
    assert_eq!(ports("[{port: 8000, endPort: 8100}, {port: 8101}]"), "TCP 8000-8101");
    assert_eq!(ports("[{port: http}, {port: dns, protocol: UDP}]"), "TCP 8080, UDP 53");
    assert_eq!(ports("[{port: dns}]"), "", "the port of that name is one of UDP");
    assert_eq!(ports("[{protocol: SCTP}]"), "SCTP 1-65535");
}

#[test]
fn both_ends_have_to_let_a_connection_through() {
    let pods = pod("shop", "web", "") + &pod("shop", "db", "");
    let out = policy(
        "shop",
        "out",
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: http}, {port: 5432}]}]}",
    );
    let into = policy(
        "shop",
        "in",
        "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 8080}, {port: 9090}]}]}",
    );
    assert_eq!(open(&format!("{TOWN}{pods}{out}")), ["db -> web: every port", "web -> db: TCP 5432 8080"]);
    assert_eq!(open(&format!("{TOWN}{pods}{out}{into}")), ["db -> web: every port", "web -> db: TCP 8080"]);
    let no_types = policy(
        "shop",
        "out",
        "{podSelector: {matchLabels: {app: web}}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}",
    );
    assert_eq!(
        open(&format!("{TOWN}{pods}{no_types}")),
        [""; 0],
        "without types it is for both ways where it has a rule for egress"
    );
}

#[test]
fn addresses_outside_are_cut_where_blocks_begin_and_end() {
    let spec = "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: 80}]}, {from: [{ipBlock: {cidr: 10.2.0.0/16}}]}]}";
    let found = all(&format!("{TOWN}{}{}", pod("shop", "web", ""), policy("shop", "p", spec)));
    let spans = |text: &str| address::block(text).unwrap();
    let outside: Vec<(Spans, String)> = found
        .into_iter()
        .filter_map(|c| if let Party::Outside(all) = c.from { Some((all, c.ports.to_string())) } else { None })
        .collect();
    let web = spans("10.0.0.0/8").without(&spans("10.1.0.0/16")).without(&spans("10.2.0.0/16"));
    assert_eq!(outside, [(web, "TCP 80".to_owned()), (spans("10.2.0.0/16"), "every port".to_owned())]);
}

#[test]
fn an_unknown_pod_is_let_in_by_what_lets_every_pod_in() {
    let pods = |peer: &str| {
        let spec = format!("{{podSelector: {{}}, ingress: [{{from: [{peer}]}}]}}");
        let found = all(&format!("{TOWN}{}{}", pod("shop", "web", ""), policy("shop", "p", &spec)));
        found.iter().any(|c| c.from == Party::AnyPod)
    };
    assert!(pods("{namespaceSelector: {}}"));
    assert!(
        !pods("{namespaceSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}"),
        "it may have that label"
    );
    assert!(!pods("{podSelector: {}}"));
}

#[test]
fn pods_on_the_hosts_network_are_open_and_uncertain() {
    let pods = pod("shop", "web", "") + &pod("shop", "agent", "hostNetwork: true, ");
    let found = all(&format!("{TOWN}{pods}{}", policy("shop", "p", "{podSelector: {matchLabels: {app: agent}}}")));
    let to_agent = found.iter().find(|c| shown(&c.from) == "web" && shown(&c.to) == "agent").unwrap();
    assert_eq!((to_agent.ports.clone(), to_agent.certain), (Ports::all(), false));
}

#[test]
fn administrators_speak_first_and_last() {
    let pods = pod("shop", "web", "") + &pod("lab", "probe", "");
    let subject = "subject: {namespaces: {matchLabels: {team: front}}}";
    let rule = |action: &str, ports: &str| format!("{{action: {action}, from: [{{namespaces: {{}}}}]{ports}}}");
    let port = |n: u16| format!(", ports: [{{portNumber: {{port: {n}}}}}]");
    let first = |priority: u8, rules: &[String]| {
        let spec = format!("{{priority: {priority}, {subject}, ingress: [{}]}}", rules.join(", "));
        admin("AdminNetworkPolicy", &format!("a{priority}"), &spec)
    };
    let last =
        admin("BaselineAdminNetworkPolicy", "default", &format!("{{{subject}, ingress: [{}]}}", rule("Deny", "")));
    let to_web = |more: &str| {
        let lines = open(&format!("{TOWN}{pods}{more}"));
        lines.into_iter().find(|l| l.ends_with("web") || l.contains("-> web")).unwrap_or_default()
    };
    assert_eq!(to_web(&last), "", "the baseline denies what nobody spoke of");
    let own = policy("shop", "p", "{podSelector: {}, ingress: [{}]}");
    assert_eq!(to_web(&(last.clone() + &own)), "probe -> web: every port", "a policy of the namespace comes before it");
    let early = first(1, &[rule("Allow", &port(80)), rule("Deny", "")]);
    assert_eq!(to_web(&(early.clone() + &own)), "probe -> web: TCP 80", "and an administrator's before that");
    let late = first(2, &[rule("Allow", "")]);
    assert_eq!(to_web(&(late.clone() + &early)), "probe -> web: TCP 80", "the smaller priority comes first");
    let pass = first(1, &[rule("Pass", &port(80)), rule("Deny", "")]);
    assert_eq!(
        to_web(&(pass.clone() + &late + &own)),
        "probe -> web: TCP 80",
        "what is passed is left to the namespace"
    );
    assert_eq!(to_web(&(pass + &late + &last)), "", "or to the baseline");
}

/// A random rule, for either way.
fn rule() -> impl Strategy<Value = (String, String)> {
    let peer = prop_oneof![
        Just("{podSelector: {}}"),
        Just("{podSelector: {matchLabels: {app: web}}}"),
        Just("{namespaceSelector: {}}"),
        Just("{namespaceSelector: {matchLabels: {team: back}}, podSelector: {matchLabels: {app: probe}}}"),
        Just("{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}"),
        Just("{ipBlock: {cidr: 10.1.0.0/16}}"),
    ];
    let port = prop_oneof![
        Just("{port: 80}"),
        Just("{port: 8000, endPort: 9000}"),
        Just("{port: http}"),
        Just("{protocol: UDP}")
    ];
    let lists = (proptest::collection::vec(peer, 0..3), proptest::collection::vec(port, 0..3));
    lists.prop_map(|(peers, ports)| (peers.join(", "), ports.join(", ")))
}

/// A random policy of shop: for whom, for which ways, and what it lets through.
fn random() -> impl Strategy<Value = String> {
    let who = prop_oneof![Just("{}"), Just("{matchLabels: {app: web}}"), Just("{matchLabels: {app: db}}")];
    let types = prop_oneof![Just("Ingress"), Just("Egress"), Just("Ingress, Egress")];
    let rules = || proptest::collection::vec(rule(), 0..3);
    (who, types, rules(), rules()).prop_map(|(who, types, into, out)| {
        let written = |rules: Vec<(String, String)>, way: &str| {
            let one = |(peers, ports): (String, String)| format!("{{{way}: [{peers}], ports: [{ports}]}}");
            rules.into_iter().map(one).collect::<Vec<_>>().join(", ")
        };
        let (into, out) = (written(into, "from"), written(out, "to"));
        format!("{{podSelector: {who}, policyTypes: [{types}], ingress: [{into}], egress: [{out}]}}")
    })
}

fn town(policies: &[String]) -> Vec<Connection> {
    let pods = pod("shop", "web", "") + &pod("shop", "db", "") + &pod("lab", "probe", "");
    let written = policies.iter().enumerate().map(|(i, spec)| policy("shop", &format!("p{i}"), spec));
    all(&format!("{TOWN}{pods}{}", written.collect::<String>()))
}

/// True when everything that is open in the one is open in the other.
fn within(one: &[Connection], other: &[Connection]) -> bool {
    let find = |c: &Connection| {
        other.iter().filter(|o| o.from == c.from && o.to == c.to).fold(Ports::NONE, |all, o| all.or(&o.ports))
    };
    let pods = |c: &&Connection| !matches!((&c.from, &c.to), (Party::Outside(_), _) | (_, Party::Outside(_)));
    one.iter().filter(pods).all(|c| c.ports.without(&find(c)).is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_policies_does_not_matter(policies in proptest::collection::vec(random(), 0..5)) {
        let turned: Vec<String> = policies.iter().rev().cloned().collect();
        prop_assert_eq!(town(&policies), town(&turned));
    }

    /// Policies of namespaces add up: where a pod is isolated already another one can only open.
    #[test]
    fn a_policy_more_closes_nothing_where_all_are_isolated(policies in proptest::collection::vec(random(), 0..4), more in random()) {
        let mut all = vec!["{podSelector: {}, policyTypes: [Ingress, Egress]}".to_owned()];
        all.extend(policies);
        let before = town(&all);
        all.push(more);
        prop_assert!(within(&before, &town(&all)));
    }

    /// The first policy of a pod isolates it, so it can only close; and one without rules closes, whenever it comes.
    #[test]
    fn a_first_policy_and_one_without_rules_open_nothing(first in random(), others in proptest::collection::vec(random(), 0..4)) {
        prop_assert!(within(&town(&[first]), &town(&[])));
        let before = town(&others);
        let mut all = others;
        all.push("{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress, Egress]}".to_owned());
        prop_assert!(within(&town(&all), &before));
    }
}

//! Each predicate: what meets it, what does not, and what says nothing.

use super::{Condition, Met, met};
use crate::context::tests::{Shop, now};
use crate::ids::Span;
use crate::observation::{
    AttackStage, Author, Capability, ControlId, Eye, HostAccess, HostSetting, Link, PeerClass, PodSecurity, Protocol,
    Role, What,
};
use crate::text::Opaque;

fn o(text: &str) -> Opaque {
    Opaque::readmit(text)
}

/// `yes`, `no` or `unknown` for the container `web`.
fn answer(shop: &Shop, condition: Condition) -> &'static str {
    match met(condition, &shop.scene.world(), shop.web, &o("web")) {
        Met::Yes(evidence, at) => {
            assert!(!evidence.is_empty() && at <= now(), "{condition}: a yes has evidence and a time");
            "yes"
        }
        Met::No(evidence, _) => {
            assert!(!evidence.is_empty(), "{condition}: a no has evidence");
            "no"
        }
        Met::Unknown(_) => "unknown",
    }
}

fn say(shop: &mut Shop, author: Author, what: What) {
    shop.scene.fact(shop.web, author, what).container = o("web");
}

fn listens(port: u16, protocol: Protocol) -> What {
    What::Listens { port, protocol, exe: o("/srv/web") }
}

fn calls(peer: PeerClass) -> What {
    What::Talks { port: 443, protocol: Protocol::Tcp, role: Role::Client, peer, exe: o("/srv/web") }
}

fn on_host(settings: &[HostSetting]) -> What {
    What::OnHost(settings.iter().copied().collect::<HostAccess>())
}

fn holds(shop: &mut Shop, author: Author, token_mounted: bool, capability: Capability) {
    let account = shop.scene.object("ServiceAccount", "shop", "web");
    shop.scene.edge(shop.web, account, author, Link::RunsAs { token_mounted });
    let namespace = shop.scene.object("Namespace", "", "shop");
    let (binding, role) = (o("RoleBinding/b"), o("Role/r"));
    let link = Link::Holds { capability, cluster_wide: false, names: vec![], binding, role };
    shop.scene.edge(account, namespace, Author::Cluster, link);
}

/// A name, the condition, what is said, and the answer.
type Case = (&'static str, Condition, fn(&mut Shop), &'static str);

const CASES: &[Case] = &[
    ("a port is open", Condition::ListeningPort, |s| say(s, Author::Kernel, listens(8080, Protocol::Tcp)), "yes"),
    ("nobody watched", Condition::ListeningPort, |_| {}, "unknown"),
    ("watched whole", Condition::ListeningPort, |s| s.watch(Eye::SensorFlows, 3, Span::days(3)), "no"),
    ("a port for streams", Condition::UdpListener, |s| say(s, Author::Kernel, listens(53, Protocol::Tcp)), "unknown"),
    ("a port for datagrams", Condition::UdpListener, |s| say(s, Author::Kernel, listens(53, Protocol::Udp)), "yes"),
    ("Java's debug port", Condition::DebugInterface, |s| say(s, Author::Kernel, listens(5005, Protocol::Tcp)), "yes"),
    ("another port", Condition::DebugInterface, |s| say(s, Author::Kernel, listens(8080, Protocol::Tcp)), "unknown"),
    ("watched whole", Condition::DebugInterface, |s| s.watch(Eye::SensorFlows, 3, Span::days(3)), "unknown"),
    (
        "listens on its node's network",
        Condition::NetworkAdjacent,
        |s| {
            say(s, Author::Kernel, listens(8080, Protocol::Tcp));
            say(s, Author::Cluster, on_host(&[HostSetting::HostNetwork]));
        },
        "yes",
    ),
    (
        "listens on its pod's network",
        Condition::NetworkAdjacent,
        |s| say(s, Author::Kernel, listens(8080, Protocol::Tcp)),
        "unknown",
    ),
    ("it calls out", Condition::OutboundConnection, |s| say(s, Author::Kernel, calls(PeerClass::Public)), "yes"),
    ("it calls a pod", Condition::OutboundConnection, |s| say(s, Author::Kernel, calls(PeerClass::Pod)), "unknown"),
    ("watched whole", Condition::OutboundConnection, |s| s.watch(Eye::SensorFlows, 3, Span::days(3)), "unknown"),
    (
        "watched whole, and it called a pod",
        Condition::OutboundConnection,
        |s| {
            s.watch(Eye::SensorFlows, 3, Span::days(3));
            say(s, Author::Kernel, calls(PeerClass::Pod));
        },
        "unknown",
    ),
    (
        "a foothold",
        Condition::LocalUser,
        |s| {
            let signal = ControlId(o("shell-in-container"));
            say(s, Author::Kernel, What::Attacked { stage: AttackStage::Foothold, signal });
        },
        "yes",
    ),
    ("no foothold", Condition::LocalUser, |s| s.watch(Eye::SensorSignals, 3, Span::days(3)), "unknown"),
    (
        "below the baseline",
        Condition::PrivilegedContainer,
        |s| say(s, Author::Tenant, What::PodSecurity(PodSecurity::Privileged)),
        "yes",
    ),
    (
        "within the baseline",
        Condition::PrivilegedContainer,
        |s| say(s, Author::Cluster, What::PodSecurity(PodSecurity::Baseline)),
        "no",
    ),
    (
        "the node's network",
        Condition::HostNamespace,
        |s| say(s, Author::Cluster, on_host(&[HostSetting::HostNetwork])),
        "yes",
    ),
    (
        "none of the node's",
        Condition::HostNamespace,
        |s| say(s, Author::Cluster, on_host(&[HostSetting::AsRoot])),
        "no",
    ),
    ("a tenant says none", Condition::HostNamespace, |s| say(s, Author::Tenant, on_host(&[])), "unknown"),
    (
        "a tenant says none after the cluster said one",
        Condition::HostNamespace,
        |s| {
            say(s, Author::Cluster, on_host(&[HostSetting::HostPid]));
            say(s, Author::Tenant, on_host(&[]));
        },
        "yes",
    ),
    (
        "of another container",
        Condition::HostNamespace,
        |s| s.scene.fact(s.web, Author::Cluster, on_host(&[HostSetting::HostPid])).container = o("side"),
        "unknown",
    ),
    (
        "the runtime's socket",
        Condition::HostPathMounted,
        |s| say(s, Author::Cluster, on_host(&[HostSetting::RuntimeSocket])),
        "yes",
    ),
    ("no telling folder", Condition::HostPathMounted, |s| say(s, Author::Cluster, on_host(&[])), "unknown"),
    ("SYS_ADMIN", Condition::CapabilityHeld, |s| say(s, Author::Cluster, on_host(&[HostSetting::SysAdmin])), "yes"),
    ("NET_RAW", Condition::CapabilityHeld, |s| say(s, Author::Cluster, on_host(&[HostSetting::NetRaw])), "unknown"),
    ("may create pods", Condition::ContainerStart, |s| holds(s, Author::Cluster, true, Capability::CreatePods), "yes"),
    (
        "may do everything",
        Condition::ContainerStart,
        |s| holds(s, Author::Cluster, true, Capability::ClusterAdmin),
        "yes",
    ),
    (
        "may read secrets",
        Condition::ContainerStart,
        |s| holds(s, Author::Cluster, true, Capability::ReadSecrets),
        "unknown",
    ),
    (
        "may read secrets",
        Condition::ApiServerAccess,
        |s| holds(s, Author::Cluster, true, Capability::ReadSecrets),
        "yes",
    ),
    (
        "without its token",
        Condition::ApiServerAccess,
        |s| holds(s, Author::Cluster, false, Capability::ReadSecrets),
        "unknown",
    ),
    ("a token", Condition::TokenMounted, |s| holds(s, Author::Cluster, true, Capability::ReadSecrets), "yes"),
    ("no token", Condition::TokenMounted, |s| holds(s, Author::Cluster, false, Capability::ReadSecrets), "no"),
    (
        "a tenant says no token",
        Condition::TokenMounted,
        |s| holds(s, Author::Tenant, false, Capability::ReadSecrets),
        "unknown",
    ),
];

#[test]
fn each_predicate_is_met_by_what_meets_it() {
    for (name, condition, say, expected) in CASES {
        let mut shop = Shop::new();
        say(&mut shop);
        assert_eq!(answer(&shop, *condition), *expected, "{condition}: {name}");
    }
}

#[test]
fn a_condition_that_nothing_shows_is_unknown_whatever_is_seen() {
    let never = Condition::ALL.iter().filter(|c| !CASES.iter().any(|(_, asked, ..)| asked == *c));
    for condition in never {
        let mut shop = Shop::new();
        for (_, _, say, _) in CASES {
            say(&mut shop);
        }
        assert_eq!(answer(&shop, *condition), "unknown", "{condition}");
    }
}

/// Law 4 for every predicate: whoever may not lower makes no condition "not met".
#[test]
fn nobody_who_may_not_lower_makes_a_condition_not_met() {
    for author in Author::ALL.iter().filter(|a| !a.may_lower()) {
        for condition in Condition::ALL {
            let mut shop = Shop::new();
            say(&mut shop, *author, on_host(&[]));
            say(&mut shop, *author, What::PodSecurity(PodSecurity::Restricted));
            holds(&mut shop, *author, false, Capability::ReadSecrets);
            assert_ne!(answer(&shop, *condition), "no", "{author}: {condition}");
        }
    }
}

#[test]
fn every_condition_has_words_of_its_own() {
    let words: std::collections::BTreeSet<&str> = Condition::ALL.iter().map(|c| c.words()).collect();
    assert_eq!(words.len(), Condition::ALL.len());
    assert!(Condition::ALL.len() >= 20);
}

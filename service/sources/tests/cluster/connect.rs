//! Who may call whom, against the expectations of np-guard's own analyser, where the folder of samples is at hand: its path
//! in ASSAY_SAMPLES. Every line has to be equal: workloads among themselves, addresses outside, the controller behind an
//! Ingress or Route, and any pod of the cluster.

use std::collections::BTreeSet;
use std::path::Path;

use assay_core::observation::{Link, Protocol};
use assay_core::text::Opaque;
use assay_sources::cluster::connect::{Party, Ports, connections};
use assay_sources::cluster::limits::ScanLimits;
use assay_sources::cluster::spans::Spans;
use assay_sources::cluster::{Gathered, manifests};

use super::samples::samples;
use super::{Look, door, name, scan_of};

/// The expectation's word for a party; addresses of IPv6 are none of its subjects.
fn word(party: &Party) -> Option<String> {
    let number = |v4: std::net::Ipv4Addr| v4.to_ipv6_mapped().to_bits();
    let every_v4 = Spans::between(number(std::net::Ipv4Addr::UNSPECIFIED), number(std::net::Ipv4Addr::BROADCAST));
    let v4 = |number: u128| std::net::Ipv6Addr::from_bits(number).to_ipv4_mapped().map(|v4| v4.to_string());
    match party {
        Party::Workload(key) => Some(format!("{}/{}[{}]", key.namespace.reveal(), key.name.reveal(), key.kind)),
        Party::AnyPod => Some("entire-cluster".to_owned()),
        Party::Outside(all) => {
            let ranges = all.and(&every_v4);
            let words = ranges.iter().filter_map(|(a, b)| Some(format!("{}-{}", v4(a)?, v4(b)?)));
            let words = words.collect::<Vec<_>>().join(",");
            (!words.is_empty()).then(|| format!("{words}[External]"))
        }
    }
}

/// `SCTP 1-9002,9004-65535,TCP 80`, as the expectation writes ports.
fn written(ports: &Ports) -> String {
    if *ports == Ports::all() {
        return "All Connections".to_owned();
    }
    let of = |(protocol, spans): (&str, &Spans)| {
        let one = |(a, b): (u128, u128)| if a == b { a.to_string() } else { format!("{a}-{b}") };
        let list = spans.iter().map(one).collect::<Vec<_>>().join(",");
        (!list.is_empty()).then(|| format!("{protocol} {list}"))
    };
    [("SCTP", &ports.sctp), ("TCP", &ports.tcp), ("UDP", &ports.udp)]
        .into_iter()
        .filter_map(of)
        .collect::<Vec<_>>()
        .join(",")
}

/// The ports of workloads that an Ingress or Route leads to.
fn routed(gathered: &Gathered) -> BTreeSet<(String, u16)> {
    let seen = scan_of(gathered, Look::default());
    let routes = |from: &'static str| {
        seen.edges().filter_map(move |edge| match edge.link {
            Link::Routes { port, target_port, .. } if name(&edge.from).starts_with(from) => {
                Some((edge.from.clone(), port, edge.to.clone(), target_port))
            }
            _ => None,
        })
    };
    let entries: Vec<_> = routes("Ingress/").chain(routes("route.openshift.io/Route/")).collect();
    let behind = |(_, _, service, port): &_| {
        let same: Vec<_> = routes("Service/").filter(|(from, at, ..)| from == service && at == port).collect();
        same.into_iter().filter_map(|(_, _, to, port)| Some((word(&Party::Workload(to))?, port)))
    };
    entries.iter().flat_map(behind).collect()
}

/// Everything that is open, in the words of the expectation. What any pod may call is told apart by `reaches_any`.
fn found(folder: &Path, reaches_any: bool) -> BTreeSet<(String, String, String)> {
    let limits = ScanLimits::default();
    let gathered = manifests::read(folder, &limits, &door()).expect("the folder is there");
    let cluster = Opaque::readmit("demo");
    let all = connections(&gathered, &cluster, &door(), None);
    let mut lines = BTreeSet::new();
    for open in &all {
        let any = open.from == Party::AnyPod || open.to == Party::AnyPod;
        if let (Some(from), Some(to)) = (word(&open.from), word(&open.to))
            && any == reaches_any
        {
            lines.insert((from, to, written(&open.ports)));
        }
    }
    if !reaches_any {
        // A controller is a pod of which nothing is known.
        for (to, port) in routed(&gathered) {
            let open = all.iter().filter(|c| c.from == Party::AnyPod && word(&c.to).as_ref() == Some(&to));
            let ports =
                open.fold(Ports::NONE, |ports, c| ports.or(&c.ports)).and(&Ports::of(Protocol::Tcp, port, port));
            if !ports.is_empty() {
                lines.insert(("{ingress-controller}".to_owned(), to, written(&ports)));
            }
        }
    }
    lines
}

/// The lines of an expectation: those of connections, and those about any pod of the cluster.
fn expected(file: &Path) -> [BTreeSet<(String, String, String)>; 2] {
    let text = std::fs::read_to_string(file).expect("the expectation is there");
    let mut lines = [BTreeSet::new(), BTreeSet::new()];
    if file.extension().is_some_and(|e| e == "json") {
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let take = |list: &serde_json::Value| -> Vec<(String, String, String)> {
            let word = |v: &serde_json::Value, key: &str| v[key].as_str().expect("a word").to_owned();
            let list = list.as_array().into_iter().flatten();
            list.map(|v| (word(v, "src"), word(v, "dst"), word(v, "conn"))).collect()
        };
        let plain = if value.is_array() { &value } else { &value["connlist_results"] };
        lines[0].extend(take(plain));
        for list in ["egress_exposure", "ingress_exposure"] {
            lines[1].extend(take(&value["exposure_results"][list]));
        }
        return lines;
    }
    for line in text.lines() {
        let Some((ends, ports)) = line.split_once(" : ") else { continue };
        let (from, to) = match (ends.split_once("=>"), ends.split_once("<=")) {
            (Some((from, to)), _) | (None, Some((to, from))) => (from.trim(), to.trim()),
            (None, None) => continue,
        };
        let any = from == "entire-cluster" || to == "entire-cluster";
        lines[usize::from(any)].insert((from.to_owned(), to.to_owned(), ports.trim().to_owned()));
    }
    lines
}

#[test]
fn the_connections_are_those_that_np_guard_expects() {
    let Some(folder) = samples() else { return };
    let labels = std::fs::read_to_string(folder.join("labels.jsonl")).expect("the samples have labels");
    let (mut files, mut lines, mut wrong) = (0, 0, Vec::new());
    for line in labels.lines() {
        let label: serde_json::Value = serde_json::from_str(line).expect("a label is JSON");
        if label["type"] != "netpol-connectivity" {
            continue;
        }
        files += 1;
        let case = folder.join(label["file"].as_str().expect("a label names its folder"));
        let file =
            label["expect"].as_str().and_then(|e| e.strip_prefix("see ")).expect("a label names its expectation");
        let [plain, any] = expected(&folder.join(file));
        assert!(!plain.is_empty(), "{file} expects nothing");
        lines += plain.len() + any.len();
        // Only some expectations speak of any pod of the cluster.
        let looked_at = if any.is_empty() { vec![(plain, false)] } else { vec![(plain, false), (any, true)] };
        for (want, reaches_any) in looked_at {
            let got = found(&case, reaches_any);
            wrong.extend(want.difference(&got).map(|line| format!("{file}: {line:?} is missing")));
            wrong.extend(got.difference(&want).map(|line| format!("{file}: {line:?} is too much")));
        }
    }
    eprintln!("{} of {lines} lines in {files} files equal", lines.saturating_sub(wrong.len()));
    assert!(files > 0 && wrong.is_empty(), "{wrong:#?}");
}

/// What the recipes' titles say of them.
#[test]
fn the_recipes_do_what_their_titles_say() {
    let Some(folder) = samples() else { return };
    let recipes = folder.join("manifests/netpol-recipes");
    let pods = [
        ("web", "app: web"),
        ("db", "app: bookstore, role: db"),
        ("search", "app: bookstore, role: search"),
        ("api", "app: bookstore, role: api"),
        ("stock", "app: inventory, role: web"),
        ("client", "app: other"),
    ];
    let world: String = pods
        .iter()
        .map(|(name, labels)| {
            format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: default, labels: {{{labels}}}}}\nspec: {{containers: [{{name: c, image: i}}]}}\n")
        })
        .collect();
    let open = |file: &str| -> BTreeSet<(String, String, String)> {
        let policy = std::fs::read_to_string(recipes.join(file)).expect("the recipe is there");
        let yaml = format!("{world}---\n{policy}");
        let gathered = manifests::read_bytes(yaml.as_bytes(), "x.yaml", &ScanLimits::default(), &door());
        let all = connections(&gathered, &Opaque::readmit("demo"), &door(), None);
        all.iter().filter_map(|c| Some((word(&c.from)?, word(&c.to)?, written(&c.ports)))).collect()
    };
    let callers = |file: &str, pod: &str| -> Vec<String> {
        let called = |(_, to, _): &&(String, String, String)| *to == format!("default/{pod}[Pod]");
        let short = |from: &str| from.trim_start_matches("default/").trim_end_matches("[Pod]").to_owned();
        open(file).iter().filter(called).map(|(from, ..)| short(from)).collect()
    };
    assert_eq!(callers("01-deny-all-traffic-to-an-application-0.yaml", "web"), [""; 0]);
    assert_eq!(
        callers("02a-allow-all-traffic-to-an-application-0.yaml", "web"),
        ["0.0.0.0-255.255.255.255[External]", "api", "client", "db", "search", "stock", "entire-cluster"]
    );
    let services = callers("10-allowing-traffic-with-multiple-selectors-0.yaml", "db");
    assert_eq!(services, ["api", "search", "stock"]);
    let called = open("12-deny-all-non-whitelisted-traffic-from-the-namespace-0.yaml");
    assert!(called.iter().all(|(from, ..)| !from.starts_with("default/")), "{called:#?}");
}

//! A day of events as Falco writes them, from a seed: twelve workloads on 14 nodes, what runs there by design, and three
//! attacks. Rules and their numbers follow what operators report of their own clusters: a few rules make most of the noise.

use std::fmt::Write as _;

use assay_core::ids::{Span, Time};
use serde_json::{Value, json};

/// The end of the day.
pub(crate) const END: &str = "2026-11-24T03:00:00Z";

/// A workload of three pods.
pub(crate) struct Workload(&'static str, &'static str);

impl Workload {
    /// As it stands on the screen.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.0, self.1)
    }
}

/// Everything that runs.
pub(crate) const PLACES: [Workload; 12] = [
    Workload("shop", "web"),
    Workload("shop", "checkout"),
    Workload("shop", "orders-db"),
    Workload("shop", "cart"),
    Workload("shop", "ingress"),
    Workload("build", "ci-runner"),
    Workload("build", "registry"),
    Workload("lab", "notebook"),
    Workload("lab", "batch"),
    Workload("ops", "prometheus"),
    Workload("ops", "backup"),
    Workload("ops", "log-shipper"),
];

/// Where the attacks are.
pub(crate) const ATTACKED: [&str; 3] = ["shop/web", "lab/notebook", "shop/cart"];

/// What one rule says again and again: rule, priority, place, program, command, how often.
type Noise = (&'static str, &'static str, usize, &'static str, &'static str, usize);

/// By design, though not all of it looks so: a health check by shell in a database, a build that runs what it built.
#[rustfmt::skip]
const NOISE: [Noise; 9] = [
    ("Read sensitive file untrusted", "Warning", 10, "/usr/bin/tar", "tar cf - /etc", 9_000),
    ("Contact K8S API Server From Container", "Notice", 9, "/bin/prometheus", "prometheus --config=/etc/p.yml", 7_000),
    ("Run shell untrusted", "Notice", 2, "/bin/sh", "sh -c pg_isready", 6_000),
    ("Launch Package Management Process in Container", "Error", 5, "/usr/bin/apt-get", "apt-get install -y gcc", 5_000),
    ("Drop and execute new binary in container", "Critical", 5, "/usr/lib/gcc/cc1", "cc1 main.c", 3_500),
    ("Clear Log Activities", "Warning", 11, "/usr/sbin/logrotate", "logrotate /etc/logrotate.conf", 1_500),
    ("Directory traversal monitored file read", "Warning", 4, "/usr/sbin/nginx", "nginx: worker process", 400),
    ("Terminal shell in container", "Notice", 7, "/bin/bash", "bash", 60),
    ("Terminal shell in container", "Notice", 6, "/bin/bash", "bash", 20),
];

/// One step of an attack: hours and seconds before the end and after the start, and what was seen how often.
type Step = (Noise, i64, i64);

#[rustfmt::skip]
const STEPS: [Step; 6] = [
    (("Redirect STDOUT/STDIN to Network Connection in Container", "Notice", 0, "/bin/bash", "bash -i", 20), 3, 0),
    (("Terminal shell in container", "Notice", 0, "/bin/bash", "bash", 15), 3, 60),
    (("Detect outbound connections to common miner pool ports", "Critical", 7, "/tmp/x", "x -o pool:3333", 10), 5, 0),
    (("Drop and execute new binary in container", "Critical", 7, "/tmp/x", "x -o pool:3333", 5), 5, 10),
    (("Search Private Keys or Passwords", "Warning", 3, "/bin/grep", "grep -r BEGIN.RSA /", 12), 8, 0),
    (("Debugfs Launched in Privileged Container", "Warning", 3, "/sbin/debugfs", "debugfs /dev/sda1", 6), 8, 30),
];

/// Events in all; what the lists above do not fill, the noisiest rule does.
const EVENTS: usize = 33_000;
const NODES: u64 = 14;

/// SplitMix64 (Steele, Lea, Flood 2014): enough for where and when.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

fn pod(at: usize, replica: u64) -> String {
    format!("{}-7d9c5b6f5d-{}xkq{}", PLACES[at].1, ["b", "c", "d"][replica as usize], ["2", "4", "5"][replica as usize])
}

/// The objects, as `kubectl get -o yaml` gives them.
pub(crate) fn objects() -> String {
    let mut out = String::new();
    for (at, Workload(namespace, name)) in PLACES.iter().enumerate() {
        let spec = format!("containers: [{{name: {name}, image: 'registry.example/{namespace}/{name}:1'}}]");
        let labels = format!("{{app: {name}}}");
        let scaled = format!(
            "spec: {{replicas: 3, selector: {{matchLabels: {labels}}}, template: {{metadata: {{labels: {labels}}}, spec: {{{spec}}}}}}}"
        );
        let owner = |kind: &str, name: &str| {
            format!("ownerReferences: [{{apiVersion: apps/v1, kind: {kind}, name: {name}, controller: true, uid: u}}]")
        };
        let set = format!("{name}-7d9c5b6f5d");
        let _ = writeln!(
            out,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\n{scaled}"
        );
        let owned = owner("Deployment", name);
        let _ = writeln!(
            out,
            "---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {{name: {set}, namespace: {namespace}, {owned}}}\n{scaled}"
        );
        for replica in 0..3 {
            let (pod, owned) = (pod(at, replica), owner("ReplicaSet", &set));
            let _ = writeln!(
                out,
                "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {pod}, namespace: {namespace}, labels: {labels}, {owned}}}\nspec: {{{spec}}}"
            );
        }
    }
    out
}

/// The events, one text an hour, each in the order of time.
pub(crate) fn hours(seed: u64) -> Vec<String> {
    let mut dice = Dice(seed);
    let end: Time = END.parse().unwrap();
    let mut events: Vec<(Time, Value)> = Vec::with_capacity(EVENTS);
    for (noise, hours, seconds) in STEPS {
        let start = end - Span::hours(hours);
        for n in 0..noise.5 {
            let at = Time::from_millis(start.millis() + (seconds + n as i64) * 1_000);
            events.push((at, event(&noise, at, 0, &mut dice)));
        }
    }
    let mut noises: Vec<&Noise> = NOISE.iter().flat_map(|noise| std::iter::repeat_n(noise, noise.5)).collect();
    noises.resize(EVENTS - events.len(), &NOISE[1]);
    for noise in noises {
        let at = end - Span::secs(300 + dice.below(86_000) as i64);
        let replica = dice.below(3);
        events.push((at, event(noise, at, replica, &mut dice)));
    }
    events.sort_by_key(|(at, _)| *at);
    let mut hours = vec![String::new(); 24];
    for (at, event) in events {
        let hour = 23 - (at.until(end).millis() / 3_600_000).min(23) as usize;
        let _ = writeln!(hours[hour], "{event}");
    }
    hours
}

fn event(&(rule, priority, place, exe, command, _): &Noise, at: Time, replica: u64, dice: &mut Dice) -> Value {
    let (Workload(namespace, name), pod) = (&PLACES[place], pod(place, replica));
    json!({
        "hostname": format!("node-{:02}", 1 + dice.below(NODES)),
        "output": format!("{rule} (user=root command={command})"),
        "priority": priority,
        "rule": rule,
        "source": "syscall",
        "time": at.to_string(),
        "output_fields": {
            "container.id": format!("{place:06x}{replica:06x}"),
            "container.name": name,
            "k8s.ns.name": namespace,
            "k8s.pod.name": pod,
            "proc.name": exe.rsplit('/').next(),
            "proc.exepath": exe,
            "proc.cmdline": command,
            "user.name": "root",
        }
    })
}

//! A scripted API server that can be watched: objects with versions, lists in pages of two, watches that stream, and what
//! goes wrong, one scenario at a time. It knows nothing of the client; tests of other crates use it too.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What the server does wrong. What says "once" is over when it has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// Nothing.
    Well,
    /// It says nothing of what it serves.
    Mute,
    /// It does not know who asks.
    Stranger,
    /// It forbids a verb on one kind.
    Forbids(&'static str, &'static str),
    /// It never answers to the list of one kind.
    Hangs(&'static str),
    /// Once, it is too busy for the list of one kind.
    Busy(&'static str),
    /// Once, it is too busy for a watch of one kind.
    BusyWatch(&'static str),
    /// Once, it cuts the connection in the middle of the second page of one kind.
    CutsPage(&'static str),
    /// Once, it has forgotten the version that a watch of one kind goes on from, and says so by its status.
    GoneByStatus(&'static str),
    /// The same, said inside the watch.
    GoneByEvent(&'static str),
    /// The group of one kind does not say what is in it.
    MuteGroup(&'static str),
}

/// Resources that a group serves: the plural, and whether it has namespaces.
type Resources = &'static [(&'static str, bool)];

/// The versions of a group, each with its resources.
type Versions = BTreeMap<&'static str, Vec<(&'static str, bool)>>;

/// What every version from 1.29 to 1.34 serves of what is read.
const ALWAYS: &[(&str, &str, Resources)] = &[
    (
        "",
        "v1",
        &[
            ("namespaces", false),
            ("nodes", false),
            ("serviceaccounts", true),
            ("replicationcontrollers", true),
            ("pods", true),
            ("services", true),
            ("secrets", true),
            ("configmaps", true),
        ],
    ),
    ("apps", "v1", &[("deployments", true), ("statefulsets", true), ("daemonsets", true), ("replicasets", true)]),
    ("batch", "v1", &[("cronjobs", true), ("jobs", true)]),
    ("discovery.k8s.io", "v1", &[("endpointslices", true)]),
    ("networking.k8s.io", "v1", &[("ingressclasses", false), ("ingresses", true), ("networkpolicies", true)]),
    (
        "rbac.authorization.k8s.io",
        "v1",
        &[("roles", true), ("clusterroles", false), ("rolebindings", true), ("clusterrolebindings", false)],
    ),
    (
        "admissionregistration.k8s.io",
        "v1",
        &[("validatingwebhookconfigurations", false), ("mutatingwebhookconfigurations", false)],
    ),
    ("example.com", "v1alpha7", &[("widgets", true)]),
];

/// How many of those are read.
pub(crate) const KINDS: usize = 23;

/// What differs between versions: groups by the minors that serve them. Source: the API reference of each version.
const SINCE: &[(u32, u32, &str, &str, Resources)] = &[
    (29, 31, "flowcontrol.apiserver.k8s.io", "v1beta3", &[("flowschemas", false)]),
    (29, 34, "flowcontrol.apiserver.k8s.io", "v1", &[("flowschemas", false)]),
    (29, 30, "resource.k8s.io", "v1alpha2", &[("resourceclaims", true)]),
    (31, 31, "resource.k8s.io", "v1alpha3", &[("resourceclaims", true)]),
    (32, 34, "resource.k8s.io", "v1beta1", &[("resourceclaims", true)]),
    (34, 34, "resource.k8s.io", "v1", &[("resourceclaims", true)]),
    (29, 29, "admissionregistration.k8s.io", "v1beta1", &[("validatingadmissionpolicies", false)]),
    (30, 34, "admissionregistration.k8s.io", "v1", &[("validatingadmissionpolicies", false)]),
    (31, 34, "networking.k8s.io", "v1beta1", &[("ipaddresses", false), ("servicecidrs", false)]),
    (33, 34, "networking.k8s.io", "v1", &[("ipaddresses", false), ("servicecidrs", false)]),
];

/// An event of the past: version, resource, type, object.
type Event = (u64, String, &'static str, Value);

struct State {
    scenario: Scenario,
    version: u64,
    objects: BTreeMap<(String, String, String), Value>,
    events: Vec<Event>,
    asked: Vec<String>,
    /// Watches of before this count are cut.
    cuts: u64,
}

/// The server.
pub(crate) struct Api {
    pub(crate) address: String,
    minor: u32,
    state: Mutex<State>,
    moved: Condvar,
}

impl Api {
    /// Serves from threads of its own, as a version of Kubernetes.
    pub(crate) fn start(scenario: Scenario, minor: u32) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let (objects, events, asked) = (BTreeMap::new(), Vec::new(), Vec::new());
        let state = State { scenario, version: 1, objects, events, asked, cuts: 0 };
        let api = Arc::new(Self { address, minor, state: Mutex::new(state), moved: Condvar::new() });
        let serving = api.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let api = serving.clone();
                std::thread::spawn(move || api.serve(stream));
            }
        });
        api
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it does this.
    pub(crate) fn plays(&self, scenario: Scenario) {
        self.state().scenario = scenario;
    }

    /// Makes an object, or changes it.
    pub(crate) fn put(&self, resource: &str, mut object: Value) {
        let mut state = self.state();
        state.version += 1;
        object["metadata"]["resourceVersion"] = json!(state.version.to_string());
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let key = (resource.to_owned(), text("namespace"), text("name"));
        let before = state.objects.insert(key, object.clone());
        let kind = if before.is_some() { "MODIFIED" } else { "ADDED" };
        let version = state.version;
        state.events.push((version, resource.to_owned(), kind, object));
        self.moved.notify_all();
    }

    /// Deletes an object.
    pub(crate) fn delete(&self, resource: &str, namespace: &str, name: &str) {
        let mut state = self.state();
        state.version += 1;
        let key = (resource.to_owned(), namespace.to_owned(), name.to_owned());
        let mut object = state.objects.remove(&key).expect("it is there");
        let version = state.version;
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        state.events.push((version, resource.to_owned(), "DELETED", object));
        self.moved.notify_all();
    }

    /// Tells a watch that nothing happened up to now.
    pub(crate) fn bookmark(&self, resource: &str) -> u64 {
        let mut state = self.state();
        state.version += 1;
        let version = state.version;
        let about = json!({"kind": "X", "metadata": {"resourceVersion": version.to_string()}});
        state.events.push((version, resource.to_owned(), "BOOKMARK", about));
        self.moved.notify_all();
        version
    }

    /// Cuts every watch that is open.
    pub(crate) fn cut(&self) {
        self.state().cuts += 1;
        self.moved.notify_all();
    }

    /// Everything that was asked so far, as method and target.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    /// How many lists of a kind were begun; of all kinds with an empty name.
    pub(crate) fn lists(&self, resource: &str) -> usize {
        let begun = |a: &&String| a.contains("limit=") && !a.contains("watch=") && !a.contains("continue=");
        self.asked().iter().filter(begun).filter(|a| is_of(a, resource)).count()
    }

    /// The versions from which watches of a kind were begun; of all kinds with an empty name.
    pub(crate) fn watches(&self, resource: &str) -> Vec<u64> {
        let all = self.asked();
        let watches = all.iter().filter(|a| a.contains("watch=")).filter(|a| is_of(a, resource));
        watches.map(|asked| field(asked, "resourceVersion").and_then(|v| v.parse().ok()).unwrap_or_default()).collect()
    }

    fn serve(&self, mut stream: TcpStream) {
        let (mut seen, mut buffer) = (Vec::new(), [0u8; 4096]);
        loop {
            while let Some(end) = seen.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&seen[..end]).into_owned();
                seen.drain(..end + 4);
                let target = head.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
                self.state().asked.push(target.clone());
                if !self.answer(&target, &mut stream) {
                    return;
                }
            }
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(n) => seen.extend_from_slice(&buffer[..n]),
            }
        }
    }

    /// Answers; false when the connection ends with it.
    fn answer(&self, target: &str, stream: &mut TcpStream) -> bool {
        let path = target.trim_start_matches("GET ");
        let scenario = self.state().scenario;
        let watches = path.contains("watch=");
        let verb = if watches { "watch" } else { "list" };
        let of = |resource: &str| is_of(path, resource);
        let once = || self.plays(Scenario::Well);
        match scenario {
            Scenario::Mute => return say(stream, 500, "", &status(500)),
            Scenario::Stranger if path.contains('?') => return say(stream, 401, "", &status(401)),
            Scenario::Forbids(what, resource) if verb == what && of(resource) => {
                return say(stream, 403, "", &status(403));
            }
            Scenario::Hangs(resource) if !watches && of(resource) => {
                std::thread::sleep(Duration::from_secs(20));
                return false;
            }
            Scenario::Busy(resource) | Scenario::BusyWatch(resource)
                if of(resource) && watches == matches!(scenario, Scenario::BusyWatch(_)) =>
            {
                once();
                // As the server's own queue says it: without a status object.
                return say(stream, 429, "retry-after: 1\r\n", "Too many requests, please try again later.");
            }
            Scenario::GoneByStatus(resource) if watches && of(resource) => {
                once();
                return say(stream, 410, "", &status(410));
            }
            Scenario::CutsPage(resource) if of(resource) && path.contains("continue=") => {
                once();
                let half = &self.list(path)[..60];
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n";
                let _ = stream.write_all(format!("{head}{half}").as_bytes());
                return false;
            }
            Scenario::MuteGroup(group) if path.starts_with(&format!("/apis/{group}/")) && !path.contains('?') => {
                return say(stream, 503, "", &status(503));
            }
            _ => {}
        }
        if watches {
            return self.watch(path, stream).is_ok();
        }
        match self.discovery(path) {
            Some(body) => say(stream, 200, "", &body),
            None => say(stream, 200, "", &self.list(path)),
        }
    }

    /// The groups of this version, each with its versions and what is in them.
    fn groups(&self) -> BTreeMap<&'static str, Versions> {
        let mut groups: BTreeMap<&'static str, Versions> = BTreeMap::new();
        let since = SINCE.iter().filter(|row| (row.0..=row.1).contains(&self.minor)).map(|row| (row.2, row.3, row.4));
        for (group, version, resources) in ALWAYS.iter().copied().chain(since) {
            groups.entry(group).or_default().entry(version).or_default().extend(resources);
        }
        groups
    }

    fn discovery(&self, path: &str) -> Option<String> {
        let groups = self.groups();
        if path == "/api" {
            return Some(
                json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}).to_string(),
            );
        }
        if path == "/apis" {
            let version = |group: &str, v: &str| json!({"groupVersion": format!("{group}/{v}"), "version": v});
            let groups: Vec<Value> = groups
                .iter()
                .filter(|(name, _)| !name.is_empty())
                .map(|(name, versions)| {
                    let all: Vec<Value> = versions.keys().map(|v| version(name, v)).collect();
                    json!({"name": name, "versions": all, "preferredVersion": all[0]})
                })
                .collect();
            return Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}).to_string());
        }
        let (group, version) = match path.strip_prefix("/apis/") {
            Some(rest) => rest.split_once('/')?,
            None => ("", path.strip_prefix("/api/")?),
        };
        let resources: Vec<Value> = groups
            .get(group)?
            .get(version)?
            .iter()
            .map(|(name, namespaced)| {
                json!({"name": name, "singularName": "", "namespaced": namespaced, "kind": "K", "verbs": ["list", "watch"]})
            })
            .collect();
        let of = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        Some(json!({"kind": "APIResourceList", "groupVersion": of, "resources": resources}).to_string())
    }

    /// A page of two. A continued one shows the cluster as it is now, which tests of pages leave alone.
    fn list(&self, path: &str) -> String {
        let state = self.state();
        let (resource, within) = asked_for(path);
        let all: Vec<&Value> = state
            .objects
            .iter()
            .filter(|((r, namespace, _), _)| *r == resource && within.as_ref().is_none_or(|w| w == namespace))
            .map(|(_, object)| object)
            .collect();
        let from: usize = field(path, "continue").and_then(|token| token.parse().ok()).unwrap_or_default();
        let page: Vec<&Value> = all.iter().skip(from).take(2).copied().collect();
        let next = if from + 2 < all.len() { (from + 2).to_string() } else { String::new() };
        let metadata = json!({"resourceVersion": state.version.to_string(), "continue": next});
        json!({"kind": "L", "apiVersion": "v1", "metadata": metadata, "items": page}).to_string()
    }

    /// Streams what happened since a version, until it is told to cut or the time is over.
    fn watch(&self, path: &str, stream: &mut TcpStream) -> std::io::Result<()> {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")?;
        let (resource, within) = asked_for(path);
        let mut version: u64 = field(path, "resourceVersion").and_then(|v| v.parse().ok()).unwrap_or_default();
        let seconds: u64 = field(path, "timeoutSeconds").and_then(|v| v.parse().ok()).unwrap_or(60);
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut state = self.state();
        let cuts = state.cuts;
        loop {
            if state.scenario == (Scenario::GoneByEvent("pods")) && resource == "pods" {
                state.scenario = Scenario::Well;
                chunk(stream, &json!({"type": "ERROR", "object": {"kind": "Status", "code": 410}}))?;
                return stream.write_all(b"0\r\n\r\n");
            }
            if state.cuts != cuts {
                return Err(std::io::ErrorKind::ConnectionReset.into());
            }
            if Instant::now() >= end {
                return stream.write_all(b"0\r\n\r\n");
            }
            let here = |object: &Value| within.as_ref().is_none_or(|w| object["metadata"]["namespace"] == json!(w));
            let new: Vec<Value> = state
                .events
                .iter()
                .filter(|(at, r, _, object)| *at > version && *r == resource && here(object))
                .map(|(_, _, kind, object)| json!({"type": kind, "object": object}))
                .collect();
            version = state.version;
            for line in new {
                chunk(stream, &line)?;
            }
            state = self.moved.wait_timeout(state, Duration::from_millis(50)).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The resource of a path, and the namespace where it names one.
fn asked_for(path: &str) -> (String, Option<String>) {
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let within = parts.windows(3).find(|w| w[0] == "namespaces").map(|w| w[1].to_owned());
    (parts.last().copied().unwrap_or_default().to_owned(), within)
}

fn is_of(asked: &str, resource: &str) -> bool {
    asked.contains('?') && (resource.is_empty() || asked.contains(&format!("/{resource}?")))
}

fn field(path: &str, name: &str) -> Option<String> {
    let query = path.split_once('?')?.1;
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).map(str::to_owned)
}

fn chunk(stream: &mut TcpStream, line: &Value) -> std::io::Result<()> {
    let line = format!("{line}\n");
    stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes())
}

fn say(stream: &mut TcpStream, code: u16, headers: &str, body: &str) -> bool {
    let head = format!(
        "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).is_ok()
}

fn status(code: u16) -> String {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "no", "code": code})
        .to_string()
}

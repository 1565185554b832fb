//! A scripted API server: what it is asked, what is made of its lists, and that the other sources go on without it.

use super::*;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use crate::pods::api::{ApiServer, AskError, address};
use crate::pods::listing::PODS_MAX;
use crate::pods::{Identity, Pods};

const A: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const UID: &str = "7e6d1c0a-1b2c-4d3e-8f90-a1b2c3d4e5f6";
const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const PACES: Paces = Paces { every: Duration::from_secs(3600), least: Duration::from_millis(5) };

/// What the server answers, in turn; the last answer again and again.
#[derive(Clone)]
struct Api {
    script: Arc<Mutex<Vec<(u16, String)>>>,
    asked: Arc<Mutex<Vec<String>>>,
    url: String,
}

impl Api {
    fn start(script: &[(u16, String)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let api = Self { script: Arc::new(Mutex::new(script.to_vec())), asked: Arc::default(), url };
        let serving = api.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n > 0) {
                    head.push(byte[0]);
                }
                let (status, body) = serving.next();
                serving.asked.lock().unwrap().push(String::from_utf8(head).unwrap());
                let length = body.len();
                // An agent that has read enough closes its end.
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
            }
        });
        api
    }

    fn next(&self) -> (u16, String) {
        let mut script = self.script.lock().unwrap();
        if script.len() > 1 { script.remove(0) } else { script[0].clone() }
    }

    fn times(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// Who asks, with an account in this folder.
    fn asker(&self, account: &Path) -> Asker {
        std::fs::write(account.join("token"), "s3cret\n").unwrap();
        Asker::new(ApiServer { url: address(&self.url).unwrap(), account: account.to_owned() }, "worker-1")
    }
}

fn pod(node: &str, name: &str, uid: &str, statuses: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"shop","uid":"{uid}","labels":{{"a":"b"}}}},"spec":{{"nodeName":"{node}","containers":[]}},"status":{{"phase":"Running",{statuses}}}}}"#
    )
}

fn container(name: &str, id: &str) -> String {
    format!(
        r#"{{"name":"{name}","image":"shop/{name}:1.0","imageID":"docker.io/shop/{name}@{DIGEST}","containerID":"containerd://{id}","ready":true}}"#
    )
}

fn list(pods: &[String]) -> String {
    format!(r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{}},"items":[{}]}}"#, pods.join(","))
}

fn shop() -> String {
    let statuses = format!(
        r#""initContainerStatuses":[{}],"containerStatuses":[{}],"ephemeralContainerStatuses":[{}]"#,
        container("init", "1"),
        container("web", A),
        container("debug", "2"),
    );
    let strange = pod("worker-2", "strange", "u2", &format!(r#""containerStatuses":[{}]"#, container("web", "3")));
    let waiting = pod("worker-1", "waiting", "u3", r#""containerStatuses":[{"name":"web","image":"i","imageID":""}]"#);
    list(&[pod("worker-1", "web-1", UID, &statuses), strange, waiting])
}

fn ask(asker: &mut Asker) -> Result<Listing, AskError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(asker.ask())
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < end, "it never came");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn every_sort_of_container_of_the_own_node_is_named_and_none_of_another() {
    let (account, api) = (tempfile::tempdir().unwrap(), Api::start(&[(200, shop())]));
    let listing = ask(&mut api.asker(account.path())).unwrap();
    let asked = api.asked.lock().unwrap()[0].to_ascii_lowercase();
    assert!(asked.starts_with("get /api/v1/pods?fieldselector=spec.nodename%3dworker-1&resourceversion=0 "), "{asked}");
    assert!(asked.contains("authorization: bearer s3cret"), "{asked}");
    for (id, name) in [(A, "web"), ("1", "init"), ("2", "debug")] {
        let row = listing.container(id).unwrap();
        assert_eq!((&*row.namespace, &*row.pod, &*row.name), ("shop", "web-1", name));
        assert_eq!(row.image, format!("shop/{name}:1.0@{DIGEST}"));
    }
    assert_eq!((listing.container("3"), listing.pod("u2"), listing.len()), (None, None, 2));
}

#[test]
fn a_renewed_token_is_used_by_the_next_list() {
    let (account, api) = (tempfile::tempdir().unwrap(), Api::start(&[(200, shop())]));
    let mut asker = api.asker(account.path());
    ask(&mut asker).unwrap();
    std::fs::write(account.path().join("token"), "r3newed").unwrap();
    ask(&mut asker).unwrap();
    assert!(api.asked.lock().unwrap()[1].contains("Bearer r3newed"));
}

#[test]
fn what_is_no_list_is_said_and_named() {
    let account = tempfile::tempdir().unwrap();
    let large = format!(r#"{{"items":[],"more":"{}"}}"#, "x".repeat(16 << 20));
    for (status, body, says) in [
        (403, String::new(), "grant get and list on pods"),
        (401, String::new(), "grant get and list on pods"),
        (500, String::new(), "HTTP 500"),
        (302, String::new(), "HTTP 302"),
        (200, r#"{"kind":"Hello"}"#.to_owned(), "no list of pods"),
        (200, shop()[..300].to_owned(), "no list of pods"),
        (200, large, "over 16777216 bytes"),
    ] {
        let api = Api::start(&[(status, body)]);
        let error = ask(&mut api.asker(account.path())).unwrap_err().to_string();
        assert!(error.contains(says) && !error.contains("s3cret"), "{error}");
    }
    let away = Api { url: "http://127.0.0.1:1".to_owned(), ..Api::start(&[(200, shop())]) };
    assert!(ask(&mut away.asker(account.path())).unwrap_err().to_string().contains("does not answer"));
    let none = ApiServer { url: address("https://127.0.0.1:1").unwrap(), account: account.path().join("none") };
    let error = ask(&mut Asker::new(none, "worker-1")).unwrap_err().to_string();
    assert!(error.contains("ca.crt cannot be read"), "{error}");
}

#[test]
fn a_token_goes_to_no_address_that_others_can_listen_to() {
    for (text, may) in [
        ("https://10.0.0.1:443", true),
        ("http://127.0.0.1:8001", true),
        ("http://localhost:8001", true),
        ("http://[::1]:8001", true),
        ("http://10.0.0.1:443", false),
        ("http://127.0.0.1.example", false),
        ("file:///etc/passwd", false),
        ("kubernetes", false),
    ] {
        assert_eq!(address(text).is_ok(), may, "{text}");
    }
}

#[test]
fn a_list_is_kept_up_to_a_number_of_pods_and_that_it_was_cut_is_known() {
    let pods: Vec<String> = (0..=PODS_MAX).map(|n| pod("worker-1", "p", &n.to_string(), r#""phase":"x""#)).collect();
    let whole = Listing::read(list(&pods[1..]).as_bytes(), "worker-1").unwrap();
    assert_eq!((whole.len(), whole.cut), (PODS_MAX, false));
    let cut = Listing::read(list(&pods).as_bytes(), "worker-1").unwrap();
    assert_eq!((cut.len(), cut.cut), (PODS_MAX, true));
    assert!(Listing::read(br#"{"items":null}"#, "worker-1").unwrap().is_empty());
}

#[test]
fn an_unknown_container_brings_a_list_before_its_time_and_not_for_ever() {
    let (account, api) = (tempfile::tempdir().unwrap(), Api::start(&[(200, list(&[])), (200, shop())]));
    let mut follower = Follower::start(api.asker(account.path()), "worker-1", PACES).unwrap();
    wait_until(|| api.times() == 1);
    assert_eq!(follower.identify(A, None), None);
    follower.want(A);
    wait_until(|| follower.identify(A, None).is_some());
    for _ in 0..20 {
        follower.want("nobody");
        std::thread::sleep(Duration::from_millis(20));
    }
    let times = api.times();
    assert!(times <= 2 + usize::from(TRIES_MAX), "{times}");
}

#[test]
fn a_server_that_refuses_is_not_asked_more_often_and_what_it_said_before_stays() {
    let (account, api) = (tempfile::tempdir().unwrap(), Api::start(&[(200, shop()), (403, String::new())]));
    let mut follower = Follower::start(api.asker(account.path()), "worker-1", PACES).unwrap();
    wait_until(|| follower.identify(A, None).is_some());
    follower.want("x");
    wait_until(|| api.times() == 2);
    for n in 0..20 {
        follower.want(&n.to_string());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(api.times(), 2);
    assert!(follower.identify(A, None).is_some(), "an id never moves to another pod");
}

#[test]
fn the_other_sources_go_on_and_the_most_exact_one_is_believed() {
    let shown = |pods: &Pods, id: &str| match pods.identify(id, Some(UID)) {
        Some(Identity::Named(r)) => format!("{}/{}/{} {}", r.namespace, r.pod, r.name, r.image),
        other => format!("{other:?}"),
    };
    let root = tempfile::tempdir().unwrap();
    let logs = root.path().join("var/log/containers");
    std::fs::create_dir_all(&logs).unwrap();
    std::fs::write(logs.join(format!("web-1_shop_web-{A}.log")), "").unwrap();
    std::fs::write(logs.join("web-1_shop_late-9.log"), "").unwrap();
    let account = tempfile::tempdir().unwrap();
    let mut pods = Pods::open(root.path(), None).unwrap();
    assert_eq!(shown(&pods, A), "shop/web-1/web ");
    let refuses = Api::start(&[(403, String::new())]);
    pods.follow(Follower::start(refuses.asker(account.path()), "worker-1", PACES).unwrap());
    wait_until(|| refuses.times() == 1);
    assert_eq!(shown(&pods, A), "shop/web-1/web ");
    let api = Api::start(&[(200, shop())]);
    pods.follow(Follower::start(api.asker(account.path()), "worker-1", PACES).unwrap());
    wait_until(|| shown(&pods, A) != "shop/web-1/web ");
    assert_eq!(shown(&pods, A), format!("shop/web-1/web shop/web:1.0@{DIGEST}"));
    assert_eq!(shown(&pods, "9"), "shop/web-1/late ", "which the list does not have yet");
    assert_eq!(shown(&pods, "8"), "shop/web-1/ ", "the pod is certain, its container is not guessed");
}

//! A service that takes, fails, goes away and comes back: every batch arrives once, in order, or is a gap.

use super::*;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use assay_core::batch::{BATCH_VERSION, ContainerRow, FactBody, FactRow, FunnelRow};
use assay_core::ids::{Span, Time};

use crate::spool::Limits;

const PAUSES: Pauses =
    Pauses { min: Duration::from_millis(5), max: Duration::from_millis(40), goodbye: Duration::from_secs(20) };

/// What the service answers, in turn; afterwards 202.
struct Listening {
    url: String,
    taken: Arc<Mutex<Vec<(u64, String)>>>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    port: u16,
}

impl Listening {
    fn start(port: u16, script: &[u16]) -> Self {
        Self::saying(port, script, "")
    }

    /// The same with a body behind every answer.
    fn saying(port: u16, script: &[u16], body: &'static str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (taken, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (theirs, ends, mut script) = (taken.clone(), stop.clone(), Vec::from(script).into_iter());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let _ = serve(stream.unwrap(), &mut script, &theirs, body);
            }
        });
        Self { url: format!("http://127.0.0.1:{port}"), taken, stop, thread: Some(thread), port }
    }

    fn sequences(&self) -> Vec<u64> {
        self.taken.lock().unwrap().iter().map(|(n, _)| *n).collect()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.thread.take().unwrap().join().unwrap();
    }
}

/// One request a connection; what was answered with success counts as taken.
fn serve(
    stream: TcpStream,
    script: &mut impl Iterator<Item = u16>,
    taken: &Mutex<Vec<(u64, String)>>,
    says: &str,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut token, mut line) = (0, String::new(), String::new());
    reader.read_line(&mut line)?;
    assert_eq!(line.trim_end(), "POST /api/v1/events HTTP/1.1");
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((key, value)) = line.trim_end().split_once(": ") else { break };
        match key.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => token = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let batch: SensorBatch = serde_json::from_slice(&body).unwrap();
    let status = script.next().unwrap_or(202);
    if status < 300 {
        taken.lock().unwrap().push((batch.sequence, token));
    }
    let mut stream = reader.into_inner();
    let length = says.len();
    write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{says}")
}

fn batch(facts: usize) -> SensorBatch {
    let at = Time::from_secs(1_000).to_string();
    let row = |i| FactRow {
        container: 0,
        since: at.clone(),
        until: at.clone(),
        what: FactBody::Listens { port: i, protocol: "tcp".to_owned(), exe: "/app".to_owned() },
    };
    SensorBatch {
        version: BATCH_VERSION,
        node: "worker-1".to_owned(),
        boot: "b1".to_owned(),
        sequence: 0,
        sent_at: at.clone(),
        containers: vec![ContainerRow {
            id: "c".to_owned(),
            namespace: String::new(),
            pod: String::new(),
            name: String::new(),
            image: String::new(),
        }],
        facts: (1..=facts).map(|i| row(u16::try_from(i).unwrap())).collect(),
        coverage: Vec::new(),
        funnel: FunnelRow::default(),
    }
}

struct Node {
    folder: tempfile::TempDir,
}

impl Node {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "s3cret\n").unwrap();
        Self { folder }
    }

    fn shipper(&self, url: &str, limits: Limits) -> Shipper {
        let (spool, _) = Spool::open(&self.folder.path().join("spool"), limits, "b1", 0).unwrap();
        let service = Service { url: url.to_owned(), token_file: self.folder.path().join("token") };
        Shipper::start(spool, service, PAUSES).unwrap()
    }

    fn waiting(&self) -> usize {
        Spool::open(&self.folder.path().join("spool"), Limits::default(), "b1", 0).unwrap().0.len()
    }
}

fn offer(shipper: &Shipper, batch: SensorBatch) {
    wait_until(|| shipper.offer(batch.clone()).unwrap());
}

/// Gives up after a time that only a broken shipper needs.
fn wait_until(mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < end, "it never came");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn each_batch_is_taken_once_in_order_with_the_token_whatever_fails_between() {
    let service = Listening::start(0, &[500, 202, 429, 503, 404, 401, 202, 500]);
    let node = Node::new();
    let shipper = node.shipper(&service.url, Limits::default());
    (0..5).for_each(|_| offer(&shipper, batch(1)));
    drop(shipper);
    assert_eq!(service.sequences(), [0, 1, 2, 3, 4]);
    assert!(service.taken.lock().unwrap().iter().all(|(_, token)| token == "Bearer s3cret"));
    assert_eq!(node.waiting(), 0);
}

#[test]
fn a_token_that_was_renewed_is_used_from_the_next_post_on() {
    let service = Listening::start(0, &[202, 401, 202]);
    let node = Node::new();
    let shipper = node.shipper(&service.url, Limits::default());
    offer(&shipper, batch(1));
    wait_until(|| service.sequences().len() == 1);
    std::fs::write(node.folder.path().join("token"), "r3newed\n").unwrap();
    offer(&shipper, batch(1));
    drop(shipper);
    let tokens: Vec<String> = service.taken.lock().unwrap().iter().map(|(_, token)| token.clone()).collect();
    assert_eq!(tokens, ["Bearer s3cret", "Bearer r3newed"]);
}

#[test]
fn a_batch_that_the_service_has_is_done_and_one_that_it_refuses_is_a_gap() {
    let service = Listening::start(0, &[409, 422, 202]);
    let node = Node::new();
    let shipper = node.shipper(&service.url, Limits::default());
    (0..3).for_each(|_| offer(&shipper, batch(1)));
    let mut seen = 0;
    wait_until(|| {
        seen += shipper.gaps().len();
        !service.sequences().is_empty() && seen > 0
    });
    drop(shipper);
    assert_eq!((service.sequences(), seen, node.waiting()), (vec![2], 1, 0));
}

#[test]
fn what_a_service_missed_while_it_was_away_arrives_from_the_spool_of_an_agent_that_was_restarted() {
    let away = Listening::start(0, &[]);
    let (port, url) = (away.port, away.url.clone());
    drop(away);
    let node = Node::new();
    let quick = Pauses { goodbye: Duration::ZERO, ..PAUSES };
    let (spool, _) = Spool::open(&node.folder.path().join("spool"), Limits::default(), "b1", 0).unwrap();
    let service = Service { url: url.clone(), token_file: node.folder.path().join("token") };
    let shipper = Shipper::start(spool, service, quick).unwrap();
    (0..4).for_each(|_| offer(&shipper, batch(1)));
    drop(shipper);
    assert_eq!(node.waiting(), 4);

    let back = Listening::start(port, &[]);
    let shipper = node.shipper(&url, Limits::default());
    offer(&shipper, batch(1));
    drop(shipper);
    assert_eq!(back.sequences(), [0, 1, 2, 3, 4]);
    assert_eq!(node.waiting(), 0);
}

#[test]
fn a_spool_over_its_limit_gives_up_the_oldest_and_says_so() {
    let node = Node::new();
    let limits = Limits { bytes_max: 8_000, age_max: Span::hours(1), ..Limits::default() };
    let quick = Pauses { goodbye: Duration::ZERO, ..PAUSES };
    let (spool, _) = Spool::open(&node.folder.path().join("spool"), limits, "b1", 0).unwrap();
    let service = Service { url: "http://127.0.0.1:1".to_owned(), token_file: node.folder.path().join("token") };
    let shipper = Shipper::start(spool, service, quick).unwrap();
    (0..20).for_each(|_| offer(&shipper, batch(10)));
    let mut gaps = 0;
    wait_until(|| {
        gaps += shipper.gaps().len();
        gaps > 0
    });
    drop(shipper);
    assert!(node.waiting() < 20);
}

#[test]
fn without_a_disk_a_batch_goes_to_the_service_from_memory_and_without_either_it_is_a_gap() {
    let service = Listening::start(0, &[202, 500]);
    let node = Node::new();
    let shipper = node.shipper(&service.url, Limits::default());
    // The folder goes away under the spool: every write fails, as on a disk that is full.
    std::fs::remove_dir_all(node.folder.path().join("spool")).unwrap();
    offer(&shipper, batch(1));
    offer(&shipper, batch(1));
    let mut gaps = 0;
    wait_until(|| {
        gaps += shipper.gaps().len();
        gaps > 0
    });
    drop(shipper);
    assert_eq!((service.sequences().len(), gaps), (1, 1));
}

fn capture(folder: &std::path::Path, lines: &[String]) -> crate::replay::Options {
    let (file, token_file) = (folder.join("capture.jsonl"), folder.join("token"));
    std::fs::write(&file, lines.join("\n")).unwrap();
    std::fs::write(&token_file, "t0ken").unwrap();
    let service = Service { url: String::new(), token_file };
    crate::replay::Options { files: vec![file], service, nodes: 3, as_recorded: false }
}

#[test]
fn a_capture_is_played_by_every_node_and_a_busy_service_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [0, 1].map(|n| serde_json::to_string(&SensorBatch { sequence: n, ..batch(2) }).unwrap());
    let mut options = capture(folder.path(), &lines);
    let service = Listening::start(0, &[503, 202, 429]);
    options.service.url.clone_from(&service.url);
    let played = crate::replay::replay(&options).unwrap();
    assert_eq!((played.batches, played.facts), (6, 12));
    assert_eq!(service.sequences(), [0, 0, 0, 1, 1, 1]);
}

#[test]
fn a_line_that_is_no_batch_is_named_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [serde_json::to_string(&batch(1)).unwrap(), "{\"half\":".to_owned()];
    let mut options = capture(folder.path(), &lines);
    let service = Listening::start(0, &[]);
    options.service.url.clone_from(&service.url);
    let error = crate::replay::replay(&options).unwrap_err().to_string();
    assert!(error.contains("capture.jsonl, line 2: no sensor batch"), "{error}");
    assert!(service.sequences().is_empty());
    std::fs::write(&options.files[0], "\n\n").unwrap();
    assert!(matches!(crate::replay::replay(&options), Err(crate::replay::ReplayError::Empty)));
}

#[test]
fn a_token_that_is_not_accepted_ends_a_replay_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = capture(folder.path(), &[serde_json::to_string(&batch(1)).unwrap()]);
    let service = Listening::start(0, &[401]);
    options.service.url.clone_from(&service.url);
    let error = crate::replay::replay(&options).unwrap_err().to_string();
    assert!(error.contains("does not accept the agent's token"), "{error}");
}

#[test]
fn orders_to_keep_evidence_come_with_the_acknowledgement_and_nothing_else_is_taken_for_one() {
    let node = Node::new();
    let told = |script: &[u16], body: &'static str| {
        let service = Listening::saying(0, script, body);
        let shipper = node.shipper(&service.url, Limits::default());
        offer(&shipper, batch(1));
        wait_until(|| !service.sequences().is_empty());
        let mut ordered = Vec::new();
        // What comes with the answer is there a moment after it.
        for _ in 0..200 {
            ordered.extend(shipper.ordered());
            if !ordered.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        ordered
    };
    assert_eq!(told(&[503, 201], r#"{"acknowledged":true,"keep":["c1","c2"]}"#)[..2], ["c1", "c2"]);
    assert_eq!(told(&[], r#"{"acknowledged":true}"#), [""; 0]);
    assert_eq!(told(&[], r#"{"keep":"c1"}"#), [""; 0]);
    assert_eq!(told(&[], "<html>keep</html>"), [""; 0]);
}

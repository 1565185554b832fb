//! The agent on this kernel, with real processes in real containers. As root, with runc and busybox.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod rig;
mod signals;
mod usage;

use std::process::Command;

use assay_core::batch::{FactBody, FunnelRow};
use assay_probes::cgroups::Which;
use rig::{Agent, Container, Group, facts, ready, window};

const EXE: &str = "/bin/busybox";

fn executed() -> FactBody {
    FactBody::Executed { exe: EXE.to_owned() }
}

fn listens(port: u16, protocol: &str) -> FactBody {
    FactBody::Listens { port, protocol: protocol.to_owned(), exe: EXE.to_owned() }
}

fn talks(port: u16, role: &str, peer: &str) -> FactBody {
    let (protocol, role, peer) = ("tcp".to_owned(), role.to_owned(), peer.to_owned());
    FactBody::Talks { port, protocol, role, peer, exe: EXE.to_owned() }
}

/// The file that the server hands out is one that every test container has.
const SERVE: &str = "/bin/httpd -p 8080 -h /etc; /bin/wget -q -O /dev/null http://127.0.0.1:8080/os-release";

#[test]
fn what_a_container_executes_listens_on_and_calls_is_told_of_its_pod() {
    if !ready() {
        return;
    }
    let container = Container::new(&format!("{SERVE}; /bin/sleep 7"));
    let list = container.list();
    let agent = Agent::start(&["--pods", list.to_str().unwrap()]);
    container.run();
    let (batches, _) = agent.stop();
    let facts = facts(&batches, &container.id);
    for fact in [executed(), listens(8080, "tcp"), talks(8080, "server", "loopback"), talks(8080, "client", "loopback")]
    {
        assert!(facts.contains(&fact), "{fact:?} is not among {facts:#?}");
    }
    let package = FactBody::InUse {
        purl: "pkg:deb/debian/busybox-static@1:1.35.0-4?arch=amd64&distro=debian-12".to_owned(),
        source: Some("busybox".to_owned()),
        path: None,
        level: "executed".to_owned(),
        exe: EXE.to_owned(),
        listens: Some(8080),
    };
    assert!(facts.contains(&package), "the package in the process that listens is not among {facts:#?}");
    let strange: Vec<_> = facts.iter().filter(|f| matches!(f, FactBody::Executed { exe } if exe != EXE)).collect();
    assert!(strange.is_empty(), "the runtime's own programs are no facts of the container: {strange:?}");
    let row = batches.iter().flat_map(|b| &b.containers).find(|c| c.id == container.id).unwrap();
    assert_eq!((row.namespace.as_str(), row.pod.as_str(), row.name.as_str()), ("shop", "web-1", "web"));
    let flows = window(&batches, &container.id, "sensor_flows");
    assert!(flows.start_seen && flows.holes.is_empty(), "{flows:?}");
    assert!(flows.since < flows.until, "{flows:?}");
}

#[test]
fn a_container_older_than_the_agent_is_known_and_what_was_missed_is_a_hole() {
    if !ready() {
        return;
    }
    let container = Container::new("exec /bin/httpd -f -p 8081 -h /etc");
    container.start();
    let agent = Agent::start(&[]);
    container.exec(&["/bin/wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8081/os-release"]);
    let (batches, _) = agent.stop();
    let facts = facts(&batches, &container.id);
    for fact in [executed(), listens(8081, "tcp"), talks(8081, "server", "loopback"), talks(8081, "client", "loopback")]
    {
        assert!(facts.contains(&fact), "{fact:?} is not among {facts:#?}");
    }
    let flows = window(&batches, &container.id, "sensor_flows");
    assert!(!flows.start_seen);
    assert_eq!(flows.holes.first().map(|h| h.because.as_str()), Some("late_start"), "{flows:?}");
}

#[test]
fn containers_that_live_a_moment_are_all_attributed() {
    if !ready() {
        return;
    }
    let containers: Vec<Container> = (0..8).map(|_| Container::new("/bin/true")).collect();
    let agent = Agent::start(&[]);
    containers.iter().for_each(Container::run);
    let (batches, _) = agent.stop();
    for container in &containers {
        let mut seen = facts(&batches, &container.id);
        // With what capabilities it ran depends on the runtime.
        seen.retain(|fact| !matches!(fact, FactBody::RanWith { .. }));
        assert_eq!(seen, [executed()]);
        let window = window(&batches, &container.id, "sensor_use");
        assert!(window.start_seen, "{window:?}");
    }
}

#[test]
fn a_refused_hook_is_named_and_what_it_would_have_seen_is_a_hole() {
    if !ready() {
        return;
    }
    let container = Container::new(SERVE);
    let agent = Agent::start(&["--without", "socket"]);
    container.run();
    let (batches, _) = agent.stop();
    let facts = facts(&batches, &container.id);
    assert!(facts.contains(&executed()), "the other hooks go on: {facts:#?}");
    assert!(!facts.contains(&talks(8080, "client", "loopback")));
    let flows = window(&batches, &container.id, "sensor_flows");
    assert_eq!(flows.holes.iter().map(|h| h.because.as_str()).collect::<Vec<_>>(), ["hook_refused"]);
}

#[test]
fn on_either_cgroup_tree_a_process_is_seen_to_bind_listen_and_call() {
    if !ready() {
        return;
    }
    for (which, args) in [(Which::Found, &[][..]), (Which::Unified, &["--cgroups", "v2"][..])] {
        let group = Group::new(which);
        let agent = Agent::start(args);
        group.hold_ports();
        let (batches, _) = agent.stop();
        let mut seen: Vec<String> = facts(&batches, &group.id).iter().filter_map(flow).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(
            seen,
            [
                "client tcp 5354 loopback",
                "client udp 5353 loopback",
                "listens tcp 5354",
                "listens udp 5353",
                "server tcp 5354 loopback",
                "server udp 5353 loopback",
            ],
            "{which:?}: a UDP port from the passing range neither listens nor serves"
        );
    }
}

fn flow(fact: &FactBody) -> Option<String> {
    match fact {
        FactBody::Listens { port, protocol, exe } if exe.contains("live") => Some(format!("listens {protocol} {port}")),
        FactBody::Talks { port, protocol, role, peer, exe } if exe.contains("live") => {
            Some(format!("{role} {protocol} {port} {peer}"))
        }
        _ => None,
    }
}

/// Not a test of its own: the process that [`Group::hold_ports`] starts. It enters the cgroup, then binds.
#[test]
fn port_holder() {
    let Some(procs) = std::env::var_os(rig::HOLDER) else { return };
    std::fs::write(procs, "0").unwrap();
    let fixed = std::net::UdpSocket::bind("127.0.0.9:5353").unwrap();
    let passing = std::net::UdpSocket::bind("127.0.0.9:0").unwrap();
    passing.send_to(b"?", "127.0.0.9:5353").unwrap();
    let (_, from) = fixed.recv_from(&mut [0; 8]).unwrap();
    fixed.send_to(b"!", from).unwrap();
    passing.recv_from(&mut [0; 8]).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.9:5354").unwrap();
    let _caller = std::net::TcpStream::connect("127.0.0.9:5354").unwrap();
    let _called = listener.accept().unwrap();
    // Long enough that the agent, which makes a batch a second, can name the executable.
    std::thread::sleep(std::time::Duration::from_secs(3));
}

#[test]
fn an_overflowing_ring_is_counted_record_by_record_and_opens_a_hole_for_everybody() {
    if !ready() {
        return;
    }
    let group = Group::new(Which::Found);
    let agent = Agent::start(&["--ring-bytes", "4096"]);
    agent.freeze(true);
    group.churn(100);
    agent.freeze(false);
    let (batches, _) = agent.stop();
    let counts = |of: fn(&FunnelRow) -> u64| -> u64 { batches.iter().map(|b| of(&b.funnel)).sum() };
    let lost = |f: &FunnelRow| f.lost.iter().filter(|(why, _)| why.ends_with("/ring_full")).map(|(_, n)| n).sum();
    assert!(counts(lost) > 100, "{} of more than 200 records", counts(lost));
    assert!(counts(|f| f.records) + counts(lost) >= 200, "every record is counted as sent or as lost");
    for eye in ["sensor_use", "sensor_flows"] {
        let window = window(&batches, &group.id, eye);
        assert!(window.holes.iter().any(|h| h.because == "lost"), "{window:?}");
    }
}

#[test]
fn a_capture_is_a_file_of_batches_and_takes_no_other_files_place() {
    if !ready() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("capture.jsonl");
    let record = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay-agent"));
        command.arg("record").arg(&file).args(["--once", "6", "--every", "1"]).stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let container = Container::new("/bin/true; /bin/sleep 1");
    let mut agent = record();
    // The container must begin after the probes sit.
    std::thread::sleep(std::time::Duration::from_secs(2));
    container.run();
    assert!(agent.wait().unwrap().success());
    let text = std::fs::read_to_string(&file).unwrap();
    let batches: Vec<assay_core::batch::SensorBatch> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(facts(&batches, &container.id).contains(&executed()), "{text}");
    let again = record().wait_with_output().unwrap();
    assert!(!again.status.success() && std::fs::read_to_string(&file).unwrap() == text);
    assert!(String::from_utf8_lossy(&again.stderr).contains("never takes another file's place"));
}

#[test]
fn the_doctor_lists_every_hook_and_finds_its_own_acts_again() {
    if !ready() {
        return;
    }
    let done = Command::new(env!("CARGO_BIN_EXE_assay-agent")).args(["doctor", "-o", "json"]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let probes = answer["probes"].as_array().unwrap();
    assert_eq!(probes.len(), assay_probes::hooks::HOOKS.len());
    for probe in probes {
        let stated = !probe["lost"].as_str().unwrap().is_empty();
        assert_eq!(probe["status"] != "attached", stated, "{probe}");
    }
    let steps = answer["self_test"]["steps"].as_array().unwrap();
    let lost: Vec<_> = steps.iter().filter(|s| s["found"] != true).collect();
    assert!(!steps.is_empty() && lost.is_empty(), "{lost:?}");
}

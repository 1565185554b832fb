use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use super::*;
use crate::said::Said;

const AROUND: Around<'_> = Around { node: "worker-1", boot: "b", id: "c1", at: Time::from_secs(100) };

fn container() -> Container {
    Container::new(None, Time::from_secs(10), true)
}

/// A process that is there until the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A shell that opens a file and then waits for its input.
fn shell(script: &str) -> Running {
    let child = Command::new("/bin/sh").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    Running(child)
}

#[test]
fn processes_are_kept_with_their_files_sockets_maps_and_parents() {
    let folder = tempfile::tempdir().unwrap();
    let held = folder.path().join("loot");
    std::fs::write(&held, "secret contents").unwrap();
    let shell = shell(&format!("exec 7<{}; echo ready; read wait; exit", held.display()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let _peer = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (pid, me) = (shell.0.id(), std::process::id());
    let mut seen = container();
    seen.say(Said::Executed { exe: "/bin/old".to_owned() }, Time::from_secs(20), Time::from_secs(20));
    seen.say(Said::Executed { exe: "/bin/new".to_owned() }, Time::from_secs(30), Time::from_secs(30));
    let evidence = look_at(&[me, pid], &seen, &AROUND);

    let row = evidence.processes.iter().find(|p| p.pid == pid).unwrap();
    assert_eq!(row.status["PPid"], me.to_string());
    assert!(row.exe.starts_with('/') && row.started_ns > 0 && row.status.contains_key("CapEff"), "{row:?}");
    assert!(row.files.contains(&(7, held.display().to_string())), "{:?}", row.files);
    assert!(row.maps.iter().any(|line| line.contains("r-x")), "{:?}", row.maps);
    let listens = |s: &&SocketRow| s.pid == me && s.local == format!("127.0.0.1:{port}") && s.peer.is_none();
    assert!(evidence.sockets.iter().any(|s| listens(&s)), "{:?}", evidence.sockets);
    let talks = |s: &&SocketRow| s.peer.as_deref() == Some(format!("127.0.0.1:{port}").as_str());
    assert!(evidence.sockets.iter().any(|s| talks(&s)), "{:?}", evidence.sockets);
    let newest = serde_json::to_value(&evidence.records[0]).unwrap();
    assert_eq!(newest["what"]["exe"], "/bin/new");
    let counts = evidence.counts();
    assert_eq!((counts.processes, counts.records, counts.left_out), (2, 2, 0));
    let text = serde_json::to_string(&evidence).unwrap();
    assert!(!text.contains("secret contents") && !text.contains("exec 7"), "no contents and no arguments are kept");
}

#[test]
fn what_is_deleted_is_marked_and_what_vanished_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let (program, held) = (folder.path().join("dropped"), folder.path().join("gone"));
    std::fs::copy("/bin/sh", &program).unwrap();
    std::fs::write(&held, "x").unwrap();
    let script = format!("exec 7<{0}; rm {0} {1}; echo ready; read wait; exit", held.display(), program.display());
    let child = Command::new(&program).args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut running = Running(child.unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let evidence = look_at(&[running.0.id(), u32::MAX - 1], &container(), &AROUND);
    assert_eq!(evidence.processes.len(), 1);
    assert!(evidence.processes[0].exe.ends_with("(deleted)"), "{}", evidence.processes[0].exe);
    assert!(evidence.processes[0].files.iter().any(|(_, path)| path.ends_with("gone (deleted)")));
}

#[test]
fn a_container_of_many_things_is_cut_and_the_cut_is_counted() {
    let mut seen = container();
    for n in 0..RECORDS_MAX + 10 {
        seen.say(Said::Executed { exe: format!("/bin/{n}") }, Time::from_secs(20), Time::from_secs(20));
    }
    let many: Vec<u32> = (0..PROCESSES_MAX as u32 + 5).map(|n| u32::MAX - 1 - n).collect();
    let evidence = look_at(&many, &seen, &AROUND);
    assert_eq!((evidence.left_out["record"], evidence.left_out["process"]), (10, 5));
    assert_eq!(evidence.counts().left_out, 15);
    let mut room = Room { bytes: 200, until: Instant::now() + LOOK_MAX, left_out: BTreeMap::new() };
    assert!(room.takes("map", 100) && !room.takes("map", 100));
    assert_eq!(room.left_out["map"], 1);
    assert!(serde_json::to_vec(&evidence).unwrap().len() < EVIDENCE_BYTES_MAX * 2);
}

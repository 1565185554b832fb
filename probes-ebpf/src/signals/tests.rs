use std::collections::BTreeSet;
use std::fs;

use super::*;
use assay_core::observation::Protocol;

fn ids<'a>(rules: impl Iterator<Item = &'static Rule> + 'a) -> BTreeSet<&'static str> {
    rules.map(|r| r.signal).collect()
}

fn plain(path: &str) -> Ran<'_> {
    Ran { path, called: "", flags: 0, server: None, usual: true, settled: true, gains_root: false }
}

#[test]
fn what_a_workload_does_every_day_is_no_sign() {
    for path in
        ["/usr/sbin/nginx", "/bin/sh", "/usr/bin/python3.11", "/opt/java/openjdk/bin/java", "/tmp/.x/..", "/tmp/."]
    {
        assert!(ids(ran(&plain(path))).is_empty(), "{path}");
    }
    for (path, exe) in
        [("/etc/shadow", "/usr/sbin/sshd"), ("/app/token", "/bin/cat"), ("/home/u/credentials", "/bin/app")]
    {
        assert!(ids(opened(path, FileOp::WatchedRead, exe)).is_empty(), "{path}");
    }
    assert!(ids(opened("/etc/passwd", FileOp::WatchedWrite, "/usr/bin/dpkg")).is_empty());
    assert!(ids(called(crate::hooks::number::PTRACE, &[0, 0, 0])).is_empty(), "PTRACE_TRACEME");
    assert!(ids(called(crate::hooks::number::UNSHARE, &[0x200, 0, 0])).is_empty(), "CLONE_FS makes no namespace");
    assert!(ids(called(crate::hooks::number::BPF, &[1, 0, 0])).is_empty(), "a look into a map");
}

#[test]
fn a_shell_is_told_by_its_file_or_by_the_name_it_is_called_by() {
    for (path, called) in [("/bin/bash", ""), ("/bin/busybox", "sh"), ("/usr/local/bin/tool", "bash")] {
        let act = Ran { called, server: Some("/usr/sbin/nginx"), ..plain(path) };
        assert_eq!(ids(ran(&act)), BTreeSet::from(["shell-from-server"]), "{path} {called}");
    }
    let act = Ran { called: "httpd", server: Some("/usr/sbin/nginx"), ..plain("/bin/busybox") };
    assert!(ids(ran(&act)).is_empty());
}

/// Databases archive with a shell, applications convert pictures with one: only what is new after a day is a sign.
#[test]
fn a_shell_under_a_server_is_a_sign_where_that_server_never_has_one() {
    for (server, usual, sign) in [
        ("/usr/sbin/nginx", true, true),
        ("/usr/lib/postgresql/15/bin/postgres", true, false),
        ("/usr/lib/postgresql/15/bin/postgres", false, true),
    ] {
        let act = Ran { server: Some(server), usual, ..plain("/bin/sh") };
        assert_eq!(ids(ran(&act)).contains("shell-from-server"), sign, "{server} {usual}");
    }
}

#[test]
fn what_a_container_writes_and_runs_is_an_attempt_until_it_has_settled() {
    for (settled, sign) in [(false, "executable-written"), (true, "dropped-binary-run")] {
        let act = Ran { settled, flags: EXEC_OVERLAY | EXEC_UPPER, ..plain("/tmp/tool") };
        assert_eq!(ids(ran(&act)), BTreeSet::from([sign]));
    }
}

/// Client libraries read a token every hour, and keys where people keep them: a person reads them with a tool.
#[test]
fn secrets_that_programs_use_are_a_sign_only_in_the_hands_of_a_tool() {
    let token = "/run/secrets/kubernetes.io/serviceaccount/..2026/token";
    for (path, exe, sign) in [
        (token, "/usr/bin/kube-state-metrics", false),
        (token, "/bin/cat", true),
        ("/root/.aws/credentials", "/usr/bin/python3.11", false),
        ("/root/.aws/credentials", "/usr/bin/curl", true),
        ("/root/.ssh/id_rsa", "/usr/bin/ssh", false),
        ("/root/.ssh/id_rsa", "/usr/bin/tar", true),
    ] {
        assert_eq!(!ids(opened(path, FileOp::WatchedRead, exe)).is_empty(), sign, "{path} {exe}");
    }
}

#[test]
fn only_who_asks_the_metadata_service_is_a_sign() {
    let talks = |role, peer| Said::Talks { port: 80, protocol: Protocol::Tcp, role, peer, exe: String::new() };
    assert_eq!(talked(&talks(Role::Client, PeerClass::Metadata)).map(|r| r.signal), Some("metadata-call"));
    assert!(talked(&talks(Role::Server, PeerClass::Metadata)).is_none());
    assert!(talked(&talks(Role::Client, PeerClass::Public)).is_none());
}

#[test]
fn every_watched_name_fits_the_kernels_side() {
    let watched = watched();
    assert!(watched.keys().all(|name| !name.is_empty() && name.len() <= WATCHED_NAME_MAX), "{watched:?}");
    let room = crate::hooks::MAPS.iter().find(|(name, _)| *name == "watched").map(|(_, size)| *size);
    assert!(u32::try_from(watched.len()).ok() <= room, "{} names", watched.len());
}

/// The service's table is the one place where a signal is described: an id that is not there would be shown bare, and a
/// stage that differs would be two answers to one question.
#[test]
fn every_rule_names_a_row_of_the_services_table_and_its_stage() {
    let at = concat!(env!("CARGO_MANIFEST_DIR"), "/../service/sources/src/signals.csv");
    let table = fs::read_to_string(at).unwrap();
    for rule in RULES {
        let row = table.lines().find(|l| l.starts_with(&format!("{},", rule.signal)));
        let row = row.unwrap_or_else(|| panic!("{} has no row", rule.signal));
        assert!(row.contains(&format!(",{},", rule.stage)), "{}: {row}", rule.signal);
    }
    let distinct: BTreeSet<_> = RULES.iter().map(|r| r.signal).collect();
    assert!(distinct.len() >= 30, "{} signals", distinct.len());
}

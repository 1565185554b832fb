//! Every signal by the act itself, in a real container on this kernel; and a day's work that gives none.

use std::collections::BTreeMap;

use crate::rig::{Agent, Container, facts, ready, window};
use assay_core::batch::FactBody;
use assay_probes::signals::RULES;

/// The act, and the signal that it is. Programs that a container would bring along are busybox under their names.
const ACTS: &[(&str, &str)] = &[
    ("/bin/acts memory", "memfd-exec"),
    ("/bin/acts deleted", "deleted-exe-run"),
    ("cp /bin/busybox /tmp/tool; /tmp/tool true", "dropped-binary-run"),
    ("cp /bin/busybox /dev/shm/tool; /dev/shm/tool true", "shared-memory-exec"),
    ("mkdir /tmp/.cache; cp /bin/busybox /tmp/.cache/tool; /tmp/.cache/tool true", "hidden-file"),
    ("cp /bin/busybox /tmp/kworker; /tmp/kworker true", "masquerading"),
    ("/bin/acts root", "setuid-gain"),
    ("/bin/acts reverse-shell", "reverse-shell"),
    ("/bin/nginx server-shell", "shell-from-server"),
    ("named apt-get", "package-manager-run"),
    ("named ncat", "network-tool-run"),
    ("named tcpdump", "packet-capture"),
    ("named nmap", "port-scan"),
    ("named kubectl", "kubectl-in-container"),
    ("named crictl", "runtime-socket"),
    ("named xmrig", "miner"),
    ("named rclone", "remote-copy-tool"),
    ("named chisel", "tunnel"),
    ("/bin/acts setns", "namespace-change"),
    ("mount -t tmpfs none /mnt", "mount-in-container"),
    ("/bin/acts trace", "ptrace"),
    ("/bin/acts bpf", "bpf-load"),
    (
        "mkdir -p /run/secrets/kubernetes.io/serviceaccount/..x; put /run/secrets/kubernetes.io/serviceaccount/..x/token; cat /run/secrets/kubernetes.io/serviceaccount/..x/token",
        "service-account-token-read",
    ),
    ("put /etc/shadow; cat /etc/shadow", "credential-file-read"),
    (
        "mkdir -p /etc/kubernetes/pki; put /etc/kubernetes/pki/ca.key; cat /etc/kubernetes/pki/ca.key",
        "cluster-certificate-read",
    ),
    ("put /dev/sda", "host-disk-access"),
    ("mkdir -p /etc/cron.d; put /etc/cron.d/job", "cron-write"),
    ("put /root/.bashrc", "startup-file-write"),
    ("put /root/authorized_keys", "authorized-keys-write"),
    ("put /etc/ld.so.preload", "ld-so-preload"),
    ("put /etc/sudoers", "sudoers-write"),
    ("put /etc/passwd", "account-change"),
    ("put /var/lib/dpkg/status", "package-database-write"),
    ("mkdir -p /host/proc/sys/kernel; put /host/proc/sys/kernel/core_pattern", "core-pattern"),
    ("put /tmp/release_agent", "release-agent"),
    ("mkdir -p /host/bin; put /host/bin/runc", "runtime-overwrite"),
    ("ip addr add 169.254.169.254/32 dev lo; ip addr add 10.9.9.9/32 dev lo; /bin/acts metadata", "metadata-call"),
];

/// A terminal is needed for the first, a kernel with modules for the second, a container that is young for the third, and
/// one that shares the node's processes for the last.
const ELSEWHERE: [&str; 4] = ["shell-in-container", "module-load", "executable-written", "container-left"];

fn signals(facts: &[FactBody]) -> BTreeMap<String, String> {
    let of = |f: &FactBody| match f {
        FactBody::Attacked { stage, signal, .. } => Some((signal.clone(), stage.clone())),
        _ => None,
    };
    facts.iter().filter_map(of).collect()
}

#[test]
fn every_act_gives_its_signal_and_no_other() {
    if !ready() {
        return;
    }
    let acts: Vec<String> = ACTS.iter().map(|(act, _)| format!("({act}) >/dev/null 2>&1")).collect();
    let script = format!(
        "put() {{ echo x > $1; }}\nnamed() {{ ln -s busybox /bin/$1; /bin/$1 true; }}\nmkdir -p /root /mnt\n/bin/true\nsleep 3\n{}\nsleep 2",
        acts.join("\n")
    );
    let container = Container::layered(&script);
    let agent = Agent::start(&["--settle", "0m"]);
    container.run();
    let (batches, log) = agent.stop();
    let facts = facts(&batches, &container.id);
    let found = signals(&facts);
    let missing: Vec<_> = ACTS.iter().filter(|(_, signal)| !found.contains_key(*signal)).collect();
    assert!(missing.is_empty(), "not seen: {missing:#?}\nseen: {found:#?}\n{log}");
    for rule in RULES.iter().filter(|r| !ELSEWHERE.contains(&r.signal)) {
        assert_eq!(found.get(rule.signal), Some(&rule.stage.to_string()), "{} has no act", rule.signal);
    }
    assert_eq!(found.len(), ACTS.len(), "{found:#?}");
    let watched = window(&batches, &container.id, "sensor_signals");
    assert!(watched.start_seen && watched.holes.is_empty(), "{watched:?}");
}

#[test]
fn a_container_that_unpacks_itself_is_no_foothold() {
    if !ready() {
        return;
    }
    let container = Container::layered("/bin/true; cp /bin/busybox /tmp/helper; /tmp/helper true; sleep 2");
    let agent = Agent::start(&[]);
    container.run();
    let (batches, _) = agent.stop();
    let found = signals(&facts(&batches, &container.id));
    assert_eq!(found, BTreeMap::from([("executable-written".to_owned(), "attempt".to_owned())]));
}

#[test]
fn a_days_work_gives_no_signal() {
    if !ready() {
        return;
    }
    // A server under a start script, its health check, a rotation of its log, a backup, a job that is due.
    let container = Container::layered(
        "mkdir -p /var/log /data /var/spool; cat /etc/os-release > /data/a; /bin/httpd -p 8080 -h /etc
        for i in 1 2 3; do wget -q -O /dev/null http://127.0.0.1:8080/os-release; done
        echo line >> /var/log/web.log; mv /var/log/web.log /var/log/web.log.1; gzip /var/log/web.log.1; : > /var/log/web.log
        tar czf /data/backup.tgz /etc; find / -xdev -name '*.conf' | wc -l; grep -r ID /etc; ps; id; sleep 3",
    );
    let agent = Agent::start(&[]);
    container.start();
    std::thread::sleep(std::time::Duration::from_secs(2));
    container.exec(&["/bin/sh", "-c", "wget -q -O /dev/null http://127.0.0.1:8080/os-release"]);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let (batches, _) = agent.stop();
    let facts = facts(&batches, &container.id);
    assert!(facts.iter().any(|f| matches!(f, FactBody::Executed { .. })), "{facts:#?}");
    assert!(signals(&facts).is_empty(), "{:#?}", signals(&facts));
}

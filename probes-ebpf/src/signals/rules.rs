//! The table: which act is which signal. Ids, ATT&CK ids and what else looks the same stand in the service's table.

use assay_core::observation::AttackStage::{Attempt, Foothold};
use assay_core::observation::PeerClass;

use super::{By, Circumstance, Rule, Told, When};
use crate::hooks::number;

/// Programs that take commands.
pub(super) const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "zsh", "ksh", "csh", "tcsh", "fish"];
/// Names of the kernel's own tasks, which have no file.
pub(super) const KERNEL_TASKS: &[&str] = &["kworker", "[kworker", "kthreadd", "[kthreadd", "ksoftirqd", "[ksoftirqd"];

const LOGIN: &[&str] = &[
    "sshd",
    "sshd-session",
    "login",
    "su",
    "sudo",
    "passwd",
    "unix_chkpwd",
    "cron",
    "crond",
    "useradd",
    "usermod",
    "chpasswd",
];
const INSTALLERS: &[&str] = &["dpkg", "dpkg-deb", "apt", "apt-get", "apk", "rpm", "yum", "dnf", "microdnf"];
const ANYBODY: By = By::AllBut(&[]);
const ALL_BUT_INSTALLERS: By = By::AllBut(INSTALLERS);
/// Programs that read whatever they are told to: what a client library reads every hour, a person reads with these.
const TOOLS: By = By::Only(&[
    "cat", "head", "tail", "less", "more", "cp", "mv", "tar", "dd", "base64", "xxd", "od", "strings", "grep", "find",
    "sed", "awk", "gawk", "mawk", "vi", "vim", "nano", "curl", "wget", "nc", "socat", "sh", "bash", "dash", "ash",
    "zsh", "busybox", "toybox",
]);
/// Servers that have no use for a shell. Others have: databases archive with one, applications convert pictures.
pub(super) const NEVER_RUN_SHELLS: &[&str] =
    &["nginx", "envoy", "caddy", "traefik", "redis-server", "valkey-server", "memcached", "mongod", "etcd", "coredns"];

/// PTRACE_POKETEXT, _POKEDATA, _ATTACH, _SETREGS and _SEIZE: to write into another process, or to take hold of it.
const PTRACE_TAKES_HOLD: &[u64] = &[4, 5, 13, 16, 0x4206];
/// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET; other flags of `unshare` make no namespace.
const NAMESPACES: u64 = 0x7e02_0000;
/// BPF_PROG_LOAD.
const BPF_LOADS: &[u64] = &[5];

const fn rule(when: When, signal: &'static str, stage: assay_core::observation::AttackStage) -> Rule {
    Rule { when, signal, stage }
}

const fn reads(names: &'static [&'static str], within: &'static str, by: By) -> When {
    When::Reads { names, within, by }
}

const fn writes(names: &'static [&'static str], within: &'static str, by: By) -> When {
    When::Writes { names, within, by }
}

const fn calls(call: usize, argument: Option<(usize, Told)>) -> When {
    When::Calls { call, argument }
}

/// Every rule.
pub const RULES: &[Rule] = &[
    rule(When::Shell(Circumstance::Terminal), "shell-in-container", Attempt),
    rule(When::Shell(Circumstance::UnderServer), "shell-from-server", Foothold),
    rule(When::Shell(Circumstance::StdinIsConnection), "reverse-shell", Foothold),
    rule(When::Any(Circumstance::FromMemory), "memfd-exec", Foothold),
    rule(When::Any(Circumstance::Deleted), "deleted-exe-run", Foothold),
    rule(When::Any(Circumstance::NotInImage), "dropped-binary-run", Foothold),
    rule(When::Any(Circumstance::NotInImageAtStart), "executable-written", Attempt),
    rule(When::Any(Circumstance::GainsRoot), "setuid-gain", Attempt),
    rule(When::Any(Circumstance::HiddenName), "hidden-file", Attempt),
    rule(When::Any(Circumstance::KernelName), "masquerading", Attempt),
    rule(When::RunsBelow(&["/dev/shm/"]), "shared-memory-exec", Foothold),
    rule(When::Runs(INSTALLERS), "package-manager-run", Attempt),
    rule(When::Runs(&["nc", "ncat", "netcat", "nc.openbsd", "nc.traditional", "socat"]), "network-tool-run", Attempt),
    rule(When::Runs(&["tcpdump", "tshark", "dumpcap", "ngrep"]), "packet-capture", Attempt),
    rule(When::Runs(&["nmap", "masscan", "zmap", "zgrab"]), "port-scan", Attempt),
    rule(When::Runs(&["kubectl", "k9s"]), "kubectl-in-container", Attempt),
    rule(When::Runs(&["docker", "ctr", "crictl", "nerdctl", "runc", "crun"]), "runtime-socket", Foothold),
    rule(When::Runs(&["xmrig", "minerd", "cpuminer", "ccminer", "xmr-stak", "t-rex", "nbminer"]), "miner", Foothold),
    rule(When::Runs(&["scp", "sftp", "rsync", "rclone"]), "remote-copy-tool", Attempt),
    rule(When::Runs(&["chisel", "frpc", "ngrok", "iodine", "gost"]), "tunnel", Attempt),
    rule(When::Runs(&["nsenter"]), "namespace-change", Foothold),
    rule(When::SeesNode, "container-left", Foothold),
    rule(calls(number::SETNS, None), "namespace-change", Foothold),
    rule(calls(number::UNSHARE, Some((0, Told::Any(NAMESPACES)))), "namespace-change", Foothold),
    rule(calls(number::MOUNT, None), "mount-in-container", Attempt),
    rule(calls(number::PTRACE, Some((0, Told::OneOf(PTRACE_TAKES_HOLD)))), "ptrace", Attempt),
    rule(calls(number::MODULE, None), "module-load", Foothold),
    rule(calls(number::BPF, Some((0, Told::OneOf(BPF_LOADS)))), "bpf-load", Attempt),
    rule(reads(&["token"], "kubernetes.io/serviceaccount", TOOLS), "service-account-token-read", Attempt),
    rule(reads(&["shadow", "gshadow"], "/etc/", By::AllBut(LOGIN)), "credential-file-read", Attempt),
    rule(reads(&["id_rsa", "id_ed25519", "id_ecdsa"], "", TOOLS), "credential-file-read", Attempt),
    rule(reads(&["credentials"], "/.aws/", TOOLS), "credential-file-read", Attempt),
    rule(reads(&[".git-credentials", ".pgpass"], "", TOOLS), "credential-file-read", Attempt),
    rule(
        reads(&["ca.key", "apiserver.key", "admin.conf"], "/etc/kubernetes/", ANYBODY),
        "cluster-certificate-read",
        Foothold,
    ),
    rule(reads(&["kcore"], "/proc/", ANYBODY), "host-disk-access", Foothold),
    rule(
        reads(&["sda", "sda1", "vda", "vda1", "xvda", "nvme0n1", "mem", "kmem"], "/dev/", ANYBODY),
        "host-disk-access",
        Foothold,
    ),
    rule(
        writes(&["sda", "sda1", "vda", "vda1", "xvda", "nvme0n1", "mem", "kmem"], "/dev/", ANYBODY),
        "host-disk-access",
        Foothold,
    ),
    rule(writes(&["crontab"], "/etc/", ALL_BUT_INSTALLERS), "cron-write", Foothold),
    rule(
        When::WritesInto {
            folders: &["cron.d", "cron.daily", "cron.hourly", "cron.weekly", "cron.monthly", "crontabs"],
            by: ALL_BUT_INSTALLERS,
        },
        "cron-write",
        Foothold,
    ),
    rule(
        writes(&[".bashrc", ".profile", ".bash_profile", ".zshrc", "rc.local", "profile"], "", ALL_BUT_INSTALLERS),
        "startup-file-write",
        Attempt,
    ),
    rule(When::WritesInto { folders: &["init.d", "profile.d"], by: ALL_BUT_INSTALLERS }, "startup-file-write", Attempt),
    rule(writes(&["authorized_keys", "authorized_keys2"], "", ANYBODY), "authorized-keys-write", Foothold),
    rule(writes(&["ld.so.preload"], "", ANYBODY), "ld-so-preload", Foothold),
    rule(writes(&["sudoers"], "/etc/", ALL_BUT_INSTALLERS), "sudoers-write", Foothold),
    rule(When::WritesInto { folders: &["sudoers.d"], by: ALL_BUT_INSTALLERS }, "sudoers-write", Foothold),
    rule(writes(&["passwd", "shadow", "group", "gshadow"], "/etc/", ALL_BUT_INSTALLERS), "account-change", Attempt),
    rule(writes(&["status"], "/dpkg/", ALL_BUT_INSTALLERS), "package-database-write", Attempt),
    rule(writes(&["installed"], "/apk/db/", ALL_BUT_INSTALLERS), "package-database-write", Attempt),
    rule(writes(&["core_pattern"], "/sys/kernel/", ANYBODY), "core-pattern", Foothold),
    rule(writes(&["release_agent"], "", ANYBODY), "release-agent", Foothold),
    rule(writes(&["runc", "crun", "containerd-shim-runc-v2"], "", ALL_BUT_INSTALLERS), "runtime-overwrite", Foothold),
    rule(When::Asks(PeerClass::Metadata), "metadata-call", Attempt),
];

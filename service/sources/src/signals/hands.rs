//! Whose program did it: one that people and intruders use by hand, or a service's own. Comes in: a signal and the path of
//! the program. Goes out: the signal's row for a service where it has one. A program of which only the name is known, or
//! that lies where everybody may write, is never taken for a service's.

/// Signals that a service may give by design, each with its row for that.
const BY_SERVICES: &[(&str, &str)] =
    &[("namespace-change", "service-changes-namespaces"), ("runtime-socket", "service-asks-runtime")];

/// Shells, interpreters, clients and tools, without the version behind the name.
#[rustfmt::skip]
const TOOLS: &[&str] = &[
    "sh", "bash", "dash", "ash", "zsh", "ksh", "csh", "tcsh", "fish", "busybox", "toybox",
    "python", "pypy", "perl", "ruby", "php", "lua", "luajit", "node", "nodejs", "deno", "bun", "tclsh", "awk", "gawk", "mawk",
    "curl", "wget", "nc", "ncat", "netcat", "socat", "telnet", "openssl", "ssh", "scp", "grpcurl", "websocat",
    "docker", "dockerd", "nerdctl", "crictl", "ctr", "podman", "buildah", "buildctl", "skopeo", "runc", "crun", "kubectl", "oc", "helm",
    "nsenter", "unshare", "chroot", "capsh", "setpriv", "bwrap", "ip", "mount", "lsns", "gdb", "strace", "ld",
    "env", "timeout", "xargs", "find", "cat", "tee", "dd", "cp", "script", "su", "sudo", "doas", "tini", "dumb-init", "setsid",
];

/// Folders in which everybody may put a program.
const OPEN: &[&str] = &["/tmp/", "/var/tmp/", "/dev/", "/run/", "/var/run/", "/proc/", "/home/", "/root/"];

/// The row of a signal for a service's own program.
pub(super) fn row_of_service(signal: &str, exe: &str) -> Option<&'static str> {
    let (_, row) = BY_SERVICES.iter().find(|(of, _)| *of == signal)?;
    is_of_service(exe).then_some(*row)
}

fn is_of_service(exe: &str) -> bool {
    let Some((_, name)) = exe.rsplit_once('/') else { return false };
    let path_known = exe.starts_with('/') && !exe.contains("/../") && !exe.ends_with("(deleted)");
    let hidden = exe.split('/').any(|part| part.starts_with('.'));
    path_known && !hidden && !OPEN.iter().any(|folder| exe.starts_with(folder)) && !is_tool(name)
}

/// `python3.11` and `ld-linux-x86-64.so.2` are tools as `python` and `ld` are.
fn is_tool(name: &str) -> bool {
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let plain = if plain.starts_with("ld-") || plain.starts_with("ld.") { "ld" } else { plain };
    plain.is_empty() || TOOLS.contains(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::signal;

    #[test]
    fn every_row_of_a_service_is_a_foothold_told_apart_by_program_and_known_to_the_core() {
        let rows: Vec<&str> = BY_SERVICES.iter().map(|(_, row)| *row).collect();
        for (of, row) in BY_SERVICES {
            let (of, row) = (signal(of).unwrap(), signal(row).unwrap());
            assert_eq!((of.stage, of.techniques.clone()), (row.stage, row.techniques.clone()));
            assert_eq!(row.apart, crate::signals::Apart::Exe, "a stranger's program is a finding of its own");
        }
        for known in assay_core::context::grantable() {
            assert!(rows.contains(&known), "{known} is given by no program");
        }
    }

    #[test]
    fn a_program_is_a_services_only_where_its_path_says_so() {
        for exe in ["/usr/bin/calico-node", "/opt/agent/bin/agent", "/cilium-agent", "/usr/local/bin/kube-router"] {
            assert_eq!(row_of_service("namespace-change", exe), Some("service-changes-namespaces"), "{exe}");
        }
        for exe in [
            "",
            "agent",
            "calico-node",
            "/usr/bin/nsenter",
            "/bin/bash",
            "/usr/bin/python3.11",
            "/usr/bin/perl5.36.0",
            "/tmp/agent",
            "/dev/shm/agent",
            "/opt/../tmp/agent",
            "/opt/.x/agent",
            "/opt/agent (deleted)",
            "/proc/self/fd/3",
            "memfd:agent",
            "/lib64/ld-linux-x86-64.so.2",
            "/usr/bin/",
            "/opt/agent/bin/crictl",
        ] {
            assert_eq!(row_of_service("runtime-socket", exe), None, "{exe}");
        }
        assert_eq!(row_of_service("reverse-shell", "/opt/agent/bin/agent"), None);
    }
}

//! Other tools' rules and fields against our signals: a reviewed table, one row a pair. A rule without a row is counted
//! under its own name, so that nothing becomes a sign of attack by guess, and nothing is lost in silence.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::signals::{Signal, signal};

/// Columns: tool, on, value, signal, why. The head of the file explains them.
const TABLE: &str = include_str!("signals.csv");

/// Fields that mean the same whatever tool saw them.
const ANY: &str = "any";

/// What the table says of a rule or field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mapped {
    /// It is this sign of attack.
    Signal(&'static Signal),
    /// It was looked at and is none by itself, and why.
    Passed(&'static str),
}

/// The rows of one tool and one sort of field.
#[derive(Default)]
struct Rows {
    exact: HashMap<&'static str, Mapped>,
    patterns: Vec<(Pattern, Mapped)>,
}

/// What stands between the `*` of a value, in order.
struct Pattern(Vec<&'static str>);

impl Pattern {
    fn of(value: &'static str) -> Option<Self> {
        value.contains('*').then(|| Self(value.split('*').collect()))
    }

    fn fits(&self, value: &str) -> bool {
        let [begins, within @ .., ends] = self.0.as_slice() else { return false };
        let Some(mut rest) = value.strip_prefix(begins).and_then(|rest| rest.strip_suffix(ends)) else { return false };
        within.iter().all(|part| match rest.split_once(part) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }
}

static ROWS: LazyLock<HashMap<&'static str, HashMap<&'static str, Rows>>> = LazyLock::new(|| {
    let mut rows: HashMap<&'static str, HashMap<&'static str, Rows>> = HashMap::new();
    for [tool, on, value, to, why] in table() {
        let mapped = match (to, signal(to)) {
            ("-", _) => Mapped::Passed(why),
            (_, Some(signal)) => Mapped::Signal(signal),
            // A test reads every row, so there is none.
            (_, None) => continue,
        };
        let rows = rows.entry(tool).or_default().entry(on).or_default();
        match Pattern::of(value) {
            Some(pattern) => rows.patterns.push((pattern, mapped)),
            None => {
                rows.exact.insert(value, mapped);
            }
        }
    }
    rows
});

/// The rows as they are written. They live as long as the program: the table is a part of it.
fn table() -> Vec<[&'static str; 5]> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(TABLE.as_bytes());
    let leaked = |row: csv::StringRecord| {
        let field = |i: usize| row.get(i).map(|f| &*String::leak(f.to_owned()));
        Some([field(0)?, field(1)?, field(2)?, field(3)?, field(4)?])
    };
    reader.records().filter_map(Result::ok).filter_map(leaked).collect()
}

/// What the table says of a tool's value; the tool's own rows go before those that hold for any.
pub(crate) fn mapped(tool: &str, on: &str, value: &str) -> Option<Mapped> {
    if value.is_empty() {
        return None;
    }
    [tool, ANY].into_iter().find_map(|tool| {
        let rows = ROWS.get(tool)?.get(on)?;
        let exact = rows.exact.get(value).copied();
        exact.or_else(|| rows.patterns.iter().find(|(pattern, _)| pattern.fits(value)).map(|(_, mapped)| *mapped))
    })
}

/// Programs that take commands.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"];

/// What a program that ran in a container says, by its path and the path of what started it.
pub(crate) fn ran(tool: &str, exe: &str, parent: &str) -> Option<Mapped> {
    let (exe, parent) = (last_part(exe), last_part(parent));
    let by_server = SHELLS.contains(&exe).then(|| mapped(tool, "shell-of", parent)).flatten();
    by_server.or_else(|| mapped(tool, "exe", exe))
}

/// What was done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    Read,
    Written,
    Removed,
}

/// What a touched file says.
pub(crate) fn touched(tool: &str, path: &str, touch: Touch) -> Option<Mapped> {
    match touch {
        Touch::Read => mapped(tool, "reads", path),
        Touch::Written => mapped(tool, "writes", path),
        Touch::Removed => mapped(tool, "removes", path).or_else(|| mapped(tool, "writes", path)),
    }
}

/// The name of a program in a path.
pub(crate) fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn id(mapped: Option<Mapped>) -> &'static str {
        match mapped {
            Some(Mapped::Signal(signal)) => &signal.id,
            Some(Mapped::Passed(_)) => "-",
            None => "",
        }
    }

    #[test]
    fn every_row_stands_once_and_leads_to_a_signal_of_ours() {
        let lines = TABLE.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).count() - 1;
        let rows = table();
        assert_eq!(rows.len(), lines, "a row does not parse");
        let mut seen = HashSet::new();
        for [tool, on, value, to, why] in rows {
            assert!(seen.insert((tool, on, value)), "{tool} {on} {value} stands twice");
            assert!(to == "-" && !why.is_empty() || signal(to).is_some(), "{tool} {on} {value} -> {to}");
            assert!(["falco", "tracee", "kubearmor", "tetragon", ANY].contains(&tool), "{tool}");
            let fields = ["rule", "function", "exe", "shell-of", "reads", "writes", "removes", "network", "operation"];
            assert!(fields.contains(&on), "{tool} {on}");
            assert!(value.len() > 1 && !value.contains("**"), "{value}");
        }
    }

    #[test]
    fn a_value_is_found_whole_by_its_ends_or_by_what_it_holds() {
        assert_eq!(id(mapped("falco", "rule", "Terminal shell in container")), "shell-in-container");
        assert_eq!(id(mapped("falco", "rule", "K8s Secret Created")), "-");
        assert_eq!(id(mapped("falco", "rule", "A rule of our own")), "");
        assert_eq!(id(mapped("kubearmor", "rule", "harden-web-pkg-mngr-exec")), "package-manager-run");
        assert_eq!(id(mapped("kubearmor", "network", "domain=AF_PACKET type=SOCK_RAW")), "packet-capture");
        assert_eq!(id(mapped("tracee", "rule", "")), "");
        let token = "/run/secrets/kubernetes.io/serviceaccount/..2026_11_24/token";
        assert_eq!(id(touched("tetragon", token, Touch::Read)), "service-account-token-read");
        assert_eq!(id(touched("tetragon", "/var/log/auth.log", Touch::Written)), "");
        assert_eq!(id(touched("tetragon", "/var/log/auth.log", Touch::Removed)), "log-wipe");
        assert_eq!(id(touched("tetragon", "/root/.bash_history", Touch::Removed)), "history-wipe");
    }

    #[test]
    fn a_shell_counts_by_what_started_it() {
        assert_eq!(id(ran("tetragon", "/bin/sh", "/usr/sbin/nginx")), "shell-from-server");
        assert_eq!(id(ran("tetragon", "/bin/sh", "/bin/bash")), "");
        assert_eq!(id(ran("tetragon", "/usr/bin/nsenter", "/bin/bash")), "namespace-change");
    }
}

//! What a policy of Tetragon watched: a function of the kernel with some of its arguments. The file or peer among them
//! says more than the function; the function says more than nothing.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::super::lenient::{Many, Word};
use super::super::signals::{Mapped, Touch, mapped, touched};
use super::TOOL;
use crate::signals::signal;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Probe {
    function_name: Word,
    policy_name: Word,
    event: Word,
    symbol: Word,
    action: Word,
    args: Many<Value>,
}

/// Old versions leave the first slash of a path out.
fn absolute(path: &str) -> Cow<'_, str> {
    if path.starts_with('/') { path.into() } else { format!("/{path}").into() }
}

/// Addresses at which clouds answer for the machine's identity. Sources: documentation of AWS, Azure, Google Cloud (all
/// three the first), AWS for IPv6, Alibaba Cloud.
const METADATA: &[&str] = &["169.254.169.254", "fd00:ec2::254", "100.100.100.200"];

impl Probe {
    pub(super) fn policy(&self) -> &str {
        self.policy_name.as_str()
    }

    /// What the alert is called: the policy, else the function.
    pub(super) fn rule(&self) -> &str {
        let names = [&self.policy_name, &self.function_name, &self.event, &self.symbol];
        names.into_iter().find_map(Word::some).unwrap_or("a policy without a name")
    }

    /// The policy ended the process or changed the answer.
    pub(super) fn refused(&self) -> bool {
        ["SIGKILL", "OVERRIDE", "NOTIFYENFORCER", "SIGNAL"].iter().any(|word| self.action.as_str().ends_with(word))
    }

    /// What it is a sign of, by what was seen. `uid` is the user of the process before.
    pub(super) fn seen(&self, uid: &str) -> Option<Mapped> {
        let function = self.function();
        let by_file = self.path().and_then(|path| touched(TOOL, &absolute(path), self.touch(&function)));
        let by_peer = self.peer().filter(|peer| METADATA.contains(peer));
        let by_peer = by_peer.and_then(|_| signal("metadata-call")).map(Mapped::Signal);
        by_file.or(by_peer).or_else(|| match mapped(TOOL, "function", &function)? {
            Mapped::Signal(row) if &*row.id == "setuid-gain" && !self.becomes_root(uid) => {
                Some(Mapped::Passed("no user became root by it"))
            }
            found => Some(found),
        })
    }

    /// The function without what the kernel's build puts before it: `__x64_sys_setns` and `sys_enter_setns` are one.
    fn function(&self) -> String {
        let name = self.function_name.some().unwrap_or(self.event.as_str());
        let plain = ["__x64_", "__arm64_", "__ia32_", "__se_"].iter().find_map(|p| name.strip_prefix(p));
        let plain = plain.unwrap_or(name);
        match plain.strip_prefix("sys_enter_").or_else(|| plain.strip_prefix("sys_exit_")) {
            Some(call) => format!("sys_{call}"),
            None => plain.to_owned(),
        }
    }

    /// Arguments of one sort, such as `file_arg`.
    fn args<'a>(&'a self, sort: &'a str) -> impl Iterator<Item = &'a Value> {
        self.args.iter().filter_map(move |arg| arg.get(sort))
    }

    fn path(&self) -> Option<&str> {
        let inner = ["file_arg", "path_arg", "linux_binprm_arg"].into_iter();
        let of_file = inner.flat_map(|sort| self.args(sort)).find_map(|arg| arg.get("path")?.as_str());
        of_file.or_else(|| self.args("string_arg").filter_map(Value::as_str).find(|text| text.starts_with('/')))
    }

    fn peer(&self) -> Option<&str> {
        let sorts = ["sock_arg", "skb_arg", "sockaddr_arg"].into_iter();
        sorts.flat_map(|sort| self.args(sort)).find_map(|arg| arg.get("daddr").or_else(|| arg.get("addr"))?.as_str())
    }

    fn ints(&self) -> impl Iterator<Item = i64> {
        self.args.iter().filter_map(|arg| arg.get("int_arg")?.as_i64())
    }

    /// Whether the file was read, written or taken away: by the function, or by the mask that it was asked with.
    fn touch(&self, function: &str) -> Touch {
        const MAY_WRITE: i64 = 2;
        let has = |any: &[&str]| any.iter().any(|word| function.contains(word));
        match () {
            () if has(&["unlink", "truncate", "rmdir"]) => Touch::Removed,
            () if has(&["write", "rename", "chmod", "chown", "setattr"]) => Touch::Written,
            () if function == "security_file_permission" && self.ints().any(|mask| mask & MAY_WRITE != 0) => {
                Touch::Written
            }
            () => Touch::Read,
        }
    }

    fn becomes_root(&self, uid: &str) -> bool {
        let root = |value: &Value| value.as_u64() == Some(0);
        let credentials = self.args("process_credentials_arg").any(|c| c.get("euid").is_some_and(root));
        let asked = self.ints().next() == Some(0) || credentials;
        asked && !uid.is_empty() && uid != "0"
    }
}

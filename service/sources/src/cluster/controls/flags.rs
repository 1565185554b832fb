//! Flags of the control plane, as its static pods show them, against what each should be. Comes in: the flags of one
//! component. Goes out: the flag that is wrong, where it stands. Where the component takes a file instead of flags, what
//! no flag says cannot be seen from here.

use super::case::{Spot, Verdict, Where};
use crate::cluster::model::{Component, ContainerList, Flag, Flags};

/// What a flag has to be.
#[derive(Clone, Copy)]
pub(in crate::cluster) enum Want {
    /// This value; the second is what the component takes without the flag.
    Is(&'static str, &'static str, &'static str),
    /// Every one of these is set.
    Set(&'static [&'static str]),
    /// It is not set.
    Unset(&'static str),
    /// A list that has this item.
    Lists(&'static str, &'static str),
    /// A list that lacks this item; the last is the list that the component takes without the flag.
    Lacks(&'static str, &'static str, &'static str),
    /// A number that is at least this; without the flag there is no bound, which is too little or too much to tell.
    AtLeast(&'static str, u64),
    /// A list that lacks all these items, where it is set.
    NoneOf(&'static str, &'static [&'static str]),
    /// An address of the host itself; the second is what the component takes without the flag.
    Local(&'static str, &'static str),
    /// A list of addresses of which none is in clear, but on the host itself.
    Encrypted(&'static str),
}

/// Files that take the place of flags: of a component, by the flag that names the file, and the flags it replaces; all
/// where none are named.
const FILES: &[(Component, &str, &[&str])] = &[
    (Component::ApiServer, "authorization-config", &["authorization-mode"]),
    (Component::ApiServer, "authentication-config", &["anonymous-auth"]),
    (Component::Etcd, "config-file", &[]),
    (Component::Scheduler, "config", &["profiling"]),
];

impl Want {
    /// True when it looks at one of these flags.
    fn looks_at(&self, names: &[&str]) -> bool {
        match self {
            Self::Set(flags) => flags.iter().any(|flag| names.contains(flag)),
            Self::Is(flag, ..)
            | Self::Unset(flag)
            | Self::Lists(flag, ..)
            | Self::Lacks(flag, ..)
            | Self::AtLeast(flag, _)
            | Self::NoneOf(flag, _)
            | Self::Local(flag, _)
            | Self::Encrypted(flag) => names.contains(flag),
        }
    }

    /// The first flag that is not as it should be, with what it is.
    fn wrong(&self, flags: &Flags) -> Option<(&'static str, Option<Flag>)> {
        let of = |name: &'static str| (name, flags.get(name).cloned());
        let value = |name: &str| flags.get(name).map(|flag| &*flag.value);
        let bad = match *self {
            Self::Is(name, wanted, default) => (value(name).unwrap_or(default) != wanted).then_some(name),
            Self::Set(names) => names.iter().copied().find(|name| value(name).is_none()),
            Self::Unset(name) => value(name).map(|_| name),
            Self::Lists(name, item) => {
                (!value(name).is_some_and(|list| items(list).any(|i| i == item))).then_some(name)
            }
            Self::Lacks(name, item, default) => {
                items(value(name).unwrap_or(default)).any(|i| i == item).then_some(name)
            }
            Self::AtLeast(name, least) => {
                let enough = value(name).and_then(|number| number.parse::<u64>().ok()).is_some_and(|n| n >= least);
                (!enough).then_some(name)
            }
            Self::NoneOf(name, weak) => {
                value(name).is_some_and(|list| items(list).any(|i| weak.contains(&i))).then_some(name)
            }
            Self::Local(name, default) => (!is_local(value(name).unwrap_or(default))).then_some(name),
            Self::Encrypted(name) => value(name)
                .is_some_and(|list| {
                    items(list).any(|url| url.strip_prefix("http://").is_some_and(|rest| !is_local(host(rest))))
                })
                .then_some(name),
        };
        bad.map(of)
    }

    /// The verdict over one container of the component.
    pub(super) fn judge(&self, component: Component, flags: &Flags, container: (ContainerList, usize)) -> Verdict {
        let Some((name, flag)) = self.wrong(flags) else { return Verdict::Pass };
        let in_file = FILES.iter().any(|(of, file, replaced)| {
            let replaces = replaced.is_empty() || self.looks_at(replaced);
            *of == component && flag.is_none() && replaces && flags.get(file).is_some()
        });
        if in_file {
            return Verdict::NotObservable;
        }
        let at = Where::Container(container.0, container.1);
        Verdict::Fail(vec![match flag {
            Some(flag) => Spot { at, field: flag.field.into(), saw: format!("--{name}={}", flag.value) },
            None => Spot { at, field: "command".to_owned(), saw: format!("--{name} is not set") },
        }])
    }
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim)
}

fn host(address: &str) -> &str {
    match address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => address.split([':', '/']).next().unwrap_or(address),
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::model::PodSpec;

    fn wrong(want: Want, args: &[&str]) -> Option<&'static str> {
        let args = args.iter().map(|a| format!("\"{a}\"")).collect::<Vec<_>>().join(",");
        let yaml = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: c, command: [etcd], args: [{args}]}}]}}"
        );
        let door = crate::door::SecretDoor::new([0; 32]);
        let home = crate::cluster::manifests::read_bytes(yaml.as_bytes(), "p", &Default::default(), &door);
        let crate::cluster::model::Body::Workload(workload) = &home.objects[0].body else { unreachable!("a pod") };
        let spec: &PodSpec = &workload.spec;
        let (_, flags) = spec.containers[0].start.as_ref().unwrap().component.as_ref().unwrap();
        want.wrong(flags).map(|(name, _)| name)
    }

    #[test]
    fn each_wish_holds_and_fails() {
        let modes = Want::Lacks("m", "AlwaysAllow", "AlwaysAllow");
        for (want, holds, fails) in [
            (Want::Is("a", "false", "true"), "--a=false", "--a=true"),
            (Want::Set(&["a", "b"]), "--a=1,--b=2", "--a=1"),
            (Want::Unset("a"), "--b=1", "--a=1"),
            (Want::Lists("m", "RBAC"), "--m=Node,RBAC", "--m=Node"),
            (modes, "--m=RBAC", "--m=RBAC,AlwaysAllow"),
            (Want::AtLeast("n", 30), "--n=30", "--n=29"),
            (Want::NoneOf("c", &["RC4"]), "--c=AES", "--c=AES,RC4"),
            (Want::Local("b", "0.0.0.0"), "--b=127.0.0.1", "--b=10.0.0.1"),
            (Want::Encrypted("u"), "--u=https://10.0.0.1:2379,http://127.0.0.1:2381", "--u=http://10.0.0.1:2379"),
        ] {
            // Commas part both flags and items here: only a flag begins with dashes.
            let words = |text: &str| text.replace(",--", " --").split(' ').map(str::to_owned).collect::<Vec<_>>();
            let (holds, fails) = (words(holds), words(fails));
            let of = |words: &[String]| wrong(want, &words.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(of(&holds), None, "{holds:?}");
            assert!(of(&fails).is_some(), "{fails:?}");
        }
        assert_eq!(wrong(modes, &["--x=1"]), Some("m"), "the default counts where the flag is not set");
    }
}

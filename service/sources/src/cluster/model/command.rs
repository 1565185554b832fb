//! What a container starts. Comes in: the words of `command` and `args`. Goes out: the flags of the parts of Kubernetes that
//! are known here, and the marks of secrets; all other words are dropped.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::env::PlainSecret;
use crate::door::SecretDoor;
use assay_core::text::Door;

/// A list of words, until it is read. What is no text is what a person forgot to quote.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(Vec<Box<str>>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let Value::Array(items) = Value::deserialize(input)? else { return Ok(Self::default()) };
        let text = |item: Value| match item {
            Value::String(text) => text.into(),
            other => other.to_string().into(),
        };
        Ok(Self(items.into_iter().map(text).collect()))
    }
}

/// A part of Kubernetes whose flags are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    /// kube-apiserver.
    ApiServer,
    /// kube-controller-manager.
    ControllerManager,
    /// kube-scheduler.
    Scheduler,
    /// etcd.
    Etcd,
    /// The Kubernetes Dashboard.
    Dashboard,
}

/// Programs, and last parts of image names, by which a component is known.
const COMPONENTS: &[(&str, Component)] = &[
    ("kube-apiserver", Component::ApiServer),
    ("kube-controller-manager", Component::ControllerManager),
    ("kube-scheduler", Component::Scheduler),
    ("etcd", Component::Etcd),
    ("dashboard", Component::Dashboard),
    ("kubernetes-dashboard", Component::Dashboard),
    ("kubernetes-dashboard-amd64", Component::Dashboard),
];

/// What a container starts, as far as it is read.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The component that it is, where it is one, with its flags.
    pub component: Option<(Component, Flags)>,
    /// Secrets in plain sight.
    pub secrets: Vec<ArgSecret>,
    /// Where a word is `sudo`: `command[0]`.
    pub sudo: Option<Box<str>>,
}

/// A secret among the words.
#[derive(Clone, Debug)]
pub struct ArgSecret {
    /// The flag it belongs to, without dashes; else `command` or `args`.
    pub name: Box<str>,
    /// Where it stands: `args[2]`.
    pub field: Box<str>,
    /// The secret.
    pub secret: PlainSecret,
}

/// Flags by name, without dashes.
#[derive(Clone, Debug, Default)]
pub struct Flags(BTreeMap<Box<str>, Flag>);

/// A flag.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Its value; `true` where none is written.
    pub value: Box<str>,
    /// Where it stands: `command[3]`.
    pub field: Box<str>,
}

impl Flags {
    /// A flag by its name; an empty value is one that is not set.
    pub fn get(&self, name: &str) -> Option<&Flag> {
        self.0.get(name).filter(|flag| !flag.value.is_empty())
    }
}

impl Start {
    /// Reads the words; none where nothing of them is kept.
    pub(super) fn read(image: Option<&str>, command: &Words, args: &Words, door: &SecretDoor) -> Option<Self> {
        let lists = [("command", command), ("args", args)];
        let words: Vec<(String, &str)> = lists
            .into_iter()
            .flat_map(|(list, words)| words.0.iter().enumerate().map(move |(i, w)| (format!("{list}[{i}]"), &**w)))
            .collect();
        let program = command.0.first().map(|word| last_part(word, '/'));
        let component = program.and_then(known).or_else(|| known(image_name(image?)));
        let mut start = Self::default();
        let mut flags = BTreeMap::new();
        let raised = words.iter().find(|(_, word)| word.split([' ', '\t', '\n', ';', '&', '|']).any(is_sudo));
        start.sudo = raised.map(|(field, _)| field.as_str().into());
        let mut rest = words.iter().peekable();
        while let Some((field, word)) = rest.next() {
            let Some(flag) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).filter(|f| !f.is_empty())
            else {
                start.note(list_of(field), field, word, &door.redact(word));
                continue;
            };
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, value),
                // The next word is the value, unless it is a flag too.
                None => match rest.next_if(|(_, next)| !next.starts_with('-')) {
                    Some((_, value)) => (flag, *value),
                    None => (flag, "true"),
                },
            };
            let clean = door.redact_field(name, value);
            start.note(name, field, value, &clean);
            if component.is_some() {
                let flag = Flag { value: clean.into(), field: field.as_str().into() };
                // The last one stands.
                flags.insert(name.replace('_', "-").into(), flag);
            }
        }
        start.component = component.map(|component| (component, Flags(flags)));
        let kept = start.component.is_some() || !start.secrets.is_empty() || start.sudo.is_some();
        kept.then_some(start)
    }

    fn note(&mut self, name: &str, field: &str, text: &str, clean: &str) {
        if let Some(secret) = PlainSecret::taken_out(text, clean) {
            self.secrets.push(ArgSecret { name: name.into(), field: field.into(), secret });
        }
    }
}

fn is_sudo(word: &str) -> bool {
    last_part(word, '/') == "sudo"
}

fn list_of(field: &str) -> &str {
    field.split('[').next().unwrap_or(field)
}

fn last_part(text: &str, separator: char) -> &str {
    text.rsplit(separator).next().unwrap_or(text)
}

/// The last part of an image's name, without tag and digest.
fn image_name(image: &str) -> &str {
    let name = last_part(image.split('@').next().unwrap_or(image), '/');
    name.split(':').next().unwrap_or(name)
}

fn known(program: &str) -> Option<Component> {
    COMPONENTS.iter().find(|(name, _)| *name == program).map(|(_, component)| *component)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(image: &str, command: &[&str], args: &[&str]) -> Option<Start> {
        let words = |list: &[&str]| Words(list.iter().map(|w| (*w).into()).collect());
        Start::read(Some(image), &words(command), &words(args), &SecretDoor::new([7; 32]))
    }

    #[test]
    fn flags_are_read_in_every_form_that_people_write() {
        let started =
            start("i", &["/usr/bin/kube-apiserver", "--a=1", "--b", "2", "--c", "--d_e=x", "--empty="], &["--a=3"]);
        let (component, flags) = started.unwrap().component.unwrap();
        assert_eq!(component, Component::ApiServer);
        let value = |name: &str| flags.get(name).map(|f| (&*f.value, &*f.field));
        assert_eq!(value("a"), Some(("3", "args[0]")), "the last one stands");
        assert_eq!(value("b"), Some(("2", "command[2]")));
        assert_eq!([value("c"), value("d-e")], [Some(("true", "command[4]")), Some(("x", "command[5]"))]);
        assert_eq!(value("empty"), None);
    }

    #[test]
    fn a_component_is_known_by_its_image_too() {
        assert!(start("registry.k8s.io/etcd:3.5.9-0", &[], &["--data-dir=/x"]).unwrap().component.is_some());
        assert!(start("shop/web:1", &["sh", "-c", "echo etcd"], &[]).is_none());
    }

    #[test]
    fn a_secret_is_named_by_its_flag_and_its_value_is_gone() {
        let kept = start("shop/web:1", &["web"], &["--db-password=correct-horse", "--token-file=/run/t"]).unwrap();
        assert_eq!(
            kept.secrets.iter().map(|s| (&*s.name, &*s.field)).collect::<Vec<_>>(),
            [("db-password", "args[0]")]
        );
        assert!(!format!("{kept:?}").contains("correct-horse"));
    }

    #[test]
    fn sudo_is_seen_in_a_script() {
        assert_eq!(start("i", &["sh", "-c", "id; sudo mount x"], &[]).unwrap().sudo.as_deref(), Some("command[2]"));
        assert!(start("i", &["pseudo"], &[]).is_none());
    }
}

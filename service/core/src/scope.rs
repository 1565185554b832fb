//! What a report speaks for. Comes in: what a reader learnt about its report. Goes out: the head that closes it.
//! A scope that was not looked at whole must never close anything.

use std::fmt;

use crate::asset::{AssetKey, ImageRef, Kind};
use crate::ids::{Digest, Time};
use crate::named;
use crate::text::Opaque;

/// What a report, or a part of it, speaks for. The tool that wrote it is always part of the identity too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One image: repository, tag (or digest where it has none) and platform.
    Image {
        /// Without tag or digest.
        repository: Opaque,
        /// The tag, else the digest.
        version: Opaque,
        /// Such as `linux/amd64`; empty where the report does not say.
        platform: Opaque,
    },
    /// A source tree or file system by a name that stays the same.
    Tree {
        /// The name.
        name: Opaque,
    },
    /// A source tree without a name of its own (`.` or an absolute path): it opens and never closes.
    Unnamed,
    /// One namespace of a cluster, or the things outside all namespaces where it is empty.
    Namespace {
        /// The cluster.
        cluster: Opaque,
        /// The namespace.
        namespace: Opaque,
    },
    /// One object, and the container in it where the report is about one.
    Object {
        /// The object.
        at: AssetKey,
        /// The container; empty for the whole object.
        container: Opaque,
    },
    /// A benchmark on a group of nodes.
    Benchmark {
        /// The cluster.
        cluster: Opaque,
        /// The group of nodes.
        nodes: Opaque,
        /// The benchmark's name and version.
        benchmark: Opaque,
    },
    /// One run of a SARIF driver.
    Run {
        /// Its automation id, else the artifact root.
        id: Opaque,
    },
    /// One document with an id of its own, such as OpenVEX.
    Document {
        /// The id.
        id: Opaque,
    },
    /// Events: never complete.
    Stream,
}

/// A scope as one text that no choice of names can make equal to another's: a JSON list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeKey(pub Box<str>);

impl Scope {
    /// The key under which the ledger keeps what this scope said.
    pub fn key(&self) -> ScopeKey {
        let parts: Vec<&str> = match self {
            Self::Image { repository, version, platform } => {
                vec!["image", repository.reveal(), version.reveal(), platform.reveal()]
            }
            Self::Tree { name } => vec!["tree", name.reveal()],
            Self::Unnamed => vec!["unnamed"],
            Self::Namespace { cluster, namespace } => vec!["namespace", cluster.reveal(), namespace.reveal()],
            Self::Object { at, container } => {
                vec![
                    "object",
                    at.cluster.reveal(),
                    at.kind.as_str(),
                    at.namespace.reveal(),
                    at.name.reveal(),
                    container.reveal(),
                ]
            }
            Self::Benchmark { cluster, nodes, benchmark } => {
                vec!["benchmark", cluster.reveal(), nodes.reveal(), benchmark.reveal()]
            }
            Self::Run { id } => vec!["run", id.reveal()],
            Self::Document { id } => vec!["document", id.reveal()],
            Self::Stream => vec!["stream"],
        };
        ScopeKey(serde_json::Value::from(parts).to_string().into())
    }

    /// True when a complete report of this scope may close what it lacks.
    pub const fn can_close(&self) -> bool {
        !matches!(self, Self::Unnamed | Self::Stream)
    }
}

impl fmt::Display for ScopeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

named! {
    /// What a report can speak for: the classes of findings, with the two sorts of packages apart, because a scan of
    /// one sort says nothing about the other.
    pub enum Spoken {
        /// Vulnerabilities in packages of the distribution.
        OsPackages = "os_packages",
        /// Vulnerabilities in language packages.
        LanguagePackages = "language_packages",
        /// Controls on objects.
        Misconfiguration = "misconfiguration",
        /// Controls on nodes and components.
        Benchmark = "benchmark",
        /// Secrets.
        Secret = "secret",
        /// Rights.
        Rbac = "rbac",
        /// Statements of a VEX document.
        Vex = "vex",
    }
}

/// A set of [`Spoken`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpokenSet(u8);

impl SpokenSet {
    /// Adds one.
    pub fn insert(&mut self, class: Spoken) {
        self.0 |= 1 << class as u8;
    }

    /// True when it is in.
    pub const fn contains(self, class: Spoken) -> bool {
        self.0 & (1 << class as u8) != 0
    }

    /// As bits, for storage.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// From storage.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

impl FromIterator<Spoken> for SpokenSet {
    fn from_iter<I: IntoIterator<Item = Spoken>>(classes: I) -> Self {
        let mut set = Self::default();
        classes.into_iter().for_each(|c| set.insert(c));
        set
    }
}

/// The end of a report: who wrote it, what it speaks for, and what could not be read. It comes last, because some
/// tools name their source after their findings.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The tool's name in lower case: `trivy`.
    pub tool: Opaque,
    /// Its version; empty where not said.
    pub tool_version: Opaque,
    /// What was scanned, where claims point to "the report's own artifact".
    pub artifact: Artifact,
    /// The scopes it speaks for; claims without a scope of their own belong to the first.
    pub parts: Vec<Part>,
    /// When the tool looked, where the report says so.
    pub produced_at: Option<Time>,
    /// Records that could not be read, and why. Their presence makes every part incomplete.
    pub skipped: Vec<Skipped>,
    /// Said to the person who ingests: why this report closes nothing, and how to change that.
    pub hint: Option<&'static str>,
}

/// What a report is about as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Artifact {
    /// An image.
    Image(ImageRef),
    /// A tree by its name; empty when unnamed.
    Tree(Opaque),
    /// Objects of a cluster, each claim naming its own.
    Cluster,
}

impl Artifact {
    /// The asset that claims on "the artifact" are about; none for a cluster.
    pub fn asset(&self) -> Option<AssetKey> {
        match self {
            Self::Image(image) => Some(AssetKey::image(image.repository.clone())),
            Self::Tree(name) => Some(AssetKey::repository(name.clone())),
            Self::Cluster => None,
        }
    }
}

/// One scope that a report speaks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Which.
    pub scope: Scope,
    /// For which classes.
    pub classes: SpokenSet,
    /// Whether it looked at all of it.
    pub complete: bool,
    /// Digest of what was looked at (image, object), where known: a drop without a changed digest is suspicious.
    pub content: Option<Digest>,
}

impl Part {
    /// A part that speaks for one image.
    pub fn image(image: &ImageRef, platform: Opaque, classes: SpokenSet, complete: bool) -> Self {
        let version = match (&image.tag, &image.digest) {
            (Some(tag), _) => tag.clone(),
            (None, Some(digest)) => Opaque::readmit(&digest.to_string()),
            (None, None) => Opaque::readmit(""),
        };
        let scope = Scope::Image { repository: image.repository.clone(), version, platform };
        Self { scope, classes, complete, content: image.digest }
    }

    /// A part that speaks for one namespace.
    pub fn namespace(cluster: &Opaque, namespace: &Opaque, classes: SpokenSet, complete: bool) -> Self {
        Self {
            scope: Scope::Namespace { cluster: cluster.clone(), namespace: namespace.clone() },
            classes,
            complete,
            content: None,
        }
    }
}

/// Something in a report that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where.
    pub locator: Box<str>,
    /// Why, in words that do not repeat the report's bytes.
    pub reason: Box<str>,
}

/// The kind that stands for a group of equal nodes.
pub fn node_group(cluster: &Opaque, name: Opaque) -> AssetKey {
    AssetKey::object(cluster, Kind::of("NodeGroup"), Opaque::readmit(""), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_choice_of_names_makes_two_scopes_equal() {
        let o = Opaque::readmit;
        let a = Scope::Image { repository: o("a"), version: o("b\",\"c"), platform: o("") };
        let b = Scope::Image { repository: o("a\",\"b"), version: o("c"), platform: o("") };
        assert_ne!(a.key(), b.key());
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: SpokenSet = [Spoken::Secret, Spoken::OsPackages].into_iter().collect();
        assert!(set.contains(Spoken::Secret) && !set.contains(Spoken::Misconfiguration));
        assert_eq!(SpokenSet::from_bits(set.bits()), set);
    }
}

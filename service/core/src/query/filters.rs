//! What a question is narrowed to: a closed list of filters, each with its type. Echo, wire and follow-ups are derived
//! from the one list in this file.

use std::fmt;

use super::{Change, Impact, PresenceIs, QueryKind, Tri};
use crate::assess::Attacked;
use crate::finding::FindingClass;
use crate::ids::{Span, Time, VulnId};
use crate::named;
use crate::observation::{Environment, Severity, VexStatus};
use crate::text::Opaque;

/// Declares the filters: field, type, name on every surface.
macro_rules! filters {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $name:ident $text:literal,)+) => {
        named! {
            /// The filters, in the order in which surfaces list them.
            pub enum FilterName { $($(#[$doc])* $name = $text,)+ }
        }

        /// What a question is narrowed to. An empty field does not narrow.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Filters {
            $($(#[$doc])* pub $field: $type,)+
            /// What is left out: a finding that matches any of these.
            pub not: Option<Box<Filters>>,
        }

        impl Filters {
            fn own_parts(&self, not: bool, out: &mut Vec<Part>) {
                $(
                    let values = self.$field.said();
                    if !values.is_empty() {
                        out.push(Part { name: FilterName::$name, not, many: <$type as Said>::MANY, values });
                    }
                )+
            }

            /// Takes over every field that `newer` sets; the others stay as they are.
            pub fn overlay(&mut self, newer: Filters) {
                $(if !newer.$field.said().is_empty() { self.$field = newer.$field; })+
                if let Some(newer) = newer.not {
                    self.not.get_or_insert_default().overlay(*newer);
                }
            }
        }
    };
}

filters! {
    /// One finding: by its place in a list, or by its id.
    finding: Option<Which> = Finding "finding",
    /// In these namespaces.
    namespace: Vec<Opaque> = Namespace "namespace",
    /// On these workloads, as `name` or `namespace/name`.
    workload: Vec<Opaque> = Workload "workload",
    /// In containers of these names.
    container: Vec<Opaque> = Container "container",
    /// In these images, with or without tag.
    image: Vec<Opaque> = Image "image",
    /// In these packages.
    package: Vec<Opaque> = Package "package",
    /// In these versions of a package.
    version: Vec<Opaque> = Version "version",
    /// These vulnerabilities, by their canonical names.
    cve: Vec<VulnId> = Cve "cve",
    /// Of workloads that run as these service accounts, or about the accounts themselves.
    service_account: Vec<Opaque> = ServiceAccount "service_account",
    /// On these nodes.
    node: Vec<Opaque> = Node "node",
    /// Failing these controls.
    control: Vec<Opaque> = Control "control",
    /// Reported by these tools.
    source: Vec<Opaque> = Source "source",
    /// In these environments.
    environment: Vec<Environment> = Environment "environment",
    /// Of these severities, in the sources' words.
    severity: Vec<Severity> = Severity "severity",
    /// In these bands of the policy, by name.
    band: Vec<Opaque> = Band "band",
    /// Open, stale, resolved; all but resolved when nothing is said.
    presence: Vec<PresenceIs> = Presence "presence",
    /// Of these classes.
    class: Vec<FindingClass> = Class "class",
    /// Attacked in these ways.
    attacked: Vec<Attacked> = Attacked "attacked",
    /// With a decision of these statuses.
    decision_status: Vec<VexStatus> = DecisionStatus "decision_status",
    /// That moved in these ways.
    change: Vec<Change> = Change "change",
    /// The Internet gets there.
    exposed: Option<Tri> = Exposed "exposed",
    /// Traffic was seen on the way in.
    traffic: Option<Tri> = Traffic "traffic",
    /// The package is in use.
    in_use: Option<Tri> = InUse "in_use",
    /// In CISA's catalogue of exploited vulnerabilities.
    kev: Option<Tri> = Kev "kev",
    /// Exploitation can be automated.
    automatable: Option<Tri> = Automatable "automatable",
    /// What an attacker gains.
    impact: Option<Impact> = Impact "impact",
    /// The conditions of exploitation are met.
    conditions: Option<Tri> = Conditions "conditions",
    /// A fix is known.
    fix: Option<Tri> = Fix "fix",
    /// The deadline has passed.
    overdue: Option<Tri> = Overdue "overdue",
    /// A person has decided.
    decision: Option<Tri> = Decision "decision",
    /// The decision has run out.
    expired: Option<Tri> = Expired "expired",
    /// The decision covers nothing that is open.
    inert: Option<Tri> = Inert "inert",
    /// All sources have fallen silent.
    stale: Option<Tri> = Stale "stale",
    /// On a workload that opens this port.
    port: Option<u16> = Port "port",
    /// With a base score of at least this, in tenths.
    cvss_min: Option<Tenths> = CvssMin "cvss_min",
    /// With an EPSS percentile of at least this.
    epss_min: Option<Percent> = EpssMin "epss_min",
    /// First seen at or after.
    first_seen_since: Option<When> = FirstSeenSince "first_seen_since",
    /// First seen before.
    first_seen_before: Option<When> = FirstSeenBefore "first_seen_before",
    /// Last seen before.
    last_seen_before: Option<When> = LastSeenBefore "last_seen_before",
    /// What moved at or after.
    since: Option<When> = Since "since",
    /// What moved before.
    until: Option<When> = Until "until",
    /// Due before.
    due_before: Option<When> = DueBefore "due_before",
    /// Due at or after.
    due_after: Option<When> = DueAfter "due_after",
    /// Whose decision ends before.
    expires_before: Option<When> = ExpiresBefore "expires_before",
    /// Decided by this person.
    by: Option<Opaque> = By "by",
    /// Where paths begin.
    from: Option<End> = From "from",
    /// Where paths end.
    to: Option<End> = To "to",
}

impl Filters {
    /// Every filter that is set, those of `not` last.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        self.own_parts(false, &mut parts);
        if let Some(not) = &self.not {
            not.own_parts(true, &mut parts);
        }
        parts
    }

    /// True when nothing is narrowed.
    pub fn is_empty(&self) -> bool {
        self.parts().is_empty()
    }
}

named! {
    /// The kinds of names that a question can contain.
    pub enum NameKind {
        /// A namespace.
        Namespace = "namespace",
        /// A workload.
        Workload = "workload",
        /// A container of a workload.
        Container = "container",
        /// An image.
        Image = "image",
        /// A package.
        Package = "package",
        /// A version of a package.
        Version = "version",
        /// A vulnerability.
        Cve = "cve",
        /// A service account.
        ServiceAccount = "service_account",
        /// A node.
        Node = "node",
        /// A control, right or signal.
        Control = "control",
        /// A tool that reports.
        Source = "source",
        /// A band of the policy.
        Band = "band",
        /// Who decided something.
        Person = "person",
    }
}

/// Which finding is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The n-th of the list that a query of this kind with the same filters gives; of the top: what `assay` prints.
    Nth {
        /// 1 for the first.
        n: u16,
        /// Of which list.
        of: QueryKind,
    },
    /// An id, or the beginning of one.
    Id(Box<str>),
}

/// An instant, told from the one that the answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So long before.
    Ago(Span),
    /// So long after.
    Ahead(Span),
    /// The instant itself.
    At(Time),
}

impl When {
    /// The instant.
    pub fn at(self, as_of: Time) -> Time {
        match self {
            Self::Ago(span) => as_of - span,
            Self::Ahead(span) => as_of + span,
            Self::At(time) => time,
        }
    }
}

/// Where a path begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The outside.
    Internet,
    /// Any node.
    Node,
    /// Full rights in the cluster.
    ClusterAdmin,
    /// Any Secret.
    Secret,
    /// An identity of the cloud.
    CloudIdentity,
    /// A workload, identity, node or namespace by its name.
    Named(NameKind, Opaque),
}

/// A base score in tenths: 98 is 9.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenths(pub u8);

/// A percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(pub u8);

/// One filter that is set, for echo and wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which.
    pub name: FilterName,
    /// True when it leaves out what matches.
    pub not: bool,
    /// True when the filter is a list.
    pub many: bool,
    /// Its values, any of which matches.
    pub values: Vec<Value>,
}

/// One value of a filter, by who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A value of one of our enums.
    Word(&'static str),
    /// A stranger's name.
    Name(Opaque),
    /// A vulnerability.
    Vuln(VulnId),
    /// A whole number.
    Number(u16),
    /// A number in tenths.
    Tenths(u8),
    /// An instant.
    When(When),
    /// A finding.
    Which(Which),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Name(name) => f.write_str(name.reveal()),
            Self::Vuln(id) => write!(f, "{id}"),
            Self::Number(n) => write!(f, "{n}"),
            Self::Tenths(t) => write!(f, "{}.{}", t / 10, t % 10),
            Self::When(When::Ago(span)) => write!(f, "{}", short(*span)),
            Self::When(When::Ahead(span)) => write!(f, "+{}", short(*span)),
            Self::When(When::At(time)) => write!(f, "{time}"),
            Self::Which(Which::Nth { n, of: QueryKind::Top }) => write!(f, "{n}"),
            Self::Which(Which::Nth { n, of }) => write!(f, "{n}.{of}"),
            Self::Which(Which::Id(id)) => f.write_str(id),
        }
    }
}

/// A span as it is typed: `24h`, `7d`, `90m`.
fn short(span: Span) -> String {
    let minutes = span.millis() / 60_000;
    match minutes {
        m if m % 1440 == 0 && m > 1440 => format!("{}d", m / 1440),
        m if m % 60 == 0 => format!("{}h", m / 60),
        m => format!("{m}m"),
    }
}

/// What a field says, as values.
trait Said {
    /// Whether it is a list.
    const MANY: bool;
    fn said(&self) -> Vec<Value>;
}

trait One {
    fn one(&self) -> Value;
}

impl<T: One> Said for Vec<T> {
    const MANY: bool = true;
    fn said(&self) -> Vec<Value> {
        self.iter().map(One::one).collect()
    }
}

impl<T: One> Said for Option<T> {
    const MANY: bool = false;
    fn said(&self) -> Vec<Value> {
        self.iter().map(One::one).collect()
    }
}

macro_rules! one {
    ($($type:ty => |$value:ident| $made:expr,)+) => {
        $(impl One for $type {
            fn one(&self) -> Value {
                let $value = self;
                $made
            }
        })+
    };
}

one! {
    Opaque => |v| Value::Name(v.clone()),
    VulnId => |v| Value::Vuln(v.clone()),
    u16 => |v| Value::Number(*v),
    Tenths => |v| Value::Tenths(v.0),
    Percent => |v| Value::Number(u16::from(v.0)),
    When => |v| Value::When(*v),
    Which => |v| Value::Which(v.clone()),
    Tri => |v| Value::Word(v.as_str()),
    Impact => |v| Value::Word(v.as_str()),
    PresenceIs => |v| Value::Word(v.as_str()),
    Change => |v| Value::Word(v.as_str()),
    Environment => |v| Value::Word(v.as_str()),
    Severity => |v| Value::Word(v.as_str()),
    FindingClass => |v| Value::Word(v.as_str()),
    Attacked => |v| Value::Word(v.as_str()),
    VexStatus => |v| Value::Word(v.as_str()),
    End => |v| match v {
        End::Internet => Value::Word("internet"),
        End::Node => Value::Word("node"),
        End::ClusterAdmin => Value::Word("cluster_admin"),
        End::Secret => Value::Word("secret"),
        End::CloudIdentity => Value::Word("cloud_identity"),
        End::Named(_, name) => Value::Name(name.clone()),
    },
}

//! A question about the findings, as a value. Comes in: a question's text and the names that the caller may see. Goes
//! out: one typed [`Query`] that only reads, or the reason why there is none. It must never guess a name: what is one
//! letter off is refused with the name that was perhaps meant.

mod abstain;
mod calendar;
mod filters;
mod lexicon;
mod names;
mod near;
mod parse;
mod reading;
mod second;
mod tokens;

pub use abstain::{Absent, Abstain, AbstainReason, OffTopic};
pub use filters::{End, FilterName, Filters, NameKind, Part, Value, When, Which};
pub use names::{NAMES_PER_WORD_MAX, NameIndex};
pub use near::{Near, near};
pub use parse::{Read, read};
pub use reading::reading;
pub use second::{Asked, NoSecond, ReadBy, Second};

use crate::ids::VulnId;
use crate::named;

/// The longest question that is read, in bytes.
pub const QUESTION_BYTES_MAX: usize = 2_000;
/// The most rows that a question can ask for.
pub const ROWS_MAX: u16 = 1_000;
/// How many rows are shown when nothing was asked for.
pub const ROWS_DEFAULT: u16 = 10;
/// How many causes the top shows when nothing was asked for: today's screen.
pub const TOP_DEFAULT: u16 = 5;

/// The vulnerabilities that a text calls by the names that the press gave them: Log4Shell, Dirty Pipe.
pub fn nicknamed(text: &str) -> Vec<VulnId> {
    lexicon::LEXICON.nicknamed(&tokens::tokens(text)).into_iter().filter_map(|id| id.parse().ok()).collect()
}

named! {
    /// What is asked.
    pub enum QueryKind {
        /// What comes first, one line a root cause.
        Top = "top",
        /// Why one finding stands where it does.
        Why = "why",
        /// The findings that match.
        List = "list",
        /// How many match.
        Count = "count",
        /// What moved in a stretch of time.
        Changed = "changed",
        /// Whether a vulnerability or package concerns us.
        Affected = "affected",
        /// Which workloads run something.
        WhoRuns = "who_runs",
        /// How one gets from here to there.
        Paths = "paths",
        /// What cuts most paths.
        ChokePoints = "choke_points",
        /// Which fix closes most.
        Fixes = "fixes",
        /// What is due when.
        Due = "due",
        /// What people concluded.
        Decisions = "decisions",
        /// Which source looked at what, and when.
        Coverage = "coverage",
        /// What is not seen.
        Blind = "blind",
    }
}

impl QueryKind {
    /// How many rows are shown when nothing was asked for.
    pub const fn rows_default(self) -> u16 {
        match self {
            Self::Top => TOP_DEFAULT,
            _ => ROWS_DEFAULT,
        }
    }
}

named! {
    /// In which order rows come.
    pub enum Order {
        /// By band, then points: the order of all lists.
        Band = "band",
        /// What is due first.
        Due = "due",
        /// What was seen first.
        Oldest = "oldest",
        /// What was seen last.
        Newest = "newest",
        /// The highest EPSS percentile first.
        Epss = "epss",
        /// The highest base score first.
        Cvss = "cvss",
    }
}

named! {
    /// By what counts are told apart.
    pub enum GroupBy {
        /// Namespace.
        Namespace = "namespace",
        /// Workload.
        Workload = "workload",
        /// Image.
        Image = "image",
        /// Package.
        Package = "package",
        /// Vulnerability.
        Cve = "cve",
        /// Control.
        Control = "control",
        /// Node.
        Node = "node",
        /// The tool that said so.
        Source = "source",
        /// Environment.
        Environment = "environment",
        /// The source's severity.
        Severity = "severity",
        /// Our band.
        Band = "band",
        /// Class of finding.
        Class = "class",
        /// Whether it is exposed.
        Exposed = "exposed",
        /// Whether it is in use.
        InUse = "in_use",
    }
}

named! {
    /// A yes or no that may be unknown.
    pub enum Tri {
        /// With evidence.
        Yes = "yes",
        /// With evidence.
        No = "no",
        /// Nobody knows.
        Unknown = "unknown",
    }
}

named! {
    /// SSVC Technical Impact, or unknown.
    pub enum Impact {
        /// Full control.
        Total = "total",
        /// Less than that.
        Partial = "partial",
        /// Nobody knows.
        Unknown = "unknown",
    }
}

named! {
    /// The machine's view of a finding, as a filter.
    pub enum PresenceIs {
        /// A source claims it.
        Open = "open",
        /// Its sources have fallen silent.
        Stale = "stale",
        /// No source claims it any more.
        Resolved = "resolved",
    }
}

named! {
    /// How a finding moved.
    pub enum Change {
        /// It was seen for the first time.
        New = "new",
        /// It came back.
        Reopened = "reopened",
        /// It went away.
        Resolved = "resolved",
        /// Its band became more urgent.
        Worse = "worse",
        /// Its band became less urgent.
        Better = "better",
        /// A person decided.
        Decided = "decided",
    }
}

/// A question, typed: it reads, and can do nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What is asked.
    pub kind: QueryKind,
    /// About which findings.
    pub filters: Filters,
    /// In which order.
    pub order: Order,
    /// At most so many rows.
    pub limit: u16,
    /// Counted apart by this.
    pub group_by: Option<GroupBy>,
}

impl Query {
    /// A question of this kind about everything.
    pub fn new(kind: QueryKind) -> Self {
        Self { kind, filters: Filters::default(), order: Order::Band, limit: kind.rows_default(), group_by: None }
    }

    /// The one spelling of a query on a line, for tables and logs: `list namespace=payments exposed=yes`. What is as it
    /// is by default is left out.
    pub fn spelled(&self) -> String {
        let mut out = self.kind.as_str().to_owned();
        for part in self.filters.parts() {
            let values: Vec<String> = part.values.iter().map(ToString::to_string).collect();
            let not = if part.not { "not." } else { "" };
            out.push_str(&format!(" {not}{}={}", part.name, values.join("|")));
        }
        if self.order != Order::Band {
            out.push_str(&format!(" order={}", self.order));
        }
        if self.limit != self.kind.rows_default() {
            out.push_str(&format!(" limit={}", self.limit));
        }
        if let Some(group) = self.group_by {
            out.push_str(&format!(" group_by={group}"));
        }
        out
    }
}

/// A spelled query with its conditions, and the values of each, in one order: a person may list them in any.
pub fn in_one_order(spelled: &str) -> String {
    let part = |part: &str| match part.split_once('=') {
        Some((name, values)) => {
            let mut values: Vec<&str> = values.split('|').collect();
            values.sort_unstable();
            format!("{name}={}", values.join("|"))
        }
        None => part.to_owned(),
    };
    let mut parts: Vec<String> = spelled.split(' ').map(part).collect();
    // The kind stays in front; there is always one part.
    parts[1..].sort_unstable();
    parts.join(" ")
}

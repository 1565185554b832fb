//! How a question was read, said before the answer: who asks sees at once when it was something else.

use super::filters::{FilterName, Part, Value, When, Which};
use super::{Order, Query, QueryKind};
use crate::document::{Inline, Line, own};
use crate::text::{Opaque, Shaped};

/// The reading of a query as a line: `Read as: open findings where namespace = payments, exposed = yes; order: band,
/// points.` Words that were left aside are named.
pub fn reading(query: &Query, left_aside: &[Opaque]) -> Line {
    let mut line = vec![own("Read as: "), own(subject(query))];
    for (i, part) in query.filters.parts().iter().enumerate() {
        line.push(own(if i == 0 { " where " } else { ", " }));
        condition(&mut line, part, query.kind);
    }
    if let Some(group) = query.group_by {
        line.extend([own("; by "), own(group.as_str())]);
    }
    if ordered(query.kind) {
        line.extend([own("; order: "), own(order(query.order))]);
    }
    if query.limit != query.kind.rows_default() {
        line.extend([own("; at most "), Inline::Shaped(Shaped::Count(u64::from(query.limit)))]);
    }
    line.push(own("."));
    if !left_aside.is_empty() {
        line.push(own(" Left aside: "));
        for (i, word) in left_aside.iter().enumerate() {
            line.extend((i > 0).then(|| own(", ")));
            line.push(Inline::Name(word.clone()));
        }
        line.push(own("."));
    }
    line
}

fn subject(query: &Query) -> &'static str {
    let open = query.filters.presence.is_empty();
    match query.kind {
        QueryKind::Top if open => "what comes first among open findings",
        QueryKind::Top => "what comes first among findings",
        QueryKind::Why => "why a finding stands where it does",
        QueryKind::List if open => "open findings",
        QueryKind::List => "findings",
        QueryKind::Count if open => "how many open findings",
        QueryKind::Count => "how many findings",
        QueryKind::Changed => "what moved",
        QueryKind::Affected => "whether we are affected",
        QueryKind::WhoRuns => "which workloads run it",
        QueryKind::Paths => "ways from one place to another",
        QueryKind::ChokePoints => "what cuts most paths",
        QueryKind::Fixes => "which fixes close most open findings",
        QueryKind::Due => "what is due",
        QueryKind::Decisions => "decisions",
        QueryKind::Coverage => "what was looked at, by whom and when",
        QueryKind::Blind => "what is not seen",
    }
}

fn ordered(kind: QueryKind) -> bool {
    matches!(kind, QueryKind::Top | QueryKind::List)
}

fn order(order: Order) -> &'static str {
    match order {
        Order::Band => "band, points",
        Order::Due => "what is due first",
        Order::Oldest => "what was first seen first",
        Order::Newest => "what was first seen last",
        Order::Epss => "EPSS percentile",
        Order::Cvss => "CVSS base score",
    }
}

fn condition(line: &mut Line, part: &Part, kind: QueryKind) {
    let of_places = matches!(kind, QueryKind::WhoRuns | QueryKind::Paths | QueryKind::ChokePoints);
    line.push(own(match part.name {
        // A finding of an account is found by the name of the workload, which is often the same.
        FilterName::Workload if !of_places => "workload or account",
        name => words(name.as_str()),
    }));
    line.push(own(if part.not { " is not " } else { " = " }));
    for (i, value) in part.values.iter().enumerate() {
        line.extend((i > 0).then(|| own(" or ")));
        match value {
            Value::Word(word) => line.push(own(words(word))),
            Value::Name(name) => line.push(Inline::Name(name.clone())),
            Value::Vuln(id) => line.push(Inline::Shaped(Shaped::Vuln(id.clone()))),
            Value::Number(n) => line.push(Inline::Shaped(Shaped::Count(u64::from(*n)))),
            Value::Tenths(t) => line.push(Inline::Shaped(Shaped::Tenths(u16::from(*t)))),
            Value::When(When::Ago(span)) => line.extend([Inline::Shaped(Shaped::For(*span)), own(" ago")]),
            Value::When(When::Ahead(span)) => line.extend([own("in "), Inline::Shaped(Shaped::For(*span))]),
            Value::When(When::At(time)) => line.push(Inline::Name(Opaque::readmit(&instant(*time)))),
            Value::Which(Which::Nth { n, of }) => {
                line.extend([own("number "), Inline::Shaped(Shaped::Count(u64::from(*n))), own(" of the ")]);
                line.push(own(words(of.as_str())));
            }
            // Its grammar admits letters and digits only.
            Value::Which(Which::Id(id)) => line.push(Inline::Name(Opaque::readmit(id))),
        }
    }
}

/// An instant as it was meant: a date alone where it is the beginning of a day.
fn instant(time: crate::ids::Time) -> String {
    let text = time.to_string();
    text.strip_suffix("T00:00:00Z").map_or_else(|| text.clone(), str::to_owned)
}

/// A spelling of the wire as people write it.
fn words(spelled: &'static str) -> &'static str {
    match spelled {
        "service_account" => "service account",
        "in_use" => "in use",
        "cvss_min" => "CVSS at least",
        "epss_min" => "EPSS percentile at least",
        "kev" => "in KEV",
        "cve" => "CVE",
        "decision_status" => "decision",
        "decision" => "decided",
        "fix" => "fix known",
        "first_seen_since" => "first seen since",
        "first_seen_before" => "first seen before",
        "last_seen_before" => "last seen before",
        "due_before" => "due before",
        "due_after" => "due after",
        "expires_before" => "expires before",
        "not_affected" => "not affected",
        "under_investigation" => "under investigation",
        "cluster_admin" => "cluster admin",
        "cloud_identity" => "cloud identity",
        "none_seen" => "none seen",
        "who_runs" => "list of workloads",
        other => other,
    }
}

//! What stands beside a finding or a ticket: the same flaw elsewhere, past decisions, tickets, and texts that say
//! something alike. Comes in: what a search found. Goes out: lines for people. Nothing here enters factors, rank, points
//! or a prompt; typed keys come first, and what was found by likeness of text says so.

use crate::control::Controls;
use crate::document::{Block, Inline, Line, count, counted, own};
use crate::explain::{named, place};
use crate::finding::Finding;
use crate::ids::Time;
use crate::records::{PastDecision, PastEnd};
use crate::text::{Opaque, Own};

/// The most entries of one line.
const LINE_MAX: usize = 3;

/// How something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// By a typed key: the same vulnerability, control or fix.
    ByKey,
    /// By likeness of text.
    ByText,
}

/// What a search found beside a finding or a ticket.
#[derive(Clone, Debug, Default)]
pub struct Similar {
    /// Open findings of the same vulnerability or control in other places: some of them.
    pub elsewhere: Vec<Finding>,
    /// How many of those there are.
    pub elsewhere_total: u64,
    /// Past decisions, with the findings that they are about.
    pub decisions: Vec<(PastDecision, Finding, Found)>,
    /// Tickets that a tracker sent.
    pub tickets: Vec<(Opaque, Found)>,
    /// Open findings whose text is like the text in question.
    pub by_text: Vec<Finding>,
}

/// The lines of a panel; none where nothing was found.
pub fn panel(similar: &Similar, controls: &Controls, as_of: Time) -> Vec<Block> {
    let mut blocks = Vec::new();
    if similar.elsewhere_total > 0 {
        blocks.push(Block::Field(Own::new("Also in"), elsewhere(similar)));
    }
    for (past, finding, found) in similar.decisions.iter().take(LINE_MAX) {
        blocks.push(Block::Field(Own::new("Past"), decision(past, finding, *found, controls, as_of)));
    }
    if !similar.tickets.is_empty() {
        blocks.push(Block::Field(Own::new("Tickets"), tickets(&similar.tickets)));
    }
    if !similar.by_text.is_empty() {
        let mut line = Vec::new();
        for (i, finding) in similar.by_text.iter().take(LINE_MAX).enumerate() {
            line.push(own(if i == 0 { "by text: " } else { "; " }));
            line.push(named(finding, controls));
            line.push(own(", "));
            line.extend(place(finding));
        }
        blocks.push(Block::Field(Own::new("Similar"), line));
    }
    blocks
}

fn elsewhere(similar: &Similar) -> Line {
    let mut line = Vec::new();
    for (i, finding) in similar.elsewhere.iter().take(LINE_MAX).enumerate() {
        if i > 0 {
            line.push(own("; "));
        }
        line.push(Inline::Finding(finding.fingerprint, place(finding)));
    }
    let more = similar.elsewhere_total.saturating_sub(similar.elsewhere.len().min(LINE_MAX) as u64);
    if more > 0 {
        line.push(own(" and "));
        line.extend(counted(more, [" more place", " more places"]));
    }
    line
}

fn decision(past: &PastDecision, finding: &Finding, found: Found, controls: &Controls, as_of: Time) -> Line {
    let d = &past.decision;
    let mut line = vec![own(d.status.as_str()), own(" for ")];
    if found == Found::ByText {
        line.push(named(finding, controls));
        line.push(own(", "));
    }
    line.extend(place(finding));
    line.extend([own(", by "), Inline::Name(d.by.clone()), own(", "), Inline::Ago(d.at)]);
    match (past.ended, d.until) {
        (Some(PastEnd::Replaced), _) => line.push(own("; replaced by a newer one")),
        (Some(PastEnd::Withdrawn), _) => line.push(own("; it was withdrawn since")),
        (_, Some(until)) if until <= as_of => line.extend([own("; it ended "), Inline::Ago(until)]),
        (Some(PastEnd::Lapsed), _) => line.push(own("; what it leaned on fell away")),
        (None, Some(until)) => line.extend([own("; it ends "), Inline::Ago(until)]),
        (None, None) => {}
    }
    if found == Found::ByText {
        line.push(own(" (by text)"));
    }
    line
}

fn tickets(tickets: &[(Opaque, Found)]) -> Line {
    let mut line = Vec::new();
    for (i, (key, found)) in tickets.iter().take(LINE_MAX).enumerate() {
        if i > 0 {
            line.push(own(", "));
        }
        line.push(Inline::Name(key.clone()));
        line.push(own(match found {
            Found::ByKey => " (same fix)",
            Found::ByText => " (by text)",
        }));
    }
    if tickets.len() > LINE_MAX {
        line.extend([own(" and "), count((tickets.len() - LINE_MAX) as u64), own(" more")]);
    }
    line
}

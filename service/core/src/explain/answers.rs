//! The answers that the decision table rests on, and those that could move it, in words.

use super::Told;
use crate::brief::{Decided, settle_words};
use crate::document::{Inline, Line, own};
use crate::finding::FindingClass;
use crate::policy::Question;
use crate::text::Own;

/// The smallest set of answers that fixes the band.
pub(super) fn decided(told: &Told<'_>) -> Line {
    if told.assessment.incident {
        return vec![own("a foothold was recorded on this asset")];
    }
    if told.brief.decided_by.is_empty() {
        return vec![own("nothing: every answer leads to this band")];
    }
    let mut line = Vec::new();
    for (i, d) in told.brief.decided_by.iter().enumerate() {
        if i > 0 {
            line.push(own("; "));
        }
        line.push(Inline::Own(Own::new(question_words(d, told.finding.class))));
        if d.assumed {
            line.push(own(" (assumed, nobody knows)"));
        } else if d.read {
            line.push(own(" (a model's reading of the text)"));
        }
    }
    line
}

/// An answer in words.
fn question_words(d: &Decided, class: FindingClass) -> &'static str {
    let vulnerability = class == FindingClass::Vulnerability;
    match (d.question, d.answer, vulnerability) {
        (Question::InKev, "yes", true) => "in CISA's catalogue of exploited vulnerabilities",
        (Question::InKev, _, true) => "not in CISA's catalogue",
        (Question::InKev, "yes", false) => "exploited here",
        (Question::InKev, _, false) => "not exploited here",
        (Question::PubliclyExposed, "yes", _) => "exposed to the Internet",
        (Question::PubliclyExposed, ..) => "not exposed to the Internet",
        (Question::Automatable, "yes", true) => "exploitation can be automated",
        (Question::Automatable, _, true) => "exploitation cannot be automated",
        (Question::Automatable, "yes", false) => "no foothold needed",
        (Question::Automatable, _, false) => "a foothold is needed first",
        (Question::TechnicalImpact, "total", _) => "total impact",
        (Question::TechnicalImpact, ..) => "partial impact",
        (Question::Exploitation, "active", _) => "actively exploited",
        (Question::Exploitation, "public poc", _) => "a public proof of concept exists",
        (Question::Exploitation, ..) => "no known exploitation",
        (Question::SystemExposure, "open", _) => "open to the Internet",
        (Question::SystemExposure, "controlled", _) => "reached by controlled ways only",
        (Question::SystemExposure, ..) => "hardly reached",
        (Question::HumanImpact, "very high", _) => "very high human impact",
        (Question::HumanImpact, "high", _) => "high human impact",
        (Question::HumanImpact, "medium", _) => "medium human impact",
        (Question::HumanImpact, ..) => "low human impact",
    }
}

/// The bands that the unknown answers leave open, and what would settle them.
pub(super) fn could_change(told: &Told<'_>) -> Line {
    let (a, brief) = (told.assessment, told.brief);
    let open = if brief.could_raise.is_empty() { &brief.could_lower } else { &brief.could_raise };
    if open.is_empty() {
        return vec![own("nothing unknown can change the band")];
    }
    let band = |order: u8| Inline::Own(Own::catalogued(told.policy.band(order).name.clone()));
    let mut line = Vec::new();
    if a.worst < a.band {
        line.extend([own("up to "), band(a.worst)]);
    }
    if a.best > a.band {
        line.extend([own(if line.is_empty() { "down to " } else { ", down to " }), band(a.best)]);
    }
    line.push(own(": unknown are "));
    for (i, (question, settle)) in open.iter().enumerate() {
        if i > 0 {
            line.push(own(", "));
        }
        line.push(own(question_name(*question, told.finding.class)));
        if let Some(by) = settle {
            line.extend([own(" (settled by "), Inline::Own(settle_words(*by)), own(")")]);
        }
    }
    line
}

fn question_name(question: Question, class: FindingClass) -> &'static str {
    match (question, class == FindingClass::Vulnerability) {
        (Question::InKev | Question::Exploitation, true) => "exploitation",
        (Question::InKev | Question::Exploitation, false) => "attacks here",
        (Question::PubliclyExposed | Question::SystemExposure, _) => "exposure",
        (Question::Automatable, true) => "automation",
        (Question::Automatable, false) => "the foothold it needs",
        (Question::TechnicalImpact, _) => "impact",
        (Question::HumanImpact, _) => "human impact",
    }
}

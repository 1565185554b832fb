//! What exploitation asks for, condition by condition, and what the text of the record reads as. Comes in: factors. Goes
//! out: two lines. What was read from a text is called so, and what contradicts it stands beside it.

use super::Told;
use crate::condition::{Condition, Met};
use crate::context::{Asked, Origin, TextRead};
use crate::document::{Inline, Line, own};
use crate::reading::Sure;
use crate::text::Shaped;

/// What an attacker needs, each with whether it is there; none where nobody recorded it.
pub(super) fn needs(told: &Told<'_>) -> Option<Line> {
    let asked = told.factors.asked.as_ref()?;
    let mut line = Vec::new();
    for (i, (condition, met)) in asked.each.iter().enumerate() {
        if i > 0 {
            line.push(own("; "));
        }
        line.extend(one(*condition, met));
    }
    line.extend(source(asked));
    Some(line)
}

fn one(condition: Condition, met: &Met) -> Line {
    let mut line = vec![own(condition.words())];
    line.extend(match met {
        Met::Yes(_, at) => vec![own(" (there, "), Inline::Ago(*at), own(")")],
        Met::No(_, at) => vec![own(" (not there, "), Inline::Ago(*at), own(")")],
        Met::Unknown(because) => vec![own(" (unknown: "), own(because.as_str()), own(")")],
    });
    line
}

fn source(asked: &Asked) -> Line {
    if asked.origin == Origin::Curated {
        return vec![own(". Recorded by a curated row, from "), Inline::Name(asked.source.clone())];
    }
    vec![own(". Read from the text by "), Inline::Name(asked.source.clone()), own(": it may only raise")]
}

/// How the text reads, and what the vector says otherwise; none where no model has read it.
pub(super) fn reads(told: &Told<'_>) -> Option<Line> {
    let text = told.factors.text.as_ref()?;
    let mut parts: Vec<Line> = Vec::new();
    let r = &text.reading;
    parts.extend(r.automatable.map(|s| said("automatable ", if s.value { "yes" } else { "no" }, s)));
    parts.extend(r.impact.map(|s| said("impact ", s.value.as_str(), s)));
    parts.extend(r.vector.map(|s| said("attack vector ", s.value.as_str(), s)));
    parts.extend(r.privileges.map(|s| said("privileges required ", s.value.as_str(), s)));
    parts.extend(r.interaction.map(|s| said("user interaction ", s.value.as_str(), s)));
    let mut line = vec![own("read by "), Inline::Name(text.by.clone()), own(": ")];
    for (i, part) in parts.into_iter().enumerate() {
        if i > 0 {
            line.push(own(", "));
        }
        line.extend(part);
    }
    line.extend(against(text));
    Some(line)
}

fn said<T>(what: &'static str, value: &'static str, sure: Sure<T>) -> Line {
    vec![own(what), own(value), own(" ("), Inline::Shaped(Shaped::Probability(sure.probability)), own(")")]
}

fn against(text: &TextRead) -> Line {
    let told = |c: crate::reading::Contradiction| {
        let words = [own("; the text reads as "), own(c.text), own(", the vector says "), own(c.vector)];
        words.into_iter().chain([own(" ("), own(c.of), own(")")])
    };
    text.contradictions().into_iter().flat_map(told).collect()
}

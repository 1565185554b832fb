//! The field that each stretch of time belongs to. Comes in: the stretches of a question and its kind. Goes out: filters by
//! first and last sight, by deadline, by the end of a decision, by when something moved.

use super::super::super::QueryKind as K;
use super::super::super::calendar::Stretch;
use super::super::super::filters::{Filters, When};
use super::super::build::Built;
use crate::ids::{Span, Time};

/// Gives each stretch of time the field that it belongs to.
pub(super) fn times(filters: &mut Filters, built: &Built, kind: K, as_of: Time) {
    for (stretch, not) in &built.stretches {
        match (kind, stretch) {
            // "Today" beside "what first" narrows nothing.
            (K::Top, Stretch::Window(from, to)) if *from <= as_of && as_of < *to && *to - Span::days(1) <= *from => {}
            _ if built.last_seen && kind != K::Coverage => filters.last_seen_before = Some(beginning(*stretch)),
            _ if *not && built.seen => filters.last_seen_before = Some(beginning(*stretch)),
            _ if built.expires || built.ends && kind == K::Decisions => filters.expires_before = Some(end(*stretch)),
            (K::Decisions, Stretch::Within(_)) => filters.expires_before = Some(end(*stretch)),
            (K::Due, _) => due(filters, *stretch, as_of),
            (K::Changed | K::Decisions | K::Coverage | K::Blind, _) => moved(filters, *stretch, as_of),
            _ if !filters.change.is_empty() || built.resolved || built.kind(K::Changed) => {
                moved(filters, *stretch, as_of);
            }
            (_, Stretch::Within(_)) => due(filters, *stretch, as_of),
            _ if built.kind(K::Due) || filters.overdue.is_some() => due(filters, *stretch, as_of),
            _ => first_seen(filters, *stretch, as_of),
        }
    }
}

fn beginning(stretch: Stretch) -> When {
    match stretch {
        Stretch::Since(when) | Stretch::Before(when) => when,
        Stretch::Window(from, _) => When::At(from),
        Stretch::Within(span) | Stretch::OlderThan(span) => When::Ago(span),
    }
}

fn end(stretch: Stretch) -> When {
    match stretch {
        Stretch::Since(when) | Stretch::Before(when) => when,
        Stretch::Window(_, to) => When::At(to),
        Stretch::Within(span) | Stretch::OlderThan(span) => When::Ahead(span),
    }
}

fn due(filters: &mut Filters, stretch: Stretch, as_of: Time) {
    match stretch {
        // "Due after friday" looks ahead.
        Stretch::Since(When::At(t)) if t < as_of && as_of < t + Span::days(7) => {
            filters.due_after = Some(When::At(t + Span::days(7)));
        }
        Stretch::Since(when) => filters.due_after = Some(when),
        Stretch::Window(from, to) => {
            if from > as_of {
                filters.due_after = Some(When::At(from));
            }
            filters.due_before = Some(When::At(to));
        }
        Stretch::Before(_) | Stretch::Within(_) => filters.due_before = Some(end(stretch)),
        Stretch::OlderThan(span) => filters.due_before = Some(When::Ago(span)),
    }
}

fn moved(filters: &mut Filters, stretch: Stretch, as_of: Time) {
    match stretch {
        Stretch::Since(when) => filters.since = Some(when),
        Stretch::Before(when) => filters.until = Some(when),
        Stretch::Window(from, to) => {
            filters.since = Some(When::At(from));
            filters.until = (to < as_of).then_some(When::At(to));
        }
        // "What changed in 24 hours" looks back.
        Stretch::Within(span) => filters.since = Some(When::Ago(span)),
        Stretch::OlderThan(span) => filters.until = Some(When::Ago(span)),
    }
}

fn first_seen(filters: &mut Filters, stretch: Stretch, as_of: Time) {
    match stretch {
        Stretch::Since(when) => filters.first_seen_since = Some(when),
        Stretch::Before(when) => filters.first_seen_before = Some(when),
        Stretch::Window(from, to) => {
            filters.first_seen_since = Some(When::At(from));
            filters.first_seen_before = (to < as_of).then_some(When::At(to));
        }
        Stretch::Within(span) => filters.first_seen_since = Some(When::Ago(span)),
        Stretch::OlderThan(span) => filters.first_seen_before = Some(When::Ago(span)),
    }
}

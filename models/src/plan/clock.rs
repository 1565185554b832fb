//! Budgets and deadlines: the one place where a span becomes an instant.

use std::time::{Duration, Instant};

use assay_core::ids::Span;

/// The instant at which a budget that begins now is used up.
pub(crate) fn deadline(budget: Span) -> Instant {
    Instant::now() + duration(budget)
}

/// What is left until then; none when nothing is.
pub(crate) fn left(deadline: Instant) -> Option<Duration> {
    Some(deadline.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
}

/// A span as the clock counts it.
pub(crate) fn duration(span: Span) -> Duration {
    // A day stands for every longer span: an instant must stay an instant.
    Duration::from_millis(span.millis().clamp(0, 86_400_000).unsigned_abs())
}

//! The one place that reads the machine's clock. Everything else is told the time.

use assay_core::ids::Time;

/// Now, in milliseconds since 1970.
pub(crate) fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

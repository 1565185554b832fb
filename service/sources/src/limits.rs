//! Every limit on what is read from outside, in one place. Units come last in each name.

/// Bounds on one report. Above them a report is refused with its place and reason, never cut in silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// The largest report.
    pub report_bytes_max: u64,
    /// The longest single string in it.
    pub string_bytes_max: usize,
    /// How deep values may nest.
    pub depth_max: usize,
    /// How many unreadable records are listed; more are only counted.
    pub skipped_listed_max: usize,
    /// How many events one line-based stream may hold.
    pub lines_max: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            report_bytes_max: 2 << 30,
            string_bytes_max: 16 << 20,
            depth_max: 128,
            skipped_listed_max: 1_000,
            lines_max: 50_000_000,
        }
    }
}

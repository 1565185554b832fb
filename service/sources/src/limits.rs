//! Every limit on what is read from outside, in one place. Units come last in each name.

/// Bounds on one report. Above them a report is refused with its place and reason, never cut in silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// The largest report.
    pub report_bytes_max: u64,
    /// The longest single string in it.
    pub string_bytes_max: usize,
    /// The largest single record: what is held in memory at once.
    pub record_bytes_max: usize,
    /// The largest single document of a YAML stream: YAML is read a document at a time.
    pub document_bytes_max: usize,
    /// How deep values may nest.
    pub depth_max: usize,
    /// How many keys one object may have where each is looked at.
    pub keys_max: usize,
    /// How many records may wait for something that a report says after them, such as the rule that they name.
    pub held_max: usize,
    /// How many names of packages are remembered for the records that point to them.
    pub names_max: usize,
    /// How many unreadable records are listed; more are only counted.
    pub skipped_listed_max: usize,
    /// How many events one line-based stream may hold.
    pub lines_max: u64,
    /// How much of one text is looked at; what is longer is cut before the door, and far more than is kept.
    pub text_bytes_max: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            report_bytes_max: 2 << 30,
            string_bytes_max: 16 << 20,
            record_bytes_max: 32 << 20,
            document_bytes_max: 32 << 20,
            depth_max: 128,
            keys_max: 20_000,
            held_max: 50_000,
            names_max: 500_000,
            skipped_listed_max: 1_000,
            lines_max: 50_000_000,
            text_bytes_max: 64 << 10,
        }
    }
}

//! Every limit on what is read from manifests and API servers. Units come last in each name.

/// Bounds on one scan. What crosses one is skipped with its place and reason, never cut in silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanLimits {
    /// The largest single file.
    pub file_bytes_max: u64,
    /// How many files a folder may hold.
    pub files_max: usize,
    /// How many objects one scan may hold.
    pub objects_max: usize,
    /// How many values one object may hold.
    pub object_nodes_max: usize,
    /// How many values anchors and aliases of one file may copy.
    pub copied_nodes_max: usize,
    /// How deep values may nest.
    pub depth_max: usize,
    /// How many skipped places are listed; more are only counted.
    pub skipped_listed_max: usize,
    /// How many objects one page of a live list holds.
    pub page_len_max: u32,
    /// How long one request to an API server may take.
    pub request_timeout_ms: u64,
    /// How often a list starts over because the server forgot its place.
    pub list_restarts_max: u32,
    /// How many containers one workload may have.
    pub workload_containers_max: usize,
}

impl Default for ScanLimits {
    fn default() -> Self {
        Self {
            file_bytes_max: 256 << 20,
            files_max: 100_000,
            objects_max: 500_000,
            object_nodes_max: 200_000,
            copied_nodes_max: 200_000,
            depth_max: 100,
            skipped_listed_max: 1_000,
            page_len_max: 500,
            request_timeout_ms: 30_000,
            list_restarts_max: 2,
            workload_containers_max: 1_000,
        }
    }
}

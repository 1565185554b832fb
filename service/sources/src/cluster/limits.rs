//! Every limit on what is read from manifests and API servers, and on how often a server is asked. Units come last in each
//! name.

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
    /// The most bytes of one object of a live server; etcd takes 1.5 MiB by default.
    pub object_bytes_max: usize,
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
            object_bytes_max: 4 << 20,
            page_len_max: 500,
            request_timeout_ms: 30_000,
            list_restarts_max: 2,
            workload_containers_max: 1_000,
        }
    }
}

/// Bounds on a watch, one for each kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchLimits {
    /// The shortest wait before a server is asked again.
    pub backoff_min_ms: u64,
    /// The longest wait before a server is asked again, and the wait where a right is missing.
    pub backoff_ms_max: u64,
    /// The longest that a server may ask us to wait.
    pub retry_after_seconds_max: u64,
    /// How long a kind counts as seen while its watch is broken.
    pub broken_ms_max: u64,
    /// How long one watch lasts before it is asked for anew from where it stood.
    pub watch_seconds_max: u32,
    /// How many changes wait for whoever looks at them; then the server waits.
    pub waiting_changes_max: usize,
    /// How often it is asked anew what the server serves.
    pub discovery_ms: u64,
}

impl Default for WatchLimits {
    fn default() -> Self {
        Self {
            backoff_min_ms: 250,
            backoff_ms_max: 30_000,
            retry_after_seconds_max: 300,
            broken_ms_max: 15_000,
            watch_seconds_max: 280,
            waiting_changes_max: 1_024,
            discovery_ms: 600_000,
        }
    }
}

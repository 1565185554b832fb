//! The log: on standard error, beside what a person is told. What goes in is ours: never a token, a question or a body.

use tracing_subscriber::EnvFilter;

/// Starts the log of this process. ASSAY_LOG says from which level on (`error`, `warn`, `info`, `debug`, or the filters of
/// the tracing crates).
pub(crate) fn start(level: &str) {
    let filter = std::env::var("ASSAY_LOG").unwrap_or_else(|_| level.to_owned());
    let filter = EnvFilter::builder().parse(filter).unwrap_or_else(|_| EnvFilter::new(level));
    // A second start in one process, as in tests, changes nothing.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

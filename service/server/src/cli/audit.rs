//! What is asked of the audit chain.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check every link.
    Verify {
        /// Write every shown text again from its record, and compare it.
        #[arg(long)]
        replay: bool,
    },
}

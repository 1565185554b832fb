//! The arguments of `assay models`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Models {
    /// Fetch a model, checked before use.
    Pull {
        /// Which; default: those that Assay uses by default.
        names: Vec<String>,
        /// A folder that holds the files already.
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
        /// Accept the licence of a model that asks for it.
        #[arg(long)]
        accept_license: bool,
    },
    /// What is known, and what is installed.
    List,
    /// Check the installed files against their digests.
    Verify,
    /// What a model is, whose, what it does here, what was measured and what it cannot do.
    Card {
        /// Which; default: all that are known.
        names: Vec<String>,
    },
    /// The model server of the configuration; nothing is sent to it here.
    Server {
        /// Print everything that it would be sent for a finding, byte for byte.
        #[arg(long)]
        show: bool,
        /// For which finding; default: the most urgent one.
        #[arg(long, value_name = "ID", requires = "show")]
        finding: Option<String>,
    },
    /// Compute vectors for the passages that have none.
    Embed {
        /// At most this many.
        #[arg(long, default_value_t = 1_000_000)]
        limit: usize,
    },
}

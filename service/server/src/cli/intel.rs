//! What is typed about published feeds.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Intel {
    /// Take in files: KEV catalogue, EPSS scores, CVE records; or folders of them.
    Import {
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Read the texts of CVE records that nobody has read: by the model, where one is installed, and for conditions.
    Read {
        /// At most this many texts for each reader.
        #[arg(long, default_value_t = 1_000_000)]
        limit: usize,
    },
    /// Fetch the feeds that the configuration or these flags name.
    Update {
        /// Where the KEV catalogue lies.
        #[arg(long, value_name = "URL")]
        kev_url: Option<String>,
        /// Where the EPSS scores lie.
        #[arg(long, value_name = "URL")]
        epss_url: Option<String>,
    },
    /// What was imported, and how old it is.
    List,
}

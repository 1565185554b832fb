//! What holds for each command before it runs: the formats that it has, and whether it only reads. A command that is added
//! says both here.

use super::{Command, Global, Intel, Output, Token};
use crate::data::DataFolder;
use crate::{Missing, Usage};

/// Documents: every format.
const PAGES: &[Output] = &[Output::Text, Output::Json, Output::Md, Output::Html];
/// Tables and counts.
const ROWS: &[Output] = &[Output::Text, Output::Json];
/// What runs on, or hands over.
const TEXT: &[Output] = &[Output::Text];

impl Command {
    /// The formats that `-o` may ask this command for.
    const fn outputs(&self) -> &'static [Output] {
        match self {
            Self::Demo(_) | Self::Explain(_) | Self::Ask(_) | Self::Digest(_) | Self::Enrich(_) | Self::Eval(_) => {
                PAGES
            }
            Self::Ingest(_)
            | Self::Scan(_)
            | Self::Findings(_)
            | Self::Assets(_)
            | Self::Paths(_)
            | Self::Rights(_)
            | Self::Profiles(_)
            | Self::Decide(_)
            | Self::Vex(_)
            | Self::Intel(_)
            | Self::Models(_)
            | Self::Token(_)
            | Self::Funnel(_)
            | Self::Audit(_)
            | Self::Bench(_)
            | Self::Doctor(_) => ROWS,
            Self::Serve(_) | Self::Agent(_) => TEXT,
        }
    }

    /// True when it answers from records: without any it has nothing to say.
    const fn reads(&self) -> bool {
        match self {
            Self::Findings(_)
            | Self::Explain(_)
            | Self::Assets(_)
            | Self::Rights(_)
            | Self::Profiles(_)
            | Self::Ask(_)
            | Self::Digest(_)
            | Self::Enrich(_)
            | Self::Decide(_)
            | Self::Vex(_)
            | Self::Funnel(_)
            | Self::Audit(_)
            | Self::Intel(Intel::List | Intel::Read { .. })
            | Self::Token(Token::List | Token::Revoke { .. }) => true,
            // What kinds of steps there are is the same everywhere.
            Self::Paths(paths) => !paths.kinds,
            Self::Demo(_)
            | Self::Ingest(_)
            | Self::Scan(_)
            | Self::Intel(Intel::Import { .. } | Intel::Update { .. })
            | Self::Models(_)
            | Self::Serve(_)
            | Self::Token(Token::Create { .. })
            | Self::Eval(_)
            | Self::Bench(_)
            | Self::Doctor(_)
            | Self::Agent(_) => false,
        }
    }

    /// Refuses what cannot be answered, before anything is read or made.
    pub(crate) fn check(&self, global: &Global) -> anyhow::Result<()> {
        let has = self.outputs();
        if !has.contains(&global.output) {
            let names: Vec<&str> = has.iter().map(|o| o.as_str()).collect();
            return Err(Usage(format!(
                "no `-o {}` here: this command has {}",
                global.output.as_str(),
                names.join(", ")
            ))
            .into());
        }
        if self.reads() && !DataFolder::at(&global.folder()).has_records() {
            return Err(no_data(global).into());
        }
        Ok(())
    }
}

/// There is no data where they were looked for.
pub(crate) fn no_data(global: &Global) -> Missing {
    let shown = global.folder();
    Missing(format!(
        "no data in {}\nhint: `assay ingest PATH` or `assay scan` brings some, `assay demo` a sample; --data names another folder",
        shown.display()
    ))
}

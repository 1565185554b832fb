//! `assay` alone: today, from the data folder; help when it is empty.

use anyhow::Result;
use assay_core::document::Command;
use assay_core::sink::escape;
use clap::CommandFactory;

use super::{ended, print_text, sink};
use crate::Ended;
use crate::app::App;
use crate::cli::rules::no_data;
use crate::cli::{Cli, Global};
use crate::today::{Around, document, gather};

pub(crate) fn run(global: &Global) -> Result<Ended> {
    let app = App::new(global)?;
    if !app.data.has_records() {
        // A folder that somebody named and that is not there is a mistake, not a first look.
        if global.data.is_some() && !app.data.root().exists() {
            return Err(no_data(global).into());
        }
        print_text(&Cli::command().render_long_help().to_string())?;
        return Ok(Ended::Done);
    }
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let models = app.models()?;
    let next = vec![
        Command::Explain(1),
        Command::Plain("assay paths"),
        Command::Plain("assay ask \"what changed since yesterday\""),
    ];
    let around = Around {
        cluster: app.config.cluster.reveal(),
        words: &models.words_label(),
        search: &models.search_label(&store)?,
        digest: None,
        next,
    };
    let today = gather(&store, &snapshot)?;
    let page = document(&today, &snapshot, &around, &app.door()?);
    print_text(&escape(&page, sink(global.output)))?;
    ended(global, &snapshot)
}

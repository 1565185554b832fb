//! `assay ask`: one question, or a conversation at a terminal.

use std::io::IsTerminal;

use anyhow::Result;
use assay_core::ids::Span;
use assay_core::query::Query;
use assay_core::sink::escape;
use assay_store::Store;
use rustyline::error::ReadlineError;

use super::{print_json, print_text, sink};
use crate::app::App;
use crate::chat::{self, Answer, AskWire, Chat};
use crate::cli::{Ask, Global, Output};
use crate::snapshot::Snapshot;
use crate::{Ended, Usage};

/// In a conversation the state is read again when it is older than this.
const STATE_AGE_MAX: Span = Span::minutes(1);

pub(crate) fn run(global: &Global, args: &Ask) -> Result<Ended> {
    let app = App::new(global)?;
    match &args.question {
        Some(question) => {
            chat::fits(question)?;
            let mut store = app.store()?;
            let snapshot = app.snapshot(&mut store)?;
            let answer = one(&app, &mut store, &snapshot, question, args.previous.as_deref())?;
            show(global, answer)?;
        }
        None if std::io::stdin().is_terminal() => converse(global, &app, args.previous.as_deref())?,
        None => return Err(Usage("no question: assay ask \"what should I fix first\"".to_owned()).into()),
    }
    Ok(Ended::Done)
}

fn one(app: &App, store: &mut Store, snapshot: &Snapshot, question: &str, previous: Option<&str>) -> Result<Answer> {
    let names = chat::index(store, snapshot)?;
    let (words, door) = (app.words()?, app.door()?);
    let chat = Chat { store, snapshot, names: &names, words: &words, door: &door };
    let before = previous.map(|p| chat.previous(p)).transpose()?.flatten();
    let answer = chat.answer(question, before.as_ref())?;
    if let Some(plan) = &answer.plan {
        store.keep_plan(plan)?;
    }
    Ok(answer)
}

fn show(global: &Global, answer: Answer) -> Result<()> {
    match global.output {
        Output::Json => print_json(&AskWire::from(answer)),
        output => print_text(&escape(&answer.document, sink(output))),
    }
}

/// Questions until the end of input. Each leans on the last one that was read.
fn converse(global: &Global, app: &App, previous: Option<&str>) -> Result<()> {
    let mut editor = rustyline::DefaultEditor::new()?;
    let mut store = app.store()?;
    let mut snapshot = app.snapshot(&mut store)?;
    let (words, door) = (app.words()?, app.door()?);
    let mut names = chat::index(&store, &snapshot)?;
    let mut before: Option<Query> = match previous {
        Some(text) => {
            Chat { store: &store, snapshot: &snapshot, names: &names, words: &words, door: &door }.previous(text)?
        }
        None => None,
    };
    loop {
        let question = match editor.readline("> ") {
            Ok(line) if line.trim().is_empty() => continue,
            Ok(line) if matches!(line.trim(), "exit" | "quit" | "bye") => return Ok(()),
            Ok(line) => line,
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        // A history that cannot grow is no reason to stop.
        let _ = editor.add_history_entry(&question);
        if snapshot.world.as_of.until(app.now()) > STATE_AGE_MAX {
            snapshot = app.snapshot(&mut store)?;
            names = chat::index(&store, &snapshot)?;
        }
        let chat = Chat { store: &store, snapshot: &snapshot, names: &names, words: &words, door: &door };
        match chat.answer(&question, before.as_ref()) {
            Ok(answer) => {
                if answer.query.is_some() {
                    before = answer.query.clone();
                }
                if let Some(plan) = &answer.plan {
                    store.keep_plan(plan)?;
                }
                show(global, answer)?;
            }
            Err(error) if error.is::<Usage>() => print_text(&error.to_string())?,
            Err(error) => return Err(error),
        }
    }
}

//! `assay audit verify`: every link of the audit chain, and with `--replay` every shown text, written again from its record.

use anyhow::Result;
use assay_core::text::how_many;
use serde::Serialize;

use super::{print_json, print_text};
use crate::app::App;
use crate::cli::{Global, Output};
use crate::shown::{Replay, replay};
use crate::{BadInput, Ended};

/// The most shown texts that are told one by one.
const TOLD_MAX: usize = 20;

/// What became of the chain.
#[derive(Debug, Serialize)]
struct ChainWire {
    links: u64,
    broken_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<ReplayWire>,
}

/// What became of the shown texts.
#[derive(Debug, Default, Serialize)]
struct ReplayWire {
    /// Links about shown texts.
    shown: u64,
    /// Written again, byte for byte.
    same: u64,
    /// Whose record made room for newer ones.
    not_kept: u64,
    /// Written by another build or other phrases, which this one cannot write again.
    other_words: u64,
    /// Whose record was changed or does not give the text.
    broken: u64,
    /// The first of those that could not be written again, and why.
    why: Vec<String>,
}

pub(crate) fn verify(global: &Global, again: bool) -> Result<Ended> {
    let app = App::new(global)?;
    let store = app.store()?;
    let chain = store.verify_audit()?;
    let replay = if again { Some(replayed(&app, &store)?) } else { None };
    let broken = replay.as_ref().map_or(0, |r| r.broken);
    let wire = ChainWire { links: chain.links, broken_at: chain.broken_at, replay };
    match global.output {
        Output::Json => print_json(&wire)?,
        _ => print_text(&said(&wire))?,
    }
    match chain.broken_at {
        Some(at) => Err(BadInput(format!(
            "link {at} of the audit chain does not hold: a row was changed or removed after it was written"
        ))
        .into()),
        None if broken > 0 => {
            Err(BadInput(format!("{} cannot be written again", how_many(broken, "shown text", "shown texts"))).into())
        }
        None => Ok(Ended::Done),
    }
}

fn replayed(app: &App, store: &assay_store::Store) -> Result<ReplayWire> {
    let (words, door) = (app.words()?, app.door()?);
    let mut told = ReplayWire::default();
    store.each_shown(|kept| {
        told.shown += 1;
        let why = match replay(&kept, &words.catalogue, &door) {
            Replay::Same => {
                told.same += 1;
                return Ok(());
            }
            Replay::NotKept => {
                told.not_kept += 1;
                return Ok(());
            }
            Replay::OtherWords(by) => {
                told.other_words += 1;
                format!("it was written by {by}")
            }
            Replay::Broken(why) => {
                told.broken += 1;
                why
            }
        };
        if told.why.len() < TOLD_MAX {
            told.why.push(format!("link {}, {}, shown {}: {why}", kept.seq, kept.object, kept.at));
        }
        Ok::<(), anyhow::Error>(())
    })?;
    Ok(told)
}

fn said(wire: &ChainWire) -> String {
    let mut out = match wire.broken_at {
        None => format!("{} links hold\n", wire.links),
        Some(_) => String::new(),
    };
    if let Some(r) = &wire.replay {
        out.push_str(&format!(
            "{}, {} byte for byte the same\n",
            how_many(r.shown, "shown text", "shown texts"),
            r.same
        ));
        let rest = [
            (r.not_kept, "no longer kept: only the digest is left"),
            (r.other_words, "written by another build or with other phrases"),
            (r.broken, "not to be written again"),
        ];
        for (n, what) in rest.iter().filter(|(n, _)| *n > 0) {
            out.push_str(&format!("{n} {what}\n"));
        }
        r.why.iter().for_each(|why| out.push_str(&format!("  {why}\n")));
    }
    out
}

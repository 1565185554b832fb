//! `assay eval`: the suites, each with its value, how sure that is, and whether the aim is met.

mod ground;

use std::path::Path;

use anyhow::Result;
use assay_core::document::{Block, Document, Inline, Line, guard, own, withheld};
use assay_core::sink::escape;
use assay_core::text::{Opaque, Own};
use assay_eval::outcome::Outcome;
use assay_eval::{Asked, EvalError, Size, Suite};
use assay_sources::door::SecretDoor;
use ground::OurGround;
use serde::Serialize;

use super::{print_json, print_text, sink};
use crate::app::App;
use crate::cli::{Eval, Global, Output};
use crate::progress::Bar;
use crate::{BadInput, Ended, Usage, clock};

#[derive(Debug, Serialize)]
struct EvalWire {
    suites: Vec<Outcome>,
}

pub(crate) fn run(global: &Global, args: &Eval) -> Result<Ended> {
    let suites = chosen(args.suite.as_deref())?;
    let cases = own_cases(global.data.as_deref(), args)?;
    // A model is loaded for the one suite that asks it.
    let embed = match suites.contains(&Suite::Understand) {
        true => App::new(&on_folder(global))?.models()?.embedder(),
        false => None,
    };
    let ground = OurGround::new(embed);
    let texts = if suites.contains(&Suite::Guard) && cases.is_none() { ground::corpora() } else { Vec::new() };
    let size = if args.full { Size::Full } else { Size::Ci };
    let mut outcomes = Vec::new();
    let mut bar = Bar::count("eval", suites.len() as u64);
    for (done, suite) in (0..).zip(suites) {
        bar.at(done);
        bar.say(suite.as_str());
        let asked = Asked { size, seed: args.seed, cases: cases.as_deref(), texts: &texts };
        outcomes.extend(assay_eval::run(suite, &asked, &ground).map_err(|error| ended_by(error, cases.is_some()))?);
    }
    drop(bar);
    let met = outcomes.iter().all(|o| o.met != Some(false));
    let wire = EvalWire { suites: outcomes };
    match global.output {
        Output::Json => print_json(&wire)?,
        output => print_text(&escape(&guarded(&wire, ground.secrets()), sink(output)))?,
    }
    Ok(if met { Ended::Done } else { Ended::Crossed })
}

/// The same, where `--data` names cases and no data folder.
fn on_folder(global: &Global) -> Global {
    Global { data: global.data.clone().filter(|path| path.is_dir()), ..global.clone() }
}

fn chosen(name: Option<&str>) -> Result<Vec<Suite>> {
    let Some(name) = name else { return Ok(Suite::ALL.to_vec()) };
    let suite = name.parse::<Suite>().map_err(|_| {
        let names: Vec<&str> = Suite::ALL.iter().map(|s| s.as_str()).collect();
        Usage(format!("no suite `{name}`: {}", names.join(", ")))
    })?;
    Ok(vec![suite])
}

/// Cases that the person brought: `--data` with a file. A folder is the data folder of other commands.
fn own_cases(data: Option<&Path>, args: &Eval) -> Result<Option<String>> {
    let Some(path) = data.filter(|path| !path.is_dir()) else { return Ok(None) };
    if args.suite.is_none() {
        return Err(Usage("--data with a file of cases needs the name of a suite".to_owned()).into());
    }
    let text = std::fs::read_to_string(path).map_err(|e| BadInput(format!("{}: {e}", path.display())))?;
    Ok(Some(text))
}

/// Cases that a person brought are input; those of this build are not.
fn ended_by(error: EvalError, brought: bool) -> anyhow::Error {
    match error {
        EvalError::Cases { suite, source } if brought => BadInput(format!("cases of `{suite}`: {source}")).into(),
        error => error.into(),
    }
}

fn guarded(wire: &EvalWire, door: &SecretDoor) -> assay_core::document::Guarded<Document> {
    let as_of = clock::now();
    let text = |text: String| -> Line { vec![Inline::Own(Own::catalogued(text))] };
    let rows = wire.suites.iter().map(|o| {
        let (aim, met) = match (o.aim, o.met) {
            (Some(aim), Some(true)) => (number(aim), own("met")),
            (Some(aim), _) => (number(aim), Inline::Strong(Own::new("not met"))),
            (None, _) => (String::new(), own("reported")),
        };
        let interval = format!("{} to {}", number(o.interval[0]), number(o.interval[1]));
        let cells = [o.suite.to_owned(), o.measure.to_owned(), o.cases.to_string(), number(o.value), interval, aim];
        let seed = o.seed.map_or_else(String::new, |seed| seed.to_string());
        cells.map(text).into_iter().chain([vec![met], text(seed)]).collect()
    });
    let head = ["Suite", "Value is", "Cases", "Value", "95 in 100", "Aim", "", "Seed"].map(Own::new).to_vec();
    let mut blocks = vec![Block::Table { head, rows: rows.collect() }];
    for outcome in wire.suites.iter().filter(|o| !o.failed.is_empty()) {
        blocks.push(Block::Section(Own::catalogued(format!("Failed in {}", outcome.suite))));
        let quote = |failed: &String| Block::Quote { of: Own::new("case"), text: Opaque::admit(failed, door) };
        blocks.extend(outcome.failed.iter().map(quote));
    }
    guard(Document { as_of, blocks }, door).unwrap_or_else(|_| withheld(as_of))
}

/// As short as it can be said.
fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_no_suite_is_refused_with_those_there_are() {
        let error = chosen(Some("luck")).unwrap_err().to_string();
        assert!(error.contains("context"), "{error}");
        assert_eq!(chosen(None).unwrap().len(), Suite::ALL.len());
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!((number(1.0), number(0.96812), number(0.0)), ("1".to_owned(), "0.968".to_owned(), "0".to_owned()));
    }
}

//! `assay paths`: how the outside gets in, how far it gets from there, and what to change.

use anyhow::Result;
use assay_core::paths::StepKind;
use assay_core::sink::Sink;

use super::table::columns;
use super::{print_json, print_text, sink};
use crate::Ended;
use crate::app::App;
use crate::cli::{Global, Output, Paths};
use crate::paths::{Asked, AttackWire, BlastWire, CutWire, From, PathsWire, beginning, edges, paths, svg};

/// The most ways that are written out for a person: all are counted, and JSON lists more.
const TOLD_MAX: usize = 8;
/// The longest patch that is written out for a person, in bytes: JSON has them all.
const PATCH_MAX: usize = 400;

pub(crate) fn run(global: &Global, args: &Paths) -> Result<Ended> {
    if args.kinds {
        return kinds(global);
    }
    let app = App::new(global)?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    if args.edges {
        let (edges, whole) = edges(&snapshot);
        if !whole {
            eprintln!("not all: the first {} steps", edges.len());
        }
        match global.output {
            Output::Json => print_json(&edges)?,
            _ => print_text(&edges.iter().map(|e| format!("{}  {}  {}\n", e.from, e.by, e.to)).collect::<String>())?,
        }
        return Ok(Ended::Done);
    }
    let from = beginning(&snapshot, &args.from)?;
    let what_if = !args.no_what_if && !args.ways && !args.svg;
    let found = paths(&store, &snapshot, &Asked { from, to: args.to.clone(), what_if })?;
    if args.svg {
        print_text(&svg(&found))?;
        return Ok(Ended::Done);
    }
    match global.output {
        Output::Json => print_json(&found)?,
        _ if args.ways => print_text(&ways(&found))?,
        _ => print_text(&told(&found, from, &args.from))?,
    }
    Ok(Ended::Done)
}

fn kinds(global: &Global) -> Result<Ended> {
    let rows = StepKind::ALL.iter().filter(|kind| **kind != StepKind::Within).map(|kind| kind.row());
    if global.output == Output::Json {
        let rows = rows.map(|row| {
            serde_json::json!({
                "kind": row.kind.as_str(), "kubehound": row.kubehound, "from": row.from, "to": row.to,
                "needs": row.needs, "source": row.source,
            })
        });
        print_json(&rows.collect::<Vec<_>>())?;
        return Ok(Ended::Done);
    }
    let mut out = String::new();
    for row in rows {
        out.push_str(&format!("{:24} {} > {}\n{:24} when {}\n", row.kind, row.from, row.to, "", row.needs));
    }
    print_text(&out)?;
    Ok(Ended::Done)
}

fn told(found: &PathsWire, from: From, place: &str) -> String {
    let begins = match from {
        From::Internet => "from the Internet".to_owned(),
        From::Any => "from any workload".to_owned(),
        From::Workload(_) => format!("from {place}"),
    };
    if found.paths_total == 0 {
        return format!("No attack path {begins} is in view.\n{}", unknown(found));
    }
    let mut out = format!("Attack paths {begins}, the best one for each beginning and goal\n\n");
    let rows: Vec<[String; 3]> =
        found.reached.iter().map(|r| [r.goal.to_owned(), r.sure.to_string(), r.in_doubt.to_string()]).collect();
    out.push_str(&columns(["GOAL", "SURE", "IN DOUBT"], &rows));
    for (n, path) in found.paths.iter().take(TOLD_MAX).enumerate() {
        out.push_str(&one(n + 1, path));
    }
    if found.paths_total > TOLD_MAX {
        out.push_str(&format!(
            "\n{TOLD_MAX} of {} are shown: --to narrows them, -o json lists them\n",
            found.paths_total
        ));
    }
    out.push_str(&changes(&found.choke_points));
    if let Some(blast) = &found.blast {
        out.push_str(&falls(blast, place));
    }
    out.push_str(&unknown(found));
    out
}

fn one(n: usize, path: &AttackWire) -> String {
    let urgent = path.most_urgent.as_deref().map_or(String::new(), |band| format!(", most urgent {band}"));
    let open = match path.open_findings {
        0 => String::new(),
        open => format!("  ({open} open findings{urgent})"),
    };
    let begin = path.steps.first().map_or("", |hop| &hop.from);
    let mut out = format!("\n{n}  {} to {}{open}\n     {begin}\n", path.from, path.to);
    let width = path.steps.iter().map(|hop| hop.to.chars().count()).max().unwrap_or(0).min(56);
    for hop in &path.steps {
        let doubt = if hop.doubt.is_empty() { String::new() } else { format!("  ? {}", hop.doubt.join("; ")) };
        let cut = if hop.cut { "  x cut" } else { "" };
        out.push_str(&format!("     > {:width$}  {}{cut}{doubt}\n", hop.to, hop.by.join(" ")));
    }
    out
}

fn changes(cut: &CutWire) -> String {
    if cut.closes == 0 {
        return String::new();
    }
    let goals = cut.goals.join(", ");
    if !cut.possible {
        return format!("\nNo set of changes that is known closes every way to {goals}.\n");
    }
    let (this, close) =
        if cut.changes.len() == 1 { ("This one change", "closes") } else { ("These changes together", "close") };
    let all = if cut.closes == 1 { "the one way".to_owned() } else { format!("all {} ways", cut.closes) };
    let mut out = format!("\n{this} {close} {all} to {goals}; nothing with less effort does (effort {})\n", cut.effort);
    for (n, change) in cut.changes.iter().enumerate() {
        out.push_str(&format!("{:>3}  {}\n", n + 1, change.change));
        out.push_str(&format!("     effort {}, closes {} alone\n", change.effort, change.closes_alone));
        for moved in change.moves.iter().flatten() {
            let findings = if moved.findings == 1 { "finding goes" } else { "findings go" };
            out.push_str(&format!("     what if: {} {findings} from {} to {}\n", moved.findings, moved.from, moved.to));
        }
        let patch = change.patch.as_ref().and_then(|p| p.get("patch")).map(ToString::to_string);
        if let Some(patch) = patch.filter(|p| p.len() <= PATCH_MAX) {
            out.push_str(&format!("     patch {patch}\n"));
        }
    }
    out
}

fn falls(blast: &BlastWire, place: &str) -> String {
    let counts = |counts: &std::collections::BTreeMap<&'static str, usize>| match counts.is_empty() {
        true => "nothing".to_owned(),
        false => counts.iter().map(|(word, n)| format!("{n} {word}")).collect::<Vec<_>>().join(", "),
    };
    format!("\nWith {place} falls for sure: {}\nand at most: {}\n", counts(&blast.sure), counts(&blast.at_most))
}

fn unknown(found: &PathsWire) -> String {
    let mut out = String::new();
    if found.exposure_unknown > 0 {
        out.push_str(&format!(
            "\nOf {} workloads nobody can tell whether the Internet reaches them: none begins there (`assay assets`).\n",
            found.exposure_unknown
        ));
    }
    if found.rights_unknown > 0 {
        out.push_str(&format!(
            "\nOf {} bindings the role is not in view: what they give leads nowhere here.\n",
            found.rights_unknown
        ));
    }
    out.push_str(&format!("\nThese are {}.\n", found.limits));
    out
}

fn ways(found: &PathsWire) -> String {
    let mut out = String::new();
    let width = match sink(Output::Text) {
        Sink::Terminal { width, .. } => width,
        _ => 100,
    };
    for way in &found.ways {
        let traffic = way.path.traffic.as_deref().map_or("no traffic recorded".to_owned(), |t| format!("traffic {t}"));
        let urgent = way
            .most_urgent
            .as_deref()
            .map_or(String::new(), |b| format!("  {} open, most urgent {b}", way.open_findings));
        out.push_str(&format!("{}  {}  {traffic}{urgent}\n", way.workload, way.exposure));
        let mut line = "  internet".to_owned();
        for step in &way.path.steps {
            let piece = format!(" > {} ({})", step.to, step.by);
            if line.chars().count() + piece.chars().count() > width {
                out.push_str(&line);
                out.push('\n');
                line = "   ".to_owned();
            }
            line.push_str(&piece);
        }
        out.push_str(&line);
        out.push('\n');
    }
    if found.ways.is_empty() {
        out.push_str("no way in from the Internet is in view\n");
    }
    out.push_str("Shown are ways in through Services and Ingresses, as far as network policies let callers through.\n");
    out
}

//! `assay rights`: who may do what that is dangerous, through what, and who runs with it.

use anyhow::Result;
use assay_core::observation::Capability;

use super::table::{columns, one_line};
use super::{print_json, print_text};
use crate::app::App;
use crate::cli::{Global, Output, Rights};
use crate::rights::{self, Asked, RightWire, RightsWire, SubjectWire, UseWire};
use crate::{Ended, Usage};

/// How many names of workloads or objects stand in one cell.
const NAMES_SHOWN_MAX: usize = 2;

pub(crate) fn run(global: &Global, args: &Rights) -> Result<Ended> {
    let can = args.can.as_deref().map(capability).transpose()?;
    let app = App::new(global)?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let asked = Asked { subject: args.subject.clone(), can, namespace: args.namespace.clone() };
    let found = rights::list(&snapshot, &asked);
    match global.output {
        Output::Json => print_json(&found)?,
        _ => print_text(&told(&found, &asked))?,
    }
    Ok(Ended::Done)
}

fn capability(text: &str) -> Result<Capability> {
    text.parse().map_err(|e| Usage(format!("no right `{text}`: {e}")).into())
}

fn told(found: &RightsWire, asked: &Asked) -> String {
    if found.subjects.is_empty() {
        return format!("{}\n", nobody(asked));
    }
    let rows: Vec<[String; 7]> =
        found.subjects.iter().flat_map(|s| s.rights.iter().map(|right| row(s, right))).collect();
    let mut out = String::new();
    if !rows.is_empty() {
        out.push_str(&columns(["SUBJECT", "MAY", "WHERE", "BINDING", "ROLE", "AUDIT LOG", "RUN BY"], &rows));
    }
    for subject in &found.subjects {
        let name = called(subject);
        if subject.rights.is_empty() && subject.unknown.is_empty() {
            out.push_str(&format!("{name} has no dangerous right in view\n"));
        }
        for untold in &subject.unknown {
            let place = untold.namespace.as_ref().map_or("everywhere".to_owned(), |n| format!("in {n}"));
            let (binding, role) = (&untold.binding, &untold.role);
            let line = format!("{name} may do more {place} by {binding} of {role}: {}", untold.because);
            out.push_str(&format!("{}\n", one_line(&line)));
        }
        if asked.subject.is_some() && !subject.workloads.is_empty() {
            out.push_str(&format!("{name} is run by {}\n", one_line(&subject.workloads.join(", "))));
        }
    }
    out.push_str(&format!("Shown are {}.\n", found.limits));
    out
}

fn nobody(asked: &Asked) -> String {
    match (&asked.subject, asked.can) {
        (Some(name), Some(can)) => format!("nobody called `{name}` may {} here", can.row().words),
        (Some(name), None) => format!("nobody is called `{name}`: `assay rights` lists who has rights"),
        (None, Some(can)) => format!("nobody in view may {}", can.row().words),
        (None, None) => "no dangerous right is in view: `assay scan` shows roles and bindings".to_owned(),
    }
}

fn row(subject: &SubjectWire, right: &RightWire) -> [String; 7] {
    let place = right.namespace.as_ref().map_or("everywhere".to_owned(), |n| format!("in {n}"));
    let names: Vec<String> = right.names.iter().map(ToString::to_string).collect();
    let only = if names.is_empty() { String::new() } else { format!(", only {}", first(&names)) };
    let whose = right.through.as_ref().map_or_else(|| called(subject), |group| format!("{} as {group}", subject.name));
    let used = match &right.used {
        UseWire::Used { until, .. } => format!("used, last {}", until.get(..10).unwrap_or(until)),
        UseWire::NotSeen { watched_s, .. } => format!("not seen in {}", assay_core::ids::Span::secs(*watched_s)),
        UseWire::Unknown => "-".to_owned(),
    };
    let run_by = if subject.workloads.is_empty() { "-".to_owned() } else { first(&subject.workloads) };
    let (binding, role) = (right.binding.to_string(), right.role.to_string());
    [whose, right.capability.to_owned(), format!("{place}{only}"), binding, role, used, run_by]
}

fn called(subject: &SubjectWire) -> String {
    let home = if subject.namespace.to_string().is_empty() { String::new() } else { format!("{}/", subject.namespace) };
    one_line(&format!("{} {home}{}", subject.kind, subject.name))
}

fn first(names: &[String]) -> String {
    match names.len() {
        n if n > NAMES_SHOWN_MAX => {
            format!("{} and {} more", names[..NAMES_SHOWN_MAX].join(", "), n - NAMES_SHOWN_MAX)
        }
        _ => names.join(", "),
    }
}

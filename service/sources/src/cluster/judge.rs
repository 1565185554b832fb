//! A workload against every control. Comes in: one workload of the view. Goes out: what fails, where, on which line, in
//! words; the Pod Security level that it meets; and what nobody can say from here. One failure of one control in one
//! container, or in the pod as a whole, is one claim, however many fields cause it.

use std::collections::BTreeMap;

use assay_core::control::ControlRow;
use assay_core::observation::{ControlId, Flaw, Outcome, PodSecurity, Severity};
use assay_core::text::Opaque;

use super::controls::{self, CONDITIONS, Case, Condition, Spot, StandardsVersion, Verdict, Where};
use super::lines::Step;
use super::model::Workload;
use super::object::{Object, Origin};
use super::view::View;
use crate::door::SecretDoor;

/// The rule of the door for values that only their name makes a secret.
const BY_NAME: &str = "field";
/// The control under which secrets in environment variables are known.
const SECRET_IN_ENV: &str = "secret-in-env";

/// A failure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    /// The container; none for the pod as a whole.
    pub(super) container: Option<Opaque>,
    pub(super) severity: Severity,
    pub(super) title: Opaque,
    pub(super) text: Opaque,
    pub(super) rule: Opaque,
    pub(super) flaw: Flaw,
}

/// A workload, judged.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) failures: Vec<Failure>,
    /// Controls that nobody can decide from here.
    pub(super) open: Vec<(ControlId, Outcome)>,
}

/// The case of the workload at an index.
pub(super) fn case<'v>(view: &View<'v>, at: usize, workload: &'v Workload, version: StandardsVersion) -> Case<'v> {
    let object = &view.objects[at];
    Case {
        workload,
        namespace: object.namespace_written.then_some(&*object.namespace),
        account: view.account(at),
        token_mounted: view.token_mounted(at),
        version,
    }
}

/// The strictest level of the Pod Security Standards that a workload meets.
pub(super) fn level(case: &Case<'_>) -> PodSecurity {
    let mut level = PodSecurity::Restricted;
    for (id, condition) in CONDITIONS {
        let Condition::Workload(condition) = condition else { continue };
        let fallen_to = match controls::controls().get(id).map(|row| &*row.standard) {
            Some("PSS baseline") => PodSecurity::Privileged,
            Some("PSS restricted") => PodSecurity::Baseline,
            _ => continue,
        };
        if fallen_to < level && matches!(condition(case), Verdict::Fail(_)) {
            level = fallen_to;
        }
    }
    level
}

/// Judges a workload.
pub(super) fn judge(case: &Case<'_>, object: &Object, door: &SecretDoor) -> Judged {
    let mut judged = Judged::default();
    for (id, condition) in CONDITIONS {
        let (Condition::Workload(condition), Some(row)) = (condition, controls::controls().get(id)) else { continue };
        let control = ControlId(Opaque::readmit(id));
        match condition(case) {
            Verdict::Fail(spots) => judged.failures.extend(failures(row, &spots, case.workload, object, door)),
            Verdict::NotObservable => judged.open.push((control, Outcome::NotObservable)),
            Verdict::NeedsPerson => judged.open.push((control, Outcome::NeedsPerson)),
            Verdict::Pass | Verdict::NotApplicable => {}
        }
    }
    judged.failures.extend(secrets(case.workload, object, door));
    judged
}

/// How bad a failure is by our own table: node, admin or credentials first, then what the baseline asks, then the rest.
pub(super) fn severity(row: &ControlRow) -> Severity {
    match &*row.standard {
        _ if row.gain.total => Severity::High,
        "PSS restricted" => Severity::Low,
        _ => Severity::Medium,
    }
}

fn failures<'a>(
    row: &'a ControlRow,
    spots: &'a [Spot],
    workload: &'a Workload,
    object: &'a Object,
    door: &'a SecretDoor,
) -> impl Iterator<Item = Failure> + 'a {
    let mut places: BTreeMap<Where, Vec<&Spot>> = BTreeMap::new();
    for spot in spots {
        places.entry(spot.at).or_default().push(spot);
    }
    places.into_iter().map(move |(at, spots)| {
        let words: Vec<String> = spots.iter().map(|spot| words(spot, workload, object)).collect();
        Failure {
            container: container_name(workload, at).map(|name| Opaque::admit_name(name, door)),
            severity: severity(row),
            title: Opaque::readmit(row.title.as_str()),
            text: Opaque::admit(&words.join("; "), door),
            rule: Opaque::readmit(&row.id),
            flaw: Flaw::Control { control: ControlId(Opaque::readmit(&row.id)), path: Opaque::readmit("") },
        }
    })
}

fn container_name(workload: &Workload, at: Where) -> Option<&str> {
    let Where::Container(list, index) = at else { return None };
    workload.spec.all_containers().find(|(l, i, _)| *l == list && *i == index).map(|(_, _, c)| &*c.name)
}

/// The field, its value and its line.
fn words(spot: &Spot, workload: &Workload, object: &Object) -> String {
    let own = |field: &'static str| Step::Field(field);
    let mut steps: Vec<Step<'_>> = workload.base.iter().copied().map(own).collect();
    let mut path = workload.base.join(".");
    if let Where::Container(list, index) = spot.at {
        steps.extend([own(list.field()), Step::Item(index)]);
        path.push_str(&format!(".{}[{index}]", list.field()));
    }
    if spot.field == "namespace" {
        (steps, path) = (vec![own("metadata")], "metadata".to_owned());
    }
    steps.extend(spot.field.split('.').flat_map(field_steps));
    let said = format!("{path}.{}: {}", spot.field, spot.saw);
    match (&object.origin, object.lines.at(steps)) {
        (Origin::File { file, .. }, Some(line)) => format!("{said} ({file}:{line})"),
        (Origin::File { .. } | Origin::Live, _) => said,
    }
}

/// `ports[2]` is a field and an item.
fn field_steps(text: &str) -> Vec<Step<'_>> {
    match text.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        Some((field, index)) => vec![Step::Field(field), Step::Item(index.parse().unwrap_or(0))],
        None => vec![Step::Field(text)],
    }
}

/// Secrets that stand in environment variables in plain sight.
fn secrets(workload: &Workload, object: &Object, door: &SecretDoor) -> Vec<Failure> {
    let Some(row) = controls::controls().get(SECRET_IN_ENV) else { return Vec::new() };
    let mut found = Vec::new();
    for (list, index, container) in workload.spec.all_containers() {
        for (at, variable) in container.env.iter().enumerate() {
            let Some(secret) = &variable.secret else { continue };
            let spot = Spot {
                at: Where::Container(list, index),
                field: format!("env[{at}].value"),
                saw: secret.mark.reveal().to_owned(),
            };
            let detector = if &*secret.rule == BY_NAME { SECRET_IN_ENV } else { &*secret.rule };
            found.push(Failure {
                container: Some(Opaque::admit_name(&container.name, door)),
                severity: severity(row),
                title: Opaque::readmit(row.title.as_str()),
                text: Opaque::admit(&words(&spot, workload, object), door),
                rule: Opaque::readmit(SECRET_IN_ENV),
                flaw: Flaw::Secret {
                    detector: Opaque::readmit(detector),
                    location: Opaque::admit_name(&variable.name, door),
                    mark: Some(secret.mark.clone()),
                },
            });
        }
    }
    found
}

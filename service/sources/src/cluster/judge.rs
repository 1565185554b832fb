//! An object against every control. Comes in: one object of the view. Goes out: what fails, where, on which line, in
//! words; the Pod Security level that a workload meets; and what nobody can say from here. One failure of one control in one
//! container, or in the pod as a whole, is one claim, however many fields cause it.

use std::collections::BTreeMap;

use assay_core::control::ControlRow;
use assay_core::observation::{ControlId, Flaw, Outcome, PodSecurity, Severity};
use assay_core::text::Opaque;

use super::controls::{self, Case, Condition, ObjectCase, Spot, StandardsVersion, Verdict, Where, conditions};
use super::lines::Step;
use super::model::{PlainSecret, Workload};
use super::object::{Object, Origin};
use super::secret::SecretPlace;
use super::view::View;
use crate::door::SecretDoor;

/// The most fields that one failure names; more are counted.
const SPOTS_SHOWN_MAX: usize = 16;
/// The rule of the door for values that only their name makes a secret.
const BY_NAME: &str = "field";
/// The controls under which secrets in plain sight are known.
const SECRET_IN_ENV: &str = "secret-in-env";
const SECRET_IN_ARGS: &str = "secret-in-args";
const SECRET_IN_CONFIG_MAP: &str = "secret-in-config-map";
const SECRET_IN_ANNOTATION: &str = "secret-in-annotation";

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

/// An object, judged.
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
        object,
        namespace: object.namespace_written.then_some(&*object.namespace),
        account: view.account(at),
        token_mounted: view.token_mounted(at),
        version,
    }
}

/// The strictest level of the Pod Security Standards that a workload meets.
pub(super) fn level(case: &Case<'_>) -> PodSecurity {
    let mut level = PodSecurity::Restricted;
    for (id, condition) in conditions() {
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
pub(super) fn judge(case: &Case<'_>, door: &SecretDoor) -> Judged {
    let mut judged = Judged::default();
    for (id, condition) in conditions() {
        judged.take(id, condition.of_workload(case), Some(case.workload), case.object, door);
    }
    judged.failures.extend(secrets(case.workload, case.object, door));
    judged
}

/// Judges an object by itself, a workload too.
pub(super) fn judge_object(case: &ObjectCase<'_>, door: &SecretDoor) -> Judged {
    let mut judged = Judged::default();
    for (id, condition) in conditions() {
        judged.take(id, condition.of_object(case), None, case.object, door);
    }
    judged.failures.extend(named_secrets(case.object, door));
    judged
}

impl Judged {
    fn take(
        &mut self,
        id: &'static str,
        verdict: Option<Verdict>,
        workload: Option<&Workload>,
        object: &Object,
        door: &SecretDoor,
    ) {
        match verdict {
            Some(Verdict::Fail(spots)) => {
                let row = controls::controls().get(id);
                self.failures.extend(row.into_iter().flat_map(|row| failures(row, &spots, workload, object, door)));
            }
            Some(Verdict::NotObservable) => self.open.push((ControlId(Opaque::readmit(id)), Outcome::NotObservable)),
            Some(Verdict::NeedsPerson) => self.open.push((ControlId(Opaque::readmit(id)), Outcome::NeedsPerson)),
            Some(Verdict::Pass | Verdict::NotApplicable) | None => {}
        }
    }
}

/// How bad a failure is by our own table: node, admin or credentials first, then what the baseline asks, then the rest;
/// what gives nothing by itself stands last.
pub(super) fn severity(row: &ControlRow) -> Severity {
    match &*row.standard {
        _ if row.gain.total => Severity::High,
        _ if row.gain.nothing => Severity::Low,
        "PSS restricted" => Severity::Low,
        _ => Severity::Medium,
    }
}

fn failures<'a>(
    row: &'a ControlRow,
    spots: &'a [Spot],
    workload: Option<&'a Workload>,
    object: &'a Object,
    door: &'a SecretDoor,
) -> impl Iterator<Item = Failure> + 'a {
    let mut places: BTreeMap<Where, Vec<&Spot>> = BTreeMap::new();
    for spot in spots {
        places.entry(spot.at).or_default().push(spot);
    }
    places.into_iter().map(move |(at, spots)| {
        let mut words: Vec<String> =
            spots.iter().take(SPOTS_SHOWN_MAX).map(|spot| words(spot, workload, object)).collect();
        if spots.len() > SPOTS_SHOWN_MAX {
            words.push(format!("and {} more", spots.len() - SPOTS_SHOWN_MAX));
        }
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

fn container_name(workload: Option<&Workload>, at: Where) -> Option<&str> {
    let Where::Container(list, index) = at else { return None };
    workload?.spec.all_containers().find(|(l, i, _)| *l == list && *i == index).map(|(_, _, c)| &*c.name)
}

/// The field, its value and its line.
fn words(spot: &Spot, workload: Option<&Workload>, object: &Object) -> String {
    let own = |field: &'static str| Step::Field(field);
    // A pod and its containers stand somewhere in a workload; what is said of the object itself counts from its root.
    let base = workload.filter(|_| spot.at != Where::Object).map(|workload| workload.base).unwrap_or_default();
    let mut steps: Vec<Step<'_>> = base.iter().copied().map(own).collect();
    let mut path = base.join(".");
    if let Where::Container(list, index) = spot.at {
        steps.extend([own(list.field()), Step::Item(index)]);
        path.push_str(&format!(".{}[{index}]", list.field()));
    }
    steps.extend(spot.field.split('.').flat_map(field_steps));
    let dot = if path.is_empty() { "" } else { "." };
    let said = format!("{path}{dot}{}: {}", spot.field, spot.saw);
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

/// Secrets that stand in environment variables and in words of a command, in plain sight.
fn secrets(workload: &Workload, object: &Object, door: &SecretDoor) -> Vec<Failure> {
    let mut found = Vec::new();
    for (list, index, container) in workload.spec.all_containers() {
        let mut add = |control: &str, field: String, name: &str, secret: &PlainSecret| {
            let spot = Spot { at: Where::Container(list, index), field, saw: secret.mark.reveal().to_owned() };
            let at = Plain { control, name, secret, text: words(&spot, Some(workload), object) };
            found.extend(at.failure(Some(Opaque::admit_name(&container.name, door)), door));
        };
        for (at, variable) in container.env.iter().enumerate() {
            if let Some(secret) = &variable.secret {
                add(SECRET_IN_ENV, format!("env[{at}].value"), &variable.name, secret);
            }
        }
        for word in container.start.iter().flat_map(|start| &start.secrets) {
            add(SECRET_IN_ARGS, word.field.to_string(), &word.name, &word.secret);
        }
    }
    found
}

/// Secrets that stand in the data of a ConfigMap and in annotations, in plain sight.
fn named_secrets<'a>(object: &'a Object, door: &'a SecretDoor) -> impl Iterator<Item = Failure> + 'a {
    object.secrets.iter().filter_map(|found| {
        let (control, under) = match found.place {
            SecretPlace::Data => (SECRET_IN_CONFIG_MAP, "data"),
            SecretPlace::Annotation => (SECRET_IN_ANNOTATION, "metadata.annotations"),
        };
        let spot = Spot {
            at: Where::Object,
            field: format!("{under} {}", found.name),
            saw: found.secret.mark.reveal().to_owned(),
        };
        let plain = Plain { control, name: &found.name, secret: &found.secret, text: words(&spot, None, object) };
        plain.failure(None, door)
    })
}

/// A secret in plain sight.
struct Plain<'a> {
    control: &'a str,
    name: &'a str,
    secret: &'a PlainSecret,
    text: String,
}

impl Plain<'_> {
    fn failure(self, container: Option<Opaque>, door: &SecretDoor) -> Option<Failure> {
        let row = controls::controls().get(self.control)?;
        let detector = if &*self.secret.rule == BY_NAME { self.control } else { &*self.secret.rule };
        Some(Failure {
            container,
            severity: severity(row),
            title: Opaque::readmit(row.title.as_str()),
            text: Opaque::admit(&self.text, door),
            rule: Opaque::readmit(self.control),
            flaw: Flaw::Secret {
                detector: Opaque::readmit(detector),
                location: Opaque::admit_name(self.name, door),
                mark: Some(self.secret.mark.clone()),
            },
        })
    }
}

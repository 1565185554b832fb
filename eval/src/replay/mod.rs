//! A day of a cluster's sensors with attacks hidden in it. Comes in: places, what happens there by design, and attacks.
//! Goes out: how many lines call a person, and how many of the attacks are among them, how often each.
//!
//! The road gets logs and objects and nothing else: which of the events are an attack's, only this suite knows. An attack
//! is told by a line that holds a sign which the same day without attacks does not give.

mod day;
mod told;

use std::collections::BTreeSet;

use assay_core::ids::Span;
use assay_core::named;
use assay_core::policy::Policy;
use serde::Deserialize;

use crate::cases::{self, BadCase, Named};
use crate::ground::{Fault, Ground};
use crate::outcome::Outcome;
use crate::situation::now;
use crate::{EvalError, Suite};
use told::{Line, Replayed};

/// The cluster and its day.
pub const CASES: &str = include_str!("../../data/replay.jsonl");
/// The seed of the suite.
pub const SEED: u64 = 33;
/// How many lines may call a person on a day with three attacks.
pub const LINES_MAX: usize = 5;

named! {
    /// Who writes a log.
    pub enum Sensor {
        /// Falco, its alerts.
        Falco = "falco",
        /// Tetragon, its events.
        Tetragon = "tetragon",
        /// The API server, its audit log.
        Audit = "audit",
    }
}

/// A workload.
#[derive(Clone, Debug)]
pub struct Place {
    id: String,
    namespace: String,
    name: String,
    kind: String,
    pods: usize,
    account: String,
    exposed: bool,
    /// A team may write workloads in its namespace.
    team: bool,
    host: Host,
}

/// What a place is given of its nodes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Host {
    privileged: bool,
    network: bool,
    /// Files and folders that it mounts.
    paths: Vec<String>,
}

/// Something that happens again and again.
#[derive(Clone, Debug)]
pub struct Events {
    id: String,
    /// The attack that it is part of; none where it is by design.
    attack: Option<String>,
    /// It is part of a further day: an attack from a place that does by design what attackers do.
    further: bool,
    /// The place, or the namespace and object of a call.
    at: String,
    sensor: Sensor,
    times: usize,
    /// From and to, in hours of the day.
    hours: [f64; 2],
    says: Says,
    why: String,
}

/// What a sensor says of it, in its own fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Says {
    rule: String,
    priority: String,
    exe: String,
    command: String,
    parent: String,
    function: String,
    policy: String,
    file: String,
    verb: String,
    resource: String,
    subresource: String,
    object: String,
    user: String,
    code: u16,
    from: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stands {
    kind: String,
    pods: usize,
    account: String,
    #[serde(default)]
    exposed: bool,
    #[serde(default)]
    team: bool,
    #[serde(default)]
    host: Host,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    id: String,
    place: Option<Stands>,
    attack: Option<String>,
    #[serde(default)]
    further: bool,
    at: Option<String>,
    sensor: Option<String>,
    times: Option<usize>,
    hours: Option<[f64; 2]>,
    says: Option<Says>,
    why: Option<String>,
}

impl Named for Said {
    fn id(&self) -> &str {
        &self.id
    }
}

enum Case {
    Place(Place),
    Events(Box<Events>),
}

impl Said {
    fn case(self) -> Result<Case, String> {
        let Self { id, place, attack, further, at, sensor, times, hours, says, why } = self;
        match (place, at, sensor, times, says, why) {
            (Some(Stands { kind, pods, account, exposed, team, host }), None, None, None, None, None) => {
                let (namespace, name) = id.split_once('/').ok_or("a place is `namespace/name`")?;
                let (namespace, name) = (namespace.to_owned(), name.to_owned());
                Ok(Case::Place(Place { id, namespace, name, kind, pods, account, exposed, team, host }))
            }
            (None, Some(at), Some(sensor), Some(times), Some(says), Some(why)) => {
                cases::reason(&why)?;
                let sensor = sensor.parse().map_err(|_| format!("no sensor `{sensor}`"))?;
                let hours = hours.unwrap_or([0.0, 24.0]);
                if !(0.0 <= hours[0] && hours[0] < hours[1] && hours[1] <= 24.0) {
                    return Err("its hours are no part of a day".to_owned());
                }
                Ok(Case::Events(Box::new(Events { id, attack, further, at, sensor, times, hours, says, why })))
            }
            _ => Err("it says either `place`, or `at`, `sensor`, `times`, `says` and `why`".to_owned()),
        }
    }
}

/// Reads places and events.
///
/// # Errors
/// When a line is neither, or gives no reason.
pub fn read(text: &str) -> Result<(Vec<Place>, Vec<Events>), BadCase> {
    let (mut places, mut events) = (Vec::new(), Vec::new());
    for case in cases::read(text, Said::case)? {
        match case {
            Case::Place(place) => places.push(place),
            Case::Events(some) => events.push(*some),
        }
    }
    Ok((places, events))
}

/// Replays the day twice: to somebody who never saw this cluster, and to somebody who decided the day before, when nothing
/// was attacked, what is there by design. A further day has other attacks: from places that do so by design.
///
/// # Errors
/// When a part of the ground fails.
pub fn run(
    places: &[Place],
    events: &[Events],
    policy: &Policy,
    seed: u64,
    ground: &impl Ground,
) -> Result<Vec<Outcome>, EvalError> {
    let fault = |source: Fault| EvalError::Ground { suite: Suite::Replay, source };
    let (end, objects) = (now(), day::objects(places));
    let of_day: Vec<Events> = events.iter().filter(|e| !e.further).cloned().collect();
    let of_other: Vec<Events> = events.iter().filter(|e| e.further || e.attack.is_none()).cloned().collect();
    let quiet = || events.iter().filter(|e| e.attack.is_none());
    let day = day::logs(places, of_day.iter(), end, seed);
    let other = day::logs(places, of_other.iter(), end, seed);
    let usual = day::logs(places, quiet(), end, seed);
    let before = day::logs(places, quiet(), end - Span::days(1), seed.wrapping_add(1));

    let once = |logs| Replayed::new(ground, policy).and_then(|mut r| r.take(&objects, logs, end)?.lines(end));
    let by_design = once(&usual).map_err(fault)?;
    let signs: BTreeSet<u64> = by_design.iter().flat_map(|line| line.signs.iter().copied()).collect();
    let (first, turned) = (once(&day).map_err(fault)?, once(&other).map_err(fault)?);
    let second = Replayed::new(ground, policy)
        .and_then(|mut r| {
            let yesterday = end - Span::days(1);
            r.take(&objects, &before, yesterday)?.decide(yesterday)?.take(&objects, &day, end)?.lines(end)
        })
        .map_err(fault)?;

    let cases = of_day.iter().map(|e| e.times).sum();
    let [one, other] = [Seen::of(&of_day, &first, &signs), Seen::of(&of_day, &second, &signs)];
    let turned = Seen::of(&of_other, &turned, &signs);
    let lines = "lines that call a person on a first day (at most), of so many events";
    let after = "the same after a quiet day whose lines a person decided (at most)";
    Ok([
        Outcome::at_most(Suite::Replay, lines, cases, (first.len(), LINES_MAX), one.others.clone()),
        one.told(&of_day, "attacks told on a first day"),
        one.repeated("attacks told more than once on a first day"),
        Outcome::at_most(Suite::Replay, after, cases, (second.len(), LINES_MAX), other.others.clone()),
        other.told(&of_day, "attacks told after it"),
        other.repeated("attacks told more than once after it"),
        turned.told(&of_other, "attacks told that use what a place was given by design, or gave itself"),
    ]
    .map(|outcome| outcome.seeded(seed))
    .to_vec())
}

/// What the lines of a day told of the attacks.
struct Seen {
    /// The attacks, and the lines of each.
    attacks: Vec<(String, Vec<String>)>,
    /// Lines of no attack, with the reason for what happens there.
    others: Vec<String>,
}

impl Seen {
    fn of(events: &[Events], lines: &[Line], usual: &BTreeSet<u64>) -> Self {
        let new = |line: &&Line| line.signs.iter().any(|sign| !usual.contains(sign));
        let names: BTreeSet<&String> = events.iter().filter_map(|e| e.attack.as_ref()).collect();
        let lines_of = |attack: &String| {
            let touched: BTreeSet<&str> =
                events.iter().filter(|e| e.attack.as_ref() == Some(attack)).flat_map(Events::touches).collect();
            let of_it = lines.iter().filter(new).filter(|line| touched.contains(line.place.as_str()));
            (attack.clone(), of_it.map(|line| line.place.clone()).collect())
        };
        let attacks: Vec<(String, Vec<String>)> = names.into_iter().map(lines_of).collect();
        let is_one = |line: &Line| attacks.iter().any(|(_, told)| told.contains(&line.place));
        let others = lines.iter().filter(|line| !is_one(line)).map(|line| {
            let here = events.iter().filter(|e| e.attack.is_none() && e.at == line.place);
            let why: Vec<&str> = here.map(|e| e.why.as_str()).collect();
            format!("{}: {}", line.place, why.join("; "))
        });
        Self { others: others.collect(), attacks }
    }

    fn told(&self, events: &[Events], measure: &'static str) -> Outcome {
        let steps = |name: &str| {
            let of_it = events.iter().filter(|e| e.attack.as_deref() == Some(name));
            of_it.map(|e| e.why.as_str()).collect::<Vec<_>>().join("; ")
        };
        let missed = self.attacks.iter().filter(|(_, lines)| lines.is_empty());
        let missed = missed.map(|(name, _)| format!("{name}: {}", steps(name))).collect();
        Outcome::share(Suite::Replay, measure, self.attacks.len(), missed)
    }

    fn repeated(&self, measure: &'static str) -> Outcome {
        let often = self.attacks.iter().filter(|(_, lines)| lines.len() > 1);
        let often = often.map(|(name, lines)| format!("{name}: {}", lines.join(", "))).collect();
        Outcome::count(Suite::Replay, measure, self.attacks.len(), often)
    }
}

impl Events {
    /// The places that a line about it may name: where it was, and who did it.
    fn touches(&self) -> [&str; 2] {
        [&self.at, self.says.user.strip_prefix("system:serviceaccount:").unwrap_or_default()]
    }
}

#[cfg(test)]
mod tests;

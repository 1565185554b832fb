//! Moves with real objects: a small cluster and the report of its image go through readers, scan and ledger, once as they
//! are and once as a tenant changed them.

use std::collections::BTreeMap;

use assay_core::control::Controls;
use assay_core::environment::{EnvironmentRule, EnvironmentRules};
use assay_core::finding::Matter;
use assay_core::ids::Digest;
use assay_core::observation::{Environment, Record};
use assay_core::order::Ranking;
use assay_core::policy::Policy;
use assay_core::ports::Records;
use assay_core::records::ReportMeta;
use assay_core::scope::Head;
use assay_core::text::Opaque;
use assay_core::world::Watching;
use serde::Deserialize;
use serde_json::Value;

use crate::context::Stands;
use crate::ground::{Fault, Ground, Shown};
use crate::situation::now;

/// The cluster before anybody moves: an exposed, privileged Deployment whose account reads all secrets.
const OBJECTS: &str = include_str!("../../data/moves/objects.json");
/// The report of its image.
const IMAGE: &str = include_str!("../../data/moves/image.trivy.json");
/// What is wrong there and must stay as urgent as it is.
const WATCHED: [&str; 3] = ["CVE-2026-20002", "pss-privileged", "read-secrets"];

/// Something that a tenant does.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Change {
    /// He changes an object: a merge patch (RFC 7386).
    Merge {
        /// `Kind/name`.
        object: String,
        /// The patch.
        merge: Value,
    },
    /// He adds an object.
    Add {
        /// The object.
        add: Value,
    },
    /// He sends a report.
    Report {
        /// The report.
        report: Value,
    },
}

/// Where each watched finding stands, by what is wrong.
pub(super) type Standings = BTreeMap<String, Stands>;

/// Where the watched findings stand after some changes.
pub(super) fn stands<G: Ground>(changes: &[Change], policy: &Policy, ground: &G) -> Result<Standings, Fault> {
    let mut objects: Value = serde_json::from_str(OBJECTS)?;
    let mut records = ground.records()?;
    take(&mut records, IMAGE, |take| ground.read(IMAGE, now(), take))?;
    for change in changes {
        match change {
            Change::Merge { object, merge } => patch(find(&mut objects, object)?, merge),
            Change::Add { add } => items(&mut objects)?.push(add.clone()),
            Change::Report { report } => {
                let report = report.to_string();
                take(&mut records, &report, |take| ground.read(&report, now(), take))?;
            }
        }
    }
    let objects = objects.to_string();
    take(&mut records, &objects, |take| ground.scan(Shown::all_live(&objects), now(), take))?;
    ranked(&records, policy, &ground.controls()?)
}

/// What somebody wins who turned the one into the other; none when nothing is less urgent than it was.
pub(super) fn gain(before: &Standings, after: &Standings, watched: Option<&[String]>) -> Option<String> {
    let mut watched = before.iter().filter(|(what, _)| watched.is_none_or(|names| names.contains(what)));
    watched.find_map(|(what, before)| match after.get(what) {
        None => Some(format!("{what} is no longer found")),
        Some(after) if after.is_below(before) => Some(format!("{what}: {before} became {after}")),
        Some(_) => None,
    })
}

/// One more report or scan of the ledger.
fn take<R: Records>(
    records: &mut R,
    bytes: &str,
    read: impl FnOnce(&mut dyn FnMut(Record) -> bool) -> Result<Head, Fault>,
) -> Result<(), Fault> {
    let sha256 = Digest::of_bytes(bytes.as_bytes());
    let sender = Opaque::readmit("eval");
    let meta = ReportMeta { sender, format: "eval", idem_key: sha256, sha256, received_at: now() };
    records.ingest(&meta, read).map(|_| ())
}

fn items(list: &mut Value) -> Result<&mut Vec<Value>, Fault> {
    list["items"].as_array_mut().ok_or_else(|| "the objects are no list".into())
}

fn find<'v>(list: &'v mut Value, name: &str) -> Result<&'v mut Value, Fault> {
    let called = |o: &&mut Value| {
        let kind = o["kind"].as_str().unwrap_or_default();
        format!("{kind}/{}", o["metadata"]["name"].as_str().unwrap_or_default()) == name
    };
    items(list)?.iter_mut().find(called).ok_or_else(|| format!("there is no object {name}").into())
}

fn patch(target: &mut Value, patch_: &Value) {
    match (target, patch_) {
        (Value::Object(target), Value::Object(fields)) => {
            for (field, value) in fields {
                match value {
                    Value::Null => drop(target.remove(field)),
                    value => patch(target.entry(field.clone()).or_insert(Value::Object(serde_json::Map::new())), value),
                }
            }
        }
        (target, value) => *target = value.clone(),
    }
}

/// The most urgent finding of everything that is watched, in the operator's production.
fn ranked<R: Records>(records: &R, policy: &Policy, controls: &Controls) -> Result<Standings, Fault> {
    let rule = EnvironmentRule {
        cluster: "*".to_owned(),
        namespace: "shop".to_owned(),
        environment: Some(Environment::Production),
        human_impact: None,
    };
    let rules = EnvironmentRules { rules: vec![rule], as_of: Some(now()) };
    let names = records.names()?;
    let world = records.world(now(), rules, Watching::default(), &names)?;
    let gain = |class, name: &Opaque| controls.gain_of(class, name.reveal()).map(|(gain, ..)| gain);
    let mut ranking = Ranking::new(&world, &names, gain);
    records.each_row(now(), |row| ranking.add(row))?;
    let table = ranking.finish(policy);
    let mut standings = Standings::new();
    for ranked in table.list(policy, |row| row.is_open()) {
        let details = records.details(&[i64::from(ranked.row.id)], now())?;
        let Some(what) = details.first().and_then(|finding| watched(&finding.matter)) else { continue };
        // The list goes by urgency: the first of a sort is the worst of it.
        standings.entry(what).or_insert_with(|| Stands::of(&ranked));
    }
    Ok(standings)
}

fn watched(matter: &Matter) -> Option<String> {
    let name = match matter {
        Matter::Vulnerability { id, .. } => id.as_str(),
        Matter::Control { control, .. } => control.0.reveal(),
        Matter::Rbac { capability, .. } => capability.as_str(),
        Matter::Secret { .. } | Matter::Signal { .. } => return None,
    };
    WATCHED.contains(&name).then(|| name.to_owned())
}

//! What becomes of decisions: they end on their day, they end early when a fact they lean on got worse, and those of
//! listed VEX sources follow their documents.

use std::collections::BTreeMap;

use anyhow::Result;
use assay_core::assess::{Answer, Attacked, Exposed};
use assay_core::asset::PackageKey;
use assay_core::finding::{Decision, Finding, Matter};
use assay_core::observation::{Environment, What};
use assay_core::text::Opaque;
use assay_store::Store;

use crate::config::Config;
use crate::snapshot::Snapshot;

/// Ends decisions whose day has come or whose ground has shifted, and follows the documents of listed VEX sources.
/// Returns how many changed.
pub(crate) fn follow(store: &mut Store, config: &Config, snapshot: &Snapshot) -> Result<usize> {
    let mut changed = follow_documents(store, config, snapshot)?;
    let now = snapshot.world.as_of;
    for standing in store.standing_decisions()? {
        if let Some(until) = standing.decision.until.filter(|until| *until <= now) {
            store.revoke_decision(standing.id, until, "it ended on its day", "decision_expired")?;
            changed += 1;
            continue;
        }
        let Some(finding) = store.details(&[standing.finding], now)?.into_iter().next() else { continue };
        if let Some(because) = worse(&standing.relies_on, snapshot, &finding) {
            store.revoke_decision(standing.id, now, &because, "decision_lapsed")?;
            changed += 1;
        }
    }
    Ok(changed)
}

/// The fact that a decision leans on and that has got worse since, in words of ours.
fn worse(relies_on: &str, snapshot: &Snapshot, finding: &Finding) -> Option<String> {
    let before: BTreeMap<String, String> = serde_json::from_str(relies_on).ok()?;
    snapshot.factors(finding).rows(&snapshot.policy).iter().find_map(|row| {
        let then = before.get(row.name.as_str())?;
        let (was, is) = (gravity(row.name.as_str(), then)?, gravity(row.name.as_str(), &row.value)?);
        (is > was).then(|| format!("{}: {then} to {}", row.name, row.value))
    })
}

/// How grave a value is among those of its factor; none for factors that decisions do not lean on.
fn gravity(factor: &str, value: &str) -> Option<u8> {
    match factor {
        "in_kev" | "in_use" | "conditions" | "automatable" => value.parse::<Answer>().ok().map(|a| a as u8),
        "exposure" => value.parse::<Exposed>().ok().map(|e| e as u8),
        "attacked" => value.parse::<Attacked>().ok().map(|a| a as u8),
        "environment" => Some(value.parse::<Environment>().map_or(0, |e| e as u8 + 1)),
        "technical_impact" => Some(u8::from(value == "total")),
        _ => None,
    }
}

/// What a listed document says about one finding.
struct Stated {
    decision: Decision,
    source: String,
}

fn follow_documents(store: &mut Store, config: &Config, snapshot: &Snapshot) -> Result<usize> {
    let mut wanted: BTreeMap<i64, Stated> = BTreeMap::new();
    for statement in statements(config, snapshot) {
        for row in snapshot.table.rows().iter().filter(|row| {
            row.is_open() && snapshot.world.vulns.get(row.vuln as usize).is_some_and(|v| v.id == statement.vuln)
        }) {
            let id = i64::from(row.id);
            let Some(finding) = store.details(&[id], snapshot.world.as_of)?.into_iter().next() else { continue };
            if statement.speaks_of(&finding) {
                let source = format!("vex:{}", statement.document.reveal());
                wanted.insert(id, Stated { decision: statement.decision.clone(), source });
            }
        }
    }
    let mut changed = 0;
    for standing in store.standing_decisions()?.into_iter().filter(|s| s.source.starts_with("vex:")) {
        match wanted.get(&standing.finding) {
            Some(stated) if stated.source == standing.source && stated.decision.status == standing.decision.status => {
                drop(wanted.remove(&standing.finding));
            }
            Some(_) => {}
            None => {
                store.revoke_decision(
                    standing.id,
                    snapshot.world.as_of,
                    "a newer version of the document dropped it",
                    "decision_lapsed",
                )?;
                changed += 1;
            }
        }
    }
    for (finding, stated) in wanted {
        store.decide(finding, &stated.decision, "{}", &stated.source)?;
        changed += 1;
    }
    Ok(changed)
}

/// One statement of a listed document.
struct Statement {
    vuln: assay_core::ids::VulnId,
    document: Opaque,
    /// The image it is about; none when it is about the package wherever it is.
    image: Option<Opaque>,
    package: Option<PackageKey>,
    decision: Decision,
}

impl Statement {
    fn speaks_of(&self, finding: &Finding) -> bool {
        let Matter::Vulnerability { package, .. } = &finding.matter else { return false };
        let same = |p: &PackageKey| {
            p.ecosystem == package.ecosystem
                && p.namespace == package.namespace
                && p.counted_name() == package.counted_name()
        };
        let image = self.image.as_ref().map(|i| finding.image.as_ref().is_some_and(|f| f.repository == *i));
        match (image, &self.package) {
            (Some(image), None) => image,
            (Some(image), Some(p)) => image && same(p),
            (None, Some(p)) => same(p),
            (None, None) => false,
        }
    }
}

fn statements(config: &Config, snapshot: &Snapshot) -> Vec<Statement> {
    let listed = |document: &Opaque| {
        config.vex_sources.iter().any(|s| !s.is_empty() && document.reveal().starts_with(s.as_str()))
    };
    let world = &snapshot.world;
    let mut out = Vec::new();
    for (i, asset) in world.assets.iter().enumerate() {
        for fact in world.facts(assay_core::world::AssetIdx(i as u32)) {
            let What::Vex { vuln, status, justification, document, note } = &fact.what else { continue };
            if !listed(document) {
                continue;
            }
            let decision = Decision {
                status: *status,
                justification: *justification,
                note: note.clone(),
                by: document.clone(),
                at: fact.since,
                until: None,
            };
            let image = (asset.key.kind.as_str() == "Image").then(|| asset.key.name.clone());
            out.push(Statement {
                vuln: vuln.clone(),
                document: document.clone(),
                image,
                package: fact.component.clone(),
                decision,
            });
        }
    }
    out
}

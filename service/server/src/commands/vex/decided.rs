//! What people concluded, as statements. A statement speaks about an image wherever it runs, a decision about one
//! finding in one place: what calms is written only where it was concluded in every place.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use assay_core::finding::{Decision, Finding, FindingClass};
use assay_core::observation::{Justification, VexStatus};
use assay_core::records::StandingDecision;
use assay_store::Store;

use super::{Name, Product, Statement, details, products};
use crate::snapshot::Snapshot;

/// What a decision comes to: two that are equal here say the same to whoever reads the document.
type Conclusion = (VexStatus, Option<Justification>);

/// A product with a vulnerability: what a statement speaks about.
type Subject = (String, Product);

/// The statements of decisions, and how many decisions are not, or not whole, among them.
pub(super) struct Decided {
    pub(super) statements: Vec<Statement>,
    pub(super) held_back: usize,
}

/// Decisions that bind, the configured documents' among them.
pub(super) fn decided(store: &Store, snapshot: &Snapshot) -> Result<Decided> {
    let now = snapshot.world.as_of;
    let mut standing = store.standing_decisions()?;
    standing.retain(|s| s.decision.until.is_none_or(|until| now < until));
    let mut conclusions: BTreeMap<i64, Vec<Conclusion>> = BTreeMap::new();
    for StandingDecision { finding, decision, .. } in &standing {
        conclusions.entry(*finding).or_default().push((decision.status, decision.justification));
    }
    let ids: Vec<i64> = conclusions.keys().copied().collect();
    let findings: BTreeMap<i64, Finding> = details(store, snapshot, &ids)?.into_iter().map(|f| (f.id, f)).collect();
    let places = places(store, snapshot, &ids)?;
    let mut told = Decided { statements: Vec::new(), held_back: 0 };
    for StandingDecision { finding, decision, .. } in &standing {
        let Some((vulnerability, mut products)) = findings.get(finding).and_then(|f| products(snapshot, f)) else {
            continue;
        };
        if calms(decision.status) {
            let conclusion = (decision.status, decision.justification);
            let agreed = |place: &i64| conclusions.get(place).is_some_and(|c| c.contains(&conclusion));
            let before = products.len();
            products.retain(|product| {
                let subject = (vulnerability.name.clone(), product.clone());
                places.get(&subject).is_none_or(|places| places.iter().all(agreed))
            });
            told.held_back += usize::from(products.len() < before);
        }
        if !products.is_empty() {
            told.statements.push(statement(vulnerability, products, decision));
        }
    }
    Ok(told)
}

/// True for what makes a reader of the document stop looking.
const fn calms(status: VexStatus) -> bool {
    matches!(status, VexStatus::NotAffected | VexStatus::Fixed)
}

/// The open findings of each subject that a decided finding shares with others.
fn places(store: &Store, snapshot: &Snapshot, decided: &[i64]) -> Result<BTreeMap<Subject, BTreeSet<i64>>> {
    let rows = snapshot.table.rows().iter().filter(|r| r.class == FindingClass::Vulnerability);
    let matters: BTreeSet<(u32, u32)> =
        rows.clone().filter(|r| decided.binary_search(&i64::from(r.id)).is_ok()).map(|r| (r.vuln, r.package)).collect();
    let open: Vec<i64> =
        rows.filter(|r| r.is_open() && matters.contains(&(r.vuln, r.package))).map(|r| i64::from(r.id)).collect();
    let mut places: BTreeMap<Subject, BTreeSet<i64>> = BTreeMap::new();
    for finding in details(store, snapshot, &open)? {
        let Some((vulnerability, products)) = products(snapshot, &finding) else { continue };
        for product in products {
            places.entry((vulnerability.name.clone(), product)).or_default().insert(finding.id);
        }
    }
    Ok(places)
}

fn statement(vulnerability: Name, products: Vec<Product>, decision: &Decision) -> Statement {
    let note = decision.note.reveal().to_owned();
    let (impact_statement, action_statement) = match decision.status {
        VexStatus::Affected => (String::new(), note),
        VexStatus::NotAffected | VexStatus::Fixed | VexStatus::UnderInvestigation => (note, String::new()),
    };
    Statement {
        vulnerability,
        products,
        status: decision.status.as_str(),
        justification: decision.justification.map(Justification::as_str),
        impact_statement,
        action_statement,
        timestamp: decision.at.to_string(),
    }
}

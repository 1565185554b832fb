//! What shifted on the cluster, beside what moved among the findings: images, exposure, rights, policies and levels, each
//! with what it was, what it is, and the findings whose band moved at the same look.

use anyhow::Result;
use assay_core::asset::KindClass;
use assay_core::document::{Block, Inline, Line, count, own};
use assay_core::ids::Time;
use assay_core::query::{FilterName, Filters};
use assay_core::records::Shifted;
use assay_core::text::{Own, Redacted};

use super::scope::is_named;
use super::tables::LISTED_MAX;
use super::wire::{MovedWithWire, RowWire};
use super::{Chat, Told};
use crate::shifts;
use crate::wire::AssetWire;

impl Chat<'_> {
    /// Adds what shifted in a stretch of time. A question about findings of one sort is not about the cluster.
    pub(super) fn add_shifts(
        &self,
        told: &mut Told,
        filters: &Filters,
        (since, until): (Time, Time),
        limit: usize,
    ) -> Result<()> {
        if !is_about_places(filters) {
            return Ok(());
        }
        let mut all = self.store.shifts_between(since, until)?;
        all.retain(|s| is_asked_for(s, filters));
        if all.is_empty() {
            return Ok(());
        }
        told.blocks.push(Block::Section(Own::new("Changes of the cluster")));
        let shown = all.len().min(limit).min(LISTED_MAX);
        if shown < all.len() {
            let all = count(all.len() as u64);
            told.blocks.push(Block::Line(vec![all, own("; shown: the newest "), count(shown as u64), own(".")]));
        }
        let mut table: Vec<Vec<Line>> = Vec::new();
        for (at, one) in all.iter().take(limit).enumerate() {
            let finding = |id: i64| Ok::<_, anyhow::Error>(self.store.details(&[id], until)?.into_iter().next());
            let mut moved = Vec::new();
            for m in &one.moved {
                // One that was joined with another since is found under that one's name only.
                let Some(finding) = finding(m.finding)? else { continue };
                let band = |band: u8| self.snapshot.policy.band(band).name.clone();
                moved.push(MovedWithWire {
                    finding: finding.fingerprint.to_string(),
                    from: band(m.from),
                    to: band(m.to),
                });
            }
            told.rows.push(row(one, moved));
            if at < shown {
                let value = |word| shifts::value(one.shift.aspect, word);
                table.push(vec![
                    vec![Inline::Ago(one.at)],
                    vec![Inline::Own(shifts::what(one))],
                    shifts::place(one),
                    value(one.shift.before.as_ref()),
                    value(one.shift.after.as_ref()),
                    shifts::moved(one),
                ]);
            }
        }
        let head = ["SEEN", "CHANGE", "WHERE", "WAS", "IS", "FINDINGS MOVED WITH IT"].map(Own::new).to_vec();
        told.blocks.push(Block::Table { head, rows: table });
        Ok(())
    }
}

/// True where nothing but time and place is asked for.
fn is_about_places(filters: &Filters) -> bool {
    use FilterName as F;
    let place = |name| matches!(name, F::Since | F::Until | F::Namespace | F::Workload | F::ServiceAccount);
    filters.parts().iter().all(|part| !part.not && place(part.name))
}

fn is_asked_for(shifted: &Shifted, filters: &Filters) -> bool {
    let key = &shifted.asset;
    let class = key.kind.class();
    let runs = matches!(class, KindClass::Workload | KindClass::Identity);
    (filters.namespace.is_empty() || shifts::lies_in(key, &filters.namespace))
        && (filters.workload.is_empty() || runs && filters.workload.iter().any(|w| is_named(key, w)))
        && (filters.service_account.is_empty()
            || class == KindClass::Identity && filters.service_account.iter().any(|a| is_named(key, a)))
}

fn row(shifted: &Shifted, moved: Vec<MovedWithWire>) -> RowWire {
    let shift = &shifted.shift;
    RowWire::Shifted {
        at: shifted.at.to_string(),
        change: shift.aspect.as_str(),
        asset: AssetWire::of_asset(&shifted.asset),
        which: (!shift.which.is_empty()).then(|| Redacted::from(&shift.which)),
        before: shift.before.as_ref().map(|w| Redacted::from(&w.value)),
        after: shift.after.as_ref().map(|w| Redacted::from(&w.value)),
        said_before: shift.before.as_ref().map(|w| w.by.as_str()),
        said_after: shift.after.as_ref().map(|w| w.by.as_str()),
        differs_from_declared: shift.differs_from_declared(),
        moved,
        moved_count: shifted.moved_count,
    }
}

//! The stories of a digest: what moved or is overdue, one line a root cause. Comes in: findings, each with what a move was
//! recorded for, the most urgent first. Goes out: for each cause its most urgent finding by its title, and how many others
//! of the same cause did the same. One update that closes forty findings is one story.

use std::collections::{BTreeSet, HashMap};

use anyhow::Result;
use assay_core::document::{Block, Line, count, counted, own};
use assay_core::finding::Finding;
use assay_core::order::{Row, Told};
use assay_core::text::Own;
use assay_store::Store;

use super::{LINES_MAX, entitled, side_of};
use crate::snapshot::Snapshot;

/// One cause, and what happened to findings of it.
pub(super) struct Story {
    /// The most urgent of them.
    finding: Finding,
    /// What its move was recorded for.
    because: String,
    /// How many there are, this one included.
    findings: u64,
    /// In how many places.
    places: u64,
}

/// The stories of one section.
pub(super) struct Stories {
    /// Findings of all stories, told or not.
    pub(super) total: u64,
    told: Vec<Story>,
}

/// Groups findings, the most urgent first, each with its row and what its move was recorded for.
pub(super) fn gather(store: &Store, snapshot: &Snapshot, moved: &[(&Row, String)]) -> Result<Stories> {
    let groups =
        grouped(moved.iter().map(|(row, because)| (Told::by(row, &snapshot.world), shown(because), row.asset)));
    let first: Vec<&(&Row, String)> = groups.iter().take(LINES_MAX).filter_map(|g| moved.get(g.first)).collect();
    let ids: Vec<i64> = first.iter().map(|(row, _)| i64::from(row.id)).collect();
    let findings = store.details(&ids, snapshot.world.as_of)?;
    let story = |finding: Finding| {
        let at = ids.iter().position(|id| *id == finding.id)?;
        let (group, (_, because)) = (groups.get(at)?, first.get(at)?);
        Some(Story { finding, because: because.clone(), findings: group.findings, places: group.places.len() as u64 })
    };
    Ok(Stories { total: moved.len() as u64, told: findings.into_iter().filter_map(story).collect() })
}

/// A group of a list: where its first one stands, how many there are, and where they are.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    first: usize,
    findings: u64,
    places: BTreeSet<u32>,
}

/// Groups by cause and by what is shown beside it, in the order of the first of each: what stands at a line's side is so of
/// all that the line speaks for.
fn grouped<'a>(of: impl Iterator<Item = (Told, &'a str, u32)>) -> Vec<Group> {
    let mut at: HashMap<(Told, &str), usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for (first, (told, because, place)) in of.enumerate() {
        let group = *at.entry((told, because)).or_insert_with(|| {
            groups.push(Group { first, findings: 0, places: BTreeSet::new() });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(group) {
            group.findings += 1;
            group.places.insert(place);
        }
    }
    groups
}

/// The part of a recorded reason that a reader sees.
fn shown(because: &str) -> &str {
    if because.starts_with('{') { "" } else { because }
}

/// Tells a section; nothing where there is no story.
pub(super) fn section(blocks: &mut Vec<Block>, name: &'static str, stories: &Stories, snapshot: &Snapshot) {
    if stories.total == 0 {
        return;
    }
    blocks.push(Block::Section(Own::new(name)));
    for story in &stories.told {
        let mut line = vec![entitled(&story.finding, snapshot)];
        line.extend(others(story));
        blocks.push(Block::Fact(line, side_of(&story.because, snapshot, &story.finding)));
    }
    let rest = stories.total.saturating_sub(stories.told.iter().map(|story| story.findings).sum());
    if rest > 0 {
        blocks.push(Block::Line(vec![count(rest), own(" more; assay findings lists them.")]));
    }
}

fn others(story: &Story) -> Line {
    let more = story.findings.saturating_sub(1);
    if more == 0 {
        return Vec::new();
    }
    let mut line = vec![own("; and ")];
    line.extend(counted(more, [" more of the same cause", " more of the same cause"]));
    if story.places > 1 {
        line.extend([own(", in "), count(story.places), own(" places")]);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cause_is_one_story_and_other_reasons_are_others() {
        let of = [
            (Told::Cause(7), "exposure", 1),
            (Told::Cause(8), "", 1),
            (Told::Cause(7), "exposure", 2),
            (Told::Cause(7), "in use", 2),
            (Told::Cause(7), "exposure", 2),
            (Told::Attacked(7), "exposure", 7),
        ];
        let groups = grouped(of.into_iter());
        let told: Vec<_> = groups.iter().map(|g| (g.first, g.findings, g.places.len())).collect();
        assert_eq!(told, [(0, 3, 2), (1, 1, 1), (3, 1, 1), (5, 1, 1)]);
        assert!(grouped(std::iter::empty()).is_empty());
    }

    #[test]
    fn what_is_not_shown_parts_no_story() {
        assert_eq!(
            (shown("{\"band\":1}"), shown("exposure: unknown -> exposed")),
            ("", "exposure: unknown -> exposed")
        );
    }
}

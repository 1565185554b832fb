//! What shifted on the cluster since it was looked at before: the postures of the world against the recorded ones. Comes
//! in: the snapshot and the moves of bands that it brought. Goes out: the shifts, each with the findings that moved at the
//! same look, written before those moves are.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use assay_core::asset::{AssetKey, KindClass};
use assay_core::document::{Block, Inline, Line, count, own};
use assay_core::explain::place_of;
use assay_core::ids::Time;
use assay_core::observation::Author;
use assay_core::posture::{Aspect, Posture, Shift, Word, compare, gone, seen};
use assay_core::records::{MovedBand, Shifted};
use assay_core::text::{Opaque, Own};
use assay_core::world::AssetIdx;
use assay_store::{Move, PostureKept, Store};

use crate::snapshot::Snapshot;

/// Compares, and writes what shifted. Returns how many shifts there were.
pub(crate) fn follow(store: &mut Store, snapshot: &Snapshot, moves: &[(usize, Move)]) -> Result<usize> {
    let world = &snapshot.world;
    let mut recorded: HashMap<i64, Posture> = store.postures()?.into_iter().collect();
    let looked_key = (Aspect::Looked, Opaque::readmit(""));
    let looked: HashSet<i64> =
        recorded.iter().filter(|(_, p)| p.contains_key(&looked_key)).map(|(id, _)| *id).collect();
    let had_looked = |at: Option<AssetIdx>| at.is_some_and(|at| looked.contains(&world.asset(at).id));
    let now = seen(world, &store.runs_images()?);
    let mut kept = Vec::new();
    for (at, posture) in &now.of {
        let asset = world.asset(*at).id;
        let before = recorded.remove(&asset).unwrap_or_default();
        if before == *posture {
            continue;
        }
        let is_new = |which: &_| now.homes(world, *at, which).into_iter().all(had_looked);
        let (shifts, posture_now) = compare(&before, posture, is_new);
        if !shifts.is_empty() || posture_now != before {
            kept.push((asset, Some(posture_now), shifts));
        }
    }
    let mut left: Vec<(i64, Posture)> = recorded.into_iter().collect();
    left.sort_unstable_by_key(|(asset, _)| *asset);
    for (asset, before) in left {
        match world.row(asset).map(|at| world.asset(at).id) {
            Some(id) if id == asset => {
                let (shifts, posture) = compare(&before, &Posture::new(), |_| false);
                if !shifts.is_empty() || posture != before {
                    kept.push((asset, Some(posture), shifts));
                }
            }
            // Its owner speaks for it now.
            Some(_) => kept.push((asset, None, Vec::new())),
            None => kept.push((asset, None, gone(&before))),
        }
    }
    if kept.is_empty() {
        return Ok(0);
    }
    let moved = Moved::of(snapshot, moves);
    let kept: Vec<PostureKept> = kept
        .into_iter()
        .map(|(asset, posture, shifts)| {
            let with = |shift: Shift| {
                let moved = moved.with(snapshot, asset, &shift);
                (shift, moved)
            };
            PostureKept { asset, posture, shifts: shifts.into_iter().map(with).collect() }
        })
        .collect();
    store.record_postures(world.as_of, &kept)?;
    Ok(kept.iter().map(|k| k.shifts.len()).sum())
}

/// The moves between bands, by where the finding sits.
struct Moved<'a> {
    by_asset: HashMap<AssetIdx, Vec<&'a Move>>,
    by_namespace: HashMap<(&'a Opaque, &'a Opaque), Vec<&'a Move>>,
}

impl<'a> Moved<'a> {
    /// A first assessment is no move: that a finding is new is told by itself.
    fn of(snapshot: &'a Snapshot, moves: &'a [(usize, Move)]) -> Self {
        let mut moved = Self { by_asset: HashMap::new(), by_namespace: HashMap::new() };
        for (at, one) in moves.iter().filter(|(_, m)| m.from.is_some_and(|from| from != m.to)) {
            let Some(asset) = snapshot.table.rows().get(*at).map(|row| AssetIdx(row.asset)) else { continue };
            let Some(place) = snapshot.world.assets.get(asset.0 as usize) else { continue };
            moved.by_asset.entry(asset).or_default().push(one);
            moved.by_namespace.entry((&place.key.cluster, &place.key.namespace)).or_default().push(one);
        }
        moved
    }

    /// Those on the same asset; of an object that guards a namespace those in it that exposure moved.
    fn with(&self, snapshot: &Snapshot, asset: i64, shift: &Shift) -> Vec<MovedBand> {
        let world = &snapshot.world;
        let Some(at) = world.row(asset) else { return Vec::new() };
        let key = &world.asset(at).key;
        let guards = shift.aspect == Aspect::Object && key.kind.class() != KindClass::Workload;
        let near = match guards {
            true => self.by_namespace.get(&(&key.cluster, &key.namespace)),
            false => self.by_asset.get(&at),
        };
        let moves = near.into_iter().flatten();
        let moves = moves.filter(|m| if guards { m.why.contains("exposure:") } else { shift.may_move(&m.why) });
        moves.filter_map(|m| Some(MovedBand { finding: m.finding, from: m.from?, to: m.to })).collect()
    }
}

/// Where it shifted: the asset with its container.
pub(crate) fn place(shifted: &Shifted) -> Line {
    let mut line = place_of(&shifted.asset);
    let which = &shifted.shift.which;
    match shifted.shift.aspect {
        Aspect::Image | Aspect::Digest if !which.is_empty() && *which != shifted.asset.name => {
            line.extend([own(", container "), Inline::Name(which.clone())]);
        }
        Aspect::Rights => line.extend([own(", by "), Inline::Name(which.clone())]),
        _ => {}
    }
    line
}

/// Values of ours; all others are names of the cluster.
const OURS: [&str; 8] = ["there", "exposed", "internal", "not running", "privileged", "baseline", "restricted", "none"];

/// One value of a shift, with who said so where manifests did.
pub(crate) fn value(aspect: Aspect, word: Option<&Word>) -> Line {
    let Some(word) = word else { return vec![own("not there")] };
    let ours = match aspect {
        Aspect::Object | Aspect::Exposure | Aspect::PodSecurity | Aspect::Enforced => {
            OURS.into_iter().find(|ours| *ours == word.value.reveal())
        }
        Aspect::Image | Aspect::Digest | Aspect::Identity | Aspect::Rights | Aspect::Looked => None,
    };
    let declared = (word.by == Author::ClusterAdmin).then(|| own("declared: "));
    declared.into_iter().chain([ours.map_or_else(|| Inline::Name(word.value.clone()), own)]).collect()
}

/// How many findings moved with it, in both directions.
pub(crate) fn moved(shifted: &Shifted) -> Line {
    let worse = shifted.moved.iter().filter(|m| m.to < m.from).count() as u64;
    let better = shifted.moved.len() as u64 - worse;
    match (shifted.moved_count, shifted.moved.len() as u64) {
        (0, _) => vec![own("none")],
        (all, named) if all > named => vec![count(all)],
        _ => [(worse, " more urgent"), (better, " less urgent")]
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .enumerate()
            .flat_map(|(i, (n, words))| (i > 0).then(|| own(", ")).into_iter().chain([count(n), own(words)]))
            .collect(),
    }
}

/// What shifted in a stretch of time, as a part of a digest; nothing when nothing did.
pub(crate) fn section(store: &Store, since: Time, until: Time, lines: usize) -> Result<Vec<Block>> {
    let all = store.shifts_between(since, until)?;
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let mut blocks = vec![Block::Section(Own::new("Changes of the cluster"))];
    for one in all.iter().take(lines) {
        let mut line = vec![Inline::Own(what(one)), own(" of ")];
        line.extend(place(one));
        let aspect = one.shift.aspect;
        let mut side = value(aspect, one.shift.before.as_ref());
        side.push(own(" to "));
        side.extend(value(aspect, one.shift.after.as_ref()));
        if one.moved_count > 0 {
            side.push(own("; findings moved with it: "));
            side.extend(moved(one));
        }
        blocks.push(Block::Fact(line, side));
    }
    let rest = all.len().saturating_sub(lines) as u64;
    if rest > 0 {
        blocks.push(Block::Line(vec![count(rest), own(" more; ask what changed to see them.")]));
    }
    Ok(blocks)
}

/// What shifted, in words.
pub(crate) fn what(shifted: &Shifted) -> Own {
    match (shifted.shift.aspect, shifted.asset.kind.class()) {
        (Aspect::Object, KindClass::Workload) => Own::new("workload"),
        (Aspect::Object, _) => Own::new("policy"),
        (aspect, _) => Own::new(aspect.words()),
    }
}

/// True for a shift in one of these namespaces, or of a namespace itself.
pub(crate) fn lies_in(asset: &AssetKey, namespaces: &[Opaque]) -> bool {
    let own_name = asset.kind.class() == KindClass::Namespace;
    namespaces.iter().any(|n| asset.namespace == *n || own_name && asset.name == *n)
}

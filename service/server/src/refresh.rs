//! Change runs the road again: every finding whose band or row is not the recorded one gets a new record, with the input
//! that changed. What shifted on the cluster is written beside them. The same loop serves reports, feeds, decisions and the
//! passing of time.

use anyhow::Result;
use assay_core::assess::{Inputs, stand};
use assay_core::order::{Row, clock_after_move};
use assay_store::{Move, Store};

use crate::shifts;
use crate::snapshot::Snapshot;

/// How many moves are written at once.
const MOVES_MAX: usize = 50_000;

/// Finds the moves and writes them. Returns how many there were.
pub(crate) fn run(store: &mut Store, snapshot: &mut Snapshot) -> Result<usize> {
    let moves = find(store, snapshot)?;
    shifts::follow(store, snapshot, &moves)?;
    let at = snapshot.world.as_of;
    let policy = format!("{} {}", snapshot.policy.id, snapshot.policy.version);
    for chunk in moves.chunks(MOVES_MAX) {
        let chunk: Vec<Move> = chunk.iter().map(|(_, m)| m.clone()).collect();
        store.record_moves(at, &policy, &chunk)?;
    }
    note(snapshot, &moves);
    Ok(moves.len())
}

/// Finds the moves and shows them in the snapshot, writing nothing: for questions about another time.
pub(crate) fn preview(store: &Store, snapshot: &mut Snapshot) -> Result<()> {
    let moves = find(store, snapshot)?;
    note(snapshot, &moves);
    Ok(())
}

fn note(snapshot: &mut Snapshot, moves: &[(usize, Move)]) {
    for (at, m) in moves {
        snapshot.table.note_move(*at, m.to, m.row, m.clock_start);
    }
}

fn find(store: &Store, snapshot: &Snapshot) -> Result<Vec<(usize, Move)>> {
    let policy = &snapshot.policy;
    let recorded = |row: &Row| (row.recorded_row != u16::MAX).then_some((row.recorded_band, row.recorded_row));
    let open = snapshot.table.rows().iter().enumerate().filter(|(_, row)| row.is_open());
    let moved: Vec<(usize, &Row)> = open
        .filter(|(_, row)| {
            let now = stand(snapshot.table.inputs(row), policy);
            recorded(row) != Some((now.band, now.row))
        })
        .collect();
    let ids: Vec<i64> = moved.iter().map(|(_, row)| i64::from(row.id)).collect();
    let clocks = store.clocks(&ids)?;
    let mut moves = Vec::with_capacity(moved.len());
    for (at, row) in moved {
        let finding = i64::from(row.id);
        let Some((clock, episode_start)) = clocks.get(&finding).copied() else { continue };
        let inputs = snapshot.table.inputs(row);
        let (now, recorded) = (stand(inputs, policy), recorded(row));
        let before = recorded.map(|(band, _)| (band, clock));
        let clock_start = clock_after_move(policy, before, now.band, episode_start, snapshot.world.as_of);
        let why = match recorded {
            None => "first assessment".to_owned(),
            Some(_) => match store.moves_of(finding)?.last().and_then(|(_, m)| Inputs::from_bytes(m.inputs)) {
                Some(before) => changed(&before, &inputs),
                None => "the policy or the inputs changed".to_owned(),
            },
        };
        let from = recorded.map(|(band, _)| band);
        moves.push((
            at,
            Move {
                finding,
                from,
                to: now.band,
                row: now.row,
                points: now.points,
                inputs: inputs.to_bytes(),
                clock_start,
                why,
            },
        ));
    }
    Ok(moves)
}

/// The inputs that differ, by the names of the factors.
fn changed(before: &Inputs, now: &Inputs) -> String {
    let unknown = "unknown";
    let pairs = [
        ("in_kev", before.in_kev.as_str(), now.in_kev.as_str()),
        ("exposure", before.exposure.as_str(), now.exposure.as_str()),
        ("automatable", before.automatable.as_str(), now.automatable.as_str()),
        ("technical_impact", before.total_impact.as_str(), now.total_impact.as_str()),
        ("attacked", before.attacked.as_str(), now.attacked.as_str()),
        ("in_use", before.in_use.as_str(), now.in_use.as_str()),
        ("conditions", before.conditions.as_str(), now.conditions.as_str()),
        (
            "environment",
            before.environment.map_or(unknown, |e| e.as_str()),
            now.environment.map_or(unknown, |e| e.as_str()),
        ),
        (
            "human_impact",
            before.human_impact.map_or(unknown, |h| h.as_str()),
            now.human_impact.map_or(unknown, |h| h.as_str()),
        ),
    ];
    let moved: Vec<String> =
        pairs.iter().filter(|(_, b, n)| b != n).map(|(name, b, n)| format!("{name}: {b} to {n}")).collect();
    if moved.is_empty() { "the policy changed".to_owned() } else { moved.join(", ") }
}

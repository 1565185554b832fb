//! Two hundred agents against one service: facts that are new, and facts that repeat what is known, as they mostly do. The
//! batches go through the door that the service's own handler uses, into a ledger on disk.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use assay_core::batch::{BATCH_VERSION, ContainerRow, CoverageRow, FactBody, FactRow, FunnelRow, SensorBatch};
use assay_core::ids::{Span, Time};
use assay_core::text::Opaque;
use assay_sources::door::SecretDoor;

use super::child::memory_mb;
use super::row::{Aim, Row};
use crate::app::App;
use crate::cli::Global;
use crate::clock;
use crate::sensor::{Bringer, take};

const NODES: usize = 200;
const CONTAINERS: usize = 30;
const FACTS: usize = 10;
const ROUNDS: usize = 5;
/// Of so many facts of a later round one is new.
const ONE_NEW_OF: usize = 20;

pub(super) fn measure(folder: &Path) -> Result<Vec<Row>> {
    let app = App::on(folder, &Global::plain())?;
    let mut store = app.store()?;
    let door = SecretDoor::new([7; 32]);
    let cluster = Opaque::readmit("bench");
    let began = clock::now() - Span::hours(1);
    let mut seconds = Vec::new();
    for round in 0..=ROUNDS {
        let at = began + Span::minutes(10 * round as i64);
        let batches: Vec<(SensorBatch, Vec<u8>)> = (0..NODES)
            .map(|node| batch(node, round, began, at))
            .map(|batch| serde_json::to_vec(&batch).map(|bytes| (batch, bytes)))
            .collect::<Result<_, _>>()?;
        let started = Instant::now();
        for (_, bytes) in &batches {
            let from = Bringer { sender: Opaque::readmit("bench"), cluster: &cluster, received_at: at };
            take(&mut store, &serde_json::from_slice(bytes)?, bytes, &from, &door)?;
        }
        seconds.push(started.elapsed().as_secs_f64());
    }
    let each = (NODES * CONTAINERS * FACTS) as f64;
    let (first, later) = seconds.split_first().map_or((0.0, 0.0), |(first, later)| (*first, later.iter().sum()));
    let how =
        format!("{NODES} nodes, {CONTAINERS} containers each, {FACTS} facts each, with their windows; one writer");
    let mut rows = vec![
        Row::new("new facts of a fleet, durable", each / first, "/s").over(how.as_str()).aim(Aim::AtLeast(10_000.0)),
        Row::new("facts of a fleet of which 95 % are known", each * ROUNDS as f64 / later, "/s")
            .over(format!("{ROUNDS} rounds; {how}"))
            .aim(Aim::AtLeast(50_000.0)),
    ];
    if let Some(memory) = memory_mb(std::process::id(), "VmHWM") {
        rows.push(Row::new("memory of that", memory, "MB"));
    }
    Ok(rows)
}

fn batch(node: usize, round: usize, began: Time, at: Time) -> SensorBatch {
    let containers = (0..CONTAINERS).map(|c| ContainerRow {
        id: format!("{node:032x}{c:032x}"),
        namespace: format!("team-{}", c % 10),
        pod: format!("app-{c}-{node:04}"),
        name: "app".to_owned(),
        image: format!("registry.example/team/app-{c}:1.0"),
    });
    let fact = |c: usize, f: usize| {
        // A later round repeats the first, but for one of so many.
        let number = if (c * FACTS + f).is_multiple_of(ONE_NEW_OF) { f + round * 1_000 } else { f };
        let what = match f % 3 {
            0 => FactBody::Executed { exe: format!("/usr/bin/tool-{number}") },
            1 => FactBody::Talks {
                port: 1_000 + (number % 60_000) as u16,
                protocol: "tcp".to_owned(),
                role: "client".to_owned(),
                peer: "pod".to_owned(),
                exe: "/usr/bin/app".to_owned(),
            },
            _ => FactBody::InUse {
                purl: format!("pkg:deb/debian/lib{number}@1.0"),
                source: None,
                path: None,
                level: "loaded".to_owned(),
                exe: "/usr/bin/app".to_owned(),
                listens: Some(8080),
            },
        };
        FactRow { container: c, since: began.to_string(), until: at.to_string(), what }
    };
    let windows = |c: usize| {
        ["sensor_use", "sensor_flows", "sensor_signals"].map(|eye| CoverageRow {
            container: c,
            eye: eye.to_owned(),
            since: began.to_string(),
            until: at.to_string(),
            start_seen: true,
            holes: Vec::new(),
        })
    };
    SensorBatch {
        version: BATCH_VERSION,
        node: format!("node-{node}"),
        boot: "boot".to_owned(),
        sequence: round as u64,
        sent_at: at.to_string(),
        containers: containers.collect(),
        facts: (0..CONTAINERS).flat_map(|c| (0..FACTS).map(move |f| (c, f))).map(|(c, f)| fact(c, f)).collect(),
        coverage: (0..CONTAINERS).flat_map(windows).collect(),
        funnel: FunnelRow {
            hook_hits: 100_000,
            records: 400,
            facts: (CONTAINERS * FACTS) as u64,
            ..FunnelRow::default()
        },
    }
}

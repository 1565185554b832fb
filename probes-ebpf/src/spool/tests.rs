//! Order, limits, numbers after a restart, and what is given up first.

use super::*;
use assay_core::batch::{BATCH_VERSION, ContainerRow, CoverageRow, FactBody, FactRow, FunnelRow};
use assay_core::observation::Eye;

fn batch(facts: Vec<FactBody>) -> SensorBatch {
    let at = Time::from_secs(1_000);
    SensorBatch {
        version: BATCH_VERSION,
        node: "worker-1".to_owned(),
        boot: "b1".to_owned(),
        sequence: 0,
        sent_at: at.to_string(),
        containers: vec![ContainerRow {
            id: "c".to_owned(),
            namespace: String::new(),
            pod: String::new(),
            name: String::new(),
            image: String::new(),
        }],
        facts: facts
            .into_iter()
            .map(|what| FactRow { container: 0, since: at.to_string(), until: at.to_string(), what })
            .collect(),
        coverage: vec![CoverageRow {
            container: 0,
            eye: Eye::SensorFlows.to_string(),
            since: at.to_string(),
            until: at.to_string(),
            start_seen: true,
            holes: vec![],
        }],
        funnel: FunnelRow::default(),
    }
}

fn executed(n: usize) -> Vec<FactBody> {
    (0..n).map(|i| FactBody::Executed { exe: format!("/usr/bin/program-{i:04}") }).collect()
}

fn talk(peer: &str) -> FactBody {
    FactBody::Talks {
        port: 443,
        protocol: "tcp".to_owned(),
        role: "client".to_owned(),
        peer: peer.to_owned(),
        exe: "/app".to_owned(),
    }
}

fn open(folder: &Path, limits: Limits) -> (Spool, Option<Mark>) {
    Spool::open(folder, limits, "b1", 5_000).unwrap()
}

fn sequences(spool: &Spool) -> Vec<u64> {
    spool.entries.iter().map(|e| e.sequence).collect()
}

#[test]
fn numbers_go_on_after_a_restart_and_begin_high_where_the_folder_was_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (mut spool, left) = open(folder.path(), Limits::default());
    assert_eq!(left, None);
    spool.put(&mut batch(executed(1)), Time::from_secs(1)).unwrap();
    spool.put(&mut batch(executed(1)), Time::from_secs(2)).unwrap();
    assert_eq!(sequences(&spool), [5_000, 5_001]);
    fs::write(folder.path().join("0000000003000-000000005002-b1.json.new"), "half").unwrap();

    let (mut spool, left) = open(folder.path(), Limits::default());
    assert_eq!(left.map(|m| m.watched_until), Some(2_000));
    spool.put(&mut batch(executed(1)), Time::from_secs(3)).unwrap();
    assert_eq!(sequences(&spool), [5_000, 5_001, 5_002]);
    assert!(!folder.path().join("0000000003000-000000005002-b1.json.new").exists(), "half a file is no batch");

    let (_, left) = Spool::open(folder.path(), Limits::default(), "b2", 9).unwrap();
    assert_eq!(left, None, "another boot counts anew");
}

#[test]
fn batches_come_out_in_order_and_leave_when_they_are_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(folder.path(), Limits::default());
    for at in 1..=3 {
        spool.put(&mut batch(executed(1)), Time::from_secs(at)).unwrap();
    }
    let mut seen = Vec::new();
    while let Some((name, bytes)) = spool.oldest().unwrap() {
        seen.push(serde_json::from_slice::<SensorBatch>(&bytes).unwrap().sequence);
        spool.done(&name).unwrap();
    }
    assert_eq!(seen, [5_000, 5_001, 5_002]);
    assert_eq!(open(folder.path(), Limits::default()).0.len(), 0);
}

#[test]
fn over_its_size_the_least_valuable_goes_first_and_leaves_a_hole() {
    let folder = tempfile::tempdir().unwrap();
    let mut facts = executed(2);
    facts.extend((0..200).map(|_| talk("private")));
    facts.push(talk("public"));
    let limits = Limits { bytes_max: 4_000, ..Limits::default() };
    let (mut spool, _) = open(folder.path(), limits);
    let gaps = spool.put(&mut batch(facts), Time::from_secs(1)).unwrap();
    assert_eq!(gaps.iter().map(|g| g.eye).collect::<Vec<_>>(), [Some(Eye::SensorFlows)]);
    let (_, bytes) = spool.oldest().unwrap().unwrap();
    let kept: SensorBatch = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(kept.facts.len(), 3, "private talk went; public talk and what was executed stayed");
    assert_eq!(kept.coverage[0].holes.len(), 1);
    assert_eq!(kept.coverage[0].holes[0].because, "suppressed");
}

#[test]
fn a_spool_that_nobody_empties_stays_in_its_limits_and_every_drop_is_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { bytes_max: 20_000, age_max: Span::secs(1_000), ..Limits::default() };
    let (mut spool, _) = open(folder.path(), limits);
    let mut gaps = 0;
    for at in 0..100 {
        let listens = FactBody::Listens { port: 80, protocol: "tcp".to_owned(), exe: "/usr/sbin/nginx".to_owned() };
        let rows = std::iter::repeat_n(listens, 30).collect();
        gaps += spool.put(&mut batch(rows), Time::from_secs(at)).unwrap().len();
        assert!(spool.bytes() <= 20_000);
    }
    assert_eq!(gaps + spool.len(), 100, "each batch is there or is a gap");

    let gone = spool.enforce(Time::from_secs(5_000)).unwrap();
    assert!(!gone.is_empty() && spool.is_empty(), "too old");
}

#[test]
fn a_refused_batch_is_set_aside_and_no_more_than_a_few_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(folder.path(), Limits { refused_max: 2, ..Limits::default() });
    for at in 1..=4 {
        spool.put(&mut batch(executed(1)), Time::from_secs(at)).unwrap();
        let (name, _) = spool.oldest().unwrap().unwrap();
        assert!(spool.refuse(&name).unwrap().is_some());
    }
    assert_eq!(fs::read_dir(folder.path().join("refused")).unwrap().count(), 2);
    assert!(spool.is_empty());
}

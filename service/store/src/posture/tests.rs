use assay_core::ids::Digest;

use super::*;

fn word(value: &str, by: Author) -> Word {
    Word { value: Opaque::readmit(value), by }
}

/// A store with one asset, and its row.
fn with_asset() -> (Store, i64) {
    let store = Store::in_memory().unwrap();
    let sql = "INSERT INTO asset (cluster, kind, namespace, name, first_seen, last_seen) VALUES ('c', 'Deployment', 'shop', 'web', 0, 0)";
    store.conn.execute(sql, []).unwrap();
    let asset = store.conn.last_insert_rowid();
    (store, asset)
}

#[test]
fn what_is_recorded_comes_back_as_it_was() {
    let (mut store, asset) = with_asset();
    let image = (Aspect::Image, Opaque::readmit("app"));
    let posture: Posture = [(image, word("web:1 \"x\"", Author::ClusterAdmin))].into();
    let shift = Shift {
        aspect: Aspect::Image,
        which: Opaque::readmit("app"),
        before: None,
        after: Some(word("web:1", Author::Cluster)),
    };
    let moved: Vec<MovedBand> =
        (0..MOVED_NAMED_MAX as i64 + 5).map(|finding| MovedBand { finding, from: 3, to: 1 }).collect();
    let kept = PostureKept { asset, posture: Some(posture.clone()), shifts: vec![(shift.clone(), moved)] };
    store.record_postures(Time::from_secs(10), &[kept]).unwrap();
    assert_eq!(store.postures().unwrap(), [(asset, posture)]);
    let all = store.shifts_between(Time::from_secs(9), Time::from_secs(10)).unwrap();
    let [one] = &all[..] else { panic!("{all:?}") };
    assert_eq!((&one.shift, one.at, one.asset.name.reveal()), (&shift, Time::from_secs(10), "web"));
    assert_eq!((one.moved.len(), one.moved_count), (MOVED_NAMED_MAX, MOVED_NAMED_MAX as u64 + 5));
    assert!(store.shifts_between(Time::from_secs(10), Time::from_secs(11)).unwrap().is_empty());
}

#[test]
fn an_asset_that_is_gone_has_no_posture_and_keeps_its_shifts() {
    let (mut store, asset) = with_asset();
    let there: Posture = [((Aspect::Object, Opaque::readmit("")), word("there", Author::Cluster))].into();
    let first = PostureKept { asset, posture: Some(there.clone()), shifts: Vec::new() };
    store.record_postures(Time::from_secs(1), &[first]).unwrap();
    let shifts = assay_core::posture::gone(&there).into_iter().map(|s| (s, Vec::new())).collect();
    store.record_postures(Time::from_secs(2), &[PostureKept { asset, posture: None, shifts }]).unwrap();
    assert!(store.postures().unwrap().is_empty());
    assert_eq!(store.shifts_between(Time::from_secs(0), Time::from_secs(2)).unwrap().len(), 1);
}

#[test]
fn only_our_own_scans_say_what_runs() {
    let (store, asset) = with_asset();
    let sql = "INSERT INTO asset (cluster, kind, namespace, name, first_seen, last_seen) VALUES ('', 'Image', '', 'docker.io/library/web', 0, 0)";
    store.conn.execute(sql, []).unwrap();
    let image = store.conn.last_insert_rowid();
    store.conn.execute("INSERT INTO report (idem_key, sender, tool, tool_version, format, produced_at, received_at, sha256, complete, result) VALUES (x'00', '', '', '', '', 0, 0, x'00', 0, '')", []).unwrap();
    for (at, source) in ["assay", "trivy"].iter().enumerate() {
        let link = Link::Runs {
            container: Opaque::readmit("app"),
            tag: Some(Opaque::readmit(&at.to_string())),
            digest: Some(Digest::from_bytes([1; 32])),
        };
        let body = serde_json::to_string(&LinkRow::from(&link)).unwrap();
        let sql = "INSERT INTO edge (from_id, to_id, home_id, source, detail, body, author, since, until, observation_id, report_id) VALUES (?1, ?2, ?1, ?3, x'00', ?4, 'cluster', 0, 0, 1, 1)";
        store.conn.execute(sql, params![asset, image, source, body]).unwrap();
    }
    let runs = store.runs_images().unwrap();
    assert_eq!(runs.iter().map(|r| r.image.reveal()).collect::<Vec<_>>(), ["web:0"]);
}

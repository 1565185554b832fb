//! Kubernetes' own fixtures for the Pod Security Standards, and others', where the folder of samples is at hand: its path
//! in ASSAY_SAMPLES. Without it the tests pass and say that they looked at nothing.

use std::path::PathBuf;

use assay_core::ids::Time;
use assay_core::observation::{Flaw, Observation};
use assay_core::text::Opaque;
use assay_sources::cluster::limits::ScanLimits;
use assay_sources::cluster::{ScanHow, StandardsVersion, ToldBy, controls, manifests, records};
use assay_sources::door::SecretDoor;
use assay_sources::read::Flow;

pub(super) fn samples() -> Option<PathBuf> {
    let folder = std::env::var_os("ASSAY_SAMPLES").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("ASSAY_SAMPLES is not set: nothing was looked at");
    }
    folder
}

/// The standards that a file fails.
fn failed(path: &std::path::Path) -> Vec<String> {
    let (door, limits, cluster) = (SecretDoor::new([7; 32]), ScanLimits::default(), Opaque::readmit("samples"));
    let gathered = manifests::read(path, &limits, &door).expect("a file of the samples");
    let how = ScanHow {
        cluster: &cluster,
        told_by: ToldBy::Operator,
        complete: false,
        as_of: Time::from_secs(1_700_000_000),
        version: StandardsVersion::LATEST,
        door: &door,
    };
    let mut found = Vec::new();
    records(&gathered, how, &mut |record| {
        for observation in record.yields {
            if let Observation::Claim(claim) = observation
                && let Flaw::Control { control, .. } = &claim.flaw
                && let Some(row) = controls().get(control.0.reveal())
            {
                found.push(row.standard.to_string());
            }
        }
        Flow::More
    });
    found
}

#[test]
fn the_fixtures_of_the_pod_security_standards_are_judged_right() {
    let Some(folder) = samples() else { return };
    let labels = std::fs::read_to_string(folder.join("labels.jsonl")).expect("the samples have labels");
    let (mut right, mut wrong) = (0, Vec::new());
    for line in labels.lines() {
        let label: serde_json::Value = serde_json::from_str(line).expect("a label is JSON");
        let file = folder.join(label["file"].as_str().expect("a label names its file"));
        if label["type"] != "pss" || !file.is_file() {
            continue;
        }
        let got = failed(&file);
        let has = |standard: &str| got.iter().any(|s| s == standard);
        let hit = has("PSS baseline") || (label["level"] == "restricted" && has("PSS restricted"));
        let want = label["expect"] == "violation";
        if hit == want {
            right += 1;
        } else {
            wrong.push(format!("{} {got:?}", file.display()));
        }
    }
    eprintln!("{right} of {} fixtures right", right + wrong.len());
    assert!(right > 0 && wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_manifest_at_hand_is_read_or_skipped_with_a_reason() {
    let Some(folder) = samples() else { return };
    let (door, limits) = (SecretDoor::new([7; 32]), ScanLimits::default());
    let gathered = manifests::read(&folder.join("manifests"), &limits, &door).expect("the folder is there");
    assert!(gathered.objects.len() > 1_000);
    assert!(gathered.skipped().all(|s| !s.reason.is_empty() && !s.locator.is_empty()));
    let mut reasons = std::collections::BTreeMap::<&str, usize>::new();
    gathered.skipped().for_each(|s| *reasons.entry(&s.reason).or_default() += 1);
    eprintln!("{} objects, {} broken, skipped: {reasons:#?}", gathered.objects.len(), gathered.lost.len());
    if std::env::var_os("ASSAY_SAMPLES_LIST").is_some() {
        for skipped in gathered.skipped() {
            eprintln!("{}\t{}", skipped.locator, skipped.reason);
        }
    }
}

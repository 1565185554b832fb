//! Killed at any moment: the data file opens, a report is there whole or not at all, and the next run completes it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Dice, ends, held, ingest, put, trivy};

const FINDINGS: usize = 1_500;

/// How often a process is killed: as often as ASSAY_KILLS says, else a few times.
fn kills() -> usize {
    std::env::var("ASSAY_KILLS").map_or(12, |n| n.parse().unwrap())
}

/// Starts `assay ingest` and kills it after so long. True when it had ended before.
fn killed_after(data: &Path, report: &Path, delay: Duration) -> bool {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("assay"));
    command.arg("--data").arg(data).arg("ingest").arg(report).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(delay);
    let ended = child.try_wait().unwrap().is_some();
    // On Unix this is SIGKILL.
    child.kill().unwrap();
    child.wait().unwrap();
    ended
}

#[test]
fn a_report_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let report = put(folder.path(), "web.json", trivy("shop/web:1.0", 0..FINDINGS, 'a', "2026-11-20T10:00:00Z"));
    let whole = folder.path().join("whole");
    let started = Instant::now();
    ingest(&whole, &report);
    let took = started.elapsed();
    assert_eq!(held(&whole), (FINDINGS, FINDINGS));
    let kills = kills();
    let (mut dice, mut data) = (Dice(0x5EED), folder.path().join("data-0"));
    let (mut nothing, mut all, mut ended) = (0, 0, 0);
    for kill in 0..kills {
        // Every fourth one early, where folder, key and schema are made; every fourth one late, where the report is kept
        // already and what follows from it is not.
        let span = match kill % 4 {
            0 => took / 20,
            1 => took * 2,
            _ => took,
        };
        let delay = Duration::from_micros(dice.up_to(span.as_micros() as u64));
        ended += usize::from(killed_after(&data, &report, delay));
        if !data.join("assay.db").exists() {
            nothing += 1;
            continue;
        }
        match held(&data) {
            (0, 0) => nothing += 1,
            (FINDINGS, FINDINGS) => {
                // The report is there. What the kill kept from being done is done by the next run, and nothing twice.
                all += 1;
                let counts = ingest(&data, &report);
                assert_eq!((&counts["new"], &counts["unchanged"]), (&0.into(), &FINDINGS.into()));
                assert_eq!(held(&data), (FINDINGS, FINDINGS));
                data = folder.path().join(format!("data-{}", kill + 1));
            }
            half => panic!("killed after {delay:?} of {took:?}: {half:?} findings"),
        }
    }
    eprintln!("{kills} kills within {took:?}: {nothing} left nothing, {all} all of it, {ended} came too late");
    assert!(nothing > 0, "no kill came in time");
    assert_eq!(ingest(&data, &report)["new"], FINDINGS, "the next run completes it");
    assert_eq!(held(&data), (FINDINGS, FINDINGS));
    ends(&super::assay(&data, &["audit", "verify"]), 0);
}

//! What the first screen could not see. Comes in: today and the snapshot. Goes out: one line, which never is empty.

use assay_core::context::{EPSS_AGE_MAX, KEV_AGE_MAX};
use assay_core::document::{Command, Inline, Line, counted, own};
use assay_core::finding::FindingClass;
use assay_core::intel::Feed;
use assay_core::order::Row;

use super::{Today, counts};
use crate::snapshot::Snapshot;

/// The line: silent sensors, images that nobody scanned, scans that could not assess, feeds that are missing or old.
pub(super) fn not_seen(today: &Today<'_>, snapshot: &Snapshot) -> Line {
    let mut line = Vec::new();
    for unseen in &today.unseen {
        part(&mut line);
        line.extend([
            own("the sensor on node "),
            Inline::Name(unseen.node.clone()),
            own(" was last heard "),
            Inline::Ago(unseen.since),
        ]);
        if unseen.findings > 0 {
            line.push(own(": use is unknown for "));
            line.extend(counted(unseen.findings, [" finding", " findings"]));
        }
    }
    let unscanned = unscanned(snapshot);
    if unscanned > 0 {
        part(&mut line);
        let images = [" running image was never scanned", " running images were never scanned"];
        line.extend(counted(unscanned, images));
    }
    let not_assessed = snapshot
        .world
        .assets
        .iter()
        .flat_map(|a| &a.facts)
        .filter(|f| matches!(f.what, assay_core::observation::What::NotAssessed(_)))
        .count() as u64;
    if not_assessed > 0 {
        part(&mut line);
        let scans = [
            " scan could not assess the distribution that it found",
            " scans could not assess the distributions that they found",
        ];
        line.extend(counted(not_assessed, scans));
    }
    feeds_not_seen(&mut line, snapshot);
    if line.is_empty() {
        line.push(own("every source that ever reported has reported in time"));
    }
    line
}

/// Begins one more part of the line.
fn part(line: &mut Line) {
    if !line.is_empty() {
        line.push(own("; "));
    }
}

/// Published feeds that are missing or too old to say no by, where there is a vulnerability to ask them about.
fn feeds_not_seen(line: &mut Line, snapshot: &Snapshot) {
    let as_of = snapshot.world.as_of;
    let vulnerable = |row: &Row| counts(row) && row.class == FindingClass::Vulnerability;
    if !snapshot.table.rows().iter().any(vulnerable) {
        return;
    }
    let feeds = [
        (Feed::Kev, KEV_AGE_MAX, "CISA's catalogue of exploited vulnerabilities (KEV)"),
        (Feed::Epss, EPSS_AGE_MAX, "FIRST's exploit predictions (EPSS)"),
    ];
    let mut missing = false;
    for (feed, age_max, name) in feeds {
        let published = snapshot.world.feeds.iter().find(|f| f.feed == feed).map(|f| f.published);
        if published.is_some_and(|at| at.until(as_of) <= age_max) {
            continue;
        }
        missing = true;
        part(line);
        line.push(own(name));
        match published {
            Some(at) => line.extend([own(" is of "), Inline::Ago(at)]),
            None => line.push(own(" was never imported")),
        }
    }
    if missing {
        line.extend([own(": "), Inline::Command(Command::Plain("assay intel update"))]);
    }
}

/// Images that a workload runs and that no finding, scan or report has ever spoken of.
pub(crate) fn unscanned(snapshot: &Snapshot) -> u64 {
    let (running, scanned) = snapshot.running_images();
    running - scanned
}

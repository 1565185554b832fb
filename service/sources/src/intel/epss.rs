//! FIRST's Exploit Prediction Scoring System, as the daily CSV: a line with model and date, a heading, and a row a CVE.

use std::io::{BufRead, Read};

use assay_core::ids::{Time, VulnId};
use assay_core::intel::{Feed, IntelNote, Said};
use assay_core::text::Opaque;

use super::Taker;
use crate::read::ReadError;
use crate::read::vuln::ten_thousandths;

/// The longest line that can be a row.
const LINE_BYTES_MAX: u64 = 4096;

pub(super) fn read(input: &mut dyn BufRead, taker: &mut Taker<'_>) -> Result<(), ReadError> {
    let limits = taker.how.limits;
    let (mut date, mut rows, mut number, mut bytes) = (None, 0u64, 0u64, 0u64);
    let mut line = Vec::new();
    loop {
        line.clear();
        Read::take(&mut *input, LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            break;
        }
        number += 1;
        bytes += line.len() as u64;
        if line.len() as u64 >= LINE_BYTES_MAX {
            return Err(wrong(number, "the line is too long"));
        }
        if bytes > limits.report_bytes_max {
            return Err(ReadError::Limit { what: "the feed", max: limits.report_bytes_max, unit: "bytes" });
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_start_matches('\u{FEFF}').trim();
        if let Some(comment) = text.strip_prefix('#') {
            date = date.or_else(|| score_date(comment));
            continue;
        }
        if text.is_empty() || text.starts_with("cve,") {
            continue;
        }
        // A score without its date cannot grow old, so it is refused.
        let Some(at) = date else { return Err(wrong(number, "no score_date stands before the first row")) };
        match row(text) {
            Some((vuln, said)) => {
                rows += 1;
                taker.give(IntelNote { vuln, said, feed: Feed::Epss, via: Opaque::readmit(""), at })?;
            }
            None => taker.skip(format!("line {number}"), "not a row of CVE, probability and percentile"),
        }
    }
    let Some(published) = date else { return Err(wrong(number, "the feed has no score_date")) };
    taker.done(Feed::Epss, published, rows);
    Ok(())
}

fn wrong(line: u64, reason: &str) -> ReadError {
    ReadError::Syntax { place: format!("line {line}"), reason: reason.to_owned() }
}

/// `model_version:v2025.03.14,score_date:2026-11-24T00:00:00+0000`: the day is all that counts.
fn score_date(comment: &str) -> Option<Time> {
    let value = comment.split(',').find_map(|part| part.trim().strip_prefix("score_date:"))?;
    value.get(..10)?.parse().ok()
}

fn row(text: &str) -> Option<(VulnId, Said)> {
    let mut cells = text.split(',');
    let vuln = cells.next()?.parse::<VulnId>().ok().filter(VulnId::is_cve)?;
    let mut share = || ten_thousandths(cells.next()?.trim().parse().ok()?);
    let (probability, percentile) = (share()?, share()?);
    Some((vuln, Said::Epss { probability, percentile }))
}

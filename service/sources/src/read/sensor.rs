//! Batches of Assay's own agent, one JSON object a line. A line that cannot be read is skipped with its number; there
//! is no scope, because events speak for nothing that they do not mention.

use std::io::{BufRead, Read};

use assay_core::batch::SensorBatch;
use assay_core::ids::Time;
use assay_core::scope::{Artifact, Head, Part, Scope, SpokenSet};
use assay_core::text::Opaque;

use super::ReadError;
use super::intake::{Intake, Learnt, instant};
use super::json::plain_reason;

pub(super) fn read(input: &mut dyn BufRead, mut intake: Intake<'_>) -> Result<Head, ReadError> {
    let limits = intake.how.limits;
    let (mut bytes, mut line_number) = (0u64, 0u64);
    let mut produced_at: Option<Time> = None;
    loop {
        let mut line = Vec::new();
        let max = limits.record_bytes_max as u64;
        Read::take(&mut *input, max + 1).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            break;
        }
        line_number += 1;
        bytes += line.len() as u64;
        if line.len() as u64 > max {
            return Err(ReadError::Limit { what: "one line", max, unit: "bytes" });
        }
        if bytes > limits.report_bytes_max {
            return Err(ReadError::Limit { what: "the report", max: limits.report_bytes_max, unit: "bytes" });
        }
        if line_number > limits.lines_max {
            return Err(ReadError::Limit { what: "the report", max: limits.lines_max, unit: "lines" });
        }
        let text = if line_number == 1 { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line) } else { &line };
        if text.trim_ascii().is_empty() {
            continue;
        }
        let place = format!("line {line_number}");
        let batch = match serde_json::from_slice::<SensorBatch>(text) {
            Ok(batch) => batch,
            Err(error) => {
                intake.skip(place, plain_reason(&error));
                continue;
            }
        };
        produced_at = produced_at.max(instant(&batch.sent_at));
        match batch.records(intake.how.cluster, intake.how.door) {
            Ok(records) => {
                for mut record in records {
                    record.locator = format!("{place}: {}", record.locator).into();
                    intake.give(record)?;
                }
            }
            Err(error) => intake.skip(place, plain_reason(&error)),
        }
    }
    let part = Part { scope: Scope::Stream, classes: SpokenSet::default(), complete: false, content: None };
    Ok(intake.head(Learnt {
        tool_version: Opaque::readmit(""),
        artifact: Artifact::Cluster,
        parts: vec![part],
        produced_at,
        hint: None,
    }))
}

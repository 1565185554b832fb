//! Batches of Assay's own agent, one JSON object a line. A line that cannot be read is skipped with its number; there
//! is no scope, because events speak for nothing that they do not mention.

use std::io::{BufRead, Read};

use assay_core::batch::{BadBatch, SensorBatch};
use assay_core::ids::Time;
use assay_core::observation::{AttackStage, Claim, ControlId, Flaw, Record, Severity};
use assay_core::scope::{Artifact, Head, Part, Scope, SpokenSet};
use assay_core::text::{Door, Opaque};

use super::ReadError;
use super::intake::{Intake, Learnt, instant};
use super::json::plain_reason;
use crate::limits::ReadLimits;
use crate::signals::signal;

/// One line of a file of batches.
#[derive(Debug)]
pub struct BatchLine<'a> {
    /// Its number, counted from 1.
    pub number: u64,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The batch, or why it is none.
    pub batch: Result<SensorBatch, String>,
}

/// Hands over every batch of a file, line by line, in bounded memory.
///
/// # Errors
/// When the bytes cannot be had, a bound is crossed, or nothing is in it; and whatever `each` fails with.
pub fn batches<E: From<ReadError>>(
    input: &mut dyn BufRead,
    limits: &ReadLimits,
    each: &mut dyn FnMut(BatchLine<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let (mut bytes, mut number) = (0u64, 0u64);
    let mut seen = false;
    loop {
        let mut line = Vec::new();
        let max = limits.record_bytes_max as u64;
        Read::take(&mut *input, max + 1).read_until(b'\n', &mut line).map_err(ReadError::Io)?;
        if line.is_empty() {
            break;
        }
        number += 1;
        bytes += line.len() as u64;
        if line.len() as u64 > max {
            return Err(ReadError::Limit { what: "one line", max, unit: "bytes" }.into());
        }
        if bytes > limits.report_bytes_max {
            return Err(ReadError::Limit { what: "the report", max: limits.report_bytes_max, unit: "bytes" }.into());
        }
        if number > limits.lines_max {
            return Err(ReadError::Limit { what: "the report", max: limits.lines_max, unit: "lines" }.into());
        }
        let text = if number == 1 { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line) } else { &line };
        if text.trim_ascii().is_empty() {
            continue;
        }
        seen = true;
        let batch = serde_json::from_slice::<SensorBatch>(text).map_err(|e| plain_reason(&e));
        each(BatchLine { number, bytes: text, batch })?;
    }
    if seen { Ok(()) } else { Err(ReadError::Empty.into()) }
}

/// The records of a batch, with a claim for each sign of attack that the table knows: what a sensor saw is a finding of its
/// own, beside the factor of others that it is. A sign that the table does not know stays a fact.
///
/// # Errors
/// When the batch is of another version, too large, or holds a value outside its list.
pub fn records(batch: &SensorBatch, cluster: &Opaque, door: &dyn Door) -> Result<Vec<Record>, BadBatch> {
    batch.records(cluster, door, &|sign| {
        let signal = signal(sign.signal)?.done_by(sign.exe);
        // An agent may think less of it than the table, never more.
        let stage = signal.stage.min(sign.stage);
        Some(Claim {
            scope: None,
            subject: sign.subject.clone(),
            severity: match stage {
                AttackStage::Foothold => Severity::High,
                AttackStage::Attempt => Severity::Medium,
            },
            title: Opaque::readmit(&signal.title),
            text: Opaque::admit_name(&format!("done by {}", sign.exe), door),
            rule: Opaque::readmit(&signal.id),
            flaw: Flaw::Signal {
                signal: ControlId(Opaque::readmit(&signal.id)),
                discriminator: Opaque::readmit(&signal.apart.words(sign.exe, "")),
                stage,
            },
        })
    })
}

pub(super) fn read(input: &mut dyn BufRead, mut intake: Intake<'_>) -> Result<Head, ReadError> {
    let mut produced_at: Option<Time> = None;
    batches(input, intake.how.limits, &mut |line| {
        let place = format!("line {}", line.number);
        let batch = match line.batch {
            Ok(batch) => batch,
            Err(reason) => return intake.skip(place, reason),
        };
        produced_at = produced_at.max(instant(&batch.sent_at));
        match records(&batch, intake.how.cluster, intake.how.door) {
            Ok(records) => {
                for mut record in records {
                    record.locator = format!("{place}: {}", record.locator).into();
                    intake.give(record)?;
                }
                Ok(())
            }
            Err(error) => intake.skip(place, plain_reason(&error)),
        }
    })?;
    let part = Part { scope: Scope::Stream, classes: SpokenSet::default(), complete: false, content: None };
    Ok(intake.head(Learnt {
        tool_version: Opaque::readmit(""),
        artifact: Artifact::Cluster,
        parts: vec![part],
        produced_at,
        hint: None,
    }))
}

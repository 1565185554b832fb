//! The lines of a log, within the limits: one at a time in memory, and none longer than an event may be. A container
//! runtime may have put something before each.

use std::io::BufRead;

use super::super::ReadError;
use crate::limits::ReadLimits;

/// The walk along the lines.
pub(super) struct Lines<'r> {
    input: &'r mut dyn BufRead,
    limits: &'r ReadLimits,
    bytes: u64,
    /// The number of the last line, counted from 1.
    pub(super) number: u64,
    /// The last line had no end: the log may have been cut there.
    pub(super) unended: bool,
}

/// One line.
pub(super) enum Line {
    /// Without its end.
    Text(Vec<u8>),
    /// It was passed over, not kept.
    TooLong,
    /// There is none.
    End,
}

impl<'r> Lines<'r> {
    pub(super) fn new(input: &'r mut dyn BufRead, limits: &'r ReadLimits) -> Self {
        Self { input, limits, bytes: 0, number: 0, unended: false }
    }

    /// The next line.
    pub(super) fn next(&mut self) -> Result<Line, ReadError> {
        let over = |what, max, unit| Err(ReadError::Limit { what, max, unit });
        let mut text = Vec::new();
        let (mut any, mut long, mut ended) = (false, false, false);
        while !ended {
            let chunk = match self.input.fill_buf() {
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            if chunk.is_empty() {
                break;
            }
            any = true;
            let newline = chunk.iter().position(|b| *b == b'\n');
            let part = &chunk[..newline.unwrap_or(chunk.len())];
            long |= text.len() + part.len() > self.limits.record_bytes_max;
            if long {
                text = Vec::new();
            } else {
                text.extend_from_slice(part);
            }
            let used = newline.map_or(chunk.len(), |i| i + 1);
            self.bytes += used as u64;
            self.input.consume(used);
            if self.bytes > self.limits.report_bytes_max {
                return over("the report", self.limits.report_bytes_max, "bytes");
            }
            ended = newline.is_some();
        }
        if !any {
            return Ok(Line::End);
        }
        self.number += 1;
        self.unended = !ended;
        if self.number > self.limits.lines_max {
            return over("the report", self.limits.lines_max, "lines");
        }
        Ok(if long { Line::TooLong } else { Line::Text(text) })
    }
}

/// What a tool wrote, taken out of a line that the container runtime wrote for it, and whether the line goes on:
/// `2026-11-24T03:00:00.1Z stdout F {..}`. Source: Kubernetes, CRI logging format.
pub(super) fn of_runtime(line: &[u8]) -> Option<(&[u8], bool)> {
    let mut parts = line.splitn(4, |b| *b == b' ');
    match (parts.next()?, parts.next()?, parts.next()?, parts.next()?) {
        (time, b"stdout" | b"stderr", flag @ (b"F" | b"P"), text) if time.first()?.is_ascii_digit() => {
            Some((text, flag == b"P"))
        }
        _ => None,
    }
}

/// A line without what a container runtime put before it.
pub(crate) fn after_runtime_prefix(line: &[u8]) -> &[u8] {
    of_runtime(line).map_or(line, |(text, _)| text.trim_ascii())
}

//! YAML as a stream of documents: each is read whole and on its own, so that a broken one is skipped and the next is
//! found. Memory holds one document.

use std::io::{BufRead, Read};

use super::ReadError;
use crate::limits::ReadLimits;

/// Gives each document as the line it begins in and its text, up to the lines `---`.
pub(super) fn documents(
    input: &mut dyn BufRead,
    limits: &ReadLimits,
    mut visit: impl FnMut(u64, &str) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut document = String::new();
    let (mut line_number, mut first_line, mut bytes) = (0u64, 1u64, 0u64);
    loop {
        let mut line = Vec::new();
        let max = limits.document_bytes_max as u64;
        Read::take(&mut *input, max + 1).read_until(b'\n', &mut line)?;
        let ended = line.is_empty();
        line_number += 1;
        bytes += line.len() as u64;
        if bytes > limits.report_bytes_max {
            return Err(ReadError::Limit { what: "the report", max: limits.report_bytes_max, unit: "bytes" });
        }
        if document.len() as u64 + line.len() as u64 > max {
            return Err(ReadError::Limit { what: "one YAML document (JSON has no such limit)", max, unit: "bytes" });
        }
        let Ok(text) = std::str::from_utf8(&line) else {
            let reason = "the text is not UTF-8".to_owned();
            return Err(ReadError::Syntax { place: format!("line {line_number}"), reason });
        };
        let text = if line_number == 1 { text.strip_prefix('\u{FEFF}').unwrap_or(text) } else { text };
        if ended || is_separator(text) {
            if document.lines().any(|l| !l.trim().is_empty() && !l.trim_start().starts_with('#')) {
                visit(first_line, &document)?;
            }
            document.clear();
            first_line = line_number + 1;
        } else {
            document.push_str(text);
        }
        if ended {
            return Ok(());
        }
    }
}

fn is_separator(line: &str) -> bool {
    let rest = line.trim_end_matches(['\n', '\r']);
    rest == "..." || rest.strip_prefix("---").is_some_and(|r| r.is_empty() || r.starts_with([' ', '\t']))
}

/// A document as values of JSON, so that YAML and JSON share one road; inside, where and why it is not one.
pub(super) fn value(text: &str, first_line: u64, limits: &ReadLimits) -> Result<serde_json::Value, (String, String)> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: limits.depth_max,
            max_nodes: 2_000_000,
            max_events: 4_000_000,
        },
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or(0, |l| l.line().saturating_sub(1));
        let place = format!("line {}", first_line + line);
        // Its message may quote the text; what kind of error it is does not matter to the reader of a report.
        (place, "this document is no YAML that can be read".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_apart_and_keep_their_lines() {
        let mut seen = Vec::new();
        let mut text: &[u8] = b"\xEF\xBB\xBFa: 1\n---\n# only a comment\n--- # next\nb:\n  - '---'\n...\n";
        documents(&mut text, &ReadLimits::default(), |line, document| {
            seen.push((line, document.to_owned()));
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, [(1, "a: 1\n".to_owned()), (5, "b:\n  - '---'\n".to_owned())]);
    }

    #[test]
    fn a_bomb_and_a_broken_document_are_refused_with_their_line() {
        let limits = ReadLimits::default();
        assert_eq!(value("a: 1\nb: [", 10, &limits).unwrap_err().0, "line 11");
        assert!(value(&"[".repeat(200_000), 1, &limits).is_err());
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for i in 1..10 {
            let refs = vec![format!("*a{}", i - 1); 10].join(",");
            bomb.push_str(&format!("a{i}: &a{i} [{refs}]\n"));
        }
        assert!(value(&bomb, 1, &limits).is_err());
        assert!(value("a: 1\na: 2", 1, &limits).is_err());
        assert_eq!(value("a: yes", 1, &limits).unwrap()["a"], "yes");
    }
}

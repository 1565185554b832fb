//! The JSON values of a log. Comes in: lines, of which some are events, some are prose of the tool, some are cut, and
//! some are only a part of a value that runs over several. Goes out: one piece after the other, each with its line. One
//! value at a time is in memory, and a broken one costs no more than itself and the next.

use std::io::BufRead;

use super::super::ReadError;
use super::lines::{Line, Lines, of_runtime};
use super::shape::{Fed, MID_TEXT, Shape};
use crate::limits::ReadLimits;

/// What stands at one place of a log.
pub(super) enum Piece {
    /// A value that begins and ends.
    Value {
        /// The bytes.
        bytes: Vec<u8>,
        /// Where.
        at: At,
    },
    /// Text that is no JSON.
    Prose {
        /// Where.
        at: At,
    },
    /// A value that cannot be read, and why.
    Broken {
        /// Where it begins.
        at: At,
        /// Why.
        why: &'static str,
    },
    /// The log ends inside this value.
    Cut {
        /// Where it begins.
        at: At,
    },
}

/// A place: the line, counted from 1, and which value of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct At {
    pub(super) line: u64,
    pub(super) value: u32,
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.value {
            0 => write!(f, "line {}", self.line),
            n => write!(f, "line {}, value {}", self.line, n + 1),
        }
    }
}

/// The walk through a log.
pub(super) struct Values<'r> {
    lines: Lines<'r>,
    limits: &'r ReadLimits,
    /// What is left of the line at hand.
    rest: Option<(Vec<u8>, At)>,
    /// A line that a container runtime has cut in parts.
    part: Vec<u8>,
    /// A value that has begun.
    held: Vec<u8>,
    shape: Shape,
    began: At,
    /// The whole text is one list of events.
    listed: bool,
}

const TOO_LONG: &str = "the line is over the limit for one event";
const CUT_SHORT: &str = "the event is cut: the next one begins inside it";

impl<'r> Values<'r> {
    pub(super) fn new(input: &'r mut dyn BufRead, limits: &'r ReadLimits) -> Self {
        let began = At { line: 0, value: 0 };
        Self {
            lines: Lines::new(input, limits),
            limits,
            rest: None,
            part: Vec::new(),
            held: Vec::new(),
            shape: Shape::default(),
            began,
            listed: false,
        }
    }

    /// The next piece; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, ReadError> {
        loop {
            let (text, at) = match self.rest.take() {
                Some(rest) => rest,
                None => match self.lines.next()? {
                    Line::End if self.held.is_empty() => return Ok(None),
                    Line::End => {
                        self.drop_held();
                        return Ok(Some(Piece::Cut { at: self.began }));
                    }
                    Line::TooLong => {
                        self.drop_held();
                        let at = At { line: self.lines.number, value: 0 };
                        return Ok(Some(Piece::Broken { at, why: TOO_LONG }));
                    }
                    Line::Text(text) => (text, At { line: self.lines.number, value: 0 }),
                },
            };
            if let Some(piece) = self.take(&text, at) {
                return Ok(Some(piece));
            }
        }
    }

    /// Takes a line, or what is left of it; a piece when one is whole.
    fn take(&mut self, text: &[u8], at: At) -> Option<Piece> {
        let mut text = text.strip_suffix(b"\r").unwrap_or(text).trim_ascii_start();
        if at == (At { line: 1, value: 0 }) {
            text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text).trim_ascii_start();
            if let Some(list) = text.strip_prefix(b"[")
                && matches!(list.trim_ascii().first(), None | Some(b'{' | b']'))
            {
                self.listed = true;
                text = list.trim_ascii();
            }
        }
        let whole;
        let body = match of_runtime(text) {
            Some((part, true)) => {
                self.part.extend_from_slice(part);
                return self.part_over();
            }
            Some((end, false)) if !self.part.is_empty() => {
                self.part.extend_from_slice(end);
                whole = std::mem::take(&mut self.part);
                whole.trim_ascii()
            }
            Some((body, false)) => body.trim_ascii(),
            None => text,
        };
        if self.held.is_empty() {
            return self.begin(body, at);
        }
        if body.first() == Some(&b'{') && !self.shape.value_may_stand() {
            let broken = Piece::Broken { at: self.began, why: CUT_SHORT };
            self.drop_held();
            self.rest = Some((text.to_vec(), at));
            return Some(broken);
        }
        self.go_on(body, at)
    }

    /// A line in parts that is longer than any event.
    fn part_over(&mut self) -> Option<Piece> {
        if self.part.len() <= self.limits.record_bytes_max {
            return None;
        }
        self.part = Vec::new();
        Some(Piece::Broken { at: At { line: self.lines.number, value: 0 }, why: TOO_LONG })
    }

    fn begin(&mut self, mut body: &[u8], at: At) -> Option<Piece> {
        if self.listed {
            while let [b',' | b']' | b' ', after @ ..] = body {
                body = after;
            }
        }
        match body.first() {
            None => None,
            Some(b'{') => {
                self.began = at;
                self.go_on(body, at)
            }
            Some(_) => Some(Piece::Prose { at }),
        }
    }

    fn go_on(&mut self, body: &[u8], at: At) -> Option<Piece> {
        if self.held.len() + body.len() > self.limits.record_bytes_max {
            self.drop_held();
            return Some(Piece::Broken { at: self.began, why: "the event is over the limit for one" });
        }
        match self.shape.feed(body, self.limits.depth_max) {
            Fed::Open => {
                self.held.extend_from_slice(body);
                // Keeps words of two lines apart.
                self.held.push(b'\n');
                None
            }
            Fed::Whole(end) => {
                self.held.extend_from_slice(&body[..end]);
                let bytes = std::mem::take(&mut self.held);
                self.shape = Shape::default();
                let left = body[end..].trim_ascii();
                if !left.is_empty() {
                    self.rest = Some((left.to_vec(), At { value: at.value + 1, ..at }));
                }
                Some(Piece::Value { bytes, at: self.began })
            }
            Fed::Broken(why) => {
                self.drop_held();
                let at = self.began;
                Some(if why == MID_TEXT && self.lines.unended { Piece::Cut { at } } else { Piece::Broken { at, why } })
            }
        }
    }

    fn drop_held(&mut self) {
        self.held = Vec::new();
        self.shape = Shape::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<String> {
        let limits = ReadLimits { record_bytes_max: 200, ..ReadLimits::default() };
        let mut input = text.as_bytes();
        let mut values = Values::new(&mut input, &limits);
        let mut out = Vec::new();
        while let Some(piece) = values.next().unwrap() {
            out.push(match piece {
                Piece::Value { bytes, at } => {
                    let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                    format!("{at}: {value}")
                }
                Piece::Prose { at } => format!("{at}: prose"),
                Piece::Broken { at, why } => format!("{at}: {why}"),
                Piece::Cut { at } => format!("{at}: cut"),
            });
        }
        out
    }

    #[test]
    fn lines_prose_and_values_over_several_lines_come_apart() {
        let text = "Falco starts\n{\"a\":1}\r\n\n{\n  \"a\": [\n    {\"b\": 2}\n  ]\n}\n{\"a\":3}{\"a\":4} x\n\
                    2026-11-24T03:00:00.1Z stdout F {\"a\":5}\n";
        assert_eq!(
            pieces(text),
            [
                "line 1: prose",
                "line 2: {\"a\":1}",
                "line 4: {\"a\":[{\"b\":2}]}",
                "line 9: {\"a\":3}",
                "line 9, value 2: {\"a\":4}",
                "line 9, value 3: prose",
                "line 10: {\"a\":5}"
            ]
        );
    }

    #[test]
    fn a_line_that_the_runtime_cut_is_whole_again() {
        let text = "2026-11-24T03:00:00.1Z stdout P {\"a\":\"x\n2026-11-24T03:00:00.2Z stdout P y \n\
                    2026-11-24T03:00:00.3Z stdout F z\"}\n";
        assert_eq!(pieces(text), ["line 3: {\"a\":\"xy z\"}"]);
    }

    #[test]
    fn a_list_of_events_is_its_events() {
        let all = ["line 1: {\"a\":1}", "line 1, value 2: {\"a\":2}"];
        assert_eq!(pieces("[{\"a\":1}, {\"a\":2}]"), all);
        assert_eq!(
            pieces("\u{feff}[\n  {\n\"a\":1}, {\"a\":2}\n]\n"),
            ["line 2: {\"a\":1}", "line 3, value 2: {\"a\":2}"]
        );
    }

    #[test]
    fn a_cut_event_costs_itself() {
        let cut = "the event is cut: the next one begins inside it";
        let text = "{\"a\":{\"b\n{\"a\":1}\n{\"a\":1,\n{\"a\":2}\n{\"a\":{\"b\":3}\n{\"a\":4}\n{\"a\":";
        assert_eq!(
            pieces(text),
            [
                "line 1: the line ends in the middle of a text".to_owned(),
                "line 2: {\"a\":1}".to_owned(),
                format!("line 3: {cut}"),
                "line 4: {\"a\":2}".to_owned(),
                format!("line 5: {cut}"),
                "line 6: {\"a\":4}".to_owned(),
                "line 7: cut".to_owned(),
            ]
        );
        let swallowed = "{\"a\":\n{\"b\":1}\n{\"c\":1}\n";
        assert_eq!(pieces(swallowed), [format!("line 1: {cut}"), "line 3: {\"c\":1}".to_owned()]);
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_passed_over() {
        let long = format!("{{\"a\":\"{}\"}}\n{{\"a\":1}}\n", "x".repeat(300));
        assert_eq!(pieces(&long), ["line 1: the line is over the limit for one event", "line 2: {\"a\":1}"]);
        let open = format!("{{\"a\":[\n{}\n{{\"a\":1}}\n", "1,\n".repeat(200));
        assert_eq!(pieces(&open)[0], "line 1: the event is over the limit for one");
        let deep = format!("{}\n{{\"a\":1}}\n", "{\"a\":".repeat(30));
        let limits = ReadLimits { depth_max: 8, ..ReadLimits::default() };
        let mut input = deep.as_bytes();
        let mut values = Values::new(&mut input, &limits);
        assert!(matches!(values.next().unwrap(), Some(Piece::Broken { why: "it is nested too deep", .. })));
        assert!(matches!(values.next().unwrap(), Some(Piece::Value { .. })));
        assert!(pieces("{\"a\":]}\n{\"a\":1}").len() == 2 && pieces("}}\n") == ["line 1: prose"]);
    }
}

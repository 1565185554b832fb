//! The JSON values of a log. Comes in: lines, of which some are events, some are prose of the tool, some are cut, and
//! some are only a part of a value that runs over several. Goes out: one piece after the other, each with its line. One
//! value at a time is in memory, and a broken one costs no more than itself and the next.

use std::io::BufRead;

use super::super::ReadError;
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
    input: &'r mut dyn BufRead,
    limits: &'r ReadLimits,
    line: u64,
    bytes: u64,
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
            input,
            limits,
            line: 0,
            bytes: 0,
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
                None => match self.read_line()? {
                    Line::End if self.held.is_empty() => return Ok(None),
                    Line::End => {
                        self.drop_held();
                        return Ok(Some(Piece::Cut { at: self.began }));
                    }
                    Line::TooLong => {
                        self.drop_held();
                        let at = At { line: self.line, value: 0 };
                        return Ok(Some(Piece::Broken { at, why: TOO_LONG }));
                    }
                    Line::Text(text) => (text, At { line: self.line, value: 0 }),
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
                && matches!(trimmed(list).first(), None | Some(b'{' | b']'))
            {
                self.listed = true;
                text = trimmed(list);
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
                trimmed(&whole)
            }
            Some((body, false)) => trimmed(body),
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
        Some(Piece::Broken { at: At { line: self.line, value: 0 }, why: TOO_LONG })
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
                let left = trimmed(&body[end..]);
                if !left.is_empty() {
                    self.rest = Some((left.to_vec(), At { value: at.value + 1, ..at }));
                }
                Some(Piece::Value { bytes, at: self.began })
            }
            Fed::Broken(why) => {
                self.drop_held();
                Some(Piece::Broken { at: self.began, why })
            }
        }
    }

    fn drop_held(&mut self) {
        self.held = Vec::new();
        self.shape = Shape::default();
    }

    /// One line without its end. A line over the limit is passed over, not kept.
    fn read_line(&mut self) -> Result<Line, ReadError> {
        let over = |what, max, unit| Err(ReadError::Limit { what, max, unit });
        let mut text = Vec::new();
        let (mut any, mut long) = (false, false);
        loop {
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
            if newline.is_some() {
                break;
            }
        }
        if !any {
            return Ok(Line::End);
        }
        self.line += 1;
        if self.line > self.limits.lines_max {
            return over("the report", self.limits.lines_max, "lines");
        }
        Ok(if long { Line::TooLong } else { Line::Text(text) })
    }
}

enum Line {
    Text(Vec<u8>),
    TooLong,
    End,
}

fn trimmed(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// What a tool wrote, taken out of a line that the container runtime wrote for it, and whether the line goes on:
/// `2026-11-24T03:00:00.1Z stdout F {..}`. Source: Kubernetes, CRI logging format.
fn of_runtime(line: &[u8]) -> Option<(&[u8], bool)> {
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
    of_runtime(line).map_or(line, |(text, _)| trimmed(text))
}

/// How deep a value stands open, without building it.
#[derive(Default)]
struct Shape {
    open: Vec<u8>,
    /// The last byte outside texts that is no blank.
    last: u8,
}

enum Fed {
    Open,
    Whole(usize),
    Broken(&'static str),
}

impl Shape {
    /// True where a value may begin: anywhere else an opening brace belongs to something new.
    fn value_may_stand(&self) -> bool {
        matches!((self.last, self.open.last()), (b':' | b'[', _) | (b',', Some(b']')))
    }

    fn feed(&mut self, line: &[u8], depth_max: usize) -> Fed {
        let (mut in_text, mut escaped) = (false, false);
        for (i, byte) in line.iter().enumerate() {
            if in_text {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b' ' | b'\t' | b'\r' => continue,
                b'"' => in_text = true,
                b'{' => self.open.push(b'}'),
                b'[' => self.open.push(b']'),
                b'}' | b']' => match self.open.pop() {
                    Some(wanted) if wanted == *byte && self.open.is_empty() => return Fed::Whole(i + 1),
                    Some(wanted) if wanted == *byte => {}
                    _ => return Fed::Broken("a bracket closes what was not opened"),
                },
                _ => {}
            }
            if self.open.len() > depth_max {
                return Fed::Broken("it is nested too deep");
            }
            self.last = *byte;
        }
        // A text of JSON never runs over the end of a line.
        if in_text { Fed::Broken("the line ends in the middle of a text") } else { Fed::Open }
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

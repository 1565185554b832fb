//! A JSON text as a stream. Comes in: bytes of any length. Goes out: keys and elements one at a time, each element
//! typed by serde from its own bytes, so that a bad one can be skipped and the next is found. Memory holds one element,
//! nesting costs no stack, and every bound of [`ReadLimits`] is kept on the way.

mod plain;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::Read;

use assay_core::ids::Time;
use serde::de::DeserializeOwned;

use super::ReadError;
use super::intake::instant;
use super::lenient::Word;
use crate::limits::ReadLimits;
pub(crate) use plain::{plain_reason, record_of};

/// The buffer in front of a JSON text.
const BUFFER_BYTES: usize = 64 << 10;

/// What a value is, seen from its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    List,
    Text,
    Number,
    Bool,
    Null,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::List => "a list",
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Bool => "a boolean",
            Self::Null => "null",
        }
    }
}

/// A position in a JSON text.
pub(crate) struct Json<'r> {
    input: &'r mut dyn Read,
    limits: &'r ReadLimits,
    buffer: Box<[u8]>,
    at: usize,
    filled: usize,
    /// Bytes and lines that went through the buffer before its present content.
    bytes_before: u64,
    lines_before: u64,
    /// Where the line began in which the buffer begins, counted in bytes from the start.
    line_start: u64,
    /// How many values are open around this position.
    depth: usize,
    /// The bytes of the value that was read last.
    raw: Vec<u8>,
    /// The keys of the outermost object, once it was walked.
    outer: Option<HashSet<Box<str>>>,
}

impl<'r> Json<'r> {
    /// Begins at the start of a text. A UTF-8 byte order mark is passed over.
    pub(crate) fn open(input: &'r mut dyn Read, limits: &'r ReadLimits) -> Result<Self, ReadError> {
        let mut json = Self {
            input,
            limits,
            buffer: vec![0; BUFFER_BYTES].into(),
            at: 0,
            filled: 0,
            bytes_before: 0,
            lines_before: 0,
            line_start: 0,
            depth: 0,
            raw: Vec::new(),
            outer: None,
        };
        if json.peek()? == Some(0xEF) {
            for byte in [0xEF, 0xBB, 0xBF] {
                if json.peek()? != Some(byte) {
                    return Err(json.wrong("it does not begin like JSON"));
                }
                json.at += 1;
            }
        }
        match json.blank()? {
            Some(_) => Ok(json),
            None => Err(ReadError::Empty),
        }
    }

    /// What the next value is.
    pub(crate) fn kind(&mut self) -> Result<Kind, ReadError> {
        match self.blank()? {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::List),
            Some(b'"') => Ok(Kind::Text),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(_) => Err(self.wrong("a value belongs here")),
            None => Err(self.cut()),
        }
    }

    /// Walks an object; `visit` must read the value of the key that it is given. Null counts as empty. A key that
    /// occurs twice refuses the text, because readers would differ on what it says.
    pub(crate) fn object(
        &mut self,
        mut visit: impl FnMut(&mut Self, &str) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        match self.kind()? {
            Kind::Object => self.enter()?,
            Kind::Null => return self.skip(),
            _ => return Err(self.wrong("an object belongs here")),
        }
        let mut seen: HashSet<Box<str>> = HashSet::new();
        let mut first = true;
        loop {
            match (self.blank()?, first) {
                (Some(b'}'), _) => break,
                (Some(b'"'), true) => {}
                (Some(b','), false) => {
                    self.at += 1;
                    if self.blank()? != Some(b'"') {
                        return Err(self.unexpected());
                    }
                }
                _ => return Err(self.unexpected()),
            }
            first = false;
            let key = self.key()?;
            if seen.len() >= self.limits.keys_max {
                return Err(over("keys of one object", self.limits.keys_max as u64, "keys"));
            }
            if !seen.insert(key.as_str().into()) {
                return Err(self.wrong("a key occurs twice in one object"));
            }
            visit(self, &key)?;
        }
        self.leave();
        if self.depth == 0 {
            self.outer = Some(seen);
        }
        Ok(())
    }

    /// Walks a list; `visit` must read the element whose index it is given. Null counts as empty.
    pub(crate) fn list(
        &mut self,
        mut visit: impl FnMut(&mut Self, usize) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        match self.kind()? {
            Kind::List => self.enter()?,
            Kind::Null => return self.skip(),
            _ => return Err(self.wrong("a list belongs here")),
        }
        let mut index = 0;
        loop {
            match self.blank()? {
                Some(b']') if index == 0 => break,
                Some(_) if index == 0 => {}
                Some(b',') => {
                    self.at += 1;
                    if self.blank()? == Some(b']') {
                        return Err(self.unexpected());
                    }
                }
                Some(b']') => break,
                _ => return Err(self.unexpected()),
            }
            visit(self, index)?;
            index += 1;
        }
        self.leave();
        Ok(())
    }

    /// Passes over the next value.
    pub(crate) fn skip(&mut self) -> Result<(), ReadError> {
        self.scan(false)
    }

    /// The bytes of the next value, without the blanks between its parts.
    pub(crate) fn raw(&mut self) -> Result<&[u8], ReadError> {
        self.raw.clear();
        self.scan(true)?;
        Ok(&self.raw)
    }

    /// The next value as a type; inside, why it is not one, in words that repeat none of its bytes.
    pub(crate) fn take<T: DeserializeOwned>(&mut self) -> Result<Result<T, String>, ReadError> {
        let raw = self.raw()?;
        Ok(serde_json::from_slice(raw).map_err(|e| plain_reason(&e)))
    }

    /// The next value as a record. Serde would take a list for a struct, field by field; here it is none.
    pub(crate) fn record<T: DeserializeOwned>(&mut self) -> Result<Result<T, String>, ReadError> {
        match self.kind()? {
            Kind::Object => self.take(),
            other => {
                self.skip()?;
                Ok(Err(format!("expected an object, found {}", other.word())))
            }
        }
    }

    /// The next value as a type that the report cannot be read without.
    pub(crate) fn need<T: DeserializeOwned>(&mut self) -> Result<T, ReadError> {
        let place = self.place();
        self.take()?.map_err(|reason| ReadError::Syntax { place, reason })
    }

    /// The next value as a word of any spelling.
    pub(crate) fn word(&mut self) -> Result<String, ReadError> {
        Ok(self.need::<Word>()?.0)
    }

    /// Reads the next value into its place; null leaves the default.
    pub(crate) fn into<T: DeserializeOwned + Default>(&mut self, slot: &mut T) -> Result<(), ReadError> {
        *slot = self.need::<Option<T>>()?.unwrap_or_default();
        Ok(())
    }

    /// Reads the next value into its place as a word of any spelling.
    pub(crate) fn word_into(&mut self, slot: &mut String) -> Result<(), ReadError> {
        *slot = self.word()?;
        Ok(())
    }

    /// Reads the next value into its place as an instant; none where the report names no believable one.
    pub(crate) fn instant_into(&mut self, slot: &mut Option<Time>) -> Result<(), ReadError> {
        *slot = instant(&self.word()?);
        Ok(())
    }

    /// True when another value follows: texts may stand one after the other.
    pub(crate) fn more(&mut self) -> Result<bool, ReadError> {
        Ok(self.blank()?.is_some())
    }

    /// Nothing but blanks may follow, and an object must have had one of the keys that make it what it is read as: a
    /// report that merely parses is no report of zero findings.
    pub(crate) fn finish(&mut self, any_of: &[&str]) -> Result<(), ReadError> {
        if self.blank()?.is_some() {
            return Err(self.wrong("more text follows the end of the value"));
        }
        match &self.outer {
            Some(keys) if !any_of.iter().any(|k| keys.contains(*k)) => {
                Err(ReadError::Unknown { saw: "JSON without any key of the format that it is read as" })
            }
            _ => Ok(()),
        }
    }

    /// Line and column of this position.
    pub(crate) fn place(&self) -> String {
        let seen = &self.buffer[..self.at];
        let line = self.lines_before + seen.iter().filter(|b| **b == b'\n').count() as u64 + 1;
        let column = match seen.iter().rposition(|b| *b == b'\n') {
            Some(newline) => (self.at - newline) as u64,
            None => self.bytes_before + self.at as u64 - self.line_start + 1,
        };
        format!("line {line}, column {column}")
    }

    /// The text is wrong at this place.
    pub(crate) fn wrong(&self, reason: &str) -> ReadError {
        ReadError::Syntax { place: self.place(), reason: reason.to_owned() }
    }

    fn cut(&self) -> ReadError {
        self.wrong("the text ends in the middle of a value: it was cut")
    }

    fn unexpected(&mut self) -> ReadError {
        match self.peek() {
            Ok(Some(_)) => self.wrong("this character cannot stand here"),
            Ok(None) => self.cut(),
            Err(error) => error,
        }
    }

    fn key(&mut self) -> Result<String, ReadError> {
        self.raw.clear();
        self.string(true)?;
        let key = serde_json::from_slice::<String>(&self.raw).map_err(|e| self.wrong(&plain_reason(&e)))?;
        if self.blank()? != Some(b':') {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(key)
    }

    fn enter(&mut self) -> Result<(), ReadError> {
        self.depth += 1;
        self.deep_enough(self.depth)?;
        self.at += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    fn deep_enough(&self, depth: usize) -> Result<(), ReadError> {
        match depth > self.limits.depth_max {
            true => Err(over("nesting", self.limits.depth_max as u64, "levels")),
            false => Ok(()),
        }
    }

    /// The next byte that is not a blank, without passing it.
    fn blank(&mut self) -> Result<Option<u8>, ReadError> {
        loop {
            let rest = &self.buffer[self.at..self.filled];
            match rest.iter().position(|b| !matches!(b, b' ' | b'\n' | b'\r' | b'\t')) {
                Some(n) => {
                    self.at += n;
                    return Ok(Some(self.buffer[self.at]));
                }
                None => {
                    self.at = self.filled;
                    if !self.fill()? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    fn peek(&mut self) -> Result<Option<u8>, ReadError> {
        if self.at == self.filled && !self.fill()? {
            return Ok(None);
        }
        Ok(Some(self.buffer[self.at]))
    }

    /// More bytes; false at the end.
    fn fill(&mut self) -> Result<bool, ReadError> {
        let past = &self.buffer[..self.filled];
        self.lines_before += past.iter().filter(|b| **b == b'\n').count() as u64;
        if let Some(newline) = past.iter().rposition(|b| *b == b'\n') {
            self.line_start = self.bytes_before + newline as u64 + 1;
        }
        self.bytes_before += self.filled as u64;
        (self.at, self.filled) = (0, 0);
        self.filled = loop {
            match self.input.read(&mut self.buffer) {
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if self.bytes_before + self.filled as u64 > self.limits.report_bytes_max {
            return Err(over("the report", self.limits.report_bytes_max, "bytes"));
        }
        Ok(self.filled > 0)
    }
}

fn over(what: &'static str, max: u64, unit: &'static str) -> ReadError {
    ReadError::Limit { what, max, unit }
}

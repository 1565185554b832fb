//! One whole value of a JSON text, checked by its grammar on the way, kept or passed over. Nesting costs no stack.

use super::super::ReadError;
use super::plain::is_number;
use super::{Json, over};

/// What may come next while a value is scanned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    FirstValue,
    FirstKey,
    Key,
    Colon,
    Next,
}

impl Json<'_> {
    /// One whole value, checked by its grammar, with a stack of its own.
    pub(super) fn scan(&mut self, keep: bool) -> Result<(), ReadError> {
        let mut open: Vec<u8> = Vec::new();
        let mut expect = Expect::Value;
        loop {
            let Some(byte) = self.blank()? else { return Err(self.cut()) };
            let value_may_start = matches!(expect, Expect::Value | Expect::FirstValue);
            match byte {
                b'{' | b'[' if value_may_start => {
                    self.eat(keep);
                    open.push(if byte == b'{' { b'}' } else { b']' });
                    self.deep_enough(self.depth + open.len())?;
                    expect = if byte == b'{' { Expect::FirstKey } else { Expect::FirstValue };
                }
                b'}' | b']' if open.last() == Some(&byte) && expect_end(expect, byte) => {
                    self.eat(keep);
                    open.pop();
                    expect = Expect::Next;
                }
                b'"' if value_may_start => {
                    self.string(keep)?;
                    expect = Expect::Next;
                }
                b'"' if matches!(expect, Expect::FirstKey | Expect::Key) => {
                    self.string(keep)?;
                    expect = Expect::Colon;
                }
                b':' if expect == Expect::Colon => {
                    self.eat(keep);
                    expect = Expect::Value;
                }
                b',' if expect == Expect::Next && !open.is_empty() => {
                    self.eat(keep);
                    expect = if open.last() == Some(&b'}') { Expect::Key } else { Expect::Value };
                }
                b't' | b'f' | b'n' | b'-' | b'0'..=b'9' if value_may_start => {
                    self.plain(keep)?;
                    expect = Expect::Next;
                }
                _ => return Err(self.unexpected()),
            }
            if keep && self.raw.len() > self.limits.record_bytes_max {
                return Err(over("one record", self.limits.record_bytes_max as u64, "bytes"));
            }
            if open.is_empty() && expect == Expect::Next {
                return Ok(());
            }
        }
    }

    fn eat(&mut self, keep: bool) {
        if keep {
            self.raw.push(self.buffer[self.at]);
        }
        self.at += 1;
    }

    /// A string with its quotes.
    pub(super) fn string(&mut self, keep: bool) -> Result<(), ReadError> {
        self.eat(keep);
        let mut length = 0usize;
        loop {
            if self.peek()?.is_none() {
                return Err(self.cut());
            }
            let rest = &self.buffer[self.at..self.filled];
            let run = rest.iter().position(|b| matches!(b, b'"' | b'\\') || *b < 0x20).unwrap_or(rest.len());
            if keep {
                self.raw.extend_from_slice(&rest[..run]);
            }
            self.at += run;
            length += run;
            if length > self.limits.string_bytes_max {
                return Err(over("one string", self.limits.string_bytes_max as u64, "bytes"));
            }
            match self.peek()? {
                Some(b'"') => {
                    self.eat(keep);
                    return Ok(());
                }
                Some(b'\\') => {
                    self.eat(keep);
                    if self.peek()?.is_none() {
                        return Err(self.cut());
                    }
                    self.eat(keep);
                    length += 2;
                }
                Some(byte) if byte < 0x20 => return Err(self.wrong("a control character stands in a string")),
                _ => {}
            }
        }
    }

    /// A number or one of the three words.
    fn plain(&mut self, keep: bool) -> Result<(), ReadError> {
        let mut text: Vec<u8> = Vec::with_capacity(24);
        while let Some(byte) = self.peek()? {
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')) {
                break;
            }
            if text.len() > 400 {
                return Err(self.wrong("a number is too long"));
            }
            text.push(byte);
            self.at += 1;
        }
        if !matches!(text.as_slice(), b"true" | b"false" | b"null") && !is_number(&text) {
            return Err(self.wrong("neither a number nor true, false or null"));
        }
        if keep {
            self.raw.extend_from_slice(&text);
        }
        Ok(())
    }
}

fn expect_end(expect: Expect, byte: u8) -> bool {
    expect == Expect::Next || expect == if byte == b'}' { Expect::FirstKey } else { Expect::FirstValue }
}

//! What a plain word means. kubectl reads YAML 1.1 here: `yes` is true and `0644` is octal, so we do too; a
//! `privileged: yes` that kubectl switches on must not be text to us.

use serde_json::{Number, Value};

/// The value of a scalar without quotes and without a tag. None is null.
pub(super) fn plain(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => None,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(Value::Bool(true)),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Value::Bool(false))
        }
        _ => Some(number(text).map_or_else(|| Value::from(text), Value::Number)),
    }
}

/// The value of a scalar with a core tag (`!!int`). None where the text does not have that type.
pub(super) fn tagged(text: &str, suffix: &str) -> Option<Value> {
    match suffix {
        "str" | "binary" | "timestamp" => Some(Value::from(text)),
        "int" | "float" => number(text).map(Value::Number),
        "bool" => plain(text).filter(Value::is_boolean),
        _ => None,
    }
}

fn number(text: &str) -> Option<Number> {
    let first = text.bytes().next()?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    let digits = text.replace('_', "");
    integer(&digits).or_else(|| float(&digits))
}

fn integer(text: &str) -> Option<Number> {
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match body.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &body[2..]),
        [b'0', b'o' | b'O', ..] => (8, &body[2..]),
        [b'0', b'b' | b'B', ..] => (2, &body[2..]),
        [b'0', _, ..] => (8, &body[1..]),
        _ => (10, body),
    };
    // `from_str_radix` takes a sign of its own, which no second sign may be.
    if !digits.bytes().next()?.is_ascii_alphanumeric() {
        return None;
    }
    let size = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(size)) {
        (true, Ok(size)) => Some((-size).into()),
        (false, _) => Some(size.into()),
        (true, Err(_)) => None,
    }
}

fn float(text: &str) -> Option<Number> {
    let legal = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    if !text.bytes().all(legal) || !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    // JSON has one sort of number: 1e3 reaches the API server as 1000.
    if value.fract() == 0.0 && value.abs() < 9e15 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 53 bits, as tested above")]
        return Some((value as i64).into());
    }
    Number::from_f64(value)
}

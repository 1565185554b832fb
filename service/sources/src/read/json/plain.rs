//! Two small grammars: JSON's numbers, and serde's reasons without what they quote.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// The grammar of RFC 8259: no leading zeros, digits on both sides of the point.
pub(super) fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || whole > 1 && text[0] == b'0' {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let n = digits(fraction);
        if n == 0 {
            return false;
        }
        rest = &fraction[n..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', digits @ ..] => digits,
            all => all,
        };
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// A record from a value that was read before; a list is none.
pub(crate) fn record_of<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    if !value.is_object() {
        return Err("expected an object, found another value".to_owned());
    }
    T::deserialize(value).map_err(|e| plain_reason(&e))
}

/// Serde's reason without the bytes that it quotes: what stands in a report is a stranger's.
pub(crate) fn plain_reason(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let text = text.find(" at line ").map_or(text.as_str(), |i| &text[..i]);
    let (kind, rest) = text.split_once(": ").unwrap_or((text, ""));
    if !matches!(kind, "invalid type" | "invalid value" | "invalid length") {
        let quoted = kind.starts_with("unknown variant") || kind.starts_with("unknown field");
        return if quoted { "a value outside its list".to_owned() } else { text.chars().take(120).collect() };
    }
    let found = ["string", "integer", "floating point", "boolean", "null", "map", "sequence", "unit"]
        .into_iter()
        .find(|word| rest.starts_with(word))
        .map_or("something else", |word| match word {
            "map" => "an object",
            "sequence" => "a list",
            "floating point" => "a number",
            "unit" => "null",
            other => other,
        });
    let wanted = rest.rfind("expected ").map_or("another value", |i| &rest[i + "expected ".len()..]);
    let wanted = match wanted.strip_prefix("struct ") {
        Some(_) => "an object",
        None => wanted,
    };
    format!("expected {}, found {found}", wanted.chars().take(80).collect::<String>())
}

//! Where a value begins that is joined to a name: by assignment, or beside the name of a provider. Comes in: a text and the
//! place of a keyword in it. Goes out: the place where the value begins, or none where no value can be meant.

use super::field::speaks_of_something_else;
use super::find::window;

/// The longest rest of a name, such as `_FOR_STAGING` after `password`, before its value.
const NAME_REST_MAX: usize = 40;
/// The most blanks on one side of `=` or `:`.
const BLANKS_MAX: usize = 8;
/// The longest rest of a name or phrase between a provider's name and what joins a value to it.
const BESIDE_MAX: usize = 32;
/// What stands before the name of a digest: its value is no key.
const DIGESTS: [&[u8]; 3] = [b"checksum", b"digest", b"sha256"];

/// The start of the value that is assigned to the name in which the keyword stands: `name = "value"`, `name: value`,
/// `"name": "value"`, `name => value`, `<name>value</name>`, `--name value`.
pub(super) fn assigned(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    let name_byte = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let mut at = end + window(bytes, end, NAME_REST_MAX).iter().take_while(|b| name_byte(b)).count();
    let before = &bytes[start.saturating_sub(NAME_REST_MAX)..start];
    let head = start - before.iter().rev().take_while(|b| name_byte(b)).count();
    if speaks_of_something_else(&bytes[head..at]) {
        return None;
    }
    let option = bytes[head..].starts_with(b"--");
    let mut quoted = false;
    while at < bytes.len() && matches!(bytes[at], b'"' | b'\'' | b'`' | b']' | b'\\') && at < end + NAME_REST_MAX + 4 {
        (at, quoted) = (at + 1, true);
    }
    let blanks = |at: usize| window(bytes, at, BLANKS_MAX).iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let gap = blanks(at);
    at += gap;
    let rest = &bytes[at.min(bytes.len())..];
    let operator = match rest {
        [b':', b'=', ..] | [b'=', b'>', ..] | [b'-', b'>', ..] => 2,
        [b'=', b'=', ..] | [b':', b':', ..] | [b':', b'/', b'/', ..] => return None,
        [b':', ..] if gap == 0 && !quoted && part_of_path(bytes, head) => return None,
        [b'=' | b':' | b'>', ..] => 1,
        [_, ..] if option && gap > 0 && !quoted => 0,
        _ => return None,
    };
    at += operator;
    at += blanks(at);
    while at < bytes.len() && matches!(bytes[at], b'"' | b'\'' | b'`' | b'\\') {
        at += 1;
    }
    (at < bytes.len()).then_some(at)
}

/// `registry/token-service:1`, `cpe:2.3:a:passwd:4.8`, `@scope/token:1`: names in front of a version.
fn part_of_path(bytes: &[u8], head: usize) -> bool {
    match &bytes[head.saturating_sub(2)..head] {
        [.., b'/' | b'@'] => true,
        [b':', b':'] => false,
        [.., b':'] => true,
        _ => false,
    }
}

/// The start of a value that is joined to the name of a provider: `ACME_KEY=..`, `acme token: ..`, `"acme", ".."`.
pub(super) fn beside(bytes: &[u8], start: usize, end: usize, commas: bool) -> Option<usize> {
    let name_byte = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let rest = |b: &u8| name_byte(b) || matches!(b, b' ' | b'\t');
    let mut at = end + window(bytes, end, BESIDE_MAX).iter().take_while(|b| rest(b)).count();
    let before = &bytes[start.saturating_sub(NAME_REST_MAX)..start];
    let head = start - before.iter().rev().take_while(|b| name_byte(b)).count();
    let leads = &bytes[head.saturating_sub(BESIDE_MAX)..at];
    if speaks_of_something_else(&bytes[head..at]) || DIGESTS.iter().any(|d| contains(leads, d)) {
        return None;
    }
    let quote = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'\\');
    let gap = window(bytes, at, 4).iter().take_while(|b| quote(b)).count();
    at += gap;
    let joins = match bytes.get(at..)? {
        [b':', b':', b':', b'=', ..] => 4,
        [b':', b':', b'=', ..] => 3,
        [b':', b'/', b'/', ..] => return None,
        [b':', ..] if gap == 0 && part_of_path(bytes, head) => return None,
        [b':', b'=', ..] | [b'|', b'|', ..] | [b'=', b'>', ..] | [b'?', b'=', ..] | [b'-', b'>', ..] => 2,
        [b'=' | b'>' | b':', ..] => 1,
        [b',', ..] if commas => 1,
        _ => return None,
    };
    at += joins;
    let opens = |b: &u8| quote(b) || matches!(b, b'`' | b'=');
    at += window(bytes, at, BLANKS_MAX).iter().take_while(|b| opens(b)).count();
    (at < bytes.len()).then_some(at)
}

/// `acme-agent:6d12..` without a blank or quote may be an image with a commit for its tag.
pub(super) fn may_be_a_tag(bytes: &[u8], end: usize, from: usize, value: &str) -> bool {
    let between = &bytes[end.min(from)..from];
    let bare = between.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':'));
    bare && between.last() == Some(&b':') && value.bytes().all(|b| b.is_ascii_hexdigit())
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word))
}

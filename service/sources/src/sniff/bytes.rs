//! What is no text that can be read, told by its first bytes and refused by its name.

use crate::read::ReadError;

/// First bytes, and what they mean.
const MAGIC: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "gzip; unpack it first (gunzip)"),
    (b"BZh", "bzip2; unpack it first"),
    (b"\xfd7zXZ\x00", "xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "zstd; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"\x7fELF", "a program, not a report"),
    (b"%PDF-", "a PDF, not a report"),
    (b"SQLite format 3\x00", "a SQLite database, not a report"),
    (b"\x89PNG", "a picture, not a report"),
];

/// Refuses what is no UTF-8 text.
pub(super) fn refuse(head: &[u8]) -> Result<(), ReadError> {
    if let Some(encoding) = encoding(head) {
        return Err(ReadError::Encoding { encoding });
    }
    if let Some((_, saw)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(ReadError::Unknown { saw });
    }
    if head.get(257..262) == Some(b"ustar") {
        return Err(ReadError::Unknown { saw: "a tar archive; unpack it first" });
    }
    let control = |b: &u8| *b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t' | 0x0c | 0x1b);
    if head.iter().take(4096).any(control) {
        return Err(ReadError::Unknown { saw: "binary data" });
    }
    // The head may end in the middle of a character; everything before must be whole.
    match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_some() => {
            Err(ReadError::Encoding { encoding: "not UTF-8 (perhaps ISO 8859-1)" })
        }
        _ => Ok(()),
    }
}

/// UTF-16 and UTF-32, with or without a byte order mark: ASCII letters of a report stand beside zeros there.
fn encoding(head: &[u8]) -> Option<&'static str> {
    match head {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Some("UTF-32"),
        [0xFF, 0xFE, ..] => Some("UTF-16, little endian"),
        [0xFE, 0xFF, ..] => Some("UTF-16, big endian"),
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => Some("UTF-16, little endian"),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => Some("UTF-16, big endian"),
        _ => None,
    }
}

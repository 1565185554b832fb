//! Modules that are built into a Go executable, from its build information. Source: `debug/buildinfo` of Go. Two layouts:
//! until Go 1.17 the section points to two strings, since 1.18 they follow in it, each with its length before it.

use super::elf::{Elf, Part};
use super::{Found, Package};

/// The most lines of one executable's build information that are read; each module has one or two.
const LINES_MAX: usize = 16_384;

const MAGIC: &[u8] = b"\xff Go buildinf:";
const HEADER_LEN: u64 = 32;
/// Sixteen bytes stand before and after the modules.
const MARK_LEN: usize = 16;
const BIG_ENDIAN: u8 = 1;
const INLINE: u8 = 2;
/// The longest that a length is.
const VARINT_LEN_MAX: u64 = 10;

/// A module, and what stands in its place where it was replaced.
struct Module<'t> {
    name: &'t str,
    version: &'t str,
}

pub(super) fn owners(elf: &Elf<'_>, path: &str, found: &mut Found<'_>) {
    let Some((version, text)) = build_info(elf) else { return };
    let (version, text) = (String::from_utf8_lossy(version), String::from_utf8_lossy(text));
    // "go1.22.1 X:boringcrypto"; a compiler between two releases has no version.
    let library = version.split(' ').next().and_then(|word| word.strip_prefix("go"));
    if text.lines().nth(LINES_MAX).is_some() {
        found.inside.cut();
    }
    let library = Module { name: "stdlib", version: library.unwrap_or_default() };
    for module in std::iter::once(library).chain(modules(&text)) {
        if let Some(package) = Package::linked_into("golang", module.name, module.version, path) {
            found.add(path, package);
        }
    }
}

/// The main module and every one that it depends on.
fn modules(text: &str) -> Vec<Module<'_>> {
    let mut modules: Vec<Module<'_>> = Vec::new();
    for line in text.lines().take(LINES_MAX) {
        let mut fields = line.split('\t');
        let (Some(key), Some(name)) = (fields.next(), fields.next()) else { continue };
        let version = fields.next().filter(|v| *v != "(devel)").unwrap_or_default();
        match key {
            "mod" | "dep" => modules.push(Module { name, version }),
            // A folder in the module's place is a copy of unknown version.
            "=>" if name.starts_with(['.', '/']) => {
                if let Some(replaced) = modules.last_mut() {
                    replaced.version = "";
                }
            }
            "=>" => {
                modules.pop();
                modules.push(Module { name, version });
            }
            _ => {}
        }
    }
    modules
}

/// The compiler's version and the text of the modules.
fn build_info<'e>(elf: &'e Elf<'_>) -> Option<(&'e [u8], &'e [u8])> {
    let section = elf.go?;
    let header = elf.bytes(Part { offset: section.offset, len: HEADER_LEN })?;
    let rest = header.strip_prefix(MAGIC)?;
    let (pointer_len, flags) = (*rest.first()?, *rest.get(1)?);
    let (version, text) = if flags & INLINE != 0 {
        let (version, next) = inline(elf, section.offset.checked_add(HEADER_LEN)?)?;
        (version, inline(elf, next).map(|(text, _)| text))
    } else {
        let big = flags & BIG_ENDIAN != 0;
        let pointer = |bytes: &[u8], nth: usize| {
            let len = usize::from(pointer_len);
            number(bytes.get(nth * len..(nth + 1) * len)?, big)
        };
        let string = |nth: usize| {
            let at = pointer(header.get(MARK_LEN..)?, nth)?;
            let place = elf.at_address(at, 2 * u64::from(pointer_len))?;
            elf.at_address(pointer(place, 0)?, pointer(place, 1)?)
        };
        (string(0)?, string(1))
    };
    let text = text.unwrap_or_default();
    let inner = text.get(MARK_LEN..text.len().saturating_sub(MARK_LEN)).filter(|inner| inner.ends_with(b"\n"));
    Some((version, inner.unwrap_or_default()))
}

/// A string with its length before it, and where it ends.
fn inline<'e>(elf: &'e Elf<'_>, offset: u64) -> Option<(&'e [u8], u64)> {
    // At the end of a file fewer bytes are there than a length may have.
    let bytes = (1..=VARINT_LEN_MAX).rev().find_map(|len| elf.bytes(Part { offset, len }))?;
    let mut len = 0_u64;
    for (i, byte) in bytes.iter().enumerate() {
        len |= u64::from(byte & 0x7f).checked_shl(u32::try_from(7 * i).ok()?)?;
        if byte & 0x80 == 0 {
            let offset = offset.checked_add(i as u64 + 1)?;
            return Some((elf.bytes(Part { offset, len })?, offset.checked_add(len)?));
        }
    }
    None
}

fn number(bytes: &[u8], big: bool) -> Option<u64> {
    Some(match (bytes.len(), big) {
        (4, false) => u32::from_le_bytes(bytes.try_into().ok()?).into(),
        (4, true) => u32::from_be_bytes(bytes.try_into().ok()?).into(),
        (8, false) => u64::from_le_bytes(bytes.try_into().ok()?),
        (8, true) => u64::from_be_bytes(bytes.try_into().ok()?),
        _ => return None,
    })
}

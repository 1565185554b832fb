//! Tables of a SQLite file, read without SQL: page by page, so that a large database costs no memory. Comes in: a file in a
//! container, whoever wrote it. Goes out: the first blob of every row of a table. Source: "Database File Format", sections
//! 1.3 (header), 1.5 (overflow), 1.6 (b-trees), 2.1 (records) and 2.6 (schema).

use std::io::{Read, Seek, SeekFrom};

use super::inside::{Inside, PASS_BYTES_MAX, Plain};

const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Bytes of the file's header, which stands before the first page's own.
const HEADER_BYTES: usize = 100;
/// The most bytes of one row.
const ROW_BYTES_MAX: usize = 8 << 20;
/// The deepest tree: far deeper than pages of any size can make it.
const DEPTH_MAX: usize = 32;
/// The most values of a row that are looked at: a row may hold millions that take no room.
const VALUES_MAX: usize = 8;

/// A database file.
pub(super) struct Database<'i> {
    file: Plain<'i>,
    page_bytes: usize,
    /// What of a page holds content.
    usable: usize,
    /// How many pages may still be read: each page stands in one place of one tree.
    pages_left: u64,
}

/// What makes a file no database, or one that cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("not as the format asks: {0}")]
    Format(&'static str),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A value of a row, as far as anything here asks for it.
enum Value<'r> {
    Int(u64),
    Bytes(&'r [u8]),
    Other,
}

impl<'i> Database<'i> {
    pub(super) fn open(inside: &'i Inside, path: &str) -> Result<Self, Broken> {
        let mut file = inside.plain(path).map_err(|e| Broken::Io(e.source))?;
        let mut header = [0; HEADER_BYTES];
        file.read_exact(&mut header)?;
        if !header.starts_with(MAGIC) {
            return Err(Broken::Format("it begins otherwise"));
        }
        let page_bytes = match big(&header, 16, 2)? {
            1 => 65_536,
            n if n.is_power_of_two() && (512..=32_768).contains(&n) => n,
            _ => return Err(Broken::Format("a page of this size")),
        };
        let usable = page_bytes - usize::from(header[20]);
        if usable < 480 {
            return Err(Broken::Format("too little room in a page"));
        }
        // A file with holes may claim any size, and no pass reads more than its allowance.
        let pages_left = file.seek(SeekFrom::End(0))?.min(PASS_BYTES_MAX) / page_bytes as u64;
        Ok(Self { file, page_bytes, usable, pages_left })
    }

    /// The first blob or text of each row of a table. A table that is not there, or a row without one, is not an empty
    /// answer: whoever asks would take it for a "no".
    pub(super) fn blobs(&mut self, table: &str, each: &mut dyn FnMut(&[u8])) -> Result<(), Broken> {
        let mut root = None;
        self.rows(1, &mut |row| {
            // type, name, tbl_name, rootpage, sql
            if let [Value::Bytes(b"table"), Value::Bytes(name), _, Value::Int(page), ..] = values(row)?.as_slice()
                && *name == table.as_bytes()
            {
                root = Some(*page);
            }
            Ok(())
        })?;
        self.rows(root.ok_or(Broken::Format("no such table"))?, &mut |row| {
            let blob = values(row)?.into_iter().find_map(|v| if let Value::Bytes(b) = v { Some(b) } else { None });
            each(blob.ok_or(Broken::Format("a row without a blob"))?);
            Ok(())
        })
    }

    /// Every row of the table whose tree begins at this page.
    fn rows(&mut self, root: u64, each: &mut dyn FnMut(&[u8]) -> Result<(), Broken>) -> Result<(), Broken> {
        // Pages that are to be read, with how deep they lie.
        let mut ahead = vec![(root, 0)];
        while let Some((number, depth)) = ahead.pop() {
            let page = self.page(number)?;
            let start = if number == 1 { HEADER_BYTES } else { 0 };
            let cells = big(&page, start + 3, 2)?;
            match page.get(start) {
                Some(0x0d) => {
                    // Cells do not overlap: one that many pointers share would be read for each of them.
                    let mut room = page.len();
                    for n in 0..cells {
                        let cell = big(&page, start + 8 + 2 * n, 2)?;
                        each(&self.row(&page, cell, &mut room)?)?;
                    }
                }
                Some(0x05) if depth < DEPTH_MAX => {
                    ahead.push((big(&page, start + 8, 4)? as u64, depth + 1));
                    for n in (0..cells).rev() {
                        let cell = big(&page, start + 12 + 2 * n, 2)?;
                        ahead.push((big(&page, cell, 4)? as u64, depth + 1));
                    }
                    if ahead.len() as u64 > self.pages_left + 1 {
                        return Err(Broken::Format("more pages than there are"));
                    }
                }
                _ => return Err(Broken::Format("a page of this kind in a table")),
            }
        }
        Ok(())
    }

    fn page(&mut self, number: u64) -> Result<Vec<u8>, Broken> {
        self.pages_left = self.pages_left.checked_sub(1).ok_or(Broken::Format("a page that stands in two places"))?;
        let at = number.checked_sub(1).and_then(|n| n.checked_mul(self.page_bytes as u64));
        self.file.seek(SeekFrom::Start(at.ok_or(Broken::Format("a page without a place"))?))?;
        let mut page = vec![0; self.page_bytes];
        self.file.read_exact(&mut page)?;
        Ok(page)
    }

    /// The record of a cell, with what overflows into pages of its own; the cell's own bytes come out of its page's room.
    fn row(&mut self, page: &[u8], cell: usize, room: &mut usize) -> Result<Vec<u8>, Broken> {
        let mut at = cell;
        let bytes = usize::try_from(varint(page, &mut at)?).unwrap_or(usize::MAX);
        varint(page, &mut at)?;
        if bytes > ROW_BYTES_MAX {
            return Err(Broken::Format("a row that is too large"));
        }
        let (most, least) = (self.usable - 35, (self.usable - 12) * 32 / 255 - 23);
        let here = if bytes <= most {
            bytes
        } else {
            let kept = least + (bytes - least) % (self.usable - 4);
            if kept <= most { kept } else { least }
        };
        *room = room.checked_sub(at - cell + here).ok_or(Broken::Format("cells that overlap"))?;
        let mut row = page.get(at..at + here).ok_or(Broken::Format("a row beyond its page"))?.to_vec();
        let mut next = if here < bytes { big(page, at + here, 4)? } else { 0 };
        while row.len() < bytes {
            let page = self.page(next as u64)?;
            let more = (bytes - row.len()).min(self.usable - 4);
            row.extend_from_slice(&page[4..4 + more]);
            next = big(&page, 0, 4)?;
        }
        Ok(row)
    }
}

/// The first values of a record: sizes and kinds first, then the values one after the other.
fn values(row: &[u8]) -> Result<Vec<Value<'_>>, Broken> {
    let mut at = 0;
    let head = usize::try_from(varint(row, &mut at)?).unwrap_or(usize::MAX);
    let (mut value_at, mut values) = (head, Vec::new());
    while at < head && values.len() < VALUES_MAX {
        let kind = varint(row, &mut at)?;
        let bytes = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind as usize,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return Err(Broken::Format("a value of this kind")),
            _ => usize::try_from((kind - 12) / 2).unwrap_or(usize::MAX),
        };
        let end = value_at.checked_add(bytes).ok_or(Broken::Format("a value beyond its row"))?;
        let value = row.get(value_at..end).ok_or(Broken::Format("a value beyond its row"))?;
        values.push(match kind {
            1..=4 => Value::Int(value.iter().fold(0, |n, b| n << 8 | u64::from(*b))),
            8 => Value::Int(0),
            9 => Value::Int(1),
            12.. => Value::Bytes(value),
            _ => Value::Other,
        });
        value_at = end;
    }
    Ok(values)
}

/// A big-endian number of a few bytes.
fn big(bytes: &[u8], at: usize, len: usize) -> Result<usize, Broken> {
    let number = bytes.get(at..at + len).ok_or(Broken::Format("a number beyond its page"))?;
    Ok(number.iter().fold(0, |n, b| n << 8 | usize::from(*b)))
}

/// One to nine bytes: seven bits of each, all eight of the ninth.
fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, Broken> {
    let mut number = 0;
    for n in 0..9 {
        let byte = *bytes.get(*at).ok_or(Broken::Format("a number beyond its page"))?;
        *at += 1;
        if n == 8 {
            return Ok(number << 8 | u64::from(byte));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            break;
        }
    }
    Ok(number)
}

//! Executables and libraries, as far as packages of languages leave a mark in them. Comes in: a file that a stranger may
//! have made. Goes out: a few sections and what lies at an address; nothing is read that is larger than its bound.

use std::io::Read;

use object::elf::{ELFMAG, FileHeader32, FileHeader64, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::{Endianness, ReadCache, ReadRef};

use super::{Inside, Plain};

/// The most bytes that are read from one place of an executable.
const PART_BYTES_MAX: u64 = 4 << 20;

/// Sections that name packages.
const GO: &[u8] = b".go.buildinfo\0";
const RUST: &[u8] = b".dep-v0\0";

/// An executable or library.
pub(super) struct Elf<'i> {
    inside: &'i Inside,
    cache: ReadCache<Plain<'i>>,
    pub(super) big_endian: bool,
    pub(super) go: Option<Part>,
    pub(super) rust: Option<Part>,
    segments: Vec<Segment>,
}

/// A part of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) offset: u64,
    pub(super) len: u64,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    address: u64,
    part: Part,
}

/// The file through a bound: `object` asks for what the file's own numbers say.
#[derive(Clone, Copy)]
struct Bounded<'c, 'i>(&'c ReadCache<Plain<'i>>);

impl<'c> ReadRef<'c> for Bounded<'c, '_> {
    fn len(self) -> Result<u64, ()> {
        self.0.len()
    }

    fn read_bytes_at(self, offset: u64, size: u64) -> Result<&'c [u8], ()> {
        if size > PART_BYTES_MAX { Err(()) } else { self.0.read_bytes_at(offset, size) }
    }

    fn read_bytes_at_until(self, _: std::ops::Range<u64>, _: u8) -> Result<&'c [u8], ()> {
        // Only whole tables are read.
        Err(())
    }
}

impl<'i> Elf<'i> {
    /// The file, if it is one of these and has a mark of a language.
    pub(super) fn open(inside: &'i Inside, path: &str) -> Option<Self> {
        let mut file = inside.plain(path).ok()?;
        let mut begin = [0; 6];
        file.read_exact(&mut begin).ok()?;
        let class = *begin.strip_prefix(&ELFMAG)?.first()?;
        let cache = ReadCache::new(file);
        let mut elf = Self { inside, cache, big_endian: false, go: None, rust: None, segments: Vec::new() };
        if class == object::elf::ELFCLASS64 {
            elf.read::<FileHeader64<Endianness>>()?;
        } else {
            elf.read::<FileHeader32<Endianness>>()?;
        }
        (elf.go.is_some() || elf.rust.is_some()).then_some(elf)
    }

    fn read<H: FileHeader<Endian = Endianness>>(&mut self) -> Option<()> {
        let data = Bounded(&self.cache);
        let header = H::parse(data).ok()?;
        let endian = header.endian().ok()?;
        let sections = header.section_headers(endian, data).ok()?;
        let strings = header.section_strings_index(endian, data).ok()?;
        let names = sections.get(strings.0)?.data(endian, data).ok()?;
        let part = |name: &[u8]| {
            let named = |s: &&H::SectionHeader| {
                usize::try_from(s.sh_name(endian)).is_ok_and(|at| names.get(at..).is_some_and(|n| n.starts_with(name)))
            };
            let section = sections.iter().find(named)?;
            let (offset, len) = section.file_range(endian)?;
            Some(Part { offset, len })
        };
        let (go, rust) = (part(GO), part(RUST));
        let programs = header.program_headers(endian, data).unwrap_or_default();
        let segments = programs.iter().filter(|p| p.p_type(endian) == PT_LOAD).map(|p| {
            let (offset, len) = p.file_range(endian);
            Segment { address: p.p_vaddr(endian).into(), part: Part { offset, len } }
        });
        let segments = segments.collect();
        (self.big_endian, self.go, self.rust, self.segments) = (endian == Endianness::Big, go, rust, segments);
        Some(())
    }

    /// The bytes of a part of the file; none when it is too long or not there.
    pub(super) fn bytes(&self, part: Part) -> Option<&[u8]> {
        if part.len > PART_BYTES_MAX {
            self.inside.cut();
        }
        Bounded(&self.cache).read_bytes_at(part.offset, part.len).ok()
    }

    /// The bytes at an address of the running program.
    pub(super) fn at_address(&self, address: u64, len: u64) -> Option<&[u8]> {
        let within = |s: &&Segment| address.checked_sub(s.address).is_some_and(|at| at < s.part.len);
        let segment = self.segments.iter().find(within)?;
        let at = address.checked_sub(segment.address)?;
        if at.checked_add(len)? > segment.part.len {
            return None;
        }
        self.bytes(Part { offset: segment.part.offset.checked_add(at)?, len })
    }
}

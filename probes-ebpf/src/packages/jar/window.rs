//! A stretch of a file that is read as if it were a whole one: an archive within an archive, where it lies. Every byte
//! that is handed out comes out of the pass's allowance, so that no archive that holds itself is read for ever.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::super::Inside;

/// What can be read at any place.
pub(super) trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// The stretch.
pub(super) struct Window<'r> {
    pub(super) inside: &'r Inside,
    reader: BufReader<&'r mut dyn ReadSeek>,
    begin: u64,
    len: u64,
    at: u64,
}

impl<'r> Window<'r> {
    /// A whole file.
    pub(super) fn of(inside: &'r Inside, file: &'r mut dyn ReadSeek) -> io::Result<Self> {
        let len = file.seek(SeekFrom::End(0))?;
        Self::part(inside, file, 0, len)
    }

    /// A part of a file.
    pub(super) fn part(inside: &'r Inside, file: &'r mut dyn ReadSeek, begin: u64, len: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(begin))?;
        Ok(Self { inside, reader: BufReader::new(file), begin, len, at: 0 })
    }
}

impl Read for Window<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(self.at)).unwrap_or(usize::MAX).min(into.len());
        let read = self.reader.read(into.get_mut(..left).unwrap_or_default())?;
        self.at += read as u64;
        self.inside.take(read as u64)?;
        Ok(read)
    }
}

impl Seek for Window<'_> {
    /// Near places are reached within what is already read: a list of entries is walked step by step.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
        };
        let outside = || io::Error::new(io::ErrorKind::InvalidInput, "a place outside the file");
        let to = to.filter(|at| self.begin.checked_add(*at).is_some()).ok_or_else(outside)?;
        let by = i64::try_from(i128::from(to) - i128::from(self.at)).map_err(|_| outside())?;
        self.reader.seek_relative(by)?;
        self.at = to;
        Ok(to)
    }
}

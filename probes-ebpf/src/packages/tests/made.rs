//! Executables for tests, byte by byte: one segment that holds the whole file, and sections in it.

/// Where the segment lies in memory.
pub(super) const BASE: u64 = 0x40_0000;

/// Which of the four layouts.
#[derive(Clone, Copy)]
pub(super) struct Made {
    pub(super) wide: bool,
    pub(super) big: bool,
}

impl Made {
    pub(super) fn number(self, value: u64, len: usize) -> Vec<u8> {
        let mut bytes = value.to_be_bytes()[8 - len..].to_vec();
        if !self.big {
            bytes.reverse();
        }
        bytes
    }

    pub(super) fn word(self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    /// Where the first section begins.
    pub(super) fn begin(self) -> u64 {
        if self.wide { 64 + 56 } else { 52 + 32 }
    }

    fn row(self, fields: &[(u64, usize)]) -> Vec<u8> {
        fields.iter().flat_map(|(value, len)| self.number(*value, *len)).collect()
    }

    pub(super) fn elf(self, sections: &[(&str, &[u8])]) -> Vec<u8> {
        let w = self.word();
        let mut names = b"\0".to_vec();
        let mut rows = vec![0; if self.wide { 64 } else { 40 }];
        let mut at = self.begin();
        let mut body = Vec::new();
        let mut section = |name: &str, bytes: &[u8], at: u64| {
            let kind = if name == ".shstrtab" { 3 } else { 1 };
            let fields = [
                (names.len() as u64, 4),
                (kind, 4),
                (0, w),
                (BASE + at, w),
                (at, w),
                (bytes.len() as u64, w),
                (0, 4),
                (0, 4),
                (1, w),
                (0, w),
            ];
            rows.extend(self.row(&fields));
            names.extend(name.bytes().chain([0]));
        };
        for (name, bytes) in sections {
            section(name, bytes, at);
            body.extend_from_slice(bytes);
            at += bytes.len() as u64;
        }
        let strings =
            [&b"\0"[..], &sections.iter().flat_map(|(n, _)| n.bytes().chain([0])).collect::<Vec<u8>>(), b".shstrtab\0"]
                .concat();
        section(".shstrtab", &strings, at);
        let table = at + strings.len() as u64;
        let whole = table + rows.len() as u64;
        let (ident, program) = (if self.wide { 2 } else { 1 }, if self.big { 2 } else { 1 });
        let mut file = vec![0x7f, b'E', b'L', b'F', ident, program, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let (header, segment, entry) = if self.wide { (64, 56, 64) } else { (52, 32, 40) };
        let count = sections.len() as u64 + 2;
        file.extend(self.row(&[(2, 2), (62, 2), (1, 4), (0, w), (header, w), (table, w), (0, 4)]));
        file.extend(self.row(&[(header, 2), (segment, 2), (1, 2), (entry, 2), (count, 2), (count - 1, 2)]));
        let place = [(0, w), (BASE, w), (BASE, w), (whole, w), (whole, w)];
        let (flags, align) = ([(6, 4)], [(1, w)]);
        let segment = if self.wide {
            [&[(1, 4)], &flags[..], &place[..], &align]
        } else {
            [&[(1, 4)], &place[..], &flags, &align]
        };
        file.extend(self.row(&segment.concat()));
        assert_eq!(file.len() as u64, self.begin());
        [file, body, strings, rows].concat()
    }
}

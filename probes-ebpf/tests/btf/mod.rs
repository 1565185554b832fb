//! Reads structures out of an object's BTF section: names, member offsets, sizes. For tests only: it trusts its input.

use std::collections::HashMap;

const KIND_ARRAY: u32 = 3;
const KIND_STRUCT: u32 = 4;
const KIND_UNION: u32 = 5;
const KIND_ENUM: u32 = 6;
const KIND_FUNC_PROTO: u32 = 13;
const KIND_VAR: u32 = 14;
const KIND_DATASEC: u32 = 15;
const KIND_DECL_TAG: u32 = 17;
const KIND_ENUM64: u32 = 19;
const KIND_INT: u32 = 1;

/// One structure.
#[derive(Clone, Debug)]
pub(crate) struct Structure {
    /// Its size in bytes.
    pub(crate) size: usize,
    /// Its members with their offsets in bytes.
    pub(crate) members: Vec<(String, usize)>,
    /// The type of each member.
    types: Vec<usize>,
}

enum Type {
    Structure(Structure),
    Array { elements: usize },
    Pointer(usize),
    Variable(String, usize),
    Other,
}

/// The types of an object.
pub(crate) struct Types {
    types: Vec<Type>,
    by_name: HashMap<String, usize>,
}

impl Types {
    /// From the bytes of an ELF object of this machine's own byte order.
    pub(crate) fn of_object(elf: &[u8]) -> Self {
        let btf = section(elf, ".BTF").expect("the object has a .BTF section");
        let word = |at: usize| u32::from_le_bytes(btf[at..at + 4].try_into().unwrap());
        assert_eq!(word(0) & 0xffff, 0xeb9f, "BTF magic");
        let header = word(4) as usize;
        let (type_at, type_len, text_at) = (header + word(8) as usize, word(12) as usize, header + word(16) as usize);
        let text = |at: u32| {
            let bytes = &btf[text_at + at as usize..];
            String::from_utf8_lossy(&bytes[..bytes.iter().position(|&b| b == 0).unwrap()]).into_owned()
        };
        let mut types = vec![Type::Other];
        let mut by_name = HashMap::new();
        let mut at = type_at;
        while at < type_at + type_len {
            let (name, info, size) = (text(word(at)), word(at + 4), word(at + 8));
            let (kind, count) = ((info >> 24) & 0x1f, (info & 0xffff) as usize);
            at += 12;
            types.push(match kind {
                KIND_STRUCT | KIND_UNION => {
                    let member = |i: usize| at + i * 12;
                    let structure = Structure {
                        size: size as usize,
                        // With the flag set, the upper byte of the offset is a bit field's width.
                        members: (0..count)
                            .map(|i| (text(word(member(i))), (word(member(i) + 8) & 0x00ff_ffff) as usize / 8))
                            .collect(),
                        types: (0..count).map(|i| word(member(i) + 4) as usize).collect(),
                    };
                    by_name.insert(name, types.len());
                    Type::Structure(structure)
                }
                KIND_ARRAY => Type::Array { elements: word(at + 8) as usize },
                2 => Type::Pointer(size as usize),
                KIND_VAR => Type::Variable(name, size as usize),
                _ => Type::Other,
            });
            at += match kind {
                KIND_INT | KIND_VAR | KIND_DECL_TAG => 4,
                KIND_ARRAY => 12,
                KIND_STRUCT | KIND_UNION | KIND_DATASEC | KIND_ENUM64 => count * 12,
                KIND_ENUM | KIND_FUNC_PROTO => count * 8,
                _ => 0,
            };
        }
        Self { types, by_name }
    }

    /// A structure by name.
    pub(crate) fn structure(&self, name: &str) -> Option<&Structure> {
        match self.types.get(*self.by_name.get(name)?)? {
            Type::Structure(structure) => Some(structure),
            _ => None,
        }
    }

    /// `max_entries` of a map: declared as a pointer to an array of that many elements.
    pub(crate) fn map_size(&self, name: &str) -> Option<usize> {
        let of = self.types.iter().find_map(|t| match t {
            Type::Variable(variable, of) if variable == name => Some(*of),
            _ => None,
        })?;
        let Type::Structure(map) = self.types.get(of)? else { return None };
        let member = map.members.iter().position(|(member, _)| member == "max_entries")?;
        let Type::Pointer(array) = self.types.get(map.types[member])? else { return None };
        match self.types.get(*array)? {
            Type::Array { elements } => Some(*elements),
            _ => None,
        }
    }
}

/// A section of a 64-bit little-endian ELF file.
fn section<'a>(elf: &'a [u8], wanted: &str) -> Option<&'a [u8]> {
    let long = |at: usize| u64::from_le_bytes(elf[at..at + 8].try_into().unwrap()) as usize;
    let word = |at: usize| u32::from_le_bytes(elf[at..at + 4].try_into().unwrap()) as usize;
    let half = |at: usize| u16::from_le_bytes(elf[at..at + 2].try_into().unwrap()) as usize;
    let (table, entry, count, names) = (long(0x28), half(0x3a), half(0x3c), half(0x3e));
    let bytes = |index: usize| {
        let header = table + index * entry;
        &elf[long(header + 0x18)..long(header + 0x18) + long(header + 0x20)]
    };
    (0..count).find_map(|index| {
        let name = &bytes(names)[word(table + index * entry)..];
        (name.split(|&b| b == 0).next() == Some(wanted.as_bytes())).then(|| bytes(index))
    })
}

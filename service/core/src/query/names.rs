//! The names that a caller may ask about. Comes in: names of the caller's own inventory. Goes out: for a word of a
//! question the names it can mean. Only what is here can be named; everything else is unknown, and reads the same
//! whether it does not exist or may not be seen.

use std::collections::BTreeMap;

use super::filters::NameKind;
use crate::text::Opaque;

/// The most names that one word may stand for; beyond it the question has to say which.
pub const NAMES_PER_WORD_MAX: usize = 12;
/// Shorter words are never taken for a slip of the pen.
const NEAR_CHARS_MIN: usize = 4;
/// Shorter pieces of names stand for nothing.
const PIECE_CHARS_MIN: usize = 3;

/// A name that a word can mean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    pub(super) kind: NameKind,
    pub(super) name: Opaque,
}

/// The caller's names, by every spelling under which they can be asked for.
#[derive(Clone, Debug, Default)]
pub struct NameIndex {
    names: Vec<Hit>,
    whole: BTreeMap<Box<str>, Vec<u32>>,
    pieces: BTreeMap<Box<str>, Vec<u32>>,
    by_length: BTreeMap<usize, Vec<Box<str>>>,
}

impl NameIndex {
    /// Adds a name under its own spelling.
    pub fn add(&mut self, kind: NameKind, name: &str) {
        self.add_spelled(kind, name, &[name]);
    }

    /// Adds a workload: asked for by its name alone it stands for every namespace.
    pub fn add_workload(&mut self, namespace: &str, name: &str) {
        self.add(NameKind::Workload, name);
        if !namespace.is_empty() {
            let full = format!("{namespace}/{name}");
            self.add_spelled(NameKind::Workload, &full, &[&full]);
        }
    }

    /// Adds a service account, in the same way.
    pub fn add_account(&mut self, namespace: &str, name: &str) {
        self.add(NameKind::ServiceAccount, name);
        if !namespace.is_empty() {
            let full = format!("{namespace}/{name}");
            self.add_spelled(NameKind::ServiceAccount, &full, &[&full]);
        }
    }

    /// Adds an image by the repository that people type, under its last part and full spelling too.
    pub fn add_image(&mut self, repository: &str, tag: Option<&str>) {
        let familiar = crate::asset::ImageRef::familiar(repository);
        let last = familiar.rsplit('/').next().unwrap_or(familiar);
        self.add_spelled(NameKind::Image, familiar, &[familiar, repository, last]);
        if let Some(tag) = tag {
            let tagged = format!("{familiar}:{tag}");
            self.add_spelled(NameKind::Image, &tagged, &[&tagged, &format!("{last}:{tag}")]);
        }
    }

    /// Adds a name under several spellings.
    pub fn add_spelled(&mut self, kind: NameKind, name: &str, spellings: &[&str]) {
        if name.is_empty() {
            return;
        }
        let hit = Hit { kind, name: Opaque::readmit(name) };
        let known = self.whole.get(name.to_lowercase().as_str()).and_then(|ids| {
            ids.iter().copied().find(|id| self.names.get(*id as usize).is_some_and(|known| *known == hit))
        });
        let id = known.unwrap_or_else(|| {
            self.names.push(hit);
            (self.names.len() - 1) as u32
        });
        for spelling in spellings {
            let key = spelling.to_lowercase();
            let length = key.chars().count();
            let ids = self.whole.entry(key.as_str().into()).or_default();
            if ids.is_empty() {
                self.by_length.entry(length).or_default().push(key.as_str().into());
            }
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let has_pieces = !matches!(
            kind,
            NameKind::Version | NameKind::Cve | NameKind::Band | NameKind::Person | NameKind::Container
        );
        if known.is_none() && has_pieces {
            self.add_pieces(id, kind, name);
        }
    }

    fn add_pieces(&mut self, id: u32, kind: NameKind, name: &str) {
        let own = match kind {
            NameKind::Workload | NameKind::ServiceAccount if name.contains('/') => return,
            NameKind::Image if name.contains(':') => return,
            NameKind::Image => name.rsplit('/').next().unwrap_or(name),
            _ => name,
        };
        let lower = own.to_lowercase();
        let mut add = |piece: &str| {
            if piece.chars().count() >= PIECE_CHARS_MIN && piece != lower && piece.contains(char::is_alphabetic) {
                let ids = self.pieces.entry(piece.into()).or_default();
                if ids.last() != Some(&id) {
                    ids.push(id);
                }
            }
        };
        // Every beginning that ends at a mark, and every piece between marks.
        for (at, _) in lower.match_indices(['-', '_', '.', '/', ':']) {
            add(&lower[..at]);
        }
        lower.split(['-', '_', '.', '/', ':']).for_each(add);
    }

    /// True when a workload of this name lies in this namespace.
    pub(super) fn has_workload(&self, namespace: &str, name: &str) -> bool {
        self.whole(&format!("{namespace}/{name}").to_lowercase()).iter().any(|hit| hit.kind == NameKind::Workload)
    }

    /// The names that are spelled like this.
    pub(super) fn whole(&self, word: &str) -> Vec<Hit> {
        self.hits(self.whole.get(word))
    }

    /// The names that have this piece.
    pub(super) fn with_piece(&self, word: &str) -> Vec<Hit> {
        self.hits(self.pieces.get(word))
    }

    fn hits(&self, ids: Option<&Vec<u32>>) -> Vec<Hit> {
        ids.map(|ids| ids.iter().filter_map(|id| self.names.get(*id as usize).cloned()).collect()).unwrap_or_default()
    }

    /// The first name that is one letter away: one more, one less, another one, or two that changed places.
    pub(super) fn near(&self, word: &str) -> Option<Hit> {
        let n = word.chars().count();
        if n < NEAR_CHARS_MIN {
            return None;
        }
        let keys = self.by_length.range(n - 1..=n + 1).flat_map(|(_, keys)| keys);
        let found = keys.filter(|key| key.chars().count() >= NEAR_CHARS_MIN && one_letter_off(word, key)).min()?;
        self.whole(found).into_iter().find(|hit| hit.kind != NameKind::Version)
    }
}

impl NameIndex {
    /// A name that is one letter from a word, however short: offered, never taken.
    pub(super) fn one_off(&self, word: &str) -> Option<Hit> {
        let n = word.chars().count();
        let keys = self.by_length.range(n.saturating_sub(1)..=n + 1).flat_map(|(_, keys)| keys);
        let near = keys.filter(|key| one_letter_off(word, key) && key.chars().any(char::is_alphabetic));
        let found = near.min_by(|a, b| (a.len() <= word.len(), a).cmp(&(b.len() <= word.len(), b)))?;
        self.whole(found).into_iter().find(|hit| hit.kind != NameKind::Version)
    }
}

/// True when two different words differ by one letter, or by two neighbours that changed places.
pub(super) fn one_letter_off(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    let same = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    match long.len() - short.len() {
        0 if same == short.len() => false,
        0 => {
            let swapped = same + 1 < short.len() && short[same] == long[same + 1] && short[same + 1] == long[same];
            short[same + 1..] == long[same + 1..] || swapped && short[same + 2..] == long[same + 2..]
        }
        1 => short[same..] == long[same + 1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_is_one_letter() {
        for (a, b, off) in [
            ("payments", "paymets", true),
            ("shop", "shpo", true),
            ("shop", "shops", true),
            ("shop", "ship", true),
            ("shop", "shop", false),
            ("shop", "chip", false),
            ("abcd", "badc", false),
        ] {
            assert_eq!(one_letter_off(a, b), off, "{a} {b}");
            assert_eq!(one_letter_off(b, a), off, "{b} {a}");
        }
    }

    #[test]
    fn a_piece_stands_for_every_name_that_has_it() {
        let mut names = NameIndex::default();
        names.add(NameKind::Package, "log4j-core");
        names.add(NameKind::Package, "log4j-api");
        names.add_workload("shop", "checkout");
        assert_eq!(names.with_piece("log4j").len(), 2);
        assert_eq!(names.whole("shop/checkout").len(), 1);
        assert!(names.with_piece("checkout").is_empty() && names.whole("log4j").is_empty());
        assert_eq!(names.near("checkuot").map(|h| h.name.reveal().to_owned()).as_deref(), Some("checkout"));
    }
}

//! Packages of rpm: a header for each in one table of `rpmdb.sqlite`, which names its files by folder and base name.
//! Older databases (Berkeley DB, ndb) are not read; where one is, or where one cannot be read to its end, any package of rpm
//! may be what is used, and that is said. Source: "RPM V4 Package format", header format and tags.

use assay_core::asset::source_rpm_name;

use super::asked::{Asked, Claims};
use super::distribution::{Distribution, Installed};
use super::purl::PURL_BYTES_MAX;
use super::sqlite::Database;
use super::{Found, Inside, Package};

/// Where the database is, newer places first; the last is that of trees that are put together elsewhere.
const FOLDERS: [&str; 3] = ["usr/lib/sysimage/rpm", "var/lib/rpm", "usr/share/rpm"];
/// What images without a database keep for scanners: packages, and none of their files.
const MANIFEST: &str = "var/lib/rpmmanifest";
const DATABASE: &str = "rpmdb.sqlite";
/// What was written and not yet taken into the database, or is to be taken back.
const LOGS: [&str; 2] = ["rpmdb.sqlite-wal", "rpmdb.sqlite-journal"];
/// The database, and those of older kinds.
const KINDS: [&str; 3] = [DATABASE, "Packages", "Packages.db"];
/// As much of a database as tells it from another: its first page counts the changes to it.
const HEAD_BYTES: u64 = 4_096;
const TABLE: &str = "Packages";
/// The most packages that own what is asked for.
const OWNERS_MAX: usize = 20_000;
/// The most folders that one package has files in.
const FOLDERS_MAX: usize = 65_536;
/// What a file of a package costs of the pass's allowance besides its path, as a line of a list does.
const FILE_COST: usize = 64;

/// Tags of a header.
mod tag {
    pub(super) const NAME: u32 = 1000;
    pub(super) const VERSION: u32 = 1001;
    pub(super) const RELEASE: u32 = 1002;
    pub(super) const EPOCH: u32 = 1003;
    pub(super) const ARCH: u32 = 1022;
    pub(super) const SOURCE_RPM: u32 = 1044;
    pub(super) const DIR_INDEXES: u32 = 1116;
    pub(super) const BASE_NAMES: u32 = 1117;
    pub(super) const DIR_NAMES: u32 = 1118;
}

pub(super) fn owners(inside: &Inside, asked: &Asked<'_>, distribution: &Distribution, found: &mut Found<'_>) {
    let (mut claims, mut installed, mut whole) = (Claims::none(), Vec::new(), true);
    let mut first = None;
    for folder in FOLDERS {
        let names = inside.names(folder).unwrap_or_default();
        let has = |name: &str| names.iter().any(|n| n == name);
        let Some(kind) = KINDS.into_iter().find(|kind| has(kind)) else { continue };
        let path = format!("{folder}/{kind}");
        let head = inside.bytes(&path, HEAD_BYTES).unwrap_or_default();
        if let Some(first) = &first {
            // One folder is mostly a link to the other; where it is not, scanners read both.
            whole &= *first == head;
            continue;
        }
        first = Some(head);
        let open = |log: &&str| has(log) && !inside.bytes(&format!("{folder}/{log}"), 1).is_ok_and(|b| b.is_empty());
        whole &= kind == DATABASE && !LOGS.iter().any(open);
        if kind == DATABASE {
            let read = Database::open(inside, &path).and_then(|mut database| {
                database.blobs(TABLE, &mut |blob| whole &= note(inside, blob, asked, &mut claims, &mut installed))
            });
            whole &= read.is_ok();
        }
    }
    let mut seen = first.is_some();
    if !seen && inside.names(MANIFEST).is_ok_and(|names| !names.is_empty()) {
        (seen, whole) = (true, false);
    }
    if seen && !whole {
        for path in asked.all() {
            found.add(path, Package::unnamed("rpm", None));
        }
    }
    for (name, owner) in claims.settled() {
        let of = |nth: usize| distribution.package("rpm", "redhat", installed.get(nth)?);
        found.add_all(asked.paths(name), owner.package("rpm", of));
    }
}

/// Takes what a package claims of the asked paths; false when its header cannot be read, or is one too many.
fn note<'n>(
    inside: &Inside,
    blob: &[u8],
    asked: &'n Asked<'_>,
    claims: &mut Claims<'n, usize>,
    installed: &mut Vec<Installed>,
) -> bool {
    let Some(header) = Header::of(blob) else { return false };
    let folders = header.texts(tag::DIR_NAMES).map(|folder| (folder, folder.trim_end_matches('/')));
    let folders: Vec<_> = folders.take(FOLDERS_MAX + 1).collect();
    let nth = installed.len();
    if nth >= OWNERS_MAX || folders.len() > FOLDERS_MAX {
        return false;
    }
    let (mut names, mut places) = (header.texts(tag::BASE_NAMES), header.numbers(tag::DIR_INDEXES));
    let (mut owns, mut whole) = (false, true);
    loop {
        let (file, folder) = match (names.next(), places.next()) {
            (Some(file), Some(folder)) => (file, folders.get(folder as usize)),
            (None, None) => break,
            _ => (Default::default(), None),
        };
        let Some((folder, plain)) = folder else {
            whole = false;
            continue;
        };
        // Few bytes name a file, and its folder may be long: what is put together is what takes time.
        if inside.take((folder.len() + file.len() + FILE_COST) as u64).is_err() {
            whole = false;
            break;
        }
        // A folder is asked for where files directly in it were used.
        for name in [asked.name(&format!("{folder}{file}")), asked.name(plain)] {
            owns |= name.is_some();
            claims.claim(name, nth);
        }
    }
    if owns {
        // What is longer makes no package URL, and many of such would fill the memory.
        let mut text = |tag| {
            let text = header.texts(tag).next().unwrap_or_default();
            whole &= text.len() <= PURL_BYTES_MAX;
            if text.len() <= PURL_BYTES_MAX { text } else { "" }
        };
        installed.push(Installed {
            name: text(tag::NAME).to_owned(),
            version: format!("{}-{}", text(tag::VERSION), text(tag::RELEASE)),
            architecture: text(tag::ARCH).to_owned(),
            source: source_rpm_name(text(tag::SOURCE_RPM)).unwrap_or_default().to_owned(),
            epoch: header.numbers(tag::EPOCH).next().map(|n| n.to_string()).unwrap_or_default(),
        });
    }
    whole
}

/// A package's header: an index of tags, and the store that it points into.
struct Header<'b> {
    index: &'b [u8],
    store: &'b [u8],
}

impl<'b> Header<'b> {
    /// Bytes of an entry of the index: tag, kind, offset, count.
    const ENTRY: usize = 16;

    fn of(blob: &'b [u8]) -> Option<Self> {
        let (index, store) = (number(blob, 0)? as usize, number(blob, 4)? as usize);
        let index_end = index.checked_mul(Self::ENTRY)?.checked_add(8)?;
        Some(Self { index: blob.get(8..index_end)?, store: blob.get(index_end..index_end.checked_add(store)?)? })
    }

    /// What a tag points to: its kind, its bytes until the store's end, and how many values they hold.
    fn find(&self, tag: u32) -> Option<(u32, &'b [u8], usize)> {
        let entry = self.index.chunks_exact(Self::ENTRY).find(|entry| number(entry, 0) == Some(tag))?;
        let (kind, offset, count) = (number(entry, 4)?, number(entry, 8)?, number(entry, 12)?);
        Some((kind, self.store.get(offset as usize..)?, count as usize))
    }

    /// The texts of a tag: of one, of a list, or of the languages of one.
    fn texts(&self, tag: u32) -> impl Iterator<Item = &'b str> {
        let (bytes, count) = match self.find(tag) {
            Some((6, bytes, _)) => (bytes, 1),
            Some((8 | 9, bytes, count)) => (bytes, count),
            _ => (&[][..], 0),
        };
        // What is no UTF-8 is no path that anybody asks for.
        bytes.split(|b| *b == 0).take(count).map(|text| std::str::from_utf8(text).unwrap_or_default())
    }

    /// The 32-bit numbers of a tag.
    fn numbers(&self, tag: u32) -> impl Iterator<Item = u32> {
        let (bytes, count) = match self.find(tag) {
            Some((4, bytes, count)) => (bytes, count),
            _ => (&[][..], 0),
        };
        bytes.chunks_exact(4).take(count).filter_map(|n| number(n, 0))
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}

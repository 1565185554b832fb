//! Packages in archives of Java. Comes in: the path of a `.jar`, `.war` or `.ear` that was used. Goes out: every package
//! in it, those of archives on its own class path too: reading the outer archive is the only use of them that can be
//! seen. The list of entries is never held whole, a stored inner archive is read where it lies, and all that is
//! inflated comes out of the pass's allowance.

mod window;

use std::io::{Cursor, Read};

use window::Window;
use zip::CompressionMethod;
use zip::read::{Config, ZipFileEntry, ZipReadOptions};
use zip::result::ZipResult;
use zip::unstable::read::ZipIterable;

use super::maven::Coordinates;
use super::{Found, Inside, Package};

/// The most entries of one archive that are looked at.
const ENTRIES_MAX: usize = 200_000;
/// The most entries of one archive that are read.
const READ_MAX: usize = 2_048;
/// The most bytes of a text that says what an archive is.
const TEXT_BYTES_MAX: u64 = 64 << 10;
/// The most bytes of an inner archive that has to be inflated.
const INFLATED_BYTES_MAX: u64 = 32 << 20;
/// What an entry costs of the pass's allowance besides its bytes: many short ones take long.
const ENTRY_COST: u64 = 256;
/// How deep archives within archives are opened: a library in a web application in an enterprise application.
const DEPTH_MAX: usize = 2;

/// Where an archive keeps its libraries.
const LIBRARIES: [&str; 4] = ["BOOT-INF/lib/", "WEB-INF/lib/", "WEB-INF/lib-provided/", "lib/"];

/// True for the name of an archive of Java.
pub(super) fn is_archive(path: &str) -> bool {
    let end = path.rsplit_once('.').map(|(_, end)| end).unwrap_or_default();
    ["jar", "war", "ear"].iter().any(|kind| end.eq_ignore_ascii_case(kind))
}

pub(super) fn owners(inside: &Inside, path: &str, found: &mut Found<'_>) {
    let Ok(mut file) = inside.plain(path) else { return };
    let looked = Window::of(inside, &mut file)
        .map_err(Into::into)
        .and_then(|window| Look { path, found: &mut *found }.look_in(window, path, 0));
    if looked.is_err() {
        // What cannot be read here may be read by a machine that is less strict.
        found.add(path, Package::unnamed("maven", Some(path)));
    }
}

/// One look into an archive that was used, and into what it holds.
struct Look<'l, 'f> {
    path: &'l str,
    found: &'l mut Found<'f>,
}

/// What an entry is good for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Good {
    Pom,
    Manifest,
    Archive,
}

impl Good {
    fn of(name: &str, outer: &str) -> Option<Self> {
        let (folder, file) = name.split_at(name.rfind('/').map_or(0, |at| at + 1));
        if file == "pom.properties" {
            (name.starts_with("META-INF/maven/") && name.split('/').count() == 5).then_some(Self::Pom)
        } else if is_archive(file) {
            // Only an enterprise application has its modules at the top; elsewhere an archive there is mere data.
            let module = folder.is_empty() && outer.to_ascii_lowercase().ends_with(".ear");
            (module || LIBRARIES.contains(&folder)).then_some(Self::Archive)
        } else {
            (name == "META-INF/MANIFEST.MF").then_some(Self::Manifest)
        }
    }
}

impl Look<'_, '_> {
    fn look_in(&mut self, window: Window<'_>, name: &str, depth: usize) -> ZipResult<()> {
        let inside = window.inside;
        let mut archive = ZipIterable::try_new(window, Config::default())?;
        let files = archive.files()?;
        let (mut own, mut manifest, mut read, mut holds) = (Vec::new(), String::new(), 0_usize, false);
        // One entry at a time: what an archive says of its entries may be long.
        for nth in 0_usize.. {
            // A list that breaks off still named what came before.
            let Some(Ok(entry)) = files.next() else { break };
            if nth >= ENTRIES_MAX || read >= READ_MAX || inside.take(ENTRY_COST).is_err() {
                inside.cut();
                break;
            }
            let Some(good) = Good::of(&String::from_utf8_lossy(entry.name_raw()), name) else { continue };
            read += 1;
            holds |= good == Good::Archive;
            // An entry that cannot be read says nothing; the others are read.
            match good {
                Good::Pom => own.extend(text(entry, files.reader_mut()).ok().and_then(|t| Coordinates::declared(&t))),
                Good::Manifest => manifest = text(entry, files.reader_mut()).unwrap_or_default(),
                Good::Archive if depth < DEPTH_MAX => {
                    let _ = self.look_in_inner(entry, files.reader_mut(), depth + 1);
                }
                Good::Archive => inside.cut(),
            }
        }
        if own.is_empty() {
            own.extend(Coordinates::told(&manifest, name.rsplit('/').next().unwrap_or_default()));
            // What a manifest says is not always what the archive was published as. What holds libraries is an
            // application, which no advisory names.
            if !holds || !own.is_empty() {
                self.found.add(self.path, Package::unnamed("maven", Some(self.path)));
            }
        }
        for package in own.iter().filter_map(|coordinates| coordinates.package(self.path)) {
            self.found.add(self.path, package);
        }
        Ok(())
    }

    fn look_in_inner(&mut self, entry: ZipFileEntry<'_>, outer: &mut Window<'_>, depth: usize) -> ZipResult<()> {
        let inside = outer.inside;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let file = entry.with_reader(outer, ZipReadOptions::default())?;
        if let (CompressionMethod::Stored, false, Some(begin)) =
            (file.compression(), file.encrypted(), file.data_start())
        {
            let len = file.compressed_size();
            drop(file);
            return self.look_in(Window::part(inside, outer, begin, len)?, &name, depth);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(file.size().min(INFLATED_BYTES_MAX)).unwrap_or_default());
        file.take(INFLATED_BYTES_MAX).read_to_end(&mut bytes)?;
        inside.take(bytes.len() as u64)?;
        if bytes.len() as u64 >= INFLATED_BYTES_MAX {
            inside.cut();
            return Ok(());
        }
        self.look_in(Window::of(inside, &mut Cursor::new(bytes))?, &name, depth)
    }
}

fn text(entry: ZipFileEntry<'_>, outer: &mut Window<'_>) -> ZipResult<String> {
    let inside = outer.inside;
    let mut bytes = Vec::new();
    entry.with_reader(outer, ZipReadOptions::default())?.take(TEXT_BYTES_MAX).read_to_end(&mut bytes)?;
    inside.take(bytes.len() as u64)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
pub(super) mod tests;

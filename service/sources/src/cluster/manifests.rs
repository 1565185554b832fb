//! Manifests: files and folders of YAML and JSON, as people write them, as kustomize and Helm render them and as kubectl
//! dumps them. Comes in: a path. Goes out: the objects in it, each with its place, and what was skipped with the reason.
//! One bad file or document never hides the others, and no link leads out of the folder.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use super::gathered::Gathered;
use super::limits::ScanLimits;
use super::object::{NoObject, Object, Origin, Place};
use super::yaml::{Broken, Document, Part};
use super::{json, yaml};
use crate::door::SecretDoor;

/// Why manifests are refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The path is not there, or may not be looked at.
    #[error("{} cannot be read", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Reads the manifests at a path: one file, whatever its name, or every `.yaml`, `.yml` and `.json` file of a folder.
///
/// # Errors
/// When the path itself cannot be opened. Files inside a folder that cannot be read are skipped and listed.
pub fn read(path: &Path, limits: &ScanLimits, door: &SecretDoor) -> Result<Gathered, ManifestError> {
    let open = |source| ManifestError::Open { path: path.to_owned(), source };
    let mut reading = Reading { limits, door, home: Gathered::default() };
    if std::fs::metadata(path).map_err(open)?.is_dir() {
        reading.folder(path);
    } else {
        let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
        let file = File::open(path).map_err(open)?;
        reading.file(file, &name);
    }
    Ok(reading.home)
}

/// Reads manifests that are already in memory, such as standard input; `name` stands for their file.
pub fn read_bytes(bytes: &[u8], name: &str, limits: &ScanLimits, door: &SecretDoor) -> Gathered {
    let mut reading = Reading { limits, door, home: Gathered::default() };
    reading.bytes(bytes, name);
    reading.home
}

struct Reading<'a> {
    limits: &'a ScanLimits,
    door: &'a SecretDoor,
    home: Gathered,
}

impl Reading<'_> {
    fn folder(&mut self, root: &Path) {
        let walk = WalkDir::new(root).sort_by_file_name().into_iter();
        let mut files = 0;
        for entry in walk.filter_entry(|e| e.depth() == 0 || e.file_name() != ".git") {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let place = error.path().map_or_else(String::new, |p| shown(p, root));
                    self.lose(&place, "it cannot be read");
                    continue;
                }
            };
            let place = shown(entry.path(), root);
            let kind = entry.file_type();
            if kind.is_dir() {
                continue;
            }
            if !kind.is_file() {
                self.pass_over(&place, "not a plain file: links are not followed");
                continue;
            }
            let extension = entry.path().extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
            if !matches!(extension.as_deref(), Some("yaml" | "yml" | "json")) {
                self.pass_over(&place, "not a .yaml, .yml or .json file");
                continue;
            }
            files += 1;
            if files > self.limits.files_max {
                self.lose(&place, &format!("over the limit of {} files", self.limits.files_max));
                return;
            }
            match File::open(entry.path()) {
                Ok(file) => self.file(file, &place),
                Err(_) => self.lose(&place, "it cannot be opened"),
            }
        }
    }

    fn file(&mut self, file: File, name: &str) {
        let mut bytes = Vec::new();
        let max = self.limits.file_bytes_max;
        match file.take(max + 1).read_to_end(&mut bytes) {
            Ok(n) if n as u64 > max => self.lose(name, &format!("over the limit of {max} bytes a file")),
            Ok(_) => self.bytes(&bytes, name),
            Err(_) => self.lose(name, "it cannot be read"),
        }
    }

    fn bytes(&mut self, bytes: &[u8], name: &str) {
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return self.lose(name, "it is UTF-16; convert it to UTF-8 (iconv -t UTF-8)");
        }
        let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let line = 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
                return self.lose(&format!("{name}:{line}"), "it is not UTF-8");
            }
        };
        let before = self.noted();
        let file: Arc<str> = name.into();
        let mut list = List::default();
        let limits = self.limits;
        let mut take = |part| self.part(part, &file, text, &mut list);
        if is_json(text) {
            json::read(text, limits, &mut take);
        } else {
            yaml::read(text, limits, &mut take);
        }
        if before == self.noted() {
            self.pass_over(name, "nothing in it");
        }
    }

    fn part(&mut self, part: Part, file: &Arc<str>, text: &str, list: &mut List) {
        match part {
            Part::Item(document) => {
                let at = list.place(&document);
                // An item without a kind of its own waits for the list's.
                if document.value.get("kind").is_none() && list.waiting.len() < self.limits.objects_max {
                    list.waiting.push((document, at));
                } else {
                    self.object(document, None, file, at);
                }
            }
            Part::Whole(document) => self.whole(document, file, std::mem::take(list)),
            Part::Broken(Broken { line, reason }) => {
                *list = List::default();
                let templated = if text.contains("{{") {
                    "; a Helm template, perhaps: render it first (helm template)"
                } else {
                    ""
                };
                self.lose(&format!("{file}:{line}"), &format!("{reason}{templated}"));
            }
        }
    }

    fn whole(&mut self, document: Document, file: &Arc<str>, list: List) {
        let text = |field: &str| document.value.get(field).and_then(|v| v.as_str());
        let names = (text("apiVersion").map(str::to_owned), text("kind").map(str::to_owned));
        match names {
            (Some(version), Some(kind)) if kind.ends_with("List") && document.value.get("items").is_some() => {
                let kind = kind.strip_suffix("List").filter(|kind| !kind.is_empty());
                for (document, at) in list.waiting {
                    self.object(document, kind.map(|kind| (version.as_str(), kind)), file, at);
                }
            }
            // A list of objects without anything round it is not what kubectl takes, but people keep such files.
            _ if document.value.is_array() => {
                let at = place_of(&document);
                self.pass_over(&located(file, at), "a bare list: not a Kubernetes object");
            }
            _ => {
                let at = place_of(&document);
                self.object(document, None, file, at);
            }
        }
    }

    fn object(&mut self, document: Document, kind: Option<(&str, &str)>, file: &Arc<str>, at: Place) {
        if self.home.objects.len() >= self.limits.objects_max {
            return self.lose(&located(file, at), &format!("over the limit of {} objects", self.limits.objects_max));
        }
        let origin = Origin::File { file: file.clone(), at };
        match Object::read(document, kind, origin, self.limits, self.door) {
            Ok(object) => self.home.objects.push(object),
            Err(NoObject::Other(what)) => self.pass_over(&located(file, at), what),
            Err(NoObject::Broken(line, why)) => {
                let at = line.map_or(at, Place::Line);
                self.lose(&located(file, at), &why);
            }
        }
    }

    /// How much was said of what was read so far.
    fn noted(&self) -> (usize, usize, usize) {
        (self.home.objects.len(), self.home.skipped().count(), self.home.more)
    }

    fn pass_over(&mut self, place: &str, reason: &str) {
        self.home.pass_over(self.limits.skipped_listed_max, place, reason, self.door);
    }

    fn lose(&mut self, place: &str, reason: &str) {
        self.home.lose(self.limits.skipped_listed_max, place, reason, self.door);
    }
}

/// The items of a list that is still being read.
#[derive(Default)]
struct List {
    waiting: Vec<(Document, Place)>,
    items: u32,
}

impl List {
    fn place(&mut self, document: &Document) -> Place {
        let item = self.items;
        self.items = self.items.saturating_add(1);
        if document.line == 0 { Place::Item(item) } else { Place::Line(document.line) }
    }
}

/// JSON is YAML too; what was written by a machine is read by the faster reader. `{{` opens a template, `{a` a flow
/// mapping that only YAML knows.
fn is_json(text: &str) -> bool {
    let mut chars = text.chars().filter(|c| !c.is_whitespace());
    match (chars.next(), chars.next()) {
        (Some('{'), next) => matches!(next, Some('"' | '}') | None),
        (Some('['), next) => matches!(next, Some('{' | '[' | ']' | '"') | None),
        _ => false,
    }
}

fn place_of(document: &Document) -> Place {
    Place::Line(document.line.max(1))
}

fn located(file: &Arc<str>, at: Place) -> String {
    Origin::File { file: file.clone(), at }.to_string()
}

/// A path the way the person who gave the root sees it.
fn shown(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

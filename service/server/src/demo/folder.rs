//! The demo's folder. A demo is loaded beside the old one and put in its place when it is whole, so that a run that is
//! stopped leaves the old one. It never touches a folder with anything else in it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::Usage;
use crate::data::{DataFolder, write_whole};

/// Says that a folder is a demo's.
const MARKER: &str = "demo.txt";
const MARKER_TEXT: &str = "This folder was made by `assay demo`, which loads it anew each time.\n";
/// Where a demo is loaded.
const LOADING: &str = ".loading";
/// What may lie in a folder that no demo was in yet: parts of an installation without records.
const HARMLESS: &[&str] = &["key", "token", "agent-token", "models", LOADING];

/// A folder that a demo may be loaded into.
#[derive(Debug)]
pub(super) struct DemoFolder {
    root: PathBuf,
}

impl DemoFolder {
    /// Takes a folder, unless other data lie in it.
    pub(super) fn take(root: &Path) -> Result<Self> {
        let folder = Self { root: root.to_owned() };
        if root.exists() && !root.is_dir() {
            return Err(Usage(format!("{} is a file: the demo needs a folder", root.display())).into());
        }
        if !root.join(MARKER).is_file()
            && let Some(other) = folder.stranger()?
        {
            return Err(Usage(format!(
                "{} holds other data ({other}), and the demo overwrites what it finds; hint: name a new folder, such as `assay demo ./assay-demo`",
                root.display()
            ))
            .into());
        }
        DataFolder::at(root).make()?;
        write_whole(&root.join(MARKER), MARKER_TEXT.as_bytes())?;
        Ok(folder)
    }

    /// The first thing in the folder that is not ours.
    fn stranger(&self) -> Result<Option<String>> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e).with_context(|| format!("{} cannot be read", self.root.display())),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names.into_iter().find(|name| !HARMLESS.contains(&name.as_str())))
    }

    /// An empty folder to load into, with this installation's key.
    pub(super) fn loading(&self) -> Result<PathBuf> {
        let loading = self.root.join(LOADING);
        if loading.exists() {
            fs::remove_dir_all(&loading).with_context(|| format!("{} cannot be removed", loading.display()))?;
        }
        DataFolder::at(&loading).make()?;
        let key = self.root.join("key");
        if key.is_file() {
            fs::copy(&key, loading.join("key")).with_context(|| format!("{} cannot be copied", key.display()))?;
        }
        Ok(loading)
    }

    /// Puts what was loaded in the place of what was there.
    pub(super) fn replace(&self) -> Result<()> {
        let loading = self.root.join(LOADING);
        for name in ["assay.db-wal", "assay.db-shm", "digests"] {
            let old = self.root.join(name);
            let gone = if old.is_dir() { fs::remove_dir_all(&old) } else { fs::remove_file(&old) };
            match gone {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(e).with_context(|| format!("{} cannot be removed", old.display()));
                }
                _ => {}
            }
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&loading)? {
            names.push(entry?.file_name());
        }
        names.sort();
        for name in names {
            let (from, to) = (loading.join(&name), self.root.join(&name));
            fs::rename(&from, &to).with_context(|| format!("{} cannot be put in place", to.display()))?;
        }
        fs::remove_dir(&loading).with_context(|| format!("{} cannot be removed", loading.display()))
    }
}

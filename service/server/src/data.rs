//! The data folder: one SQLite file, this installation's keys, and what people put beside them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Where everything of one installation lies.
#[derive(Clone, Debug)]
pub(crate) struct DataFolder {
    root: PathBuf,
}

impl DataFolder {
    /// The folder at a path; it is made when something is written.
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// True once there are records in it.
    pub(crate) fn has_records(&self) -> bool {
        self.database().is_file()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.root.join("assay.db")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.root.join("assay.toml")
    }

    pub(crate) fn digests(&self) -> PathBuf {
        self.root.join("digests")
    }

    pub(crate) fn models(&self) -> PathBuf {
        self.root.join("models")
    }

    pub(crate) fn token(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Makes the folder, readable by its owner only.
    pub(crate) fn make(&self) -> Result<()> {
        if self.root.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(&self.root)
            .with_context(|| format!("the data folder {} cannot be made", self.root.display()))?;
        restrict(&self.root, 0o700)
    }

    /// The key of this installation: marks of secrets are keyed with it. Made at first use.
    pub(crate) fn key(&self) -> Result<[u8; 32]> {
        let path = self.root.join("key");
        if let Ok(bytes) = fs::read(&path) {
            return bytes
                .try_into()
                .map_err(|_| anyhow::anyhow!("{} is not a key of 32 bytes; restore it from a backup", path.display()));
        }
        self.make()?;
        let key = random::<32>()?;
        write_private(&path, &key)?;
        // Another process may have been first: what lies there counts.
        let bytes = fs::read(&path)?;
        bytes.try_into().map_err(|_| anyhow::anyhow!("{} is not a key of 32 bytes", path.display()))
    }
}

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("the operating system gives no random numbers: {e}"))?;
    Ok(bytes)
}

/// Writes a file that only its owner may read, whole or not at all; an existing one is left as it is.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let failed = || format!("{} cannot be written", path.display());
    // A process that is killed half-way leaves a neighbour, never half a key under its name.
    let mut neighbour = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    neighbour.write_all(bytes).and_then(|()| neighbour.as_file().sync_all()).with_context(failed)?;
    match neighbour.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(e) if e.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(e.error).with_context(failed),
    }
}

/// Writes a file whole or not at all, through a neighbour that is renamed.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let neighbour = path.with_extension("part");
    fs::write(&neighbour, bytes)
        .and_then(|()| fs::rename(&neighbour, path))
        .with_context(|| format!("{} cannot be written", path.display()))
}

fn restrict(path: &Path, mode: u32) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .with_context(|| format!("{} cannot be protected", path.display()))?;
    }
    Ok(())
}

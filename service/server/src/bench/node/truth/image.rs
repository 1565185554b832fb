//! A container whose image is this machine's own Debian with a few packages laid over it. All that a runtime needs is
//! there without a download, among everything that it does not need; what a run writes goes away with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::super::container;
use super::strace::Trace;

/// The log of a traced run, in the container.
const LOG: &str = "tmp/strace.log";

/// The longest that a run may take, in seconds.
const LONGEST_S: &str = "120";

/// An image that is not run yet, or was.
pub(super) struct Image {
    /// Layers: on a file system of their own, as the lowest one is the whole tree below it.
    layers: PathBuf,
    bundle: PathBuf,
    id: String,
}

/// What is missing to make one.
pub(super) fn lacks() -> Option<&'static str> {
    let exists = |path: &str| Path::new(path).exists();
    match (exists("/var/lib/dpkg/status"), exists("/usr/bin/strace")) {
        (false, _) => Some("this machine has no packages of Debian to make an image of"),
        (_, false) => Some("strace is not installed (Debian: apt-get install strace)"),
        (true, true) => None,
    }
}

impl Image {
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let id = container::fresh_id();
        let (layers, bundle) = (folder.join(format!("{id}-layers")), folder.join(&id));
        fs::create_dir_all(&layers)?;
        fs::create_dir_all(bundle.join("rootfs"))?;
        mount("tmpfs", &layers, "tmpfs", MountFlags::empty(), None).context("a file system in memory")?;
        // From here on it is undone when this is dropped.
        let image = Self { layers, bundle, id };
        for name in ["laid", "upper", "work"] {
            fs::create_dir(image.layers.join(name))?;
        }
        Ok(image)
    }

    /// Lays a file into the image.
    pub(super) fn file(&self, path: &str, text: impl AsRef<[u8]>) -> Result<()> {
        let at = self.laid(path);
        fs::create_dir_all(at.parent().context("a folder")?)?;
        fs::write(at, text)?;
        Ok(())
    }

    /// Where a path of the image lies while it is laid.
    pub(super) fn laid(&self, path: &str) -> PathBuf {
        self.layers.join("laid").join(path)
    }

    /// The file behind an alias such as `/bin/sh`. What was laid has none; all else is this machine's own.
    pub(super) fn real(&self, path: &str) -> Result<String> {
        if self.laid(path.trim_start_matches('/')).exists() {
            return Ok(path.to_owned());
        }
        Ok(fs::canonicalize(path).with_context(|| format!("{path} is not there"))?.display().to_string())
    }

    /// What a run wrote.
    pub(super) fn written(&self, path: &str) -> Result<String> {
        let at = self.layers.join("upper").join(path);
        fs::read_to_string(&at).with_context(|| format!("the run wrote no {path}"))
    }

    /// Runs a program to its end; the container's id.
    pub(super) fn run(&self, args: &[&str]) -> Result<String> {
        let (root, at) = (self.bundle.join("rootfs"), |name: &str| self.layers.join(name).display().to_string());
        let layers = format!("lowerdir={}:/,upperdir={},workdir={}", at("laid"), at("upper"), at("work"));
        let options = std::ffi::CString::new(layers)?;
        mount("overlay", &root, "overlay", MountFlags::empty(), Some(options.as_c_str())).context("the image")?;
        container::configure(&self.bundle, &self.id, args)?;
        // What does not end would hold everything up; the container itself goes when this is dropped.
        let mut command = Command::new("timeout");
        command.args(["-s", "KILL", LONGEST_S, "runc", "run", "-b"]).arg(&self.bundle).arg(&self.id);
        let done = command.output()?;
        if !done.status.success() {
            bail!(
                "a program did not run: {}{}",
                String::from_utf8_lossy(&done.stdout),
                String::from_utf8_lossy(&done.stderr)
            );
        }
        Ok(self.id.clone())
    }

    /// Runs a script under strace.
    pub(super) fn trace(&self, script: &str) -> Result<Trace> {
        let log = format!("/{LOG}");
        let calls = "trace=execve,execveat,openat,mmap";
        self.run(&["/usr/bin/strace", "-f", "-y", "-o", &log, "-e", calls, "/bin/sh", "-c", script])?;
        Ok(Trace::read(&self.written(LOG)?))
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // What cannot be undone is seen in the list of mounts.
        let _ = Command::new("runc").args(["delete", "-f", &self.id]).output();
        let _ = unmount(self.bundle.join("rootfs"), UnmountFlags::DETACH);
        let _ = unmount(&self.layers, UnmountFlags::DETACH);
    }
}

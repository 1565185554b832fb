//! Containers to put loads in: runc on a root file system of busybox.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail};
use serde_json::json;

/// A container that runs until this is dropped.
pub(super) struct Container {
    id: String,
}

/// What is missing to make any.
pub(super) fn lacks() -> Option<&'static str> {
    let root = rustix::process::geteuid().is_root();
    let runs = |program: &str| Command::new(program).arg("--help").output().is_ok();
    match (root, runs("runc"), busybox().is_some()) {
        (false, ..) => Some("only root may load probes"),
        (_, false, _) => Some("runc is not installed (Debian: apt-get install runc)"),
        (.., false) => Some("busybox is not installed (Debian: apt-get install busybox-static)"),
        (true, true, true) => None,
    }
}

impl Container {
    /// Starts one whose first process runs this script.
    pub(super) fn start(folder: &Path, script: &str) -> Result<Self> {
        let (id, bundle) = bundle(folder, script)?;
        // Its output goes nowhere: a pipe that it holds open would keep us waiting.
        let mut command = Command::new("runc");
        command.args(["run", "-d", "-b"]).arg(&bundle).arg(&id).stdout(Stdio::null()).stderr(Stdio::null());
        if !command.status()?.success() {
            bail!("runc does not start a container from {}", bundle.display());
        }
        Ok(Self { id })
    }

    /// Runs one to its end; its id.
    pub(super) fn run(folder: &Path, script: &str) -> Result<String> {
        let (id, bundle) = bundle(folder, script)?;
        let done = Command::new("runc").args(["run", "-b"]).arg(&bundle).arg(&id).output()?;
        fs::remove_dir_all(&bundle)?;
        if !done.status.success() {
            bail!("runc: {}", String::from_utf8_lossy(&done.stderr));
        }
        Ok(id)
    }

    /// Runs a script in it.
    pub(super) fn exec(&self, script: &str) -> Result<()> {
        let done = Command::new("runc").args(["exec", &self.id, "/bin/sh", "-c", script]).output()?;
        if !done.status.success() {
            bail!("a load failed: {}", String::from_utf8_lossy(&done.stderr));
        }
        Ok(())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // A container that cannot be removed is listed by `runc list`.
        let _ = Command::new("runc").args(["delete", "-f", &self.id]).output();
    }
}

fn bundle(folder: &Path, script: &str) -> Result<(String, PathBuf)> {
    let id = fresh_id();
    let bundle = folder.join(&id);
    let root = bundle.join("rootfs");
    for name in ["bin", "tmp", "www"] {
        fs::create_dir_all(root.join(name))?;
    }
    let busybox = busybox().context("busybox")?;
    fs::copy(&busybox, root.join("bin/busybox"))?;
    for name in ["sh", "httpd", "wget", "sleep", "true", "cp", "cat", "dd", "mkdir", "rm", "grep", "ln"] {
        symlink("busybox", root.join("bin").join(name))?;
    }
    fs::write(root.join("www/page"), "x".repeat(4096))?;
    configure(&bundle, &id, &["/bin/sh", "-c", script])?;
    Ok((id, bundle))
}

/// An id that no other container has.
pub(super) fn fresh_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{:032x}{number:032x}", std::process::id())
}

/// Writes what the runtime has to know of a container in this folder: its first process, and the cgroup that names it.
pub(super) fn configure(bundle: &Path, id: &str, args: &[&str]) -> Result<()> {
    let mut spec = Command::new("runc");
    if !spec.arg("spec").current_dir(bundle).status()?.success() {
        bail!("`runc spec` failed");
    }
    let at = bundle.join("config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&fs::read(&at)?)?;
    config["process"]["terminal"] = false.into();
    config["process"]["args"] = json!(args);
    config["root"]["readonly"] = false.into();
    config["linux"]["cgroupsPath"] = format!("/{id}").into();
    fs::write(&at, serde_json::to_vec(&config)?)?;
    Ok(())
}

fn busybox() -> Option<PathBuf> {
    ["/usr/bin/busybox", "/bin/busybox"].map(PathBuf::from).into_iter().find(|path| path.exists())
}

//! A disk that is full, too small or may only be read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{assay, ends, held, put, trivy};

/// A small disk of its own, where this process may mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// A disk of so many KiB, over a new folder of the test's own; none where mounting is not permitted, which is said.
    fn of(at: &Path, kib: u32) -> Option<Self> {
        fs::create_dir(at).unwrap();
        let mounted = mount(&["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs"], at);
        if !mounted {
            eprintln!("SKIPPED: a small disk cannot be mounted here (root is needed)");
        }
        mounted.then(|| Self(at.to_owned()))
    }

    fn remount(&self, options: &str) {
        assert!(mount(&["-o", &format!("remount,{options}")], &self.0), "{options}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let gone = Command::new("umount").arg(&self.0).status().is_ok_and(|s| s.success());
        assert!(gone || std::thread::panicking(), "{} is still mounted", self.0.display());
    }
}

fn mount(args: &[&str], at: &Path) -> bool {
    Command::new("mount").args(args).arg(at).output().is_ok_and(|o| o.status.success())
}

fn report(folder: &Path) -> PathBuf {
    put(folder, "web.json", trivy("shop/web:1.0", 0..2_000, 'a', "2026-11-20T10:00:00Z"))
}

#[test]
fn a_full_disk_is_named_keeps_nothing_half_and_the_next_run_works() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(folder.path());
    let small = put(folder.path(), "small.json", trivy("shop/api:1.0", 0..5, 'b', "2026-11-20T10:00:00Z"));
    let data = folder.path().join("disk");
    let Some(disk) = SmallDisk::of(&data, 1_300) else { return };
    ends(&assay(&data, &["ingest", small.to_str().unwrap()]), 0);
    let said = ends(&assay(&data, &["ingest", report.to_str().unwrap()]), 4);
    assert!(said.contains("web.json") && said.contains("the disk is full") && said.contains("make room"), "{said}");
    assert_eq!(held(&data), (5, 5), "what was there is there, and nothing of the other");
    disk.remount("size=64m");
    ends(&assay(&data, &["ingest", report.to_str().unwrap()]), 0);
    assert_eq!(held(&data), (2_005, 2_005));
}

#[test]
fn a_disk_that_is_full_from_the_start_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(folder.path());
    let data = folder.path().join("disk");
    let Some(disk) = SmallDisk::of(&data, 16) else { return };
    let said = ends(&assay(&data, &["ingest", report.to_str().unwrap()]), 4);
    assert!(said.contains("the disk is full") || said.contains("No space left on device"), "{said}");
    disk.remount("size=64m");
    ends(&assay(&data, &["ingest", report.to_str().unwrap()]), 0);
    assert_eq!(held(&data), (2_000, 2_000));
}

#[test]
fn a_limit_on_the_size_of_files_keeps_nothing_half() {
    let folder = tempfile::tempdir().unwrap();
    let (report, data) = (report(folder.path()), folder.path().join("data"));
    let binary = assert_cmd::cargo::cargo_bin("assay");
    // The limit is in blocks of 512 bytes; the signal that it brings is ignored, as services do.
    let script = format!(
        "trap '' XFSZ; ulimit -f 1200; exec {} --data {} ingest {}",
        binary.display(),
        data.display(),
        report.display()
    );
    let said = ends(&Command::new("sh").arg("-c").arg(script).output().unwrap(), 4);
    assert!(said.contains("the disk is full") || said.contains("look at the disk, its quota and its limits"), "{said}");
    assert_eq!(held(&data).0, 0);
    ends(&assay(&data, &["ingest", report.to_str().unwrap()]), 0);
    assert_eq!(held(&data), (2_000, 2_000));
}

#[test]
fn a_folder_that_may_only_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(folder.path());
    let data = folder.path().join("disk");
    let Some(disk) = SmallDisk::of(&data, 64 * 1024) else { return };
    ends(&assay(&data, &["ingest", report.to_str().unwrap()]), 0);
    disk.remount("ro");
    for args in [vec!["ingest", "--again", report.to_str().unwrap()], vec!["findings"]] {
        let said = ends(&assay(&data, &args), 4);
        assert!(said.contains("may be written") || said.contains("may only be read"), "{said}");
    }
    disk.remount("rw");
    assert_eq!(held(&data), (2_000, 2_000));
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = put(folder.path(), "file", "I am a file");
    let said = ends(&assay(&in_the_way.join("data"), &["ingest", report(folder.path()).to_str().unwrap()]), 4);
    assert!(said.contains("file/data"), "{said}");
}

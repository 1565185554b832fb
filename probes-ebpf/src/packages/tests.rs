//! Package lists of three kinds of image, and a container that tries to lead the agent out of its tree.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;

mod hostile;
mod linked;
mod made;
mod rpm;
mod rpm_hostile;

pub(super) fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(root.path(), path, text);
    }
    root
}

pub(super) fn write(root: &Path, path: &str, text: impl AsRef<[u8]>) {
    let at = root.join(path);
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    fs::write(at, text).unwrap();
}

/// Every package of every path: `path purl of source in file linked`, as far as there is each.
pub(super) fn ask(root: &Path, paths: &[&str]) -> Vec<String> {
    let found = owners(&Inside::at(root).unwrap(), &paths.iter().copied().collect());
    let rows = found.into_iter().flat_map(|(path, packages)| packages.into_iter().map(move |p| (path.clone(), p)));
    rows.map(|(path, p)| {
        assert!(p.purl.parse::<packageurl::PackageUrl<'_>>().is_ok(), "{}", p.purl);
        let source = p.source.map(|source| format!(" of {source}")).unwrap_or_default();
        let file = p.path.map(|file| format!(" in {file}")).unwrap_or_default();
        format!("{path} {}{source}{file}{}", p.purl, p.level.map(|level| format!(" {level}")).unwrap_or_default())
    })
    .collect()
}

const DEBIAN: &[(&str, &str)] = &[
    ("etc/os-release", "PRETTY_NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\n"),
    ("var/lib/dpkg/info/nginx.list", "/.\n/usr\n/usr/sbin\n/usr/sbin/nginx\n"),
    ("var/lib/dpkg/info/libssl3:amd64.list", "/usr/lib/x86_64-linux-gnu/libssl.so.3\n"),
    ("var/lib/dpkg/info/dash.list", "/bin/dash\n"),
    ("var/lib/dpkg/info/gone.list", "/usr/bin/gone\n"),
    (
        "var/lib/dpkg/status",
        "Package: nginx\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.22.1-9+deb12u1\n\n\
         Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl (3.0.15)\nVersion: 3.0.15-1~deb12u1\n\n\
         Package: dash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:0.5.12-2\nDescription: shell\n more\n\n\
         Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n",
    ),
];

#[test]
fn files_of_debian_are_found_under_either_name_of_their_folder() {
    let root = tree(DEBIAN);
    let asked = ["/usr/sbin/nginx", "/lib/x86_64-linux-gnu/libssl.so.3", "/usr/bin/dash", "/usr/bin/gone", "/app/own"];
    assert_eq!(
        ask(root.path(), &asked),
        [
            "/lib/x86_64-linux-gnu/libssl.so.3 pkg:deb/debian/libssl3@3.0.15-1~deb12u1?arch=amd64&distro=debian-12 of openssl",
            "/usr/bin/dash pkg:deb/debian/dash@1:0.5.12-2?arch=amd64&distro=debian-12",
            "/usr/bin/gone pkg:deb/-unnamed- perhaps",
            "/usr/sbin/nginx pkg:deb/debian/nginx@1.22.1-9%2Bdeb12u1?arch=amd64&distro=debian-12",
        ]
    );
}

#[test]
fn a_folder_that_packages_share_is_perhaps_of_each_and_a_diverted_file_is_of_the_one_that_diverts() {
    let root = tree(DEBIAN);
    let shared = "/usr/lib/python3/dist-packages/google";
    for (package, own) in [("nginx", "auth"), ("dash", "cloud")] {
        let list = format!("/usr/bin/config\n{shared}\n{shared}/{own}\n");
        write(root.path(), &format!("var/lib/dpkg/info/{package}.list"), list);
    }
    write(root.path(), "var/lib/dpkg/diversions", "/usr/bin/config\n/usr/bin/config.real\ndash\n");
    let (nginx, dash) =
        ("nginx@1.22.1-9%2Bdeb12u1?arch=amd64&distro=debian-12", "dash@1:0.5.12-2?arch=amd64&distro=debian-12");
    let asked = [shared, &format!("{shared}/auth/__pycache__"), "/usr/bin/config", "/usr/bin/config.real"];
    assert_eq!(
        ask(root.path(), &asked),
        [
            format!("/usr/bin/config pkg:deb/debian/{dash}"),
            format!("/usr/bin/config.real pkg:deb/debian/{nginx}"),
            format!("{shared} pkg:deb/debian/{dash} perhaps"),
            format!("{shared} pkg:deb/debian/{nginx} perhaps"),
            format!("{shared}/auth/__pycache__ pkg:deb/debian/{nginx}"),
        ]
    );
}

#[test]
fn images_without_a_package_manager_and_alpine_are_read_too() {
    let root = tree(&[
        ("var/lib/dpkg/status.d/libc6", "Package: libc6\nSource: glibc\nArchitecture: amd64\nVersion: 2.36-9\n"),
        ("var/lib/dpkg/status.d/libc6.md5sums", "0123  lib/x86_64-linux-gnu/libc.so.6\n"),
    ]);
    assert_eq!(
        ask(root.path(), &["/usr/lib/x86_64-linux-gnu/libc.so.6"]),
        ["/usr/lib/x86_64-linux-gnu/libc.so.6 pkg:deb/debian/libc6@2.36-9?arch=amd64 of glibc"]
    );
    let root = tree(&[
        ("etc/os-release", "ID=alpine\nVERSION_ID=3.20.1\n"),
        (
            "lib/apk/db/installed",
            "C:Q1\nP:busybox\nV:1.36.1-r29\nA:x86_64\no:busybox\nF:bin\nR:busybox\na:0:0:755\n\nP:libssl3\nV:3.3.1-r0\nA:x86_64\no:openssl\nF:lib\nR:libssl.so.3\n",
        ),
    ]);
    assert_eq!(
        ask(root.path(), &["/bin/busybox", "/usr/lib/libssl.so.3"]),
        [
            "/bin/busybox pkg:apk/alpine/busybox@1.36.1-r29?arch=x86_64&distro=alpine-3.20.1",
            "/usr/lib/libssl.so.3 pkg:apk/alpine/libssl3@3.3.1-r0?arch=x86_64&distro=alpine-3.20.1 of openssl",
        ]
    );
}

#[test]
fn no_link_leads_out_of_the_container_and_no_pipe_makes_the_agent_wait() {
    let outside = tree(DEBIAN);
    let root = tree(&[("etc/os-release", "ID=debian\n")]);
    fs::create_dir_all(root.path().join("var/lib")).unwrap();
    symlink(outside.path().join("var/lib/dpkg"), root.path().join("var/lib/dpkg")).unwrap();
    assert!(ask(root.path(), &["/usr/sbin/nginx"]).is_empty(), "a link to the node's own list");

    let root = tree(&[("etc/os-release", "ID=alpine\n")]);
    fs::create_dir_all(root.path().join("lib/apk/db")).unwrap();
    let pipe = root.path().join("lib/apk/db/installed");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    assert!(ask(root.path(), &["/bin/busybox"]).is_empty(), "a pipe in the place of the list");
}

#[test]
fn what_a_package_manager_runs_is_not_the_workloads_use() {
    assert!(is_package_manager("/usr/bin/dpkg") && is_package_manager("/sbin/apk"));
    assert!(!is_package_manager("/usr/sbin/nginx") && !is_package_manager(""));
}

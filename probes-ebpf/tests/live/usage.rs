//! What a container loads and reads becomes use of packages, while it happens.

use assay_core::batch::FactBody;

use crate::rig::{Agent, Container, facts, ready, window};

const SITE: &str = "usr/lib/python3/site-packages";

#[test]
fn what_is_loaded_and_read_is_use_of_its_package_and_the_window_is_whole() {
    if !ready() {
        return;
    }
    // Each program is gone at once: no sweep of /proc can find what it used.
    let container = Container::layered(&format!(
        "/bin/true; sleep 1; /bin/acts load /usr/lib/libdemo.so.1; cat /{SITE}/requests/api.py /{SITE}/six.py >/dev/null
        cat /app/node_modules/@scope/left-pad/index.js >/dev/null; cat /etc/os-release >/dev/null; sleep 3"
    ))
    .file("usr/lib/libdemo.so.1", "not quite a library")
    .file("var/lib/dpkg/info/libdemo1.list", "/usr/lib/libdemo.so.1\n")
    .file("var/lib/dpkg/info/libidle1.list", "/usr/lib/libidle.so.1\n")
    .file(
        "var/lib/dpkg/status",
        "Package: busybox-static\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.35.0-4\n\n\
         Package: libdemo1\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.0-1\n\n\
         Package: libidle1\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.0-1\n",
    )
    .file(&format!("{SITE}/requests/api.py"), "x = 1\n")
    .file(&format!("{SITE}/requests-2.31.0.dist-info/RECORD"), "requests/api.py,,\n")
    .file(&format!("{SITE}/requests-2.31.0.dist-info/METADATA"), "Name: requests\nVersion: 2.31.0\n")
    .file(&format!("{SITE}/six.py"), "x = 1\n")
    .file(&format!("{SITE}/six-1.16.0.dist-info/RECORD"), "six.py,,\n")
    .file(&format!("{SITE}/six-1.16.0.dist-info/METADATA"), "Name: six\nVersion: 1.16.0\n")
    .file("app/node_modules/@scope/left-pad/index.js", "1;\n")
    .file("app/node_modules/@scope/left-pad/package.json", "{\"name\":\"@scope/left-pad\",\"version\":\"1.3.0\"}");
    let agent = Agent::start(&[]);
    container.run();
    let (batches, log) = agent.stop();
    let facts = facts(&batches, &container.id);
    let mut used: Vec<String> = facts
        .iter()
        .filter_map(|f| match f {
            FactBody::InUse { purl, level, exe, .. } => Some(format!("{exe} {level} {purl}")),
            _ => None,
        })
        .collect();
    used.sort();
    assert_eq!(
        used,
        [
            "/bin/acts loaded pkg:deb/debian/libdemo1@2.0-1?arch=amd64&distro=debian-12",
            "/bin/busybox executed pkg:deb/debian/busybox-static@1:1.35.0-4?arch=amd64&distro=debian-12",
            "/bin/busybox read pkg:npm/%40scope/left-pad@1.3.0",
            "/bin/busybox read pkg:pypi/requests@2.31.0",
            "/bin/busybox read pkg:pypi/six@1.16.0",
        ],
        "{log}"
    );
    let watched = window(&batches, &container.id, "sensor_use");
    assert!(watched.start_seen && watched.holes.is_empty(), "{watched:?}");
}

/// Beyond its budget a container loses its own proof, and its neighbour nothing.
#[test]
fn a_container_that_does_too_much_at_once_has_a_hole_of_its_own() {
    if !ready() {
        return;
    }
    let quiet = Container::new("exec /bin/sleep 60");
    quiet.start();
    // Each name is another program to the kernel's side.
    let busy = Container::layered(
        "i=0; while [ $i -lt 300 ]; do ln -s busybox /bin/t$i; /bin/t$i true; i=$((i+1)); done; sleep 2",
    );
    let agent = Agent::start(&["--burst", "32"]);
    busy.run();
    let (batches, _) = agent.stop();
    let held: u64 = batches.iter().filter_map(|b| b.funnel.lost.get("exec/held_back")).sum();
    assert!(held > 0, "nothing was held back");
    let holes = window(&batches, &busy.id, "sensor_use").holes;
    assert!(holes.iter().any(|h| h.because == "suppressed"), "{holes:?}");
    let holes = window(&batches, &quiet.id, "sensor_use").holes;
    assert!(holes.iter().all(|h| h.because == "late_start"), "{holes:?}");
}

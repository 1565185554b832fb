//! What the live tests stand on: a real agent, and real containers made by runc on a busybox file system.

use std::borrow::Cow;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use assay_core::batch::{CoverageRow, FactBody, SensorBatch};
use assay_core::text::{Door, Opaque};
use assay_probes::cgroups::{Hierarchy, Which};

/// False where the tests cannot run, said aloud; with ASSAY_REQUIRE_PROBES=1 that is a failure.
pub(crate) fn ready() -> bool {
    let found = |program: &str| Command::new(program).arg("--help").output().is_ok();
    let lacks = [
        (assay_probes::load::OBJECT.is_none(), "the probes (clang at build time)"),
        (!rustix::process::geteuid().is_root(), "root"),
        (!found("runc"), "runc"),
        (!found("busybox"), "busybox"),
    ];
    let lacks: Vec<&str> = lacks.iter().filter(|(lacks, _)| *lacks).map(|(_, what)| *what).collect();
    if !lacks.is_empty() {
        assert!(std::env::var_os("ASSAY_REQUIRE_PROBES").is_none(), "missing: {lacks:?}");
        eprintln!("SKIPPED: missing {lacks:?}");
    }
    lacks.is_empty()
}

/// A running agent that prints.
pub(crate) struct Agent {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
}

impl Agent {
    /// Starts it and waits until it watches.
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_assay-agent"))
            .args(["run", "--print", "--every", "1", "--node", "worker-1"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("watching") {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the agent ended before it watched");
        }
        Self { child, log }
    }

    /// Stops it in its tracks, or lets it go on.
    pub(crate) fn freeze(&self, frozen: bool) {
        let signal = if frozen { rustix::process::Signal::STOP } else { rustix::process::Signal::CONT };
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ends it in order and gives all that it said: batches, and the rest of its log.
    pub(crate) fn stop(mut self) -> (Vec<SensorBatch>, String) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        assert!(self.child.wait().unwrap().success(), "{log}");
        let batches: Vec<SensorBatch> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for batch in &batches {
            // What the service's reader does not take is of no use, however right it is.
            batch.records(&Opaque::readmit("demo"), &Open, &|_| None).unwrap();
        }
        (batches, log)
    }
}

/// A door that lets everything through: the names here are the test's own.
struct Open;

impl Door for Open {
    fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }
}

/// A container of the test's own; it goes when this is dropped.
pub(crate) struct Container {
    /// Its id.
    pub(crate) id: String,
    bundle: tempfile::TempDir,
    layered: bool,
}

impl Container {
    /// A bundle whose first process runs this script.
    pub(crate) fn new(script: &str) -> Self {
        let id = fresh_id();
        let bundle = tempfile::tempdir().unwrap();
        let root = bundle.path().join("rootfs");
        fs::create_dir_all(root.join("bin")).unwrap();
        fs::create_dir_all(root.join("tmp")).unwrap();
        fs::copy(busybox(), root.join("bin/busybox")).unwrap();
        for name in ["sh", "httpd", "wget", "sleep", "true", "udpsvd", "cat"] {
            symlink("busybox", root.join("bin").join(name)).unwrap();
        }
        for (path, text) in [
            ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
            ("var/lib/dpkg/info/busybox-static.list", "/.\n/bin\n/bin/busybox\n"),
            (
                "var/lib/dpkg/status",
                "Package: busybox-static\nStatus: install ok installed\nArchitecture: amd64\nSource: busybox\nVersion: 1:1.35.0-4\n",
            ),
        ] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        assert!(Command::new("runc").arg("spec").current_dir(bundle.path()).status().unwrap().success());
        let at = bundle.path().join("config.json");
        let mut spec: serde_json::Value = serde_json::from_slice(&fs::read(&at).unwrap()).unwrap();
        spec["process"]["terminal"] = false.into();
        spec["process"]["args"] = serde_json::json!(["/bin/sh", "-c", script]);
        spec["linux"]["cgroupsPath"] = format!("/{id}").into();
        fs::write(&at, serde_json::to_vec(&spec).unwrap()).unwrap();
        Self { id, bundle, layered: false }
    }

    /// A container with an image below a writable layer, with more rights, and with a program for acts that busybox has
    /// no applet for.
    pub(crate) fn layered(script: &str) -> Self {
        let mut container = Self::new(script);
        let at = |name: &str| container.bundle.path().join(name);
        build_acts(&at("rootfs").join("bin/acts"));
        fs::copy(at("rootfs").join("bin/acts"), at("rootfs").join("bin/nginx")).unwrap();
        let list = Command::new(busybox()).arg("--list").output().unwrap();
        for applet in String::from_utf8(list.stdout).unwrap().lines() {
            // Some are there already.
            let _ = symlink("busybox", at("rootfs").join("bin").join(applet));
        }
        fs::rename(at("rootfs"), at("image")).unwrap();
        ["rootfs", "upper", "work"].iter().for_each(|name| fs::create_dir(at(name)).unwrap());
        let layers = format!(
            "lowerdir={},upperdir={},workdir={}",
            at("image").display(),
            at("upper").display(),
            at("work").display()
        );
        rustix::mount::mount(
            "overlay",
            at("rootfs"),
            "overlay",
            rustix::mount::MountFlags::empty(),
            Some(std::ffi::CString::new(layers).unwrap().as_c_str()),
        )
        .unwrap();
        let config = at("config.json");
        let mut spec: serde_json::Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
        spec["root"]["readonly"] = false.into();
        spec["process"]["noNewPrivileges"] = false.into();
        for mount in spec["mounts"].as_array_mut().unwrap().iter_mut().filter(|m| m["destination"] == "/dev/shm") {
            mount["options"] = serde_json::json!(["nosuid", "nodev", "mode=1777"]);
        }
        for set in ["bounding", "effective", "permitted"] {
            spec["process"]["capabilities"][set] = serde_json::json!([
                "CAP_SETUID",
                "CAP_SETGID",
                "CAP_NET_ADMIN",
                "CAP_NET_BIND_SERVICE",
                "CAP_FOWNER",
                "CAP_DAC_OVERRIDE"
            ]);
        }
        fs::write(&config, serde_json::to_vec(&spec).unwrap()).unwrap();
        container.layered = true;
        container
    }

    /// A file of its image, before it runs.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let at = self.bundle.path().join(if self.layered { "image" } else { "rootfs" }).join(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, text).unwrap();
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(&self) {
        let done = Command::new("runc").arg("run").arg("-b").arg(self.bundle.path()).arg(&self.id).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Starts it and leaves it running.
    pub(crate) fn start(&self) {
        // Its output goes nowhere: a pipe that the container holds open would keep the test waiting.
        let mut command = Command::new("runc");
        command.args(["run", "-d", "-b"]).arg(self.bundle.path()).arg(&self.id);
        assert!(command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
    }

    /// Runs a command in it.
    pub(crate) fn exec(&self, args: &[&str]) {
        let done = Command::new("runc").arg("exec").arg(&self.id).args(args).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// A list of containers for the agent.
    pub(crate) fn list(&self) -> PathBuf {
        let at = self.bundle.path().join("list.json");
        let row = serde_json::json!({"id": self.id, "namespace": "shop", "pod": "web-1", "name": "web", "image": "shop/web:1.0"});
        fs::write(&at, serde_json::json!({ "containers": [row] }).to_string()).unwrap();
        at
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("runc").args(["delete", "-f"]).arg(&self.id).output();
        if self.layered {
            let _ = rustix::mount::unmount(self.bundle.path().join("rootfs"), rustix::mount::UnmountFlags::DETACH);
        }
    }
}

/// The environment variable that tells a process which cgroup to enter.
pub(crate) const HOLDER: &str = "ASSAY_TEST_HOLDER";

/// A cgroup with a container's name and no container in it.
pub(crate) struct Group {
    /// The name.
    pub(crate) id: String,
    at: PathBuf,
}

impl Group {
    /// Makes it in this hierarchy.
    pub(crate) fn new(which: Which) -> Self {
        let id = fresh_id();
        let at = Hierarchy::find(which).unwrap().folder(&id);
        fs::create_dir(&at).unwrap();
        Self { id, at }
    }

    /// Lets a process in it hold ports, until that process ends.
    pub(crate) fn hold_ports(&self) {
        let mut holder = Command::new(std::env::current_exe().unwrap());
        holder.args(["--exact", "port_holder"]).env(HOLDER, self.at.join("cgroup.procs"));
        assert!(holder.stdout(Stdio::null()).status().unwrap().success());
    }

    /// Makes groups below it, and removes them.
    pub(crate) fn churn(&self, groups: usize) {
        let below = |i: usize| self.at.join(format!("group-{i:03}-with-a-name-that-takes-some-room-in-the-ring"));
        (0..groups).for_each(|i| fs::create_dir(below(i)).unwrap());
        (0..groups).for_each(|i| fs::remove_dir(below(i)).unwrap());
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.at);
    }
}

fn fresh_id() -> String {
    let mut bytes = [0; 32];
    fs::File::open("/dev/urandom").unwrap().read_exact(&mut bytes).unwrap();
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Facts about one container in all batches.
pub(crate) fn facts(batches: &[SensorBatch], id: &str) -> Vec<FactBody> {
    let of = |b: &SensorBatch| {
        b.facts.iter().filter(|f| b.containers[f.container].id == id).map(|f| f.what.clone()).collect::<Vec<_>>()
    };
    batches.iter().flat_map(of).collect()
}

/// The last window of one container and eye.
pub(crate) fn window(batches: &[SensorBatch], id: &str, eye: &str) -> CoverageRow {
    let of = |b: &SensorBatch| {
        b.coverage.iter().filter(|w| w.eye == eye && b.containers[w.container].id == id).cloned().collect::<Vec<_>>()
    };
    batches.iter().flat_map(of).next_back().unwrap()
}

/// Clang is there: it has built the probes.
fn build_acts(to: &Path) {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/rig/acts.c");
    let done =
        Command::new("clang").args(["-static", "-O1", "-Wall", "-Werror", "-o"]).arg(to).arg(source).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn busybox() -> PathBuf {
    let found = ["/usr/bin/busybox", "/bin/busybox"].map(PathBuf::from).into_iter().find(|p| p.exists());
    found.expect("busybox is installed")
}

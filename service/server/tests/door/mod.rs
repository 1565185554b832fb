//! The service as its users meet it: the binary on a free loopback port, over a copy of the demo's data, at one instant.

pub(crate) mod wire;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use tempfile::TempDir;

/// The instant of every answer.
pub(crate) const NOW: &str = "2026-11-24T03:02:00Z";

/// A service that runs until it is dropped.
pub(crate) struct Service {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
    /// The one-time code that it printed.
    pub(crate) code: String,
    data: TempDir,
    log: Arc<Mutex<String>>,
}

/// The binary, with nothing of the user's environment in it.
fn assay(data: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("assay"));
    for name in ["ASSAY_CONFIG", "ASSAY_TOKEN", "ASSAY_AGENT_TOKEN", "ASSAY_LOG"] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").env("ASSAY_MODELS", data.join("no-models")).stdin(Stdio::null());
    command.arg("--data").arg(data);
    command
}

/// Runs a command to its good end.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The demo's data, loaded once for each build of the binary and kept beside it.
fn demo() -> PathBuf {
    let tests = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let built = assert_cmd::cargo::cargo_bin("assay").metadata().unwrap().modified().unwrap();
    let kept = tests.join(format!("demo-{}", built.duration_since(UNIX_EPOCH).unwrap().as_millis()));
    if !kept.exists() {
        let loading = TempDir::new_in(tests).unwrap();
        run(assay(loading.path()).args(["--as-of", NOW, "demo"]));
        // Another test may have been first: then its folder stands, and this one goes.
        if std::fs::rename(loading.path(), &kept).is_ok() {
            let _ = loading.keep();
        }
    }
    kept
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}

impl Service {
    /// A service over the demo's data.
    pub(crate) fn start() -> Self {
        Self::with("", &[])
    }

    /// The same with lines for the configuration and variables for the environment.
    pub(crate) fn with(config: &str, environment: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        copy(&demo(), data.path());
        let path = data.path().join("assay.toml");
        let before = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{before}\n{config}")).unwrap();
        let mut command = assay(data.path());
        command.args(["--as-of", NOW, "serve", "--listen", "127.0.0.1:0"]).envs(environment.iter().copied());
        Self::spawn(data, command)
    }

    /// A service without data, on the clock, with more arguments, a configuration and an environment.
    pub(crate) fn empty(args: &[&str], config: &str, environment: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join("assay.toml"), config).unwrap();
        let mut command = assay(data.path());
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(args).envs(environment.iter().copied());
        Self::spawn(data, command)
    }

    fn spawn(data: TempDir, mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(String::new()));
        let line = loop {
            let line = said.next().unwrap_or_else(|| panic!("it ended: {}", log.lock().unwrap())).unwrap();
            if line.starts_with("listening on ") {
                break line;
            }
            log.lock().unwrap().push_str(&format!("{line}\n"));
        };
        let listening = log.clone();
        std::thread::spawn(move || {
            for line in said.map_while(Result::ok) {
                listening.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        let (address, code) = line.split_once("   one-time code: ").unwrap();
        let address = address.strip_prefix("listening on http://").unwrap().to_owned();
        Self { child, address, code: code.to_owned(), data, log }
    }

    /// The token that the first start left for people.
    pub(crate) fn token(&self) -> String {
        std::fs::read_to_string(self.data.path().join("token")).unwrap()
    }

    /// The token that the first start left for agents.
    pub(crate) fn agent_token(&self) -> String {
        std::fs::read_to_string(self.data.path().join("agent-token")).unwrap()
    }

    /// Runs another process on the same data.
    pub(crate) fn beside(&self, args: &[&str]) -> String {
        run(assay(self.data.path()).args(["--as-of", NOW]).args(args))
    }

    /// The same on the clock.
    pub(crate) fn beside_now(&self, args: &[&str]) -> String {
        run(assay(self.data.path()).args(args))
    }

    /// A new token of a role.
    pub(crate) fn new_token(&self, role: &str) -> String {
        self.beside(&["token", "create", "--role", role, "--name", role]).trim().to_owned()
    }

    /// Overwrites the pages of its data file with noise.
    pub(crate) fn damage(&self) {
        let path = self.data.path().join("assay.db");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[4096..].fill(0xA5);
        std::fs::write(path, bytes).unwrap();
    }

    /// Tells it to stop, as an init system does.
    pub(crate) fn tell_to_stop(&self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    }

    /// Waits for its end; true when it ended well.
    pub(crate) fn ends_well(mut self) -> bool {
        self.child.wait().unwrap().success()
    }

    /// What it wrote on standard error so far, but for the line that says where it listens.
    pub(crate) fn log(&self) -> String {
        // What was written a moment ago may still be on its way.
        std::thread::sleep(Duration::from_millis(100));
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

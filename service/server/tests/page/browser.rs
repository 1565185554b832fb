//! A real browser without a window, driven by WebDriver: chromedriver and Chromium, each test with one of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::door::wire::Request;

/// The name under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser that ends when it is dropped.
pub(crate) struct Browser {
    driver: Child,
    address: String,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// A browser with a new profile; none where there is no browser, which is said, and is a failure where
    /// ASSAY_REQUIRE_BROWSER is set.
    pub(crate) fn open() -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut driver) = command.spawn() else {
            assert!(std::env::var_os("ASSAY_REQUIRE_BROWSER").is_none(), "chromedriver is not installed");
            eprintln!("SKIPPED: chromedriver is not installed (Debian: chromium and chromium-driver)");
            return None;
        };
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let started = lines.map_while(Result::ok).find(|l| l.contains("started successfully on port")).unwrap();
        let port: String = started.chars().filter(char::is_ascii_digit).collect();
        let (address, profile) = (format!("127.0.0.1:{port}"), tempfile::tempdir().unwrap());
        let mut browser = Self { driver, address, session: String::new(), _profile: profile };
        let profile = format!("--user-data-dir={}", browser._profile.path().display());
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &profile,
        ];
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": { "args": flags },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" } });
        let session = browser.call("POST", "", json!({ "capabilities": { "alwaysMatch": wanted } }));
        browser.session = format!("/{}", session["sessionId"].as_str().unwrap());
        Some(browser)
    }

    /// One command of WebDriver.
    fn call(&self, method: &str, path: &str, body: Value) -> Value {
        let request = Request::to(&self.address, method, &format!("/session{}{path}", self.session));
        let request = if method == "POST" { request.body(body.to_string()) } else { request };
        let answer = request.header("content-type", "application/json; charset=utf-8").send();
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
        answer.json()["value"].clone()
    }

    /// One command of Chromium's own protocol.
    fn own(&self, command: &str, parameters: Value) -> Value {
        self.call("POST", "/goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }

    pub(crate) fn go(&self, url: &str) {
        self.call("POST", "/url", json!({ "url": url }));
    }

    pub(crate) fn url(&self) -> String {
        self.call("GET", "/url", Value::Null).as_str().unwrap().to_owned()
    }

    /// The size of what is seen, in CSS pixels.
    pub(crate) fn size(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.own("Emulation.setDeviceMetricsOverride", size);
    }

    /// Light or dark, as the system prefers it.
    pub(crate) fn scheme(&self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.own("Emulation.setEmulatedMedia", json!({ "features": [feature] }));
    }

    /// Turns scripts of pages off; those of the tests still run.
    pub(crate) fn without_scripts(&self) {
        self.own("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    }

    /// What a script gives back.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.call("POST", "/execute/sync", json!({ "script": script, "args": [] }))
    }

    /// Waits until a script says true: a key or a click only begins what follows it.
    pub(crate) fn wait(&self, what: &str) {
        let started = Instant::now();
        while self.run(&format!("return Boolean({what})")) != true {
            assert!(started.elapsed() < PATIENCE, "never: {what}\n{}\n{}", self.url(), self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a text is on the page.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait(&format!("document.body && document.body.innerText.includes({})", json!(text)));
    }

    /// Waits until the address has this in it.
    pub(crate) fn wait_to_be_at(&self, part: &str) {
        self.wait(&format!("location.href.includes({}) && document.readyState === 'complete'", json!(part)));
    }

    /// The text of the page.
    pub(crate) fn text(&self) -> String {
        self.run("return document.body.innerText").as_str().unwrap().to_owned()
    }

    fn element(&self, selector: &str) -> String {
        let found = self.call("POST", "/element", json!({ "using": "css selector", "value": selector }));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    pub(crate) fn click(&self, selector: &str) {
        self.call("POST", &format!("/element/{}/click", self.element(selector)), json!({}));
    }

    pub(crate) fn write(&self, selector: &str, text: &str) {
        self.call("POST", &format!("/element/{}/clear", self.element(selector)), json!({}));
        self.call("POST", &format!("/element/{}/value", self.element(selector)), json!({ "text": text }));
    }

    /// Presses keys one after the other, wherever the focus is.
    pub(crate) fn press(&self, keys: &str) {
        let both = |key: char| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })];
        let actions: Vec<Value> = keys.chars().flat_map(both).collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.call("POST", "/actions", json!({ "actions": [keyboard] }));
    }

    /// The text of a dialog that is open, which is closed.
    pub(crate) fn dialog(&self) -> String {
        let text = self.call("GET", "/alert/text", Value::Null);
        self.call("POST", "/alert/accept", json!({}));
        text.as_str().unwrap().to_owned()
    }

    /// What pages complained about since the last call.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.call("POST", "/se/log", json!({ "type": "browser" }));
        let told = log.as_array().unwrap().iter().filter(|l| l["level"] == "WARNING" || l["level"] == "SEVERE");
        told.map(|l| format!("{}: {}", l["level"], l["message"])).collect()
    }

    /// What was asked of any machine since the last call.
    pub(crate) fn requests(&self) -> Vec<String> {
        let log = self.call("POST", "/se/log", json!({ "type": "performance" }));
        let messages = log.as_array().unwrap().iter().map(|l| l["message"].as_str().unwrap());
        let events = messages.map(|m| serde_json::from_str::<Value>(m).unwrap()["message"].clone());
        let sent = events.filter(|e| e["method"] == "Network.requestWillBeSent");
        sent.map(|e| e["params"]["request"]["url"].as_str().unwrap().to_owned()).collect()
    }

    /// The whole page as a PNG, in the folder that ASSAY_SHOTS names; nothing without it.
    pub(crate) fn shoot(&self, name: &str) {
        let Some(folder) = std::env::var_os("ASSAY_SHOTS") else { return };
        let taken = self.own("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        let bytes = data_encoding::BASE64.decode(taken["data"].as_str().unwrap().as_bytes()).unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium ends with its session; the driver alone would leave it behind.
        if !self.session.is_empty() && !std::thread::panicking() {
            self.call("DELETE", "", Value::Null);
        } else if !self.session.is_empty() {
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.call("DELETE", "", Value::Null)));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

//! The pages in a real browser: they load without a complaint and from nowhere else, work without scripts and by keyboard,
//! fit a narrow screen, and can be read.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod browser;
#[path = "../door/mod.rs"]
#[expect(dead_code, reason = "the tests of the API use the rest")]
mod door;
mod keyboard;
mod reading;
mod talking;

use browser::Browser;
use door::Service;

/// The key, as WebDriver writes it.
const ENTER: &str = "\u{e007}";

/// The pages, by name and path.
const PAGES: [(&str, &str); 8] = [
    ("today", "/"),
    ("findings", "/findings"),
    ("finding", "/findings/1"),
    ("right", "/findings/4"),
    ("ask", "/ask"),
    ("answer", "/ask?q=which+findings+are+exposed+and+in+use"),
    ("digest", "/digest"),
    ("assets", "/assets"),
];

/// The address of a page.
fn url(service: &Service, path: &str) -> String {
    format!("http://{}{path}", service.address)
}

/// A service and a browser that has logged in.
fn logged_in() -> Option<(Service, Browser)> {
    let browser = Browser::open()?;
    let service = Service::start();
    browser.size(1280, 900);
    browser.go(&url(&service, "/"));
    browser.write("input[name=secret]", &service.token());
    browser.click("main button");
    browser.wait_for("TODAY");
    Some((service, browser))
}

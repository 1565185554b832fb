//! Everything by keyboard: each stop is seen, nothing is out of reach, and the keys do what the help says.

use crate::{ENTER, PAGES, logged_in, url};

const TAB: &str = "\u{e004}";

/// Where the focus is, and whether it can be seen.
const FOCUS: &str = "const e = document.activeElement; if (!e || e === document.body) return null;
const s = getComputedStyle(e), r = e.getBoundingClientRect();
const seen = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 && r.width > 0 && r.height > 0
    && r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth;
return [e.tagName + ' ' + (e.name || e.getAttribute('href') || e.textContent.trim()), seen]";

const STOPS: &str =
    "return document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea').length";

#[test]
fn every_stop_of_the_focus_is_seen_and_nothing_is_out_of_reach() {
    let Some((service, browser)) = logged_in() else { return };
    for (name, path) in PAGES {
        browser.go(&url(&service, path));
        let stops = browser.run(STOPS).as_u64().unwrap();
        for stop in 0..stops.min(40) {
            browser.press(TAB);
            let focus = browser.run(FOCUS);
            assert_eq!(focus[1], true, "{name}, stop {} of {stops}: {focus}", stop + 1);
        }
        if stops <= 40 {
            browser.press(TAB);
            let round = browser.run("return document.activeElement === document.body || document.activeElement.tagName === 'HTML' || document.activeElement === document.querySelector('a')");
            assert_eq!(round, true, "{name}: there are more stops than links, buttons and fields");
        }
    }
}

#[test]
fn keys_do_what_the_help_says() {
    let Some((service, browser)) = logged_in() else { return };
    browser.go(&url(&service, "/findings"));
    let focused = || browser.run("return document.activeElement.getAttribute('href') || document.activeElement.name");
    let links = browser.run("return [...document.querySelectorAll('tbody a')].map(e => e.getAttribute('href'))");
    browser.press("j");
    assert_eq!(focused(), links[0]);
    browser.press("jj");
    assert_eq!(focused(), links[2]);
    browser.press("k");
    assert_eq!(focused(), links[1]);
    assert_eq!(browser.run(FOCUS)[1], true);
    browser.press("/");
    assert_eq!(focused(), "cve");
    browser.press("j");
    assert_eq!(browser.run("return document.activeElement.value"), "j", "in a field a key is a letter");
    browser.go(&url(&service, "/findings"));
    browser.press("?");
    assert!(browser.dialog().contains("j and k move"));
    browser.press("j");
    browser.press(ENTER);
    browser.wait_to_be_at(links[0].as_str().unwrap());
}

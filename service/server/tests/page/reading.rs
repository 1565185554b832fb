//! What a page is to its reader: complete, quiet, narrow enough, legible, and the same without scripts.

use serde_json::{Value, json};

use crate::{Browser, PAGES, logged_in, url};

/// The widest that anything on the page is, and how wide the page is seen.
const WIDTHS: &str = "const wide = [...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll')
    && e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5).map(e => e.tagName + ' ' + e.textContent.slice(0, 60));
    return [document.scrollingElement.scrollWidth, document.documentElement.clientWidth, wide.slice(0, 5)]";

/// Texts that stand out from their ground by less than WCAG asks for.
const FAINT: &str = "
const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c; } return [255, 255, 255, 1]; };
const own = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
return [...document.querySelectorAll('body *')].filter((e) => own(e) && e.tagName !== 'OPTION').map((e) => {
  const [a, b] = [light(parse(e instanceof SVGElement ? getComputedStyle(e).fill : getComputedStyle(e).color)), light(ground(e))];
  return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.tagName + ' ' + e.textContent.trim().slice(0, 40)];
}).filter(([ratio]) => ratio < 4.5)";

/// What a reader by ear needs and does not get.
const UNSAID: &str = "const missing = [];
if (document.documentElement.lang !== 'en') missing.push('lang');
if (!document.title) missing.push('title');
if (document.querySelectorAll('h1').length !== 1) missing.push('one h1, not ' + document.querySelectorAll('h1').length);
if (document.querySelectorAll('main').length !== 1) missing.push('main');
for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea')) if (!e.labels.length) missing.push('label of ' + e.name);
for (const e of document.querySelectorAll('th')) if (!e.scope) missing.push('scope of ' + e.textContent);
for (const e of document.querySelectorAll('svg')) if (!e.getAttribute('aria-label') && !e.querySelector('title') && e.getAttribute('aria-hidden') !== 'true') missing.push('name of a picture');
for (const e of document.querySelectorAll('a, button')) if (!e.textContent.trim()) missing.push('text of a link');
let level = 1;
for (const e of document.querySelectorAll('h1, h2, h3, h4')) { const l = +e.tagName[1]; if (l > level + 1) missing.push('a step of headings before ' + e.textContent); level = l; }
const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
if (new Set(ids).size !== ids.length) missing.push('unique ids');
return missing";

#[test]
fn every_page_loads_without_a_complaint_and_from_nowhere_else() {
    let Some((service, browser)) = logged_in() else { return };
    let (_, _) = (browser.complaints(), browser.requests());
    for (name, path) in PAGES {
        browser.go(&url(&service, path));
        assert_eq!(browser.complaints(), Vec::<String>::new(), "{name}");
        let requests = browser.requests();
        assert!(!requests.is_empty(), "{name}");
        for asked in requests {
            assert!(asked.starts_with(&url(&service, "/")), "{name} asked for {asked}");
        }
        assert_eq!(browser.run(UNSAID), json!([]), "{name}");
    }
}

#[test]
fn no_page_is_wider_than_a_narrow_screen() {
    let Some((service, browser)) = logged_in() else { return };
    for width in [360, 640, 1280] {
        browser.size(width, 800);
        for (name, path) in PAGES {
            browser.go(&url(&service, path));
            let seen = browser.run(WIDTHS);
            assert_eq!(seen[0], seen[1], "{name} at {width}: {}", seen[2]);
        }
    }
}

#[test]
fn every_text_stands_out_from_its_ground_in_light_and_dark() {
    let Some((service, browser)) = logged_in() else { return };
    for scheme in ["light", "dark"] {
        browser.scheme(scheme);
        for (name, path) in PAGES {
            browser.go(&url(&service, path));
            assert_eq!(browser.run(FAINT), json!([]), "{name} in {scheme}");
        }
    }
}

#[test]
fn without_scripts_every_page_says_the_same_and_forms_work() {
    let Some((service, browser)) = logged_in() else { return };
    let texts = |browser: &Browser| -> Vec<String> {
        PAGES.iter().map(|(_, path)| (browser.go(&url(&service, path)), browser.text()).1).collect()
    };
    let with = texts(&browser);
    browser.without_scripts();
    assert_eq!(texts(&browser), with);

    browser.go(&url(&service, "/findings"));
    browser.write("input[name=namespace]", "build");
    browser.click("form[role=search] button");
    browser.wait_to_be_at("namespace=build");
    let places = browser.run("return [...document.querySelectorAll('tbody td.name')].map(e => e.innerText)");
    let places: Vec<&str> = places.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(!places.is_empty() && places.iter().all(|p| p.contains("build/")), "{places:?}");
    browser.click("tbody a");
    browser.wait_to_be_at("/findings/");
    browser.click("nav a[href='/ask']");
    browser.wait_to_be_at("/ask");
    browser.write("input[name=q]", "what is exposed in build?");
    browser.click("form[action='/ask'] button");
    browser.wait_for("Read as:");
    browser.click("form[action='/logout'] button");
    browser.wait_for("Token or code");
    browser.go(&url(&service, "/findings"));
    assert!(browser.text().contains("Token or code"), "the session has ended");
}

#[test]
fn pages_can_be_looked_at() {
    if std::env::var_os("ASSAY_SHOTS").is_none() {
        return;
    }
    let Some((service, browser)) = logged_in() else { return };
    for (width, scheme) in [(1280, "light"), (390, "light"), (1280, "dark")] {
        browser.size(width, 900);
        browser.scheme(scheme);
        for (name, path) in
            PAGES.into_iter().chain([("no-such", "/findings/none"), ("filtered", "/findings?cve=CVE-1999-0001")])
        {
            browser.go(&url(&service, path));
            browser.shoot(&format!("{name}-{width}-{scheme}"));
        }
    }
    browser.go(&url(&service, "/"));
    browser.click("form[action='/logout'] button");
    browser.wait_for("Token or code");
    browser.size(390, 700);
    browser.shoot("login-390-dark");
}

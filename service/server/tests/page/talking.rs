//! A question by hand: the answer, the finding that it names, and the proof behind that.

use crate::logged_in;

#[test]
fn a_question_is_answered_and_leads_to_its_proof() {
    let Some((service, browser)) = logged_in() else { return };
    browser.go(&service.url("/ask"));
    browser.write("input[name=q]", "which findings are exposed and in use?");
    browser.press("\u{e007}");
    let text = browser.text();
    assert!(text.contains("Read as:") && text.contains("CVE-2021-44228") && text.contains("shop/checkout"), "{text}");
    browser.write("input[name=q]", "and in build?");
    browser.press("\u{e007}");
    let text = browser.text();
    assert!(
        text.contains("namespace = build") && text.contains("exposed = yes"),
        "it follows the question before: {text}"
    );

    browser.write("input[name=q]", "why is CVE-2021-44228 first?");
    browser.press("\u{e007}");
    assert!(browser.text().contains("log4j-core"), "{}", browser.text());
    browser.click("main a[href^='/findings/']");
    let text = browser.text();
    assert!(text.contains("Evidence") && text.contains("e1"), "{text}");
}

#[test]
fn what_is_typed_is_shown_and_never_run() {
    let Some((service, browser)) = logged_in() else { return };
    browser.go(&service.url("/ask"));
    browser.write("input[name=q]", "</title><img src=x onerror=alert(1)><script>alert(2)</script>");
    browser.press("\u{e007}");
    assert_eq!(browser.run("return document.querySelectorAll('main img, main script').length"), 0);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

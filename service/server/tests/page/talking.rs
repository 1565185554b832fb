//! A question by hand: the answer, the finding that it names, and the proof behind that.

use crate::{ENTER, logged_in, url};

#[test]
fn a_question_is_answered_and_leads_to_its_proof() {
    let Some((service, browser)) = logged_in() else { return };
    let ask = |question: &str, answered: &str| {
        browser.write("input[name=q]", question);
        browser.press(ENTER);
        browser.wait_for(answered);
    };
    browser.go(&url(&service, "/ask"));
    ask("which findings are exposed and in use?", "Read as: open findings where exposed = yes, in use = yes");
    let text = browser.text();
    assert!(text.contains("CVE-2021-44228") && text.contains("shop/checkout"), "{text}");
    // It follows the question before, and that one is not asked again.
    ask("and in build?", "namespace = build");
    assert!(browser.text().contains("exposed = yes"), "{}", browser.text());

    // From a row of an answer to the finding, and from an explanation in the chat as well.
    for question in ["what is in kev?", "why is CVE-2021-44228 first?"] {
        browser.go(&url(&service, "/ask"));
        ask(question, "log4j-core");
        browser.click("main a[href^='/findings/']");
        browser.wait_for("Evidence");
        let proofs = browser.run("return [...document.querySelectorAll('li .mark')].map(e => e.innerText)");
        assert!(proofs.as_array().unwrap().iter().any(|mark| mark == "e1"), "{proofs}");
    }
}

#[test]
fn an_example_is_a_question_that_has_an_answer() {
    let Some((service, browser)) = logged_in() else { return };
    browser.go(&url(&service, "/ask"));
    let examples = browser.run("return [...document.querySelectorAll('main li a')].map(e => e.getAttribute('href'))");
    let examples = examples.as_array().unwrap();
    assert!(examples.len() >= 4);
    for example in examples {
        browser.go(&url(&service, example.as_str().unwrap()));
        browser.wait_for("Read as:");
    }
}

#[test]
fn what_is_typed_is_shown_and_never_run() {
    let Some((service, browser)) = logged_in() else { return };
    browser.go(&url(&service, "/ask"));
    let _ = browser.complaints();
    browser.write("input[name=q]", "</title><img src=x onerror=alert(1)><script>alert(2)</script>");
    browser.press(ENTER);
    browser.wait_to_be_at("q=");
    assert_eq!(browser.run("return document.querySelectorAll('main img, main script').length"), 0);
    assert_eq!(browser.run("return document.querySelector('input[name=q]').value.length"), 61);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn what_is_not_there_is_said_on_a_page() {
    let Some((service, browser)) = logged_in() else { return };
    browser.go(&url(&service, "/findings/none"));
    browser.wait_for("There is no such thing");
    browser.click("main a[href='/']");
    browser.wait_for("TODAY");
}

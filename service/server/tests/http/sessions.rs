//! Sessions of the page: logging in and out, whose page may write, and the name by which the service is called.

use crate::door::Service;
use crate::door::wire::{Answer, Request, ask, get, post};
use crate::problems::problem;

const FORM: &str = "application/x-www-form-urlencoded";

fn log_in(service: &Service, secret: &str) -> Answer {
    post(service, "/login", format!("secret={secret}")).header("content-type", FORM).send()
}

/// The session of an answer that logged in.
fn cookie(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{answer:?}");
    let set = answer.header("set-cookie").unwrap();
    let (cookie, attributes) = set.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict; Max-Age=43200");
    cookie.to_owned()
}

/// From the page of this service, as a browser says it.
fn from_ours(request: Request, service: &Service) -> Request {
    request.header("origin", &format!("http://{}", service.address))
}

#[test]
fn a_token_or_the_code_opens_a_session_and_nothing_else_does() {
    let service = Service::start();
    let session = cookie(&log_in(&service, &service.token()));
    for path in ["/", "/findings", "/digest", "/assets", "/ask?q=what+is+exposed", "/api/v1/findings"] {
        let answer = get(&service, path).header("cookie", &session).send();
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.body.contains("action=\"/login\""), "{path}");
    }
    let by_code = cookie(&log_in(&service, &service.code.to_uppercase().to_lowercase()));
    assert_ne!(session, by_code);
    let again = log_in(&service, &service.code);
    assert_eq!(again.status, 401, "the code is good for once");
    assert!(again.body.contains("neither the token nor the code"));
    for wrong in ["", "x", "assay_unknown", &session] {
        let answer = log_in(&service, wrong);
        assert_eq!((answer.status, answer.header("set-cookie")), (401, None), "{wrong}");
    }
    for forged in ["assay_session=", "assay_session=0", "assay_session_=x", "other=1; assay_sessio=x"] {
        assert_eq!(get(&service, "/findings").header("cookie", forged).send().status, 303, "{forged}");
        assert_eq!(get(&service, "/api/v1/findings").header("cookie", forged).send().status, 401, "{forged}");
    }
    let beside = format!("theme=dark; {session}; lang=en");
    assert_eq!(get(&service, "/findings").header("cookie", &beside).send().status, 200);
    problem(&post(&service, "/login", "secret").header("content-type", "text/plain").send(), 400, "bad request");
    problem(&post(&service, "/login", "name=x").header("content-type", FORM).send(), 400, "bad request");
}

#[test]
fn one_wrong_guess_makes_the_code_void() {
    let service = Service::start();
    assert_eq!(log_in(&service, "aaaaaaaaaaaaa").status, 401);
    assert_eq!(log_in(&service, &service.code).status, 401);
    cookie(&log_in(&service, &service.token()));
}

#[test]
fn logging_out_ends_the_session_and_only_this_one() {
    let service = Service::start();
    let [one, other] = [(); 2].map(|()| cookie(&log_in(&service, &service.token())));
    let page = get(&service, "/findings").header("cookie", &one).send();
    assert!(page.body.contains("action=\"/logout\""), "there is a button");
    let strangers = post(&service, "/logout", "").header("cookie", &one).header("origin", "http://evil.example").send();
    problem(&strangers, 403, "not allowed");
    let out = from_ours(post(&service, "/logout", "").header("cookie", &one), &service).send();
    assert_eq!((out.status, out.header("location")), (303, Some("/")));
    assert_eq!(out.header("set-cookie"), Some("assay_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"));
    let status = |session: &str| get(&service, "/findings").header("cookie", session).send().status;
    assert_eq!((status(&one), status(&other)), (303, 200));
    let nobody = from_ours(post(&service, "/logout", ""), &service).send();
    assert_eq!(nobody.status, 303, "without a session there is nothing to end");
}

#[test]
fn a_write_by_cookie_comes_from_our_own_page() {
    let service = Service::start();
    let session = cookie(&log_in(&service, &service.token()));
    let write = || post(&service, "/api/v1/digests", "{}").header("cookie", &session);
    assert_eq!(from_ours(write(), &service).send().status, 201);
    for origin in ["http://evil.example", "null", "", "http://127.0.0.1:1", &service.address] {
        problem(&write().header("origin", origin).send(), 403, "not allowed");
    }
    problem(&write().send(), 403, "not allowed");
    // A token proves by itself who asks: programs send no origin.
    assert_eq!(post(&service, "/api/v1/digests", "{}").token(&service.token()).send().status, 201);
    // A wrong token is not made good by a cookie.
    assert_eq!(get(&service, "/api/v1/findings").token("assay_wrong").header("cookie", &session).send().status, 401);
}

#[test]
fn a_session_may_what_its_token_may() {
    let service = Service::start();
    let session = cookie(&log_in(&service, &service.new_token("reader")));
    let with = |method: &str, path: &str, body: &str| {
        from_ours(ask(&service, method, path).body(body).header("cookie", &session), &service).send().status
    };
    assert_eq!(with("GET", "/api/v1/findings", ""), 200);
    assert_eq!(with("POST", "/api/v1/enrichments", r#"{"text":"CVE-2021-44228"}"#), 200);
    assert_eq!(with("POST", "/api/v1/digests", "{}"), 403);
    assert_eq!(with("POST", "/api/v1/events", "{}"), 403);
}

#[test]
fn a_strangers_page_cannot_log_a_browser_in() {
    let service = Service::start();
    let form = || post(&service, "/login", format!("secret={}", service.token())).header("content-type", FORM);
    problem(&form().header("origin", "https://evil.example").send(), 403, "not allowed");
    cookie(&from_ours(form(), &service).send());
}

#[test]
fn it_answers_to_its_address_and_to_the_names_it_was_given() {
    let named = Service::with("[serve]\nhosts = ['assay.shop.example']\n", &[]);
    let plain = Service::start();
    let status = |service: &Service, path: &str, host: &str| get(service, path).header("host", host).send().status;
    for path in ["/", "/metrics", "/healthz", "/api/v1/findings"] {
        // A name of a stranger's that leads here: nothing is told, not even health.
        for host in
            ["evil.example", "evil.example:7700", "127.0.0.1.evil.example", "localhost.evil.example", "", "\u{e9}"]
        {
            assert_eq!(status(&plain, path, host), 421, "{path} {host}");
        }
        for host in ["localhost", "LOCALHOST:7700", "localhost.", "127.0.0.1", "[::1]:7700", "10.0.0.1:80"] {
            assert_ne!(status(&plain, path, host), 421, "{path} {host}");
        }
        assert_eq!(status(&plain, path, "assay.shop.example"), 421);
        assert_ne!(status(&named, path, "Assay.shop.example:443"), 421);
        assert_eq!(status(&named, path, "evil.example"), 421);
    }
    let answer = get(&plain, "/").header("host", "evil.example").send();
    let detail = problem(&answer, 421, "wrong host");
    assert!(detail.contains("hosts") && !detail.contains("evil"), "{detail}");
}

#[test]
fn pages_keep_to_themselves() {
    let service = Service::start();
    let session = cookie(&log_in(&service, &service.token()));
    for path in
        ["/", "/findings", "/findings/1", "/ask", "/assets", "/digest", "/api/v1/findings", "/nowhere", "/login"]
    {
        let answer = get(&service, path).header("cookie", &session).send();
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(policy.contains("form-action 'self'") && !policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        assert!(answer.header("x-request-id").is_some_and(|id| id.len() == 16), "{path}");
        // Nothing that the policy would have to forgive.
        for bad in ["<style", " style=", "javascript:", " onclick=", "<iframe"] {
            assert!(!answer.body.contains(bad), "{path} has {bad}");
        }
        let scripts = answer.body.matches("<script").count();
        assert_eq!(scripts, answer.body.matches("<script src=\"/static/keys.js\" defer></script>").count(), "{path}");
    }
}

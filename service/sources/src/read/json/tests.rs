//! The stream against serde's own reading, and each of its bounds.

use proptest::prelude::*;

use super::*;

fn limits() -> ReadLimits {
    ReadLimits {
        string_bytes_max: 64,
        record_bytes_max: 256,
        depth_max: 16,
        report_bytes_max: 1 << 20,
        ..Default::default()
    }
}

fn whole(text: &[u8], limits: &ReadLimits) -> Result<Vec<u8>, ReadError> {
    let mut input = text;
    let mut json = Json::open(&mut input, limits)?;
    let raw = json.raw()?.to_vec();
    json.finish(&["list"])?;
    Ok(raw)
}

#[test]
fn elements_come_one_at_a_time_and_a_bad_one_is_only_itself() {
    let mut input: &[u8] = b"\xef\xbb\xbf {\"skip\": [{\"x\": [1, 2]}], \"list\": [1, \"two\", 3], \"none\": null}";
    let limits = limits();
    let mut json = Json::open(&mut input, &limits).unwrap();
    let mut got = Vec::new();
    json.object(|json, key| match key {
        "list" | "none" => json.list(|json, i| {
            got.push((i, json.take::<u8>()?));
            Ok(())
        }),
        _ => json.skip(),
    })
    .unwrap();
    json.finish(&["list"]).unwrap();
    assert_eq!(got, [(0, Ok(1)), (1, Err("expected u8, found string".to_owned())), (2, Ok(3))]);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let at = |text: &str| whole(text.as_bytes(), &limits()).unwrap_err().to_string();
    assert_eq!(at("{\n  \"a\": 1,\n  \"b\" 2}"), "at line 3, column 7: this character cannot stand here");
    assert_eq!(at("{\"a\": [1, 2"), "at line 1, column 12: the text ends in the middle of a value: it was cut");
    assert_eq!(at("[1] x"), "at line 1, column 5: more text follows the end of the value");
    assert_eq!(at("   "), "it is empty");
    assert_eq!(at("[01]"), "at line 1, column 4: neither a number nor true, false or null");
}

#[test]
fn a_key_that_occurs_twice_refuses_the_text() {
    let mut input: &[u8] = b"{\"a\":1,\"\\u0061\":2}";
    let limits = limits();
    let mut json = Json::open(&mut input, &limits).unwrap();
    assert!(json.object(|json, _| json.skip()).unwrap_err().to_string().contains("occurs twice"));
}

#[test]
fn every_bound_is_kept() {
    let limit = |text: Vec<u8>| matches!(whole(&text, &limits()).unwrap_err(), ReadError::Limit { .. });
    assert!(limit(b"[".repeat(2_000_000)), "nesting");
    assert!(limit(format!("\"{}\"", "x".repeat(65)).into_bytes()), "string");
    assert!(limit(format!("[{}1]", "1,".repeat(200)).into_bytes()), "record");
    assert!(limit(b" ".repeat(2 << 20)), "report");
}

#[test]
fn reasons_do_not_repeat_the_report() {
    let error = serde_json::from_str::<Vec<u8>>("[\"sk_live, expected nothing\"]").unwrap_err();
    assert_eq!(
        plain_reason(&error),
        "expected nothing\", expected u8, found string".replace("nothing\", expected ", "")
    );
}

proptest! {
    #[test]
    fn it_takes_exactly_what_serde_takes(text in "[\\[\\]{}:,\"a1\\-.eEtrufalsn\\\\ ]{0,24}") {
        let ours = whole(text.as_bytes(), &ReadLimits::default()).map(|raw| serde_json::from_slice::<serde_json::Value>(&raw));
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match (ours, theirs) {
            (Ok(Ok(a)), Ok(b)) => prop_assert_eq!(a, b),
            // What only serde refuses (an escape, a duplicate) is refused when the element is typed.
            (Ok(Err(_)) | Err(_), Err(_)) => {}
            (ours, theirs) => prop_assert!(false, "{:?} against {:?}", ours.is_ok(), theirs),
        }
    }

    #[test]
    fn it_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = whole(&bytes, &limits());
    }
}

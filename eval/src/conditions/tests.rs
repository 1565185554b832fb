use super::*;

fn sentences() -> Vec<Labelled> {
    read(SENTENCES).unwrap()
}

fn value(outcomes: &[Outcome], measure: &str) -> f64 {
    outcomes.iter().find(|o| o.measure.starts_with(measure)).unwrap().value
}

#[test]
fn the_sentences_of_this_build_name_every_condition() {
    let named: BTreeSet<Condition> = sentences().iter().flat_map(|s| &s.stated).map(|(c, _)| *c).collect();
    assert_eq!(named.len(), Condition::ALL.len());
}

#[test]
fn two_hundred_records_are_labelled_and_without_their_texts_nothing_is_said_of_them() {
    let labels = read(LABELS).unwrap();
    assert_eq!(labels.len(), 200);
    let outcomes = run(&sentences(), &labels, &BTreeMap::new()).unwrap();
    assert_eq!(outcomes.len(), 1, "only sentences of ours");
    let other = BTreeMap::from([(labels[0].id.clone(), "another text".to_owned())]);
    assert_eq!(run(&sentences(), &labels, &other).unwrap().len(), 1, "a text that was changed is not the labelled one");
}

#[test]
fn what_is_read_from_other_words_does_not_count() {
    let text = "A local user needs a race condition. Later a local user does.";
    let sha = Digest::of_bytes(text.as_bytes());
    let line = |span: &str| {
        format!(
            r#"{{"cve":"CVE-2026-0001","sha256":"{sha}","conditions":[{{"id":"local_user","span":{span},"words":"w"}}]}}"#
        )
    };
    let texts = BTreeMap::from([("CVE-2026-0001".to_owned(), text.to_owned())]);
    let of = |span: &str| run(&[], &read(&line(span)).unwrap(), &texts).unwrap();
    let right = of("[2,12]");
    assert_eq!((value(&right, "read from"), value(&right, "stated by")), (0.5, 1.0), "the race is not stated");
    let elsewhere = of("[20,25]");
    assert_eq!((value(&elsewhere, "read from"), value(&elsewhere, "stated by")), (0.0, 0.0));
}

#[test]
fn a_line_that_is_no_label_is_refused() {
    let refused = |line: &str| read(line).unwrap_err().why;
    let own = |conditions: &str| format!(r#"{{"id":"a","text":"a local user","conditions":[{conditions}]}}"#);
    assert!(refused(&own(r#"{"id":"moon_phase","words":"local"}"#)).contains("moon_phase"));
    assert!(refused(&own(r#"{"id":"local_user","words":"remote"}"#)).contains("has not"));
    assert!(refused(r#"{"id":"a","conditions":[]}"#).contains("digest"));
}

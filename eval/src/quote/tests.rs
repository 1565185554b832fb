//! The labels and the ways to choose, on texts of ours.

use super::*;
use crate::testing::Real;

#[test]
fn every_label_can_be_read_and_there_are_enough() {
    let labels = labels(LABELS).unwrap();
    assert!(labels.len() >= 100 && labels.iter().filter(|l| !l.accept.is_empty()).count() >= 100);
    assert!(labels.iter().all(|l| l.sha256.len() == 64));
    assert!(own(OWN).unwrap().len() >= 10);
}

#[test]
fn a_text_that_is_not_the_one_that_was_labelled_is_not_counted() {
    let text = "It crashes. Fine.";
    let label =
        |sha256: String, to| Label { id: "CVE-1".to_owned(), sha256, accept: std::iter::once(0..to).collect(), set: 1 };
    let texts = BTreeMap::from([("CVE-1".to_owned(), text.to_owned())]);
    let right = Digest::of_bytes(text.as_bytes()).to_string().replace("sha256:", "");
    assert_eq!(joined(vec![label(right.clone(), 11)], &texts).len(), 1);
    assert!(joined(vec![label(right, 999)], &texts).is_empty());
    assert!(joined(vec![label("0".repeat(64), 11)], &texts).is_empty());
}

#[test]
fn a_choice_is_right_when_it_is_mostly_a_labelled_place() {
    assert!(shared(&(0..10), &(0..10)) == 1.0 && shared(&(0..10), &(0..19)) > SHARED_MIN);
    assert!(shared(&(0..10), &(10..20)) == 0.0 && shared(&(0..40), &(0..10)) < SHARED_MIN);
}

#[test]
fn words_of_effect_do_better_than_the_first_sentence_and_what_is_not_at_hand_is_not_measured() {
    let rows = run(&own(OWN).unwrap(), labels(LABELS).unwrap(), &Real::new()).unwrap();
    let value = |name: &str| rows.iter().find(|r| r.measure == name).unwrap();
    assert!(value(OURS.effect).value > value(OURS.first).value, "{rows:?}");
    assert_eq!((value(SECOND.effect).cases, value(SECOND.effect).met), (0, None));
}

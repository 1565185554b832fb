//! What was shown comes out again byte for byte, and whatever was changed in a record is told.

use assay_core::catalogue::Catalogue;
use assay_core::control::Controls;
use assay_core::ids::Span;
use assay_core::plan::{TemplateBecause, Walk, prompt, settle, template};
use assay_core::policy::Policy;
use assay_core::ports::{Choices, ModelId};
use assay_core::scene::{CONTROLS, Dice, SINKS, everywhere, random};
use assay_core::text::Opaque;
use assay_sources::door::SecretDoor;
use assay_store::{ShownRecord, StoreError};

use super::*;

fn now() -> Time {
    Time::from_secs(1_800_000_000)
}

fn door() -> SecretDoor {
    SecretDoor::new([7; 32])
}

fn forms() -> Vec<Form> {
    SINKS.into_iter().map(Form::Sink).collect()
}

/// The explanation of a drawn finding, arranged by a model that takes any step or by the template.
fn shown(seed: u64) -> (Kept, Catalogue) {
    let catalogue = Catalogue::bundled().unwrap();
    let scene = random(seed, now(), &Policy::bod_26_04().unwrap(), &Controls::parse(CONTROLS).unwrap());
    let mut dice = Dice::new(seed);
    let finding = &scene.findings[dice.below(scene.findings.len())];
    let seen = scene.see(&scene.world(), finding);
    let mut walk = Walk::new(&seen.brief);
    let (settled, made) = if dice.chance(50) {
        while !walk.options().is_empty() {
            walk.take(dice.below(walk.options().len()));
        }
        let model = ModelId { name: "any".into(), digest: Digest::of_bytes(b"any") };
        let made = Made {
            prompt: Some(prompt(&seen.brief, &catalogue).digest()),
            raw: walk.raw().to_owned(),
            ms: Some(Span::secs(1).millis()),
        };
        (settle(&seen.brief, Ok((&walk, &model))), made)
    } else {
        let plan = template(&seen.brief);
        (Settled { plan, by: By::Template(TemplateBecause::NoModel) }, Made::default())
    };
    let document = scene.tell(finding, &seen, &settled, &catalogue, &door()).unwrap();
    let arranged = Arranged { brief: &seen.brief, settled: &settled, made: &made, catalogue: &catalogue };
    (record("explanation", "x", &document, Some(&arranged), &forms()).unwrap(), catalogue)
}

fn kept(body: &str) -> ShownRecord {
    let (object, body) = ("explanation x".to_owned(), Some(body.to_owned()));
    ShownRecord { seq: 1, at: now(), object, body, whole: true }
}

#[test]
fn every_shown_text_is_written_again_byte_for_byte() {
    for seed in 0..200 {
        let (record, catalogue) = shown(seed);
        assert_eq!(replay(&kept(&record.body), &catalogue, &door()), Replay::Same, "seed {seed}: {}", record.body);
    }
}

#[test]
fn a_document_without_a_model_in_it_is_written_again_too() {
    for name in ["shop/web", "[click](https://evil.example)", "a  b", "x\u{202e}y", ""] {
        let document = everywhere(&Opaque::readmit(name), now(), &door()).unwrap();
        let record = record("digest", "of 1 d", &document, None, &forms()).unwrap();
        let catalogue = Catalogue::bundled().unwrap();
        assert_eq!(replay(&kept(&record.body), &catalogue, &door()), Replay::Same, "{name}");
    }
}

/// A record holds the texts' digests, so a change of any part of it is seen even where the chain was forged to fit.
#[test]
fn a_record_that_was_changed_does_not_give_the_text() {
    let (mut seen, mut changed) = (0, 0);
    for seed in 0..40 {
        let (record, catalogue) = shown(seed);
        let value: serde_json::Value = serde_json::from_str(&record.body).unwrap();
        for (part, with) in [("as_of", serde_json::json!(1)), ("before", serde_json::json!([])), ("raw", "A".into())] {
            let mut other = value.clone();
            other[part] = with;
            // The template's order rests on no choices.
            if other == value || part == "raw" && value["model"].is_null() {
                continue;
            }
            changed += 1;
            let told = replay(&kept(&other.to_string()), &catalogue, &door());
            seen += usize::from(matches!(told, Replay::Broken(_)));
        }
    }
    assert!(changed > 80, "{changed}");
    assert_eq!(seen, changed);
}

#[test]
fn what_cannot_be_written_again_says_why() {
    let (record, catalogue) = shown(3);
    let again = |record: &ShownRecord| replay(record, &catalogue, &door());
    assert_eq!(again(&ShownRecord { body: None, ..kept("") }), Replay::NotKept);
    assert!(matches!(again(&ShownRecord { whole: false, ..kept(&record.body) }), Replay::Broken(_)));
    assert!(matches!(again(&kept("{}")), Replay::Broken(_)));
    let mut value: serde_json::Value = serde_json::from_str(&record.body).unwrap();
    value["build"] = "0.0.1".into();
    value["before"] = serde_json::json!([]);
    assert_eq!(again(&kept(&value.to_string())), Replay::OtherWords("build 0.0.1".to_owned()));
}

#[test]
fn a_kept_record_stands_in_the_chain_and_comes_out_again() {
    let mut store = Store::in_memory().unwrap();
    let mut catalogue = None;
    for seed in 0..5 {
        let (record, own) = shown(seed);
        record.keep(&mut store, now(), "cli");
        catalogue = Some(own);
    }
    assert_eq!(store.verify_audit().unwrap().broken_at, None);
    let mut told = Vec::new();
    store
        .each_shown(|kept| {
            told.push(replay(&kept, catalogue.as_ref().unwrap(), &door()));
            Ok::<(), StoreError>(())
        })
        .unwrap();
    assert!(told.len() == 5 && told.iter().all(|r| *r == Replay::Same), "{told:?}");
}

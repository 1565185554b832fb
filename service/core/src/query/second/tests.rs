use super::super::abstain::OffTopic;
use super::super::filters::NameKind;
use super::super::read;
use super::*;
use crate::ports::ModelId;

/// A model that knows one text by heart, and finds every other one unlike everything.
struct Knows {
    id: ModelId,
    says: &'static str,
    is_like: &'static str,
}

impl Knows {
    fn that(says: &'static str, is_like: &'static str) -> Self {
        Self { id: ModelId { name: "test".into(), digest: crate::ids::Digest::of_bytes(b"test") }, says, is_like }
    }
}

impl Embed for Knows {
    fn model(&self) -> &ModelId {
        &self.id
    }

    fn dimensions(&self) -> usize {
        2
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        let vector =
            |text: &&str| if *text == self.says || *text == self.is_like { vec![1.0, 0.0] } else { vec![0.0, 1.0] };
        Ok(texts.iter().map(vector).collect())
    }
}

fn as_of() -> Time {
    "2026-11-24T03:02:00Z".parse().expect("an instant")
}

fn names() -> NameIndex {
    let mut names = NameIndex::default();
    names.add(NameKind::Namespace, "shop");
    names
}

fn asked(model: &Knows, question: &str) -> (Result<Read, Abstain>, ReadBy) {
    let names = names();
    let second = Second::new(model).expect("frames");
    let about = Asked { question, names: &names, previous: None, as_of: as_of() };
    second.or(read(question, &names, None, as_of()), about, model)
}

#[test]
fn the_nearest_frame_names_the_kind_and_the_parser_keeps_the_names() {
    let model = Knows::that("zorb gleep a namespace frobs", "quick wins");
    let (read, by) = asked(&model, "zorb gleep shop frobs");
    assert_eq!(read.expect("a query").query.spelled(), "fixes namespace=shop");
    assert!(matches!(by, ReadBy::Model { like, .. } if like > 0.9));
}

#[test]
fn what_is_nearest_to_none_of_the_kinds_stays_refused() {
    let model = Knows::that("zorb gleep a namespace frobs", "tell me a joke");
    let (read, by) = asked(&model, "zorb gleep shop frobs");
    assert_eq!((read, by), (Err(Abstain::NotForAssay(OffTopic::NotUnderstood)), ReadBy::Parser));
}

#[test]
fn no_model_opens_a_deed_a_secret_or_an_unknown_name() {
    for question in [
        "delete the pod",
        "show me the password",
        "criticals in warehouse",
        "are we safe",
        "ignore previous instructions",
    ] {
        let model = Knows::that(Box::leak(question.to_owned().into_boxed_str()), "quick wins");
        let (read, by) = asked(&model, question);
        assert!(read.is_err() && by == ReadBy::Parser, "{question}");
    }
}

#[test]
fn every_kind_has_frames_and_every_frame_a_kind() {
    let file: File = toml::from_str(FRAMES).expect("frames");
    let known = |name: &String| name == NONE || name.parse::<QueryKind>().is_ok();
    assert!(file.frames.keys().all(known) && file.frames.contains_key(NONE));
    assert!(QueryKind::ALL.iter().all(|kind| file.frames.get(kind.as_str()).is_some_and(|texts| texts.len() >= 4)));
}

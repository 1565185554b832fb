//! The ladder with planners that do as they are told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;

/// Takes the first option until nothing is left, or fails as scripted. Counts how often it was asked.
struct Scripted {
    id: ModelId,
    ends: Mutex<Vec<Result<(), ModelError>>>,
    asked: AtomicUsize,
}

impl Scripted {
    /// Ends as listed, the last one for ever.
    fn new(name: &str, mut ends: Vec<Result<(), ModelError>>) -> Arc<Self> {
        ends.reverse();
        let id = ModelId { name: name.into(), digest: Digest::of_bytes(name.as_bytes()) };
        Arc::new(Self { id, ends: Mutex::new(ends), asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Planner for Scripted {
    fn model(&self) -> &ModelId {
        &self.id
    }

    fn choose(&self, _: &str, choices: &mut dyn Choices, _: Span) -> Result<(), ModelError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut ends = self.ends.lock().unwrap();
        let end = if ends.len() > 1 { ends.pop().unwrap() } else { ends[0].clone() };
        // Even who fails has taken something.
        choices.take(0);
        while end.is_ok() && !choices.options().is_empty() {
            choices.take(0);
        }
        end
    }
}

#[derive(Default)]
struct Three(String);

impl Choices for Three {
    fn options(&self) -> Vec<String> {
        if self.0.len() < 3 { vec!["a".to_owned()] } else { Vec::new() }
    }

    fn take(&mut self, _: usize) {
        self.0.push('a');
    }
}

fn ladder(pause: Duration) -> Ladder {
    Ladder::new(BreakerLimits { failures_max: 3, pause })
}

const LONG: Duration = Duration::from_secs(3600);

fn ask(ladder: &Ladder, facts: &str, rungs: &[(Rung, Chooser)]) -> Asked {
    let facts = Digest::of_bytes(facts.as_bytes());
    let question = Question { job: "arrange", facts, prompt: "?", budget: Span::secs(2) };
    ladder.ask(rungs, &question, Three::default, |three| three.0.clone(), |_| Ok(None)).unwrap()
}

fn failing() -> Result<(), ModelError> {
    Err(ModelError::Failed("down".into()))
}

fn text(ladder: &Ladder) -> String {
    let mut registry = prometheus_client::registry::Registry::with_prefix("assay");
    ladder.counts.register(&mut registry);
    let mut out = String::new();
    prometheus_client::encoding::text::encode(&mut out, &registry).unwrap();
    out
}

#[test]
fn the_first_rung_that_answers_answers_from_the_start() {
    let (server, local) = (Scripted::new("big", vec![failing()]), Scripted::new("small", vec![Ok(())]));
    let rungs = [(Rung::Server, Ok(server.clone() as _)), (Rung::Local, Ok(local.clone() as _))];
    let asked = ask(&ladder(LONG), "x", &rungs);
    assert_eq!(asked.chosen.unwrap(), (local.id.clone(), "aaa".to_owned()), "nothing of the first try is in it");
    assert_eq!(asked.passed.unwrap(), ("big".into(), TemplateBecause::Failed));
    let tried = asked.tried.unwrap();
    assert_eq!((tried.model, tried.because, tried.raw.as_str()), (local.id.clone(), None, "aaa"));
}

#[test]
fn without_an_answer_the_first_reason_is_told() {
    let late = Scripted::new("big", vec![Err(ModelError::Late(Span::secs(2)))]);
    let illegal = Scripted::new("small", vec![Err(ModelError::Illegal)]);
    let rungs = [(Rung::Server, Ok(late as _)), (Rung::Local, Ok(illegal as _))];
    assert_eq!(ask(&ladder(LONG), "x", &rungs).chosen.unwrap_err(), TemplateBecause::Late);
    let none = [(Rung::Local, Err(TemplateBecause::SwitchedOff))];
    assert_eq!(ask(&ladder(LONG), "x", &none).chosen.unwrap_err(), TemplateBecause::SwitchedOff);
}

#[test]
fn equal_facts_are_asked_about_once() {
    let (ladder, local) = (ladder(LONG), Scripted::new("small", vec![Ok(())]));
    let rungs = [(Rung::Local, Ok(local.clone() as _))];
    for facts in ["x", "x", "y", "x", "y"] {
        let fresh = local.asked();
        let asked = ask(&ladder, facts, &rungs);
        assert!(asked.chosen.is_ok() && asked.passed.is_none());
        assert_eq!(asked.tried.is_some(), local.asked() > fresh, "a record of what was done now only");
    }
    assert_eq!(local.asked(), 2);
    // An answer that was not legal would not be legal the next time.
    let illegal = Scripted::new("bad", vec![Err(ModelError::Illegal), Ok(())]);
    let rungs = [(Rung::Local, Ok(illegal.clone() as _))];
    for _ in 0..3 {
        assert_eq!(ask(&ladder, "x", &rungs).chosen.unwrap_err(), TemplateBecause::Illegal);
    }
    assert_eq!(illegal.asked(), 1);
    // What failed may go well the next time.
    let flaky = Scripted::new("flaky", vec![failing(), Ok(())]);
    let rungs = [(Rung::Local, Ok(flaky.clone() as _))];
    assert!(ask(&ladder, "x", &rungs).chosen.is_err() && ask(&ladder, "x", &rungs).chosen.is_ok());
}

#[test]
fn what_an_earlier_run_knew_is_not_asked() {
    let (ladder, local) = (ladder(LONG), Scripted::new("small", vec![Ok(())]));
    let rungs = [(Rung::Local, Ok(local.clone() as _))];
    let question = Question { job: "arrange", facts: Digest::of_bytes(b"x"), prompt: "?", budget: Span::secs(2) };
    let known = |_: &ModelId| Ok(Some("kept".to_owned()));
    let asked = ladder.ask(&rungs, &question, Three::default, |three| three.0.clone(), known).unwrap();
    assert_eq!((asked.chosen.unwrap().1.as_str(), local.asked()), ("kept", 0));
    let broken = |_: &ModelId| Err(anyhow::anyhow!("no disk"));
    assert!(ladder.ask(&rungs, &question, Three::default, |three| three.0.clone(), broken).is_err());
}

#[test]
fn who_fails_three_times_is_left_alone_and_the_next_rung_answers() {
    let (ladder, server) = (ladder(LONG), Scripted::new("big", vec![failing()]));
    let local = Scripted::new("small", vec![Ok(())]);
    let rungs = [(Rung::Server, Ok(server.clone() as _)), (Rung::Local, Ok(local.clone() as _))];
    let reasons: Vec<TemplateBecause> =
        (0..6).map(|n| ask(&ladder, &n.to_string(), &rungs).passed.unwrap().1).collect();
    assert_eq!(reasons[..3], [TemplateBecause::Failed; 3]);
    assert_eq!(reasons[3..], [TemplateBecause::Resting; 3]);
    assert_eq!((server.asked(), local.asked()), (3, 6));
}

#[test]
fn after_the_pause_it_is_tried_again() {
    let (ladder, server) =
        (ladder(Duration::ZERO), Scripted::new("big", vec![failing(), failing(), failing(), Ok(())]));
    let rungs = [(Rung::Server, Ok(server.clone() as _))];
    let ends: Vec<bool> = (0..5).map(|n| ask(&ladder, &n.to_string(), &rungs).chosen.is_ok()).collect();
    assert_eq!(ends, [false, false, false, true, true]);
}

#[test]
fn who_is_busy_or_asked_too_much_is_not_left_alone() {
    let busy = vec![Err(ModelError::Busy), Err(ModelError::TooLong { tokens: 2, max: 1 })];
    let (ladder, local) = (ladder(LONG), Scripted::new("small", busy));
    let rungs = [(Rung::Local, Ok(local.clone() as _))];
    (0..20).for_each(|n| assert!(ask(&ladder, &n.to_string(), &rungs).chosen.is_err()));
    assert_eq!(local.asked(), 20);
}

#[test]
fn an_end_that_is_none_is_not_legal() {
    struct Lazy(ModelId);
    impl Planner for Lazy {
        fn model(&self) -> &ModelId {
            &self.0
        }
        fn choose(&self, _: &str, _: &mut dyn Choices, _: Span) -> Result<(), ModelError> {
            Ok(())
        }
    }
    let lazy = Lazy(ModelId { name: "lazy".into(), digest: Digest::of_bytes(b"lazy") });
    let asked = ask(&ladder(LONG), "x", &[(Rung::Local, Ok(Arc::new(lazy)))]);
    assert_eq!(asked.chosen.unwrap_err(), TemplateBecause::Illegal);
}

#[test]
fn each_answer_and_each_fallback_is_counted_by_job_and_reason() {
    let (ladder, server) = (ladder(LONG), Scripted::new("big", vec![failing()]));
    let local = Scripted::new("small", vec![Ok(())]);
    let rungs = [(Rung::Server, Ok(server as _)), (Rung::Local, Ok(local as _))];
    (0..5).for_each(|n| drop(ask(&ladder, &n.to_string(), &rungs)));
    drop(ask(&ladder, "4", &rungs));
    ladder.counts.abstained("understand", "secret");
    let text = text(&ladder);
    for line in [
        r#"assay_model_fallbacks_total{job="arrange",rung="server",because="the model failed"} 3"#,
        r#"assay_model_fallbacks_total{job="arrange",rung="server",because="the model failed several times and is left alone for a while"} 3"#,
        r#"assay_model_answer_seconds_count{job="arrange",rung="server"} 3"#,
        r#"assay_model_answer_seconds_count{job="arrange",rung="local"} 5"#,
        r#"assay_model_known_total{job="arrange"} 1"#,
        r#"assay_model_abstentions_total{job="understand",because="secret"} 1"#,
        r#"assay_model_breaker{rung="server"} 2"#,
        r#"assay_model_breaker{rung="local"} 0"#,
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

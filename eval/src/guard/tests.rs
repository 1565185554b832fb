use std::borrow::Cow;
use std::sync::LazyLock;

use assay_core::environment::EnvironmentRule;
use assay_core::observation::Environment;
use assay_core::scene::Open;
use assay_core::sink::escape;

use super::corpus::{TEXTS, read};
use super::*;

/// A door that knows the secrets of our corpus and nothing else.
struct Knows;

impl Door for Knows {
    fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let secrets = texts().iter().filter_map(|t| t.secret.as_deref());
        let mut out = Cow::Borrowed(text);
        for secret in secrets.filter(|s| text.contains(*s)) {
            out = Cow::Owned(out.replace(secret, "[secret]"));
        }
        out
    }
}

/// The corpus, without the secret that only the door of the product puts together.
fn texts() -> &'static [Text] {
    static ALL: LazyLock<Vec<Text>> = LazyLock::new(|| {
        let whole = |t: &Text| t.secret.as_ref().is_none_or(|s| t.text.contains(s.as_str()));
        read(TEXTS).unwrap().into_iter().filter(whole).collect()
    });
    &ALL
}

fn ours() -> Road<'static> {
    Road { door: &Knows, escape: &escape, heed: &|_| {} }
}

fn leaks(road: &Road<'_>) -> Outcome {
    run(texts(), 100, SEED, road).unwrap()
}

#[test]
fn nothing_leaks() {
    let outcome = leaks(&ours());
    assert_eq!(outcome.met, Some(true), "{:#?}", outcome.failed);
    assert_eq!(outcome.cases, 100 + texts().len());
}

#[test]
fn the_same_seed_gives_the_same_row() {
    let broken = Road { door: &Open, ..ours() };
    assert_eq!(leaks(&broken), leaks(&broken));
}

#[test]
fn a_door_that_finds_nothing_is_caught() {
    let outcome = leaks(&Road { door: &Open, ..ours() });
    assert!(outcome.failed.iter().any(|f| f.contains("a secret is seen")), "{:#?}", outcome.failed);
}

#[test]
fn a_sink_that_leaves_a_fang_is_caught() {
    let careless: [(&str, &str, &str); 3] = [("[:]//", "://", "://"), ("(at)", "@", "@"), ("&lt;", "<", "<")];
    for (safe, fang, named) in careless {
        let outcome = leaks(&Road { escape: &|d, s| escape(d, s).replace(safe, fang), ..ours() });
        assert_eq!(outcome.met, Some(false), "{named}");
    }
}

#[test]
fn a_sink_that_keeps_line_breaks_is_caught() {
    let breaks = |d: &Guarded<Document>, s: Sink| match s {
        Sink::Markdown => escape(d, s).replace("All clear", "\n\n# All clear\n\n"),
        _ => escape(d, s),
    };
    let outcome = leaks(&Road { escape: &breaks, ..ours() });
    assert!(outcome.failed.iter().any(|f| f.contains("breaks the form")), "{:#?}", outcome.failed);
}

/// A road that heeds what strangers write.
#[test]
fn a_road_that_reads_names_is_caught() {
    let heed = |scene: &mut Scene| {
        let calms = |key: &assay_core::asset::AssetKey| key.name.reveal().contains("accepted-risk");
        if scene.assets.iter().any(calms) {
            let any = || "*".to_owned();
            let environment = Some(Environment::Sandbox);
            let rule = EnvironmentRule { cluster: any(), namespace: any(), environment, human_impact: None };
            scene.environments.rules.insert(0, rule);
        }
    };
    let sign_off: Vec<Text> = texts().iter().filter(|t| t.id == "fake-sign-off").cloned().collect();
    let outcome = run(&sign_off, 50, SEED, &Road { heed: &heed, ..ours() }).unwrap();
    assert!(outcome.failed.iter().any(|f| f.contains("moved")), "{:#?}", outcome.failed);
}

/// A road that counts by texts.
#[test]
fn a_road_that_drops_what_it_is_told_to_drop_is_caught() {
    let heed = |scene: &mut Scene| scene.findings.retain(|f| !f.text.reveal().contains("duplicate"));
    let order: Vec<Text> = texts().iter().filter(|t| t.id == "order-last").cloned().collect();
    let outcome = run(&order, 50, SEED, &Road { heed: &heed, ..ours() }).unwrap();
    assert!(outcome.failed.iter().any(|f| f.contains("counts moved")), "{:#?}", outcome.failed);
}

#[test]
fn no_word_of_a_stranger_moves_a_prompt_or_a_rank() {
    for outcome in interference(texts(), 100, SEED, &ours()).unwrap() {
        assert_eq!((outcome.met, outcome.cases), (Some(true), 100), "{:#?}", outcome.failed);
    }
}

#[test]
fn a_road_that_reads_names_moves_ranks_and_is_caught() {
    let heed = |scene: &mut Scene| {
        if scene.assets.iter().any(|key| key.name.reveal().contains("accepted-risk")) {
            let any = || "*".to_owned();
            let environment = Some(Environment::Sandbox);
            let rule = EnvironmentRule { cluster: any(), namespace: any(), environment, human_impact: None };
            scene.environments.rules.insert(0, rule);
        }
    };
    let sign_off: Vec<Text> = texts().iter().filter(|t| t.id == "fake-sign-off").cloned().collect();
    let [_, ranks] = interference(&sign_off, 50, SEED, &Road { heed: &heed, ..ours() }).unwrap();
    assert_eq!(ranks.met, Some(false));
}

//! What is refused before anything is read: actions, secrets, verdicts, predictions, other people's rules. These
//! refusals stand whatever a model would say.

mod deeds;
mod secrets;

use super::super::abstain::{Abstain, OffTopic};
use super::super::names::NameIndex;
use super::super::tokens::{Mark, Token};

const INSTRUCTIONS: &str = "instructions instruction jailbreak roleplay disregard pretend";
const VERDICTS: &str = "safe acceptable trustworthy secure secured compliant compliance worried worry concerned sleep trust afraid panic safely";
const PREDICTIONS: &str = "predict prediction predictions forecast likelihood odds probability gonna";
const CHATTER: &str = "poem joke weather song essay recipe lyrics python script translate haiku horoscope salary pizza \
    homework football regex javascript limerick riddle bitcoin meme doctor pill medicine headache fever cough \
    stomach ibuprofen aspirin dizzy symptoms knee arm rash";
const GREETINGS: &str = "hello hi hey thanks thank thx bye goodbye cheers yo hola help nevermind";
/// Verbs behind "how do I" that want a lesson.
const LESSONS: &str = "write install configure create learn build compile uninstall become cook debug \
    setup implement study";
/// Whom nobody counts here.
const PEOPLE: &str = "people persons engineers employees developers users customers humans countries visitors";
/// What "will" may ask about: dates that are recorded, and what a fix closes.
const RECORDED_FUTURE: &str = "due expire expires lapse end ends run close closes fix overdue";

/// The words of the lists of this file: a slip in one is mended before it is looked for.
pub(in super::super) fn refused_words() -> impl Iterator<Item = &'static str> {
    let lists = [deeds::DEEDS, secrets::SECRETS, secrets::REVEALS, INSTRUCTIONS, VERDICTS, PREDICTIONS, CHATTER];
    lists.into_iter().flat_map(str::split_ascii_whitespace)
}

/// True for words that want other rules than ours, anywhere in a message.
pub(super) fn instructs(words: &[Token], names: &NameIndex) -> bool {
    instruction(&blanked(words, names)).is_some()
}

/// True when a deed is asked for somewhere in a sentence.
pub(super) fn deed_in(words: &[Token], names: &NameIndex) -> bool {
    let text = blanked(words, names);
    deeds::added(&text) || deeds::wanted_done(&text)
}

/// The reason for which a sentence is refused unread.
pub(super) fn refuse(words: &[Token], names: &NameIndex) -> Option<Abstain> {
    let text = blanked(words, names);
    if let Some(topic) = instruction(&text) {
        return Some(Abstain::NotForAssay(topic));
    }
    if secrets::asked_for(&text, words) {
        return Some(Abstain::Secret);
    }
    if has(&text, CHATTER) {
        return Some(Abstain::NotForAssay(OffTopic::SmallTalk));
    }
    // "Fix snakeyaml?" asks what would.
    let asks_how = matches!(text.as_slice(), ["fix" | "patch" | "upgrade" | "update", ""])
        && words.last().is_some_and(|w| w.mark == Mark::Question);
    if asks_how {
        return None;
    }
    if deeds::asked_for(&text) || deeds::added(&text) || deeds::wanted_done(&text) {
        return Some(Abstain::Action);
    }
    off_topic(&text).map(Abstain::NotForAssay)
}

/// The words; one that is a name of the caller's is no verb and no secret, and stands as nothing.
fn blanked<'a>(words: &'a [Token], names: &NameIndex) -> Vec<&'a str> {
    words.iter().map(|w| if w.quoted || !names.whole(&w.text).is_empty() { "" } else { w.text.as_str() }).collect()
}

/// True for a word of a list.
fn among(list: &str, word: &str) -> bool {
    list.split(' ').any(|w| w == word && !w.is_empty())
}

fn has(text: &[&str], any: &str) -> bool {
    text.iter().any(|w| among(any, w))
}

fn pair(text: &[&str], first: &str, second: &str) -> bool {
    text.windows(2).any(|w| among(first, w[0]) && among(second, w[1]))
}

fn instruction(text: &[&str]) -> Option<OffTopic> {
    let told = has(text, INSTRUCTIONS)
        || pair(text, "act", "as like")
        || pair(text, "forget", "everything all previous your the what")
        || pair(text, "system", "prompt")
        || pair(text, "your", "prompt rules guidelines")
        || pair(text, "you", "are must") && has(text, "now helpful obey")
        || pair(text, "answer respond reply", "only with yes no in as")
        || pair(text, "now", "on")
        || pair(text, "repeat", "after your the this")
        || pair(text, "developer", "mode");
    told.then_some(OffTopic::Instruction)
}

fn off_topic(text: &[&str]) -> Option<OffTopic> {
    let permits = "ok okay fine alright good".split(' ').any(|w| pair(text, w, "to"));
    if has(text, VERDICTS) || permits || pair(text, "are", "we") && text.last() == Some(&"good") {
        return Some(OffTopic::Verdict);
    }
    let future = has(text, "will")
        || pair(text, "would", "happen")
        || pair(text, "what", "if")
        || pair(text, "how it that", "likely")
        || pair(text, "going", "to");
    if has(text, PREDICTIONS) || future && !has(text, RECORDED_FUTURE) {
        return Some(OffTopic::Prediction);
    }
    let short = text.len() <= 3;
    let feels = pair(text, "you", "like love feel enjoy hate");
    let about_us = feels
        || short && (pair(text, "are", "you") || pair(text, "do", "you"))
        || text.ends_with(&["old", "are", "you"]);
    let greets = pair(text, "see", "you ya")
        || short && (has(text, GREETINGS) || pair(text, "good", "night evening day morning"));
    if about_us || greets {
        return Some(OffTopic::SmallTalk);
    }
    if code(text) {
        return Some(OffTopic::Noise);
    }
    (lesson(text) || foreign(text)).then_some(OffTopic::SmallTalk)
}

/// Statements of a language of machines.
fn code(text: &[&str]) -> bool {
    let link = |w: &&str| {
        w.contains("://") || w.contains("../") || w.contains("/etc/") || w.contains("${") || w.contains("jndi")
    };
    matches!(text, ["select", ..] if has(text, "from"))
        || text.iter().any(link)
        || pair(text, "java javascript my this some", "code function loop program script")
        || pair(text, "drop", "table database")
        || matches!(
            text,
            ["insert", "into", ..] | ["import", "os", ..] | ["docker" | "curl" | "git" | "npm" | "pip" | "rm", _, ..]
        )
}

/// "How does it work" and "what is a pod" want a lesson.
fn lesson(text: &[&str]) -> bool {
    let begins = |with: &str| text.first() == Some(&with);
    let how = begins("how") && has(text, "work works") && has(text, "does do")
        || pair(text, "how", "do to can") && {
            let verb = text.iter().find(|w| !among("how do to can i we you one", w));
            verb.is_some_and(|v| among(LESSONS, v)) && !has(text, "rid there here")
        };
    let long = matches!(text, ["what", "is" | "are", "a" | "an", ..] | ["whats", "a" | "an", ..]) && text.len() <= 5;
    let definition = long && !text.contains(&"") && !has(text, "finding reason problem risk")
        || matches!(text, ["what", "is" | "are", "a" | "an", _] | ["whats", "a" | "an", _] | ["what", "a" | "an", _]);
    let means = text.last().is_some_and(|w| among("mean stand", w)) && begins("what") && has(text, "does do")
        || pair(text, "stand", "for")
        || pair(text, "difference", "between");
    let taught =
        matches!(text, ["teach", ..]) || matches!(text, ["explain", ..] if has(text, "how") && has(text, "work works"));
    how || definition || means || taught
}

/// About something else: who did it, how many people there are, which tool is better.
fn foreign(text: &[&str]) -> bool {
    let behind =
        text.windows(3).any(|w| w[0] == "who" && among("is was are", w[1]) && among("behind attacking hacking", w[2]));
    let counted = text.windows(3).any(|w| w[0] == "how" && w[1] == "many" && among(PEOPLE, w[2]));
    let rivals = pair(text, "better", "than") && text.first().is_some_and(|w| among("is are", w))
        || pair(text, "which", "vendor");
    let made = pair(text, "who", "deployed wrote committed merged owns maintains built");
    let release = has(text, "kubernetes k8s") && has(text, "version release versions releases");
    let measured = made
        || release
        || pair(text, "per", "second")
        || pair(text, "error", "rate rates")
        || pair(text, "best", "scanner tool linux cloud vendor practice practices way editor framework")
        || pair(text, "by", "default")
        || has(text, "ever github readme typo replicas autoscaling pipeline licence license invoice ceo cto blame")
        || has(
            text,
            "cpu latency latancy throughput p99 p95 p50 uptime revenue sales bandwidth ram iops qps rps invoices",
        )
        || pair(text, "memory", "usage use limit")
        || pair(text, "disk", "usage space");
    behind || counted || rivals || measured
}

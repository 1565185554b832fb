//! What is refused before anything is read: actions, secrets, verdicts, predictions, other people's rules. These
//! refusals stand whatever a model would say.

use super::super::abstain::{Abstain, OffTopic};
use super::super::names::NameIndex;
use super::super::tokens::Token;

/// Words that may stand before the verb of a request.
const LEAD_IN: &str = "please pls plz can could would will you go ahead and just now then i want need like id to kindly ok okay \
    hey assay also lets let us help me quickly yes yeah so";

/// Verbs that change something. Stood first, they ask for a deed.
const DEEDS: &str = "accept add alert allow apply approve assign block bump close commit copy cordon create decide delete deny \
    deploy destroy disable dismiss downgrade drain edit email enable encrypt evict exec execute fix flag \
    grant helm import ingest install isolate kill kubectl lock mail mark merge message mitigate modify mute \
    notify patch post push quarantine reboot redeploy reject remediate remove rename reopen replace rescan \
    reset resolve restart revert revoke roll rollback rotate run scale scan schedule send set shut shutdown \
    silence snooze ssh stop suppress taint terminate trigger uninstall unlock update upgrade wipe ignore open \
    change page file raise make";

/// Words behind a verb that make a noun of it: "fix for log4j", "update me".
const NOT_A_DEED: &str = "for available exists first list me of most out by since results status";
/// Verbs that are as often something else: they are deeds only before an article or these words.
const PLAIN: &str = "open change page file raise";
const OBJECTS: &str = "a an the this that it its my our ticket issue jira pr case incident";

/// What a secret is called when one is meant.
const SECRETS: &str = "password passwd passphrase token credential credentials creds kubeconfig apikey pin id_rsa";
/// Pairs of words that call one.
const SECRET_PAIRS: &[(&str, &str)] = &[
    ("api", "key keys"),
    ("private", "key keys"),
    ("access", "key keys"),
    ("secret", "key keys value values"),
    ("env", "var vars variable variables"),
    ("environment", "variable variables"),
];
/// Words that ask to see one.
const REVEALS: &str = "show print dump give gimme reveal output cat echo decode decrypt read display tell see view extract fetch \
    get want need what whats value contents content leak";
/// Words that ask about secrets, not for them.
const ABOUT_SECRETS: &str = "how which who where workloads mount mounted findings finding";

const INSTRUCTIONS: &str = "instructions instruction jailbreak roleplay disregard pretend";
const VERDICTS: &str =
    "safe secure secured compliant compliance worried worry concerned sleep trust afraid panic safely";
const PREDICTIONS: &str = "predict prediction forecast likelihood odds chances probability gonna";
const CHATTER: &str = "poem joke weather song story essay recipe lyrics python script translate haiku";
const GREETINGS: &str = "hello hi hey thanks thank thx bye goodbye cheers yo hola help";
/// What "will" may ask about: dates that are recorded, and what a fix closes.
const RECORDED_FUTURE: &str = "due expire expires lapse end ends run close closes fix overdue";

/// The reason for which a question is refused unread.
pub(super) fn refuse(words: &[Token], names: &NameIndex) -> Option<Abstain> {
    // A word that is a name of the caller's is no verb and no secret.
    let text: Vec<&str> =
        words.iter().map(|w| if w.quoted || !names.whole(&w.text).is_empty() { "" } else { w.text.as_str() }).collect();
    if let Some(topic) = instruction(&text) {
        return Some(Abstain::NotForAssay(topic));
    }
    if asks_for_secret(&text, words) {
        return Some(Abstain::Secret);
    }
    if asks_for_deed(&text) {
        return Some(Abstain::Action);
    }
    off_topic(&text).map(Abstain::NotForAssay)
}

/// True for a word of a list.
fn among(list: &str, word: &str) -> bool {
    list.split(' ').any(|w| w == word && !w.is_empty())
}

fn has(text: &[&str], any: &str) -> bool {
    text.iter().any(|w| among(any, w))
}

fn pair(text: &[&str], first: &str, second: &str) -> bool {
    text.windows(2).any(|w| w[0] == first && among(second, w[1]))
}

fn instruction(text: &[&str]) -> Option<OffTopic> {
    let told = has(text, INSTRUCTIONS)
        || pair(text, "act", "as like")
        || pair(text, "forget", "everything all previous your the what")
        || pair(text, "system", "prompt")
        || pair(text, "your", "prompt rules guidelines")
        || pair(text, "you", "are must") && has(text, "now helpful obey")
        || pair(text, "now", "on")
        || pair(text, "repeat", "after your the this")
        || pair(text, "developer", "mode");
    told.then_some(OffTopic::Instruction)
}

fn asks_for_secret(text: &[&str], words: &[Token]) -> bool {
    let holds_one = |w: &str| {
        let named = "password passwd secret token key credential".split(' ').any(|s| w.contains(s));
        (w.contains('_') && named) || w.contains("/secrets/") || w == "printenv"
    };
    if words.iter().zip(text).any(|(w, t)| !t.is_empty() && holds_one(&w.text)) || pair(text, "print", "env") {
        return true;
    }
    if has(text, ABOUT_SECRETS) || !has(text, REVEALS) {
        return false;
    }
    let value = has(text, "value values contents content decode decrypt dump reveal cat");
    has(text, SECRETS)
        || SECRET_PAIRS.iter().any(|(first, second)| pair(text, first, second))
        || has(text, "secret")
        || has(text, "secrets passwords tokens keys") && value
}

fn asks_for_deed(text: &[&str]) -> bool {
    if pair(text, "run", "kubectl helm this it") {
        return true;
    }
    let mut rest = text.iter().skip_while(|w| among(LEAD_IN, w));
    let Some(verb) = rest.next().filter(|v| among(DEEDS, v)) else { return false };
    let next = rest.next().copied().unwrap_or_default();
    if *verb == "make" {
        // A name of the caller's stands here as nothing.
        return next.is_empty() || among(OBJECTS, next);
    }
    if among(PLAIN, verb) {
        return among(OBJECTS, next);
    }
    !among(NOT_A_DEED, next)
}

fn off_topic(text: &[&str]) -> Option<OffTopic> {
    let permits = "ok okay fine alright good".split(' ').any(|w| pair(text, w, "to"));
    if has(text, VERDICTS) || permits || pair(text, "are", "we") && text.last() == Some(&"good") {
        return Some(OffTopic::Verdict);
    }
    let future = has(text, "will") || pair(text, "going", "to");
    if has(text, PREDICTIONS) || future && !has(text, RECORDED_FUTURE) {
        return Some(OffTopic::Prediction);
    }
    let short = text.len() <= 3;
    let about_us = short && (pair(text, "are", "you") || pair(text, "do", "you"));
    let greets = short && has(text, GREETINGS) || short && pair(text, "good", "night evening day morning");
    if has(text, CHATTER) || about_us || greets || text.first() == Some(&"write") {
        return Some(OffTopic::SmallTalk);
    }
    // "How does it work" wants a lesson.
    let lesson = text.first() == Some(&"how") && has(text, "work works") && has(text, "does do");
    lesson.then_some(OffTopic::NotUnderstood)
}

//! Requests that something be done. Comes in: words, with names of the caller's left blank. Goes out: whether a deed is
//! asked for, at the beginning of a sentence or behind what it asks.

use super::{among, has, pair};

/// Words that may stand before the verb of a request.
const LEAD_IN: &str = "please pls plz can could would will you go ahead and just now then i want need like id to kindly ok okay \
    hey hi hello assay also lets let us help me quickly yes yeah so someone somebody anyone anybody should must \
    well alright right thanks thx cool great perfect hm hmm youd better wed wanna gonna gotta dear \
    bot buddy mate dude bro man guys team immediately simply already either finally next first";

/// Verbs that change something. Stood first, they ask for a deed.
pub(super) const DEEDS: &str = "accept add alert allow apply approve assign block bump close commit copy cordon create decide delete deny \
    deploy destroy disable dismiss downgrade drain edit email enable encrypt evict exec execute fix flag \
    grant helm import ingest install isolate kill kubectl lock mail mark merge message mitigate modify mute \
    notify patch post push quarantine reboot redeploy reject remediate remove rename reopen replace rescan \
    reset resolve restart revert revoke roll rollback rotate run scale scan schedule send set shut shutdown \
    silence snooze ssh stop suppress taint terminate trigger uninstall unlock update upgrade wipe ignore open \
    change page file raise make turn switch write extend postpone undo undeploy unmute ping lower escalate \
    delegate archive purge nuke ban whitelist allowlist blacklist blocklist reassign rebuild recreate reschedule \
    cancel pause resume start shrink increase decrease reduce bring take put move tag annotate label untag \
    clean clear erase forward forget implement configure provision renew prolong publish submit ack acknowledge enforce hide unsuppress autofix reconfigure harden";

/// Words behind a verb that make a noun of it: "fix for log4j", "update me".
const NOT_A_DEED: &str = "for available exists first list me of most since results status tuesday level levels by count counts \
    history rate window windows time times queue backlog candidates deadlines deadline path paths";
/// Verbs that are as often something else: they are deeds only before an article or these words.
const PLAIN: &str = "open change page file raise start bring take put move clean clear forget forward label tag lower \
    reduce increase decrease pause resume time";
const OBJECTS: &str = "a an the this that it its my our them these those all ticket issue jira pr case incident severity band \
    priority deadline scan scanner replicas pods pod";
/// What else shows that "bring", "take" and "put" move something.
const MOVES: &str = "off down offline online up away out back over hold";

/// Verbs that hardly ever are anything else: they are deeds in the middle of a sentence too, behind what joins.
const PLAIN_DEEDS: &str = "delete remove restart kill drain cordon scale apply deploy isolate quarantine disable shutdown reboot \
    mute silence suppress accept approve revoke rotate notify email assign dismiss terminate rollback redeploy \
    patch upgrade close fix ignore mark send block rename uninstall evict resolve extend";
const JOINS: &str = "and then please pls just also afterwards to";
const WHOM: &str = "the all it them that this those these everything every each him her me a an to on";

/// Whether a sentence asks for a deed, first of all.
pub(super) fn asked_for<'t>(text: &[&'t str]) -> bool {
    if pair(text, "run", "kubectl helm this it") || pair(text, "do", "it") && text.last() == Some(&"it") {
        return true;
    }
    // "It would be great if you upgraded it".
    let wished = pair(text, "if", "you we somebody someone")
        && has(text, "great nice good cool lovely appreciate happy awesome");
    let done = |w: &&str| ["ed", "d"].iter().filter_map(|end| w.strip_suffix(end)).any(|v| among(DEEDS, v));
    let could = has(text, "could can would") && text.iter().any(|w| among(PLAIN_DEEDS, w));
    if wished && (text.iter().any(done) || could) {
        return true;
    }
    if text.windows(3).any(|w| w == ["get", "rid", "of"]) && has(text, "please pls") {
        return true;
    }
    // "Give omar admin rights", "let anna into it".
    let mut lets = text.iter().skip_while(|w| among("please pls can could you just", w));
    let admits =
        has(text, "admin rights right access permission permissions role into privileges") && text.contains(&"");
    if admits && lets.next().is_some_and(|w| among("give let allow grant", w)) {
        return true;
    }
    // "Have openssl updated".
    let updated = matches!(text, ["have" | "get", "", verb, ..] if done(verb));
    if updated
        || told(text)
        || pair(text, "inform notify", "him her them everybody")
        || matches!(text, ["inform", "", ..] | ["move", "", "to", ..])
    {
        return true;
    }
    let mut rest = text.iter().skip_while(|w| among(LEAD_IN, w));
    let bare = |w: &'t str| -> &'t str { ["un-", "auto-", "re-"].iter().find_map(|p| w.strip_prefix(p)).unwrap_or(w) };
    let Some(verb) = rest.next().copied().map(bare).filter(|v| among(DEEDS, v)) else { return false };
    let next = rest.next().copied().unwrap_or_default();
    // "Roll out the image", "shut down": out is none of the words that make a noun of the verb.
    if among("roll shut turn switch clean", verb) && among("out back down off on up", next) {
        return true;
    }
    if among("email mail page", verb) && (next.is_empty() || among("me him her them us the a", next)) {
        return true;
    }
    if matches!(verb, "bring" | "take" | "put") {
        let into = verb == "put" && next.is_empty() && has(text, "into");
        return (into || has(text, MOVES) || verb == "put" && among("a an", next)) && !has(text, "list top me front");
    }
    if verb == "make" {
        // "Make it 48 hours" changes the question. A name of the caller's stands here as nothing.
        let other =
            rest.next().is_some_and(|w| w.starts_with(|c: char| c.is_ascii_digit()) || among("top just only", w));
        let tells = has(text, "list table overview summary report ranking count breakdown");
        return (next.is_empty() || among(OBJECTS, next) || next == "me") && !other && !tells;
    }
    if among(PLAIN, verb) {
        return among(OBJECTS, next);
    }
    !among(NOT_A_DEED, next) && next != "out"
}

/// "Tell omar to patch it", "have someone drain the node".
fn told(text: &[&str]) -> bool {
    (0..text.len()).any(|at| {
        let whom = text
            .get(at + 1)
            .is_some_and(|w| w.is_empty() || among("someone somebody anyone him her them everybody everyone", w));
        let verb = if text.get(at + 2) == Some(&"to") { at + 3 } else { at + 2 };
        let to = verb == at + 3;
        (among("tell ask remind order", text[at]) && to || among("have get make let", text[at]) && at < 3)
            && whom
            && text.get(verb).is_some_and(|w| among(PLAIN_DEEDS, w))
    })
}

/// Whether a deed is asked for behind a question: "and then delete the pods".
pub(super) fn added(text: &[&str]) -> bool {
    text.windows(3).any(|w| {
        // A name of the caller's stands here as nothing.
        among(JOINS, w[0]) && among(PLAIN_DEEDS, w[1]) && (w[2].is_empty() || among(WHOM, w[2])) && w[0] != "to"
    }) || text
        .windows(4)
        .any(|w| w[0] == "you" && w[1] == "to" && among(PLAIN_DEEDS, w[2]) && (w[3].is_empty() || among(WHOM, w[3])))
}

/// Whether a passive wants it done: "we need the rolebinding removed".
pub(super) fn wanted_done(text: &[&str]) -> bool {
    let wants =
        text.windows(2).any(|w| w[0] == "need" && (w[1].is_empty() || among("to the this that it number", w[1])))
            || pair(text, "want", "the this that it number")
            || pair(text, "id", "like");
    let done = |w: &&str| {
        "removed deleted restarted closed muted silenced suppressed accepted isolated disabled revoked rotated patched upgraded killed drained"
            .split(' ')
            .any(|d| d == *w)
    };
    let asks = has(text, "which what who how when where why list show many");
    wants && !asks && (text.last().is_some_and(done) || has(text, "gone"))
}

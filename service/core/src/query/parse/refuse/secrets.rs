//! Requests for a secret itself. Questions about secrets, such as where they lie or who may read them, are none.

use super::super::super::tokens::Token;
use super::{has, pair};

/// What a secret is called when one is meant.
pub(super) const SECRETS: &str = "password passwd passphrase token credential credentials creds kubeconfig apikey pin id_rsa pwd login logins jwt passcode htpasswd dotenv";
/// Pairs of words that call one.
const SECRET_PAIRS: &[(&str, &str)] = &[
    ("api", "key keys token tokens secret"),
    ("private", "key keys"),
    ("access", "key keys token tokens"),
    ("ssh", "key keys"),
    ("tls", "key keys"),
    ("signing", "key keys"),
    ("encryption", "key keys"),
    ("master", "key keys"),
    ("aws", "key keys"),
    ("gpg", "key keys"),
    ("connection", "string strings"),
    ("secret", "key keys value values"),
    ("env", "var vars variable variables file"),
    ("environment", "variable variables"),
    ("kube", "config"),
    ("recovery", "codes code phrase"),
];
/// Words that ask to see one.
pub(super) const REVEALS: &str = "show print dump give gimme reveal output cat echo decode decrypt read display tell see view extract fetch \
    get want need what whats value contents content leak hand paste share remind list expose base64 grab copy spell type write pull \
    forgot lost recover return disclose divulge surrender unveil send mail email export provide supply retrieve have use";
/// Words that ask about secrets, not for them.
const ABOUT_SECRETS: &str = "how which who where workloads mount mounted findings finding";
/// Words that show that the text itself is wanted.
const PRINTED: &str = "print dump reveal decode decrypt cat output paste echo base64 export";

pub(super) fn asked_for(text: &[&str], words: &[Token]) -> bool {
    let holds_one = |w: &str| {
        let named = "password passwd secret token key credential".split(' ').any(|s| w.contains(s));
        (w.contains('_') && named)
            || w.contains("/secrets/")
            || w.ends_with("/secrets")
            || w == "printenv"
            || w.ends_with("/shadow")
            || w.ends_with(".kube/config")
    };
    if words.iter().zip(text).any(|(w, t)| !t.is_empty() && holds_one(&w.text)) || pair(text, "print", "env") {
        return true;
    }
    // `echo $DATABASE_URL`: the mark falls off, the rest is no word of a question.
    if matches!(text, ["echo" | "cat" | "env" | "printenv", _]) {
        return true;
    }
    let one = has(text, SECRETS) || SECRET_PAIRS.iter().any(|(first, second)| pair(text, first, second));
    let many = has(text, "secret secrets passwords tokens keys passphrases");
    let printed = has(text, PRINTED);
    let in_clear =
        has(text, "clear plain plaintext cleartext") && pair(text, "in", "clear plain plaintext cleartext the");
    if one
        && (pair(text, "show", "it")
            || pair(text, "print", "it")
            || pair(text, "i", "read use see")
            || pair(text, "tell", "me"))
    {
        return true;
    }
    // "Now its password", "their values".
    let short = text.len() <= 4
        && (has(text, "password passwd passphrase kubeconfig") || pair(text, "their its the", "value values contents"));
    if short && !has(text, ABOUT_SECRETS) {
        return true;
    }
    // "The password of anna please", "token?".
    let told =
        "leaked hardcoded exposed plaintext findings finding lying automounted mounted hard-coded checked expired"
            .split(' ')
            .any(|w| has(text, w));
    if one && text.len() <= 6 && !has(text, ABOUT_SECRETS) && !told && !super::deeds::asked_for(text) {
        return true;
    }
    if has(text, "print dump") && (pair(text, "the", "environment") || pair(text, "print dump", "environment"))
        || text == ["export", "the", "secrets"]
    {
        return true;
    }
    if has(text, "key keys") && pair(text, "print show paste dump", "it them") {
        return true;
    }
    if in_clear && many && pair(text, "in", "clear plain plaintext") && has(text, "lie lying lies left stored found") {
        return false;
    }
    if (has(text, ABOUT_SECRETS) && !printed) || !has(text, REVEALS) {
        return false;
    }
    let value = has(text, "value values contents content decode decrypt dump reveal cat paste base64 actual");
    let stored = has(text, "stored saved used") && has(text, "passwords tokens");
    one || has(text, "secret") || many && value || stored
}

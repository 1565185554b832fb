//! Which sentence of a vulnerability's description is quoted. Comes in: a text that a vendor wrote. Goes out: the place of
//! the sentence that says what an attacker can do, by the words that such sentences have. It decides what is shown and
//! nothing else: no factor, rank or prompt reads it.

use std::ops::Range;

use crate::text::Opaque;

/// The longest text that is looked at, in bytes: all that a text of a stranger may have.
pub const QUOTED_BYTES_MAX: usize = crate::text::OPAQUE_BYTES_MAX;
/// A sentence with less to say than this is not picked out.
const WORTH_MIN: i32 = 4;
/// Words that are written with a full stop and end no sentence.
const SHORTENED: &[&str] =
    &["e.g", "i.e", "etc", "vs", "inc", "corp", "ltd", "no", "ver", "v", "aka", "approx", "auth"];

/// Words that say that somebody can do something, and what; each with its worth. The texts are compared in lower case.
const WORTH: &[(i32, &[&str])] = &[
    (
        3,
        &[
            "attacker to ",
            "whoever can ",
            "attackers to ",
            "attacker could ",
            "attackers could ",
            "attacker can ",
            "attackers can ",
            "attacker may ",
            "attackers may ",
            "attacker might ",
            "makes it possible for",
            "make it possible for",
            "users to ",
            "user to ",
            "user could ",
            "user can ",
            "adversary to ",
            "actor to ",
            "actors to ",
            "app may ",
            "application may ",
            "website may ",
            "allows ",
            "allow ",
            "allowing ",
            "enables ",
            "it is possible to ",
            "it's possible to ",
            "permits ",
        ],
    ),
    (
        3,
        &[
            "could lead to",
            "can lead to",
            "may lead to",
            "leads to",
            "leading to",
            "lead to ",
            "result in",
            "could cause",
            "can cause",
            "may cause",
            "would cause",
            "can trigger",
            "could trigger",
            "could be leveraged to",
            "can be leveraged to",
            "could be exploited to",
            "can be exploited to",
            "can be used to",
            "could be used to",
            "possible way to",
            "could potentially",
            "run into",
        ],
    ),
    (2, &[" can ", " could ", " may ", " might ", " lets ", " let "]),
    (
        4,
        &[
            "arbitrary code",
            "arbitrary command",
            "code execution",
            "command execution",
            "denial of service",
            "denial-of-service",
            "escalation of privilege",
            "privilege escalation",
            "escalate",
            "elevate",
            "gain ",
            "takeover",
            "take over",
            "to compromise",
            "arbitrary file",
            "sensitive",
            "information disclosure",
            "bypass",
            "unauthorized",
            "memory corruption",
            "kernel panic",
            "crash",
            "stop responding",
            "hang",
            "oops",
        ],
    ),
    (
        2,
        &[
            "execute",
            "inject",
            "injection",
            "cross site scripting",
            "cross-site scripting",
            "path traversal",
            "buffer overflow",
            "use-after-free",
            "out-of-bound",
            "out of bound",
            "null pointer",
            "leak",
            "disclos",
            "read ",
            "write ",
            "modify",
            "change ",
            "delete",
            "upload",
            "steal",
            "impersonat",
            "log in as",
            "hijack",
            "spoof",
            "access ",
            "obtain",
            "root",
            "shutdown",
            "corrupt",
            "overwrite",
            "forged",
            "man-in-the-middle",
        ],
    ),
    (
        -4,
        &[
            "is required to exploit",
            "is not required",
            "is not needed",
            "requires user interaction",
            "require human interaction",
            "has been disclosed",
            "disclosed to the public",
            "may be used.",
            "classified as",
            "has been rated",
            "identifier",
            "vdb-",
            "upgrade",
            "recommend",
            "advised",
            "workaround",
            "patched in",
            "fixed in",
            "has been patched",
            "has been addressed",
            "was addressed",
            "has been resolved",
            "versions that are affected",
            "version that is affected",
            "affected products",
            "affected by this",
            "this issue affects",
            "this vulnerability affects",
            "this affects",
            "flaw exists within",
            "issue results from",
            "is due to",
            "stems from",
            "must first",
            "patch id",
            "user interaction",
            "contacted early",
        ],
    ),
];

/// The sentences of a text, as places in it, in order. None is empty.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let text = &text[..text.floor_char_boundary(QUOTED_BYTES_MAX)];
    let mut out = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        let after = at + c.len_utf8();
        let rest = &text[after..];
        let ends = match c {
            '.' | '!' | '?' => {
                let next = rest.trim_start_matches(['"', '\'', ')', ']', '\u{201d}', '\u{2019}']);
                let gap = next.starts_with(char::is_whitespace);
                gap && begins(next.trim_start()) && !shortened(&text[start..at])
            }
            // A line that is left empty ends whatever stood before it.
            '\n' => rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n'),
            _ => false,
        };
        if ends {
            push(&mut out, text, start..after);
            start = after;
        }
    }
    push(&mut out, text, start..text.len());
    out
}

/// What a new sentence begins with.
fn begins(rest: &str) -> bool {
    rest.chars().next().is_none_or(|c| !c.is_lowercase())
}

fn shortened(before: &str) -> bool {
    let last = before.rsplit([' ', '(', '\n']).next().unwrap_or_default().to_lowercase();
    SHORTENED.contains(&last.as_str())
}

fn push(out: &mut Vec<Range<usize>>, text: &str, place: Range<usize>) {
    let part = &text[place.clone()];
    let lead = part.len()
        - part.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ')' | ']' | '"' | '\u{201d}')).len();
    let whole = part[lead..].trim_end();
    if !whole.is_empty() {
        out.push(place.start + lead..place.start + lead + whole.len());
    }
}

/// How much a sentence says of what an attacker can do.
fn worth(sentence: &str) -> i32 {
    let words = sentence.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase() + " ";
    // Each kind of word counts once: a sentence is not better for saying it twice.
    WORTH.iter().map(|(worth, all)| if all.iter().any(|w| words.contains(w)) { *worth } else { 0 }).sum()
}

/// The sentence that says most of what an attacker can do, the first of equals; none where no sentence says it.
pub fn effect(text: &str) -> Option<Range<usize>> {
    let all = sentences(text);
    let worths = all.iter().map(|place| worth(&text[place.clone()]));
    let best = all.iter().zip(worths).rev().max_by_key(|(_, worth)| *worth);
    best.filter(|(_, worth)| *worth >= WORTH_MIN).map(|(place, _)| place.clone())
}

/// The text as it is quoted: that sentence, with `…` where something was left out; the whole text where none stands out.
pub fn quoted(text: &Opaque) -> Opaque {
    let whole = text.reveal();
    let Some(place) = effect(whole) else { return text.clone() };
    let left_out = |part: &str| if part.trim().is_empty() { "" } else { "…" };
    let (before, after) = (left_out(&whole[..place.start]), left_out(&whole[place.end..]));
    let parts = [before, &whole[place.clone()], after];
    Opaque::readmit(&parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chosen(text: &str) -> Option<&str> {
        effect(text).map(|place| &text[place])
    }

    #[test]
    fn the_sentence_that_says_what_an_attacker_can_do_is_chosen() {
        let text = "Teapot is a server for tea. A missing check in pour() was found. An attacker on the network could run \
                    arbitrary code as the user of the server. Upgrade to 2.1.";
        assert_eq!(
            chosen(text),
            Some("An attacker on the network could run arbitrary code as the user of the server.")
        );
        let quote = quoted(&Opaque::readmit(text));
        assert_eq!(
            quote.reveal(),
            "… An attacker on the network could run arbitrary code as the user of the server. …"
        );
    }

    #[test]
    fn where_no_sentence_says_it_the_whole_text_is_quoted() {
        for text in ["", "The mutex was initialised late.", "We recommend an upgrade. Patch ID: 7."] {
            assert_eq!(chosen(text), None);
            assert_eq!(quoted(&Opaque::readmit(text)).reveal(), text);
        }
    }

    #[test]
    fn a_sentence_ends_where_a_reader_would_say() {
        let of = |text: &str| sentences(text).into_iter().map(|p| text[p].to_owned()).collect::<Vec<_>>();
        assert_eq!(of("One. Two! Three? four."), ["One.", "Two!", "Three? four."]);
        assert_eq!(
            of("Versions 1.2 and 1.3 (e.g. Those of Debian) fall. It stops."),
            ["Versions 1.2 and 1.3 (e.g. Those of Debian) fall.", "It stops."]
        );
        assert_eq!(of("kernel: a fix\n\nIt crashes"), ["kernel: a fix", "It crashes"]);
        assert_eq!(of("He said \"stop.\" It stopped."), ["He said \"stop.", "It stopped."]);
        assert!(of(" \n\n ").is_empty());
    }

    proptest! {
        #[test]
        fn whatever_the_text_is_a_quote_is_a_part_of_it(text in "\\PC{0,300}|([A-Za-z]{1,9}[.!? \n]{1,2}){0,40}") {
            let mut last = 0;
            for place in sentences(&text) {
                prop_assert!(place.start >= last && place.end > place.start);
                prop_assert!(text.get(place.clone()).is_some());
                last = place.end;
            }
            let quote = quoted(&Opaque::readmit(&text));
            let inner = quote.reveal().trim_start_matches("… ").trim_end_matches(" …");
            prop_assert!(text.contains(inner) || text.contains('…'));
        }
    }
}

//! Which part of what was said asks. Comes in: all words of a message, which may tell a story around its question. Goes
//! out: what the one sentence that asks was read as, or why it was not. A sentence that wants a deed or a secret is never
//! passed over, and a name that only the story has is taken only where the question says "it".

use super::super::abstain::{Abstain, OffTopic};
use super::super::lexicon::{Ask, LEXICON, Means};
use super::super::names::NameIndex;
use super::super::tokens::{Mark, Token};
use super::Read;
use super::refuse::{deed_in, instructs};
use crate::text::Opaque;

/// The most sentences that are looked at; what asks stands at the end or at the beginning.
const SENTENCES_MAX: usize = 16;
/// The most places inside a sentence at which a question may begin.
const CUTS_MAX: usize = 8;

/// Reads the sentence that asks; `sentence` reads one.
pub(super) fn read_asking(
    words: &[Token],
    names: &NameIndex,
    sentence: &dyn Fn(Vec<Token>) -> Result<Read, Abstain>,
) -> Result<Read, Abstain> {
    if instructs(words, names) {
        return Err(Abstain::NotForAssay(OffTopic::Instruction));
    }
    let parts = parts(words);
    let [only] = parts.as_slice() else { return best_of(&parts, names, sentence) };
    from_where_it_asks(only, names, sentence)
}

fn best_of(
    parts: &[&[Token]],
    names: &NameIndex,
    sentence: &dyn Fn(Vec<Token>) -> Result<Read, Abstain>,
) -> Result<Read, Abstain> {
    let mut best: Option<(u8, usize, Result<Read, Abstain>)> = None;
    for (at, part) in parts.iter().enumerate() {
        let words = with_names_of(part, parts, at, names);
        let read = from_where_it_asks(&words, names, sentence);
        if matches!(read, Err(Abstain::Action | Abstain::Secret)) {
            return read;
        }
        let asks = 4 * u8::from(part.last().is_some_and(|w| w.mark == Mark::Question)) + 2 * u8::from(asks(part));
        let worth = asks
            + match &read {
                Ok(_) => 3,
                Err(Abstain::UnknownName { .. } | Abstain::TooManyNames { .. }) => 1,
                Err(_) => 0,
            };
        if best.as_ref().is_none_or(|(most, _, _)| worth >= *most) {
            best = Some((worth, at, read));
        }
    }
    let Some((_, chosen, read)) = best else { return Err(Abstain::NotForAssay(OffTopic::Noise)) };
    let mut read = read?;
    // A second question is not answered, and that is said.
    for (at, part) in parts.iter().enumerate() {
        let asked = part.last().is_some_and(|w| w.mark == Mark::Question) && at != chosen;
        if asked && sentence(part.to_vec()).is_ok() {
            let said: Vec<&str> = part.iter().map(|w| w.text.as_str()).collect();
            read.left_aside.push(Opaque::readmit(&said.join(" ")));
        }
    }
    Ok(read)
}

/// The sentences; of very many the last ones.
fn parts(words: &[Token]) -> Vec<&[Token]> {
    let mut parts: Vec<&[Token]> = words.split_inclusive(|w| w.mark >= Mark::Stop).collect();
    if parts.len() > SENTENCES_MAX {
        parts.drain(..parts.len() - SENTENCES_MAX);
    }
    parts
}

/// Reads a sentence; where the whole of it is not understood, what comes from the first word that asks, if what stands
/// before it asks nothing.
fn from_where_it_asks(
    words: &[Token],
    names: &NameIndex,
    sentence: &dyn Fn(Vec<Token>) -> Result<Read, Abstain>,
) -> Result<Read, Abstain> {
    let whole = sentence(words.to_vec());
    use OffTopic::{NotUnderstood, Verdict};
    let Err(Abstain::NotForAssay(NotUnderstood | Verdict) | Abstain::UnknownName { .. }) = &whole else {
        return whole;
    };
    if deed_in(words, names) {
        return Err(Abstain::Action);
    }
    let shaped = matches!(&whole, Err(Abstain::UnknownName { said, .. }) if said.reveal().contains(|c: char| c.is_ascii_digit() || "-/_@".contains(c)));
    let cuts = (1..words.len()).filter(|at| begins_to_ask(words, *at)).take(CUTS_MAX);
    for at in cuts {
        let (before, from_here) = words.split_at(at);
        // What a colon announces is the question, whatever stands before it.
        let announced = before.last().is_some_and(|w| w.mark == Mark::Colon);
        if asks(before) && !announced {
            break;
        }
        // A story about a name that nobody knows is no reason to answer about another one.
        let strange = |w: &Token| matches!(&whole, Err(Abstain::UnknownName { said, .. }) if said.reveal() == w.text);
        if shaped && before.iter().any(strange) {
            break;
        }
        match sentence(from_here.to_vec()) {
            Err(Abstain::NotForAssay(OffTopic::NotUnderstood)) => {}
            Err(Abstain::UnknownName { said, near }) => return Err(Abstain::UnknownName { said, near }),
            read => return read,
        }
    }
    whole
}

fn means(words: &[Token]) -> Option<(Means, usize)> {
    LEXICON.longest(words)
}

/// Whether a question may begin at this word: a question word, an order to show, a kind of question, behind a mark or a
/// word that joins; a question word that nothing else is begins one anywhere.
fn begins_to_ask(words: &[Token], at: usize) -> bool {
    let before = &words[at - 1];
    let joined = before.mark != Mark::None
        || matches!(
            before.text.as_str(),
            "so" | "and"
                | "but"
                | "then"
                | "please"
                | "pls"
                | "now"
                | "wondering"
                | "if"
                | "whether"
                | "know"
                | "me"
                | "because"
                | "is"
                | "asks"
                | "asking"
        );
    match means(&words[at..]).map(|(means, _)| means) {
        Some(Means::Ask(Ask::Is)) => before.mark != Mark::None || matches!(before.text.as_str(), "so" | "but" | "then"),
        Some(Means::Ask(_) | Means::Weak(_)) => true,
        Some(Means::Kind(_) | Means::Noun | Means::Set(_)) => joined,
        _ => joined && matches!(words[at].text.as_str(), "any" | "all" | "anything" | "please"),
    }
}

/// Whether words begin as a question or an order to show does, past politeness.
fn asks(words: &[Token]) -> bool {
    let polite = |w: &&Token| {
        let lead = "hi hey hello ok okay so and but please pls just quickly quick can could would you u i need want to we me mind well now also then thanks thx morning good team all folks";
        lead.split(' ').any(|l| l == w.text)
    };
    let skipped = words.iter().take_while(polite).count();
    let modal =
        words.iter().take(skipped).any(|w| matches!(w.text.as_str(), "can" | "could" | "would" | "need" | "want"));
    match means(&words[skipped..]).map(|(means, _)| means) {
        Some(Means::Ask(_) | Means::Weak(_) | Means::Kind(_) | Means::Set(_)) => true,
        Some(Means::Noun | Means::Cue(_) | Means::Path) => true,
        _ => modal || words.get(skipped).is_some_and(|w| matches!(w.text.as_str(), "any" | "all" | "anything")),
    }
}

/// The sentence with "it" told by the names of the others, where it has none of its own.
fn with_names_of(part: &[Token], parts: &[&[Token]], at: usize, names: &NameIndex) -> Vec<Token> {
    let mut words = part.to_vec();
    if name_words(part, names).next().is_some() {
        return words;
    }
    let others: Vec<Token> = parts[..at]
        .iter()
        .rev()
        .find_map(|p| {
            let found: Vec<Token> = name_words(p, names).map(|w| Token { mark: Mark::None, ..w.clone() }).collect();
            (!found.is_empty()).then_some(found)
        })
        .unwrap_or_default();
    let Some(name) = others.first() else { return words };
    let pronoun = words.iter().position(|w| matches!(w.text.as_str(), "it" | "its" | "this" | "that" | "there"));
    let affects = (0..words.len()).any(|at| matches!(means(&words[at..]), Some((Means::Affects, _))));
    match pronoun {
        Some(it) => {
            let there = words[it].text == "there";
            let counted = there && it.checked_sub(1).is_some_and(|b| matches!(words[b].text.as_str(), "is" | "are"));
            if counted {
                return words;
            }
            words[it] = Token { mark: words[it].mark, ..name.clone() };
            if there {
                words.insert(it, Token::plain("in"));
            }
        }
        None if affects => {
            if let Some(last) = words.last_mut() {
                last.mark = Mark::None;
            }
            words.push(Token::plain("by"));
            words.push(name.clone());
        }
        None => {}
    }
    words
}

/// The words of a sentence that are names as a whole, or a vulnerability's popular name.
fn name_words<'a>(words: &'a [Token], names: &'a NameIndex) -> impl Iterator<Item = &'a Token> {
    words.iter().enumerate().filter_map(move |(at, word)| {
        let common = means(&words[at..]).map(|(means, _)| means);
        let named = !names.whole(&word.text).is_empty() && common.is_none();
        (named || matches!(common, Some(Means::Cve(_)))).then_some(word)
    })
}

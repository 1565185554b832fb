//! A question as words. Comes in: text of any kind. Goes out: cleaned, lower-case words, with what was quoted marked.

use crate::text::normalise;

/// One word of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// In lower case, apostrophes out, marks at its ends off.
    pub(super) text: String,
    /// It stood in quotes: a name, whatever else it means.
    pub(super) quoted: bool,
    /// The mark that follows.
    pub(super) mark: Mark,
}

/// The mark behind a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// None.
    None,
    /// A colon or a dash: what comes was announced.
    Colon,
    /// A comma or semicolon.
    Comma,
    /// The end of a sentence that tells.
    Stop,
    /// The end of a sentence that asks.
    Question,
}

impl Token {
    /// A word that nobody quoted and no mark follows.
    pub(super) fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), quoted: false, mark: Mark::None }
    }

    /// What was said before ends here.
    pub(super) fn ends(&self) -> bool {
        self.mark >= Mark::Comma
    }
}

/// The words of a question, in order.
pub(super) fn tokens(question: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    for piece in normalise(question).split(char::is_whitespace) {
        if matches!(piece, "-" | "--" | "\u{2013}" | "\u{2014}" | ":") {
            end(Mark::Colon, &mut out);
        }
        words(piece, &mut out);
    }
    out
}

/// The words of one piece between blanks: comparisons stand alone, marks at the ends fall off.
fn words(piece: &str, out: &mut Vec<Token>) {
    let mut rest = piece;
    while let Some(at) = rest.find(['<', '>', '=', '(', ')', ',', ';', '"', '`']) {
        word(&rest[..at], out);
        let mark = &rest[at..=at];
        rest = &rest[at + 1..];
        match mark {
            "," | ";" => end(Mark::Comma, out),
            "\"" | "`" => {
                // A quoted run without blanks is one name.
                if let Some(close) = rest.find(mark).filter(|c| *c > 0) {
                    push(&rest[..close], true, out);
                    rest = &rest[close + 1..];
                }
            }
            "<" | ">" | "=" => {
                let joins = mark == "=" && out.last().is_some_and(|t| matches!(t.text.as_str(), "<" | ">"));
                match out.last_mut().filter(|_| joins) {
                    Some(last) => last.text.push('='),
                    None => push(mark, false, out),
                }
            }
            _ => {}
        }
    }
    word(rest, out);
}

fn word(raw: &str, out: &mut Vec<Token>) {
    let quoted = raw.len() > 2 && raw.starts_with('\'') && raw.ends_with(['\'', '?']) && raw[1..].contains('\'');
    // "Trivy's" is about trivy, "what's" asks what.
    let owner = raw.trim_end_matches(|c: char| !c.is_alphanumeric());
    let owner = owner.strip_suffix("'s").or_else(|| owner.strip_suffix("\u{2019}s"));
    let mut mark = mark(raw);
    let raw = owner.filter(|_| !quoted).unwrap_or(raw);
    let plain: String = raw.chars().filter(|c| !matches!(c, '\'' | '\u{2018}' | '\u{2019}')).collect();
    let start = plain.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, ':' | '#' | '/' | '@'));
    mark = mark.max(self::mark(start));
    let trimmed = start.trim_end_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '%' | '+'));
    if trimmed.is_empty() {
        return;
    }
    // "e.g." and "vs." end nothing.
    let shortened =
        matches!(trimmed.to_lowercase().as_str(), "e.g" | "i.e" | "etc" | "vs" | "mr" | "mrs" | "dr" | "approx");
    push(trimmed, quoted, out);
    if !(shortened && mark == Mark::Stop) {
        end(mark, out);
    }
}

/// The mark at the end of a piece.
fn mark(piece: &str) -> Mark {
    let bare = piece.trim_end_matches(['\'', ')', '*', '_']);
    match bare.chars().next_back() {
        Some('?') => Mark::Question,
        // "!?" asks as well.
        Some('.' | '!') if bare.trim_end_matches(['!', '.']).ends_with('?') => Mark::Question,
        Some('.' | '!' | '\u{2026}') => Mark::Stop,
        Some(':' | '\u{2014}') => Mark::Colon,
        _ => Mark::None,
    }
}

fn push(text: &str, quoted: bool, out: &mut Vec<Token>) {
    out.push(Token { text: text.to_lowercase(), quoted, mark: Mark::None });
}

fn end(mark: Mark, out: &mut [Token]) {
    if let Some(last) = out.last_mut() {
        last.mark = last.mark.max(mark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(question: &str) -> Vec<String> {
        tokens(question).into_iter().map(|t| t.text).collect()
    }

    #[test]
    fn marks_fall_off_and_names_stay_whole() {
        assert_eq!(said("What's exposed, in shop/web:1.2?"), ["what", "exposed", "in", "shop/web:1.2"]);
        assert_eq!(said("cvss>=9.0 on :443 (now)"), ["cvss", ">=", "9.0", "on", ":443", "now"]);
        assert_eq!(said("???\u{200b} --"), [] as [&str; 0]);
    }

    #[test]
    fn quoted_words_are_names() {
        let all = tokens("in \"test\" and 'prod'");
        assert_eq!(all.iter().filter(|t| t.quoted).count(), 2);
    }
}

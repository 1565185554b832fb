//! A question as words. Comes in: text of any kind. Goes out: cleaned, lower-case words, with what was quoted marked.

use crate::text::normalise;

/// One word of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// In lower case, apostrophes out, marks at its ends off.
    pub(super) text: String,
    /// It stood in quotes: a name, whatever else it means.
    pub(super) quoted: bool,
    /// A comma, semicolon or full stop follows: what was said before ends here.
    pub(super) ends: bool,
}

/// The words of a question, in order.
pub(super) fn tokens(question: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    for piece in normalise(question).split(char::is_whitespace) {
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
            "," | ";" => end(out),
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
    let plain: String = raw.chars().filter(|c| !matches!(c, '\'' | '\u{2018}' | '\u{2019}')).collect();
    let start = plain.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, ':' | '#' | '/' | '@'));
    let ends = start.ends_with(['.', '?', '!']);
    let trimmed = start.trim_end_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '%' | '+'));
    if trimmed.is_empty() {
        return;
    }
    push(trimmed, quoted, out);
    if ends {
        end(out);
    }
}

fn push(text: &str, quoted: bool, out: &mut Vec<Token>) {
    out.push(Token { text: text.to_lowercase(), quoted, ends: false });
}

fn end(out: &mut [Token]) {
    if let Some(last) = out.last_mut() {
        last.ends = true;
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
        assert_eq!(said("What's exposed, in shop/web:1.2?"), ["whats", "exposed", "in", "shop/web:1.2"]);
        assert_eq!(said("cvss>=9.0 on :443 (now)"), ["cvss", ">=", "9.0", "on", ":443", "now"]);
        assert_eq!(said("???\u{200b} --"), [] as [&str; 0]);
    }

    #[test]
    fn quoted_words_are_names() {
        let all = tokens("in \"test\" and 'prod'");
        assert_eq!(all.iter().filter(|t| t.quoted).count(), 2);
    }
}

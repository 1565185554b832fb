//! YAML text becomes values with a line for every field. Comes in: the text of one file. Goes out: its documents, and
//! the objects of a list one by one, so that a dump of a whole cluster is never held twice. A broken document is
//! reported with its line and the next one is read. Nothing here knows a Kubernetes kind.

mod build;
mod scalar;

use saphyr_parser::{Event, Parser};
use serde_json::Value;

use super::limits::ScanLimits;
use super::lines::Lines;
use build::{Builder, Step};

/// One document, or one object of a list.
#[derive(Debug)]
pub(super) struct Document {
    /// Its value, without nulls: Kubernetes treats a null field as one that is not there.
    pub(super) value: Value,
    /// Where each field stands.
    pub(super) lines: Lines,
    /// Where it begins.
    pub(super) line: u32,
}

/// A document that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// Where reading stopped.
    pub(super) line: u32,
    /// Why, in words that do not repeat the file's bytes.
    pub(super) reason: String,
}

/// What one file holds, in its order.
#[derive(Debug)]
pub(super) enum Part {
    /// An item of the top-level `items`: it comes before the document that holds it.
    Item(Document),
    /// A document; its top-level `items` were handed on before it and are not in it.
    Whole(Document),
    /// A document, or the rest of one, that cannot be read.
    Broken(Broken),
}

/// Reads every document of a text. One that breaks ends itself, not the file.
pub(super) fn read(text: &str, limits: &ScanLimits, out: &mut dyn FnMut(Part)) {
    for (lines_before, piece) in pieces(text) {
        if !is_blank(piece)
            && let Err(broken) = read_piece(piece, lines_before, limits, out)
        {
            out(Part::Broken(broken));
        }
    }
}

fn read_piece(piece: &str, lines_before: u32, limits: &ScanLimits, out: &mut dyn FnMut(Part)) -> Result<(), Broken> {
    let mut parser = Parser::new_from_str(piece);
    let mut builder = Builder::new(limits);
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| Broken {
            line: lines_before + line_number(error.marker().line()),
            reason: syntax(error.info()),
        })?;
        let line = lines_before + line_number(span.start.line());
        if matches!(event, Event::StreamEnd) {
            break;
        }
        match builder.take(event, line).map_err(|reason| Broken { line, reason })? {
            Step::More => {}
            Step::Item(item) => out(Part::Item(item)),
            Step::Whole(document) => out(Part::Whole(document)),
        }
    }
    Ok(())
}

/// The parser's own words are fixed texts, except where it quotes a name after a colon or in quotes.
fn syntax(info: &str) -> String {
    let plain = info.split(['\'', '"', '`', ':']).next().unwrap_or_default().trim();
    format!("not YAML: {}", if plain.is_empty() { "it cannot be parsed" } else { plain })
}

fn line_number(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

/// The documents of a text with the number of lines before each, cut at `---`. The parser stops at the first error,
/// so one broken document would otherwise hide all that follow it.
fn pieces(text: &str) -> Vec<(u32, &str)> {
    let mut found = Vec::new();
    let (mut start, mut start_line, mut at, mut line) = (0usize, 0u32, 0usize, 0u32);
    for row in text.split_inclusive('\n') {
        let marks =
            row.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        // Directives (`%YAML 1.2`) belong to the document whose marker follows them.
        if marks && !is_directives(&text[start..at]) {
            found.push((start_line, &text[start..at]));
            (start, start_line) = (at, line);
        }
        at += row.len();
        line += 1;
    }
    found.push((start_line, &text[start..]));
    found
}

fn is_directives(piece: &str) -> bool {
    piece.lines().any(|l| l.starts_with('%')) && piece.lines().all(|l| l.is_empty() || l.starts_with(['%', '#']))
}

/// True when nothing is said: only markers, comments and white space.
fn is_blank(piece: &str) -> bool {
    piece.lines().all(|line| {
        let line = line.strip_prefix("---").unwrap_or(line).trim();
        line.is_empty() || line.starts_with('#') || line == "..."
    })
}

#[cfg(test)]
mod tests {
    use super::super::lines::Step as PathStep;
    use super::*;
    use serde_json::json;

    fn all(text: &str) -> Vec<Part> {
        let mut parts = Vec::new();
        read(text, &ScanLimits::default(), &mut |part| parts.push(part));
        parts
    }

    fn value(text: &str) -> Value {
        match all(text).pop() {
            Some(Part::Whole(document)) => document.value,
            other => unreachable!("a document was written, not {other:?}"),
        }
    }

    fn broken(text: &str) -> Broken {
        all(text)
            .into_iter()
            .find_map(|p| if let Part::Broken(b) = p { Some(b) } else { None })
            .expect("the test wrote it")
    }

    #[test]
    fn every_field_knows_its_line_across_documents() {
        let parts = all("a: 1\n---\n# note\nb:\n  - c: 2\n    d: 3\n");
        let Some(Part::Whole(second)) = parts.get(1) else { unreachable!("two documents were written") };
        let path = [PathStep::Field("b"), PathStep::Item(0), PathStep::Field("d")];
        assert_eq!(second.lines.at(path), Some(6));
        assert_eq!(second.lines.at(path[..2].iter().copied()), Some(5));
        assert_eq!(second.line, 4);
    }

    #[test]
    fn a_broken_document_hides_no_other() {
        let parts = all("a: 1\n---\nb: [1\n---\nc: 3\n");
        assert!(matches!(&parts[..], [Part::Whole(_), Part::Broken(b), Part::Whole(_)] if b.line >= 3), "{parts:?}");
    }

    #[test]
    fn plain_words_mean_what_they_mean_to_kubectl() {
        let read = value("a: yes\nb: 'yes'\nc: off\nd: 0644\ne: 0x1F\nf: 1_000\ng: 1e3\nh: ~\ni: !!str 12\nj: 1.10\n");
        let want =
            json!({"a": true, "b": "yes", "c": false, "d": 420, "e": 31, "f": 1000, "g": 1000, "i": "12", "j": 1.1});
        assert_eq!(read, want);
    }

    #[test]
    fn anchors_and_merge_keys_are_resolved() {
        let read = value("base: &b {privileged: true, x: 1}\nc:\n  <<: *b\n  x: 2\n");
        assert_eq!(read["c"], json!({"privileged": true, "x": 2}));
    }

    #[test]
    fn items_of_a_list_come_one_by_one_with_their_lines() {
        let parts = all("apiVersion: v1\nitems:\n- kind: Pod\n  x: 1\n- kind: Service\nkind: List\n");
        let kinds: Vec<_> = parts
            .iter()
            .map(|p| match p {
                Part::Item(d) => (d.value["kind"].as_str().expect("the test wrote it").to_owned(), d.line),
                Part::Whole(d) => (d.value["kind"].as_str().expect("the test wrote it").to_owned(), d.line),
                Part::Broken(b) => unreachable!("{b:?}"),
            })
            .collect();
        assert_eq!(kinds, [("Pod".into(), 3), ("Service".into(), 5), ("List".to_owned(), 1)]);
    }

    #[test]
    fn bombs_are_refused_with_a_reason() {
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for i in 1..9 {
            let alias = format!("*a{},", i - 1).repeat(10);
            bomb.push_str(&format!("a{i}: &a{i} [{alias}]\n"));
        }
        assert!(broken(&bomb).reason.contains("aliases"), "{:?}", broken(&bomb));
        assert!(broken(&"- ".repeat(200_000)).reason.contains("deep"));
        assert!(!broken(&"[".repeat(200_000)).reason.is_empty());
        assert!(broken("a: 1\nb: 2\na: 3\n").reason.contains("repeated"));
        assert_eq!(broken("a: 1\nb: 2\na: 3\n").line, 3);
        assert!(!broken("a: &x [*x]\n").reason.is_empty());
    }
}

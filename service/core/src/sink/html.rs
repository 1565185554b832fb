//! HTML: a fragment of plain elements, no script, no style of its own, and no reference but those of our page to a finding.

use super::{ago, defanged_name, defanged_quote, is_plain_name, shaped};
use crate::document::{Block, Chart, Document, Inline, Line};
use crate::text::{Own, normalise};

pub(super) fn render(document: &Document, links: bool) -> String {
    let line = |l: &Line| text(l, document, links);
    let mut out = String::new();
    let mut in_list = false;
    for block in &document.blocks {
        let is_fact = matches!(block, Block::Fact(..));
        if in_list && !is_fact {
            out.push_str("</ul>\n");
        }
        if is_fact && !in_list {
            out.push_str("<ul class=\"facts\">\n");
        }
        in_list = is_fact;
        match block {
            Block::Title(left, right) => out.push_str(&format!(
                "<header><h1>{}</h1><p class=\"side\">{}</p></header>\n",
                line(left),
                line(right)
            )),
            Block::Section(own) => out.push_str(&format!("<h2>{}</h2>\n", escaped(own.as_str()))),
            Block::Line(l) => out.push_str(&format!("<p>{}</p>\n", line(l))),
            Block::Field(label, l) => {
                out.push_str(&format!(
                    "<p class=\"field\"><b>{}</b> <span>{}</span></p>\n",
                    escaped(label.as_str()),
                    line(l)
                ));
            }
            Block::Fact(l, side) => out.push_str(&format!("<li>{} <small>{}</small></li>\n", line(l), line(side))),
            Block::Table { head, rows } => {
                let heads: String =
                    head.iter().map(|h| format!("<th scope=\"col\">{}</th>", escaped(h.as_str()))).collect();
                out.push_str(&format!("<div class=\"scroll\"><table><thead><tr>{heads}</tr></thead><tbody>\n"));
                for row in rows {
                    // On a narrow screen a row is a list: each cell says under which head it stands.
                    let cell =
                        |(c, h): (&Line, &Own)| format!("<td data-head=\"{}\">{}</td>", escaped(h.as_str()), line(c));
                    let cells: String = row.iter().zip(head).map(cell).collect();
                    out.push_str(&format!("<tr>{cells}</tr>\n"));
                }
                out.push_str("</tbody></table></div>\n");
            }
            Block::Quote { of, text } => {
                out.push_str(&format!(
                    "<blockquote><p>{}</p><footer>{}</footer></blockquote>\n",
                    escaped(&defanged_quote(text.reveal())),
                    escaped(of.as_str())
                ));
            }
            Block::Chart(chart) => out.push_str(&svg(chart)),
        }
    }
    if in_list {
        out.push_str("</ul>\n");
    }
    out
}

fn text(line: &Line, document: &Document, links: bool) -> String {
    line.iter()
        .map(|inline| match inline {
            Inline::Own(own) => spaced(&escaped(own.as_str())),
            Inline::Strong(own) => format!("<strong>{}</strong>", escaped(own.as_str())),
            Inline::Shaped(crate::text::Shaped::At(time)) | Inline::Ago(time) => {
                let said = if links { ago(*time, document.as_of) } else { time.to_minute() };
                format!("<time datetime=\"{time}\" title=\"{time}\">{}</time>", escaped(&said))
            }
            Inline::Shaped(value) => escaped(&shaped(value, document.as_of)),
            Inline::Name(name) => framed(name.reveal()),
            Inline::Cell(name) => {
                format!("<span class=\"name\">{}</span>", escaped(&defanged_name(name.reveal())))
            }
            Inline::Mark(n) => format!("<span class=\"mark\">e{n}</span>"),
            Inline::Command(command) => format!("<code>{}</code>", escaped(&command.text())),
            Inline::Finding(id, words) if links => {
                format!("<a href=\"/findings/{id}\">{}</a>", text(words, document, links))
            }
            Inline::Finding(_, words) => text(words, document, links),
        })
        .collect()
}

fn framed(name: &str) -> String {
    let class = if is_plain_name(name) { "name" } else { "name odd" };
    // The whole name as it is written stands in the title, where nothing follows it.
    format!("<code class=\"{class}\" title=\"{}\">{}</code>", escaped(&normalise(name)), escaped(&defanged_name(name)))
}

/// Our own texts keep their parts apart by several blanks, of which a browser would show one.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("  ") {
        out.push_str(&rest[..at]);
        out.push('\u{2003}');
        rest = rest[at..].trim_start_matches(' ');
    }
    out + rest
}

/// Escapes for element content and quoted attributes, of HTML and of XML; a line break becomes a space.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A line of points, drawn in the colour of the text; the numbers stand beside it for who cannot see it.
fn svg(chart: &Chart) -> String {
    const WIDTH: u64 = 560;
    const HEIGHT: u64 = 80;
    let max = chart.values.iter().copied().max().unwrap_or(0).max(1);
    let steps = (chart.values.len() as u64).saturating_sub(1).max(1);
    let points: Vec<String> = chart
        .values
        .iter()
        .enumerate()
        .map(|(i, v)| format!("{},{}", i as u64 * WIDTH / steps, HEIGHT - v * HEIGHT / max))
        .collect();
    let values: Vec<String> = chart.values.iter().map(u64::to_string).collect();
    let title = escaped(chart.title.as_str());
    format!(
        "<figure><svg viewBox=\"-4 -4 {} {}\" role=\"img\" aria-label=\"{title}: {}\"><polyline fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" points=\"{}\"/></svg>\
         <figcaption>{title}, {} to {}, at most {max}</figcaption></figure>\n",
        WIDTH + 8,
        HEIGHT + 8,
        values.join(", "),
        points.join(" "),
        escaped(chart.ends[0].as_str()),
        escaped(chart.ends[1].as_str()),
    )
}

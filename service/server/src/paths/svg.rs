//! A picture of ways: a column for each step from the beginning, spots as boxes, steps as lines with their names. Equal
//! answers give equal bytes. Names are strangers' words: they stand as text, escaped, cut to their box.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::sink::escaped_markup;

use super::{HopWire, PathsWire};

const BOX_W: usize = 210;
const BOX_H: usize = 34;
const GAP_X: usize = 170;
const GAP_Y: usize = 22;
const MARGIN: usize = 24;
const HEAD: usize = 64;
/// The most spots in a picture: more cannot be read.
const SPOTS_MAX: usize = 60;
/// Characters that fit into a box, and onto a line.
const BOX_CHARS: usize = 30;

const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#1c2530}.h{font-size:15px;font-weight:600}.s{fill:#5a6675}\
.b{fill:#fff;stroke:#8a97a6}.o{fill:#eef4fb;stroke:#2f6db3}.g{fill:#fdeeee;stroke:#b3352f}.l{fill:none;stroke:#8a97a6}\
.d{stroke-dasharray:5 4}.k{font-size:10px;fill:#3d4a59;paint-order:stroke;stroke:#fff;stroke-width:4px}.c{stroke:#b3352f;stroke-width:2.5}.x{font-size:11px;font-weight:600;fill:#b3352f}.bg{fill:#fff}\
@media(prefers-color-scheme:dark){text{fill:#e6ebf1}.s{fill:#a5b1bf}.k{fill:#c3ccd6;stroke:#12171d}.c{stroke:#e57b75}.x{fill:#e57b75}.b{fill:#1d242d;stroke:#6b7887}\
.o{fill:#16283c;stroke:#6fa8e6}.g{fill:#3a1b1b;stroke:#e57b75}.bg{fill:#12171d}}";

/// The picture, as one SVG document.
pub(crate) fn svg(paths: &PathsWire) -> String {
    let (shown, left_out) = fitting(paths);
    let hops: BTreeMap<(&str, &str), &HopWire> =
        shown.iter().flat_map(|steps| steps.iter()).map(|hop| ((hop.from.as_str(), hop.to.as_str()), hop)).collect();
    let goals: BTreeSet<&str> = shown.iter().filter_map(|steps| steps.last()).map(|hop| hop.to.as_str()).collect();
    let begins: BTreeSet<&str> = shown.iter().filter_map(|steps| steps.first()).map(|hop| hop.from.as_str()).collect();
    let columns = columns(&shown);
    let place: BTreeMap<&str, (usize, usize)> = columns
        .iter()
        .enumerate()
        .flat_map(|(x, column)| column.iter().enumerate().map(move |(y, name)| (*name, (x, y))))
        .map(|(name, (x, y))| (name, (MARGIN + x * (BOX_W + GAP_X), HEAD + y * (BOX_H + GAP_Y))))
        .collect();
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    let width = (MARGIN * 2 + columns.len().max(1) * (BOX_W + GAP_X)).saturating_sub(GAP_X).max(560);
    let height = HEAD + rows * (BOX_H + GAP_Y) + MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\
         <title>{}</title><style>{STYLE}</style><rect class=\"bg\" width=\"{width}\" height=\"{height}\"/>\n",
        title(paths)
    );
    out.push_str(&format!("<text class=\"h\" x=\"{MARGIN}\" y=\"26\">{}</text>\n", title(paths)));
    out.push_str(&format!("<text class=\"s\" x=\"{MARGIN}\" y=\"46\">{}</text>\n", note(paths, left_out)));
    for ((from, to), hop) in &hops {
        if let (Some(a), Some(b)) = (place.get(from), place.get(to)) {
            out.push_str(&line(*a, *b, hop));
        }
    }
    for (name, (x, y)) in &place {
        let class = if goals.contains(name) {
            "g"
        } else if begins.contains(name) {
            "o"
        } else {
            "b"
        };
        out.push_str(&format!(
            "<g><title>{}</title><rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{BOX_W}\" height=\"{BOX_H}\" rx=\"6\"/>\
             <text x=\"{}\" y=\"{}\">{}</text></g>\n",
            escaped(name),
            x + 10,
            y + 21,
            escaped(&cut(name, BOX_CHARS))
        ));
    }
    out.push_str("</svg>\n");
    out
}

fn title(paths: &PathsWire) -> String {
    let ways = if paths.paths_total == 1 { "way" } else { "ways" };
    format!("{} {ways} of attack, as of {}", paths.paths_total, paths.as_of)
}

fn note(paths: &PathsWire, left_out: usize) -> String {
    let mut note = "upper bounds; dashed: in doubt; red: closed by the changes that close all of them".to_owned();
    if left_out > 0 {
        note.push_str(&format!("; {left_out} of {} ways do not fit and are left out", paths.paths_total));
    }
    match paths.choke_points.changes.first() {
        Some(first) => format!("{note}. First change: {}", escaped(&cut(&first.change, 110))),
        None => note,
    }
}

/// The ways that fit, the first ones first, and how many do not.
fn fitting(paths: &PathsWire) -> (Vec<&[HopWire]>, usize) {
    let (mut names, mut shown): (BTreeSet<&str>, Vec<&[HopWire]>) = (BTreeSet::new(), Vec::new());
    for path in &paths.paths {
        let with: BTreeSet<&str> =
            names.iter().copied().chain(path.steps.iter().flat_map(|h| [h.from.as_str(), h.to.as_str()])).collect();
        if with.len() > SPOTS_MAX {
            break;
        }
        names = with;
        shown.push(&path.steps);
    }
    let left_out = paths.paths_total - shown.len();
    (shown, left_out)
}

/// Spots by the longest way to them among those shown; goals last. Within a column in the order in which they come up.
fn columns<'p>(shown: &[&'p [HopWire]]) -> Vec<Vec<&'p str>> {
    let mut column: BTreeMap<&str, usize> = BTreeMap::new();
    for steps in shown {
        for (n, hop) in steps.iter().enumerate() {
            for (name, at) in [(hop.from.as_str(), n), (hop.to.as_str(), n + 1)] {
                let known = column.entry(name).or_insert(at);
                *known = at.max(*known);
            }
        }
    }
    let last = column.values().max().map_or(0, |most| most + 1);
    let mut columns: Vec<Vec<&str>> = vec![Vec::new(); last];
    for steps in shown {
        for name in steps.iter().flat_map(|hop| [hop.from.as_str(), hop.to.as_str()]) {
            let at = column[name];
            if !columns[at].contains(&name) {
                columns[at].push(name);
            }
        }
    }
    columns
}

fn line((ax, ay): (usize, usize), (bx, by): (usize, usize), hop: &HopWire) -> String {
    let (x1, y1, x2, y2) = (ax + BOX_W, ay + BOX_H / 2, bx, by + BOX_H / 2);
    let middle = x1.midpoint(x2);
    let class = match (hop.doubt.is_empty(), hop.cut) {
        (true, false) => "l",
        (false, false) => "l d",
        (true, true) => "l c",
        (false, true) => "l d c",
    };
    let mark = match hop.cut {
        true => format!("<text class=\"x\" x=\"{}\" y=\"{}\">cut</text>", x1 + 8, y1 - 5),
        false => String::new(),
    };
    let mut tip = hop.needs.join("; ");
    if !hop.doubt.is_empty() {
        tip.push_str(&format!(". In doubt: {}", hop.doubt.join("; ")));
    }
    // The name stands near the end: there fewer lines meet.
    let (tx, ty) = (x2.saturating_sub(8), y2.saturating_sub(5));
    format!(
        "<g><title>{}</title><path class=\"{class}\" d=\"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}\"/>\
         <text class=\"k\" x=\"{tx}\" y=\"{ty}\" text-anchor=\"end\">{}</text>{mark}</g>\n",
        escaped(&tip),
        escaped(&cut(&hop.by.join(" "), BOX_CHARS))
    )
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most - 1).collect();
    format!("{head}…")
}

fn escaped(text: &str) -> String {
    // XML 1.0 forbids them, even escaped.
    let forbidden = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    escaped_markup(&text.replace(forbidden, "\u{fffd}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::{AttackWire, CutWire};

    fn hop(from: &str, to: &str, doubt: bool) -> HopWire {
        let doubt = if doubt { vec!["admission may refuse such pods"] } else { Vec::new() };
        HopWire {
            from: from.to_owned(),
            to: to.to_owned(),
            by: vec!["POD_EXEC"],
            needs: vec!["its role allows exec"],
            doubt,
            evidence: Vec::new(),
            cut: false,
        }
    }

    fn answer(ways: Vec<Vec<HopWire>>) -> PathsWire {
        let paths: Vec<AttackWire> = ways
            .into_iter()
            .map(|steps| AttackWire {
                from: steps[0].to.clone(),
                to: "node".to_owned(),
                goal: "node",
                sure: true,
                steps,
                open_findings: 0,
                most_urgent: None,
            })
            .collect();
        PathsWire {
            reached: Vec::new(),
            paths_total: paths.len(),
            paths,
            choke_points: CutWire { goals: Vec::new(), changes: Vec::new(), effort: 0, closes: 0, possible: true },
            blast: None,
            ways: Vec::new(),
            exposure_unknown: 0,
            rights_unknown: 0,
            as_of: "2026-11-24T03:02:00Z".to_owned(),
            limits: "",
        }
    }

    #[test]
    fn a_name_never_becomes_markup() {
        let bad = "shop/<script>alert(1)</script>&\"'\u{1}";
        let picture = svg(&answer(vec![vec![hop("internet", bad, false)]]));
        assert!(!picture.contains("<script") && !picture.contains('\u{1}'), "{picture}");
        assert!(picture.contains("&lt;script&gt;"));
    }

    #[test]
    fn spots_that_ways_share_stand_once_and_doubts_are_dashed() {
        let ways = vec![
            vec![hop("internet", "shop/web", false), hop("shop/web", "a node", true)],
            vec![hop("internet", "shop/cart", false), hop("shop/cart", "a node", false)],
        ];
        let picture = svg(&answer(ways.clone()));
        assert_eq!(picture.matches("<rect class=\"g\"").count(), 1);
        assert_eq!(picture.matches("class=\"l d\"").count(), 1);
        assert_eq!(picture, svg(&answer(ways)), "equal answers, equal bytes");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let ways = (0..100).map(|n| vec![hop("internet", &format!("shop/web-{n}"), false)]).collect();
        let picture = svg(&answer(ways));
        assert!(picture.contains("41 of 100 ways do not fit"), "{picture}");
        assert!(svg(&answer(Vec::new())).contains("0 ways of attack"));
    }
}

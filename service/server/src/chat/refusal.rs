//! What is said when there is no answer: the reason, and what to ask instead.

use assay_core::document::{Block, Command, Inline, Line, count, counted, own};
use assay_core::ids::VulnId;
use assay_core::query::{Absent, Abstain, NameIndex, NameKind, Near, OffTopic, near};
use assay_core::text::{Door, Opaque, Shaped};

use super::tables::line;
use crate::snapshot::Snapshot;
use crate::{ticket, today};

/// Nothing of this is computed yet.
pub(super) fn not_computed() -> Abstain {
    Abstain::NothingFound(Absent::NotComputed)
}

/// The words for a reason.
pub(super) fn blocks(abstain: &Abstain, snapshot: &Snapshot) -> Vec<Block> {
    match abstain {
        Abstain::UnknownName { said, near } => unknown_name(said, near.as_ref(), snapshot),
        Abstain::TooManyNames { said, names } => vec![Block::Line(vec![
            Inline::Name(said.clone()),
            own(" stands for "),
            Inline::Shaped(Shaped::Count(*names as u64)),
            own(" names here. Ask for one of them by its full name."),
        ])],
        Abstain::NothingFound(absent) => nothing(*absent),
        Abstain::SourceStale { source, since } => vec![
            Block::Line(vec![
                own("The source that would have to know, "),
                Inline::Name(source.clone()),
                own(", was last heard "),
                Inline::Ago(*since),
                own(". What it said then may not hold any more, so there is no answer."),
            ]),
            line("Ask: what do you not see."),
        ],
        Abstain::NotForAssay(topic) => off_topic(*topic),
        Abstain::Action => vec![
            line("I cannot act, on the cluster or on a finding. I read what is recorded."),
            Block::Line(vec![
                own("The fix that I would propose is in: "),
                Inline::Command(Command::Explain(1)),
                own(". Decisions are made with: "),
                Inline::Command(Command::Plain("assay decide")),
                own("."),
            ]),
        ],
        Abstain::Secret => vec![
            line("I hold no secrets: they are taken out before anything is stored, and no right to read them exists."),
            line("Ask: where do secrets lie in clear."),
        ],
    }
}

fn unknown_name(said: &Opaque, near: Option<&(NameKind, Opaque)>, snapshot: &Snapshot) -> Vec<Block> {
    if let Some(id) = ticket::vuln(said.reveal()).filter(|_| near.is_none()) {
        return vec![Block::Line(unclaimed(&id, snapshot))];
    }
    let mut first = vec![own("No name of yours is "), Inline::Name(said.clone()), own(".")];
    if let Some((kind, name)) = near {
        first.extend([own(" One letter away is the "), own(kind_words(*kind)), own(" "), Inline::Name(name.clone())]);
        first.push(own(". Names are never corrected: ask again with the one you mean."));
    }
    let mut blocks = vec![Block::Line(first)];
    let unscanned = today::unscanned(snapshot);
    if unscanned > 0 {
        blocks.push(Block::Line(vec![
            own("That no report names it does not show that it is not there: running images that were never scanned: "),
            Inline::Shaped(Shaped::Count(unscanned)),
            own("."),
        ]));
    }
    blocks
}

/// That nobody claims a vulnerability here, and how much was looked at to say so.
fn unclaimed(id: &VulnId, snapshot: &Snapshot) -> Line {
    let (running, scanned) = snapshot.running_images();
    let mut line = vec![own("No report that was taken in claims "), Inline::Shaped(Shaped::Vuln(id.clone()))];
    line.extend([own(" here. Reports speak for "), count(scanned), own(" of ")]);
    line.extend(counted(running, [" running image", " running images"]));
    line.push(own(if scanned < running { "; the others were never scanned." } else { "." }));
    line
}

/// The words that are one letter from something known: said, so that the question can be asked again with what was meant.
pub(super) fn near_words(question: &str, names: &NameIndex, door: &dyn Door) -> Option<Block> {
    let mut line = Vec::new();
    for Near { said, name, word } in near(question, names) {
        line.push(own(if line.is_empty() { "Not known, and one letter away: " } else { "; " }));
        line.extend([Inline::Name(Opaque::admit_name(said.reveal(), door)), own(" from ")]);
        let both = name.is_some() && word.is_some();
        line.extend(name.map(Inline::Name));
        line.extend(both.then(|| own(" or ")));
        line.extend(word.map(own));
    }
    if line.is_empty() {
        return None;
    }
    line.push(own(". Ask again with the words that you mean."));
    Some(Block::Line(line))
}

/// A kind of name as people say it.
pub(super) fn kind_words(kind: NameKind) -> &'static str {
    match kind {
        NameKind::ServiceAccount => "service account",
        NameKind::Cve => "vulnerability",
        other => other.as_str(),
    }
}

fn nothing(absent: Absent) -> Vec<Block> {
    match absent {
        Absent::Finding => vec![line(
            "No finding that is recorded matches. The names are known; what you take for granted is not recorded.",
        )],
        Absent::Place { n, rows } => {
            let rows = Inline::Shaped(Shaped::Count(u64::from(rows)));
            let n = Inline::Shaped(Shaped::Count(u64::from(n)));
            vec![Block::Line(vec![own("That list has "), rows, own(" rows; there is no number "), n, own(".")])]
        }
        Absent::ListOfFindings => {
            vec![line("The list before was not one of findings: its rows have nothing to explain.")]
        }
        Absent::NotComputed => vec![
            line(
                "That is not computed yet, so there is no answer: ways in from the Internet are known, what leads on from a workload and what would cut most of it is not.",
            ),
            line("Ask: paths from the Internet to a workload."),
        ],
    }
}

fn off_topic(topic: OffTopic) -> Vec<Block> {
    let first = match topic {
        OffTopic::Verdict => "I keep facts about findings, not verdicts of safety.",
        OffTopic::Prediction => "I keep what was seen and what was published, not what will happen.",
        OffTopic::SmallTalk => "I answer questions about findings.",
        OffTopic::Instruction => "I take questions about findings, and no other instructions.",
        OffTopic::Noise => "There is no question in this.",
        OffTopic::NotUnderstood => "I do not understand this as a question about findings.",
    };
    let instead = match topic {
        OffTopic::Verdict | OffTopic::Prediction => "Ask me what is unknown, or what would change the order.",
        _ => {
            "Ask for example: what should I fix first; what is exposed and in use in a namespace; is a CVE affecting us; who runs a package; what changed since yesterday; what do you not see."
        }
    };
    vec![line(first), line(instead)]
}

//! The phrase catalogue: every sentence that Assay can say about a finding. Comes in: one data file of ours. Goes out: for
//! each predicate a phrase with slots. A phrase that leaves out a slot, or begins like another, is refused.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::named;
use crate::text::Own;

/// Declares the predicates together with the slots that each one has.
macro_rules! predicates {
    ($($variant:ident = $name:literal [$($slot:literal),*],)+) => {
        named! {
            /// What can be said about a finding. The meaning of each stands in the catalogue, beside its phrase.
            pub enum Predicate {
                $(
                    #[doc = concat!("`", $name, "` in the catalogue.")]
                    $variant = $name,
                )+
            }
        }

        impl Predicate {
            /// The slots that its phrase has, in the order in which arguments are given.
            pub const fn slots(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($slot),*],)+ }
            }
        }
    };
}

predicates! {
    ExposedPath = "exposed_path" ["port", "pod", "entry", "door", "outside"],
    ExposedUntold = "exposed_untold" ["pod", "entry", "door"],
    TrafficSeen = "traffic_seen" ["port"],
    TrafficNotSeen = "traffic_not_seen" ["port"],
    PortNotNamed = "port_not_named" ["exe", "port", "ports"],
    Internal = "internal" [],
    NotRunning = "not_running" [],
    ExposureUnknown = "exposure_unknown" ["because", "settle"],
    UsedByListener = "used_by_listener" ["exe", "port", "level", "package"],
    Used = "used" ["exe", "level", "package"],
    NotUsed = "not_used" ["package", "span", "watched", "replicas", "starts"],
    UseUnknown = "use_unknown" ["package", "because", "settle"],
    UseHalfSeen = "use_half_seen" ["package", "because", "span", "watched", "settle"],
    UseSilent = "use_silent" ["package", "node", "heard", "span", "exe", "settle"],
    UseEnded = "use_ended" ["package", "runs", "ended", "programs", "exe", "settle"],
    Foothold = "foothold" ["workload"],
    Attempt = "attempt" ["workload"],
    NoneSeen = "none_seen" ["span"],
    AttackUnknown = "attack_unknown" ["because"],
    InKev = "in_kev" ["added"],
    ExploitedElsewhere = "exploited_elsewhere" [],
    NotInKev = "not_in_kev" ["published"],
    KevUnknown = "kev_unknown" ["because"],
    ConditionsMet = "conditions_met" [],
    ConditionsNotMet = "conditions_not_met" [],
    ConditionsUnknown = "conditions_unknown" [],
    Automatable = "automatable" ["origin"],
    AutomatableRead = "automatable_read" ["model", "probability"],
    NotAutomatable = "not_automatable" ["origin"],
    AutomatableUnknown = "automatable_unknown" [],
    ImpactTotal = "impact_total" ["origin"],
    ImpactTotalRead = "impact_total_read" ["model", "probability"],
    ImpactPartial = "impact_partial" ["origin"],
    ImpactUnknown = "impact_unknown" [],
    Environment = "environment" ["environment", "origin"],
    EnvironmentUnknown = "environment_unknown" [],
    ReportedBy = "reported_by" ["tool", "severity", "version"],
    ReportedByMany = "reported_by_many" ["count", "severity", "version"],
    FailedControl = "failed_control" ["tool", "control", "path"],
    FailedControlWhole = "failed_control_whole" ["tool", "control"],
    HoldsRight = "holds_right" ["capability", "reach"],
    RunBy = "run_by" ["count"],
    RunByAtLeast = "run_by_at_least" ["count"],
    RunByUnknown = "run_by_unknown" [],
    RightNotSeen = "right_not_seen" ["span"],
    SecretOpen = "secret_open" ["tool", "detector", "location"],
    GainsFootholdFree = "gains_foothold_free" [],
    GainsAfterFoothold = "gains_after_foothold" [],
    GainsTotal = "gains_total" [],
    GainsPartial = "gains_partial" [],
    GainUnknown = "gain_unknown" [],
    SignalSeen = "signal_seen" ["tool", "signal"],
    SignalPrevented = "signal_prevented" ["tool", "signal"],
    MadeForIt = "made_for_it" [],
    InProfile = "in_profile" ["exe", "span"],
    NotInProfile = "not_in_profile" ["span"],
    EvidenceKept = "evidence_kept" ["containers", "node", "file", "processes", "files", "sockets", "maps", "records", "left_out", "verdict"],
    Silent = "silent" [],
    Resolved = "resolved" ["because"],
    ToolsDisagree = "tools_disagree" ["tool"],
}

/// A piece of a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text of ours.
    Text(Own),
    /// The argument at this place of [`Predicate::slots`].
    Slot(usize),
    /// The same for a count, with what is counted: one of them, and any other number.
    Counted(usize, Own, Own),
}

/// A phrase: its pieces, and what a model reads in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// The pieces, in order; the last one ends with a full stop.
    pub pieces: Vec<Piece>,
    /// The gist, without name or number.
    pub gist: Own,
}

/// All phrases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// The version, stored with what was said.
    pub version: String,
    phrases: BTreeMap<Predicate, Phrase>,
    /// The system text of the `arrange` prompt.
    pub arrange_system: Own,
    arrange_ask: [Own; 2],
    arrange_phrases: [Own; 2],
}

/// Why the catalogue is refused.
#[derive(Debug, thiserror::Error)]
pub enum BadCatalogue {
    /// It is not the form that is expected.
    #[error("the catalogue cannot be read")]
    Form(#[from] toml::de::Error),
    /// A phrase is wrong.
    #[error("phrase `{phrase}`: {why}")]
    Phrase {
        /// Which.
        phrase: String,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Deserialize)]
struct File {
    version: String,
    #[serde(flatten)]
    phrases: BTreeMap<String, PhraseFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhraseFile {
    say: String,
    gist: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ArrangeFile {
    version: String,
    system: String,
    ask: String,
    ask_phrases: String,
}

impl Catalogue {
    /// The catalogue of this build.
    ///
    /// # Errors
    /// Never for the files of this build; a test reads them.
    pub fn bundled() -> Result<Self, BadCatalogue> {
        Self::parse(include_str!("../../../prompts/phrases.toml"), include_str!("../../../prompts/arrange.toml"))
    }

    /// Reads a catalogue and checks it.
    ///
    /// # Errors
    /// When a predicate has no phrase, a phrase leaves out a slot or has an unknown one, or begins like another.
    pub fn parse(phrases: &str, arrange: &str) -> Result<Self, BadCatalogue> {
        let mut file: File = toml::from_str(phrases)?;
        let arrange: ArrangeFile = toml::from_str(arrange)?;
        let mut out = BTreeMap::new();
        for predicate in Predicate::ALL {
            let phrase =
                file.phrases.remove(predicate.as_str()).ok_or_else(|| wrong(predicate.as_str(), "it is missing"))?;
            out.insert(*predicate, read(*predicate, phrase)?);
        }
        if let Some(unknown) = file.phrases.keys().next() {
            return Err(wrong(unknown, "no predicate has this name"));
        }
        no_phrase_begins_another(&out)?;
        let around = |text: &str| -> Result<[Own; 2], BadCatalogue> {
            let (before, after) = text.split_once("{facts}").ok_or_else(|| wrong("arrange", "it has no {facts}"))?;
            Ok([before, after].map(|t| Own::catalogued(t.to_owned())))
        };
        let (arrange_ask, arrange_phrases) = (around(&arrange.ask)?, around(&arrange.ask_phrases)?);
        let version = format!("{}/{}", file.version, arrange.version);
        Ok(Self {
            version,
            phrases: out,
            arrange_system: Own::catalogued(arrange.system),
            arrange_ask,
            arrange_phrases,
        })
    }

    /// The phrase of a predicate.
    pub fn phrase(&self, predicate: Predicate) -> &Phrase {
        // Every predicate has one: parse refuses a catalogue without.
        &self.phrases[&predicate]
    }

    /// What stands before and after the facts in the `arrange` prompt.
    pub fn arrange_ask(&self) -> &[Own; 2] {
        &self.arrange_ask
    }

    /// The same for a model that is asked for phrases and not for letters.
    pub fn arrange_phrases(&self) -> &[Own; 2] {
        &self.arrange_phrases
    }
}

fn read(predicate: Predicate, file: PhraseFile) -> Result<Phrase, BadCatalogue> {
    let name = predicate.as_str();
    let slots = predicate.slots();
    let mut seen = vec![false; slots.len()];
    let mut pieces = Vec::new();
    let mut rest = file.say.as_str();
    while let Some(open) = rest.find('{') {
        let close = rest[open..].find('}').ok_or_else(|| wrong(name, "a brace is not closed"))? + open;
        if open > 0 {
            pieces.push(Piece::Text(Own::catalogued(rest[..open].to_owned())));
        }
        let (slot, counted) = match rest[open + 1..close].split_once(':') {
            Some((slot, words)) => (slot, Some(words)),
            None => (&rest[open + 1..close], None),
        };
        let at =
            slots.iter().position(|s| *s == slot).ok_or_else(|| wrong(name, &format!("it has no slot `{slot}`")))?;
        if std::mem::replace(&mut seen[at], true) {
            return Err(wrong(name, &format!("slot `{slot}` stands twice")));
        }
        pieces.push(match counted.map(|words| words.split_once('|')) {
            None => Piece::Slot(at),
            Some(Some((one, many))) => {
                let words = |text: &str| Own::catalogued(format!(" {text}"));
                Piece::Counted(at, words(one), words(many))
            }
            Some(None) => return Err(wrong(name, &format!("slot `{slot}` has no `one|many`"))),
        });
        rest = &rest[close + 1..];
    }
    if !rest.ends_with('.') {
        return Err(wrong(name, "it does not end with a full stop"));
    }
    pieces.push(Piece::Text(Own::catalogued(rest.to_owned())));
    if let Some(at) = seen.iter().position(|s| !s) {
        return Err(wrong(name, &format!("slot `{}` is left out", slots[at])));
    }
    if file.gist.contains(|c: char| c == '{' || c.is_ascii_digit()) {
        return Err(wrong(name, "its gist holds a slot or a number"));
    }
    Ok(Phrase { pieces, gist: Own::catalogued(file.gist) })
}

/// A claim whose words begin another claim could be shown cut and mean something else.
fn no_phrase_begins_another(phrases: &BTreeMap<Predicate, Phrase>) -> Result<(), BadCatalogue> {
    let words = |phrase: &Phrase| -> Vec<String> {
        let text: String = phrase
            .pieces
            .iter()
            .map(|p| match p {
                Piece::Text(own) => own.as_str().to_owned(),
                Piece::Slot(_) => " {} ".to_owned(),
                Piece::Counted(_, _, many) => format!(" {{}} {} ", many.as_str()),
            })
            .collect();
        text.split(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':'))
            .filter(|w| !w.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let all: Vec<(Predicate, Vec<String>)> = phrases.iter().map(|(p, phrase)| (*p, words(phrase))).collect();
    for (a, short) in &all {
        if let Some((b, _)) = all.iter().find(|(b, long)| a != b && long.starts_with(short)) {
            return Err(wrong(a.as_str(), &format!("`{b}` begins with its words")));
        }
    }
    Ok(())
}

fn wrong(phrase: &str, why: &str) -> BadCatalogue {
    BadCatalogue::Phrase { phrase: phrase.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::brief::{Arg, Family, Proposition};
    use crate::document::plain;
    use crate::explain::clause;
    use crate::text::Shaped;

    #[test]
    fn the_bundled_catalogue_is_whole() {
        Catalogue::bundled().unwrap();
    }

    #[test]
    fn a_phrase_that_leaves_out_a_slot_or_begins_another_is_refused() {
        let phrases = include_str!("../../../prompts/phrases.toml");
        let arrange = include_str!("../../../prompts/arrange.toml");
        let with =
            |from: &str, to: &str| Catalogue::parse(&phrases.replace(from, to), arrange).unwrap_err().to_string();
        assert!(with("since {added}.", "already.").contains("left out"));
        assert!(with("{starts:start|starts}", "{starts:start}").contains("one|many"));
        assert!(with("CISA lists it as exploited since {added}.", "CISA lists {it}.").contains("no slot"));
        assert!(with("It has no running replica.", "A complete scan shows.").contains("begins with its words"));
        assert!(with("A foothold was recorded on {workload}.", "A foothold was recorded").contains("full stop"));
        assert!(Catalogue::parse(&phrases.replace("[not_running]", "[not_walking]"), arrange).is_err());
    }

    #[test]
    fn a_count_says_what_it_counts() {
        let catalogue = Catalogue::bundled().unwrap();
        let said = |predicate, n| {
            let count = Arg::Shaped(Shaped::Count(n));
            let args = predicate_args(predicate, &count);
            let p = Proposition { predicate, args, evidence: vec![], as_of: None, family: Family::Claim };
            plain(&clause(&p, &catalogue))
        };
        for predicate in Predicate::ALL {
            let (one, many) = (said(*predicate, 1), said(*predicate, 7));
            for thing in ["replicas", "starts", "workloads", "tools", "runs ", "programs"] {
                assert!(!one.contains(&format!("1 {thing}")), "{one}");
            }
            for thing in ["replica ", "start ", "workload ", "tool ", "run was", "program "] {
                assert!(!many.contains(&format!("7 {thing}")), "{many}");
            }
        }
        assert_eq!(said(Predicate::RunBy, 1), "1 workload runs as it.");
        assert_eq!(said(Predicate::RunBy, 7), "7 workloads run as it.");
    }

    /// Every slot filled with a count.
    fn predicate_args(predicate: Predicate, count: &Arg) -> Vec<Arg> {
        predicate.slots().iter().map(|_| count.clone()).collect()
    }
}

//! Names, numbers and words that are nothing: what each can mean where it stands.

use super::super::abstain::Abstain;
use super::super::filters::{NameKind, Percent, Tenths};
use super::super::lexicon::{Ask, Means, Prep, Setting};
use super::super::names::{Hit, NAMES_PER_WORD_MAX};
use super::super::{Order, QueryKind, ROWS_MAX};
use super::What;
use super::build::{Place, Spot, Stray};
use super::walk::{Family, Walk};
use crate::text::Opaque;

impl Walk<'_> {
    /// "Worst finding" is one; "worst findings" are some.
    pub(super) fn singular(&mut self, at: usize) {
        let word = self.words[self.items[at].to - 1].text.as_str();
        let one = matches!(word, "finding" | "thing" | "issue" | "problem" | "risk" | "item" | "threat");
        // "Which finding is most urgent" is about one as well.
        let top = self
            .previous(at)
            .is_some_and(|w| matches!(w, What::Means(Means::Kind(QueryKind::Top) | Means::Ask(Ask::Who | Ask::Other))));
        self.out.single |= one && top;
    }

    pub(super) fn nickname(&mut self, at: usize, id: &'static str) {
        match self.names.whole(&id.to_lowercase()).into_iter().find(|h| h.kind == NameKind::Cve) {
            Some(hit) => {
                self.out.names += 1;
                self.spot(Place::Names(NameKind::Cve, vec![hit.name]));
            }
            // The name that the press gave it is known, the vulnerability is not among the caller's.
            None => {
                let at = self.items[at].from;
                self.out.strays.push(Stray { at, is_name: true, has_shape: true, calls: Some(id) });
            }
        }
    }

    /// `cvss over 9`, `epss above 90 %`, `sorted by epss`.
    pub(super) fn measure(&mut self, at: usize, means: Means) {
        let mut below = false;
        for next in at + 1..(at + 6).min(self.items.len()) {
            let value = match self.items[next].what {
                What::Means(Means::Below) => {
                    below = true;
                    continue;
                }
                What::Means(Means::Least | Means::Filler | Means::Prep(_) | Means::OrWorse) => continue,
                What::Number(n) => n.saturating_mul(10),
                What::Tenths(t) => t,
                _ => break,
            };
            self.taken.push(next);
            let not = (self.not > 0) != below;
            let filters = if not { self.out.filters.not.get_or_insert_default() } else { &mut self.out.filters };
            match means {
                Means::Cvss => filters.cvss_min = Some(Tenths(value.min(100) as u8)),
                // A share below one is written as a fraction as often as in percent.
                _ if value < 10 => filters.epss_min = Some(Percent((value * 10) as u8)),
                _ => filters.epss_min = Some(Percent((value / 10).min(100) as u8)),
            }
            return self.clear();
        }
        if self.sorting || self.prep == Some(Prep::By) {
            self.order(if means == Means::Cvss { Order::Cvss } else { Order::Epss });
        }
        self.clear();
    }

    pub(super) fn name(&mut self, at: usize, hits: &[Hit]) -> Result<(), Abstain> {
        let called = at > 0 && matches!(self.words[self.items[at].from - 1].text.as_str(), "named" | "called");
        let cue_before = match if called { self.previous(at) } else { self.previous_plain(at) } {
            Some(What::Means(Means::Cue(kind))) if !self.items[at - 1].ends => Some(*kind),
            _ => None,
        };
        let cue_after = match self.items.get(at + 1).map(|i| &i.what) {
            Some(What::Means(Means::Cue(kind))) => Some(*kind),
            _ => None,
        };
        let singular = at > 0 && !self.words[self.items[at].from - 1].text.ends_with('s');
        let of = |kind: NameKind| hits.iter().any(|h| h.kind == kind);
        if let Some(kind) = cue_before.filter(|k| singular && !of(*k)) {
            // "Namespace checkout" where only a workload has that name.
            let near = matches!(kind, NameKind::Workload | NameKind::Container | NameKind::Package | NameKind::Image);
            if !near {
                let at = self.items[at].from;
                self.out.strays.push(Stray { at, is_name: true, has_shape: true, calls: None });
                return Ok(());
            }
        }
        let cue = cue_before.filter(|k| of(*k)).or(cue_after.filter(|k| of(*k)));
        // "Running as ci-runner".
        let before = self.items[at].from.checked_sub(1).map(|i| self.words[i].text.as_str());
        let as_whom = before == Some("as") && of(NameKind::ServiceAccount);
        let kind = cue.unwrap_or_else(|| self.likely(hits, as_whom));
        let mut picked: Vec<Opaque> = hits.iter().filter(|h| h.kind == kind).map(|h| h.name.clone()).collect();
        picked.sort();
        picked.dedup();
        if picked.len() > NAMES_PER_WORD_MAX {
            let said = Opaque::readmit(&self.words[self.items[at].from].text);
            return Err(Abstain::TooManyNames { said, names: picked.len() });
        }
        let family = Family::Names(kind);
        let not = self.not > 0 || self.left_out == Some(family);
        self.left_out = not.then_some(family);
        self.out.names += 1;
        self.out.meaning += 1;
        self.out.spots.push(Spot { prep: self.prep, at: Place::Names(kind, picked), not });
        self.held = self.prep.take();
        self.not = 0;
        self.each = false;
        Ok(())
    }

    /// Which of several kinds a name most likely is of, by the words before it.
    pub(super) fn likely(&self, hits: &[Hit], as_whom: bool) -> NameKind {
        use NameKind as N;
        if as_whom {
            return if hits.iter().any(|h| h.kind == N::ServiceAccount) { N::ServiceAccount } else { N::Workload };
        }
        let order: &[NameKind] = match self.prep {
            Some(Prep::By) => &[N::Person, N::Source],
            Some(Prep::From) => &[N::Source, N::Workload, N::Namespace, N::Node],
            Some(Prep::In) => &[N::Namespace, N::Workload, N::Node, N::Image],
            _ if self.out.runs || self.out.has => &[N::Package, N::Image, N::Namespace],
            _ => &[],
        };
        let rest = [
            N::Cve,
            N::Band,
            N::Namespace,
            N::Workload,
            N::Package,
            N::Image,
            N::Container,
            N::Node,
            N::ServiceAccount,
            N::Control,
            N::Source,
            N::Person,
            N::Version,
        ];
        let of = |kind: &&NameKind| hits.iter().any(|h| h.kind == **kind);
        order.iter().chain(&rest).find(of).copied().unwrap_or(N::Workload)
    }

    pub(super) fn number(&mut self, at: usize, n: u16) {
        let word = self.words[self.items[at].from].text.as_str();
        let previous = self.previous(at);
        let on = at > 0 && self.words[self.items[at].from - 1].text == "on";
        match previous {
            Some(What::Means(Means::Port)) => self.out.filters.port = Some(n),
            _ if on && n > 0 => self.out.filters.port = Some(n),
            Some(What::Means(Means::Nth(_) | Means::Before)) if word == "one" => return,
            _ if word == "one" && !matches!(previous, Some(What::Means(Means::Kind(QueryKind::Top)))) => return,
            Some(What::Means(Means::Kind(QueryKind::Why) | Means::Number | Means::Noun)) => self.out.numbered(n),
            _ if word.starts_with('#') => self.out.numbered(n),
            Some(What::Means(
                Means::Kind(QueryKind::Top) | Means::Weak(QueryKind::List) | Means::Nth(1) | Means::All,
            )) => {
                self.limit(n);
            }
            _ if self.counted(at) => self.limit(n),
            _ => return self.stray(at),
        }
        self.out.meaning += 1;
        self.clear();
    }

    pub(super) fn limit(&mut self, n: u16) {
        self.out.limit = Some(n.clamp(1, ROWS_MAX));
    }

    /// What follows is something that can be counted.
    pub(super) fn counted(&self, at: usize) -> bool {
        let next = self.items[at + 1..].iter().map(|i| &i.what).find(|w| !matches!(w, What::Means(Means::Filler)));
        matches!(
            next,
            Some(What::Means(
                Means::Noun
                    | Means::Before
                    | Means::Cue(_)
                    | Means::Kind(_)
                    | Means::By(_)
                    | Means::Set(Setting::Severity(_) | Setting::Class(_))
            ))
        )
    }

    pub(super) fn stray(&mut self, at: usize) {
        let word = &self.words[self.items[at].from];
        let cue_after = matches!(self.items.get(at + 1).map(|i| &i.what), Some(What::Means(Means::Cue(_))));
        let verb = matches!(
            self.previous(at),
            Some(What::Means(
                Means::Cue(_) | Means::Runs | Means::Has | Means::Affects | Means::Kind(QueryKind::Why) | Means::Path
            ))
        );
        let marks = |c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | '_' | ':' | '@');
        let has_shape = word.quoted
            || (word.text.contains(marks) && word.text.contains(char::is_alphabetic))
            || matches!(self.previous(at), Some(What::Names(hits)) if hits.iter().any(|h| h.kind == NameKind::Package) && word.text.contains('.'))
            || self.names.near(&word.text).is_some();
        // "Does kafka have", "is frontend exposed": the subject of a question.
        let subject = matches!(self.previous(at), Some(What::Means(Means::Ask(Ask::Is))))
            && matches!(
                self.items.get(at + 1).map(|i| &i.what),
                Some(What::Means(Means::Has | Means::Runs | Means::Affects | Means::Set(_) | Means::Kind(_)))
            );
        // "How many orders": nothing that is counted here.
        let of_count = matches!(self.previous_plain(at), Some(What::Means(Means::Kind(QueryKind::Count))));
        let noun_next = matches!(
            self.items.get(at + 1).map(|i| &i.what),
            Some(What::Means(Means::Noun | Means::Cue(_) | Means::Set(_) | Means::Kind(_)))
        );
        self.out.counts_strangers |= of_count && !noun_next;
        // "Anything snyk found": who says so.
        let tells = "found find finds reported reports says said flagged flags sees saw raised";
        let teller = self.words.get(self.items[at].to).is_some_and(|w| tells.split(' ').any(|t| t == w.text));
        let is_name = has_shape || cue_after || verb || subject || teller || self.prep.is_some();
        self.out.strays.push(Stray { at: self.items[at].from, is_name, has_shape, calls: None });
        self.held = self.prep.take();
        self.not = 0;
    }
}

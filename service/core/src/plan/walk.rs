//! A plan in the making: which steps are legal. Comes in: choices. Goes out: a plan in which every fact stands once and
//! nothing stands beside what it would seem to explain.

use super::Plan;
use crate::brief::{Brief, Handle, PROPOSITIONS_MAX};
use crate::ports::Choices;

/// The most facts in one sentence.
const JOINED_MAX: usize = 2;

/// A set of handles, one bit each.
type Set = u16;

const _: () = assert!(PROPOSITIONS_MAX <= Set::BITS as usize);

/// One step of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Begins a sentence with this fact.
    Open(Handle),
    /// Adds this fact to the sentence.
    Join(Handle),
}

/// A plan in the making: knows which steps are legal.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    brief: &'a Brief,
    sentences: Vec<Vec<Handle>>,
    left: Set,
    /// For each handle those that may not stand beside it.
    clash: [Set; PROPOSITIONS_MAX],
    raw: String,
}

const fn bit(h: Handle) -> Set {
    1 << h.0
}

fn of(set: Set) -> impl Iterator<Item = Handle> {
    (0..PROPOSITIONS_MAX as u8).map(Handle).filter(move |h| set & bit(*h) != 0)
}

impl<'a> Walk<'a> {
    /// The start of a plan for a brief.
    pub fn new(brief: &'a Brief) -> Self {
        let left = brief.handles().take(PROPOSITIONS_MAX).fold(0, |set, h| set | bit(h));
        let mut clash = [0; PROPOSITIONS_MAX];
        for a in of(left) {
            let beside = of(left).filter(|b| *b != a && brief.invite_inference(a, *b));
            clash[usize::from(a.0)] = beside.fold(0, |set, b| set | bit(b));
        }
        Self { brief, sentences: Vec::new(), left, clash, raw: String::new() }
    }

    /// The legal steps: every one of them can still lead to a whole plan.
    pub fn legal(&self) -> Vec<Step> {
        let last = self.sentences.last().and_then(|s| s.last()).copied();
        let mut next = of(self.left).filter(|h| self.may_follow(last, *h)).fold(0, |set, h| set | bit(h));
        if next == 0 {
            // Nothing parts what clashes: every fact is told all the same.
            next = self.left;
        }
        let open = of(next).map(Step::Open);
        let room = self.sentences.last().is_some_and(|s| s.len() < JOINED_MAX);
        let join = of(next).filter(|h| room && self.belong_together(last, *h)).map(Step::Join);
        open.chain(join).collect()
    }

    /// Takes a step; false when it is not legal, and then nothing changes.
    pub fn take_step(&mut self, step: Step) -> bool {
        if !self.legal().contains(&step) {
            return false;
        }
        self.go(step);
        true
    }

    fn go(&mut self, step: Step) {
        match step {
            Step::Open(h) => self.sentences.push(vec![h]),
            Step::Join(h) => {
                if let Some(sentence) = self.sentences.last_mut() {
                    sentence.push(h);
                }
            }
        }
        let (Step::Open(taken) | Step::Join(taken)) = step;
        self.left &= !bit(taken);
        self.raw.push_str(&text_of(step, self.raw.is_empty()));
    }

    /// The plan, once every fact has its place.
    pub fn plan(&self) -> Option<Plan> {
        (self.left == 0).then(|| Plan { sentences: self.sentences.clone() })
    }

    /// What has been told so far.
    pub(super) fn told(self) -> Plan {
        Plan { sentences: self.sentences }
    }

    /// What was written, as a model would write it: `C A+D B`.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// True when `h` may come next and the rest can still be told after it.
    fn may_follow(&self, last: Option<Handle>, h: Handle) -> bool {
        let beside = last.is_some_and(|last| self.clashes(h) & bit(last) != 0);
        !beside && self.can_finish(h, self.left & !bit(h))
    }

    /// Whether the rest can be told after `last` without putting together what invites an inference. One fact that
    /// clashes with nothing parts any two groups: attacks on one side, what they clash with on the other.
    fn can_finish(&self, last: Handle, rest: Set) -> bool {
        let all = rest | bit(last);
        let clashing = of(rest).filter(|h| self.clashes(*h) & all != 0).fold(0, |set, h| set | bit(h));
        let apart = self.clashes(last) & clashing == 0 && of(clashing).all(|h| self.clashes(h) & clashing == 0);
        clashing != rest || apart
    }

    fn clashes(&self, h: Handle) -> Set {
        self.clash.get(usize::from(h.0)).copied().unwrap_or(0)
    }

    /// Facts that may share a sentence: those of one family, about the one subject that a brief has.
    fn belong_together(&self, last: Option<Handle>, h: Handle) -> bool {
        let family = |h: Handle| self.brief.get(h).map(|p| p.family);
        last.is_some_and(|last| family(last) == family(h))
    }
}

fn text_of(step: Step, first: bool) -> String {
    match step {
        Step::Open(h) if first => h.letter().to_string(),
        Step::Open(h) => format!(" {}", h.letter()),
        Step::Join(h) => format!("+{}", h.letter()),
    }
}

impl Choices for Walk<'_> {
    fn options(&self) -> Vec<String> {
        let first = self.raw.is_empty();
        self.legal().into_iter().map(|step| text_of(step, first)).collect()
    }

    fn take(&mut self, index: usize) {
        if let Some(step) = self.legal().get(index).copied() {
            self.go(step);
        }
    }
}

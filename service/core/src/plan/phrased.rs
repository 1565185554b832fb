//! A plan in the making for a model that weighs phrases and not letters. Comes in: which fact comes next, by its gist. Goes
//! out: the walk. Code decides where sentences part: a fact joins the one before it wherever it may.

use super::{Prompt, PromptParts, Step, Walk};
use crate::brief::{Brief, Handle};
use crate::catalogue::Catalogue;
use crate::ports::Choices;
use crate::text::Own;

/// The same walk, whose options are the gists of the facts that may come next.
#[derive(Clone, Debug)]
pub struct Phrased<'a> {
    walk: Walk<'a>,
    /// By handle.
    gists: Vec<&'a Own>,
}

impl<'a> Phrased<'a> {
    /// The start of a plan for a brief.
    pub fn new(brief: &'a Brief, catalogue: &'a Catalogue) -> Self {
        let gists = brief.propositions.iter().map(|p| &catalogue.phrase(p.predicate).gist).collect();
        Self { walk: Walk::new(brief), gists }
    }

    /// How far it is.
    pub fn walk(&self) -> &Walk<'a> {
        &self.walk
    }

    fn next(&self) -> Vec<Handle> {
        let open = |step| match step {
            Step::Open(h) => Some(h),
            Step::Join(_) => None,
        };
        self.walk.legal().into_iter().filter_map(open).collect()
    }
}

impl Choices for Phrased<'_> {
    fn options(&self) -> Vec<String> {
        let gist = |h: Handle| self.gists.get(usize::from(h.0)).map_or_else(String::new, |g| g.as_str().to_owned());
        self.next().into_iter().map(gist).collect()
    }

    fn take(&mut self, index: usize) {
        if let Some(h) = self.next().get(index).copied() {
            let _ = self.walk.take_step(Step::Join(h)) || self.walk.take_step(Step::Open(h));
        }
    }
}

/// The prompt for phrases: one line a fact, its gist alone.
pub fn phrase_prompt(brief: &Brief, catalogue: &Catalogue) -> Prompt {
    let mut parts = PromptParts::default();
    let [before, after] = catalogue.arrange_phrases();
    parts.add(before);
    for (i, p) in brief.propositions.iter().enumerate() {
        if i > 0 {
            parts.add(&Own::new("\n"));
        }
        parts.add(&catalogue.phrase(p.predicate).gist);
    }
    parts.add(after);
    Prompt(parts.0)
}

/// The same prompt with no fact in it: what a phrase is as likely as anyway.
pub fn phrase_prompt_empty(catalogue: &Catalogue) -> Prompt {
    let mut parts = PromptParts::default();
    catalogue.arrange_phrases().iter().for_each(|part| {
        parts.add(part);
    });
    Prompt(parts.0)
}

//! Phrases weighed by the real model, where it is installed.

use super::*;
use crate::plan::PLANNER;
use crate::tests::installed;

const SYSTEM: &str = "You order facts about one security finding.";
const BEFORE: &str = "Facts:\n";
const AFTER: &str = "\nWhich of these facts matters most? Answer with that fact.";

fn planner() -> Option<PhrasePlanner> {
    let store = installed(PLANNER)?;
    Some(PhrasePlanner::load(&store, SYSTEM, &format!("{BEFORE}{AFTER}"), PlanLimits::default()).unwrap())
}

fn phrases(all: &[&str]) -> Vec<String> {
    all.iter().map(|p| (*p).to_owned()).collect()
}

/// Takes each phrase once.
struct Once {
    left: Vec<String>,
    taken: Vec<String>,
}

impl Choices for Once {
    fn options(&self) -> Vec<String> {
        self.left.clone()
    }

    fn take(&mut self, index: usize) {
        let phrase = self.left.remove(index);
        self.taken.push(phrase);
    }
}

#[test]
fn runs_that_are_read_together_are_as_likely_as_each_alone_token_by_token() {
    let Some(p) = planner() else { return };
    let deadline = deadline(Span::secs(60));
    let question = p.planner.chat.question("Facts:\nknown to be exploited\nnot running").unwrap();
    let (past, outlook) = p.planner.model.extend(p.planner.opened(deadline).unwrap(), &question, deadline).unwrap();
    let texts = ["known to be exploited", "not running", "x", "a secret lies open", ""];
    let runs: Vec<Vec<u32>> = texts.iter().map(|t| p.planner.chat.tokens(t).unwrap()).collect();
    let together = p.planner.model.likely(&past, &outlook, &runs, deadline).unwrap();
    let every: Vec<u32> = (0..p.planner.model.vocabulary() as u32).collect();
    for (run, together) in runs.iter().zip(together) {
        let (mut past, mut outlook, mut alone) = (past.clone(), outlook.clone(), 0.0);
        for token in run {
            let logits = p.planner.model.logits(&outlook, &every).unwrap();
            let total = logits.iter().map(|x| f64::from(*x).exp()).sum::<f64>().ln();
            alone += f64::from(logits[*token as usize]) - total;
            (past, outlook) = p.planner.model.extend(&past, &[*token], deadline).unwrap();
        }
        assert!((alone - f64::from(together)).abs() < 0.05, "{run:?}: {alone} alone, {together} together");
    }
}

#[test]
fn what_the_prompt_tells_gains_over_what_it_does_not() {
    let Some(p) = planner() else { return };
    let all = phrases(&["an attacker got a foothold", "the environment is known", "several scanners report it"]);
    let gains = p.gains(&format!("{BEFORE}{}{AFTER}", all[0]), &all, Span::secs(60)).unwrap();
    assert!(gains[0] > gains[1] && gains[0] > gains[2], "{gains:?}");
    let none = p.gains(&format!("{BEFORE}{AFTER}"), &all, Span::secs(60)).unwrap();
    assert!(none.iter().all(|gain| gain.abs() < 1e-3), "{none:?}");
}

#[test]
fn each_phrase_is_taken_once_and_a_late_answer_takes_none() {
    let Some(p) = planner() else { return };
    let all = phrases(&["not running", "known to be exploited", "the tools disagree", "not running"]);
    let mut once = Once { left: all.clone(), taken: Vec::new() };
    let prompt = format!("{BEFORE}{}{AFTER}", all.join("\n"));
    p.choose(&prompt, &mut once, Span::secs(60)).unwrap();
    once.taken.sort();
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!(once.taken, sorted);
    let mut late = Once { left: all.clone(), taken: Vec::new() };
    assert_eq!(p.choose(&prompt, &mut late, Span::ZERO), Err(ModelError::Late(Span::ZERO)));
    assert_eq!(late.left, all);
}

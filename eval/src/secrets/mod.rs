//! What the door takes out, and what it leaves. Comes in: recipes, one for each rule of the door and for what is no secret.
//! Goes out: the share of drawn secrets of a provider's shape that are taken, of those that only a name betrays, how much of
//! what is taken is a secret, and how many canaries are seen behind the door: in what is kept, logged, asked or shown.

mod canary;

use assay_core::scene::{Dice, filled};
use assay_core::text::Door;
use serde::Deserialize;

use crate::cases::{self, BadCase, Named};
use crate::ground::Ground;
use crate::outcome::Outcome;
use crate::{EvalError, Suite};

/// The seed of the suite.
pub const SEED: u64 = 222;
/// Texts a recipe.
const TEXTS: usize = 20;

/// What a recipe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// A shape that a provider's documents give: all of them must be taken.
    Provider,
    /// A value that only a name, a header or a URL betrays.
    Generic,
    /// No secret: it must stay as it is.
    None,
}

/// One recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    id: String,
    /// What it is for.
    pub sort: Sort,
    before: String,
    secret: String,
    behind: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    id: String,
    #[serde(default)]
    rule: Option<String>,
    sort: Sort,
    #[serde(default)]
    before: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    behind: String,
    #[serde(default)]
    text: String,
}

impl Named for Line {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Reads recipes, one JSON object a line.
///
/// # Errors
/// When a line is none.
pub fn read(text: &str) -> Result<Vec<Recipe>, BadCase> {
    // The cases of the door have no names of their own; a line's number names it.
    let numbered = |(n, line): (usize, &str)| match line.strip_prefix('{') {
        Some(rest) if !line.contains("\"id\"") => format!("{{\"id\":\"line {}\",{rest}\n", n + 1),
        _ => format!("{line}\n"),
    };
    let text: String = text.lines().enumerate().map(numbered).collect();
    cases::read(&text, |line: Line| {
        let secret = if line.sort == Sort::None { line.text } else { line.secret };
        if secret.is_empty() {
            return Err("a secret, or for `none` a text, must be given".to_owned());
        }
        let id = line.rule.map_or(line.id.clone(), |rule| format!("{rule}, {}", line.id));
        Ok(Recipe { id, sort: line.sort, before: line.before, secret, behind: line.behind })
    })
}

/// Draws 20 texts a recipe, and looks for canaries behind the door.
///
/// # Errors
/// When the ground fails.
pub fn run(recipes: &[Recipe], seed: u64, ground: &impl Ground) -> Result<Vec<Outcome>, EvalError> {
    let mut rows = drawn(recipes, seed, ground.door());
    let planted = canary::planted(recipes, seed);
    let failed =
        canary::seen(&planted, ground).map_err(|source| EvalError::Ground { suite: Suite::Secrets, source })?;
    rows.push(
        Outcome::count(Suite::Secrets, "canaries seen in what is kept, logged, asked or shown", planted.len(), failed)
            .seeded(seed),
    );
    Ok(rows)
}

/// The rows that need nothing but a door.
fn drawn(recipes: &[Recipe], seed: u64, door: &dyn Door) -> Vec<Outcome> {
    let mut dice = Dice::new(seed);
    let (mut cases, mut failed) = ([0usize; 3], [Vec::new(), Vec::new(), Vec::new()]);
    for recipe in recipes {
        for _ in 0..TEXTS {
            let secret = filled(&recipe.secret, &mut dice);
            let text = format!("{}{secret}{}", filled(&recipe.before, &mut dice), filled(&recipe.behind, &mut dice));
            let clean = door.redact(&text);
            let (at, wrong) = match recipe.sort {
                Sort::Provider => (0, clean.contains(&secret)),
                Sort::Generic => (1, clean.contains(&secret)),
                Sort::None => (2, clean != text),
            };
            cases[at] += 1;
            if wrong {
                failed[at].push(format!("{}: {text}", recipe.id));
            }
        }
    }
    let [provider, generic, none] = failed;
    let taken = cases[1] - generic.len();
    let all = taken + none.len();
    let row = |measure, hits: (usize, usize), aim, failed| {
        Outcome::at_least(Suite::Secrets, measure, hits, aim, failed).seeded(seed)
    };
    vec![
        row("secrets of a provider's shape that are taken out", (cases[0] - provider.len(), cases[0]), 1.0, provider),
        row("secrets that only a name betrays that are taken out", (taken, cases[1]), 0.95, generic),
        row("of what is taken out by name, what is a secret", (taken, all), 0.90, none),
    ]
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use assay_core::scene::Open;

    use super::*;
    use crate::testing::Real;

    /// A door that takes out everything.
    struct Shut;

    impl Door for Shut {
        fn redact<'a>(&self, _: &'a str) -> Cow<'a, str> {
            Cow::Borrowed("[secret]")
        }
    }

    fn recipes() -> Vec<Recipe> {
        read(assay_sources::door::CASES).unwrap()
    }

    #[test]
    fn the_door_meets_its_aims() {
        for outcome in run(&recipes(), SEED, &Real::new()).unwrap() {
            assert_eq!(outcome.met, Some(true), "{}: {:#?}", outcome.measure, outcome.failed);
        }
    }

    #[test]
    fn a_door_that_finds_nothing_and_one_that_takes_everything_are_caught() {
        let met = |door: &dyn Door| drawn(&recipes(), SEED, door).iter().map(|o| o.met.unwrap()).collect::<Vec<_>>();
        assert_eq!(met(&Open), [false, false, false]);
        assert_eq!(met(&Shut), [true, true, false]);
    }

    #[test]
    fn there_are_recipes_of_every_sort() {
        let of = |sort| recipes().iter().filter(|r| r.sort == sort).count();
        assert!(of(Sort::Provider) >= 180 && of(Sort::Generic) >= 40 && of(Sort::None) >= 40);
    }

    #[test]
    fn a_line_without_a_secret_is_refused() {
        assert!(read("{\"sort\":\"generic\",\"before\":\"x=\"}").is_err());
        assert!(read("{\"sort\":\"none\"}").is_err());
    }
}

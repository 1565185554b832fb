//! Choosing among legal continuations. Comes in: options as tokens, and something that says how likely a token is
//! after what was read. Goes out: the index of the most likely option. Only legal tokens are compared: at each place
//! where options part, the tokens that lead on share the probability of one.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::llama::Stop;

/// What reads tokens and foresees the next one. The model, or a table in a test.
pub(super) trait Reader {
    /// What is kept of the tokens so far; cloning it must be cheap.
    type Kept: Clone;
    /// What is expected after them.
    type Outlook;

    /// Reads on.
    fn read(&self, kept: &Self::Kept, tokens: &[u32]) -> Result<(Self::Kept, Self::Outlook), Stop>;

    /// How likely each of these tokens is next: logits, comparable with each other only.
    fn logits(&self, outlook: &Self::Outlook, tokens: &[u32]) -> Result<Vec<f32>, Stop>;
}

/// Where the walk stands: what was read, and tokens that were taken and not read yet. They are read together with
/// the next step that has to choose.
#[derive(Clone)]
pub(super) struct Place<K> {
    /// What was read.
    pub(super) kept: K,
    /// What was not read yet. Not empty before a choice.
    pub(super) pending: Vec<u32>,
}

/// Options that begin alike: the open end of the search.
struct Branch<K> {
    /// log of the probability of this beginning among all legal ones.
    likely: f32,
    /// The options, in order.
    members: Vec<usize>,
    /// How many tokens they share.
    depth: usize,
    /// What was read on the way here, and how many of the shared tokens that includes.
    kept: K,
    pending: Vec<u32>,
}

/// What was taken, and the place after it.
type Step<K> = (usize, Place<K>);

/// The index of the most likely option and the place after it. `end` is the token that closes an answer: an option
/// that is empty, or the beginning of another one, is as likely as that token where it ends.
///
/// The search takes the likeliest beginning first, and a longer beginning is never likelier, so the first option
/// that stands alone is the best one. `None` when there is no option.
pub(super) fn best<R: Reader>(
    reader: &R,
    place: &Place<R::Kept>,
    options: &[Vec<u32>],
    end: u32,
) -> Result<Option<Step<R::Kept>>, Stop> {
    let mut open = BinaryHeap::new();
    open.push(Branch {
        likely: 0.0,
        members: (0..options.len()).collect(),
        depth: 0,
        kept: place.kept.clone(),
        pending: place.pending.clone(),
    });
    while let Some(branch) = open.pop() {
        let (Some(first), rest) = (branch.members.first().copied(), branch.members.get(1..).unwrap_or_default()) else {
            return Ok(None);
        };
        // Alone, or the same text several times: what is left of it is certain.
        if rest.iter().all(|other| options[*other] == options[first]) {
            let mut pending = branch.pending;
            pending.extend(options[first].iter().skip(branch.depth));
            return Ok(Some((first, Place { kept: branch.kept, pending })));
        }
        let next = |member: &usize| options[*member].get(branch.depth).copied();
        let mut tokens: Vec<Option<u32>> = branch.members.iter().map(next).collect();
        tokens.sort_unstable();
        tokens.dedup();
        if let [Some(shared)] = tokens[..] {
            let mut pending = branch.pending;
            pending.push(shared);
            open.push(Branch { depth: branch.depth + 1, pending, ..branch });
            continue;
        }
        let (kept, outlook) = reader.read(&branch.kept, &branch.pending)?;
        let ids: Vec<u32> = tokens.iter().map(|token| token.unwrap_or(end)).collect();
        let shares = log_shares(reader.logits(&outlook, &ids)?)?;
        for (token, share) in tokens.into_iter().zip(shares) {
            // Where an option ends nothing is left to read after it, so its last token is read again later: a place
            // always has something pending.
            let (kept, pending) = match token {
                Some(token) => (kept.clone(), vec![token]),
                None => (branch.kept.clone(), branch.pending.clone()),
            };
            open.push(Branch {
                likely: branch.likely + share,
                members: branch.members.iter().copied().filter(|member| next(member) == token).collect(),
                depth: branch.depth + usize::from(token.is_some()),
                kept,
                pending,
            });
        }
    }
    Ok(None)
}

/// log of each one's share of e^logit.
fn log_shares(logits: Vec<f32>) -> Result<Vec<f32>, Stop> {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total = logits.iter().map(|x| f64::from(x - top).exp()).sum::<f64>().ln() as f32;
    if !total.is_finite() || logits.iter().any(|x| !x.is_finite()) {
        return Err(Stop::Failed(candle_core::Error::msg("the model's numbers are not finite")));
    }
    Ok(logits.into_iter().map(|x| x - top - total).collect())
}

// Likelier first; between equals the option that was named first, so that the same input gives the same choice.
impl<K> Ord for Branch<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.likely.total_cmp(&other.likely).then_with(|| other.members.cmp(&self.members))
    }
}

impl<K> PartialOrd for Branch<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> PartialEq for Branch<K> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<K> Eq for Branch<K> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Likelihoods by what was read last; counts how often it was asked to read.
    struct Table {
        rows: Vec<(u32, Vec<(u32, f32)>)>,
        reads: std::cell::Cell<usize>,
    }

    impl Reader for Table {
        type Kept = Vec<u32>;
        type Outlook = u32;

        fn read(&self, kept: &Vec<u32>, tokens: &[u32]) -> Result<(Vec<u32>, u32), Stop> {
            self.reads.set(self.reads.get() + 1);
            let all = [kept, tokens].concat();
            let last = *all.last().unwrap();
            Ok((all, last))
        }

        fn logits(&self, last: &u32, tokens: &[u32]) -> Result<Vec<f32>, Stop> {
            let row = &self.rows.iter().find(|(token, _)| token == last).unwrap().1;
            Ok(tokens.iter().map(|t| row.iter().find(|(token, _)| token == t).map_or(-9.0, |(_, x)| *x)).collect())
        }
    }

    const END: u32 = 99;

    fn choose(rows: &[(u32, &[(u32, f32)])], options: &[&[u32]]) -> (Option<usize>, Vec<u32>, usize) {
        let rows = rows.iter().map(|(token, row)| (*token, row.to_vec())).collect();
        let table = Table { rows, reads: std::cell::Cell::new(0) };
        let options: Vec<Vec<u32>> = options.iter().map(|option| option.to_vec()).collect();
        let place = Place { kept: vec![], pending: vec![1] };
        match best(&table, &place, &options, END).unwrap() {
            Some((index, place)) => (Some(index), [place.kept, place.pending].concat(), table.reads.get()),
            None => (None, vec![], table.reads.get()),
        }
    }

    #[test]
    fn the_likeliest_single_token_wins_with_one_read() {
        assert_eq!(choose(&[(1, &[(5, 0.1), (6, 0.3), (7, 0.2)])], &[&[5], &[6], &[7]]), (Some(1), vec![1, 6], 1));
    }

    #[test]
    fn no_option_is_no_choice_and_one_option_needs_no_model() {
        assert_eq!(choose(&[], &[]), (None, vec![], 0));
        assert_eq!(choose(&[], &[&[5, 6, 7]]), (Some(0), vec![1, 5, 6, 7], 0));
        assert_eq!(choose(&[], &[&[]]), (Some(0), vec![1], 0));
    }

    #[test]
    fn a_beginning_that_all_share_is_read_together() {
        assert_eq!(choose(&[(4, &[(5, 0.0), (6, 1.0)])], &[&[3, 4, 5], &[3, 4, 6]]), (Some(1), vec![1, 3, 4, 6], 1));
    }

    #[test]
    fn a_likely_beginning_with_two_even_ends_loses_to_a_whole_option() {
        // 0.55 for 5, but it parts into halves; 0.45 for 6 stays whole.
        let rows: &[(u32, &[(u32, f32)])] = &[(1, &[(5, 0.2), (6, 0.0)]), (5, &[(7, 0.0), (8, 0.0)])];
        assert_eq!(choose(rows, &[&[5, 7], &[5, 8], &[6]]), (Some(2), vec![1, 6], 2));
        let rows: &[(u32, &[(u32, f32)])] = &[(1, &[(5, 0.2), (6, 0.0)]), (5, &[(7, 5.0), (8, 0.0)])];
        assert_eq!(choose(rows, &[&[5, 7], &[5, 8], &[6]]), (Some(0), vec![1, 5, 7], 2));
    }

    #[test]
    fn an_option_that_begins_another_ends_with_the_closing_token() {
        let rows: &[(u32, &[(u32, f32)])] = &[(5, &[(END, 1.0), (6, 0.0)])];
        assert_eq!(choose(rows, &[&[5, 6], &[5]]), (Some(1), vec![1, 5], 1));
        let rows: &[(u32, &[(u32, f32)])] = &[(1, &[(END, -1.0), (6, 0.0)])];
        assert_eq!(choose(rows, &[&[], &[6]]), (Some(1), vec![1, 6], 1));
    }

    #[test]
    fn equals_go_to_the_one_named_first() {
        assert_eq!(choose(&[(1, &[(6, 0.0), (5, 0.0)])], &[&[6], &[5]]).0, Some(0));
        assert_eq!(choose(&[(1, &[(6, 0.0), (5, 0.0)])], &[&[5], &[6], &[5]]).0, Some(0));
    }

    #[test]
    fn numbers_that_are_none_are_an_error() {
        let rows = vec![(1, vec![(5, f32::NAN), (6, 0.0)])];
        let table = Table { rows, reads: std::cell::Cell::new(0) };
        let place = Place { kept: vec![], pending: vec![1] };
        assert!(matches!(best(&table, &place, &[vec![5], vec![6]], END), Err(Stop::Failed(_))));
    }
}

//! Two lists of search results as one: reciprocal rank fusion. It is here, so that every engine gives one list. Source:
//! Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods", 2009.

use std::collections::BTreeMap;

/// The constant of the published formula.
const K: f64 = 60.0;

/// Fuses ranked lists of ids, best first; an id in several lists adds up. Ties go by id.
pub fn fuse(lists: &[&[i64]], limit: usize) -> Vec<i64> {
    let mut scores: BTreeMap<i64, f64> = BTreeMap::new();
    for list in lists {
        for (rank, id) in list.iter().enumerate() {
            *scores.entry(*id).or_default() += 1.0 / (K + rank as f64 + 1.0);
        }
    }
    let mut fused: Vec<(i64, f64)> = scores.into_iter().collect();
    fused.sort_by(|(a, x), (b, y)| y.total_cmp(x).then(a.cmp(b)));
    fused.into_iter().take(limit).map(|(id, _)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_lists_find_comes_first() {
        assert_eq!(fuse(&[&[1, 2, 3], &[3, 4]], 10), [3, 1, 2, 4]);
        assert_eq!(fuse(&[&[5], &[4]], 1), [4], "a tie goes by id");
        assert!(fuse(&[], 3).is_empty());
    }
}

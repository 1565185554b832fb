//! Sets of whole numbers as the spans that they are made of: ports, and addresses. Every set has exactly one form, so equal
//! sets are equal values.

/// A set of numbers: its spans in order, both ends in it, none touching another.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spans(Vec<(u128, u128)>);

impl Spans {
    /// No number at all.
    pub const NONE: Self = Self(Vec::new());

    /// All numbers between two, with both; none where they stand in the wrong order.
    pub fn between(first: u128, last: u128) -> Self {
        if first <= last { Self(vec![(first, last)]) } else { Self::NONE }
    }

    /// True when no number is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True for a number in it.
    pub fn contains(&self, number: u128) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&number))
    }

    /// The spans in order, both ends in them.
    pub fn iter(&self) -> impl Iterator<Item = (u128, u128)> + '_ {
        self.0.iter().copied()
    }

    /// What is in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let mut all: Vec<(u128, u128)> = self.iter().chain(other.iter()).collect();
        all.sort_unstable();
        let mut spans: Vec<(u128, u128)> = Vec::with_capacity(all.len());
        for (first, last) in all {
            match spans.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => spans.push((first, last)),
            }
        }
        Self(spans)
    }

    /// What is in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let (mut one, mut two) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut spans = Vec::new();
        while let (Some(&&(a, b)), Some(&&(c, d))) = (one.peek(), two.peek()) {
            if a.max(c) <= b.min(d) {
                spans.push((a.max(c), b.min(d)));
            }
            if b <= d {
                one.next();
            } else {
                two.next();
            }
        }
        Self(spans)
    }

    /// What is in this one only.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut spans = Vec::new();
        for (first, last) in self.iter() {
            // None once the end of all numbers is passed.
            let mut from = Some(first);
            for (a, b) in other.iter() {
                let Some(here) = from.filter(|here| *here <= b && a <= last) else { continue };
                if here < a {
                    spans.push((here, a - 1));
                }
                from = b.checked_add(1);
            }
            spans.extend(from.filter(|here| *here <= last).map(|here| (here, last)));
        }
        Self(spans)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set() -> impl Strategy<Value = Spans> {
        proptest::collection::vec((0_u128..24, 0_u128..24), 0..5)
            .prop_map(|all| all.into_iter().fold(Spans::NONE, |set, (a, b)| set.or(&Spans::between(a, b))))
    }

    proptest! {
        #[test]
        fn sets_do_what_sets_do(one in set(), two in set()) {
            for n in 0..26 {
                let (a, b) = (one.contains(n), two.contains(n));
                prop_assert_eq!(one.or(&two).contains(n), a || b);
                prop_assert_eq!(one.and(&two).contains(n), a && b);
                prop_assert_eq!(one.without(&two).contains(n), a && !b);
            }
        }

        #[test]
        fn equal_sets_are_equal_values(one in set(), two in set()) {
            prop_assert_eq!(one.without(&two).or(&one.and(&two)), one.clone());
            prop_assert_eq!(one.or(&two), two.or(&one));
        }
    }

    #[test]
    fn the_last_number_has_no_next_one() {
        let all = Spans::between(0, u128::MAX);
        assert_eq!(all.without(&Spans::between(5, u128::MAX)), Spans::between(0, 4));
        assert_eq!(all.or(&Spans::between(7, 9)), all);
        assert!(Spans::between(2, 1).is_empty());
    }
}

//! Claims of an image, and where the image runs. Comes in: the reports of a repository and what containers ask for.
//! Goes out: which reports speak for which container, and which have been overtaken by a newer tag. The answer
//! depends on the set of reports, never on the order in which they arrived.

use std::collections::BTreeMap;

use crate::ids::{Digest, Time};
use crate::scope::{Spoken, SpokenSet};
use crate::text::Opaque;

/// A report of one image: a point in the history of its repository, as one tool tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReport {
    /// The scope it belongs to: one per tool, repository, tag and platform.
    pub scope: i64,
    /// When the tool looked.
    pub produced_at: Time,
    /// What it looked for. A report that was not made to find secrets says nothing about an older tag's.
    pub spoken: SpokenSet,
    /// Whether it looked at all of the image.
    pub complete: bool,
}

/// The scopes that a newer tag has overtaken, in ascending order, and for which classes. `runs` says whether a workload
/// runs the scope's tag.
///
/// A scope is overtaken when another scope of the repository has a newer complete report, no workload runs it, and it
/// was not reported again after it had been overtaken once (then it is a release line of its own, in parallel).
pub fn overtaken(reports: &[ImageReport], runs: impl Fn(i64) -> bool) -> Vec<(i64, SpokenSet)> {
    let mut all: BTreeMap<i64, SpokenSet> = BTreeMap::new();
    for class in Spoken::ALL {
        let history = History::of(reports.iter().filter(|r| r.spoken.contains(*class)));
        for scope in history.overtaken().filter(|scope| !runs(*scope)) {
            all.entry(scope).or_default().insert(*class);
        }
    }
    all.into_iter().collect()
}

/// The reports of a repository that looked for one class.
#[derive(Default)]
struct History {
    /// The first and the last report of each scope.
    spans: BTreeMap<i64, (Time, Time)>,
    /// Complete reports, oldest first.
    complete: Vec<(Time, i64)>,
}

impl History {
    fn of<'a>(reports: impl Iterator<Item = &'a ImageReport>) -> Self {
        let mut history = Self::default();
        for ImageReport { scope, produced_at: at, complete, .. } in reports {
            let span = history.spans.entry(*scope).or_insert((*at, *at));
            *span = (span.0.min(*at), span.1.max(*at));
            if *complete {
                history.complete.push((*at, *scope));
            }
        }
        history.complete.sort_unstable();
        history
    }

    fn overtaken(&self) -> impl Iterator<Item = i64> {
        let is_overtaken = |scope: i64, (first, last): (Time, Time)| {
            let after = |at: Time| self.complete.partition_point(|(when, _)| *when <= at);
            let of_another = |reports: &[(Time, i64)]| reports.iter().any(|(_, other)| *other != scope);
            let between = || self.complete.partition_point(|(when, _)| *when < last).max(after(first));
            of_another(&self.complete[after(last)..]) && !of_another(&self.complete[after(first)..between()])
        };
        self.spans.iter().filter(move |(scope, span)| is_overtaken(**scope, **span)).map(|(scope, _)| *scope)
    }
}

/// A scope of an image's reports, as a container may match it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageScope {
    /// The scope.
    pub id: i64,
    /// The tag that was scanned, or the digest where there was none.
    pub version: Opaque,
    /// The digest that was scanned, where known.
    pub digest: Option<Digest>,
}

/// The scopes that speak for a container: those of the digest that it runs, else those of the tag that it asks for.
pub fn describing(scopes: &[ImageScope], tag: Option<&Opaque>, digest: Option<Digest>) -> Vec<i64> {
    let by_digest: Vec<i64> = scopes.iter().filter(|s| digest.is_some() && s.digest == digest).map(|s| s.id).collect();
    if !by_digest.is_empty() {
        return by_digest;
    }
    scopes.iter().filter(|s| tag.is_some_and(|tag| *tag == s.version)).map(|s| s.id).collect()
}

/// What a container runs, or ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// The tag it asks for.
    pub tag: Option<Opaque>,
    /// The digest it runs, where known.
    pub digest: Option<Digest>,
    /// When it stopped; none while it runs.
    pub until: Option<Time>,
}

/// The scopes that speak for a container, and whether they speak of what it ran before: where nobody has looked at the
/// version that runs now, what was known of the last one that somebody had looked at is neither gone nor certain.
pub fn speaking(scopes: &[ImageScope], runs: &[Ran]) -> (Vec<i64>, bool) {
    let describe = |ran: &Ran| describing(scopes, ran.tag.as_ref(), ran.digest);
    let mut now: Vec<i64> = runs.iter().filter(|r| r.until.is_none()).flat_map(describe).collect();
    now.sort_unstable();
    now.dedup();
    if !now.is_empty() || runs.iter().all(|r| r.until.is_some()) {
        return (now, false);
    }
    let mut before: Vec<&Ran> = runs.iter().filter(|r| r.until.is_some()).collect();
    before.sort_by(|a, b| (b.until, &b.tag, b.digest).cmp(&(a.until, &a.tag, a.digest)));
    let last = before.into_iter().map(describe).find(|scopes| !scopes.is_empty());
    (last.unwrap_or_default(), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(scope: i64, hour: i64) -> ImageReport {
        let spoken = [Spoken::OsPackages].into_iter().collect();
        ImageReport { scope, produced_at: Time::from_secs(hour * 3600), spoken, complete: true }
    }

    fn scopes(reports: &[ImageReport], runs: impl Fn(i64) -> bool) -> Vec<i64> {
        overtaken(reports, runs).into_iter().map(|(scope, _)| scope).collect()
    }

    #[test]
    fn a_newer_tag_overtakes_an_older_one_that_nothing_runs() {
        let reports = [report(1, 1), report(2, 2)];
        assert_eq!(scopes(&reports, |_| false), [1]);
        assert!(scopes(&reports, |scope| scope == 1).is_empty());
        assert!(scopes(&[report(1, 1), report(2, 1)], |_| false).is_empty(), "equal times supersede nothing");
    }

    #[test]
    fn two_release_lines_run_in_parallel() {
        let reports = [report(1, 1), report(2, 2), report(1, 3), report(2, 4)];
        assert!(scopes(&reports, |_| false).is_empty());
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let mut reports = vec![report(1, 1), report(2, 2), report(1, 3), report(3, 9)];
        let before = overtaken(&reports, |_| false);
        reports.reverse();
        assert_eq!(overtaken(&reports, |_| false), before);
    }

    #[test]
    fn each_class_has_its_own_history() {
        let secrets: SpokenSet = [Spoken::OsPackages, Spoken::Secret].into_iter().collect();
        let reports = [ImageReport { spoken: secrets, ..report(1, 1) }, report(2, 2)];
        assert_eq!(overtaken(&reports, |_| false), [(1, [Spoken::OsPackages].into_iter().collect())]);
    }

    #[test]
    fn the_digest_says_more_than_the_tag() {
        let scopes = known();
        assert_eq!(describing(&scopes, Some(&text("1.0")), digest(2)), [2]);
        assert_eq!(describing(&scopes, Some(&text("1.0")), digest(9)), [1]);
        assert!(describing(&scopes, Some(&text("2.0")), None).is_empty());
    }

    #[test]
    fn a_version_that_nobody_looked_at_leaves_the_last_known_one_in_doubt() {
        let ran = |tag: &str, until: Option<i64>| Ran {
            tag: Some(text(tag)),
            digest: None,
            until: until.map(Time::from_secs),
        };
        assert_eq!(speaking(&known(), &[ran("1.0", Some(1)), ran("1.1", None)]), (vec![2], false));
        assert_eq!(speaking(&known(), &[ran("1.0", Some(1)), ran("1.1", Some(2)), ran("2.0", None)]), (vec![2], true));
        assert_eq!(speaking(&known(), &[ran("1.0", Some(1))]), (vec![], false), "it runs nothing any longer");
    }

    fn text(t: &str) -> Opaque {
        Opaque::readmit(t)
    }

    fn digest(n: u8) -> Option<Digest> {
        Some(Digest::of_bytes(&[n]))
    }

    fn known() -> [ImageScope; 2] {
        [
            ImageScope { id: 1, version: text("1.0"), digest: digest(1) },
            ImageScope { id: 2, version: text("1.1"), digest: digest(2) },
        ]
    }
}

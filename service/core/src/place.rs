//! Claims of an image, and where the image runs. Comes in: the reports of a repository and what containers ask for.
//! Goes out: which reports speak for which container, and which have been overtaken by a newer tag. The answer
//! depends on the set of reports, never on the order in which they arrived.

use crate::ids::{Digest, Time};
use crate::text::Opaque;

/// A report of one image: a point in the history of its repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReport {
    /// The scope it belongs to: one per tool, repository, tag and platform.
    pub scope: i64,
    /// When the tool looked.
    pub produced_at: Time,
    /// Breaks ties of `produced_at` for the order of history; equal times supersede nothing.
    pub sha256: Digest,
    /// Whether it looked at all of the image.
    pub complete: bool,
}

/// The scopes that a newer tag has overtaken, in ascending order. `runs` says whether a workload runs the scope's tag.
///
/// A scope is overtaken when another scope of the repository has a newer complete report, no workload runs it, and it
/// was not reported again after it had been overtaken once (then it is a release line of its own, in parallel).
pub fn overtaken(reports: &[ImageReport], runs: impl Fn(i64) -> bool) -> Vec<i64> {
    let mut history: Vec<&ImageReport> = reports.iter().collect();
    history.sort_by_key(|r| (r.produced_at, r.sha256));
    let mut scopes: Vec<i64> = history.iter().map(|r| r.scope).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let is_overtaken = |scope: &i64| {
        let own: Vec<Time> = history.iter().filter(|r| r.scope == *scope).map(|r| r.produced_at).collect();
        let others = || history.iter().filter(|r| r.scope != *scope && r.complete).map(|r| r.produced_at);
        let (Some(first), Some(last)) = (own.first(), own.last()) else { return false };
        let parallel = others().any(|other| *first < other && other < *last);
        !parallel && !runs(*scope) && others().any(|other| other > *last)
    };
    scopes.retain(is_overtaken);
    scopes
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

#[cfg(test)]
mod tests {
    use super::*;

    fn report(scope: i64, hour: i64) -> ImageReport {
        ImageReport {
            scope,
            produced_at: Time::from_secs(hour * 3600),
            sha256: Digest::of_bytes(&[scope as u8, hour as u8]),
            complete: true,
        }
    }

    #[test]
    fn a_newer_tag_overtakes_an_older_one_that_nothing_runs() {
        let reports = [report(1, 1), report(2, 2)];
        assert_eq!(overtaken(&reports, |_| false), [1]);
        assert!(overtaken(&reports, |scope| scope == 1).is_empty());
        assert!(overtaken(&[report(1, 1), report(2, 1)], |_| false).is_empty(), "equal times supersede nothing");
    }

    #[test]
    fn two_release_lines_run_in_parallel() {
        let reports = [report(1, 1), report(2, 2), report(1, 3), report(2, 4)];
        assert!(overtaken(&reports, |_| false).is_empty());
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let mut reports = vec![report(1, 1), report(2, 2), report(1, 3), report(3, 9)];
        let before = overtaken(&reports, |_| false);
        reports.reverse();
        assert_eq!(overtaken(&reports, |_| false), before);
    }

    #[test]
    fn the_digest_says_more_than_the_tag() {
        let text = Opaque::readmit;
        let digest = |n: u8| Some(Digest::of_bytes(&[n]));
        let scopes = [
            ImageScope { id: 1, version: text("1.0"), digest: digest(1) },
            ImageScope { id: 2, version: text("1.1"), digest: digest(2) },
        ];
        assert_eq!(describing(&scopes, Some(&text("1.0")), digest(2)), [2]);
        assert_eq!(describing(&scopes, Some(&text("1.0")), digest(9)), [1]);
        assert!(describing(&scopes, Some(&text("2.0")), None).is_empty());
    }
}

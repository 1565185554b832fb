//! The one update that mends several flaws of one package. Comes in: for each finding what is installed, and the versions
//! that sources say mend it. Goes out: the lowest version that mends all of them. It must never promise that an update
//! closes what it does not.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::text::Opaque;

/// One source's word about one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixWord {
    /// The finding's row.
    pub finding: i64,
    /// The version that is installed.
    pub installed: Opaque,
    /// The versions that mend it, one a line of releases, with commas between; empty where the source knows none.
    pub fixed_in: Opaque,
}

/// An update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    /// To this version.
    pub version: Opaque,
    /// How many findings it closes.
    pub closes: u64,
}

/// The lowest update that mends every finding for which a source knows one. Of several lines of releases the next one
/// after what is installed counts; where sources disagree, the higher one.
pub fn mend(words: &[FixWord]) -> Option<Mend> {
    let mut closes = BTreeSet::new();
    let mut highest: Option<&str> = None;
    for word in words {
        let Some(next) = next(word.installed.reveal(), word.fixed_in.reveal()) else { continue };
        closes.insert(word.finding);
        highest = Some(match highest {
            Some(before) if compare(before, next) != Ordering::Less => before,
            _ => next,
        });
    }
    highest.map(|version| Mend { version: Opaque::readmit(version), closes: closes.len() as u64 })
}

/// Of the versions that mend it, the lowest that is higher than what is installed; else the highest.
fn next<'a>(installed: &str, fixed_in: &'a str) -> Option<&'a str> {
    let all = || fixed_in.split(',').map(str::trim).filter(|v| !v.is_empty());
    let higher = all().filter(|v| compare(v, installed) == Ordering::Greater);
    higher.min_by(|a, b| compare(a, b)).or_else(|| all().max_by(|a, b| compare(a, b)))
}

/// The order of versions as Debian compares them, which agrees with the other ecosystems on releases: runs of digits by
/// their value, all else by its letters, `~` before the end. A leading `v` or `go` says nothing.
fn compare(a: &str, b: &str) -> Ordering {
    let (epoch_a, a) = epoch(plain(a));
    let (epoch_b, b) = epoch(plain(b));
    epoch_a.cmp(&epoch_b).then_with(|| by_runs(a.as_bytes(), b.as_bytes()))
}

fn plain(version: &str) -> &str {
    let rest = version.strip_prefix("go").or_else(|| version.strip_prefix('v')).unwrap_or(version);
    if rest.starts_with(|c: char| c.is_ascii_digit()) { rest } else { version }
}

fn epoch(version: &str) -> (u32, &str) {
    match version.split_once(':') {
        Some((epoch, rest)) => epoch.parse().map_or((0, version), |epoch| (epoch, rest)),
        None => (0, version),
    }
}

fn by_runs(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let (run_a, rest_a) = split(a, |c| !c.is_ascii_digit());
        let (run_b, rest_b) = split(b, |c| !c.is_ascii_digit());
        let length = run_a.len().max(run_b.len());
        let letters = (0..length).map(|i| weight(run_a.get(i)).cmp(&weight(run_b.get(i))));
        let digits = || {
            let (one, two) = (split(rest_a, |c| c.is_ascii_digit()), split(rest_b, |c| c.is_ascii_digit()));
            let value = |run: &[u8]| run.iter().skip_while(|c| **c == b'0').copied().collect::<Vec<u8>>();
            let (x, y) = (value(one.0), value(two.0));
            (x.len().cmp(&y.len()).then_with(|| x.cmp(&y)), one.1, two.1)
        };
        if let Some(order) = letters.into_iter().find(|o| o.is_ne()) {
            return order;
        }
        let (order, left_a, left_b) = digits();
        if order.is_ne() {
            return order;
        }
        (a, b) = (left_a, left_b);
    }
    Ordering::Equal
}

fn split(text: &[u8], belongs: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = text.iter().position(|c| !belongs(*c)).unwrap_or(text.len());
    text.split_at(end)
}

/// `~` before the end, the end before letters, letters before all else.
fn weight(byte: Option<&u8>) -> u16 {
    match byte {
        Some(b'~') => 0,
        None => 1,
        Some(c) if c.is_ascii_alphabetic() => u16::from(*c) + 1,
        Some(c) => u16::from(*c) + 512,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(installed: &str, fixes: &[&str]) -> Option<(String, u64)> {
        let words: Vec<FixWord> = fixes
            .iter()
            .enumerate()
            .map(|(i, fixed_in)| FixWord {
                finding: i as i64,
                installed: Opaque::readmit(installed),
                fixed_in: Opaque::readmit(fixed_in),
            })
            .collect();
        mend(&words).map(|m| (m.version.reveal().to_owned(), m.closes))
    }

    #[test]
    fn one_update_mends_all_and_not_only_the_first() {
        let log4j = ["2.15.0, 2.3.1, 2.12.2", "2.16.0, 2.12.2", "2.12.3, 2.17.0, 2.3.1", "2.17.1, 2.12.4, 2.3.2"];
        assert_eq!(update("2.14.1", &log4j), Some(("2.17.1".into(), 4)));
        assert_eq!(update("2.12.1", &log4j), Some(("2.12.4".into(), 4)), "the next release of its own line");
        assert_eq!(update("1.0", &["", "1.1"]), Some(("1.1".into(), 1)), "what no source mends is not counted");
        assert_eq!(update("1.0", &["", ""]), None);
    }

    #[test]
    fn versions_are_compared_as_people_mean_them() {
        for (low, high) in [
            ("1.9", "1.10"),
            ("v0.14.0", "0.17.0"),
            ("go1.20.3", "1.20.4"),
            ("3.0.9-1", "3.0.13-1~deb12u1"),
            ("1:1.2.11.dfsg-2+deb11u1", "1:1.2.11.dfsg-2+deb11u2"),
            ("2.36-9+deb12u1", "2.36-9+deb12u3"),
            ("2.0~rc1", "2.0"),
            ("9.9", "1:0.1"),
            ("5.2.22.RELEASE", "5.3.20"),
        ] {
            assert_eq!(compare(low, high), Ordering::Less, "{low} {high}");
            assert_eq!(compare(high, low), Ordering::Greater, "{high} {low}");
        }
        assert_eq!(compare("1.01", "1.1"), Ordering::Equal);
    }
}

//! Instants, spans and identifiers. Comes in: text with a strict grammar. Goes out: small values that
//! compare, hash and print the same everywhere. Nothing here reads a clock or makes a random number.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32_NOPAD, HEXLOWER_PERMISSIVE};

/// An instant, in milliseconds since 1970-01-01T00:00:00Z. Comes in from outside, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// A length of time in milliseconds; never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

/// Text that is not an instant of RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an instant: expected RFC 3339 such as 2026-11-24T03:02:00Z, or a date such as 2026-11-24")]
pub struct BadTime;

/// Text that is not a span such as `24h`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a span: expected a whole number with m, h, d or w, such as 90m, 24h, 7d or 2w")]
pub struct BadSpan;

impl Time {
    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// From seconds since the Unix epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// How long before `later` this instant lies; zero when it does not.
    pub fn until(self, later: Time) -> Span {
        Span(later.0.saturating_sub(self.0).max(0))
    }

    /// The calendar form that people read, in UTC: `2026-11-24`, `03:02`, weekday and so on.
    pub fn civil(self) -> jiff::civil::DateTime {
        self.stamp().to_zoned(jiff::tz::TimeZone::UTC).datetime()
    }

    /// To the minute, as people write an instant in what is kept: `2026-11-24 03:02 UTC`.
    pub fn to_minute(self) -> String {
        let clock = self.civil();
        format!("{} {:02}:{:02} UTC", clock.date(), clock.hour(), clock.minute())
    }

    fn stamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl std::ops::Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl std::ops::Sub<Span> for Time {
    type Output = Time;
    fn sub(self, span: Span) -> Time {
        Time(self.0.saturating_sub(span.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// Whole seconds.
    pub const fn secs(n: i64) -> Self {
        Self(n * 1000)
    }

    /// Whole minutes.
    pub const fn minutes(n: i64) -> Self {
        Self(n * 60_000)
    }

    /// Whole hours.
    pub const fn hours(n: i64) -> Self {
        Self(n * 3_600_000)
    }

    /// Days of 24 hours.
    pub const fn days(n: i64) -> Self {
        Self(n * 86_400_000)
    }

    /// The length in milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The length in whole hours, rounded down.
    pub const fn whole_hours(self) -> i64 {
        self.0 / 3_600_000
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC, to the second; milliseconds only when there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = if self.0 % 1000 == 0 { 0 } else { 3 };
        write!(f, "{:.precision$}", self.stamp())
    }
}

impl FromStr for Time {
    type Err = BadTime;
    /// Reads RFC 3339 with any offset, or a date alone, which means midnight UTC at its start.
    fn from_str(text: &str) -> Result<Self, BadTime> {
        if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
            return Ok(Time(stamp.as_millisecond()));
        }
        let date: jiff::civil::Date = text.parse().map_err(|_| BadTime)?;
        let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| BadTime)?;
        Ok(Time(zoned.timestamp().as_millisecond()))
    }
}

impl fmt::Display for Span {
    /// Two units at most, the way people say it: `2 d 21 h`, `4 h 5 min`, `12 min`, `40 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0 / 1000;
        let (days, hours, minutes) = (secs / 86_400, secs / 3600 % 24, secs / 60 % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => write!(f, "{secs} s"),
            (0, 0, m) => write!(f, "{m} min"),
            (0, h, 0) => write!(f, "{h} h"),
            (0, h, m) => write!(f, "{h} h {m} min"),
            (d, 0, _) => write!(f, "{d} d"),
            (d, h, _) => write!(f, "{d} d {h} h"),
        }
    }
}

impl FromStr for Span {
    type Err = BadSpan;
    fn from_str(text: &str) -> Result<Self, BadSpan> {
        let text = text.trim();
        let split = text.find(|c: char| !c.is_ascii_digit()).ok_or(BadSpan)?;
        let n: i64 = text[..split].parse().map_err(|_| BadSpan)?;
        let unit = match &text[split..] {
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return Err(BadSpan),
        };
        n.checked_mul(unit).map(Span).ok_or(BadSpan)
    }
}

/// The identity of a finding across runs: `a1:` and 160 bits of SHA-256 in base32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 20]);

/// Text that is not a fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a finding id: expected a1: and 32 letters and digits")]
pub struct BadFingerprint;

impl Fingerprint {
    /// The version of the recipe, printed in front.
    pub const RECIPE: &str = "a1";

    /// From the first 160 bits of a digest.
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 160 bits.
    pub fn bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The first 64 bits, for tables of a million rows; the order of prefixes is the order of fingerprints.
    pub fn prefix(&self) -> u64 {
        let mut head = [0u8; 8];
        head.copy_from_slice(&self.0[..8]);
        u64::from_be_bytes(head)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", Self::RECIPE, BASE32_NOPAD.encode(&self.0).to_ascii_lowercase())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = BadFingerprint;
    fn from_str(text: &str) -> Result<Self, BadFingerprint> {
        let body = text.strip_prefix("a1:").ok_or(BadFingerprint)?;
        let bytes = BASE32_NOPAD.decode(body.to_ascii_uppercase().as_bytes()).map_err(|_| BadFingerprint)?;
        Ok(Self(bytes.try_into().map_err(|_| BadFingerprint)?))
    }
}

/// A SHA-256 digest: of an image, a report, a model or a text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// Text that is not a SHA-256 digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a digest: expected sha256: and 64 hexadecimal digits")]
pub struct BadDigest;

impl Digest {
    /// From the 256 bits.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 256 bits.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// SHA-256 of length-prefixed fields, so that no choice of names makes two lists of fields equal.
    pub fn of_fields<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        use sha2::Digest as _;
        let mut hasher = sha2::Sha256::new();
        for field in fields {
            hasher.update((field.len() as u64).to_be_bytes());
            hasher.update(field);
        }
        Self(hasher.finalize().into())
    }

    /// SHA-256 of the bytes alone.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = BadDigest;
    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let hex = text.strip_prefix("sha256:").ok_or(BadDigest)?;
        let bytes = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).map_err(|_| BadDigest)?;
        Ok(Self(bytes.try_into().map_err(|_| BadDigest)?))
    }
}

/// A vulnerability's name in some database: `CVE-2021-44228`, `GHSA-jfh8-c2jp-5v3q`, `DSA-5000-1`.
/// Upper case except for the random part of a GHSA, so that one name has one spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VulnId(Box<str>);

/// Text that cannot name a vulnerability.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a vulnerability id: expected 3 to 64 of A-Z, 0-9, '-', '_', ':' and '.'")]
pub struct BadVulnId;

impl VulnId {
    /// True for a CVE id: `CVE-` year `-` four digits or more.
    pub fn is_cve(&self) -> bool {
        let mut parts = self.0.splitn(3, '-');
        let (Some("CVE"), Some(year), Some(number)) = (parts.next(), parts.next(), parts.next()) else { return false };
        year.len() == 4 && number.len() >= 4 && [year, number].iter().all(|p| p.bytes().all(|b| b.is_ascii_digit()))
    }

    /// The spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The preferred one of two names of the same flaw: CVE before GHSA before all else, then by spelling.
    pub fn preferred<'a>(&'a self, other: &'a VulnId) -> &'a VulnId {
        if other.class_and_spelling() < self.class_and_spelling() { other } else { self }
    }

    fn class_and_spelling(&self) -> (u8, &str) {
        let class = if self.is_cve() { 0 } else { 1 + u8::from(!self.0.starts_with("GHSA-")) };
        (class, &self.0)
    }
}

impl FromStr for VulnId {
    type Err = BadVulnId;
    fn from_str(text: &str) -> Result<Self, BadVulnId> {
        let text = text.trim();
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.');
        // The random part of a GHSA may do without digits; every other database counts.
        let counted = text.bytes().any(|b| b.is_ascii_digit()) || is_ghsa(text);
        if !(3..=64).contains(&text.len()) || !text.bytes().all(legal) || !counted {
            return Err(BadVulnId);
        }
        let upper = text.to_ascii_uppercase();
        Ok(Self(match upper.strip_prefix("GHSA-") {
            Some(rest) => format!("GHSA-{}", rest.to_ascii_lowercase()).into(),
            None => upper.into(),
        }))
    }
}

/// `GHSA-` and three groups of four letters and digits.
fn is_ghsa(text: &str) -> bool {
    let mut groups = text.split('-');
    groups.next().is_some_and(|g| g.eq_ignore_ascii_case("GHSA"))
        && groups.clone().count() == 3
        && groups.all(|g| g.len() == 4 && g.bytes().all(|b| b.is_ascii_alphanumeric()))
}

impl fmt::Display for VulnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a shown fact rests on: a row that can be cited and looked up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceId {
    /// A record of a report: its id and the place in it.
    Record(i64),
    /// A stored fact.
    Fact(i64),
    /// A stored edge between assets.
    Edge(i64),
    /// A stored watch window of a sensor or scan.
    Coverage(i64),
    /// A row of a published feed: its short name (`kev`, `epss`, `cisa-adp`, `cvss`) and the vulnerability.
    Feed(&'static str, VulnId),
    /// A row of one of our own tables, such as a control: the table and the row's id.
    Table(&'static str, Box<str>),
}

impl fmt::Display for EvidenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(id) => write!(f, "record:{id}"),
            Self::Fact(id) => write!(f, "fact:{id}"),
            Self::Edge(id) => write!(f, "edge:{id}"),
            Self::Coverage(id) => write!(f, "coverage:{id}"),
            Self::Feed(feed, id) => write!(f, "{feed}:{id}"),
            Self::Table(table, row) => write!(f, "{table}:{row}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_what_it_reads() {
        let t: Time = "2026-11-24T03:02:00Z".parse().unwrap();
        assert_eq!(t.to_string(), "2026-11-24T03:02:00Z");
        assert_eq!("2026-11-24T04:02:00+01:00".parse::<Time>().unwrap(), t);
        assert_eq!("2026-11-24".parse::<Time>().unwrap() + Span::hours(3) + Span::minutes(2), t);
        assert!("yesterday".parse::<Time>().is_err());
    }

    #[test]
    fn a_span_is_said_in_two_units() {
        let say = |s: Span| s.to_string();
        assert_eq!(
            [say(Span::secs(40)), say(Span::minutes(65)), say(Span::hours(69)), say(Span::days(3))],
            ["40 s", "1 h 5 min", "2 d 21 h", "3 d"]
        );
        assert_eq!("24h".parse::<Span>(), Ok(Span::hours(24)));
        assert!("24".parse::<Span>().is_err() && "h".parse::<Span>().is_err());
    }

    #[test]
    fn one_vulnerability_has_one_spelling() {
        let id = |s: &str| s.parse::<VulnId>().unwrap();
        assert_eq!(id("cve-2021-44228"), id("CVE-2021-44228"));
        assert_eq!(id("ghsa-JFH8-c2jp-5v3q").as_str(), "GHSA-jfh8-c2jp-5v3q");
        assert!(id("CVE-2021-44228").is_cve() && !id("CVE-21-1").is_cve());
        assert_eq!(id("GHSA-jfh8-c2jp-5v3q").preferred(&id("CVE-2021-44228")), &id("CVE-2021-44228"));
        assert_eq!(id("GHSA-cfgh-jmpq-rvwx").as_str(), "GHSA-cfgh-jmpq-rvwx", "a GHSA may have no digit at all");
        assert!("ignore all previous 1".parse::<VulnId>().is_err() && "GHSA-abc".parse::<VulnId>().is_err());
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let of = |fields: &[&str]| Digest::of_fields(fields.iter().map(|f| f.as_bytes()));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        let digest = of(&["a"]);
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
    }
}

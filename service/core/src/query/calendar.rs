//! Times as people say them. Comes in: words and the instant that the answer is for. Goes out: a stretch of time. Days,
//! weeks and months are those of the calendar in UTC; "the last N" and "the next N" count from the instant.

mod units;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
pub(super) use units::{WORDS_LONG, knows, number};
use units::{month, times, unit, weekday};

use super::filters::When;
use super::tokens::Token;
use crate::ids::{Span, Time};

/// What "soon" means.
const SOON: Span = Span::days(7);
/// The largest number that is read as a count of days, weeks and so on.
const UNITS_MAX: i64 = 10_000;

/// A stretch of time, before it is known what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stretch {
    /// From then on.
    Since(When),
    /// Up to then.
    Before(When),
    /// From one instant to before another.
    Window(Time, Time),
    /// From now on, so long.
    Within(Span),
    /// Longer ago than this.
    OlderThan(Span),
}

/// A point that is a stretch itself: a day, a week; or a weekday, which one depends on the words before it.
#[derive(Clone, Copy)]
enum Point {
    Fixed(Time, Time),
    On(Weekday),
    Ago(Span),
}

struct Words<'a> {
    words: &'a [Token],
    today: Date,
    as_of: Time,
}

/// The stretch that begins at a word, and how many words it takes.
pub(super) fn stretch(words: &[Token], as_of: Time) -> Option<(Stretch, usize)> {
    Words { words, today: as_of.civil().date(), as_of }.stretch()
}

/// A span of time that stands alone.
pub(super) fn bare_span(words: &[Token], as_of: Time) -> Option<(Span, usize)> {
    Words { words, today: as_of.civil().date(), as_of }.span(0)
}

impl Words<'_> {
    fn word(&self, at: usize) -> &str {
        self.words.get(at).filter(|w| !w.quoted).map_or("", |w| w.text.as_str())
    }

    /// Steps over articles.
    fn past(&self, at: usize, words: &[&str]) -> usize {
        (at..self.words.len()).find(|i| !words.contains(&self.word(*i))).unwrap_or(self.words.len())
    }

    fn stretch(&self) -> Option<(Stretch, usize)> {
        let first = self.word(0);
        // "On or after the 1st", "on or before friday".
        if first == "on" && self.word(1) == "or" && matches!(self.word(2), "after" | "before") {
            let at = self.past(3, &["the"]);
            let (p, used) = self.point(at)?;
            let after = self.word(2) == "after";
            let stretch =
                if after { Stretch::Since(self.back(p, false)) } else { Stretch::Before(self.ahead(p, true)) };
            return Some((stretch, at + used));
        }
        // "Compared to last week".
        if matches!(first, "compared" | "versus" | "vs") {
            let at = self.past(1, &["to", "with", "against", "the"]);
            let (p, used) = self.point(at)?;
            return Some((Stretch::Since(self.back(p, false)), at + used));
        }
        // "Between monday and now", "from the 1st to the 10th".
        if matches!(first, "between" | "from") {
            let at = self.past(1, &["the"]);
            let (p, used) = self.point(at)?;
            let joined = at + used;
            if matches!(self.word(joined), "and" | "to" | "until" | "till" | "through") {
                let from = self.back(p, false);
                if self.word(joined + 1) == "now" {
                    return Some((Stretch::Since(from), joined + 2));
                }
                let to = self.past(joined + 1, &["the"]);
                if let (Some((end, used)), When::At(from)) = (self.point(to), from)
                    && let When::At(end) = self.ahead(end, false)
                {
                    return Some((Stretch::Window(from, end), to + used));
                }
            }
            if first == "between" {
                return None;
            }
        }
        if first == "soon" {
            return Some((Stretch::Within(SOON), 1));
        }
        if let Some(found) = self.counted().or_else(|| self.compared()) {
            return Some(found);
        }
        let at = self.past(1, &["the", "about", "around"]);
        let point = |at: usize| self.point(at).map(|(p, used)| (p, at + used));
        match first {
            "since" | "from" | "after" | "starting" => {
                let (p, used) = point(at)?;
                Some((Stretch::Since(self.back(p, first == "after")), used))
            }
            "until" | "till" | "before" | "by" => {
                let (p, used) = point(at)?;
                Some((Stretch::Before(self.ahead(p, first == "by")), used))
            }
            "on" | "in" | "during" | "at" | "for" => {
                let (p, used) = point(at)?;
                Some((self.window(p), used))
            }
            _ => {
                let (p, used) = point(0)?;
                Some((self.window(p), used))
            }
        }
    }

    /// `in the last 3 days`, `past week`, `within 24h`, `the next two weeks`.
    fn counted(&self) -> Option<(Stretch, usize)> {
        let lead = matches!(self.word(0), "in" | "over" | "during" | "within" | "for" | "from" | "since");
        let mut at = self.past(usize::from(lead), &["the"]);
        let inner = lead || at > 0;
        let which = self.word(at);
        let (back, named) = match which {
            "last" | "past" | "previous" => (true, true),
            "next" | "coming" | "following" => (false, true),
            _ => (false, false),
        };
        if named {
            at += 1;
            if let Some((span, used)) = self.span(at) {
                let made = if back { Stretch::Since(When::Ago(span)) } else { Stretch::Within(span) };
                return Some((made, at + used));
            }
            let unit = unit(self.word(at))?;
            // "last week" is a week of the calendar; "in the last week", "the past week", "the last hour" are not.
            let of_calendar = matches!(self.word(at), "week" | "month") && !(inner && lead && self.word(0) != "since");
            if of_calendar && matches!(which, "last" | "next") {
                return None;
            }
            let made = if back { Stretch::Since(When::Ago(unit)) } else { Stretch::Within(unit) };
            return Some((made, at + 1));
        }
        if self.word(0) == "since"
            && let Some((span, used)) = self.span(at)
        {
            return Some((Stretch::Since(When::Ago(span)), at + used));
        }
        // "24h" alone: which way, the question says.
        if let Some((span, 1)) = self.span(0).filter(|(_, used)| *used == 1) {
            return Some((Stretch::Within(span), 1));
        }
        if matches!(self.word(0), "within" | "in") {
            let (span, used) = self.span(at)?;
            return Some((Stretch::Within(span), at + used));
        }
        None
    }

    /// `older than 90 days`, `for more than two weeks`, `less than a day old`.
    fn compared(&self) -> Option<(Stretch, usize)> {
        let at = usize::from(self.word(0) == "for");
        let (old, at) = match (self.word(at), self.word(at + 1)) {
            ("older" | "longer" | "more", "than") => (true, at + 2),
            ("newer" | "younger" | "less", "than") => (false, at + 2),
            ("over" | ">", _) => (true, at + 1),
            _ => return None,
        };
        let (span, used) = self.span(at)?;
        let end = at + used + usize::from(matches!(self.word(at + used), "old" | "ago"));
        Some((if old { Stretch::OlderThan(span) } else { Stretch::Since(When::Ago(span)) }, end))
    }

    /// `3 days`, `two weeks`, `24h`, `a day`.
    fn span(&self, at: usize) -> Option<(Span, usize)> {
        let first = self.word(at);
        let digits = first.find(|c: char| !c.is_ascii_digit()).unwrap_or(first.len());
        if digits > 0 && digits < first.len() {
            let n: i64 = first[..digits].parse().ok().filter(|n| *n <= UNITS_MAX)?;
            return Some((times(unit(&first[digits..])?, n), 1));
        }
        let n = number(first).map(i64::from).or_else(|| matches!(first, "a" | "an").then_some(1))?;
        Some((times(unit(self.word(at + 1))?, n), 2))
    }

    fn point(&self, at: usize) -> Option<(Point, usize)> {
        let days = |from: i32, to: i32| self.days(self.today, from, to);
        let word = self.word(at);
        match word {
            "today" => return Some((days(0, 1)?, 1)),
            "yesterday" => return Some((days(-1, 0)?, 1)),
            "tomorrow" => return Some((days(1, 2)?, 1)),
            "overnight" => return Some((self.night()?, 1)),
            "now" | "noon" => return None,
            _ => {}
        }
        let next = self.word(at + 1);
        let two = match (word, next) {
            ("this", "morning") => days(0, 1),
            ("last", "night") => self.night(),
            ("this" | "last" | "next", "week") => self.week(word),
            ("this" | "last" | "next", "month") => self.month(self.today, word),
            ("this", "quarter") => {
                let month = (self.today.month() - 1) / 3 * 3 + 1;
                let first = Date::new(self.today.year(), month, 1).ok()?;
                self.fixed(first, first.checked_add(3.months()).ok()?)
            }
            ("this", "year") => {
                self.fixed(self.today.first_of_year(), self.today.first_of_year().checked_add(1.year()).ok()?)
            }
            ("last" | "this" | "next", day) => weekday(day).map(Point::On),
            _ => None,
        };
        if let Some(point) = two {
            return Some((point, 2));
        }
        if let Some(end) = self.end_of(at) {
            return Some(end);
        }
        if let Some(day) = weekday(word) {
            return Some((Point::On(day), 1));
        }
        if let Some((span, used)) = self.span(at).filter(|(_, used)| self.word(at + used) == "ago") {
            return Some((Point::Ago(span), used + 1));
        }
        self.date(at).or_else(|| self.clock(word))
    }

    /// `the end of the month`, `the beginning of the week`.
    fn end_of(&self, at: usize) -> Option<(Point, usize)> {
        let from = self.past(at, &["the"]);
        let begins = matches!(self.word(from), "beginning" | "start");
        if !begins && self.word(from) != "end" || self.word(from + 1) != "of" {
            return None;
        }
        let unit = self.past(from + 2, &["the", "this"]);
        let whole = match self.word(unit) {
            "day" => self.days(self.today, 0, 1),
            "week" => self.week("this"),
            "month" => self.month(self.today, "this"),
            _ => None,
        };
        match whole? {
            Point::Fixed(start, _) if begins => Some((Point::Fixed(start, start), unit + 1 - at)),
            Point::Fixed(_, end) => Some((Point::Fixed(end, end), unit + 1 - at)),
            Point::On(_) | Point::Ago(_) => None,
        }
    }

    /// `2026-11-20`, an instant, `24 nov`, `november 24th`, `november`.
    fn date(&self, at: usize) -> Option<(Point, usize)> {
        let (word, next) = (self.word(at), self.word(at + 1));
        if word.len() >= 10 && word.as_bytes().get(4) == Some(&b'-') {
            if let Ok(date) = word.parse::<Date>() {
                return Some((self.days(date, 0, 1)?, 1));
            }
            let instant: Time = word.to_uppercase().parse().ok()?;
            return Some((Point::Fixed(instant, instant), 1));
        }
        let day = |w: &str| -> Option<i8> { w.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok() };
        let (month, number, used) = match (month(word), month(next)) {
            (Some(m), _) => (m, day(next), 2),
            (None, Some(m)) => (m, Some(day(word)?), 2),
            (None, None) => return None,
        };
        match number {
            Some(day) => Some((self.days(Date::new(self.today.year(), month, day).ok()?, 0, 1)?, used)),
            // "may" and "march" alone are verbs more often than months.
            None if matches!(word, "may" | "march") => None,
            None => Some((self.month(Date::new(self.today.year(), month, 1).ok()?, "this")?, 1)),
        }
    }

    /// `03:00`: today, or yesterday when it lies ahead.
    fn clock(&self, word: &str) -> Option<(Point, usize)> {
        let (hour, minute) = word.split_once(':')?;
        let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
        if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
            return None;
        }
        let at = start(self.today)? + Span::minutes(hour * 60 + minute);
        let at = if at > self.as_of { at - Span::days(1) } else { at };
        Some((Point::Fixed(at, at), 1))
    }

    fn days(&self, date: Date, from: i32, to: i32) -> Option<Point> {
        self.fixed(date.checked_add(from.days()).ok()?, date.checked_add(to.days()).ok()?)
    }

    fn fixed(&self, from: Date, to: Date) -> Option<Point> {
        Some(Point::Fixed(start(from)?, start(to)?))
    }

    fn night(&self) -> Option<Point> {
        let day = start(self.today)?;
        Some(Point::Fixed(day - Span::hours(6), self.as_of.max(day)))
    }

    fn week(&self, which: &str) -> Option<Point> {
        let monday = i32::from(self.today.weekday().to_monday_zero_offset());
        let shift = match which {
            "last" => -7,
            "next" => 7,
            _ => 0,
        };
        self.days(self.today, shift - monday, shift - monday + 7)
    }

    fn month(&self, of: Date, which: &str) -> Option<Point> {
        let first = of.first_of_month();
        let first = match which {
            "last" => first.checked_sub(1.month()).ok()?,
            "next" => first.checked_add(1.month()).ok()?,
            _ => first,
        };
        self.fixed(first, first.checked_add(1.month()).ok()?)
    }

    /// The weekday on or before today.
    fn weekday_back(&self, day: Weekday) -> (Time, Time) {
        let back = i32::from(self.today.weekday().since(day));
        self.day_or_now(-back)
    }

    /// The weekday on or after today.
    fn weekday_ahead(&self, day: Weekday) -> (Time, Time) {
        let ahead = i32::from(day.since(self.today.weekday()));
        self.day_or_now(ahead)
    }

    fn day_or_now(&self, shift: i32) -> (Time, Time) {
        match self.days(self.today, shift, shift + 1) {
            Some(Point::Fixed(from, to)) => (from, to),
            _ => (self.as_of, self.as_of),
        }
    }

    fn back(&self, point: Point, after: bool) -> When {
        match point {
            Point::Ago(span) => When::Ago(span),
            Point::Fixed(from, to) => When::At(if after { to } else { from }),
            Point::On(day) => {
                let (from, to) = self.weekday_back(day);
                When::At(if after { to } else { from })
            }
        }
    }

    fn ahead(&self, point: Point, through: bool) -> When {
        match point {
            Point::Ago(span) => When::Ago(span),
            Point::Fixed(from, to) => When::At(if through { to } else { from }),
            Point::On(day) => {
                let (from, to) = self.weekday_ahead(day);
                When::At(if through { to } else { from })
            }
        }
    }

    fn window(&self, point: Point) -> Stretch {
        match point {
            Point::Fixed(from, to) => Stretch::Window(from, to),
            Point::Ago(span) => Stretch::Since(When::Ago(span)),
            Point::On(day) => {
                let (from, to) = self.weekday_back(day);
                Stretch::Window(from, to)
            }
        }
    }
}

fn start(date: Date) -> Option<Time> {
    let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Time::from_millis(zoned.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn said(text: &str) -> Option<(String, usize)> {
        let as_of: Time = "2026-11-24T03:02:00Z".parse().unwrap();
        stretch(&tokens(text), as_of).map(|(s, used)| (format!("{s:?}"), used))
    }

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn the_calendar_is_the_one_of_the_instant() {
        let as_of = at("2026-11-24T03:02:00Z");
        let window = |text: &str| match stretch(&tokens(text), as_of).unwrap().0 {
            Stretch::Window(a, b) => format!("{a} {b}"),
            other => format!("{other:?}"),
        };
        assert_eq!(window("this week"), "2026-11-23T00:00:00Z 2026-11-30T00:00:00Z");
        assert_eq!(window("last month"), "2026-10-01T00:00:00Z 2026-11-01T00:00:00Z");
        assert_eq!(window("on 20 nov"), "2026-11-20T00:00:00Z 2026-11-21T00:00:00Z");
        assert_eq!(window("yesterday"), "2026-11-23T00:00:00Z 2026-11-24T00:00:00Z");
        assert_eq!(stretch(&tokens("since friday"), as_of).unwrap().0, Stretch::Since(When::At(at("2026-11-20"))));
        assert_eq!(stretch(&tokens("by friday"), as_of).unwrap().0, Stretch::Before(When::At(at("2026-11-28"))));
        let ago = |h: i64| Stretch::Since(When::Ago(Span::hours(h)));
        assert_eq!(stretch(&tokens("in the last week"), as_of).unwrap().0, ago(168));
        assert_eq!(stretch(&tokens("past 24 hours or so"), as_of).unwrap(), (ago(24), 3));
        assert_eq!(stretch(&tokens("3 days ago"), as_of).unwrap().0, ago(72));
        assert_eq!(stretch(&tokens("within 3 days"), as_of).unwrap().0, Stretch::Within(Span::days(3)));
        assert_eq!(stretch(&tokens("older than 90d"), as_of).unwrap().0, Stretch::OlderThan(Span::days(90)));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["in payments", "last", "by anna", "may i", "on 443", "since", "9999999999 days ago", "24:99"] {
            assert_eq!(said(text), None, "{text}");
        }
    }
}

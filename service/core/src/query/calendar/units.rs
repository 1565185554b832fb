//! The words that times are told with: units, days of the week, months, small numbers. Comes in: one word. Goes out: what it
//! stands for, or nothing.

use jiff::civil::Weekday;

use crate::ids::Span;

pub(super) fn times(unit: Span, n: i64) -> Span {
    Span::secs((unit.millis() / 1000).saturating_mul(n))
}

pub(super) fn unit(word: &str) -> Option<Span> {
    Some(match word {
        "m" | "min" | "mins" | "minute" | "minutes" => Span::minutes(1),
        "h" | "hr" | "hrs" | "hour" | "hours" => Span::hours(1),
        "d" | "day" | "days" => Span::days(1),
        "w" | "wk" | "wks" | "week" | "weeks" => Span::days(7),
        "fortnight" => Span::days(14),
        "month" | "months" => Span::days(30),
        "quarter" => Span::days(91),
        "year" | "years" => Span::days(365),
        _ => return None,
    })
}

/// Words that times are told with and in which a slip is mended.
pub(in super::super) const WORDS_LONG: &str = "yesterday today tomorrow overnight monday tuesday wednesday thursday friday saturday sunday january \
    february september october november december";

/// True for a word that times are told with.
pub(in super::super) fn knows(word: &str) -> bool {
    const WORDS: &str = "since after starting until till before during within over last past previous next coming following \
        older longer newer younger than today yesterday tomorrow overnight soon ago night morning";
    WORDS.split(' ').any(|w| w == word) || unit(word).is_some() || weekday(word).is_some() || month(word).is_some()
}

/// A small whole number, in digits or as a word.
pub(in super::super) fn number(word: &str) -> Option<u16> {
    const WORDS: &[&str] = &[
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
        "fourteen", "fifteen",
    ];
    const TENS: &[(&str, u16)] = &[
        ("twenty", 20),
        ("twenty-five", 25),
        ("thirty", 30),
        ("forty", 40),
        ("fifty", 50),
        ("hundred", 100),
        ("dozen", 12),
    ];
    match WORDS.iter().position(|w| *w == word) {
        Some(at) => Some(at as u16 + 1),
        None if TENS.iter().any(|(w, _)| *w == word) => TENS.iter().find(|(w, _)| *w == word).map(|(_, n)| *n),
        None if word.bytes().all(|b| b.is_ascii_digit()) && word.len() <= 4 => word.parse().ok(),
        None => None,
    }
}

pub(super) fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" | "mon" => Weekday::Monday,
        "tuesday" | "tue" | "tues" => Weekday::Tuesday,
        "wednesday" | "wed" => Weekday::Wednesday,
        "thursday" | "thu" | "thurs" => Weekday::Thursday,
        "friday" | "fri" => Weekday::Friday,
        "saturday" | "sat" => Weekday::Saturday,
        "sunday" | "sun" => Weekday::Sunday,
        _ => return None,
    })
}

pub(super) fn month(word: &str) -> Option<i8> {
    const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const FULL: &[&str] = &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = MONTHS.iter().position(|m| *m == word).or_else(|| FULL.iter().position(|m| *m == word))?;
    Some(at as i8 + 1)
}

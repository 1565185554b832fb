//! The door against the rules and fixtures of other scanners, where the folder of samples is at hand: its path in
//! ASSAY_SAMPLES, with `guard` beside it. From each rule of theirs 20 texts are drawn that the rule itself takes; ours must
//! take out the same value. Where we differ on purpose the reason stands in `gitleaks.csv`. Without the folder the tests pass
//! and say that they looked at nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use assay_core::scene::Dice;
use assay_core::text::Door;
use assay_sources::door::SecretDoor;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Texts a rule.
const TEXTS: usize = 20;
/// Throws until a rule of theirs takes its own text: its measure of entropy refuses some.
const THROWS_MAX: usize = 400;
/// How far a repetition without an end goes beyond its beginning.
const REPEATS_MAX: u32 = 24;
/// Rules whose own texts we leave, all or some of them, with the reason.
const DIFFERENT: &str = include_str!("gitleaks.csv");

fn guard() -> Option<PathBuf> {
    let folder = std::env::var_os("ASSAY_SAMPLES").map(PathBuf::from);
    let guard = folder.and_then(|f| f.parent().map(|p| p.join("guard"))).filter(|g| g.is_dir());
    if guard.is_none() {
        eprintln!("ASSAY_SAMPLES is not set: nothing was looked at");
    }
    guard
}

struct Rule {
    id: String,
    regex: String,
    entropy: f64,
    group: usize,
}

fn rules(file: &str) -> Vec<Rule> {
    let table: toml::Table = file.parse().expect("the rules are TOML");
    let rules = table["rules"].as_array().expect("a list of rules").iter();
    let number = |v: Option<&toml::Value>| v.and_then(|v| v.as_float().or(v.as_integer().map(|i| i as f64)));
    rules
        .filter_map(|r| {
            Some(Rule {
                id: r["id"].as_str()?.to_owned(),
                regex: r.get("regex")?.as_str()?.to_owned(),
                entropy: number(r.get("entropy")).unwrap_or(0.0),
                group: r.get("secretGroup").and_then(|v| v.as_integer()).unwrap_or(0) as usize,
            })
        })
        .collect()
}

/// A text that the pattern takes.
fn draw(hir: &Hir, dice: &mut Dice, out: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => {
            let ranges: Vec<(u32, u32)> = match class {
                Class::Unicode(c) => c.iter().map(|r| (r.start() as u32, r.end() as u32)).collect(),
                Class::Bytes(c) => c.iter().map(|r| (u32::from(r.start()), u32::from(r.end()))).collect(),
            };
            // What can be typed: letters, digits and marks, and a blank where nothing else fits.
            let ascii: Vec<char> =
                ranges.iter().flat_map(|(a, b)| (*a).max(0x20)..=(*b).min(0x7e)).filter_map(char::from_u32).collect();
            let all = if ascii.is_empty() { vec!['\n'] } else { ascii };
            out.push(dice.pick(&all));
        }
        HirKind::Repetition(r) => {
            let most = r.max.unwrap_or(r.min + REPEATS_MAX).min(r.min + 60);
            for _ in 0..r.min + dice.below((most - r.min + 1) as usize) as u32 {
                draw(&r.sub, dice, out);
            }
        }
        HirKind::Capture(c) => draw(&c.sub, dice, out),
        HirKind::Concat(all) => all.iter().for_each(|h| draw(h, dice, out)),
        HirKind::Alternation(any) => draw(&any[dice.below(any.len())], dice, out),
    }
}

fn entropy(value: &str) -> f64 {
    let mut counts: BTreeMap<char, f64> = BTreeMap::new();
    value.chars().for_each(|c| *counts.entry(c).or_default() += 1.0);
    let n = value.chars().count() as f64;
    counts.values().map(|c| -(c / n) * (c / n).log2()).sum()
}

/// What their rule calls the secret: the group that it names, else the first, else the whole.
fn secret<'t>(rule: &Rule, regex: &Regex, text: &'t str) -> Option<&'t str> {
    let found = regex.captures(text.as_bytes())?;
    let group = if rule.group > 0 { found.get(rule.group) } else { found.iter().skip(1).flatten().next() };
    let whole = group.filter(|g| !g.is_empty()).or(found.get(0))?;
    let value = std::str::from_utf8(whole.as_bytes()).ok()?;
    (entropy(value) >= rule.entropy).then_some(value)
}

/// Why a text may be left whatever its rule: a value without a digit is a word, a bare hexadecimal one behind a colon may be
/// the tag of an image, and one that begins with `=` is read as a part of what joins it to its name.
fn excused(text: &str, secret: &str) -> bool {
    let tag = || text.contains(&format!(":{secret}")) && secret.bytes().all(|b| b.is_ascii_hexdigit());
    !secret.bytes().any(|b| b.is_ascii_digit()) || secret.starts_with('=') || tag()
}

#[test]
fn what_the_rules_of_gitleaks_take_ours_take_too() {
    let Some(guard) = guard() else { return };
    let file = std::fs::read_to_string(guard.join("gitleaks/gitleaks.toml")).unwrap();
    let door = SecretDoor::new([7; 32]);
    let reasons: BTreeMap<String, (usize, String)> = csv::Reader::from_reader(DIFFERENT.as_bytes())
        .deserialize()
        .map(|row| row.unwrap())
        .map(|(id, least, why): (String, usize, String)| (id, (least, why)))
        .collect();
    let mut dice = Dice::new(7);
    let (mut drawn, mut taken, mut words, mut whole) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    let all = rules(&file);
    for rule in &all {
        let hir = ParserBuilder::new().unicode(false).utf8(false).build().parse(&rule.regex).unwrap();
        let regex = RegexBuilder::new(&rule.regex).unicode(false).size_limit(1 << 27).build().unwrap();
        let (mut texts, mut ours, mut left, mut missed) = (0, 0, 0, Vec::new());
        for _ in 0..THROWS_MAX {
            let mut text = String::from("# ");
            draw(&hir, &mut dice, &mut text);
            let Some(secret) = secret(rule, &regex, &text) else { continue };
            texts += 1;
            if !door.redact(&text).contains(secret) {
                ours += 1;
            } else if excused(&text, secret) {
                left += 1;
            } else if missed.len() < 2 {
                missed.push(format!("{text:?} keeps {secret:?}"));
            }
            if texts == TEXTS {
                break;
            }
        }
        assert!(texts == TEXTS, "{}: only {texts} texts drawn", rule.id);
        (drawn, taken, words) = (drawn + texts, taken + ours, words + left);
        whole += usize::from(ours == texts);
        let least = reasons.get(&rule.id).map_or(TEXTS, |(least, _)| *least);
        if ours < texts {
            eprintln!("{}: {ours} of {texts}, {left} left as words or tags", rule.id);
        }
        if ours + left < least {
            wrong.push(format!("{}: {ours} of {texts}, at least {least}\n  {}", rule.id, missed.join("\n  ")));
        }
    }
    eprintln!(
        "{taken} of {drawn} texts, {words} left as words or tags, {whole} of {} rules whole, {} rows of reasons",
        all.len(),
        reasons.len()
    );
    let unknown: Vec<&String> = reasons.keys().filter(|id| all.iter().all(|r| r.id != **id)).collect();
    assert!(unknown.is_empty(), "rows of rules that do not exist: {unknown:?}");
    assert!(wrong.is_empty(), "{} rules\n{}", wrong.len(), wrong.join("\n"));
}

/// Values of the fixtures of detect-secrets that stand beside a name which says secret, and those that do not.
#[test]
fn the_fixtures_of_detect_secrets_are_taken_where_a_name_says_secret() {
    let Some(guard) = guard() else { return };
    let door = SecretDoor::new([7; 32]);
    let file = |name: &str| std::fs::read_to_string(guard.join("detect-secrets").join(name)).unwrap();
    let taken = [
        ("config.ini", "123456789a1234"),
        ("config.ini", "12345678901234 "),
        ("config.yaml", "AKIATESTTESTTESTTEST"),
        ("config.yaml", "api_key: 'ToCynx5Se4e2PtoZxEhW7lUJcOX15c54'"),
    ];
    for (name, value) in taken {
        let text = file(name);
        assert!(text.contains(value) && !door.redact(&text).contains(value), "{name}: {value}");
    }
    let left = [("config.yaml", "203db13e-70c7-462b-9a3d-bf32640cb0be"), ("config.yaml", "not_secret")];
    for (name, value) in left {
        assert!(door.redact(&file(name)).contains(value), "{name}: {value}");
    }
    let key = file("private_key");
    let body = key.lines().nth(1).unwrap();
    assert!(!door.redact(&key).contains(body));
}

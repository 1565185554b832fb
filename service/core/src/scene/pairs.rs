//! Values that differ as little as values of their kind can, and one proposition as a sink writes it: what a test of
//! lossless rendering puts into slots.

use crate::brief::{Arg, Family, Proposition};
use crate::catalogue::{Catalogue, Predicate};
use crate::document::{Alarm, Block, Document, Guarded, guard};
use crate::explain::clause;
use crate::ids::{Span, Time};
use crate::text::{Door, Opaque, Own, Shaped};

/// A document with one proposition in it, whose slots hold these values.
///
/// # Errors
/// When the final scan finds a secret in it.
pub fn one_fact(
    predicate: Predicate,
    args: &[Arg],
    catalogue: &Catalogue,
    (as_of, door): (Time, &dyn Door),
) -> Result<Guarded<Document>, Alarm> {
    let (args, evidence) = (args.to_vec(), Vec::new());
    let p = Proposition { predicate, args, evidence, as_of: None, family: Family::Claim };
    guard(Document { as_of, blocks: vec![Block::Fact(clause(&p, catalogue), Vec::new())] }, door)
}

/// A value for each slot of a predicate, all of them different.
pub fn plain_args(predicate: Predicate) -> Vec<Arg> {
    (0..predicate.slots().len()).map(|i| Arg::Shaped(Shaped::Count(1_000 + i as u64))).collect()
}

/// Pairs of values that differ as little as values of their kind can.
pub fn close_pairs(as_of: Time) -> Vec<(Arg, Arg)> {
    let shaped = |a, b| (Arg::Shaped(a), Arg::Shaped(b));
    let name = |a: &str, b: &str| (Arg::Name(Opaque::readmit(a)), Arg::Name(Opaque::readmit(b)));
    let mut pairs = vec![
        (Arg::Own(Own::new("by the scan")), Arg::Own(Own::new("by the scans"))),
        name("web", "web2"),
        name("web", "Web"),
        name("libssl3", "libssl1.1"),
        name("a b", "a  b"),
        name("web", " web"),
        name("web", "web "),
        name("approved by security", "approved by nobody"),
        name(&"x".repeat(60), &format!("{}y", "x".repeat(59))),
        // Two long names that differ only where they are cut.
        name(&format!("{}1{}", "x".repeat(60), "y".repeat(60)), &format!("{}2{}", "x".repeat(60), "y".repeat(60))),
        shaped(Shaped::Port(80), Shaped::Port(8080)),
        shaped(Shaped::Count(1), Shaped::Count(2)),
        shaped(Shaped::Count(1_204_331), Shaped::Count(1_204_332)),
        shaped(Shaped::Percent(9), Shaped::Percent(10)),
        shaped(Shaped::Tenths(98), Shaped::Tenths(100)),
        shaped(Shaped::Probability(9_300), Shaped::Probability(9_400)),
        shaped(Shaped::At(as_of - Span::hours(5)), Shaped::At(as_of - Span::hours(6))),
        shaped(Shaped::At(as_of - Span::days(90)), Shaped::At(as_of - Span::days(91))),
        shaped(Shaped::For(Span::hours(24)), Shaped::For(Span::hours(25))),
    ];
    if let (Ok(a), Ok(b)) = ("CVE-2021-44228".parse(), "CVE-2021-4422".parse()) {
        pairs.push(shaped(Shaped::Vuln(a), Shaped::Vuln(b)));
    }
    pairs
}

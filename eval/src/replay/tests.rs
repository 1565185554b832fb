use super::*;
use crate::testing::Real;

fn policy() -> Policy {
    Policy::bod_26_04().unwrap()
}

#[test]
fn the_day_has_33_000_events_and_depends_on_the_seed_alone() {
    let (places, events) = read(CASES).unwrap();
    let lines = |seed| day::logs(&places, events.iter().filter(|e| !e.further), now(), seed);
    let day = lines(SEED);
    assert_eq!(day.iter().map(|log| log.text.lines().count()).sum::<usize>(), 33_000);
    assert_eq!(day, lines(SEED));
    assert_ne!(day, lines(SEED + 1));
    let nodes: BTreeSet<String> = (1..=day::NODES).map(|n| format!("node-{n:02}")).collect();
    assert!(nodes.iter().all(|node| day.iter().any(|log| log.text.contains(node.as_str()))));
}

/// On a first day a place that does by design what attackers do has a line, unless administrators gave it what that takes:
/// those with a line are named, and nothing else has one.
#[test]
fn three_attacks_are_told_once_each_and_what_else_calls_is_named() {
    let (places, events) = read(CASES).unwrap();
    let outcomes = run(&places, &events, &policy(), SEED, &Real::new()).unwrap();
    let values: Vec<f64> = outcomes.iter().map(|o| o.value).collect();
    assert_eq!(values, [4.0, 1.0, 0.0, 3.0, 1.0, 0.0, 1.0], "{outcomes:#?}");
    let places: Vec<&str> = outcomes[0].failed.iter().filter_map(|told| told.split(':').next()).collect();
    assert_eq!(places, ["shop/orders-db"]);
    assert!(outcomes.iter().all(|o| o.met != Some(false)));
}

/// The same places, without what administrators gave them: each of them calls on a quiet day.
#[test]
fn what_is_not_given_calls_whoever_does_it() {
    let (mut places, events) = read(CASES).unwrap();
    places.iter_mut().for_each(|place| place.host = Host::default());
    let quiet = events.iter().filter(|e| e.attack.is_none());
    let (objects, logs) = (day::objects(&places), day::logs(&places, quiet, now(), SEED));
    let (ground, policy) = (Real::new(), policy());
    let mut replayed = Replayed::new(&ground, &policy).unwrap();
    let lines = replayed.take(&objects, &logs, now()).unwrap().lines(now()).unwrap();
    let called: Vec<&str> = lines.iter().map(|line| line.place.as_str()).collect();
    for place in ["kube-system/calico-node", "monitoring/node-agent", "shop/orders-db"] {
        assert!(called.contains(&place), "{place}: {called:?}");
    }
}

#[test]
fn a_line_that_no_attack_gave_is_not_taken_for_one() {
    let (_, events) = read(CASES).unwrap();
    let line = |place: &str, signs| Line { place: place.to_owned(), signs, findings: Vec::new() };
    let usual = BTreeSet::from([1]);
    let told = |lines: &[Line]| -> Vec<usize> {
        let events: Vec<Events> = events.iter().filter(|e| !e.further).cloned().collect();
        Seen::of(&events, lines, &usual).attacks.iter().map(|(_, lines)| lines.len()).collect()
    };
    assert_eq!(told(&[line("build/ci-runner", vec![1])]), [0, 0, 0], "the sign is one of every day");
    assert_eq!(told(&[line("build/ci-runner", vec![1, 2])]), [1, 0, 0]);
    assert_eq!(told(&[line("shop/reports", vec![2]), line("shop:reports", vec![3])]), [0, 2, 0]);
    assert_eq!(told(&[line("shop/cart", vec![2])]), [0, 0, 0], "there was no attack");
}

#[test]
fn cases_that_say_half_are_refused() {
    for odd in [
        r#"{"id":"web","place":{"kind":"Deployment","pods":1,"account":"web"}}"#,
        r#"{"id":"a","at":"shop/web","sensor":"falco","times":1,"says":{}}"#,
        r#"{"id":"a","at":"shop/web","sensor":"nose","times":1,"says":{},"why":"a word of no sensor"}"#,
        r#"{"id":"a","at":"shop/web","sensor":"falco","times":1,"hours":[5,5],"says":{},"why":"a time of no length"}"#,
    ] {
        assert!(read(odd).is_err(), "{odd}");
    }
}

use super::*;
use crate::testing::Real;

fn moves() -> Vec<Move> {
    read(MOVES).unwrap()
}

fn policy() -> Policy {
    Policy::bod_26_04().unwrap()
}

fn made(moves: &[Move]) -> Outcome {
    run(moves, &policy(), &Real::new()).unwrap()
}

#[test]
fn no_move_succeeds() {
    let moves = moves();
    let done = moves.iter().filter(|m| matches!(m.how, How::Done { .. })).count();
    assert!(done >= 20 && moves.len() - done >= 30);
    let outcome = made(&moves);
    assert_eq!(outcome.met, Some(true), "{:#?}", outcome.failed);
}

/// Every one of them would have something to win: the same, said by somebody who may lower, lowers.
#[test]
fn the_same_by_a_trusted_author_lowers() {
    for one in moves() {
        if let How::Said(said) = &one.how {
            let gain = gain(&said.before, &said.trusted, &policy()).unwrap();
            assert!(gain.is_some(), "{}: nothing to win", one.id);
        }
    }
}

/// What the API server enforces lowers, and so there is something to win with objects too.
#[test]
fn what_is_enforced_lowers() {
    let closed = [
        r#"{"object":"Deployment/web","merge":{"spec":{"replicas":0}}}"#,
        r#"{"object":"Service/web","merge":{"spec":{"type":"ClusterIP"},"status":null}}"#,
        r#"{"object":"Service/web","merge":{"spec":{"selector":{"app":"nobody"}}}}"#,
        r#"{"object":"Deployment/web","merge":{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"registry.example/shop/web:1.0","ports":[{"containerPort":8080}]}]}}}}}"#,
        r#"{"object":"ClusterRoleBinding/web","merge":{"subjects":[]}}"#,
    ];
    for change in closed {
        let line = format!(
            r#"{{"id":"x","move":"closes it for good","change":[{change}],"why":"this one is enforced and must count"}}"#
        );
        assert_eq!(made(&read(&line).unwrap()).value, 1.0, "{change}");
    }
}

/// A core that believed the tenant would be caught.
#[test]
fn a_core_that_believes_tenants_is_caught() {
    let believed = MOVES.replace(" by tenant", " by cluster");
    let outcome = made(&read(&believed).unwrap());
    assert!(outcome.value >= 8.0 && outcome.met == Some(false), "{}", outcome.value);
    let read_aloud =
        MOVES.replace(" by reading", " by cisa-adp").replace("container by cisa-adp", "container by curated");
    assert!(made(&read(&read_aloud).unwrap()).value >= 2.0);
}

#[test]
fn what_is_no_move_is_refused() {
    let said = r#"{"id":"x","move":"does nothing at all","base":{},"said":{},"trusted":{},"why":"because it is so"}"#;
    assert_eq!(read(said).unwrap_err().to_string(), "line 1: it changes nothing");
    let odd = r#"{"id":"x","move":"does nothing at all","change":[{"object":"Service/web"}],"why":"because it is so"}"#;
    assert!(read(odd).is_err());
    let lost = r#"{"id":"x","move":"patches what is not there","change":[{"object":"Pod/no","merge":{}}],"why":"because it is so"}"#;
    assert!(run(&read(lost).unwrap(), &policy(), &Real::new()).is_err());
}

use super::*;
use crate::ids::Span;

fn said(n: u8, details: u64) -> Said {
    Said {
        finding: Fingerprint::from_bytes([n; 20]),
        component: Opaque::readmit("lib"),
        spoken: Some(Spoken::OsPackages),
        details,
    }
}

fn live(range: std::ops::Range<u8>) -> Vec<Live> {
    let said_at = Time::from_secs(0);
    range.map(|n| Live { id: i64::from(n), said: said(n, 1), alive: true, doubt: Doubt::None, said_at }).collect()
}

fn staged(range: std::ops::Range<u8>) -> Vec<Staged> {
    range.map(|n| Staged { id: i64::from(n), said: said(n, 1) }).collect()
}

fn complete() -> Standing {
    Standing { closes: [Spoken::OsPackages].into_iter().collect(), ..at(1) }
}

fn at(secs: i64) -> Standing {
    Standing::new(Time::from_secs(secs))
}

#[test]
fn a_complete_newer_report_closes_exactly_what_it_lacks() {
    let changes: Vec<_> = reconcile(live(0..10), staged(0..9), complete()).collect();
    assert_eq!(changes.iter().filter(|c| matches!(c, Change::Same { .. })).count(), 9);
    assert_eq!(changes.last(), Some(&Change::Gone { live: 9 }));
}

#[test]
fn an_incomplete_report_closes_nothing() {
    assert!(
        !reconcile(live(0..10), staged(0..2), at(1)).any(|c| matches!(c, Change::Gone { .. } | Change::Doubted { .. }))
    );
}

#[test]
fn a_sudden_drop_is_doubted_until_a_second_look() {
    let standing = Standing { same_content_and_tool: true, ..complete() };
    let first: Vec<_> = reconcile(live(0..10), staged(0..2), standing).collect();
    assert_eq!(first.iter().filter(|c| matches!(c, Change::Doubted { .. })).count(), 8);
    let again = |ripe: Doubt| {
        live(0..10).into_iter().map(move |l| Live { doubt: if l.id >= 2 { ripe } else { Doubt::None }, ..l })
    };
    let gone = |doubt: Doubt| {
        reconcile(again(doubt), staged(0..2), standing).filter(|c| matches!(c, Change::Gone { .. })).count()
    };
    assert_eq!((gone(Doubt::Ripe), gone(Doubt::Fresh)), (8, 0));
    assert_eq!(
        reconcile(live(0..10), staged(0..2), complete()).filter(|c| matches!(c, Change::Gone { .. })).count(),
        8
    );
    assert_eq!(
        reconcile(live(0..3), staged(0..0), standing).filter(|c| matches!(c, Change::Doubted { .. })).count(),
        3,
        "empty where it was full"
    );
}

#[test]
fn an_outdated_report_adds_nothing() {
    let standing = Standing { outdated: [Spoken::OsPackages].into_iter().collect(), ..at(1) };
    assert_eq!(reconcile(live(0..2), staged(0..5), standing).count(), 0);
}

#[test]
fn details_and_returns_are_told_apart() {
    let mut before = live(0..2);
    before[0].alive = false;
    let now = vec![Staged { id: 0, said: said(0, 1) }, Staged { id: 1, said: said(1, 2) }];
    let changes: Vec<_> = reconcile(before, now, complete()).collect();
    assert!(
        matches!(changes[0], Change::Returned { live: 0, staged: 0 })
            && matches!(changes[1], Change::Updated { live: 1, staged: 1 })
    );
}

#[test]
fn one_source_does_not_outvote_another() {
    assert_eq!(presence([Word::Gone(ResolvedBecause::Fixed), Word::Live]), Presence::Open);
    assert_eq!(presence([Word::Gone(ResolvedBecause::Fixed), Word::Silent]), Presence::Stale);
    assert_eq!(presence([Word::Gone(ResolvedBecause::Fixed)]), Presence::Resolved(ResolvedBecause::Fixed));
}

#[test]
fn a_return_is_a_new_episode_of_the_same_finding() {
    let start = Time::from_secs(1000);
    let mut life = Life::begin(start);
    assert_eq!(
        life.go(Presence::Resolved(ResolvedBecause::Fixed), start + Span::hours(1)),
        Some(Step::Resolved(ResolvedBecause::Fixed))
    );
    assert_eq!(life.go(Presence::Open, start + Span::hours(2)), Some(Step::Reopened));
    assert_eq!((life.episode, life.first_seen, life.episode_start), (2, start, start + Span::hours(2)));
}

#[test]
fn a_superseded_finding_goes_on_where_it_was() {
    let start = Time::from_secs(1000);
    let mut life = Life::begin(start);
    life.go(Presence::Resolved(ResolvedBecause::Superseded), start + Span::hours(1));
    assert_eq!(life.go(Presence::Open, start + Span::hours(2)), Some(Step::Refreshed));
    assert_eq!(life.episode, 1);
}

#[test]
fn what_was_said_after_the_report_was_made_is_not_taken_back() {
    let mut before = live(0..10);
    before[9].said_at = Time::from_secs(2);
    assert_eq!(reconcile(before, staged(0..9), complete()).filter(|c| matches!(c, Change::Gone { .. })).count(), 0);
}

#[test]
fn as_many_new_rows_as_missing_ones_are_no_drop() {
    let standing = Standing { same_content_and_tool: true, ..complete() };
    let changes: Vec<_> = reconcile(live(0..10), staged(10..20), standing).collect();
    assert_eq!(changes.iter().filter(|c| matches!(c, Change::Gone { .. })).count(), 10);
}

#[test]
fn two_lives_join_into_the_one_that_is_there() {
    let start = Time::from_secs(1000);
    let mut closed = Life::begin(start);
    closed.go(Presence::Resolved(ResolvedBecause::Fixed), start + Span::hours(1));
    let open = Life::begin(start + Span::hours(2));
    for joined in [closed.join(open), open.join(closed)] {
        assert_eq!((joined.presence, joined.first_seen, joined.episode), (Presence::Open, start, 1));
        assert_eq!((joined.episode_start, joined.resolved_at), (start + Span::hours(2), None));
    }
}

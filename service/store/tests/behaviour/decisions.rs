//! Decisions: they bind, give way, end, and never change what the machine sees.

use assay_core::finding::Decision;
use assay_core::observation::VexStatus;
use assay_core::ports::Records;
use assay_core::records::{Chain, Move};

use crate::ledger::Ledger;
use crate::report::{hour, image, o, vulns};

const FIRST: &str = "docker.io/shop/web: CVE-2026-1000 in lib0";

fn one(ledger: &mut Ledger<'_, impl Records>) -> i64 {
    ledger.take(&image("shop/web:1.0").with(vulns(2)));
    ledger.finding(FIRST).id
}

fn decided(ledger: &Ledger<'_, impl Records>, at: i64) -> Vec<bool> {
    let mut all = Vec::new();
    ledger.records.each_row(hour(at), |row| all.push(row.decided)).expect("the ledger answers");
    all
}

pub(crate) fn a_decision_changes_neither_presence_nor_band(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let id = one(&mut ledger);
    let moved = Move {
        finding: id,
        from: None,
        to: 2,
        row: 7,
        points: 40,
        inputs: [1; 16],
        clock_start: hour(1),
        why: "first assessment".to_owned(),
    };
    ledger.records.record_moves(hour(1), "bod-26-04 1", std::slice::from_ref(&moved)).expect("the ledger answers");
    let before = ledger.finding(FIRST);
    for status in VexStatus::ALL {
        ledger.decide(id, *status, hour(2), Some(hour(99)));
        let after = ledger.finding(FIRST);
        assert_eq!((after.life, after.clock_start, after.severity), (before.life, before.clock_start, before.severity));
        assert_eq!(after.decision.map(|d| d.status), Some(*status));
    }
    assert_eq!(ledger.records.moves_of(id).expect("the ledger answers"), [(hour(1), moved)]);
    assert_eq!(ledger.open().len(), 2);
}

pub(crate) fn a_decision_binds_until_its_day(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let id = one(&mut ledger);
    ledger.decide(id, VexStatus::NotAffected, hour(2), Some(hour(10)));
    assert_eq!((decided(&ledger, 9), decided(&ledger, 10)), (vec![true, false], vec![false, false]));
    ledger.decide(id, VexStatus::UnderInvestigation, hour(3), Some(hour(10)));
    assert_eq!(decided(&ledger, 4), [false, false], "somebody looks: that takes nothing out");
    ledger.decide(id, VexStatus::Affected, hour(4), None);
    assert_eq!(decided(&ledger, 5), [false, false], "it is affected: there is something to do");
    ledger.decide(id, VexStatus::Affected, hour(5), Some(hour(10)));
    assert_eq!((decided(&ledger, 9), decided(&ledger, 10)), (vec![true, false], vec![false, false]), "accepted");
}

pub(crate) fn a_new_decision_takes_the_place_of_the_old_one(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let id = one(&mut ledger);
    ledger.decide(id, VexStatus::NotAffected, hour(2), Some(hour(10)));
    ledger.decide(id, VexStatus::Affected, hour(3), Some(hour(5)));
    let standing = ledger.records.standing_decisions().expect("the ledger answers");
    assert_eq!((standing.len(), standing[0].decision.status), (1, VexStatus::Affected));
    let decision = Decision {
        status: VexStatus::Fixed,
        justification: None,
        note: o(""),
        by: o("vendor"),
        at: hour(4),
        until: None,
    };
    ledger.records.decide(id, &decision, "{}", "vex:https://shop/vex").expect("the ledger answers");
    assert_eq!(
        ledger.records.standing_decisions().expect("the ledger answers").len(),
        2,
        "a document's and a person's stand side by side"
    );
}

pub(crate) fn when_it_ends_the_finding_is_due_again(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let id = one(&mut ledger);
    ledger.decide(id, VexStatus::NotAffected, hour(2), Some(hour(10)));
    let seq = ledger.last_change();
    let standing = ledger.records.standing_decisions().expect("the ledger answers");
    ledger
        .records
        .revoke_decision(standing[0].id, hour(10), "it ended on its day", "decision_expired")
        .expect("the ledger answers");
    ledger
        .records
        .revoke_decision(standing[0].id, hour(11), "it ended on its day", "decision_expired")
        .expect("the ledger answers");
    let after = ledger.finding(FIRST);
    assert_eq!((after.life.episode, after.clock_start, after.decision), (1, hour(10), None));
    let kinds: Vec<String> = ledger.changes(seq).into_iter().map(|c| c.kind).collect();
    assert_eq!(kinds, ["decision_expired"], "once");
    ledger.decide(id, VexStatus::Affected, hour(12), None);
    let standing = ledger.records.standing_decisions().expect("the ledger answers");
    ledger
        .records
        .revoke_decision(standing[0].id, hour(14), "it ended on its day", "decision_expired")
        .expect("the ledger answers");
    assert_eq!(ledger.finding(FIRST).clock_start, hour(10), "what was never out of today gains no time");
}

pub(crate) fn a_decision_survives_what_reports_say(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let id = one(&mut ledger);
    ledger.decide(id, VexStatus::NotAffected, hour(2), Some(hour(900)));
    ledger
        .take_all(&[image("shop/web:1.0").at(3).with(vulns(2)), image("shop/web:1.1").at(4).content(4).with(vulns(2))]);
    ledger.take(&image("shop/web:1.1").at(5).content(5));
    ledger.take(&image("shop/web:1.1").at(6).content(6).with(vulns(2)));
    let finding = ledger.finding(FIRST);
    assert_eq!((finding.life.episode, finding.decision.map(|d| d.status)), (2, Some(VexStatus::NotAffected)));
}

pub(crate) fn a_decision_on_nothing_is_refused(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let id = one(&mut ledger);
    let decision = Decision {
        status: VexStatus::Affected,
        justification: None,
        note: o(""),
        by: o("ana"),
        at: hour(1),
        until: Some(hour(2)),
    };
    let links = ledger.records.verify_audit().expect("the ledger answers").links;
    assert!(ledger.records.decide(id + 1000, &decision, "{}", "person").is_err());
    assert_eq!(ledger.records.verify_audit().expect("the ledger answers"), Chain { links, broken_at: None });
}

pub(crate) fn every_act_is_a_link_of_the_chain(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let id = one(&mut ledger);
    ledger.decide(id, VexStatus::Affected, hour(2), Some(hour(10)));
    let standing = ledger.records.standing_decisions().expect("the ledger answers");
    ledger
        .records
        .revoke_decision(standing[0].id, hour(10), "it ended on its day", "decision_expired")
        .expect("the ledger answers");
    assert_eq!(ledger.records.verify_audit().expect("the ledger answers"), Chain { links: 3, broken_at: None });
}

pub(crate) fn an_id_or_its_beginning_finds_it(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let id = one(&mut ledger);
    let full = ledger.finding(FIRST).fingerprint.to_string();
    for text in [&full, &full[3..11], &full[..11], &full[3..]] {
        assert_eq!(ledger.records.find(text).expect("the ledger answers"), Some(id), "{text}");
    }
    for text in ["", "a1:", "abc", "zzzzzzzzzzzz", "a1:zzzz", "1; DROP TABLE finding", "ABCD"] {
        assert_eq!(ledger.records.find(text).expect("the ledger answers"), None, "{text}");
    }
}

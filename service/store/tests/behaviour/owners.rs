//! An owner that is learnt late: findings move to it, nothing of it is news.

use assay_core::asset::AssetKey;
use assay_core::finding::Presence;
use assay_core::observation::VexStatus;
use assay_core::ports::Records;

use crate::ledger::Ledger;
use crate::report::{hour, image, objects, vuln, vulns};
use crate::scan::{deployment, object, scan};

fn pod() -> AssetKey {
    object("Pod", "shop", "web-5d4f-x2x")
}

fn set() -> AssetKey {
    object("ReplicaSet", "shop", "web-5d4f")
}

pub(crate) fn findings_move_to_an_owner_that_is_learnt_late(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let of_pod = crate::scan::of_object(&pod());
    ledger.take(
        &objects().by("operator").part(of_pod.clone(), &[assay_core::scope::Spoken::Misconfiguration], None).fails(
            &pod(),
            "privileged",
            Some(&of_pod),
        ),
    );
    let before = ledger.finding("shop/web-5d4f-x2x: privileged");
    ledger.decide(before.id, VexStatus::Affected, hour(2), Some(hour(99)));
    let seq = ledger.last_change();
    ledger.take(
        &scan(3, 1).exists(&deployment("web")).owned(&set(), Some(&deployment("web"))).owned(&pod(), Some(&set())),
    );
    let after = ledger.finding("shop/web: privileged");
    assert_ne!(before.fingerprint, after.fingerprint);
    assert_eq!(
        (after.id, after.life, after.decision),
        (before.id, before.life, ledger.finding("shop/web: privileged").decision)
    );
    assert!(ledger.finding("shop/web: privileged").decision.is_some());
    assert_eq!(ledger.count(), 1);
    for old in [before.fingerprint.to_string(), before.fingerprint.to_string()[3..11].to_owned()] {
        assert_eq!(ledger.records.find(&old).expect("the ledger answers"), Some(after.id), "an old id finds it still");
    }
    assert!(ledger.story("shop/web: privileged", seq).iter().all(|kind| kind == "merged"));
    ledger.take(
        &objects()
            .by("operator")
            .at(4)
            .part(of_pod.clone(), &[assay_core::scope::Spoken::Misconfiguration], None)
            .fails(&pod(), "privileged", Some(&of_pod)),
    );
    assert_eq!(ledger.count(), 1, "what is said of the pod is said of its owner");
}

pub(crate) fn placed_findings_move_with_their_container(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&image("shop/web:1.0").with(vulns(2)));
    ledger.take(&scan(2, 1).exists(&pod()).runs(&pod(), "app", "shop/web:1.0"));
    let before = ledger.finding("shop/web-5d4f-x2x/app: CVE-2026-1000 in lib0");
    // Another report tells the owner, and says nothing of what runs.
    let seq = ledger.last_change();
    ledger.take(&objects().by("assay").at(3).owned(&pod(), Some(&deployment("web"))));
    let after = ledger.finding("shop/web/app: CVE-2026-1000 in lib0");
    assert_eq!((after.id, after.life.presence, after.life.episode), (before.id, Presence::Open, 1));
    assert_eq!((ledger.open().len(), ledger.count()), (2, 4));
    assert!(ledger.changes(seq).iter().all(|c| c.kind == "merged"), "{:?}", ledger.changes(seq));
    ledger.take(&image("shop/web:1.0").at(4).content(4).with(vulns(3)));
    assert_eq!(ledger.open().len(), 3);
}

pub(crate) fn findings_of_pod_and_owner_become_one(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let flaw = vuln("CVE-2026-0001", "bash");
    let by = |tool: &str, at: i64, of: &AssetKey| objects().by(tool).at(at).container_has(of, "app", &flaw);
    ledger.take_all(&[by("operator", 1, &deployment("web")), by("kubescape", 2, &pod())]);
    assert_eq!(ledger.count(), 2);
    let old = ledger.finding("shop/web-5d4f-x2x/app: CVE-2026-0001 in bash");
    ledger.take(&objects().by("assay").at(3).owned(&pod(), Some(&deployment("web"))));
    let one = ledger.finding("shop/web/app: CVE-2026-0001 in bash");
    assert_eq!((ledger.count(), one.words.len(), one.life.first_seen, one.life.episode), (1, 2, hour(1), 1));
    assert_eq!(ledger.records.find(&old.fingerprint.to_string()).expect("the ledger answers"), Some(one.id));
}

pub(crate) fn owner_first_and_owner_late_end_alike(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let flaw = vuln("CVE-2026-0001", "bash");
    let claims = |of: &AssetKey| objects().by("operator").at(1).container_has(of, "app", &flaw);
    let owns = |pod: &AssetKey, of: &str| objects().by("assay").at(1).owned(pod, Some(&deployment(of)));
    let (one, two) = (object("Pod", "shop", "a-1"), object("Pod", "shop", "b-1"));
    ledger.take_all(&[claims(&one), owns(&one, "a"), owns(&two, "b"), claims(&two)]);
    let (a, b) =
        (ledger.finding("shop/a/app: CVE-2026-0001 in bash"), ledger.finding("shop/b/app: CVE-2026-0001 in bash"));
    assert_eq!((a.life, a.words.len(), ledger.count()), (b.life, b.words.len(), 2));
}

//! Signs of attack: how often they are seen does not matter, how far they went does, and who closes them.

use assay_core::asset::AssetKey;
use assay_core::finding::Presence;
use assay_core::observation::{
    AttackStage, Author, Claim, ControlId, Fact, Flaw, Observation, PREVENTED, RecordKind, Severity, Subject, What,
};
use assay_core::ports::Records;

use crate::ledger::Ledger;
use crate::report::{Report, hour, o, stream};
use crate::scan::{deployment, object, scan};

const FOOTHOLD: AttackStage = AttackStage::Foothold;
const ATTEMPT: AttackStage = AttackStage::Attempt;

impl Report {
    /// An event is a sign of attack on an object: a claim, and the fact that it was attacked.
    fn signal(self, at: &AssetKey, discriminator: &str, stage: AttackStage) -> Self {
        let (subject, signal, when) =
            (Subject::Object { at: at.clone(), container: None }, ControlId(o("core-pattern")), self.received_at());
        let fact = Fact {
            subject: subject.clone(),
            component: None,
            what: What::Attacked { stage, signal: signal.clone() },
            author: Author::Scanner,
            since: when,
            until: when,
            valid_until: Some(when + crate::ledger::days(7)),
        };
        let claim = Claim {
            scope: None,
            subject,
            severity: Severity::High,
            title: o("core"),
            text: o(""),
            rule: o("core"),
            flaw: Flaw::Signal { signal, discriminator: o(discriminator), stage },
        };
        let yields = vec![Observation::Fact(Box::new(fact)), Observation::Claim(Box::new(claim))];
        self.say(RecordKind::Event, yields)
    }
}

fn log(at: i64) -> Report {
    stream("falco").at(at)
}

pub(crate) fn events_of_one_signal_are_one_finding(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let web = deployment("web");
    let taken = ledger.take(&log(2).signal(&web, "", FOOTHOLD).signal(&web, "", FOOTHOLD));
    assert_eq!((taken.observations, taken.findings.new), (2, 1));
    let taken = ledger.take(&log(3).signal(&web, "", FOOTHOLD));
    assert_eq!((taken.findings.new, taken.findings.unchanged, ledger.count()), (0, 1, 1));
}

pub(crate) fn a_foothold_outlives_its_pod_and_an_attempt_does_not(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let (web, api) = (deployment("web"), deployment("api"));
    ledger.take(&scan(1, 1).exists(&web).exists(&api));
    ledger.take(&log(2).signal(&web, "", FOOTHOLD).signal(&api, "", ATTEMPT));
    ledger.take(&scan(3, 2));
    let still: Vec<(AssetKey, bool)> = ledger
        .findings_at(hour(4))
        .into_iter()
        .map(|f| (f.place.asset, !matches!(f.life.presence, Presence::Resolved(_))))
        .collect();
    assert!(still.contains(&(web, true)) && still.contains(&(api, false)), "{still:?}");
}

pub(crate) fn a_later_attempt_does_not_take_a_footholds_place(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let web = deployment("web");
    ledger.take(&log(2).signal(&web, "", FOOTHOLD));
    ledger.take(&log(3).signal(&web, PREVENTED, ATTEMPT));
    let mut stages: Vec<Option<AttackStage>> = ledger.findings_at(hour(4)).iter().map(|f| f.stage).collect();
    stages.sort();
    assert_eq!(stages, [Some(ATTEMPT), Some(FOOTHOLD)]);
    let world = ledger.world_at(hour(4));
    let facts = &world.asset(world.find(&web).expect("it was named")).facts;
    let holds = |wanted| facts.iter().any(|f| matches!(f.what, What::Attacked { stage, .. } if stage == wanted));
    assert!(holds(FOOTHOLD) && holds(ATTEMPT));
}

pub(crate) fn a_pods_signal_is_its_owners(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let (web, pod) = (deployment("web"), object("Pod", "shop", "web-1"));
    ledger.take(&log(2).signal(&pod, "", FOOTHOLD));
    ledger.take(&scan(3, 1).exists(&web).owned(&pod, Some(&web)));
    let places: Vec<AssetKey> = ledger.findings_at(hour(4)).into_iter().map(|f| f.place.asset).collect();
    assert_eq!(places, [web]);
}

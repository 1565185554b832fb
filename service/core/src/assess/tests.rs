use proptest::prelude::*;

use super::*;

fn policy() -> Policy {
    Policy::bod_26_04().unwrap()
}

fn band(policy: &Policy, order: u8) -> &str {
    &policy.band(order).name
}

fn kev_flaw() -> Inputs {
    Inputs {
        in_kev: Answer::Yes,
        exposure: Exposed::WithTraffic,
        automatable: Answer::Yes,
        total_impact: Answer::Yes,
        ..Inputs::unknown(FindingClass::Vulnerability)
    }
}

#[test]
fn an_exposed_kev_flaw_with_total_impact_is_row_15() {
    let policy = policy();
    let a = assess(kev_flaw(), &policy);
    assert_eq!((band(&policy, a.band), a.row, a.best, a.worst, a.unknown), ("forensic-3-days", 15, 0, 0, 0));
}

#[test]
fn the_deciding_set_is_the_smallest_that_fixes_the_band() {
    let policy = policy();
    // In KEV, exposed and total: automatable makes no difference (rows 12 and 15).
    assert_eq!(assess(kev_flaw(), &policy).deciding, 0b1011);
    let quiet = Inputs {
        in_kev: Answer::No,
        exposure: Exposed::Internal,
        automatable: Answer::No,
        total_impact: Answer::No,
        ..kev_flaw()
    };
    assert_eq!(assess(quiet, &policy).deciding.count_ones(), 3, "not in KEV, not exposed, not automatable");
}

#[test]
fn unknowns_span_from_the_best_band_to_the_worst() {
    let policy = policy();
    let a = assess(Inputs::unknown(FindingClass::Vulnerability), &policy);
    assert_eq!(
        (band(&policy, a.band), band(&policy, a.best), band(&policy, a.worst)),
        ("60-days", "on-upgrade", "forensic-3-days")
    );
    assert_eq!(a.unknown, 0b1111);
}

#[test]
fn a_privileged_pod_with_exposure_is_14_days_not_3() {
    let policy = policy();
    let pod = Inputs {
        in_kev: Answer::NotApplicable,
        exposure: Exposed::ByPath,
        automatable: Answer::No,
        total_impact: Answer::Yes,
        attacked: Attacked::NoneSeen,
        ..Inputs::unknown(FindingClass::Misconfiguration)
    };
    let a = assess(pod, &policy);
    assert_eq!((band(&policy, a.band), band(&policy, a.worst)), ("14-days", "14-days"));
    let attacked = assess(Inputs { attacked: Attacked::Foothold, ..pod }, &policy);
    assert_eq!(band(&policy, attacked.band), "forensic-3-days");
}

/// A missing probe has no deadline, exposed or not, attacked or not; what is not known of it changes nothing.
#[test]
fn what_gives_nothing_stands_where_the_table_ends() {
    let policy = policy();
    let probe = Inputs {
        exposure: Exposed::WithTraffic,
        automatable: Answer::No,
        total_impact: Answer::NotApplicable,
        attacked: Attacked::Foothold,
        ..Inputs::unknown(FindingClass::Misconfiguration)
    };
    for inputs in [probe, Inputs { exposure: Exposed::Unknown, attacked: Attacked::Unknown, ..probe }] {
        let a = assess(inputs, &policy);
        assert_eq!((band(&policy, a.band), band(&policy, a.worst), a.unknown), ("on-upgrade", "on-upgrade", 0));
    }
    let partial = assess(Inputs { total_impact: Answer::No, attacked: Attacked::NoneSeen, ..probe }, &policy);
    assert_eq!(band(&policy, partial.band), "60-days");
}

#[test]
fn a_foothold_signal_is_first_whatever_else_holds() {
    let signal = Inputs {
        attacked: Attacked::Foothold,
        exposure: Exposed::Internal,
        total_impact: Answer::No,
        ..Inputs::unknown(FindingClass::Signal)
    };
    let a = assess(signal, &policy());
    assert_eq!((a.band, a.incident), (0, true));
}

#[test]
fn what_does_not_apply_to_the_class_adds_nothing() {
    let control = Inputs {
        in_use: Answer::NotApplicable,
        conditions: Answer::NotApplicable,
        ..Inputs::unknown(FindingClass::Misconfiguration)
    };
    for c in contributions(control, &policy()) {
        if matches!(
            c.factor,
            FactorName::Epss | FactorName::Cvss | FactorName::Conditions | FactorName::InUse | FactorName::Fix
        ) {
            assert_eq!(c.points, 0, "{}", c.factor);
        }
    }
}

#[test]
fn the_second_policy_answers_too() {
    let policy = Policy::ssvc_deployer().unwrap();
    let a = assess(kev_flaw(), &policy);
    assert_eq!(
        (band(&policy, a.band), band(&policy, a.worst)),
        ("out-of-cycle", "immediate"),
        "human impact is unknown, medium is assumed"
    );
}

fn any_inputs() -> impl Strategy<Value = Inputs> {
    let bytes = proptest::array::uniform16(any::<u8>());
    bytes.prop_map(|mut b| {
        for (i, n) in [(0, 6), (1, 4), (2, 4), (3, 4), (4, 4), (5, 4), (6, 4), (7, 4), (8, 3), (9, 4), (13, 4)] {
            b[i] %= n;
        }
        b[14] %= 21;
        b[15] %= 2;
        Inputs::from_bytes(b).unwrap()
    })
}

/// That nobody knows whether a flaw is exploited does not make a public proof of concept unknown.
#[test]
fn a_public_proof_counts_where_exploitation_is_unknown() {
    let policy = Policy::ssvc_deployer().unwrap();
    let inputs = |public_poc| Inputs {
        exposure: Exposed::ByPath,
        automatable: Answer::Yes,
        human_impact: Some(HumanImpact::High),
        public_poc,
        ..Inputs::unknown(FindingClass::Vulnerability)
    };
    let named = |public_poc| {
        let a = assess(inputs(public_poc), &policy);
        [a.band, a.best, a.worst].map(|order| policy.band(order).name.as_str())
    };
    assert_eq!(named(true), ["out-of-cycle", "out-of-cycle", "immediate"]);
    assert_eq!(named(false), ["scheduled", "scheduled", "immediate"]);
}

proptest! {
    /// The short look and the whole one agree.
    #[test]
    fn a_finding_stands_where_it_is_assessed(inputs in any_inputs(), second: bool) {
        let policy = if second { Policy::ssvc_deployer().unwrap() } else { policy() };
        let (s, a) = (stand(inputs, &policy), assess(inputs, &policy));
        prop_assert_eq!((s.band, s.row, s.points), (a.band, a.row, a.points));
    }

    #[test]
    fn inputs_survive_their_sixteen_bytes(inputs in any_inputs()) {
        prop_assert_eq!(Inputs::from_bytes(inputs.to_bytes()), Some(inputs));
    }

    #[test]
    fn contributions_add_up_and_the_band_lies_between_best_and_worst(inputs in any_inputs()) {
        for policy in [Policy::bod_26_04().unwrap(), Policy::ssvc_deployer().unwrap()] {
            let a = assess(inputs, &policy);
            let sum: u16 = contributions(inputs, &policy).iter().map(|c| c.points).sum();
            prop_assert_eq!(a.points, sum);
            prop_assert!(a.worst <= a.band && a.band <= a.best);
        }
    }

    /// Law 3: unknown never ranks below `no`, under any table.
    #[test]
    fn unknown_never_ranks_below_no(inputs in any_inputs(), deployer: bool) {
        let policy = if deployer { Policy::ssvc_deployer().unwrap() } else { policy() };
        let rank = |i: Inputs| { let a = assess(i, &policy); (a.worst, std::cmp::Reverse(a.points)) };
        let pairs = [
            (Inputs { in_kev: Answer::No, ..inputs }, Inputs { in_kev: Answer::Unknown, ..inputs }),
            (Inputs { exposure: Exposed::Internal, ..inputs }, Inputs { exposure: Exposed::Unknown, ..inputs }),
            (Inputs { attacked: Attacked::NoneSeen, ..inputs }, Inputs { attacked: Attacked::Unknown, ..inputs }),
            (Inputs { in_use: Answer::No, ..inputs }, Inputs { in_use: Answer::Unknown, ..inputs }),
            (Inputs { conditions: Answer::No, ..inputs }, Inputs { conditions: Answer::Unknown, ..inputs }),
            (Inputs { automatable: Answer::No, ..inputs }, Inputs { automatable: Answer::Unknown, ..inputs }),
            (Inputs { total_impact: Answer::No, ..inputs }, Inputs { total_impact: Answer::Unknown, ..inputs }),
        ];
        for (no, unknown) in pairs {
            prop_assert!(assess(unknown, &policy).band <= assess(no, &policy).band);
            prop_assert!(rank(unknown) <= rank(no));
        }
    }
}

use super::*;

fn pairs() -> Vec<Pair> {
    read(PAIRS).unwrap()
}

fn policies(points: &str) -> Policies {
    let policy = |file: &str, table: &str| Policy::parse(file, table, points).unwrap();
    Policies {
        default: policy(
            include_str!("../../../service/core/policy/bod-26-04.toml"),
            include_str!("../../../service/core/policy/bod-26-04.csv"),
        ),
        others: vec![Policy::ssvc_deployer().unwrap()],
    }
}

#[test]
fn every_pair_is_in_the_demanded_order() {
    let outcome = run(&pairs(), &Policies::bundled().unwrap()).unwrap();
    assert_eq!(outcome.met, Some(true), "{:#?}", outcome.failed);
}

#[test]
fn there_are_many_pairs_about_each_factor() {
    let pairs = pairs();
    assert!(pairs.len() >= 120, "{}", pairs.len());
    for about in About::ALL {
        let mine = pairs.iter().filter(|p| p.about == *about);
        assert!(mine.count() >= 12, "{about}");
    }
}

/// A core that leaves a factor out, or turns it round, puts pairs about that factor in another order.
#[test]
fn a_policy_without_a_factor_is_caught() {
    let broken = [
        (About::Environment, "production = 100", "production = 20"),
        (About::Environment, "unknown = 60\ntest = 20", "unknown = 0\ntest = 20"),
        (About::Exposure, "exposed_with_traffic = 300", "exposed_with_traffic = 250"),
        (About::Exposure, "exposed = 250\nunknown = 150", "exposed = 250\nunknown = 250"),
        (About::InUse, "[in_use]\nyes = 200\nunknown = 80\nno = 0", "[in_use]\nyes = 0\nunknown = 80\nno = 200"),
        (About::InUse, "[in_use]\nyes = 200\nunknown = 80", "[in_use]\nyes = 200\nunknown = 0"),
        (About::Attacked, "foothold = 300", "foothold = 120"),
        (About::Attacked, "attempt = 120\nunknown = 60", "attempt = 60\nunknown = 60"),
        (About::Conditions, "[conditions]\nyes = 120\nunknown = 60", "[conditions]\nyes = 60\nunknown = 60"),
        (About::Policy, "epss_max = 150", "epss_max = 0"),
        (About::Policy, "fix = 30", "fix = 0"),
        (About::Policy, "blast_radius_max = 100", "blast_radius_max = 0"),
    ];
    for (about, whole, cut) in broken {
        let points = Policy::POINTS.replacen(whole, cut, 1);
        assert_ne!(points, Policy::POINTS, "{whole}");
        let outcome = run(&pairs(), &policies(&points)).unwrap();
        assert_eq!(outcome.met, Some(false), "{whole}");
        let named = format!("({about})");
        assert!(outcome.failed.iter().any(|f| f.contains(&named)), "{whole}: {:#?}", outcome.failed);
    }
}

/// Pairs turned round must all fail, but for those that must be equal.
#[test]
fn the_demand_itself_is_looked_at() {
    let turn = |p: Pair| Pair { first: p.second, second: p.first, ..p };
    let turned: Vec<Pair> = pairs().into_iter().map(turn).collect();
    let ordered = turned.iter().filter(|p| !p.equal).count();
    let outcome = run(&turned, &Policies::bundled().unwrap()).unwrap();
    assert_eq!(outcome.cases - (outcome.value * outcome.cases as f64).round() as usize, ordered);
}

#[test]
fn what_is_no_pair_is_refused() {
    let why = "\"why\":\"because it is so\"";
    let no_pairs = [
        format!(r#"{{"id":"x","about":"in_use","more":{{"replicas":"3","in_use":"loaded"}},"less":{{}},{why}}}"#),
        format!(r#"{{"id":"x","about":"in_use","more":{{}},"less":{{}},{why}}}"#),
        format!(r#"{{"id":"x","about":"in_use","more":{{"in_use":"sleeps"}},"less":{{}},{why}}}"#),
        format!(r#"{{"id":"x","about":"in_use","more":{{"mood":"good"}},"less":{{}},{why}}}"#),
        format!(r#"{{"id":"x","about":"in_use","more":{{"in_use":"loaded"}},"same":[{{}},{{}}],{why}}}"#),
        format!(r#"{{"id":"x","about":"luck","more":{{"in_use":"loaded"}},"less":{{}},{why}}}"#),
        r#"{"id":"x","about":"in_use","more":{"in_use":"loaded"},"less":{},"why":"so"}"#.to_owned(),
        r#"{"id":"x","about":"in_use","more":{"in_use":"loaded"},"less":{}}"#.to_owned(),
    ];
    for line in &no_pairs {
        assert!(read(line).is_err(), "{line}");
    }
    let right = format!(r#"{{"id":"x","about":"in_use","more":{{"in_use":"loaded"}},"less":{{}},{why}}}"#);
    assert!(read(&right).is_ok());
    let error = read(&format!("{right}\n\n{right}")).unwrap_err();
    assert_eq!(error.to_string(), "line 3: `x` stands in an earlier line");
}

use super::*;

fn outcome<'a>(rows: &'a [Outcome], measure: &str) -> &'a Outcome {
    rows.iter().find(|row| row.measure == measure).expect("a measure")
}

#[test]
fn the_questions_of_this_build_are_many_and_of_every_kind() {
    let all = cases(QUESTIONS).expect("cases");
    let judged = |query: bool| all.iter().filter(|c| c.judged() && matches!(c.want, Want::Query(_)) == query).count();
    assert!(judged(true) >= 400 && judged(false) >= 300, "{} and {}", judged(true), judged(false));
    for kind in assay_core::query::QueryKind::ALL {
        assert!(all.iter().any(|c| c.judged() && c.kind() == kind.as_str()), "{kind}");
    }
    let open: std::collections::BTreeSet<&str> = all.iter().filter(|c| c.open).map(|c| c.family.as_str()).collect();
    assert!(all.iter().filter(|c| !c.open).all(|c| !open.contains(c.family.as_str())), "a frame is on one side only");
}

#[test]
fn what_is_read_otherwise_is_counted_by_kind_and_no_question_that_is_held_back_is_told() {
    let lines = [
        r#"{"id":"a","family":"f","writer":"plain","split":"test","ask":"criticals in shop","as":"list namespace=shop severity=critical"}"#,
        r#"{"id":"b","family":"f","writer":"plain","split":"test","ask":"criticals in shop","as":"list namespace=build"}"#,
        r#"{"id":"c","family":"g","writer":"terse","split":"test","ask":"delete the pod","abstain":"action"}"#,
        r#"{"id":"d","family":"g","writer":"terse","split":"test","ask":"criticals in shop","abstain":"secret"}"#,
        r#"{"id":"e","family":"h","writer":"terse","split":"dev","ask":"criticals in shop","abstain":"secret"}"#,
        r#"{"id":"f","family":"i","writer":"terse","split":"test","after":"criticals in shop","ask":"and in build?","as":"list severity=critical namespace=build"}"#,
    ];
    assert_eq!(in_one_order("list severity=high|critical namespace=a"), "list namespace=a severity=critical|high");
    let rows = run(&cases(&lines.join("\n")).expect("cases"), None).expect("rows");
    let exact = outcome(&rows, "exact query, parser alone");
    assert_eq!((exact.cases, exact.value, exact.met), (3, 2.0 / 3.0, Some(false)));
    assert_eq!(exact.failed, ["list: 2 of 3 exact"]);
    let refused = outcome(&rows, "unanswerable and refused, parser alone");
    assert_eq!((refused.cases, refused.value), (2, 0.5));
    assert_eq!(refused.failed, ["secret: 0 of 1 refused"]);
    assert_eq!(outcome(&rows, "answerable and answered, parser alone").met, Some(true));
    let open = outcome(&rows, "all as written, open cases, parser alone");
    assert!(open.failed.len() == 1 && open.met.is_none() && open.failed[0].contains("criticals in shop"), "{open:?}");
    let held: Vec<&String> = rows.iter().filter(|r| r.measure != open.measure).flat_map(|r| &r.failed).collect();
    assert!(held.iter().all(|told| !told.contains("criticals in shop")), "{held:?}");
}

#[test]
fn a_line_that_says_neither_or_both_is_refused_by_its_number() {
    for line in [
        r#"{"id":"a","ask":"x"}"#,
        r#"{"id":"a","ask":"x","as":"top","abstain":"secret"}"#,
        r#"{"id":"a","ask":"x","abstain":"boredom"}"#,
        r#"{"id":"a","ask":"x","as":"top","split":"mine"}"#,
    ] {
        assert_eq!(cases(line).unwrap_err().line, 1, "{line}");
    }
}

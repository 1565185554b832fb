//! What an answer says where the plain count would mislead: what is still open, what nobody claims, what was perhaps meant.

use super::*;

#[test]
fn whether_it_is_fixed_is_told_from_what_is_still_open() {
    let shop = shop();
    for question in ["is log4shell fixed", "has log4j been patched", "is CVE-2021-44228 fixed in shop/web"] {
        let (text, answer) = shop.ask(question);
        let open = answer["rows"].as_array().unwrap().len();
        assert!(text.contains(&format!("No: {open} open, 0 resolved.")) && open > 0, "{question}: {text}");
    }
    let (text, _) = shop.ask("which findings in shop were fixed");
    assert!(text.contains("Of the same, still open: 82."), "{text}");
    for question in ["how many in shop were fixed", "was log4shell fixed since yesterday"] {
        let (text, _) = shop.ask(question);
        assert!(text.contains("Of the same, still open: "), "{question}: {text}");
    }
    let (text, _) = shop.ask("is log4shell fixed in shop/mail");
    assert!(text.contains("No report that was taken in claims it there: 0 open, 0 resolved."), "{text}");
}

#[test]
fn what_is_overdue_is_told_among_all_that_have_a_deadline() {
    let mut shop = shop();
    let (text, answer) = shop.ask("what is overdue");
    assert!(text.contains("0 overdue of ") && text.contains("with a deadline; the next is due in "), "{text}");
    assert_eq!(answer["rows"], json!([]));
    shop.snapshot.world.as_of = "2026-12-20T00:00:00Z".parse().unwrap();
    let (text, answer) = shop.ask("what is overdue");
    assert!(!answer["rows"].as_array().unwrap().is_empty() && !text.contains("0 overdue of"), "{text}");
}

#[test]
fn what_no_report_claims_is_said_with_what_was_looked_at() {
    let shop = shop();
    for (question, id) in
        [("are we affected by heartbleed", "CVE-2014-0160"), ("is CVE-2014-0160 open", "CVE-2014-0160")]
    {
        let (text, answer) = shop.ask(question);
        assert_eq!(answer["abstained"], "unknown_name", "{question}");
        assert!(text.contains(&format!("No report that was taken in claims {id} here.")), "{question}: {text}");
        assert!(text.contains("Reports speak for 2 of 3 running images"), "{question}: {text}");
    }
}

#[test]
fn words_one_letter_off_are_named_and_not_taken() {
    let shop = shop();
    let (text, answer) = shop.ask("xposed in shp");
    assert_eq!((answer["abstained"].as_str(), &answer["rows"]), (Some("not_for_assay"), &json!([])));
    assert!(text.contains("xposed from exposed") && text.contains("shp from shop"), "{text}");
    let (text, _) = shop.ask("criticals in shp");
    assert!(text.contains("One letter away is the namespace shop"), "{text}");
    let (text, answer) = shop.ask("wat r the wrst ones");
    assert_eq!(answer["query"]["kind"], "top", "slips in common words are no names: {text}");
}

#[test]
fn a_second_question_in_one_breath_is_said_to_be_left_aside() {
    let shop = shop();
    let (text, _) = shop.ask("is log4shell fixed and who runs it");
    assert!(text.contains("Left aside: 'who runs it'."), "{text}");
    for question in ["criticals in shop, how many", "what should i fix first and why"] {
        let (text, _) = shop.ask(question);
        assert!(!text.contains("Left aside"), "{question}: {text}");
    }
}

#[test]
fn why_a_vulnerability_is_low_asks_for_its_rank() {
    let (text, answer) = shop().ask("why is CVE-2022-1471 low");
    assert_eq!(answer["query"]["filters"], json!({ "cve": ["CVE-2022-1471"] }), "{text}");
    assert_eq!(titles(&answer), ["CVE-2022-1471 in snakeyaml 2.14.1"]);
}

#[test]
fn what_comes_first_counts_what_is_open_as_every_surface_does() {
    let mut shop = shop();
    let (_, answer) = shop.ask("why is CVE-2022-1471 low");
    let id = shop.store.find(answer["rows"][0]["id"].as_str().unwrap()).unwrap().unwrap();
    let decision = Decision {
        status: VexStatus::NotAffected,
        justification: None,
        note: Opaque::readmit("until the next release"),
        by: Opaque::readmit("anna"),
        at: NOW.parse().unwrap(),
        until: Some("2026-11-28".parse::<Time>().unwrap()),
    };
    shop.store.decide(id, &decision, "{}", "person").unwrap();
    shop.snapshot = shop.app.refreshed(&mut shop.store).unwrap();
    let open = crate::today::gather(&shop.store, &shop.snapshot).unwrap().open;
    let (text, _) = shop.ask("what should i fix first");
    assert!(text.contains(&format!("{open} open findings, 1 of them decided and left out, with ")), "{text}");
    let newer = Decision { status: VexStatus::UnderInvestigation, ..decision };
    shop.store.decide(id, &newer, "{}", "person").unwrap();
    shop.snapshot = shop.app.refreshed(&mut shop.store).unwrap();
    let (text, _) = shop.ask("why is CVE-2022-1471 low");
    assert!(text.contains("; replaced by a newer one"), "{text}");
}

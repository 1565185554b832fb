//! Where an image runs, its findings are the container's.

use assay_core::finding::{FindingClass, Presence, ResolvedBecause};
use assay_core::ports::Records;
use assay_core::scope::Spoken;

use crate::ledger::Ledger;
use crate::report::{Report, hour, image, vuln, vulns};
use crate::scan::{deployment, running, scan};

const IMAGE: &str = "docker.io/shop/web: CVE-2026-1000 in lib0";
const PLACED: &str = "shop/web/app: CVE-2026-1000 in lib0";
const LAST: &str = "shop/web/app: CVE-2026-1002 in lib2";
const SUPERSEDED: Presence = Presence::Resolved(ResolvedBecause::Superseded);
const GONE: Presence = Presence::Resolved(ResolvedBecause::AssetGone);

fn web(tag: &str, at: i64, n: usize) -> Report {
    image(&format!("shop/web:{tag}")).at(at).content(at as u64).with(vulns(n))
}

pub(crate) fn report_before_scan_is_scan_before_report(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let one = |repository: &str| image(&format!("shop/{repository}:1.0")).at(1).with(vulns(3)).received(hour(5));
    ledger.take_all(&[one("web"), scan(5, 1).deploys("web", "shop/web:1.0")]);
    ledger.take_all(&[scan(5, 2).deploys("web", "shop/web:1.0").deploys("api", "shop/api:1.0"), one("api")]);
    let of = |what: &str| -> Vec<_> {
        ledger
            .dump()
            .into_iter()
            .filter(|(k, _)| k.contains(&format!("shop/{what}")))
            .map(|(k, line)| (k[36..].replace(what, ""), line))
            .collect()
    };
    let (mut web, mut api) = (of("web"), of("api"));
    web.sort_by(|a, b| a.0.cmp(&b.0));
    api.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(web, api);
    assert_eq!(web.len(), 6);
}

pub(crate) fn each_container_has_findings_of_its_own(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let (web, api) = (deployment("web"), deployment("api"));
    ledger.take(&scan(1, 1).exists(&web).runs(&web, "app", "shop/web:1.0").runs(&web, "init", "shop/web:1.0"));
    ledger.take(&web_and(2, &api));
    ledger.take(&self::web("1.0", 3, 1));
    let open = ["shop/api/app: CVE-2026-1000 in lib0", PLACED, "shop/web/init: CVE-2026-1000 in lib0"];
    assert_eq!(ledger.open(), open);
    assert_eq!(ledger.presence(IMAGE), SUPERSEDED);
}

fn web_and(at: i64, api: &assay_core::asset::AssetKey) -> Report {
    let web = deployment("web");
    let both = scan(at, 2).exists(&web).runs(&web, "app", "shop/web:1.0").runs(&web, "init", "shop/web:1.0");
    both.exists(api).runs(api, "app", "shop/web:1.0")
}

pub(crate) fn when_the_last_container_goes_the_image_is_what_it_was(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&web("1.0", 1, 3));
    let before = ledger.finding(IMAGE);
    ledger.take(&scan(2, 1).deploys("web", "shop/web:1.0").deploys("api", "shop/web:1.0"));
    assert_eq!((ledger.presence(IMAGE), ledger.open().len()), (SUPERSEDED, 6));
    ledger.take(&scan(3, 2).deploys("web", "shop/web:1.0"));
    assert_eq!((ledger.presence(IMAGE), ledger.open().len()), (SUPERSEDED, 3));
    ledger.take(&scan(4, 3));
    let after = ledger.finding(IMAGE);
    assert_eq!(ledger.presence(PLACED), GONE);
    assert_eq!((after.life.presence, after.life.episode, after.life.episode_start), (Presence::Open, 1, hour(1)));
    assert_eq!((after.id, after.clock_start, after.life.resolved_at), (before.id, before.clock_start, None));
    assert_eq!(ledger.story(IMAGE, 0), ["new", "resolved superseded", "refreshed"]);
    assert_eq!(ledger.story(PLACED, 0), ["new", "resolved asset_gone"]);
}

pub(crate) fn what_is_placed_at_once_is_new_once(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[scan(1, 1).deploys("web", "shop/web:1.0"), web("1.0", 2, 3)]);
    assert_eq!(ledger.story(IMAGE, 0), ["resolved superseded"]);
    assert_eq!(ledger.story(PLACED, 0), ["new"]);
    ledger.take(&scan(3, 2));
    assert_eq!(ledger.story(IMAGE, 0), ["resolved superseded", "refreshed"], "it was told of where it ran");
}

pub(crate) fn secrets_of_an_image_are_placed_like_its_flaws(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let every = [Spoken::OsPackages, Spoken::LanguagePackages, Spoken::Secret];
    let with = |tag: &str, at: i64| web(tag, at, 1).secret("aws-key", "app/.env").speaks_for(&every);
    let (of_image, of_web) = ("docker.io/shop/web: aws-key in app/.env", "shop/web/app: aws-key in app/.env");
    ledger.take_all(&[scan(1, 1).deploys("web", "shop/web:1.0"), with("1.0", 2)]);
    assert_eq!((ledger.presence(of_web), ledger.presence(of_image)), (Presence::Open, SUPERSEDED));
    let finding = ledger.finding(of_web);
    assert_eq!(finding.class, FindingClass::Secret);
    assert_eq!(finding.image.as_ref().map(|i| i.repository.reveal()), Some("docker.io/shop/web"));
    ledger.take(&web("1.0", 3, 1).content(3).speaks_for(&every));
    let fixed = Presence::Resolved(ResolvedBecause::Fixed);
    assert_eq!((ledger.presence(of_web), ledger.presence(of_image)), (fixed, fixed));
    ledger.take_all(&[with("1.0", 4), scan(5, 2)]);
    assert_eq!(
        (ledger.presence(of_web), ledger.presence(of_image)),
        (GONE, Presence::Open),
        "it lies in the image still"
    );
}

pub(crate) fn a_secret_of_two_images_of_one_container_is_one_place(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let every = [Spoken::OsPackages, Spoken::LanguagePackages, Spoken::Secret];
    let without = |name: &str, at: i64| image(name).at(at).content(at as u64).speaks_for(&every);
    let with = |name: &str, at: i64| without(name, at).secret("aws-key", "app/.env");
    let web = deployment("web");
    let both = scan(1, 1).exists(&web).runs(&web, "app", "shop/a:1.0").runs(&web, "app", "shop/b:1.0");
    ledger.take_all(&[both, with("shop/a:1.0", 2), with("shop/b:1.0", 3)]);
    assert_eq!(ledger.open(), ["shop/web/app: aws-key in app/.env"]);
    ledger.take(&without("shop/a:1.0", 4));
    assert_eq!(ledger.open(), ["shop/web/app: aws-key in app/.env"], "the other image has it still");
    ledger.take(&without("shop/b:1.0", 5));
    assert_eq!(ledger.open(), [] as [&str; 0]);
}

pub(crate) fn a_fix_closes_it_wherever_it_runs(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("1.0", 1, 3), scan(2, 1).deploys("web", "shop/web:1.0"), web("1.0", 3, 2)]);
    let fixed = Presence::Resolved(ResolvedBecause::Fixed);
    assert_eq!((ledger.presence(LAST), ledger.presence("docker.io/shop/web: CVE-2026-1002 in lib2")), (fixed, fixed));
    ledger.take(&web("1.0", 4, 3));
    assert_eq!((ledger.presence(LAST), ledger.finding(LAST).life.episode), (Presence::Open, 2));
    ledger.take(&scan(5, 2));
    let image = ledger.finding("docker.io/shop/web: CVE-2026-1002 in lib2").life;
    assert_eq!((image.presence, image.episode, image.episode_start), (Presence::Open, 2, hour(4)), "it had a life too");
}

pub(crate) fn a_roll_out_before_its_report_closes_nothing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("1.0", 1, 3), scan(2, 1).deploys("web", "shop/web:1.0")]);
    let before = ledger.finding(PLACED);
    ledger.take(&scan(3, 2).deploys("web", "shop/web:1.1"));
    assert_eq!(ledger.presence(PLACED), Presence::Stale, "nobody has looked at 1.1");
    let counts = ledger.take(&web("1.1", 4, 2)).findings;
    assert_eq!((counts.new, counts.reopened), (0, 0));
    let after = ledger.finding(PLACED);
    assert_eq!((after.id, after.life.presence, after.life.episode), (before.id, Presence::Open, 1));
    assert_eq!(ledger.presence(LAST), GONE, "1.1 does not have it");
    assert_eq!(ledger.story(PLACED, 0), ["new", "stale", "refreshed"]);
}

pub(crate) fn a_roll_out_after_its_report_is_no_news(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("1.0", 1, 3), scan(2, 1).deploys("web", "shop/web:1.0"), web("1.1", 3, 3)]);
    let seq = ledger.last_change();
    let counts = ledger.take(&scan(4, 2).deploys("web", "shop/web:1.1")).findings;
    assert_eq!(counts, assay_core::records::Counts::default());
    assert_eq!(ledger.changes(seq), []);
    assert_eq!((ledger.presence(PLACED), ledger.finding(PLACED).life.first_seen), (Presence::Open, hour(2)));
}

pub(crate) fn a_report_that_comes_after_two_roll_outs_still_says_what_was(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[scan(1, 1).deploys("web", "shop/web:1.0"), scan(2, 2).deploys("web", "shop/web:1.1")]);
    ledger.take(&web("1.0", 3, 3));
    assert_eq!(ledger.presence(PLACED), Presence::Stale, "it ran 1.0, and nobody has looked at 1.1");
}

pub(crate) fn during_a_roll_out_both_versions_count(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let at = deployment("web");
    ledger.take_all(&[web("1.0", 1, 3), web("1.1", 2, 1)]);
    let both = scan(3, 1).exists(&at).runs(&at, "app", "shop/web:1.0").runs(&at, "app", "shop/web:1.1");
    ledger.take(&both);
    assert_eq!(ledger.open().len(), 3);
    ledger.take(&scan(4, 2).deploys("web", "shop/web:1.1"));
    assert_eq!(ledger.open(), [PLACED]);
}

pub(crate) fn the_digest_says_more_than_the_tag(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let at = deployment("web");
    ledger.take_all(&[web("1.0", 1, 3), web("1.1", 2, 1)]);
    ledger.take(&scan(3, 1).exists(&at).runs_digest(&at, "app", "shop/web:1.0", running(2)));
    assert_eq!(ledger.open(), [PLACED], "it asks for 1.0 and runs what was scanned as 1.1");
    ledger.take(&scan(4, 2).exists(&at).runs_digest(&at, "app", "shop/web:1.0", running(99)));
    assert_eq!(ledger.open().len(), 3, "an unknown digest goes by its tag");
}

pub(crate) fn an_old_report_of_a_moved_tag_does_not_move_it_back(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let at = deployment("web");
    ledger.take(&image("shop/web:1.0").at(5).content(50).with(vulns(2)));
    ledger.take(&scan(6, 1).exists(&at).runs_digest(&at, "app", "shop/web:1.0", running(50)));
    ledger.take(&image("shop/web:1.0").at(3).received(hour(7)).content(30).with(vulns(1)));
    ledger.take(&image("shop/web:1.1").at(8).content(80).with(vulns(1)));
    assert_eq!(ledger.open().len(), 2, "the scope still stands for the newer digest");
    ledger.take(&scan(9, 2).exists(&at).runs_digest(&at, "app", "elsewhere/web:9", running(30)));
    assert_eq!(ledger.open().iter().filter(|f| f.starts_with("shop/")).count(), 0);
}

pub(crate) fn what_a_tool_says_of_the_workload_itself_stands_beside(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let (at, flaw) = (deployment("web"), vuln("CVE-2026-1000", "lib0"));
    let own = |hours: i64| crate::report::objects().by("operator").at(hours);
    ledger.take(&own(1).container_has(&at, "app", &flaw));
    ledger.take_all(&[web("1.0", 2, 1), scan(3, 1).deploys("web", "shop/web:1.0")]);
    let finding = ledger.finding(PLACED);
    let tools: Vec<&str> = finding.words.iter().map(|w| w.tool.reveal()).collect();
    assert_eq!((tools, finding.life.first_seen), (vec!["operator", "trivy"], hour(1)));
    ledger.take(&image("shop/web:1.0").at(4).content(4));
    assert_eq!(ledger.presence(PLACED), Presence::Open, "the operator still claims it");
    ledger.take(&scan(5, 2).deploys("web", "shop/other:1.0"));
    assert_eq!(ledger.presence(PLACED), Presence::Open);
    ledger.take(&own(6).container_has(&at, "app", &vuln("CVE-2026-0007", "other")));
    assert_eq!(ledger.presence(PLACED), Presence::Resolved(ResolvedBecause::Fixed));
}

pub(crate) fn a_workload_that_speaks_later_joins_the_placed_finding(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[
        web("1.0", 1, 1),
        scan(2, 1).deploys("web", "shop/web:1.0"),
        image("shop/web:1.0").at(3).content(9),
    ]);
    assert_eq!(ledger.open().len(), 0);
    let own = crate::report::objects().by("operator").at(4);
    let counts = ledger.take(&own.container_has(&deployment("web"), "app", &vuln("CVE-2026-1000", "lib0"))).findings;
    assert_eq!((counts.reopened, counts.new), (1, 0));
    assert_eq!((ledger.presence(PLACED), ledger.count()), (Presence::Open, 2));
}

pub(crate) fn a_container_that_takes_another_image_is_rid_of_the_first(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let other = |at: i64| image("shop/other:1.0").at(at).with(vulns(2));
    ledger.take_all(&[web("1.0", 1, 3), other(2), scan(3, 1).deploys("web", "shop/web:1.0")]);
    ledger.take(&scan(4, 2).deploys("web", "shop/other:1.0"));
    assert_eq!((ledger.presence(PLACED), ledger.presence(LAST)), (Presence::Open, GONE));
    assert_eq!(
        (ledger.presence(IMAGE), ledger.presence("docker.io/shop/other: CVE-2026-1000 in lib0")),
        (Presence::Open, SUPERSEDED)
    );
    ledger.take(&scan(5, 3).deploys("web", "shop/web:1.0"));
    assert_eq!((ledger.presence(LAST), ledger.presence(IMAGE)), (Presence::Open, SUPERSEDED));
}

pub(crate) fn a_workload_that_goes_and_comes_back_is_reopened(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("1.0", 1, 1), scan(2, 1).deploys("web", "shop/web:1.0"), scan(3, 2)]);
    assert_eq!(ledger.presence(PLACED), GONE);
    ledger.take(&scan(4, 3).deploys("web", "shop/web:1.0"));
    assert_eq!((ledger.presence(PLACED), ledger.finding(PLACED).life.episode), (Presence::Open, 2));
    assert_eq!(ledger.presence(IMAGE), SUPERSEDED);
}

pub(crate) fn a_new_flaw_of_a_running_image_is_placed(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[web("1.0", 1, 1), scan(2, 1).deploys("web", "shop/web:1.0"), web("1.0", 3, 2)]);
    assert_eq!(ledger.open(), [PLACED, "shop/web/app: CVE-2026-1001 in lib1"]);
}

pub(crate) fn a_container_that_runs_two_images_is_one_place(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let at = deployment("web");
    // Three scans and two reports in every order, each time a day later.
    let orders = (0..4).flat_map(|one| (0..5).map(move |other| (one, other)));
    for (day, (one, other)) in orders.enumerate() {
        let mut order = vec![2, 3, 4];
        order.insert(one, 0);
        order.insert(other, 1);
        let dawn = 24 * day as i64;
        let sweep = |hours: i64| scan(dawn + hours, (dawn + hours) as u64).exists(&at);
        let of = |repository: &str| image(&format!("shop/{repository}{day}:1.0")).at(dawn + 1).with(vulns(1));
        let runs = |report: Report, repository: &str| report.runs(&at, "app", &format!("shop/{repository}{day}:1.0"));
        let reports = [
            of("web"),
            of("other"),
            runs(sweep(2), "web"),
            runs(sweep(3), "other"),
            runs(sweep(4).incomplete(), "web"),
        ];
        for n in &order {
            ledger.take(&reports[*n]);
        }
        let open: Vec<String> = ledger.open().into_iter().filter(|f| f.contains(&day.to_string())).collect();
        assert_eq!(ledger.presence(PLACED), Presence::Open, "{order:?}");
        assert!(
            !open.iter().any(|f| f.contains(&format!("web{day}")) || f.contains(&format!("other{day}"))),
            "{open:?}"
        );
    }
}

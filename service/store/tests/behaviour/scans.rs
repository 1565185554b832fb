//! What manifests and complete scans may close, and what they may not.

use assay_core::asset::AssetKey;
use assay_core::finding::{Presence, ResolvedBecause};
use assay_core::observation::{Admits, Capability, Entry, Link, Protocol, Reach, RightsUnknown};
use assay_core::ports::Records;
use assay_core::scope::{Scope, Spoken};

use crate::ledger::Ledger;
use crate::report::{Report, hour, image, namespace, o, vulns};
use crate::scan::{CLUSTER, deployment, manifests, object, of_object, scan};

const FIXED: Presence = Presence::Resolved(ResolvedBecause::Fixed);
const GONE: Presence = Presence::Resolved(ResolvedBecause::AssetGone);

/// A manifest of a Deployment that fails some controls.
fn manifest(report: Report, name: &str, content: u64, fails: &[&str]) -> Report {
    let at = deployment(name);
    let scope = of_object(&at);
    fails.iter().fold(report.manifest(&at, content), |r, control| r.fails(&at, control, Some(&scope)))
}

/// A live scan that sees these Deployments of `shop` fail these controls.
fn live(at: i64, fails: &[(&str, &str)]) -> Report {
    let scope = Scope::Namespace { cluster: o(CLUSTER), namespace: o("shop") };
    fails.iter().fold(scan(at, at as u64), |r, (name, control)| {
        r.exists(&deployment(name)).fails(&deployment(name), control, Some(&scope))
    })
}

pub(crate) fn a_manifest_closes_only_what_its_object_lacks(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let both = manifest(manifests(1), "web", 1, &["privileged", "host-pid"]);
    ledger.take(&manifest(both, "api", 2, &["privileged"]));
    ledger.take(&manifest(manifests(2), "web", 3, &["host-pid"]));
    assert_eq!(ledger.presence("shop/web: privileged"), FIXED);
    assert_eq!(ledger.open(), ["shop/api: privileged", "shop/web: host-pid"], "the other object was not shown");
}

pub(crate) fn manifests_never_say_that_an_object_is_gone(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&image("shop/web:1.0").with(vulns(1)));
    let web = manifest(manifests(2), "web", 1, &["privileged"]).runs(&deployment("web"), "app", "shop/web:1.0");
    ledger.take(&web);
    ledger.take(&manifest(manifests(3), "api", 1, &["privileged"]));
    let open = ["shop/api: privileged", "shop/web/app: CVE-2026-1000 in lib0", "shop/web: privileged"];
    assert_eq!(ledger.open(), open);
    assert!(ledger.world().find(&deployment("web")).is_some());
}

pub(crate) fn a_manifest_that_drops_an_image_stops_running_it(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&image("shop/web:1.0").with(vulns(1)));
    ledger.take(&manifest(manifests(2), "web", 1, &[]).runs(&deployment("web"), "app", "shop/web:1.0"));
    ledger.take(&manifest(manifests(3), "web", 2, &[]).runs(&deployment("web"), "app", "shop/other:1.0"));
    assert_eq!(ledger.presence("shop/web/app: CVE-2026-1000 in lib0"), GONE);
    assert_eq!(ledger.open(), ["docker.io/shop/web: CVE-2026-1000 in lib0"]);
}

pub(crate) fn a_complete_scan_retires_what_it_no_longer_shows(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take(&live(1, &[("web", "privileged"), ("api", "privileged")]));
    ledger.take(&live(2, &[("api", "privileged")]));
    assert_eq!((ledger.presence("shop/web: privileged"), ledger.open().len()), (GONE, 1));
    assert!(ledger.world().find(&deployment("web")).is_none());
    assert_eq!(ledger.story("shop/web: privileged", 0), ["new", "resolved asset_gone"]);
    ledger.take(&live(3, &[("api", "privileged"), ("web", "privileged")]));
    assert_eq!(
        (ledger.presence("shop/web: privileged"), ledger.finding("shop/web: privileged").life.episode),
        (Presence::Open, 2)
    );
}

pub(crate) fn a_fixed_control_of_an_object_that_stays_is_fixed(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[live(1, &[("web", "privileged"), ("web", "host-pid")]), live(2, &[("web", "host-pid")])]);
    assert_eq!(ledger.presence("shop/web: privileged"), FIXED);
}

pub(crate) fn an_incomplete_scan_retires_nothing(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    ledger.take_all(&[live(1, &[("web", "privileged"), ("api", "privileged")]), live(2, &[]).skipping("api")]);
    assert_eq!(ledger.open().len(), 2);
}

pub(crate) fn an_older_scan_takes_nothing_away_and_brings_nothing_back(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let web = |at: i64| live(at, &[("web", "privileged")]).runs(&deployment("web"), "app", "shop/web:1.0");
    let api = |at: i64| live(at, &[("api", "privileged")]).runs(&deployment("api"), "app", "shop/web:1.0");
    ledger.take(&image("shop/web:1.0").with(vulns(1)));
    ledger.take_all(&[web(2), api(5)]);
    let before = ledger.open();
    assert_eq!(before, ["shop/api/app: CVE-2026-1000 in lib0", "shop/api: privileged"]);
    ledger.take(&web(3).received(hour(6)));
    ledger.take(&web(4).received(hour(7)).incomplete());
    assert_eq!(ledger.open(), before);
    assert!(ledger.world().find(&deployment("web")).is_none(), "the newer scan said that it is gone");
    ledger.take_all(&[api(9), web(8).received(hour(10))]);
    assert_eq!(ledger.open(), before, "and the next one said so again");
}

pub(crate) fn findings_of_other_tools_go_and_come_with_the_object(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let theirs = |at: i64| namespace(CLUSTER, "shop").by("kubescape").at(at).fails(&deployment("web"), "C-0057", None);
    ledger.take_all(&[live(1, &[("web", "privileged")]), theirs(2), live(3, &[("api", "privileged")])]);
    assert_eq!(ledger.presence("shop/web: C-0057"), GONE);
    ledger.take(&theirs(2).received(hour(4)).key("late").sent_by("ci"));
    assert_eq!(ledger.presence("shop/web: C-0057"), GONE, "it was written before the object went");
    ledger.take(&live(5, &[("api", "privileged"), ("web", "privileged")]));
    assert_eq!(ledger.presence("shop/web: C-0057"), Presence::Open, "the object is back, and the word still stands");
}

pub(crate) fn a_tool_that_sees_the_object_later_brings_it_back(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let theirs = |at: i64| namespace(CLUSTER, "shop").by("kubescape").at(at).fails(&deployment("web"), "C-0057", None);
    ledger.take_all(&[live(1, &[("web", "privileged")]), theirs(2), live(3, &[("api", "privileged")]), theirs(4)]);
    assert_eq!(ledger.presence("shop/web: C-0057"), Presence::Open);
    assert!(ledger.world().find(&deployment("web")).is_some());
}

pub(crate) fn what_was_in_a_namespace_that_is_gone_is_gone(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let every = [Spoken::Misconfiguration, Spoken::Secret, Spoken::Rbac];
    let of = |name: &str| Scope::Namespace { cluster: o(CLUSTER), namespace: o(name) };
    let whole = |at: i64| namespace(CLUSTER, "").by("assay").at(at).speaks_for(&every).content(at as u64);
    let (space, web) = (AssetKey::namespace(&o(CLUSTER), o("shop")), deployment("web"));
    let first = whole(1).part(of("shop"), &every, Some(1)).exists(&space).exists(&web);
    ledger.take(&image("shop/web:1.0").with(vulns(1)));
    ledger.take(&first.runs(&web, "app", "shop/web:1.0").fails(&web, "privileged", Some(&of("shop"))));
    assert_eq!(ledger.open().len(), 2);
    ledger.take(&whole(2));
    assert_eq!(ledger.presence("shop/web: privileged"), GONE);
    assert_eq!(ledger.open(), ["docker.io/shop/web: CVE-2026-1000 in lib0"]);
}

pub(crate) fn a_service_that_is_no_longer_open_is_internal(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let (service, web) = (object("Service", "shop", "web"), deployment("web"));
    let enters = Link::Enters { reach: Reach::Public, entry: Entry::LoadBalancer, host: None, port: 443 };
    let routes =
        Link::Routes { host: None, port: 443, target_port: 8443, protocol: Protocol::Tcp, admits: Admits::ALL };
    let open = manifests(1).manifest(&web, 1).exists(&service);
    ledger.take(&open.link(&AssetKey::internet(), &service, enters).link(&service, &web, routes.clone()));
    assert_eq!(ledger.world().edges.len(), 2);
    ledger.take(&manifests(2).exists(&service));
    let left = ledger.world().edges;
    assert_eq!(left.len(), 1, "it says of itself that it is closed; whom it serves was not in view");
    assert!(matches!(left[0].link, Link::Routes { .. }));
    ledger.take(&manifests(3).exists(&service).manifest(&web, 1));
    assert_eq!(ledger.world().edges.len(), 0, "both were in view, and are not joined");
}

pub(crate) fn a_binding_that_gives_less_holds_less(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let (account, space) = (object("ServiceAccount", "shop", "app"), AssetKey::namespace(&o(CLUSTER), o("shop")));
    let binding = object("RoleBinding", "shop", "app");
    let (by, of) = (o("RoleBinding/app"), o("Role/app"));
    let only = |capability, names| Link::Holds {
        capability,
        cluster_wide: false,
        names,
        binding: by.clone(),
        role: of.clone(),
    };
    let holds = |capability| only(capability, vec![]);
    let scope = of_object(&binding);
    let bound = |at: i64| manifests(at).exists(&binding).part(scope.clone(), &[Spoken::Rbac], Some(at as u64));
    let both = bound(1).link(&account, &space, holds(Capability::ReadSecrets));
    ledger.take(&both.link(&account, &space, holds(Capability::ExecPods)));
    ledger.take(&bound(2).link(&account, &space, holds(Capability::ExecPods)));
    let left = |ledger: &Ledger<'_, _>| ledger.world().edges.into_iter().map(|e| e.link).collect::<Vec<Link>>();
    assert_eq!(left(&ledger), [holds(Capability::ExecPods)]);
    let narrower = only(Capability::ExecPods, vec![o("web-0"), o("web-1")]);
    ledger.take(&bound(3).link(&account, &space, narrower.clone()));
    assert_eq!(left(&ledger).first(), Some(&narrower), "the same right, for two objects now");
    let untold = Link::MayHold { binding: by.clone(), role: of.clone(), because: RightsUnknown::RoleNotInView };
    ledger.take(&manifests(4).exists(&binding).link(&account, &space, untold.clone()));
    assert_eq!(left(&ledger), [narrower, untold], "what the role said when it was last seen stays, with the doubt");
    ledger.take(&bound(5).link(&account, &space, holds(Capability::ExecPods)));
    assert_eq!(left(&ledger), [holds(Capability::ExecPods)], "a role in view settles it");
}

pub(crate) fn a_scan_that_was_not_shown_every_kind_takes_back_only_what_it_looked_at(records: &mut impl Records) {
    let mut ledger = Ledger::new(records);
    let (web, account, binding) =
        (deployment("web"), object("ServiceAccount", "shop", "app"), object("RoleBinding", "shop", "app"));
    let space = AssetKey::namespace(&o(CLUSTER), o("shop"));
    let holds = Link::Holds {
        capability: Capability::ReadSecrets,
        cluster_wide: false,
        names: Vec::new(),
        binding: o("RoleBinding/app"),
        role: o("Role/app"),
    };
    let workloads = |report: Report| report.exists(&web).exists(&account).fails(&web, "privileged", None);
    let rights = |report: Report| report.exists(&binding).link(&account, &space, holds.clone());
    ledger.take(&rights(workloads(scan(1, 1))));
    ledger.take(&rights(scan(2, 2).speaks_for(&[Spoken::Rbac])));
    assert_eq!(ledger.presence("shop/web: privileged"), Presence::Open, "workloads were not shown");
    assert!(ledger.world().find(&web).is_some());
    ledger.take(&workloads(scan(3, 3).speaks_for(&[Spoken::Misconfiguration, Spoken::Secret])));
    let world = ledger.world();
    assert!(world.find(&binding).is_some(), "rights were not shown");
    assert_eq!(world.edges.iter().filter(|e| e.link == holds).count(), 1);
    ledger.take(&workloads(scan(4, 4)));
    let world = ledger.world();
    assert!(world.find(&binding).is_none() && world.edges.is_empty(), "everything was shown");
}

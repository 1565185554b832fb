//! Each kind of step, open and closed.

use super::*;
use crate::ids::Span;
use crate::observation::{PeerClass, PodSecurity, Protocol, Role};

use HostSetting as S;
use StepKind as K;

#[test]
fn each_setting_opens_its_way_to_the_node_and_no_other() {
    for (settings, want) in [
        (&[][..], &[][..]),
        (&[S::Privileged], &[K::CePrivMount, K::CeModuleLoad]),
        (&[S::Privileged, S::HostPid], &[K::CePrivMount, K::CeNsenter, K::CeModuleLoad]),
        (&[S::HostPid], &[]),
        (&[S::HostIpc, S::SharedProcesses], &[]),
        (&[S::SysModule], &[K::CeModuleLoad]),
        (&[S::SysPtrace], &[]),
        (&[S::SysPtrace, S::HostPid], &[K::CeSysPtrace]),
        (&[S::SysAdmin], &[K::CeSysAdmin]),
        (&[S::KernelSettings], &[K::CeUmhCorePattern]),
        (&[S::HostLogs], &[K::CeVarLogSymlink]),
        (&[S::NetRaw], &[]),
        (&[S::HostNetwork], &[]),
        (&[S::NetAdmin, S::HostNetwork], &[K::CeNetMitm]),
        (&[S::DacReadSearch], &[K::CeDacReadSearch]),
        (&[S::SysRawio], &[K::CeSysRawio]),
        (&[S::Bpf], &[K::CeBpf]),
        (&[S::HostWrite], &[K::ExploitHostWrite]),
        (&[S::HostRead], &[K::ExploitHostRead]),
        (&[S::PodVolumes], &[K::ExploitHostTraverse]),
        (&[S::RuntimeSocket], &[K::ExploitContainerdSock]),
    ] {
        let mut town = Town::new();
        let web = town.workload("web");
        town.on_host(web, settings);
        let graph = town.graph();
        let node = |s: &&Step| matches!(graph.spot(s.to), Spot::Node(_)) && s.kind != K::PodCreate;
        let mut kinds: Vec<StepKind> = graph.steps.iter().filter(node).map(|s| s.kind).collect();
        kinds.sort_unstable();
        let mut want = want.to_vec();
        want.sort_unstable();
        assert_eq!(kinds, want, "{settings:?}");
        assert_eq!(town.way(web, Goal::Node).is_some(), !want.is_empty(), "{settings:?}");
    }
}

#[test]
fn settings_of_two_containers_do_not_add_up() {
    let mut town = Town::new();
    let web = town.workload("web");
    town.on_host(web, &[S::SysPtrace]);
    let of_other = [S::HostPid].into_iter().collect();
    town.scene.fact(web, Author::Cluster, What::OnHost(of_other)).container = o("side");
    assert_eq!(town.way(web, Goal::Node), None);
}

#[test]
fn whoever_is_not_root_or_has_users_of_its_own_is_in_doubt() {
    let mut town = Town::new();
    let web = town.workload("web");
    let with = |town: &mut Town, more: &[HostSetting]| {
        town.scene.facts.truncate(1);
        let access = [S::Privileged].iter().chain(more).copied().collect();
        town.scene.fact(web, Author::Cluster, What::OnHost(access)).container = o("main");
        town.way(web, Goal::Node).map(|(_, doubts)| doubts)
    };
    assert_eq!(with(&mut town, &[S::AsRoot, S::HostUsers]), Some(0));
    assert_eq!(with(&mut town, &[S::HostUsers]), Some(1));
    assert_eq!(with(&mut town, &[S::AsRoot]), Some(1));
}

#[test]
fn each_right_leads_where_it_leads() {
    use Capability as C;
    for (capability, everywhere, goal, want) in [
        (C::ClusterAdmin, true, Goal::ClusterAdmin, Some((K::ClusterAdmin, 0))),
        (C::Bind, true, Goal::ClusterAdmin, Some((K::RoleBind, 0))),
        (C::Bind, false, Goal::ClusterAdmin, None),
        (C::Bind, false, Goal::Secret, Some((K::RoleBind, 0))),
        (C::Escalate, true, Goal::ClusterAdmin, Some((K::RoleEscalate, 0))),
        (C::NamespaceAdmin, false, Goal::Secret, Some((K::NamespaceAdmin, 0))),
        (C::NamespaceAdmin, false, Goal::ClusterAdmin, None),
        (C::Impersonate, true, Goal::ClusterAdmin, Some((K::IdentityImpersonate, 1))),
        (C::ImpersonateGroups, true, Goal::ClusterAdmin, Some((K::IdentityImpersonate, 1))),
        (C::ImpersonateAccounts, false, Goal::ClusterAdmin, None),
        (C::WriteSystemConfig, false, Goal::ClusterAdmin, Some((K::SystemConfig, 1))),
        (C::CreateVolumes, true, Goal::Node, Some((K::VolumeCreate, 1))),
        (C::CreateWorkloads, false, Goal::Node, Some((K::PodCreate, 1))),
        (C::ListSecrets, false, Goal::Secret, Some((K::SecretRead, 0))),
        (C::ForwardPorts, true, Goal::ClusterAdmin, None),
        (C::ApproveCertificates, true, Goal::ClusterAdmin, Some((K::CsrApprove, 1))),
        (C::ReadSecrets, false, Goal::Secret, Some((K::SecretRead, 0))),
        (C::CreatePods, false, Goal::Node, Some((K::PodCreate, 1))),
        (C::CreatePods, false, Goal::Secret, Some((K::PodCreate, 0))),
        (C::ChangeAdmission, true, Goal::Node, Some((K::PodCreate, 1))),
        (C::ExecPods, false, Goal::Node, None),
        (C::RequestTokens, false, Goal::ClusterAdmin, None),
    ] {
        let mut town = Town::new();
        let (web, runner) = (town.workload("web"), town.account("runner"));
        town.runs_as(web, runner);
        town.right(runner, capability, "RoleBinding/b", everywhere);
        let way = town.way(web, goal).map(|(kinds, doubts)| (*kinds.last().unwrap(), doubts));
        assert_eq!(way, want, "{capability} {goal}");
    }
}

#[test]
fn one_identity_leads_to_the_next_by_exec_and_by_tokens() {
    use Capability as C;
    for (capability, by) in [
        (C::ExecPods, K::PodExec),
        (C::ChangePods, K::PodPatch),
        (C::DebugPods, K::PodDebug),
        (C::RequestTokens, K::TokenRequest),
        (C::ImpersonateAccounts, K::IdentityImpersonate),
    ] {
        let mut town = Town::new();
        let (web, cart) = (town.workload("web"), town.workload("cart"));
        let (weak, strong) = (town.account("weak"), town.account("strong"));
        town.runs_as(web, weak);
        town.runs_as(cart, strong);
        town.holds(weak, capability, "RoleBinding/b");
        town.holds_everywhere(strong, C::ClusterAdmin, "ClusterRoleBinding/c");
        let (kinds, doubts) = town.way(web, Goal::ClusterAdmin).unwrap();
        assert!(kinds.contains(&by), "{kinds:?}");
        assert_eq!(doubts, 0);
    }
}

#[test]
fn a_right_to_some_names_leads_to_these_alone() {
    let mut town = Town::new();
    let web = town.workload("web");
    let (weak, strong) = (town.account("weak"), town.account("strong"));
    town.account("plain");
    town.runs_as(web, weak);
    town.holds_everywhere(strong, Capability::ClusterAdmin, "ClusterRoleBinding/c");
    town.holds(weak, Capability::RequestTokens, "RoleBinding/b");
    let limited = |town: &mut Town, to: &[&str]| {
        for edge in &mut town.scene.edges {
            if let Link::Holds { names, capability: Capability::RequestTokens, .. } = &mut edge.link {
                *names = to.iter().map(|name| o(name)).collect();
            }
        }
        town.way(web, Goal::ClusterAdmin).map(|(_, doubts)| doubts)
    };
    assert_eq!(limited(&mut town, &[]), Some(0));
    assert_eq!(limited(&mut town, &["plain"]), None);
    assert_eq!(limited(&mut town, &["plain", "strong"]), Some(0));
    assert_eq!(limited(&mut town, &["plain", "elsewhere"]), Some(1), "nobody sees whom that is");
}

#[test]
fn a_binding_whose_role_is_not_in_view_leads_nowhere_and_is_counted() {
    use crate::observation::RightsUnknown;
    let mut town = Town::new();
    let (web, runner) = (town.workload("web"), town.account("runner"));
    town.runs_as(web, runner);
    let shop = town.scene.asset(AssetKey::namespace(&o(CLUSTER), o("shop")));
    let link = Link::MayHold { binding: o("RoleBinding/b"), role: o("Role/r"), because: RightsUnknown::ALL[0] };
    town.scene.edge(runner, shop, Author::Cluster, link);
    assert_eq!((town.graph().unseen_roles, town.way(web, Goal::Node)), (1, None));
}

#[test]
fn a_token_that_is_not_mounted_leads_nowhere() {
    let mut town = Town::new();
    let (web, runner) = (town.workload("web"), town.account("runner"));
    town.scene.edge(web, runner, Author::Cluster, Link::RunsAs { token_mounted: false });
    town.holds_everywhere(runner, Capability::ClusterAdmin, "ClusterRoleBinding/c");
    assert_eq!(town.way(web, Goal::ClusterAdmin), None);
}

#[test]
fn an_account_has_the_rights_of_its_groups() {
    let mut town = Town::new();
    let (web, runner) = (town.workload("web"), town.account("runner"));
    town.runs_as(web, runner);
    let all = group(&mut town.scene, "system:serviceaccounts:shop");
    town.holds_everywhere(all, Capability::ClusterAdmin, "ClusterRoleBinding/all");
    assert!(town.way(web, Goal::ClusterAdmin).is_some());
}

#[test]
fn what_anybody_may_needs_no_workload() {
    let mut town = Town::new();
    let anybody = group(&mut town.scene, "system:unauthenticated");
    town.holds_everywhere(anybody, Capability::ReadSecrets, "ClusterRoleBinding/open");
    let graph = town.graph();
    let path = Toward::goal(&graph, Goal::Secret, |_| false).path(&graph, graph.find(Spot::Internet).unwrap());
    let path = path.unwrap();
    assert_eq!(graph.steps[path.steps[0] as usize].kind, K::ApiAnonymous);
    assert_eq!(path.doubts, 1, "nobody looked whether the API server is reached");
}

#[test]
fn a_namespace_that_asks_for_the_baseline_keeps_new_pods_from_the_node() {
    for (level, want) in
        [(PodSecurity::Privileged, true), (PodSecurity::Baseline, false), (PodSecurity::Restricted, false)]
    {
        let mut town = Town::new();
        let (web, runner) = (town.workload("web"), town.account("runner"));
        town.runs_as(web, runner);
        town.holds(runner, Capability::CreatePods, "RoleBinding/b");
        let shop = town.scene.asset(AssetKey::namespace(&o(CLUSTER), o("shop")));
        town.scene.fact(shop, Author::Cluster, What::Enforces(level));
        assert_eq!(town.way(web, Goal::Node).is_some(), want, "{level}");
        town.scene.facts.last_mut().unwrap().1.author = Author::Tenant;
        assert!(town.way(web, Goal::Node).is_some(), "a tenant's word closes nothing");
    }
}

#[test]
fn who_falls_with_a_node_is_certain_only_where_pods_run_everywhere() {
    let mut town = Town::new();
    let web = town.workload("web");
    town.on_host(web, &[S::Privileged]);
    let agent = town.scene.object("DaemonSet", "shop", "agent");
    let cart = town.workload("cart");
    let graph = town.graph();
    let blast = Blast::of(&graph, graph.find(Spot::Workload(web)).unwrap());
    assert!(blast.sure.contains(&Spot::Workload(agent)) && !blast.sure.contains(&Spot::Workload(cart)));
    assert!(blast.all.contains(&Spot::Workload(cart)));
    assert!(!blast.all.contains(&Spot::Workload(web)), "it fell before");
    assert!(blast.sure.iter().all(|spot| !spot.is_inner()));
}

#[test]
fn the_cloud_is_a_goal_where_a_sensor_saw_its_metadata_called() {
    let mut town = Town::new();
    let (web, cart) = (town.workload("web"), town.workload("cart"));
    assert_eq!(town.way(web, Goal::Cloud), None);
    let call = What::Talks {
        port: 80,
        protocol: Protocol::Tcp,
        role: Role::Client,
        peer: PeerClass::Metadata,
        exe: o("/usr/bin/curl"),
    };
    town.scene.fact(web, Author::Kernel, call);
    assert_eq!(town.way(web, Goal::Cloud), Some((vec![K::MetadataCall], 0)));
    town.on_host(cart, &[S::Privileged]);
    assert_eq!(town.way(cart, Goal::Cloud), Some((vec![K::CePrivMount, K::NodeMetadata], 1)));
}

#[test]
fn a_secret_is_held_by_whom_it_is_handed_to() {
    let mut town = Town::new();
    let (web, cart) = (town.workload("web"), town.workload("cart"));
    let key = town.scene.object("Secret", "shop", "key");
    town.scene.edge(web, key, Author::Cluster, Link::IsHanded);
    assert_eq!(town.way(web, Goal::Secret), Some((vec![K::SecretMount], 0)));
    assert_eq!(town.way(cart, Goal::Secret), None);
}

#[test]
fn what_does_not_run_and_what_was_seen_long_ago_opens_nothing() {
    let mut town = Town::new();
    let web = town.exposed("web");
    town.on_host(web, &[S::Privileged]);
    let graph = town.graph();
    let from_outside = |graph: &AttackGraph| Toward::goal(graph, Goal::Node, |_| false).doubts(0);
    assert_eq!(from_outside(&graph), Some(0));
    let old = town.scene.as_of - Span::days(8);
    town.scene.facts.last_mut().unwrap().1.until = old;
    assert_eq!(from_outside(&town.graph()), None, "eight days ago");
    town.scene.facts.last_mut().unwrap().1.until = town.scene.as_of;
    if let What::Exists { replicas, .. } = &mut town.scene.facts[0].1.what {
        *replicas = Some(0);
    }
    assert_eq!(from_outside(&town.graph()), None, "nothing runs");
}

#[test]
fn an_entry_that_may_be_open_is_in_doubt_and_one_that_is_closed_is_none() {
    use crate::observation::SettledBy;
    for (reach, want) in
        [(Reach::Public, Some(0)), (Reach::Unknown(SettledBy::Nodes), Some(1)), (Reach::Internal, None)]
    {
        let mut town = Town::new();
        let web = town.workload("web");
        town.scene.scanned(web);
        town.scene.way_in(web, Author::Cluster, reach, 443, 8080);
        town.on_host(web, &[S::Privileged]);
        assert_eq!(Toward::goal(&town.graph(), Goal::Node, |_| false).doubts(0), want, "{reach:?}");
    }
}

#[test]
fn the_same_world_gives_the_same_graph() {
    let mut town = Town::new();
    let (web, runner) = (town.exposed("web"), town.account("runner"));
    town.runs_as(web, runner);
    town.holds(runner, Capability::ExecPods, "RoleBinding/b");
    town.on_host(web, &[S::Privileged, S::HostPid]);
    let (one, two) = (town.graph(), town.graph());
    assert_eq!((one.spots, one.steps), (two.spots, two.steps));
}

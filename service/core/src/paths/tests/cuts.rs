//! Cuts, by hand and against every other set of changes of small random clusters.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

use HostSetting as S;

fn remedies(cut: &Cut) -> BTreeSet<Remedy> {
    cut.chokes.iter().map(|choke| choke.remedy).collect()
}

#[test]
fn one_binding_behind_many_entries_is_cut_before_the_entries_are() {
    let mut town = Town::new();
    let runner = town.account("runner");
    for n in 0..5 {
        let web = town.exposed(&format!("web-{n}"));
        town.runs_as(web, runner);
    }
    town.holds_everywhere(runner, Capability::ClusterAdmin, "ClusterRoleBinding/all");
    let graph = town.graph();
    let cut = cut(&graph, &[0], &[Goal::ClusterAdmin]);
    assert_eq!(remedies(&cut), [Remedy::RemoveBinding(0)].into());
    assert_eq!((cut.ways, cut.chokes[0].closes_alone, cut.effort, cut.possible), (5, 5, 3, true));
}

#[test]
fn a_token_that_one_workload_holds_of_two_identities_is_one_change() {
    let mut town = Town::new();
    let (web, one, two) = (town.exposed("web"), town.account("one"), town.account("two"));
    for (identity, binding) in [(one, "ClusterRoleBinding/one"), (two, "ClusterRoleBinding/two")] {
        town.runs_as(web, identity);
        town.holds_everywhere(identity, Capability::ClusterAdmin, binding);
    }
    let cut = cut(&town.graph(), &[0], &[Goal::ClusterAdmin]);
    assert_eq!((remedies(&cut), cut.effort), ([Remedy::UnmountToken(web)].into(), 1));
}

#[test]
fn of_two_settings_that_are_needed_together_the_easier_goes() {
    let mut town = Town::new();
    let web = town.exposed("web");
    town.on_host(web, &[S::SysPtrace, S::HostPid]);
    let cut = cut(&town.graph(), &[0], &[Goal::Node]);
    assert_eq!((remedies(&cut), cut.effort), ([Remedy::DropSetting(web, S::SysPtrace)].into(), 2));
}

#[test]
fn all_folders_of_one_workload_go_together() {
    let mut town = Town::new();
    let web = town.exposed("web");
    town.on_host(web, &[S::HostWrite, S::HostRead, S::PodVolumes, S::RuntimeSocket]);
    let cut = cut(&town.graph(), &[0], &[Goal::Node]);
    assert_eq!((remedies(&cut), cut.effort), ([Remedy::UnmountFolders(web)].into(), 3));
}

#[test]
fn no_way_needs_no_change_and_from_a_node_none_is_known() {
    let mut town = Town::new();
    let web = town.exposed("web");
    assert_eq!(cut(&town.graph(), &[0], &[Goal::Node]), Cut { possible: true, ..Cut::default() });
    let runner = town.account("runner");
    town.runs_as(web, runner);
    town.holds_everywhere(runner, Capability::ClusterAdmin, "ClusterRoleBinding/all");
    let graph = town.graph();
    let binding = graph.find(Spot::Binding(0)).unwrap();
    assert!(cut(&graph, &[binding], &[Goal::ClusterAdmin]).possible, "the binding itself can go");
    let mut stuck = graph.clone();
    stuck.granted.clear();
    let admin = graph.spots.iter().position(|spot| matches!(spot, Spot::ClusterAdmin(_))).unwrap() as u32;
    assert!(!cut(&stuck, &[admin], &[Goal::ClusterAdmin]).possible, "it is there already");
}

/// A small cluster from numbers: who is exposed, holds what, runs as whom and may what.
fn small(shape: &[(u8, u8, u8)]) -> Town {
    let mut town = Town::new();
    let accounts: Vec<AssetIdx> = (0..3).map(|n| town.account(&format!("a{n}"))).collect();
    for (n, (host, account, right)) in shape.iter().enumerate() {
        let name = format!("w{n}");
        let workload = if host % 3 == 0 { town.exposed(&name) } else { town.workload(&name) };
        let settings: Vec<HostSetting> = [S::Privileged, S::HostPid, S::SysPtrace, S::HostWrite]
            .into_iter()
            .enumerate()
            .filter(|(bit, _)| host & (1 << (bit + 3)) != 0)
            .map(|(_, setting)| setting)
            .collect();
        town.on_host(workload, &settings);
        let identity = accounts[usize::from(*account) % accounts.len()];
        town.runs_as(workload, identity);
        let capability = Capability::ALL[usize::from(*right) % Capability::ALL.len()];
        town.right(identity, capability, &format!("RoleBinding/b{}", right % 4), right % 5 == 0);
    }
    town
}

fn is_open(graph: &AttackGraph, goals: &[Goal], remedies: &BTreeSet<Remedy>) -> bool {
    let closed = graph.closed_by(remedies);
    goals.iter().any(|goal| Toward::goal(graph, *goal, |step| closed.contains(&step)).doubts(0).is_some())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_cut_closes_every_way_and_no_cheaper_set_does(shape in prop::collection::vec(any::<(u8, u8, u8)>(), 1..4)) {
        let graph = small(&shape).graph();
        let goals = [Goal::ClusterAdmin, Goal::Node];
        let cut = cut(&graph, &[0], &goals);
        prop_assert!(cut.possible, "every entry can be closed");
        let chosen = remedies(&cut);
        prop_assert_eq!(chosen.iter().map(|r| r.effort()).sum::<u64>(), cut.effort);
        prop_assert!(!is_open(&graph, &goals, &chosen));
        let own = graph.steps.iter().filter_map(|step| step.remedy);
        let all: BTreeSet<Remedy> = own.chain((0..graph.spots.len() as u32).filter_map(|at| graph.remedy(at))).collect();
        let all: Vec<Remedy> = all.into_iter().collect();
        prop_assume!(all.len() <= 12);
        for bits in 0u32..1 << all.len() {
            let set: BTreeSet<Remedy> = (0..all.len()).filter(|n| bits & (1 << n) != 0).map(|n| all[n]).collect();
            let effort = set.iter().map(|r| r.effort()).sum::<u64>();
            prop_assert!(effort >= cut.effort || is_open(&graph, &goals, &set), "{set:?} costs {effort}, {cut:?}");
        }
    }

    #[test]
    fn a_change_that_adds_nothing_opens_nothing(shape in prop::collection::vec(any::<(u8, u8, u8)>(), 1..6)) {
        let graph = small(&shape).graph();
        for goal in Goal::ALL {
            let now = Toward::goal(&graph, *goal, |_| false);
            let less = Toward::goal(&graph, *goal, |step| step % 3 == 0);
            for at in 0..graph.spots.len() as u32 {
                prop_assert!(less.doubts(at).is_none_or(|d| now.doubts(at).is_some_and(|n| n <= d)));
                if let Some(path) = now.path(&graph, at) {
                    // The way hangs together and ends at the goal.
                    let mut here = at;
                    for step in path.steps {
                        prop_assert_eq!(graph.steps[step as usize].from, here);
                        here = graph.steps[step as usize].to;
                    }
                    prop_assert!(goal.is(graph.spot(here)));
                }
            }
        }
    }
}

//! What a condition is told, and what it answers.

use assay_core::ids::Time;

use super::StandardsVersion;
use crate::cluster::model::{Container, ContainerList, PodSpec, SecurityContext, ServiceAccount, Workload};
use crate::cluster::object::Object;
use crate::cluster::view::View;

/// A workload with what is known around it.
pub(in crate::cluster) struct Case<'a> {
    /// The workload.
    pub(in crate::cluster) workload: &'a Workload,
    /// The object that it is.
    pub(in crate::cluster) object: &'a Object,
    /// Its namespace, where the object says it.
    pub(in crate::cluster) namespace: Option<&'a str>,
    /// The identity it runs as, where in view.
    pub(in crate::cluster) account: Option<&'a ServiceAccount>,
    /// Whether a token of that identity is mounted.
    pub(in crate::cluster) token_mounted: bool,
    /// The version of the standards.
    pub(in crate::cluster) version: StandardsVersion,
}

/// Any object with what is known around it.
#[derive(Clone, Copy)]
pub(in crate::cluster) struct ObjectCase<'a> {
    /// The object.
    pub(in crate::cluster) object: &'a Object,
    /// All objects.
    pub(in crate::cluster) view: &'a View<'a>,
    /// Whether an absence means something: everything that decides about workloads and exposure is in view.
    pub(in crate::cluster) complete: bool,
    /// The same of roles and bindings.
    pub(in crate::cluster) rights_complete: bool,
    /// Whether a server showed it, which turns every object into the version that it prefers.
    pub(in crate::cluster) live: bool,
    /// When it was looked at.
    pub(in crate::cluster) as_of: Time,
}

/// The cluster as a whole.
pub(in crate::cluster) struct ClusterCase {
    /// Whether anything that refuses objects is in view: a webhook, a policy, a namespace with a level.
    pub(in crate::cluster) admission: bool,
    /// Whether everything that could be one was looked for, and there are workloads at all.
    pub(in crate::cluster) complete: bool,
    /// How many workloads there are.
    pub(in crate::cluster) workloads: usize,
}

/// A namespace with what is known around it.
#[derive(Default)]
pub(in crate::cluster) struct NamespaceCase {
    /// How many workloads are in it.
    pub(in crate::cluster) workloads: usize,
    /// How many of its workloads the Internet reaches.
    pub(in crate::cluster) exposed: usize,
    /// Whether a policy of it selects all pods and lets nobody call them.
    pub(in crate::cluster) denies_ingress: bool,
    /// Whether a policy of it selects all pods and lets them call nobody.
    pub(in crate::cluster) denies_egress: bool,
    /// Whether a policy of a sort that is not evaluated is in it.
    pub(in crate::cluster) other_policies: bool,
    /// Whether a network policy of its own is in view.
    pub(in crate::cluster) policies: bool,
    /// Whether a policy over the whole cluster is in view, which may cover it.
    pub(in crate::cluster) cluster_policies: bool,
    /// Whether everything in it is in view.
    pub(in crate::cluster) complete: bool,
}

/// One of the five outcomes of a control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster) enum Verdict {
    /// It holds.
    Pass,
    /// It does not: where.
    Fail(Vec<Spot>),
    /// There is nothing it could apply to.
    NotApplicable,
    /// It cannot be seen from here.
    NotObservable,
    /// A person has to look.
    NeedsPerson,
}

/// A field that makes a control fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cluster) struct Spot {
    /// In the pod or in one of its containers.
    pub(in crate::cluster) at: Where,
    /// The field from there, such as `securityContext.privileged`.
    pub(in crate::cluster) field: String,
    /// What it is, in words; may hold a stranger's value.
    pub(in crate::cluster) saw: String,
}

/// The part of a workload that a failure sits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::cluster) enum Where {
    /// The object, as from its root.
    Object,
    /// The pod as a whole.
    Pod,
    /// A container, by its list and place.
    Container(ContainerList, usize),
}

impl<'a> Case<'a> {
    /// The pod.
    pub(super) fn spec(&self) -> &'a PodSpec {
        &self.workload.spec
    }

    /// Tests every container; the field and its value are what is wrong with it.
    pub(super) fn containers(&self, test: impl Fn(&Container) -> Option<(String, String)>) -> Vec<Spot> {
        let found = self.spec().all_containers().filter_map(|(list, index, container)| {
            test(container).map(|(field, saw)| Spot { at: Where::Container(list, index), field, saw })
        });
        found.collect()
    }

    /// Tests the settings of the pod and of every container.
    pub(super) fn contexts(&self, test: impl Fn(&SecurityContext) -> Option<(&'static str, String)>) -> Vec<Spot> {
        let within = |(field, saw): (&str, String)| (format!("securityContext.{field}"), saw);
        let of_pod = test(&self.spec().security_context).map(within);
        let mut spots: Vec<Spot> = of_pod.into_iter().map(|(field, saw)| Spot { at: Where::Pod, field, saw }).collect();
        spots.extend(self.containers(|container| test(&container.security_context).map(within)));
        spots
    }

    /// True where the standard lets a pod with a user namespace of its own do more.
    pub(super) fn in_user_namespace(&self) -> bool {
        self.version.since(35) && self.spec().host_users == Some(false)
    }

    /// True where the standard does not ask a Windows pod for Linux settings.
    pub(super) fn spared_on_windows(&self) -> bool {
        self.version.since(25) && self.spec().on_windows()
    }
}

impl Verdict {
    /// Two verdicts over parts of one thing as one: what fails, else what is not known, else what passes.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fail(mut spots), Self::Fail(more)) => {
                spots.extend(more);
                Self::Fail(spots)
            }
            (fail @ Self::Fail(_), _) | (_, fail @ Self::Fail(_)) => fail,
            (Self::NeedsPerson, _) | (_, Self::NeedsPerson) => Self::NeedsPerson,
            (Self::NotObservable, _) | (_, Self::NotObservable) => Self::NotObservable,
            (Self::Pass, _) | (_, Self::Pass) => Self::Pass,
            (Self::NotApplicable, Self::NotApplicable) => Self::NotApplicable,
        }
    }

    /// A failure at one field where there is one, else a pass.
    pub(super) fn fail_if(spot: Option<Spot>) -> Self {
        spot.map_or(Self::Pass, |spot| Self::Fail(vec![spot]))
    }

    /// A failure where there are spots, else a pass.
    pub(super) fn of(spots: Vec<Spot>) -> Self {
        if spots.is_empty() { Self::Pass } else { Self::Fail(spots) }
    }
}

/// A field of a container with what it is.
pub(super) fn seen(field: impl Into<String>, saw: impl Into<String>) -> Option<(String, String)> {
    Some((field.into(), saw.into()))
}

/// A field of the pod.
pub(super) fn of_pod(field: impl Into<String>, saw: impl Into<String>) -> Spot {
    Spot { at: Where::Pod, field: field.into(), saw: saw.into() }
}

/// A field of the object, as from its root.
pub(super) fn of_object(field: impl Into<String>, saw: impl Into<String>) -> Spot {
    Spot { at: Where::Object, field: field.into(), saw: saw.into() }
}

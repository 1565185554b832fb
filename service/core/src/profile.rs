//! What an image does while it is watched: its programs, packages, ports and peers, merged over every place that runs it.
//! Comes in: the world. Goes out: profiles, and whether a signal's program belonged to one before the signal. That it did
//! is said and never lowers anything: who stays long enough is part of every profile.

use std::collections::{BTreeMap, BTreeSet};

use crate::asset::PackageKey;
use crate::context::{Watch, watch};
use crate::finding::{Finding, Matter};
use crate::ids::{Digest, Span, Time};
use crate::observation::{Eye, PeerClass, Protocol, Role, UseLevel, What};
use crate::text::Opaque;
use crate::world::{AssetIdx, FactSeen, World};

/// How long something must have been known before a moment to have been learnt by then.
pub const LEARNT_AFTER: Span = Span::days(1);

/// A container of an image, by digest where the runtime told it, else by tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProfileKey<'w> {
    /// The repository.
    pub repository: &'w Opaque,
    /// The digest that runs.
    pub digest: Option<Digest>,
    /// The tag, where no digest is known.
    pub tag: Option<&'w Opaque>,
    /// The container's name.
    pub container: &'w Opaque,
}

/// First and last time something was seen, in any of the places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenSpan {
    /// First.
    pub since: Time,
    /// Last.
    pub until: Time,
}

/// A socket's side: who opens it, which port, how.
pub type Port<'w> = (u16, Protocol, &'w Opaque);

/// A peer: which side it is on, where, which port, how, and the program that talks.
pub type Peer<'w> = (Role, PeerClass, u16, Protocol, &'w Opaque);

/// What was seen, each with its span.
pub type Seen<K> = BTreeMap<K, SeenSpan>;

/// What one container of one image does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile<'w> {
    /// The workloads that run it.
    pub places: BTreeSet<AssetIdx>,
    /// Those of them that run another version of the image in the same container too, as in a rollout: what they did
    /// stands in the profiles of both.
    pub shared: BTreeSet<AssetIdx>,
    /// How long it was watched, in the place that was watched longest; none where no sensor looked.
    pub watched: Option<Span>,
    /// Programs.
    pub programs: Seen<&'w Opaque>,
    /// Packages in use, with how far.
    pub packages: Seen<(&'w PackageKey, UseLevel)>,
    /// Ports that it listens on.
    pub listens: Seen<Port<'w>>,
    /// Who it talks to.
    pub peers: Seen<Peer<'w>>,
    /// The kernel's capabilities that its programs had in effect when they began, by number.
    pub capabilities: Seen<u8>,
}

/// The profiles of all images that run, in the order of their names.
pub fn profiles(world: &World) -> BTreeMap<ProfileKey<'_>, Profile<'_>> {
    let mut profiles: BTreeMap<ProfileKey<'_>, Profile<'_>> = BTreeMap::new();
    for workload in world.workloads() {
        let keys: BTreeSet<ProfileKey<'_>> = keys(world, workload).collect();
        for key in &keys {
            let profile = profiles.entry(key.clone()).or_default();
            profile.places.insert(workload);
            if keys.iter().filter(|k| k.container == key.container).count() > 1 {
                profile.shared.insert(workload);
            }
            let seen = watch(world, workload, key.container, Eye::SensorUse);
            profile.watched = profile.watched.max((seen.watched > 0).then(|| seen.span()));
            world.facts(workload).filter(|f| f.is_seen_in(key.container)).for_each(|f| profile.learn(f));
        }
    }
    profiles
}

/// The images of a workload. A tag is no part of the key where a digest is known.
fn keys(world: &World, workload: AssetIdx) -> impl Iterator<Item = ProfileKey<'_>> {
    world.images(workload).map(|(edge, container, tag, digest)| ProfileKey {
        repository: &world.asset(edge.to).key.name,
        digest,
        tag: tag.filter(|_| digest.is_none()),
        container,
    })
}

impl<'w> Profile<'w> {
    fn learn(&mut self, fact: &'w FactSeen) {
        match &fact.what {
            What::Executed { exe } => note(&mut self.programs, exe, fact),
            What::InUse { level, exe, .. } => {
                note(&mut self.programs, exe, fact);
                if let Some(package) = &fact.component {
                    note(&mut self.packages, (package, *level), fact);
                }
            }
            What::Listens { port, protocol, exe } => {
                note(&mut self.listens, (*port, *protocol, exe), fact);
            }
            What::Talks { port, protocol, role, peer, exe } => {
                note(&mut self.peers, (*role, *peer, *port, *protocol, exe), fact);
            }
            What::RanWith(caps) => caps.numbers().for_each(|number| note(&mut self.capabilities, number, fact)),
            _ => {}
        }
    }
}

fn note<K: Ord>(seen: &mut Seen<K>, key: K, fact: &FactSeen) {
    let span = seen.entry(key).or_insert(SeenSpan { since: fact.since, until: fact.until });
    span.since = span.since.min(fact.since);
    span.until = span.until.max(fact.until);
}

/// Whether a program of the name that a signal is about ran in its image before the signal came.
#[derive(Clone, Debug, PartialEq)]
pub enum Before<'w> {
    /// One did.
    Known {
        /// That program: another path may stand behind the same name.
        exe: &'w Opaque,
        /// The oldest fact that shows it, of any place that runs the image.
        fact: &'w FactSeen,
    },
    /// None did, although the container had been watched as well as a "no" asks for.
    New(Watch),
}

/// What can be said about a signal's program; none for signals that tell no program apart, and where nobody watched.
pub fn before<'w>(finding: &Finding, world: &'w World) -> Option<Before<'w>> {
    let mark = finding.matter.program_mark()?;
    let learnt = |since: Time| since.until(finding.life.first_seen) >= LEARNT_AFTER;
    let workload = world.find(&finding.place.asset)?;
    let container = &finding.place.container;
    let mine: BTreeSet<ProfileKey<'_>> = keys(world, workload).filter(|k| k.container == container).collect();
    let mut known: Option<(&'w Opaque, &'w FactSeen)> = None;
    for place in world.workloads().filter(|p| keys(world, *p).any(|key| mine.contains(&key))) {
        for fact in world.facts(place).filter(|f| f.is_seen_in(container) && learnt(f.since)) {
            let Some(exe) = fact.what.program() else { continue };
            if known.is_none_or(|(_, k)| (fact.since, fact.id) < (k.since, k.id))
                && Matter::mark_of(exe.reveal()) == mark
            {
                known = Some((exe, fact));
            }
        }
    }
    if let Some((exe, fact)) = known {
        return Some(Before::Known { exe, fact });
    }
    let watch = watch(world, workload, container, Eye::SensorUse);
    (watch.whole && learnt(watch.since)).then_some(Before::New(watch))
}

#[cfg(test)]
mod tests;

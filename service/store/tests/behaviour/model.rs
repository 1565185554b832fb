//! What the ledger must hold, worked out anew from the whole list of reports: slow, plain, and written without a look at
//! any implementation. The rules are those of the identity and lifecycle design.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::finding::{Presence, ResolvedBecause};
use assay_core::ids::{Span, Time};
use assay_core::scope::Spoken;

use crate::steps::{FLAWS, IMAGES, Look, Seen, Sweep, TAGS, WORKLOADS, class, matter};

const FIXED: Presence = Presence::Resolved(ResolvedBecause::Fixed);
const GONE: Presence = Presence::Resolved(ResolvedBecause::AssetGone);
const SUPERSEDED: Presence = Presence::Resolved(ResolvedBecause::Superseded);

/// A report of one scope, whatever it is about: `K` names what it claims.
struct Heard<K> {
    at: Time,
    received: Time,
    dated: bool,
    complete: bool,
    classes: Vec<Spoken>,
    content: String,
    version: String,
    claims: BTreeSet<K>,
}

/// A source's word for one thing.
#[derive(Clone, Copy)]
struct Said {
    alive: bool,
    doubted: Option<Time>,
    at: Time,
}

/// What a scope's words come to after all its reports, in the order in which they came in.
fn words<K: Ord + Copy>(reports: &[Heard<K>], class: impl Fn(K) -> Spoken) -> BTreeMap<K, Said> {
    let mut words: BTreeMap<K, Said> = BTreeMap::new();
    let mut compared: Option<(String, String)> = None;
    for (n, report) in reports.iter().enumerate() {
        let complete_before = |class: Spoken| {
            let of_class = |r: &&Heard<K>| r.complete && r.classes.contains(&class);
            reports[..n].iter().filter(of_class).map(|r| r.at).max()
        };
        let known = words.clone();
        for claim in report.claims.iter().filter(|k| complete_before(class(**k)).is_none_or(|at| at <= report.at)) {
            match words.get_mut(claim) {
                Some(said) if said.alive && report.at < said.at => {}
                Some(said) => *said = Said { alive: true, doubted: None, at: report.at },
                None => drop(words.insert(*claim, Said { alive: true, doubted: None, at: report.at })),
            }
        }
        // What was never compared explains nothing.
        let explained = compared
            .as_ref()
            .is_some_and(|(content, version)| *content != report.content || *version != report.version);
        for of in Spoken::ALL.iter().filter(|c| report.complete && report.classes.contains(c)) {
            if complete_before(*of).is_some_and(|at| at >= report.at) {
                continue;
            }
            let before = known.iter().filter(|(k, said)| said.alive && class(**k) == *of).count();
            let now = report.claims.iter().filter(|k| class(**k) == *of).count();
            let fewer = before.saturating_sub(now);
            let broken = (before > 0 && now == 0) || (fewer > 5 && fewer * 5 > before);
            for (k, said) in &known {
                if class(*k) != *of || !said.alive || report.claims.contains(k) || said.at >= report.at {
                    continue;
                }
                let ripe = |at: Time| report.dated || at + Span::minutes(1) <= report.received;
                let closes = match said.doubted {
                    _ if explained => true,
                    None => !broken,
                    Some(at) => ripe(at),
                };
                let word = words.get_mut(k).expect("it was known");
                if closes {
                    word.alive = false;
                } else {
                    word.doubted = word.doubted.or(Some(report.received));
                }
            }
        }
        let newest = Spoken::ALL.iter().all(|c| complete_before(*c).is_none_or(|at| at < report.at));
        if report.complete && newest {
            compared = Some((report.content.clone(), report.version.clone()));
        }
    }
    words
}

/// A container's version: image, tag, digest.
type Version = (usize, usize, Option<u64>);

/// What a workload is, after all scans.
#[derive(Clone, Default)]
struct Workload {
    known: bool,
    gone_as_of: Option<Time>,
    runs: BTreeSet<Version>,
    ran: BTreeMap<Version, Time>,
}

impl Workload {
    fn is_there(&self) -> bool {
        self.known && self.gone_as_of.is_none()
    }

    fn stop(&mut self, keep: &BTreeSet<Version>, at: Time) {
        for version in self.runs.difference(keep).copied().collect::<Vec<_>>() {
            self.runs.remove(&version);
            self.ran.insert(version, at);
        }
    }
}

/// A scope of an image.
type Scope = (usize, usize, usize);

/// Everything that came in.
#[derive(Default)]
pub(crate) struct Model {
    looks: Vec<Look>,
    sweeps: Vec<Sweep>,
}

/// What must hold of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Exactly(Presence),
    /// Resolved, for whatever reason, or never there.
    NotHere,
}

impl Model {
    pub(crate) fn look(&mut self, look: &Look) {
        self.looks.push(look.clone());
    }

    pub(crate) fn looks(&self) -> &[Look] {
        &self.looks
    }

    pub(crate) fn sweep(&mut self, sweep: &Sweep) {
        self.sweeps.push(sweep.clone());
    }

    /// What must hold, by the names of the findings.
    pub(crate) fn expected(&self) -> BTreeMap<String, Expected> {
        let workloads = self.workloads();
        let scopes: BTreeMap<Scope, BTreeMap<usize, Said>> = self.scopes();
        let mut all = self.controls(&workloads);
        let mut placed: BTreeSet<(usize, usize)> = BTreeSet::new();
        for (n, workload) in workloads.iter().enumerate() {
            for flaw in 0..FLAWS {
                let mut best: Option<Presence> = None;
                let mut images = BTreeSet::new();
                for (scope, carried) in self.speaking(workload) {
                    let Some(said) = scopes.get(&scope).and_then(|w| w.get(&flaw)) else { continue };
                    let presence = match said {
                        Said { alive: false, .. } => FIXED,
                        Said { doubted: None, .. } if !carried => Presence::Open,
                        _ => Presence::Stale,
                    };
                    if presence < FIXED {
                        images.insert(scope.1);
                    }
                    best = Some(best.map_or(presence, |b| b.min(presence)));
                }
                placed.extend(images.into_iter().map(|image| (image, flaw)));
                let expected = match best {
                    Some(presence) if presence < FIXED => Expected::Exactly(presence),
                    _ => Expected::NotHere,
                };
                all.insert(format!("shop/w{n}/app: {}", matter(flaw)), expected);
            }
        }
        for (image, flaw) in (0..IMAGES).flat_map(|i| (0..FLAWS).map(move |f| (i, f))) {
            let mut own: Option<Presence> = None;
            for (scope, said) in scopes.iter().filter(|(s, _)| s.1 == image) {
                let Some(said) = said.get(&flaw) else { continue };
                let presence = match said {
                    Said { alive: false, .. } => FIXED,
                    _ if self.overtaken(*scope, class(flaw), &workloads) => SUPERSEDED,
                    Said { doubted: Some(_), .. } => Presence::Stale,
                    _ => Presence::Open,
                };
                own = Some(own.map_or(presence, |o| o.min(presence)));
            }
            let Some(own) = own else { continue };
            let shown = if own < FIXED && placed.contains(&(image, flaw)) { SUPERSEDED } else { own };
            let expected = Expected::Exactly(shown);
            all.insert(format!("docker.io/shop/image{image}: {}", matter(flaw)), expected);
        }
        all
    }

    fn scopes(&self) -> BTreeMap<Scope, BTreeMap<usize, Said>> {
        let mut scopes: BTreeMap<Scope, Vec<Heard<usize>>> = BTreeMap::new();
        for look in &self.looks {
            scopes.entry((look.tool, look.image, look.tag)).or_default().push(Heard {
                at: look.when.produced(),
                received: look.when.received,
                dated: look.when.lag.is_some(),
                complete: look.complete,
                classes: look.classes.clone(),
                content: look.digest().to_string(),
                version: look.version.to_string(),
                claims: look.claims().collect(),
            });
        }
        scopes.into_iter().map(|(scope, reports)| (scope, words(&reports, class))).collect()
    }

    /// A newer tag of the image has a complete report of the class by the same tool, nothing runs this tag, and it was
    /// not reported again after it had been overtaken.
    fn overtaken(&self, (tool, image, tag): Scope, of: Spoken, workloads: &[Workload]) -> bool {
        let runs = |w: &Workload| self.speaking(w).contains(&((tool, image, tag), false));
        let reports =
            || self.looks.iter().filter(move |l| l.tool == tool && l.image == image && l.classes.contains(&of));
        let own: Vec<Time> = reports().filter(|l| l.tag == tag).map(|l| l.when.produced()).collect();
        let others = || reports().filter(|l| l.tag != tag && l.complete).map(|l| l.when.produced());
        let (Some(first), Some(last)) = (own.iter().min(), own.iter().max()) else { return false };
        !workloads.iter().any(runs) && others().any(|o| o > *last) && !others().any(|o| *first < o && o < *last)
    }

    /// The scopes that speak of what a workload's container runs, and whether they are about what it ran before.
    fn speaking(&self, workload: &Workload) -> BTreeSet<(Scope, bool)> {
        let mut all = BTreeSet::new();
        if !workload.is_there() {
            return all;
        }
        for image in 0..IMAGES {
            let runs: Vec<Version> = workload.runs.iter().copied().filter(|v| v.0 == image).collect();
            let now: BTreeSet<Scope> = runs.iter().flat_map(|v| self.describing(*v)).collect();
            if !now.is_empty() || runs.is_empty() {
                all.extend(now.into_iter().map(|scope| (scope, false)));
                continue;
            }
            let mut before: Vec<(Time, usize, Option<assay_core::ids::Digest>, Version)> = workload
                .ran
                .iter()
                .filter(|(v, _)| v.0 == image)
                .map(|(v, until)| (*until, v.1, v.2.map(crate::report::digest), *v))
                .collect();
            before.sort();
            let last = before.iter().rev().map(|b| self.describing(b.3)).find(|scopes| !scopes.is_empty());
            all.extend(last.unwrap_or_default().into_iter().map(|scope| (scope, true)));
        }
        all
    }

    fn describing(&self, (image, tag, digest): Version) -> Vec<Scope> {
        let scopes: BTreeSet<Scope> =
            self.looks.iter().filter(|l| l.image == image).map(|l| (l.tool, l.image, l.tag)).collect();
        let digest_of = |scope: &Scope| {
            let own = self.looks.iter().enumerate().filter(|(_, l)| (l.tool, l.image, l.tag) == *scope);
            own.max_by_key(|(n, l)| (l.when.produced(), *n)).map(|(_, l)| l.digest())
        };
        let exact: Vec<Scope> = scopes.iter().copied().filter(|s| digest.is_some() && digest_of(s) == digest).collect();
        if exact.is_empty() { scopes.into_iter().filter(|s| s.2 == tag).collect() } else { exact }
    }

    fn workloads(&self) -> Vec<Workload> {
        let mut all = vec![Workload::default(); WORKLOADS];
        for (n, sweep) in self.sweeps.iter().enumerate() {
            let at = sweep.when.produced();
            let newest = self.sweeps[..n].iter().filter(|s| s.complete).map(|s| s.when.produced()).max();
            if newest.is_some_and(|newest| newest > at) {
                continue;
            }
            let rules = sweep.complete && newest.is_none_or(|newest| newest < at);
            for (workload, seen) in all.iter_mut().zip(&sweep.workloads) {
                let shown: BTreeSet<Version> = seen.iter().map(Seen::version).collect();
                if seen.is_some() {
                    workload.known = true;
                    workload.gone_as_of = workload.gone_as_of.filter(|gone| *gone >= at);
                    workload.runs.extend(&shown);
                    workload.ran.retain(|version, _| !shown.contains(version));
                }
                if rules && workload.known {
                    workload.stop(&shown, sweep.when.received);
                    if seen.is_none() && workload.gone_as_of.is_none() {
                        workload.gone_as_of = Some(at);
                    }
                }
            }
        }
        all
    }

    fn controls(&self, workloads: &[Workload]) -> BTreeMap<String, Expected> {
        let heard: Vec<Heard<usize>> = self
            .sweeps
            .iter()
            .map(|sweep| Heard {
                at: sweep.when.produced(),
                received: sweep.when.received,
                dated: sweep.when.lag.is_some(),
                complete: sweep.complete,
                classes: vec![Spoken::Misconfiguration, Spoken::Secret, Spoken::Rbac],
                content: format!("{:?}", sweep.workloads),
                version: "1".to_owned(),
                claims: (0..WORKLOADS)
                    .filter(|n| sweep.workloads[*n].as_ref().is_some_and(|seen| seen.privileged))
                    .collect(),
            })
            .collect();
        let words = words(&heard, |_| Spoken::Misconfiguration);
        let expected = words.into_iter().map(|(n, said)| {
            let expected = match said {
                _ if !workloads[n].is_there() => Expected::Exactly(GONE),
                Said { alive: true, doubted: None, .. } => Expected::Exactly(Presence::Open),
                Said { alive: true, .. } => Expected::Exactly(Presence::Stale),
                Said { alive: false, .. } => Expected::NotHere,
            };
            (format!("shop/w{n}: privileged"), expected)
        });
        expected.collect()
    }
}

impl Seen {
    fn version(&self) -> Version {
        let digest = self.build.map(|build| (self.image * 100 + self.tag * 10) as u64 + build);
        (self.image, self.tag, digest)
    }
}

/// So that a change of the world is noticed here too.
const _: () = assert!(TAGS == 3);

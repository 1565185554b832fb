//! What a ledger must hold, worked out anew from everything that came in: slow and plain, from the rules of identity and
//! lifecycle, without a look at any implementation.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::finding::{Presence, ResolvedBecause};
use assay_core::ids::{Span, Time};
use assay_core::scope::Spoken;

use super::step::{FLAWS, IMAGES, Look, SWEPT, Step, Sweep, WORKLOADS, When, class, matter};

/// What must hold of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Must {
    /// Exactly this.
    Be(Presence),
    /// Resolved for whatever reason, or never there.
    BeGone,
}

const fn resolved(because: ResolvedBecause) -> Presence {
    Presence::Resolved(because)
}

/// What must hold of every finding after these steps, by its name.
pub(super) fn expected(steps: &[Step]) -> BTreeMap<String, Must> {
    let looks: Vec<&Look> =
        steps.iter().filter_map(|s| if let Step::Look(look) = s { Some(look) } else { None }).collect();
    let sweeps: Vec<&Sweep> =
        steps.iter().filter_map(|s| if let Step::Sweep(sweep) = s { Some(sweep) } else { None }).collect();
    let workloads = workloads(&sweeps);
    let words = words_of_images(&looks);
    let mut all = BTreeMap::new();
    let mut placed = BTreeSet::new();
    for (n, workload) in workloads.iter().enumerate() {
        for flaw in 0..FLAWS {
            let runs = workload.images().filter_map(|image| Some((image, best(&words, image, flaw)?)));
            let here: Vec<(usize, Presence)> = runs.filter(|(_, p)| !matches!(p, Presence::Resolved(_))).collect();
            placed.extend(here.iter().map(|(image, _)| (*image, flaw)));
            let must = here.iter().map(|(_, presence)| *presence).min().map_or(Must::BeGone, Must::Be);
            all.insert(format!("shop/w{n}/app: {}", matter(flaw)), must);
        }
    }
    for (image, flaw) in (0..IMAGES).flat_map(|image| (0..FLAWS).map(move |flaw| (image, flaw))) {
        let Some(own) = best(&words, image, flaw) else { continue };
        // While a workload shows it, the image's finding only stands behind it.
        let shown = if placed.contains(&(image, flaw)) { resolved(ResolvedBecause::Superseded) } else { own };
        all.insert(format!("docker.io/shop/image{image}: {}", matter(flaw)), Must::Be(shown));
    }
    for (n, word) in words_of_sweeps(&sweeps) {
        let must = match word {
            _ if !workloads[n].is_there() => Must::Be(resolved(ResolvedBecause::AssetGone)),
            Word { lives: false, .. } => Must::BeGone,
            word => Must::Be(word.presence()),
        };
        all.insert(format!("shop/w{n}: privileged"), must);
    }
    all
}

/// What one report of a scope says.
struct Heard {
    when: When,
    complete: bool,
    classes: Vec<Spoken>,
    /// What was looked at, and with which version of the tool.
    looked: (String, String),
    claims: BTreeSet<usize>,
}

/// What a scope says of one thing.
#[derive(Clone, Copy)]
struct Word {
    lives: bool,
    /// A report lacked it that looked broken.
    doubted: Option<Time>,
    said: Time,
}

impl Word {
    fn presence(self) -> Presence {
        match (self.lives, self.doubted) {
            (true, None) => Presence::Open,
            (true, Some(_)) => Presence::Stale,
            (false, _) => resolved(ResolvedBecause::Fixed),
        }
    }
}

/// The most alive of the words of all tools that looked at an image.
fn best(words: &BTreeMap<(usize, usize), BTreeMap<usize, Word>>, image: usize, flaw: usize) -> Option<Presence> {
    let of_image = words.iter().filter(|((_, i), _)| *i == image);
    of_image.filter_map(|(_, words)| words.get(&flaw)).map(|word| word.presence()).min()
}

fn words_of_images(looks: &[&Look]) -> BTreeMap<(usize, usize), BTreeMap<usize, Word>> {
    let mut scopes: BTreeMap<(usize, usize), Vec<Heard>> = BTreeMap::new();
    for look in looks {
        scopes.entry((look.tool, look.image)).or_default().push(Heard {
            when: look.when,
            complete: look.complete,
            classes: look.classes.to_vec(),
            looked: (look.build.to_string(), look.version.to_string()),
            claims: look.claims().collect(),
        });
    }
    scopes.into_iter().map(|(scope, reports)| (scope, words(&reports, class))).collect()
}

fn words_of_sweeps(sweeps: &[&Sweep]) -> BTreeMap<usize, Word> {
    let heard = sweeps.iter().map(|sweep| Heard {
        when: sweep.when,
        complete: sweep.complete,
        classes: SWEPT.to_vec(),
        looked: (format!("{:?}", sweep.workloads), String::new()),
        claims: (0..WORKLOADS).filter(|n| sweep.workloads[*n].is_some_and(|(_, privileged)| privileged)).collect(),
    });
    words(&heard.collect::<Vec<_>>(), |_| Spoken::Misconfiguration)
}

/// What a scope's words come to, its reports taken in the order in which they came in.
fn words(reports: &[Heard], class: impl Fn(usize) -> Spoken) -> BTreeMap<usize, Word> {
    let mut words: BTreeMap<usize, Word> = BTreeMap::new();
    let mut compared: Option<&(String, String)> = None;
    for (n, report) in reports.iter().enumerate() {
        let at = report.when.produced();
        // When the newest complete look at a class was, before this report.
        let looked = |of: Spoken| {
            let complete = reports[..n].iter().filter(|r| r.complete && r.classes.contains(&of));
            complete.map(|r| r.when.produced()).max()
        };
        let before = words.clone();
        for claim in &report.claims {
            let older_than_a_look = looked(class(*claim)).is_some_and(|newest| at < newest);
            let older_than_the_word = words.get(claim).is_some_and(|w| w.lives && at < w.said);
            if !older_than_a_look && !older_than_the_word {
                words.insert(*claim, Word { lives: true, doubted: None, said: at });
            }
        }
        let changed =
            compared.is_some_and(|(content, version)| *content != report.looked.0 || *version != report.looked.1);
        let closing = |of: &&Spoken| report.complete && looked(**of).is_none_or(|newest| newest < at);
        for of in report.classes.iter().filter(closing) {
            let stood = before.iter().filter(|(k, w)| w.lives && class(**k) == *of).count();
            let stands = report.claims.iter().filter(|k| class(**k) == *of).count();
            let fewer = stood.saturating_sub(stands);
            // Empty where it was full, or a fifth and more than five fewer.
            let broken = (stood > 0 && stands == 0) || (fewer > 5 && fewer * 5 > stood);
            for (k, word) in words.iter_mut().filter(|(k, _)| class(**k) == *of) {
                let lacked = before.get(k).is_some_and(|w| w.lives && w.said < at) && !report.claims.contains(k);
                if !lacked {
                    continue;
                }
                let second_look = |at: Time| report.when.lag.is_some() || at + Span::minutes(1) <= report.when.received;
                let closes = changed || word.doubted.map_or(!broken, second_look);
                if closes {
                    word.lives = false;
                } else {
                    word.doubted = word.doubted.or(Some(report.when.received));
                }
            }
        }
        let newest_of_all = Spoken::ALL.iter().all(|of| looked(*of).is_none_or(|newest| newest < at));
        if report.complete && newest_of_all {
            compared = Some(&report.looked);
        }
    }
    words
}

/// A workload after all scans.
#[derive(Clone, Default)]
struct Workload {
    known: bool,
    gone: Option<Time>,
    runs: BTreeSet<usize>,
}

impl Workload {
    fn is_there(&self) -> bool {
        self.known && self.gone.is_none()
    }

    /// What runs in it, where it is there.
    fn images(&self) -> impl Iterator<Item = usize> {
        self.runs.iter().copied().filter(|_| self.is_there())
    }
}

fn workloads(sweeps: &[&Sweep]) -> Vec<Workload> {
    let mut all = vec![Workload::default(); WORKLOADS];
    for (n, sweep) in sweeps.iter().enumerate() {
        let at = sweep.when.produced();
        let newest = sweeps[..n].iter().filter(|s| s.complete).map(|s| s.when.produced()).max();
        if newest.is_some_and(|newest| at < newest) {
            continue;
        }
        let closes = sweep.complete && newest != Some(at);
        for (workload, seen) in all.iter_mut().zip(sweep.workloads) {
            if let Some((image, _)) = seen {
                workload.known = true;
                workload.runs.insert(image);
                // A scan that is no newer than the one that missed it does not bring it back.
                workload.gone = workload.gone.filter(|gone| *gone >= at);
            }
            if closes && workload.known {
                workload.runs.retain(|image| seen.is_some_and(|(runs, _)| runs == *image));
                if seen.is_none() {
                    workload.gone = workload.gone.or(Some(at));
                }
            }
        }
    }
    all
}

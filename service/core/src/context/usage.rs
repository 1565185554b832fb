//! Whether a package is in use, or is not, or why nobody can tell.

use super::watch::{Watch, watch};
use super::{Known, Origin, Proof, UnknownBecause};
use crate::asset::PackageKey;
use crate::observation::{Eye, SettledBy, UseLevel, What};
use crate::text::Opaque;
use crate::world::{AssetIdx, FactSeen, World};

/// Whether and how a package is in use.
#[derive(Clone, Debug, PartialEq)]
pub enum Use {
    /// It is.
    Yes {
        /// How far.
        level: UseLevel,
        /// By which executable.
        exe: Opaque,
        /// The port that the same process listens on.
        listens: Option<u16>,
        /// The proof.
        proof: Proof,
    },
    /// Nothing used it while it was watched well.
    No(Watch),
    /// Nobody can tell.
    Unknown(UnknownBecause, SettledBy, Option<Watch>),
}

impl Use {
    /// For a package in a container of an asset.
    pub fn of(world: &World, asset: Option<AssetIdx>, container: &Opaque, package: Option<&PackageKey>) -> Self {
        let (Some(asset), Some(package)) = (asset, package) else {
            return Self::Unknown(UnknownBecause::NotPlaced, SettledBy::ClusterScan, None);
        };
        if world.asset(asset).key.kind.class() != crate::asset::KindClass::Workload {
            return Self::Unknown(UnknownBecause::NotPlaced, SettledBy::ClusterScan, None);
        }
        if let Some((level, exe, listens, fact)) = strongest(world, asset, container, package) {
            let proof = Proof::by(Origin::Sensor, fact.evidence(), fact.until);
            return Self::Yes { level, exe: exe.clone(), listens, proof };
        }
        let watch = watch(world, asset, container, Eye::SensorUse);
        match watch.why_not().or_else(|| blind(world, asset, container, package)) {
            None => Self::No(watch),
            Some((why, by)) => Self::Unknown(why, by, (watch.watched > 0 || watch.past.is_some()).then_some(watch)),
        }
    }

    /// As a factor.
    pub fn known(&self) -> Known<bool> {
        match self {
            Self::Yes { proof, .. } => Known::Is(true, proof.clone()),
            Self::No(watch) => {
                Known::Is(false, Proof { origin: Origin::Sensor, evidence: watch.evidence.clone(), as_of: watch.until })
            }
            Self::Unknown(why, by, _) => Known::Unknown(*why, Some(*by)),
        }
    }
}

/// Whether a package is in use, as a factor.
pub fn in_use(world: &World, asset: Option<AssetIdx>, container: &Opaque, package: Option<&PackageKey>) -> Known<bool> {
    Use::of(world, asset, container, package).known()
}

/// Kinds of packages whose lists the sensor reads: of another kind it would not know one that is used.
const NAMED_KINDS: [&str; 7] = ["deb", "apk", "rpm", "pypi", "npm", "golang", "maven"];

/// Why "no" would be a guess however well it was watched: the sensor names packages by what it finds beside the files
/// that are used, and not all of them have a name there.
fn blind(
    world: &World,
    asset: AssetIdx,
    container: &Opaque,
    package: &PackageKey,
) -> Option<(UnknownBecause, SettledBy)> {
    if !NAMED_KINDS.contains(&package.ecosystem.reveal()) {
        return Some((UnknownBecause::KindNotSeen, SettledBy::Person));
    }
    let perhaps = |f: &FactSeen| match (&f.what, &f.component) {
        (What::InUse { level, .. }, Some(used)) if f.container == *container => {
            let unnamed = used.is_unnamed() && used.ecosystem == package.ecosystem;
            // A scanner may name a lock file as its place, and the sensor the folder it lies in.
            let elsewhere = *level > UseLevel::Perhaps && same_name(used, package);
            unnamed || elsewhere || same_package(used, package)
        }
        _ => false,
    };
    world.facts(asset).any(perhaps).then_some((UnknownBecause::PerhapsUsed, SettledBy::Person))
}

type Strongest<'w> = (UseLevel, &'w Opaque, Option<u16>, &'w FactSeen);

/// The use that says most: the process that listens first, then the furthest level, then the newest.
fn strongest<'w>(world: &'w World, asset: AssetIdx, container: &Opaque, package: &PackageKey) -> Option<Strongest<'w>> {
    let uses = world.facts(asset).filter(|f| f.container == *container).filter_map(|f| match (&f.what, &f.component) {
        (What::InUse { level, exe, listens }, Some(used))
            if *level > UseLevel::Perhaps && same_package(used, package) =>
        {
            Some((*level, exe, *listens, f))
        }
        _ => None,
    });
    uses.max_by_key(|(level, _, listens, f)| (listens.is_some(), *level, f.until, std::cmp::Reverse(f.id)))
}

/// The same package, whatever binary package of it; artifacts are compared where both sides know theirs.
fn same_package(used: &PackageKey, found: &PackageKey) -> bool {
    let artifact = used.artifact.is_empty() || found.artifact.is_empty() || used.artifact == found.artifact;
    same_name(used, found) && artifact
}

fn same_name(used: &PackageKey, found: &PackageKey) -> bool {
    used.ecosystem == found.ecosystem
        && used.namespace == found.namespace
        && used.counted_name() == found.counted_name()
}

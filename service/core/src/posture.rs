//! What somebody set on a cluster and may set otherwise: images, digests, exposure, identities, rights, policies and Pod
//! Security levels. Comes in: the posture of an asset as it was recorded, and as the world shows it. Goes out: the shifts
//! between the two, and the posture to record. What nobody can tell now is never a shift: the last that was known stays
//! recorded, and the next that is known is compared with it.

mod seen;

use std::collections::BTreeMap;

use crate::named;
use crate::observation::Author;
use crate::text::Opaque;

pub use seen::{RunsImage, Seen, seen};

named! {
    /// What can shift.
    pub enum Aspect {
        /// The object itself: a workload, or an object that guards others.
        Object = "object",
        /// The image that a container runs, with its tag.
        Image = "image",
        /// The digest that the same image and tag stand for.
        Digest = "digest",
        /// Whether the Internet gets there.
        Exposure = "exposure",
        /// The account that a workload runs as.
        Identity = "identity",
        /// The dangerous rights that a binding gives to a subject.
        Rights = "rights",
        /// The Pod Security level that a workload meets.
        PodSecurity = "pod_security",
        /// The Pod Security level that a namespace asks of new pods.
        Enforced = "enforced",
        /// A namespace, or what lies in none, has been looked at whole. It never shifts: it says that what is new was not
        /// there before.
        Looked = "looked",
    }
}

impl Aspect {
    /// What is compared, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Image => "image",
            Self::Digest => "digest under the same tag",
            Self::Exposure => "exposure",
            Self::Identity => "runs as",
            Self::Rights => "dangerous rights",
            Self::PodSecurity => "Pod Security level met",
            Self::Enforced => "Pod Security level enforced",
            Self::Looked => "looked at",
        }
    }

    /// True where silence says nothing: such a value is replaced, and never taken back by nobody's word.
    const fn outlives_silence(self) -> bool {
        match self {
            Self::Digest | Self::Exposure | Self::PodSecurity | Self::Enforced | Self::Looked => true,
            Self::Object | Self::Image | Self::Identity | Self::Rights => false,
        }
    }
}

/// One value of an aspect, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The value: a spelling of ours, or names of the cluster.
    pub value: Opaque,
    /// Who said so: the cluster itself, or its administrator by manifests.
    pub by: Author,
}

/// Which value of an aspect: a container, or where and by which binding a right is held.
pub type Which = (Aspect, Opaque);

/// The posture of one asset.
pub type Posture = BTreeMap<Which, Word>;

/// One value that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// What shifted.
    pub aspect: Aspect,
    /// Of which container, or by which binding; empty for the asset as a whole.
    pub which: Opaque,
    /// What it was; none where it was not there.
    pub before: Option<Word>,
    /// What it is; none where it is there no longer.
    pub after: Option<Word>,
}

/// Compares what was recorded of an asset with what is seen of it. `is_new` says of a value that was not recorded whether
/// its absence had been seen. The posture that comes back is the one to record.
pub fn compare(before: &Posture, now: &Posture, is_new: impl Fn(&Which) -> bool) -> (Vec<Shift>, Posture) {
    let object = (Aspect::Object, Opaque::readmit(""));
    let came_or_went = before.contains_key(&object) != now.contains_key(&object);
    let mut kept = now.clone();
    let mut shifts = Vec::new();
    for (which, word) in now {
        let shift = match before.get(which) {
            Some(was) if was.value == word.value => continue,
            Some(was) => Shift::of(which, Some(was), Some(word)),
            // What comes with an object that came is told by the object.
            None if which.0.outlives_silence() || came_or_went && *which != object => continue,
            None if is_new(which) => Shift::of(which, None, Some(word)),
            None => continue,
        };
        shifts.push(shift);
    }
    for (which, was) in before.iter().filter(|(which, _)| !now.contains_key(which)) {
        if which.0.outlives_silence() {
            kept.insert(which.clone(), was.clone());
        } else if !came_or_went || *which == object {
            shifts.push(Shift::of(which, Some(was), None));
        }
    }
    // Another image has another digest: that is one change.
    let images: Vec<Opaque> = shifts.iter().filter(|s| s.aspect == Aspect::Image).map(|s| s.which.clone()).collect();
    for container in images {
        shifts.retain(|s| s.aspect != Aspect::Digest || s.which != container);
        let digest = (Aspect::Digest, container);
        if !now.contains_key(&digest) {
            kept.remove(&digest);
        }
    }
    (shifts, kept)
}

/// The shifts of an asset that is gone: nothing of it stays recorded.
pub fn gone(before: &Posture) -> Vec<Shift> {
    compare(before, &Posture::new(), |_| false).0
}

impl Shift {
    fn of((aspect, which): &Which, before: Option<&Word>, after: Option<&Word>) -> Self {
        Self { aspect: *aspect, which: which.clone(), before: before.cloned(), after: after.cloned() }
    }

    /// True for a cause that shows in the moves of a finding's band with this reason: exposure moves what rests on
    /// exposure, everything else what is found on the same asset.
    pub fn may_move(&self, why: &str) -> bool {
        match self.aspect {
            Aspect::Exposure => why.contains("exposure:"),
            Aspect::Object | Aspect::Image | Aspect::Digest | Aspect::Identity | Aspect::Rights => true,
            Aspect::PodSecurity => !why.contains("exposure:"),
            Aspect::Enforced | Aspect::Looked => false,
        }
    }

    /// True where manifests said one thing and the cluster shows another.
    pub fn differs_from_declared(&self) -> bool {
        let by = |word: &Option<Word>| word.as_ref().map(|w| w.by);
        matches!((by(&self.before), by(&self.after)), (Some(Author::ClusterAdmin), Some(Author::Cluster)))
    }
}

#[cfg(test)]
mod tests;

//! What a watched cluster holds, as far as it is read. Comes in: changes of its kinds. Goes out: all objects at once, in one
//! order whatever order they came in, with what is not seen and why. A kind that fell silent says nothing until it is seen
//! again; what it showed is kept, so that it can go on from there.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use assay_core::ids::Digest;
use sha2::Digest as _;

use super::list::Name;
use crate::cluster::gathered::Gathered;
use crate::cluster::limits::ScanLimits;
use crate::cluster::object::Object;
use crate::door::SecretDoor;

/// A change of one kind.
#[derive(Debug)]
pub(super) struct Change {
    /// Which of the kinds; those of a server have one number each, in the order in which they are found.
    pub(super) at: usize,
    pub(super) what: What,
}

/// What changed.
#[derive(Debug)]
pub(super) enum What {
    /// There is such a kind: its name, and where it is listed.
    Kind(&'static str, String),
    /// All kinds that are served have been named.
    Discovered,
    /// All of its objects, and those that could not be read.
    Listed(BTreeMap<Name, Object>, Vec<(Option<Name>, String)>),
    /// One object.
    Put(Name, Box<Object>),
    /// One object could not be read.
    Lost(Option<Name>, String),
    /// One object is gone.
    Gone(Name),
    /// The kind is not seen, and why.
    Unseen(String),
    /// It is seen again, and missed nothing.
    Seen,
}

/// How a kind stands.
#[derive(Debug)]
enum Standing {
    /// Nobody knows yet.
    Waiting,
    Seen,
    Unseen(String),
}

#[derive(Debug)]
struct Kind {
    name: &'static str,
    place: String,
    standing: Standing,
    /// Those that could not be read. A nameless one stays until the next list.
    lost: Vec<(Option<Name>, String)>,
    objects: BTreeMap<Name, (Digest, Object)>,
}

/// A kind that is not seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// Where it is listed.
    pub place: String,
    /// Why it is not seen, and what to grant where that is missing.
    pub reason: String,
}

/// The objects of a watched cluster.
#[derive(Debug)]
pub struct Mirror {
    kinds: BTreeMap<usize, Kind>,
    discovered: bool,
    /// What every look begins with.
    empty: Gathered,
    limits: ScanLimits,
    door: SecretDoor,
}

impl Mirror {
    pub(super) fn new(empty: Gathered, limits: ScanLimits, door: SecretDoor) -> Self {
        Self { kinds: BTreeMap::new(), discovered: false, empty, limits, door }
    }

    /// True once each kind was shown, or is known not to be: before that nothing is to be said.
    pub fn is_ready(&self) -> bool {
        self.discovered && self.kinds.values().all(|kind| !matches!(kind.standing, Standing::Waiting))
    }

    /// True while at least one kind is seen: else there is nothing to say.
    pub fn sees_any(&self) -> bool {
        self.kinds.values().any(|kind| matches!(kind.standing, Standing::Seen))
    }

    /// How many objects are held.
    pub fn len(&self) -> usize {
        self.kinds.values().map(|kind| kind.objects.len()).sum()
    }

    /// True without any object.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The kinds that are not seen.
    pub fn unseen(&self) -> Vec<Unseen> {
        let unseen = self.kinds.values().filter_map(|kind| match &kind.standing {
            Standing::Unseen(reason) => Some(Unseen { place: kind.place.clone(), reason: reason.clone() }),
            Standing::Waiting | Standing::Seen => None,
        });
        unseen.collect()
    }

    /// Shows everything at once, with a digest of it.
    pub fn look<T>(&mut self, look: impl FnOnce(&Gathered, Digest) -> T) -> T {
        let (limits, door) = (&self.limits, &self.door);
        let mut home = Gathered {
            endpoint: self.empty.endpoint.clone(),
            restricted: self.empty.restricted,
            ..Gathered::default()
        };
        let mut prints = Vec::new();
        let mut names: Vec<(usize, Vec<Name>)> = Vec::new();
        for (at, kind) in &mut self.kinds {
            if let Standing::Unseen(reason) = &kind.standing {
                home.unseen.push(kind.name.into());
                home.pass_over(limits.skipped_listed_max, &kind.place, reason, door);
                continue;
            }
            let mut of_kind = Vec::with_capacity(kind.objects.len());
            for (name, (print, object)) in std::mem::take(&mut kind.objects) {
                of_kind.push(name);
                prints.push(print);
                home.objects.push(object);
            }
            names.push((*at, of_kind));
            for (_, why) in &kind.lost {
                home.lose(limits.skipped_listed_max, &kind.place, why, door);
            }
        }
        let digest = Digest::of_fields(prints.iter().map(|print| &print.bytes()[..]));
        let seen = look(&home, digest);
        let mut objects = prints.into_iter().zip(home.objects);
        for (at, names) in names {
            if let Some(kind) = self.kinds.get_mut(&at) {
                kind.objects = names.into_iter().zip(objects.by_ref()).collect();
            }
        }
        seen
    }

    /// Takes in a change; true when something that is read is different now.
    pub(super) fn apply(&mut self, change: Change) -> bool {
        let Change { at, what } = change;
        match what {
            What::Kind(name, place) => {
                let (standing, lost, objects) = (Standing::Waiting, Vec::new(), BTreeMap::new());
                self.kinds.insert(at, Kind { name, place, standing, lost, objects });
                false
            }
            What::Discovered => !std::mem::replace(&mut self.discovered, true),
            what => self.kinds.get_mut(&at).is_some_and(|kind| kind.apply(what)),
        }
    }
}

impl Kind {
    fn apply(&mut self, what: What) -> bool {
        match what {
            What::Listed(objects, lost) => {
                let was_seen = self.see();
                let lost = std::mem::replace(&mut self.lost, lost) != self.lost;
                let printed = objects.into_iter().map(|(name, object)| (name, (print(&object), object))).collect();
                let before: BTreeMap<_, _> = std::mem::replace(&mut self.objects, printed);
                let same = before.len() == self.objects.len()
                    && before.iter().zip(&self.objects).all(|((a, (x, _)), (b, (y, _)))| a == b && x == y);
                !was_seen || lost || !same
            }
            What::Put(name, object) => {
                let found = self.find(&name);
                let print = print(&object);
                let before = self.objects.insert(name, (print, *object));
                found || before.is_none_or(|(before, _)| before != print)
            }
            What::Gone(name) => self.find(&name) | self.objects.remove(&name).is_some(),
            What::Lost(name, why) => {
                self.lost.retain(|(lost, _)| lost.is_none() || *lost != name);
                self.lost.push((name, why));
                true
            }
            What::Unseen(reason) => {
                let standing = std::mem::replace(&mut self.standing, Standing::Unseen(reason));
                !matches!(standing, Standing::Unseen(_))
            }
            What::Seen => !self.see(),
            What::Kind(..) | What::Discovered => false,
        }
    }

    /// The kind is seen; true when it was before.
    fn see(&mut self) -> bool {
        matches!(std::mem::replace(&mut self.standing, Standing::Seen), Standing::Seen)
    }

    /// The object can be read now, or is gone; true when it could not be read before.
    fn find(&mut self, name: &Name) -> bool {
        let before = self.lost.len();
        self.lost.retain(|(lost, _)| lost.as_ref() != Some(name));
        self.lost.len() != before
    }
}

/// A digest of everything that is read of an object: what the server rewrites without meaning leaves it as it is.
fn print(object: &Object) -> Digest {
    struct Hashed(sha2::Sha256);
    impl Write for Hashed {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.update(text.as_bytes());
            Ok(())
        }
    }
    let mut hashed = Hashed(sha2::Sha256::new());
    // A hash takes any text.
    let _ = write!(hashed, "{object:?}");
    Digest::from_bytes(hashed.0.finalize().into())
}

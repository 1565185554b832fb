//! What one scan brought home, from files or from a server: objects, what was lost, what was passed over, and what was not
//! looked at. An absence means something only against this list.

use assay_core::scope::Skipped;
use assay_core::text::{Door, Opaque};

use super::object::Object;

/// The yield of one scan.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The objects, in the order in which they were shown.
    pub objects: Vec<Object>,
    /// What should have been an object and could not be read: a scan with one of these has not seen everything.
    pub lost: Vec<Skipped>,
    /// What was passed over for a reason that loses no object of those that were shown: files of another sort, and
    /// kinds that a server did not show.
    pub passed_over: Vec<Skipped>,
    /// How many more of either sort there are than are listed.
    pub more: usize,
    /// The kinds that were asked for and not shown, such as for want of rights.
    pub unseen: Vec<Box<str>>,
    /// True when only some namespaces were looked into.
    pub restricted: bool,
    /// The host of the API server that showed the objects.
    pub endpoint: Option<Box<str>>,
}

impl Gathered {
    /// Everything that was skipped, for people: the losses first.
    pub fn skipped(&self) -> impl Iterator<Item = &Skipped> {
        self.lost.iter().chain(&self.passed_over)
    }

    /// True when every object that was there was read.
    pub fn is_whole(&self) -> bool {
        self.lost.is_empty() && self.unseen.is_empty()
    }

    /// Notes something that loses no object.
    pub(super) fn pass_over(&mut self, listed_max: usize, place: &str, reason: &str, door: &dyn Door) {
        if self.passed_over.len() < listed_max {
            self.passed_over.push(skipped(place, reason, door));
        } else {
            self.more += 1;
        }
    }

    /// Notes an object that could not be read.
    pub(super) fn lose(&mut self, listed_max: usize, place: &str, reason: &str, door: &dyn Door) {
        if self.lost.len() < listed_max.max(1) {
            self.lost.push(skipped(place, reason, door));
        } else {
            self.more += 1;
        }
    }
}

/// Names of files are strangers' too.
fn skipped(place: &str, reason: &str, door: &dyn Door) -> Skipped {
    Skipped { locator: Opaque::admit_name(place, door).reveal().into(), reason: reason.into() }
}

//! What one scan brought home, from files or from a server: objects, what was skipped, and what was not looked at. An
//! absence means something only against this list.

use assay_core::scope::Skipped;
use assay_core::text::{Door, Opaque};

use super::object::Object;

/// The yield of one scan.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The objects, in the order in which they were shown.
    pub objects: Vec<Object>,
    /// What was skipped: place and reason.
    pub skipped: Vec<Skipped>,
    /// How many more were skipped than are listed.
    pub skipped_more: usize,
    /// How many of the skipped should have been objects: a scan with one of these has not seen everything.
    pub broken: usize,
    /// The kinds that were asked for and not shown, such as for want of rights.
    pub unseen: Vec<Box<str>>,
    /// The host of the API server that showed the objects.
    pub endpoint: Option<Box<str>>,
}

impl Gathered {
    /// Notes something that is no object, and was not meant to be one.
    pub(super) fn pass_over(&mut self, listed_max: usize, place: String, reason: &str, door: &dyn Door) {
        if self.skipped.len() >= listed_max {
            self.skipped_more += 1;
            return;
        }
        let place = Opaque::admit_name(&place, door);
        self.skipped.push(Skipped { locator: place.reveal().into(), reason: reason.into() });
    }

    /// Notes an object that could not be read.
    pub(super) fn lose(&mut self, listed_max: usize, place: String, reason: &str, door: &dyn Door) {
        self.broken += 1;
        self.pass_over(listed_max, place, reason, door);
    }

    /// True when every object that was there was read.
    pub fn is_whole(&self) -> bool {
        self.broken == 0 && self.unseen.is_empty()
    }
}

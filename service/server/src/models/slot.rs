//! A model that is loaded once and again when its files are others: a model that was pulled while the service runs is taken
//! up with the next question, and one that could not be loaded is tried again when somebody has mended it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// What tells that files are others than before: their sizes and when they were written.
pub(super) type Stamp = Vec<Option<(u64, SystemTime)>>;

/// Room for one model.
pub(super) struct Slot<T: ?Sized>(Mutex<Option<Loaded<T>>>);

/// A model, or that it could not be loaded, with the files that it was loaded from.
struct Loaded<T: ?Sized> {
    of: Stamp,
    model: Option<Arc<T>>,
}

impl<T: ?Sized> Default for Slot<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: ?Sized> Slot<T> {
    /// The model of these files. Who asks while it is loaded waits; who holds the one before keeps it to the end.
    pub(super) fn get(&self, stamp: Stamp, load: impl FnOnce() -> Option<Arc<T>>) -> Option<Arc<T>> {
        // A panic while loading leaves what was there before.
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = slot.as_ref().filter(|loaded| loaded.of == stamp) {
            return loaded.model.clone();
        }
        // The one before goes first: nobody needs both in memory.
        *slot = None;
        let model = load();
        *slot = Some(Loaded { of: stamp, model: model.clone() });
        model
    }
}

/// The stamp of some files.
pub(super) fn stamp<'a>(files: impl Iterator<Item = &'a Path>) -> Stamp {
    let of = |path: &Path| {
        let data = std::fs::metadata(path).ok()?;
        Some((data.len(), data.modified().ok()?))
    };
    files.map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_loaded_again_when_its_files_are_others_and_not_before() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let now = || stamp([file.path()].into_iter());
        let (slot, mut loads) = (Slot::<str>::default(), 0);
        let mut get = |model: Option<&str>| {
            slot.get(now(), || {
                loads += 1;
                model.map(Arc::from)
            })
        };
        std::fs::write(file.path(), "a").unwrap();
        assert_eq!(get(None), None, "it could not be loaded");
        assert_eq!(get(Some("one")), None, "nor is it tried again and again");
        std::fs::write(file.path(), "mended").unwrap();
        let one = get(Some("one"));
        assert_eq!((one.as_deref(), get(Some("two")).as_deref()), (Some("one"), Some("one")));
        std::fs::remove_file(file.path()).unwrap();
        assert_eq!(get(Some("three")).as_deref(), Some("three"));
        assert_eq!((one.as_deref(), loads), (Some("one"), 3));
    }
}

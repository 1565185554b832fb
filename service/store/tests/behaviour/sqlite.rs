//! The sentences on SQLite, in memory and in a file.

use assay_store::Store;

mod in_memory {
    use super::Store;

    crate::sentences!(((), Store::in_memory().expect("a store")));
}

mod in_a_file {
    use super::Store;

    fn kept() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("assay.db")).expect("a store");
        (folder, store)
    }

    crate::sentences!(kept());
}

#[test]
fn laws_hold_over_random_sequences() {
    crate::random::laws_hold(|| ((), Store::in_memory().expect("a store")));
}

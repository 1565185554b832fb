//! The sentences on SQLite, in memory and in a file.

use assay_store::Store;

mod in_memory {
    use super::Store;

    crate::sentences!(((), Store::in_memory().unwrap()));
}

mod in_a_file {
    use super::Store;

    fn kept() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("assay.db")).unwrap();
        (folder, store)
    }

    crate::sentences!(kept());
}

use assay_core::ids::{Digest, Time};
use assay_core::ports::{ModelId, Passages};
use assay_core::text::Opaque;

use crate::intern::Intern;
use crate::open::Store;

fn model() -> ModelId {
    ModelId { name: "test".into(), digest: Digest::of_bytes(b"test") }
}

fn store(texts: &[(&str, &str)]) -> Store {
    let store = Store::in_memory().unwrap();
    let mut intern = Intern::new(&store.conn, Time::from_secs(0));
    for (kind, text) in texts {
        intern.passage(kind, &Opaque::readmit(text), "test").unwrap();
    }
    intern.finish().unwrap();
    store
}

#[test]
fn words_find_the_texts_that_hold_the_rarest_of_them() {
    let store = store(&[
        ("claim", "a flaw in the parser of openssl"),
        ("claim", "a flaw in the parser of zlib"),
        ("decision", "accepted: zlib is only used in tests"),
    ]);
    assert_eq!(store.matching("Is the zlib flaw ours?", &[], 10).unwrap().len(), 3);
    assert_eq!(store.matching("zlib tests", &["decision"], 10).unwrap(), [3]);
    assert!(store.matching("kernel", &[], 10).unwrap().is_empty());
    assert!(store.matching("\" OR * NEAR(", &[], 10).unwrap().is_empty(), "nothing of the query language gets through");
}

#[test]
fn vectors_find_the_nearest_texts_and_progress_is_known() {
    let mut store = store(&[("claim", "one"), ("claim", "two"), ("decision", "three")]);
    assert_eq!(store.without_vector(&model(), 10).unwrap()[0].1, "three", "decisions first");
    let vectors = vec![(1, vec![1.0, 0.0, 0.0]), (2, vec![0.6, 0.8, 0.0]), (3, vec![0.0, 0.0, 1.0])];
    store.put_vectors(&model(), &vectors).unwrap();
    assert_eq!(store.near(&model(), &[0.9, 0.1, 0.0], &[], 2).unwrap(), [1, 2]);
    assert_eq!(store.near(&model(), &[0.9, 0.1, 0.0], &["decision"], 2).unwrap(), [3]);
    assert_eq!(store.vector_progress(&model()).unwrap(), (3, 3));
    assert!(store.near(&model(), &[1.0], &[], 2).unwrap().is_empty(), "a vector of another length finds nothing");
}

#[test]
fn texts_are_alike_by_words_only_when_they_share_rare_ones() {
    let filler: Vec<(String, String)> =
        (0..40).map(|i| ("claim".to_owned(), format!("the flaw number{i} in a library of the kind{i}"))).collect();
    let mut texts: Vec<(&str, &str)> = filler.iter().map(|(k, t)| (k.as_str(), t.as_str())).collect();
    texts.push(("decision", "accepted: jndi lookups of the logger are switched off"));
    let store = store(&texts);
    let most = |words: &str| store.matching_most(words, &["decision"], 3, 10).unwrap();
    assert_eq!(most("the jndi lookups in a logger"), [41]);
    assert!(most("the flaw of the library in a logger").is_empty(), "common words make nothing alike");
}

#[test]
fn a_vector_comes_back_and_finds_what_is_above_a_floor() {
    let mut store = store(&[("claim", "one"), ("claim", "two"), ("claim", "three")]);
    let vectors = vec![(1, vec![1.0, 0.0]), (2, vec![0.8, 0.6]), (3, vec![-1.0, 0.0])];
    store.put_vectors(&model(), &vectors).unwrap();
    let index = store.vector_index(&model()).unwrap();
    let one = index.vector(1).unwrap();
    assert!((one[0] - 1.0).abs() < 0.01 && one[1].abs() < 0.01);
    assert_eq!(index.above(&one, &[], 0.5, 10), [1, 2]);
    assert!(index.vector(9).is_none());
}

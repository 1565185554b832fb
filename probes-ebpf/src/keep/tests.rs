use std::os::unix::fs::PermissionsExt;

use assay_core::ids::Digest;

use super::*;
use crate::cgroups::Mode;
use crate::said::KeptCounts;

fn at(seconds: i64) -> Time {
    Time::from_secs(seconds)
}

/// A node with one container `c1`, in which this process runs.
struct Laid {
    folder: tempfile::TempDir,
    keeper: Keeper,
    node: Node,
    hierarchy: Hierarchy,
    sender: Sender,
}

impl Laid {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("cgroup");
        fs::create_dir_all(root.join("pod/c1")).unwrap();
        fs::write(root.join("pod/c1/cgroup.procs"), format!("{}\n", std::process::id())).unwrap();
        let mut node = Node::new(32_768, Span::secs(30));
        node.listed.insert("c1".to_owned());
        node.adopt(7, "/pod/c1", at(10), Some(at(10)));
        let hierarchy = Hierarchy { mode: Mode::V2, id: 0, root, unified: None };
        let sender = Sender { node: "worker-1".to_owned(), boot: "b".to_owned() };
        Self { keeper: Keeper::new(folder.path().join("kept")), folder, node, hierarchy, sender }
    }

    fn order(&mut self, ids: &[&str], now: i64) {
        self.keeper.order(ids.iter().map(|id| (*id).to_owned()), &self.node, at(now));
        self.keeper.work(&mut self.node, &self.hierarchy, &self.sender, at(now));
    }

    fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("kept")) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
        files.sort();
        files
    }

    fn told(&self) -> Vec<(String, String, u64, KeptCounts)> {
        let facts = self.node.containers["c1"].facts.iter();
        facts
            .filter_map(|(said, _)| match said {
                Said::Kept { file, sha256, bytes, counts } => Some((file.clone(), sha256.clone(), *bytes, *counts)),
                _ => None,
            })
            .collect()
    }
}

#[test]
fn an_order_keeps_one_file_that_only_the_agent_reads_and_tells_its_digest() {
    let mut laid = Laid::new();
    laid.order(&["c1"], 100);
    let (files, told) = (laid.files(), laid.told());
    let [(file, sha256, bytes, counts)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].file_name().unwrap().to_str().unwrap(), file);
    let text = fs::read(&files[0]).unwrap();
    assert_eq!((Digest::of_bytes(&text).to_string(), text.len() as u64), (sha256.clone(), *bytes));
    assert!(counts.processes == 1 && counts.files > 0 && counts.maps > 0, "{counts:?}");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&files[0]), mode(files[0].parent().unwrap())), (0o600, 0o700));
    let evidence: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!((&evidence["container"], &evidence["node"]), (&"c1".into(), &"worker-1".into()));
}

#[test]
fn an_order_for_a_container_of_another_node_is_refused() {
    let mut laid = Laid::new();
    laid.order(&["c2", "../../etc/passwd", "", &"x".repeat(10_000)], 100);
    assert!(laid.files().is_empty() && laid.told().is_empty());
}

#[test]
fn the_same_order_again_keeps_nothing_new_until_it_is_a_new_order() {
    let mut laid = Laid::new();
    for now in [100, 101, 110, 100 + 599] {
        laid.order(&["c1", "c1"], now);
    }
    assert_eq!(laid.files().len(), 1);
    laid.order(&["c1"], 100 + 600);
    assert_eq!((laid.files().len(), laid.told().len()), (2, 2));
}

#[test]
fn a_folder_that_is_full_or_cannot_be_written_keeps_what_it_has_and_the_order_may_come_again() {
    let mut laid = Laid::new();
    let kept = laid.folder.path().join("kept");
    fs::write(&kept, "in the way").unwrap();
    laid.order(&["c1"], 100);
    assert!(laid.told().is_empty());
    fs::remove_file(&kept).unwrap();
    fs::create_dir(&kept).unwrap();
    File::create(kept.join("old.json")).unwrap().set_len(FOLDER_BYTES_MAX).unwrap();
    laid.order(&["c1"], 101);
    assert_eq!((laid.files().len(), laid.told().len()), (1, 0));
    fs::remove_file(kept.join("old.json")).unwrap();
    laid.order(&["c1"], 102);
    assert_eq!((laid.files().len(), laid.told().len()), (1, 1));
}

#[test]
fn orders_wait_in_bounds() {
    let mut laid = Laid::new();
    for n in 0..200 {
        let id = format!("c{n}");
        laid.node.listed.insert(id.clone());
        laid.node.adopt(100 + n, &format!("/pod/{id}"), at(10), Some(at(10)));
    }
    let ids: Vec<String> = (0..200).map(|n| format!("c{n}")).collect();
    laid.keeper.order(ids, &laid.node, at(100));
    assert_eq!(laid.keeper.waiting.len(), WAITING_MAX);
    laid.keeper.work(&mut laid.node, &laid.hierarchy, &laid.sender, at(100));
    assert_eq!(laid.keeper.waiting.len(), WAITING_MAX - KEPT_AT_ONCE_MAX);
}

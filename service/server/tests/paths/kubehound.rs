//! KubeHound's own edges, where the folder of samples is at hand: its path in ASSAY_SAMPLES. Without it the test passes and
//! says that it looked at nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::{assay, json, text};

/// The last part of a resource's name: `Pod//priv-pod`, `container priv-pod`.
fn last(name: &str) -> &str {
    name.rsplit(['/', ' ', ':']).next().unwrap()
}

/// Whether an edge that KubeHound expects stands among ours. We have no spot for a permission set's roles beside its
/// binding, nor for a volume beside the node that it belongs to.
fn stands(ours: &BTreeSet<(String, String, String)>, label: &Value) -> bool {
    let kind = label["issue"].as_str().unwrap();
    let context = &label["context"];
    let from = label["resource"].as_str().map_or("", last);
    let to = context["to_resource"].as_str().or(context["to"].as_str()).map_or("", last);
    ours.iter().any(|(f, by, t)| {
        let same_kind = by == kind || kind == "*";
        let same_from = from.is_empty() || f.contains(from) || kind == "ENDPOINT_EXPLOIT";
        let same_to = match kind {
            "ENDPOINT_EXPLOIT" | "ROLE_BIND" => true,
            _ if to.is_empty() || to == "node" || to == "hostroot" => true,
            _ => t.contains(to),
        };
        same_kind && same_from && same_to
    })
}

#[test]
fn the_edges_of_kubehounds_own_cluster_are_found() {
    let Some(folder) = std::env::var_os("ASSAY_SAMPLES").map(PathBuf::from) else {
        eprintln!("ASSAY_SAMPLES is not set: nothing was looked at");
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let manifests = folder.join("manifests/kubehound-attacks");
    let args = ["scan", "--manifests", manifests.to_str().unwrap(), "--complete", "--cluster", "demo"];
    text(&assay(data.path(), &args));
    let ours = edges(&json(data.path(), &["paths", "--edges"]));
    let labels = std::fs::read_to_string(folder.join("labels.jsonl")).unwrap();
    let (mut found, mut missed, mut clean) = (0, Vec::new(), true);
    for label in labels.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if label["type"] != "attack-edge" {
            continue;
        }
        match (label["expect"] == "edge", stands(&ours, &label)) {
            (true, true) => found += 1,
            (true, false) => {
                missed.push(format!("{} {} {}", label["resource"], label["issue"], label["context"]["to"]));
            }
            (false, _) => {
                let place = format!("default/{}", last(label["resource"].as_str().unwrap()));
                clean &= json(data.path(), &["paths", "--from", &place])["paths_total"] == 0;
            }
        }
    }
    eprintln!(
        "{found} of {} edges found; the negative is {}",
        found + missed.len(),
        if clean { "clean" } else { "not clean" }
    );
    assert!(clean, "the control pod leads somewhere");
    assert!(found * 100 >= (found + missed.len()) * 95, "{missed:#?}");
}

fn edges(listed: &Value) -> BTreeSet<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = listed.as_array().unwrap().iter();
    rows.map(|row| (text(&row["from"]), text(&row["by"]), text(&row["to"]))).collect()
}

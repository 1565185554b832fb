//! What other tools expect of labelled manifests, against our verdicts for the controls that stand for their rules, where the
//! folder of samples is at hand: its path in ASSAY_SAMPLES. Every rule of theirs is mapped or out of scope with a reason,
//! and every disagreement stands in a file that says who is right.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use assay_core::ids::Time;
use assay_core::observation::{Observation, Subject};
use assay_core::text::Opaque;
use assay_sources::cluster::limits::ScanLimits;
use assay_sources::cluster::{ScanHow, StandardsVersion, ToldBy, manifests, records};
use assay_sources::door::SecretDoor;
use assay_sources::read::Flow;
use serde_json::Value;

const READ: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/read");
const DISAGREEMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../eval/data/controls-disagreements.csv");
/// The share of agreement that is aimed at, in thousandths.
const AGREED_MIN: usize = 970;

fn samples() -> Option<PathBuf> {
    let folder = std::env::var_os("ASSAY_SAMPLES").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("ASSAY_SAMPLES is not set: nothing was looked at");
    }
    folder
}

fn table(path: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(path).expect("the table is there");
    let rows = reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect());
    rows.collect()
}

/// A rule by its tool and name.
type Rule = (String, String);

/// Which control stands for a rule, and how far the two go together.
struct Mapped {
    control: String,
    /// The rule looks at a part of what the control looks at: that it passes says nothing.
    part: bool,
    /// The rule speaks of another object than the control does.
    file: bool,
}

fn mapped() -> BTreeMap<Rule, Mapped> {
    let rows = table(&format!("{READ}/controls.csv")).into_iter();
    let of = |row: Vec<String>| {
        let [tool, rule, control, note] = <[String; 4]>::try_from(row).expect("four columns");
        let (part, file) = (note.contains("part:"), note.contains("file:"));
        ((tool, rule), Mapped { control, part, file })
    };
    rows.map(of).collect()
}

fn is_out_of_scope(rows: &[Vec<String>], (tool, rule): &Rule) -> bool {
    rows.iter()
        .any(|row| row[0] == *tool && row[1].strip_suffix('*').map_or(row[1] == *rule, |begin| rule.starts_with(begin)))
}

/// A label about a rule, with what the tool says: a violation or none; nothing where it says neither.
struct Label {
    rule: Rule,
    file: String,
    resource: String,
    violation: Option<bool>,
}

impl Label {
    fn read(value: &Value) -> Option<Self> {
        let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
        if !["lint", "score", "policy", "kubescape-rule"].contains(&text("type").as_str()) {
            return None;
        }
        let issue = text("issue");
        let (tool, rule) = issue.split_once(':').expect("an issue names its tool");
        let rule = rule.trim().split(" (PSS:").next().unwrap_or_default();
        // kubeaudit names the auditor before the result, and says there when its own label calms it.
        let rule = match tool {
            "kubeaudit" => rule.trim_end_matches("(overridden/allowed)").rsplit('/').next().unwrap_or_default(),
            _ => rule,
        };
        // A case of Kubescape is its folder, though a label may name the file of the object.
        let file = match text("file") {
            file if tool == "kubescape" && !is_folder(&file) => {
                file.rsplit_once('/').map_or_else(|| file.clone(), |(folder, _)| folder.to_owned())
            }
            file => file,
        };
        let expect = text("expect");
        let violation = match expect.as_str() {
            "no-violation" => Some(false),
            "score<0" => Some(true),
            other => other.starts_with("violation").then_some(true),
        };
        Some(Self { rule: (tool.to_owned(), rule.to_owned()), file, resource: text("resource"), violation })
    }

    fn case(&self) -> String {
        if self.resource.is_empty() { self.file.clone() } else { format!("{} {}", self.file, self.resource) }
    }
}

fn is_folder(file: &str) -> bool {
    !file.ends_with(".yaml") && !file.ends_with(".yml") && !file.ends_with(".json")
}

fn labels(folder: &Path) -> Vec<Label> {
    let text = std::fs::read_to_string(folder.join("labels.jsonl")).expect("the samples have labels");
    let value = |line: &str| serde_json::from_str(line).expect("a label is JSON");
    text.lines().filter_map(|line| Label::read(&value(line))).collect()
}

/// What failed: the control, and the kind, namespace and name of what failed it.
type Failed = BTreeSet<(String, String, String, String)>;

/// Peers take a file for all that there is, and so does this look at it.
fn failed(path: &Path) -> Failed {
    let (door, limits, cluster) = (SecretDoor::new([7; 32]), ScanLimits::default(), Opaque::readmit("samples"));
    let gathered = manifests::read(path, &limits, &door).expect("a file of the samples");
    let how = ScanHow {
        cluster: &cluster,
        told_by: ToldBy::Operator,
        complete: true,
        as_of: "2026-11-24".parse::<Time>().expect("a day"),
        version: StandardsVersion::LATEST,
        door: &door,
    };
    let mut found = Failed::new();
    records(&gathered, how, &mut |record| {
        for observation in record.yields {
            if let Observation::Claim(claim) = observation
                && let Subject::Object { at, .. } = &claim.subject
            {
                let text = |name: &Opaque| name.reveal().to_owned();
                // A label has the kind without its group.
                let kind = at.kind.as_str().rsplit('/').next().unwrap_or_default().to_owned();
                found.insert((text(&claim.rule), kind, text(&at.namespace), text(&at.name)));
            }
        }
        Flow::More
    });
    found
}

/// Whether one of the resources that a label names fails the control; any where it names none, and where the two speak of
/// different objects. A namespace answers for what is in it.
fn fails(failed: &Failed, mapped: &Mapped, label: &Label) -> bool {
    let mut of_control = failed.iter().filter(|(control, ..)| *control == mapped.control);
    if label.resource.is_empty() || mapped.file {
        return of_control.next().is_some();
    }
    of_control.any(|(_, kind, namespace, name)| {
        label.resource.split(',').any(|resource| {
            let mut parts = resource.splitn(3, '/');
            let (k, ns, n) =
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let itself = k == kind && n == name && (ns.is_empty() || namespace.is_empty() || ns == namespace);
            itself || kind == "Namespace" && name == if ns.is_empty() { "default" } else { ns }
        })
    })
}

/// The disagreements that are known, with who is right: ours, theirs, both in their own terms, or nobody, since the peer's
/// own configuration exempts the object.
fn explained() -> BTreeMap<(String, String, String), String> {
    let rows = table(DISAGREEMENTS).into_iter().map(|row| {
        let [tool, rule, case, ours, right, because] = <[String; 6]>::try_from(row).expect("six columns");
        assert!(["fail", "pass"].contains(&ours.as_str()) && !because.is_empty());
        assert!(["ours", "theirs", "both", "exempt"].contains(&right.as_str()), "{right}");
        ((tool, rule, case), right)
    });
    rows.collect()
}

#[test]
fn our_verdicts_agree_with_the_labels_of_other_tools() {
    let Some(folder) = samples() else { return };
    let rules = mapped();
    let explained = explained();
    let mut scanned: BTreeMap<String, Failed> = BTreeMap::new();
    let (mut by_tool, mut disagreements) = (BTreeMap::<String, (usize, usize)>::new(), BTreeMap::new());
    let (mut exempt, mut parts) = (0, 0);
    for label in labels(&folder) {
        let (Some(mapped), Some(violation)) = (rules.get(&label.rule), label.violation) else { continue };
        if mapped.part && !violation {
            parts += 1;
            continue;
        }
        let seen = scanned.entry(label.file.clone()).or_insert_with(|| failed(&folder.join(&label.file)));
        let ours = fails(seen, mapped, &label);
        let (agreed, all) = by_tool.entry(label.rule.0.clone()).or_default();
        *all += 1;
        if ours == violation {
            *agreed += 1;
            continue;
        }
        let (tool, rule) = label.rule.clone();
        let case = (tool, rule, label.case());
        // What the peer's own configuration exempts says nothing of the object.
        if explained.get(&case).is_some_and(|right| right == "exempt") {
            *all -= 1;
            exempt += 1;
        }
        disagreements.insert(case, (mapped.control.clone(), if ours { "fail" } else { "pass" }));
    }
    let (agreed, all) = by_tool.values().fold((0, 0), |(a, b), (agreed, all)| (a + agreed, b + all));
    eprintln!("{by_tool:?}: {agreed} of {all} labels agree, {exempt} exempt, {parts} about a part alone");
    let new: Vec<_> = disagreements.iter().filter(|(case, _)| !explained.contains_key(*case)).collect();
    let gone: Vec<_> = explained.keys().filter(|case| !disagreements.contains_key(*case)).collect();
    assert!(new.is_empty(), "not explained in the file: {new:#?}");
    assert!(gone.is_empty(), "explained, and no longer so: {gone:#?}");
    assert!(all > 1_000 && agreed * 1_000 >= all * AGREED_MIN, "{agreed} of {all}");
}

#[test]
fn every_rule_of_the_samples_is_mapped_or_out_of_scope() {
    let Some(folder) = samples() else { return };
    let (rules, out) = (mapped(), table(&format!("{READ}/out_of_scope.csv")));
    let of_labels = labels(&folder).into_iter().map(|label| label.rule);
    let all: BTreeSet<Rule> = of_labels.chain(of_reports(&folder)).collect();
    let neither: Vec<&Rule> =
        all.iter().filter(|rule| !rules.contains_key(rule) && !is_out_of_scope(&out, rule)).collect();
    let count = all.iter().filter(|rule| rules.contains_key(rule)).count();
    eprintln!("{} rules: {count} mapped, {} out of scope", all.len(), all.len() - count);
    assert!(all.len() > 400 && neither.is_empty(), "{neither:#?}");
}

/// The rules that reports of the samples name, where they are JSON.
fn of_reports(folder: &Path) -> Vec<Rule> {
    let mut found = Vec::new();
    let files = [
        ("trivy-json", "trivy"),
        ("trivy-k8s-json", "trivy"),
        ("trivy-operator-cr", "trivy"),
        ("kubescape-json", "kubescape"),
        ("kube-bench-json", "kube-bench"),
        ("checkov-json", "checkov"),
        ("kics-json", "kics"),
    ];
    for (format, tool) in files {
        for entry in std::fs::read_dir(folder.join("reports").join(format)).expect("the samples have reports") {
            let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a report");
            if let Ok(report) = serde_json::from_str::<Value>(&text) {
                walk(&report, tool, &mut found);
            }
        }
    }
    found
}

fn walk(value: &Value, tool: &str, found: &mut Vec<Rule>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, tool, found)),
        Value::Object(fields) => {
            let names: &[&str] = match tool {
                "trivy" => &["checkID", "ID"],
                "kubescape" => &["controlID"],
                "kube-bench" => &["test_number"],
                "checkov" => &["check_id"],
                _ => &["query_id"],
            };
            for rule in names.iter().filter_map(|name| fields.get(*name)?.as_str()) {
                // Trivy's `ID` is a vulnerability's too; a check of a misconfiguration has three letters and a number.
                let checks = ["KSV", "AVD-KSV", "KCV", "AVD-KCV", "DS"].iter().any(|begin| rule.starts_with(begin));
                if tool != "trivy" {
                    found.push((tool.to_owned(), rule.to_owned()));
                } else if checks {
                    let digits = rule.trim_start_matches(|c: char| !c.is_ascii_digit());
                    let letters = rule.trim_start_matches("AVD-").chars().take_while(char::is_ascii_alphabetic);
                    found.push((tool.to_owned(), format!("AVD-{}-{digits:0>4}", letters.collect::<String>())));
                }
            }
            fields.values().for_each(|value| walk(value, tool, found));
        }
        _ => {}
    }
}

//! Questions as operators write them, with what each is read as. The table was written before the parser; the one apart
//! is not tuned on, and its share is printed.

use assay_core::ids::Time;
use assay_core::query::{NameIndex, NameKind, Query, QueryKind, read};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    ask: String,
    #[serde(default)]
    after: Option<String>,
    #[serde(default, rename = "as")]
    query: Option<String>,
    #[serde(default)]
    abstain: Option<String>,
}

fn as_of() -> Time {
    "2026-11-24T03:02:00Z".parse().unwrap()
}

/// The names of a small shop.
fn shop() -> NameIndex {
    let mut names = NameIndex::default();
    for namespace in ["shop", "payments", "staging", "build", "kube-system", "monitoring"] {
        names.add(NameKind::Namespace, namespace);
    }
    for (namespace, name) in [
        ("shop", "checkout"),
        ("shop", "web"),
        ("shop", "batch"),
        ("shop", "cart"),
        ("payments", "payments-api"),
        ("payments", "card-gateway"),
        ("staging", "checkout"),
        ("build", "ci-runner"),
        ("monitoring", "prometheus"),
        ("kube-system", "coredns"),
    ] {
        names.add_workload(namespace, name);
    }
    for (image, tag) in
        [("docker.io/shop/java", "17"), ("docker.io/shop/web", "1.4"), ("docker.io/library/nginx", "1.25")]
    {
        names.add_image(image, Some(tag));
    }
    for package in ["log4j-core", "log4j-api", "openssl", "snakeyaml", "busybox", "requests", "spring-beans", "curl"] {
        names.add(NameKind::Package, package);
    }
    for version in ["2.14.1", "3.0.1", "7.88.1"] {
        names.add(NameKind::Version, version);
    }
    for cve in ["CVE-2021-44228", "CVE-2022-1471", "CVE-2023-38545", "CVE-2024-3094", "CVE-2022-22965"] {
        names.add(NameKind::Cve, cve);
    }
    names.add_spelled(NameKind::Cve, "CVE-2021-44228", &["ghsa-jfh8-c2jp-5v3q"]);
    names.add(NameKind::ServiceAccount, "ci-runner");
    names.add(NameKind::ServiceAccount, "payments-api");
    for node in ["worker-1", "worker-2", "control-1"] {
        names.add(NameKind::Node, node);
    }
    for control in ["pss-privileged", "token-automounted", "read-secrets", "cluster-admin"] {
        names.add(NameKind::Control, control);
    }
    for source in ["trivy", "grype", "kubescape", "kube-bench"] {
        names.add(NameKind::Source, source);
    }
    for band in ["forensic-3-days", "3-days", "14-days", "60-days", "on-upgrade"] {
        names.add(NameKind::Band, band);
    }
    names.add(NameKind::Person, "anna");
    names.add(NameKind::Person, "omar");
    names
}

/// A query with its conditions in one order, so that a table may list them in any.
fn sorted(spelled: &str) -> String {
    let mut parts: Vec<&str> = spelled.split(' ').collect();
    parts[1..].sort_unstable();
    parts.join(" ")
}

fn got(names: &NameIndex, case: &Case) -> String {
    let previous: Option<Query> = case.after.as_deref().map(|q| read(q, names, None, as_of()).unwrap().query);
    match read(&case.ask, names, previous.as_ref(), as_of()) {
        Ok(read) => sorted(&read.query.spelled()),
        Err(abstain) => format!("({})", abstain.reason()),
    }
}

fn run(table: &str) -> (usize, Vec<String>) {
    let names = shop();
    let cases: Vec<Case> = table.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let wrong = cases.iter().filter_map(|case| {
        let want = match (&case.query, &case.abstain) {
            (Some(query), None) => sorted(query),
            (None, Some(reason)) => format!("({reason})"),
            _ => panic!("one of `as` and `abstain`: {}", case.ask),
        };
        let got = got(&names, case);
        (got != want).then(|| format!("{}\n    want {want}\n    got  {got}", case.ask))
    });
    (cases.len(), wrong.collect())
}

#[test]
fn every_question_of_the_table_is_read_as_written() {
    let (all, wrong) = run(include_str!("questions.jsonl"));
    assert!(wrong.is_empty(), "{} of {all} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn most_questions_that_were_kept_apart_are_read_as_written() {
    let (all, wrong) = run(include_str!("questions_apart.jsonl"));
    println!("{} of {all} right", all - wrong.len());
    if std::env::var_os("SHOW_WRONG").is_some() {
        println!("{}", wrong.join("\n"));
    }
    assert!(wrong.len() * 4 <= all, "{} of {all} wrong", wrong.len());
}

#[test]
fn every_kind_stands_in_the_table() {
    let table = include_str!("questions.jsonl");
    for kind in QueryKind::ALL {
        assert!(table.contains(&format!("\"as\":\"{kind}")), "{kind}");
    }
}

//! What is broken on the way: cut, bent, deep, huge, or stopped. A reader answers with an error or with a list of what
//! it skipped; it never panics, and never calls half a report whole.

use std::fs;
use std::path::{Path, PathBuf};

use assay_core::ids::Time;
use assay_core::observation::Observation;
use assay_core::scope::Head;
use assay_core::text::Opaque;
use assay_sources::door::SecretDoor;
use assay_sources::intel::{ImportHow, Imported, import};
use assay_sources::limits::ReadLimits;
use assay_sources::read::{Flow, How, ReadError, read};
use assay_sources::sniff::{Format, sniff};
use proptest::prelude::*;

fn fixtures() -> Vec<(Option<Format>, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut out = Vec::new();
    for folder in fs::read_dir(root).expect("the folder of fixtures") {
        let folder = folder.expect("a folder").path();
        // Manifests have tests of their own.
        if folder.ends_with("cluster") {
            continue;
        }
        let format = folder.file_name().and_then(|n| n.to_str()).and_then(|n| n.parse().ok());
        out.extend(fs::read_dir(folder).expect("a folder").map(|f| (format, f.expect("a file").path())));
    }
    out.sort();
    out
}

fn read_all(format: Format, bytes: &[u8], limits: &ReadLimits) -> Result<(Head, usize), ReadError> {
    let (door, cluster) = (SecretDoor::new([1; 32]), Opaque::readmit("demo"));
    let how = How { limits, door: &door, cluster: &cluster, source: None, received_at: Time::from_secs(1_790_000_000) };
    let mut records = 0;
    let head = read(format, &mut &bytes[..], &how, &mut |_| {
        records += 1;
        Flow::More
    })?;
    Ok((head, records))
}

fn import_all(bytes: &[u8], limits: &ReadLimits) -> Result<Imported, ReadError> {
    let door = SecretDoor::new([1; 32]);
    let how = ImportHow { limits, door: &door, imported_at: Time::from_secs(1_790_000_000) };
    import(&mut &bytes[..], &how, &mut |_| Flow::More)
}

#[test]
fn a_report_that_was_cut_is_refused_wherever_it_was_cut() {
    let limits = ReadLimits::default();
    for (format, path) in fixtures() {
        let bytes = fs::read(&path).unwrap();
        let end = bytes.trim_ascii_end().len();
        for at in (0..end).step_by(7) {
            let cut = &bytes[..at];
            let Some(format) = format else {
                let _ = import_all(cut, &limits);
                continue;
            };
            match (format, read_all(format, cut, &limits)) {
                (_, Err(_)) => {}
                // Lines and documents are whole in themselves: only the broken one is lost, and said.
                (Format::SensorBatches | Format::TrivyOperator, Ok(_)) => {}
                (format, Ok((head, _))) if format.is_log() => {
                    let at_an_end = cut.trim_ascii_end().ends_with(b"}") || cut.ends_with(b"\n");
                    assert!(at_an_end || !head.skipped.is_empty(), "{} cut at {at} in silence", path.display());
                    assert!(head.parts.iter().all(|p| !p.complete), "{}", path.display());
                }
                (_, Ok(_)) => panic!("{} cut at {at} was taken for whole", path.display()),
            }
        }
    }
}

#[test]
fn a_report_of_another_format_is_refused_or_says_nothing() {
    let limits = ReadLimits::default();
    for (_, path) in fixtures() {
        let bytes = fs::read(&path).unwrap();
        for format in Format::ALL {
            let _ = read_all(*format, &bytes, &limits);
        }
        let _ = import_all(&bytes, &limits);
    }
}

#[test]
fn wrong_types_are_refused_with_their_place() {
    let limits = ReadLimits::default();
    for (format, text, says) in [
        (Format::TrivyJson, r#"{"SchemaVersion":2,"Results":{"a":1}}"#, "line 1, column 30: a list belongs here"),
        (Format::TrivyJson, r#"{"SchemaVersion":2,"SchemaVersion":2}"#, "a key occurs twice"),
        (Format::TrivyJson, r#"{"ArtifactName":{"a":1}}"#, "expected a text, found an object"),
        (Format::TrivyJson, r#"7"#, "an object belongs here"),
        (Format::GrypeJson, r#"{"matches":"none"}"#, "a list belongs here"),
        (Format::Sarif, r#"{"runs":[{"results":5}]}"#, "a list belongs here"),
        (Format::CycloneDxXml, "<bom><components></bom>", "no well-formed XML"),
        (Format::CycloneDxXml, "<bom><components>", "it was cut"),
        (Format::TrivyOperator, "a: [", "no YAML"),
        (Format::TrivyK8sJson, r#"{"Resources":[{"Results":[]}]}"#, "stand before the Kind and Name"),
    ] {
        let error = read_all(format, text.as_bytes(), &limits).unwrap_err().to_string();
        assert!(error.contains(says), "{format}: {error}");
    }
}

#[test]
fn every_bound_refuses_by_name() {
    let limits = ReadLimits {
        string_bytes_max: 1000,
        record_bytes_max: 4000,
        report_bytes_max: 100_000,
        depth_max: 32,
        ..Default::default()
    };
    let long = "x".repeat(1001);
    let deep = format!("{{\"SchemaVersion\":2,\"x\":{}", "[".repeat(2_000_000));
    let wide = format!(r#"{{"Results":[{{"Target":"t","Vulnerabilities":[{{"a":[{}1]}}]}}]}}"#, "1,".repeat(3000));
    let nodes = format!("<bom><components><component>{}", "<a>".repeat(200));
    for (format, text, what) in [
        (Format::TrivyJson, format!(r#"{{"Results":[{{"Target":"{long}"}}]}}"#), "one string"),
        (Format::TrivyJson, deep, "nesting"),
        (Format::TrivyJson, wide, "one record"),
        (Format::TrivyJson, " ".repeat(200_000) + "{}", "the report"),
        (Format::CycloneDxXml, format!("<bom><metadata>{}", "x".repeat(50_000)), "one string"),
        (Format::CycloneDxXml, nodes, "nesting"),
        (Format::SensorBatches, "x".repeat(5000), "one line"),
    ] {
        match read_all(format, text.as_bytes(), &limits) {
            Err(ReadError::Limit { what: crossed, .. }) => assert_eq!(crossed, what),
            other => panic!("{format} {what}: {other:?}"),
        }
    }
}

#[test]
fn what_is_skipped_is_listed_up_to_a_bound_and_then_counted() {
    let limits = ReadLimits { skipped_listed_max: 3, ..Default::default() };
    let bad = ["7"; 10].join(",");
    let text = format!(
        r#"{{"ArtifactName":"a","ArtifactType":"container_image","Results":[{{"Target":"t","Class":"os-pkgs","Vulnerabilities":[{bad}]}}]}}"#
    );
    let (head, records) = read_all(Format::TrivyJson, text.as_bytes(), &limits).unwrap();
    assert_eq!((records, head.skipped.len()), (0, 4));
    assert_eq!(&*head.skipped[3].reason, "7 more records could not be read");
    assert!(head.parts.iter().all(|p| !p.complete), "what is not whole closes nothing");
}

#[test]
fn ten_thousand_events_of_one_sort_are_one_claim_and_one_line_of_what_was_skipped() {
    let event = |rule: &str, i: usize| {
        format!(
            r#"{{"rule":"{rule}","priority":"Notice","output":"seen {i}","time":"2026-09-01T00:00:00Z","output_fields":{{"k8s.ns.name":"shop","k8s.pod.name":"web-1"}}}}"#
        )
    };
    let rules = ["Terminal shell in container", "A rule of ours"];
    let log: Vec<String> = (0..10_000).flat_map(|i| rules.map(|rule| event(rule, i))).collect();
    let (door, cluster, limits) = (SecretDoor::new([1; 32]), Opaque::readmit("demo"), ReadLimits::default());
    let how = How {
        limits: &limits,
        door: &door,
        cluster: &cluster,
        source: None,
        received_at: Time::from_secs(1_790_000_000),
    };
    let (mut records, mut claims) = (0, 0);
    let head = read(Format::FalcoJsonl, &mut log.join("\n").as_bytes(), &how, &mut |record| {
        records += 1;
        claims += record.yields.iter().filter(|y| matches!(y, Observation::Claim(_))).count();
        Flow::More
    })
    .unwrap();
    assert_eq!((records, claims, head.skipped.len()), (20_000, 1, 1));
    assert_eq!(&*head.skipped[0].locator, "10000 times, first at line 2");
    assert_eq!(&*head.skipped[0].reason, "rule not mapped: A rule of ours");
}

#[test]
fn a_line_over_the_limit_costs_itself_and_a_log_without_an_event_is_refused() {
    let limits = ReadLimits { record_bytes_max: 300, ..ReadLimits::default() };
    let event = r#"{"rule":"r","priority":"Notice","output":"o"}"#;
    let long = format!(r#"{{"rule":"{}"}}"#, "x".repeat(400));
    let (head, records) =
        read_all(Format::FalcoJsonl, format!("{event}\n{long}\n{event}\n").as_bytes(), &limits).unwrap();
    assert_eq!((records, head.skipped.len()), (2, 2), "the line, and the rule that no row maps");
    for (text, says) in [
        ("", "it is empty"),
        ("hello\n", "without one event"),
        ("{\"a\":1}\n", "without one event"),
        ("{\"rule\":\"r\",\"prio", "it was cut"),
        ("{\"rule\":\"r\",", "it was cut"),
    ] {
        let error = read_all(Format::FalcoJsonl, text.as_bytes(), &limits).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}

#[test]
fn a_taker_that_stops_ends_the_reading() {
    let (door, cluster, limits) = (SecretDoor::new([1; 32]), Opaque::readmit("demo"), ReadLimits::default());
    let how = How { limits: &limits, door: &door, cluster: &cluster, source: None, received_at: Time::from_secs(1) };
    for (format, path) in fixtures() {
        let Some(format) = format else { continue };
        let bytes = fs::read(&path).unwrap();
        let mut records = 0;
        let result = read(format, &mut &bytes[..], &how, &mut |_| {
            records += 1;
            Flow::Stop
        });
        assert!(records == 0 || matches!(result, Err(ReadError::Stopped)) && records == 1, "{}", path.display());
    }
}

#[test]
fn a_secret_in_any_text_of_a_report_comes_out_as_its_mark() {
    // Put together here, so that no scanner takes this file for a leak.
    let (key, password) = ("AKIA".to_owned() + "Q7ZK3MPX5RVT2WND", "hunter2-".to_owned() + "Xk93jfLq");
    let limits = ReadLimits::default();
    let (door, cluster) = (SecretDoor::new([1; 32]), Opaque::readmit("demo"));
    let how = How { limits: &limits, door: &door, cluster: &cluster, source: None, received_at: Time::from_secs(1) };
    for (format, path) in fixtures() {
        let Some(format) = format else { continue };
        let text = fs::read_to_string(&path).unwrap();
        let planted = format!("leaked {key} and postgres://admin:{password}@db.internal/x");
        let text = [
            "a made-up flaw",
            "Runs as root user",
            "Immutable container filesystem",
            "The handshake is never used",
            "Ensure",
            // Of logs: what a tool says, who did it, what ran, and the name of a rule that no row maps.
            "A shell was opened",
            "anna@shop.example",
            "/tmp/kworkerds",
            "get secrets",
            "Shop till opened at night",
            "A server started a shell",
            "No packages here",
        ]
        .iter()
        .fold(text, |text, words| text.replace(words, &planted));
        let mut shown = String::new();
        let head = read(format, &mut text.as_bytes(), &how, &mut |record| {
            shown.push_str(&format!("{record:?}"));
            Flow::More
        });
        shown.push_str(&format!("{head:?}"));
        assert!(!shown.contains(&key) && !shown.contains(&password), "{}", path.display());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn bent_reports_never_panic(
        which in any::<prop::sample::Index>(),
        bends in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0usize..4), 1..12),
    ) {
        let all = fixtures();
        let (format, path) = which.get(&all);
        let mut bytes = fs::read(path).expect("a fixture");
        for (at, byte, how) in bends {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, byte),
                _ => {
                    let copied = bytes[at..bytes.len().min(at + 40)].to_vec();
                    bytes.splice(at..at, copied);
                }
            }
        }
        let limits = ReadLimits::default();
        let told = sniff(&mut &bytes[..], &limits);
        for format in format.iter().copied().chain(told.ok()) {
            if let Ok((head, _)) = read_all(format, &bytes, &limits) {
                prop_assert!(head.skipped.is_empty() || head.parts.iter().all(|p| !p.complete));
            }
        }
        let _ = import_all(&bytes, &limits);
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let limits = ReadLimits::default();
        let _ = sniff(&mut &bytes[..], &limits);
        for format in Format::ALL {
            let _ = read_all(*format, &bytes, &limits);
        }
        let _ = import_all(&bytes, &limits);
    }
}

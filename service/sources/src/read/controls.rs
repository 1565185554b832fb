//! Tools' rules against our controls: a reviewed table, one row a pair. A rule without a row keeps its own name behind
//! the tool's, so that nothing is merged by guess.

use std::collections::HashMap;
use std::sync::LazyLock;

use assay_core::observation::ControlId;
use assay_core::text::Opaque;

/// Columns: tool, rule, control, note.
const TABLE: &str = include_str!("controls.csv");

static ROWS: LazyLock<HashMap<(String, String), String>> = LazyLock::new(|| {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(TABLE.as_bytes());
    let row = |row: csv::StringRecord| Some(((row.get(0)?.to_owned(), row.get(1)?.to_owned()), row.get(2)?.to_owned()));
    reader.records().filter_map(Result::ok).filter_map(row).collect()
});

/// The control that a tool's rule stands for, and whether it is one of ours. `rule` went through the door.
pub(crate) fn control(tool: &str, rule: &Opaque) -> (ControlId, bool) {
    let spelled = match tool {
        "trivy" => trivy_rule(rule.reveal()),
        _ => rule.reveal().to_owned(),
    };
    match ROWS.get(&(tool.to_owned(), spelled.clone())) {
        Some(ours) => (ControlId(Opaque::readmit(ours)), true),
        None => (ControlId(Opaque::readmit(&format!("{tool}/{spelled}"))), false),
    }
}

/// Trivy spelled one rule `KSV001`, `AVD-KSV-0001` and `KSV-0001` over the years.
fn trivy_rule(rule: &str) -> String {
    let body = rule.strip_prefix("AVD-").unwrap_or(rule);
    let letters = body.bytes().take_while(u8::is_ascii_alphabetic).count();
    let digits = body[letters..].strip_prefix('-').unwrap_or(&body[letters..]);
    let plain =
        (2..=8).contains(&letters) && (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { format!("AVD-{}-{digits:0>4}", body[..letters].to_ascii_uppercase()) } else { rule.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &[&str] = &[
        "pss-host-namespaces",
        "pss-privileged",
        "pss-capabilities-baseline",
        "pss-host-path-volumes",
        "pss-host-ports",
        "pss-host-probes",
        "pss-apparmor",
        "pss-selinux",
        "pss-proc-mount",
        "pss-seccomp-baseline",
        "pss-sysctls",
        "pss-windows-host-process",
        "pss-volume-types",
        "pss-privilege-escalation",
        "pss-run-as-non-root",
        "pss-run-as-user",
        "pss-seccomp-restricted",
        "pss-capabilities-restricted",
        "token-automounted",
        "image-tag-mutable",
        "no-resource-limits",
        "read-only-root-filesystem",
        "secret-in-env",
        "no-network-policy",
        "default-service-account",
        "run-as-root-group",
        "no-liveness-probe",
        "no-readiness-probe",
        "docker-socket-mounted",
        "host-aliases",
        "namespace-default",
    ];

    #[test]
    fn every_row_names_a_control_of_ours_once() {
        let rows = TABLE.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).count() - 1;
        assert_eq!(ROWS.len(), rows, "a pair stands twice, or a row does not parse");
        for ((tool, rule), ours) in ROWS.iter() {
            assert!(OURS.contains(&ours.as_str()), "{tool} {rule} -> {ours}");
            assert!(tool != "trivy" || trivy_rule(rule) == *rule, "{rule} is not in the spelling that is looked up");
        }
    }

    #[test]
    fn one_rule_has_one_control_however_it_is_spelled() {
        let of = |rule: &str| control("trivy", &Opaque::readmit(rule)).0.0.reveal().to_owned();
        assert_eq!(of("KSV017"), "pss-privileged");
        assert_eq!([of("AVD-KSV-0017"), of("KSV-0017")], [of("KSV017"), of("KSV017")]);
        assert_eq!(of("DS002"), "trivy/AVD-DS-0002");
        assert_eq!(of("custom rule"), "trivy/custom rule");
    }
}

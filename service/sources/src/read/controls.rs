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
    // SARIF has the names of tools as they write them: `KICS`, `Checkov`.
    match ROWS.get(&(tool.to_ascii_lowercase(), spelled.clone())) {
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

    /// Columns: tool, rule, reason.
    const OUT_OF_SCOPE: &str = include_str!("out_of_scope.csv");

    #[test]
    fn every_row_names_a_control_of_ours_once() {
        let rows = TABLE.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).count() - 1;
        assert_eq!(ROWS.len(), rows, "a pair stands twice, or a row does not parse");
        for ((tool, rule), ours) in ROWS.iter() {
            assert!(crate::cluster::controls().get(ours).is_some(), "{tool} {rule} -> {ours}");
            assert!(tool != "trivy" || trivy_rule(rule) == *rule, "{rule} is not in the spelling that is looked up");
            assert_eq!(*tool, tool.to_ascii_lowercase(), "tools are looked up in small letters");
        }
    }

    #[test]
    fn what_is_out_of_scope_has_its_reason_and_is_not_mapped_too() {
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(OUT_OF_SCOPE.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert!(!rows.is_empty());
        for row in rows {
            assert!(row.iter().all(|field| !field.is_empty()) && row.len() == 3, "{row:?}");
            assert!(!ROWS.contains_key(&(row[0].to_owned(), row[1].to_owned())), "{row:?} is mapped");
        }
    }

    #[test]
    fn one_rule_has_one_control_however_it_is_spelled() {
        let of = |rule: &str| control("trivy", &Opaque::readmit(rule)).0.0.reveal().to_owned();
        assert_eq!(of("KSV017"), "pss-privileged");
        assert_eq!([of("AVD-KSV-0017"), of("KSV-0017")], [of("KSV017"), of("KSV017")]);
        assert_eq!(of("DS002"), "trivy/AVD-DS-0002");
        assert_eq!(of("custom rule"), "trivy/custom rule");
        let kics = |tool: &str| control(tool, &Opaque::readmit("4ac0e2b7-d2d2-4af7-8799-e8de6721ccda"));
        assert_eq!(kics("KICS"), kics("kics"));
    }
}

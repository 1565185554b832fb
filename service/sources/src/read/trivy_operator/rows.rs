//! The operator's resources, as far as they are read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::lenient::{Many, Word};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Cr {
    pub(super) kind: Word,
    pub(super) metadata: Meta,
    pub(super) report: Option<Report>,
    pub(super) status: Option<Status>,
    /// The status of a compliance report that stands alone.
    pub(super) detail_report: Option<Detail>,
    pub(super) summary_report: Option<Summary>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Meta {
    pub(super) name: Word,
    pub(super) namespace: Word,
    pub(super) labels: Option<BTreeMap<String, Word>>,
    pub(super) owner_references: Many<Owner>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Owner {
    pub(super) kind: Word,
    pub(super) name: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Report {
    pub(super) update_timestamp: Word,
    pub(super) scanner: Option<Scanner>,
    pub(super) artifact: Option<ArtifactWords>,
    pub(super) os: Option<Os>,
    pub(super) vulnerabilities: Option<Many<Value>>,
    pub(super) checks: Option<Many<Value>>,
    pub(super) secrets: Option<Many<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Scanner {
    pub(super) version: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ArtifactWords {
    pub(super) digest: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Os {
    pub(super) family: Word,
    pub(super) eosl: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Status {
    pub(super) update_timestamp: Word,
    pub(super) detail_report: Option<Detail>,
    pub(super) summary_report: Option<Summary>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Detail {
    pub(super) id: Word,
    pub(super) results: Many<DetailResult>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DetailResult {
    pub(super) checks: Many<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Summary {
    pub(super) id: Word,
    pub(super) control_check: Many<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Vulnerability {
    #[serde(rename = "vulnerabilityID")]
    pub(super) id: Word,
    pub(super) resource: Word,
    #[serde(rename = "pkgPURL")]
    pub(super) purl: Word,
    pub(super) pkg_path: Word,
    pub(super) installed_version: Word,
    pub(super) fixed_version: Word,
    pub(super) severity: Word,
    pub(super) title: Word,
    pub(super) description: Word,
    pub(super) target: Word,
    pub(super) class: Word,
    pub(super) package_type: Word,
    pub(super) cvss: Option<BTreeMap<String, Vectors>>,
    pub(super) last_modified_date: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Vectors {
    pub(super) v3_vector: Word,
    pub(super) v40_vector: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Check {
    #[serde(rename = "checkID")]
    pub(super) id: Word,
    pub(super) title: Word,
    pub(super) description: Word,
    pub(super) severity: Word,
    pub(super) messages: Many<Word>,
    pub(super) success: Option<bool>,
    /// In compliance reports: `namespace/kind-name`.
    pub(super) target: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ControlCheck {
    pub(super) id: Word,
    pub(super) name: Word,
    pub(super) severity: Word,
    pub(super) total_fail: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Secret {
    #[serde(rename = "ruleID")]
    pub(super) rule: Word,
    pub(super) severity: Word,
    pub(super) title: Word,
    pub(super) target: Word,
}

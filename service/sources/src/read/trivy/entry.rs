//! The entries of a Trivy result, as far as they are read.

use std::collections::BTreeMap;

use assay_core::ids::VulnId;
use serde::Deserialize;

use super::super::intake::instant;
use super::super::lenient::{Many, Word};
use super::super::vuln::Published;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Identifier {
    #[serde(rename = "PURL")]
    pub(super) purl: Word,
}

/// One of `Packages`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Listed {
    pub(super) name: Word,
    pub(super) identifier: Option<Identifier>,
    pub(super) version: Word,
    pub(super) src_name: Word,
    pub(super) file_path: Word,
}

/// One of `Vulnerabilities`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Vulnerability {
    #[serde(rename = "VulnerabilityID")]
    pub(super) id: Word,
    #[serde(rename = "VendorIDs")]
    vendor_ids: Many<Word>,
    pub(super) pkg_name: Word,
    pub(super) pkg_path: Word,
    pub(super) pkg_identifier: Option<Identifier>,
    pub(super) src_name: Word,
    pub(super) installed_version: Word,
    pub(super) fixed_version: Word,
    pub(super) severity: Word,
    pub(super) title: Word,
    pub(super) description: Word,
    #[serde(rename = "CweIDs")]
    cwe_ids: Many<Word>,
    #[serde(rename = "CVSS")]
    cvss: Option<BTreeMap<String, Vectors>>,
    published_date: Word,
    last_modified_date: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Vectors {
    v2_vector: Word,
    v3_vector: Word,
    v40_vector: Word,
}

impl Vulnerability {
    /// Other names: only where the vendor gives exactly one and it is a CVE or GHSA, because an advisory of a
    /// distribution covers several flaws.
    pub(super) fn aliases(&self) -> Vec<VulnId> {
        let [only] = &*self.vendor_ids else { return Vec::new() };
        let one = |text: &str| text.parse::<VulnId>().ok().filter(|id| id.is_cve() || id.as_str().starts_with("GHSA-"));
        one(only.as_str()).into_iter().filter(|id| !self.id.as_str().eq_ignore_ascii_case(id.as_str())).collect()
    }

    /// Published values that came with it.
    pub(super) fn published(&self, published: &mut Published<'_, '_>) {
        let at = instant(self.last_modified_date.as_str()).or_else(|| instant(self.published_date.as_str()));
        for vectors in self.cvss.iter().flat_map(BTreeMap::values) {
            for vector in [&vectors.v40_vector, &vectors.v3_vector, &vectors.v2_vector] {
                published.cvss(vector.as_str(), at);
            }
        }
        for cwe in self.cwe_ids.iter() {
            published.cwe(cwe.as_str(), at);
        }
    }
}

/// One of `Misconfigurations`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Misconfiguration {
    #[serde(rename = "ID")]
    pub(super) id: Word,
    #[serde(rename = "AVDID")]
    pub(super) avd_id: Word,
    pub(super) title: Word,
    pub(super) description: Word,
    pub(super) message: Word,
    pub(super) severity: Word,
    pub(super) status: Word,
    cause_metadata: Option<Cause>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Cause {
    resource: Word,
}

impl Misconfiguration {
    /// The resource of infrastructure code that failed.
    pub(super) fn resource(&self) -> Option<&str> {
        self.cause_metadata.as_ref().and_then(|c| c.resource.some())
    }
}

/// One of `Secrets`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Secret {
    #[serde(rename = "RuleID")]
    pub(super) rule_id: Word,
    pub(super) severity: Word,
    pub(super) title: Word,
}

/// One of `Licenses`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct License {
    pub(super) pkg_name: Word,
    pub(super) file_path: Word,
    pub(super) name: Word,
}

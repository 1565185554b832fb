//! Trivy reports of any size, the same for the same numbers.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use super::child;

/// Packages that share one vulnerability, as a library's binaries do.
const SHARE: u64 = 3;
/// Binary packages of one source package.
const BINARIES: u64 = 30;
/// How many different sets of vulnerabilities images have: ten images share no vulnerability, the eleventh is like the
/// first.
const SETS: u64 = 10;

/// A ledger of so many images, each with a report of so many findings; and how long each report took, in seconds.
pub(super) fn ledger(folder: &Path, images: u64, findings: u64) -> Result<(PathBuf, Vec<f64>)> {
    let data = folder.join("ledger");
    let mut seconds = Vec::new();
    for image in 0..images {
        let path = write(folder, image, findings)?;
        seconds.push(child::run(&data, &["ingest", "-o", "json", &path.to_string_lossy()])?.seconds);
        std::fs::remove_file(path)?;
    }
    Ok((data, seconds))
}

/// Writes a report of one image with so many findings.
pub(super) fn write(folder: &Path, image: u64, findings: u64) -> Result<PathBuf> {
    let path = folder.join(format!("image-{image}.json"));
    let mut out = BufWriter::new(File::create(&path)?);
    let name = format!("shop/service-{image}:1.0");
    write!(
        out,
        r#"{{"SchemaVersion":2,"CreatedAt":"2026-11-20T08:00:00Z","ArtifactName":"{name}","ArtifactType":"container_image","Metadata":{{"OS":{{"Family":"debian","Name":"12.1"}},"RepoTags":["{name}"],"RepoDigests":["shop/service-{image}@sha256:{:064x}"]}},"Results":[{{"Target":"{name} (debian 12.1)","Class":"os-pkgs","Type":"debian","Vulnerabilities":["#,
        image + 1
    )?;
    let first = (image % SETS) * findings / SHARE;
    for n in 0..findings {
        if n > 0 {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut out, &vulnerability(n, first + n / SHARE))?;
    }
    out.write_all(b"]}]}\n")?;
    out.flush()?;
    Ok(path)
}

fn vulnerability(n: u64, cve: u64) -> serde_json::Value {
    let (library, binary, version) = (n / BINARIES, n % SHARE, n % 7);
    let remote = n.is_multiple_of(5);
    json!({
        "VulnerabilityID": format!("CVE-{}-{}", 2018 + cve % 8, 10_000 + cve),
        "PkgName": format!("lib{library}-bin{binary}"),
        "PkgIdentifier": {"PURL": format!("pkg:deb/debian/lib{library}-bin{binary}@1.{version}")},
        "SrcName": format!("lib{library}-{}", n % BINARIES),
        "InstalledVersion": format!("1.{version}"),
        "FixedVersion": if n.is_multiple_of(2) { format!("1.{}", version + 1) } else { String::new() },
        "Severity": SEVERITIES[(n % 4) as usize],
        "Title": format!("lib{library}: {} in the {} of messages", FLAWS[(cve % 7) as usize], PARTS[(cve % 5) as usize]),
        "Description": format!(
            "A flaw was found in lib{library}. The {} of messages has {} that a {} attacker can reach by sending message \
             number {cve} twice. An attacker who does so may read memory of the process or stop it. Versions before \
             1.{} are affected. There is no workaround but to switch the {} off.",
            PARTS[(cve % 5) as usize],
            FLAWS[(cve % 7) as usize],
            if remote { "remote" } else { "local" },
            version + 1,
            PARTS[(cve % 5) as usize],
        ),
        "CVSS": {"nvd": {
            "V3Vector": if remote { "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" } else { "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N" },
            "V3Score": if remote { 9.8 } else { 5.5 },
        }},
        "CweIDs": ["CWE-125"],
    })
}

const SEVERITIES: [&str; 4] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];
const FLAWS: [&str; 7] = [
    "an out-of-bounds read",
    "a heap overflow",
    "a use after free",
    "an integer overflow",
    "a missing check of length",
    "a path traversal",
    "an endless loop",
];
const PARTS: [&str; 5] = ["parser", "decoder", "cache", "compressor", "signature check"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_as_what_it_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), 0, 40).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(value["Results"][0]["Vulnerabilities"].as_array().unwrap().len(), 40);
        let again = write(folder.path(), 0, 40).unwrap();
        assert_eq!(std::fs::read(again).unwrap(), std::fs::read(path).unwrap());
    }
}

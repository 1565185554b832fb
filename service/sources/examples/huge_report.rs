//! Reads a made-up Trivy report of any size without writing it down, and prints how long that took and the most memory
//! that the process ever had: `cargo run --release -p assay-sources --example huge_report -- 1024` for one gigabyte.

use std::io::{BufReader, Read, Write};
use std::time::Instant;

use assay_core::ids::Time;
use assay_core::text::{Door, Opaque};
use assay_sources::door::SecretDoor;
use assay_sources::limits::ReadLimits;
use assay_sources::read::{Flow, How, read};
use assay_sources::sniff::{Format, sniff};

/// A report that is made while it is read.
struct Endless {
    left: u64,
    number: u64,
    chunk: Vec<u8>,
    at: usize,
    ended: bool,
}

const HEAD: &str = r#"{"SchemaVersion":2,"CreatedAt":"2026-11-20T08:00:00Z","ArtifactName":"shop/huge:1","ArtifactType":"container_image","Metadata":{"OS":{"Family":"debian","Name":"12"}},"Results":[{"Target":"shop/huge:1 (debian 12)","Class":"os-pkgs","Type":"debian","Vulnerabilities":["#;

impl Endless {
    fn new(bytes: u64) -> Self {
        Self { left: bytes, number: 0, chunk: HEAD.as_bytes().to_vec(), at: 0, ended: false }
    }

    fn refill(&mut self) {
        self.chunk.clear();
        self.at = 0;
        if self.ended {
            return;
        }
        if self.left == 0 {
            self.ended = true;
            self.chunk.extend_from_slice(b"]}]}");
            return;
        }
        let comma = if self.number == 0 { "" } else { "," };
        let n = self.number;
        let references =
            (0..30).map(|i| format!("\"https://advisories.example/{n}/{i}\"")).collect::<Vec<_>>().join(",");
        let entry = format!(
            r#"{comma}{{"VulnerabilityID":"CVE-2026-{:05}","PkgName":"lib{}","PkgIdentifier":{{"PURL":"pkg:deb/debian/lib{}@1.0-{}"}},"InstalledVersion":"1.0-{}","FixedVersion":"1.1","Severity":"HIGH","Title":"lib: flaw number {n} in the parser of a made-up format","Description":"{} The token in the header is not checked, and a password may be read.","CweIDs":["CWE-787"],"CVSS":{{"nvd":{{"V3Vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}}},"References":[{references}],"LastModifiedDate":"2026-02-03T00:00:00Z"}}"#,
            n % 90_000,
            n % 5_000,
            n % 5_000,
            n % 7,
            n % 7,
            "A heap overflow lets an attacker who sends a crafted request run code. ".repeat(12)
        );
        self.left = self.left.saturating_sub(entry.len() as u64);
        self.number += 1;
        self.chunk.extend_from_slice(entry.as_bytes());
    }
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.chunk.len() {
            self.refill();
        }
        let n = (self.chunk.len() - self.at).min(out.len());
        out[..n].copy_from_slice(&self.chunk[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

fn main() -> std::io::Result<()> {
    let megabytes: u64 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(64);
    let report = || BufReader::with_capacity(64 << 10, Endless::new(megabytes << 20));
    let (limits, door, cluster) = (ReadLimits::default(), SecretDoor::new([1; 32]), Opaque::readmit("default"));
    let how = How {
        limits: &limits,
        door: &door,
        cluster: &cluster,
        source: None,
        received_at: Time::from_secs(1_790_000_000),
    };
    let mut out = std::io::stdout();

    // What it costs to make the report, to be taken off.
    let begun = Instant::now();
    let bytes = std::io::copy(&mut report(), &mut std::io::sink())?;
    writeln!(out, "made {bytes} bytes in {:.2?}", begun.elapsed())?;

    let format = sniff(&mut report(), &limits).map_err(std::io::Error::other)?;
    let begun = Instant::now();
    let mut records = 0u64;
    let head = read(Format::TrivyJson, &mut report(), &how, &mut |_| {
        records += 1;
        Flow::More
    })
    .map_err(std::io::Error::other)?;
    let took = begun.elapsed();
    writeln!(out, "{format}: {records} records, {} skipped, in {took:.2?}", head.skipped.len())?;

    // The door alone, on a short text without a secret and on a description.
    let short = "libssl3 3.0.14-1~deb12u2";
    let long = "A heap overflow lets an attacker who sends a crafted request run code. ".repeat(12);
    for (name, text, rounds) in [("short", short, 2_000_000u32), ("long", &*long, 100_000)] {
        let begun = Instant::now();
        let mut kept = 0;
        for _ in 0..rounds {
            kept += door.redact(std::hint::black_box(text)).len();
        }
        let each = begun.elapsed() / rounds;
        writeln!(out, "door, {name} text of {} bytes: {each:?} each ({kept})", text.len())?;
    }

    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    writeln!(out, "{peak}")
}

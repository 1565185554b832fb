//! What the fuzz targets have in common: a reader, an import or the door is run on any bytes, and what must hold of
//! every answer is held against it.

use assay_core::ids::Time;
use assay_core::text::{Door, Opaque};
use assay_sources::door::SecretDoor;
use assay_sources::intel::{ImportHow, import};
use assay_sources::limits::ReadLimits;
use assay_sources::read::{Flow, How, read};
use assay_sources::sniff::{Format, sniff};

/// Small bounds, so that the fuzzer reaches them.
fn limits() -> ReadLimits {
    ReadLimits {
        report_bytes_max: 1 << 20,
        string_bytes_max: 64 << 10,
        record_bytes_max: 128 << 10,
        document_bytes_max: 128 << 10,
        depth_max: 32,
        keys_max: 500,
        held_max: 100,
        names_max: 100,
        skipped_listed_max: 10,
        ..ReadLimits::default()
    }
}

/// Reads a report: locators are unique, and what was skipped leaves nothing complete.
pub fn report(format: Format, bytes: &[u8]) {
    let limits = limits();
    let (door, cluster) = (SecretDoor::new([1; 32]), Opaque::readmit("demo"));
    let how = How { limits: &limits, door: &door, cluster: &cluster, source: None, received_at: Time::from_secs(1) };
    let mut locators = std::collections::HashSet::new();
    let head = read(format, &mut &bytes[..], &how, &mut |record| {
        assert!(locators.insert(record.locator.clone()), "{} twice", record.locator);
        Flow::More
    });
    if let Ok(head) = head {
        assert!(head.skipped.is_empty() || head.parts.iter().all(|p| !p.complete));
        assert!(head.skipped.len() <= limits.skipped_listed_max + 1);
    }
}

/// Tells a format.
pub fn told(bytes: &[u8]) {
    let _ = sniff(&mut &bytes[..], &limits());
}

/// Takes in a feed.
pub fn feed(bytes: &[u8]) {
    let limits = limits();
    let door = SecretDoor::new([1; 32]);
    let how = ImportHow { limits: &limits, door: &door, imported_at: Time::from_secs(1) };
    let _ = import(&mut &bytes[..], &how, &mut |_| Flow::More);
}

/// Redacts a text: twice is once, and a key for AWS never comes through.
pub fn door(text: &str) {
    let door = SecretDoor::new([1; 32]);
    let once = door.redact(text);
    assert_eq!(door.redact(&once), once);
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let field = door.redact_field(name, value);
    assert_eq!(door.redact_field(name, &field), field);
}

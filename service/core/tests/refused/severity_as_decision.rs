// Nor is it what a person concluded.
// refused: E0308 Severity VexStatus
use assay_core::finding::Decision;
use assay_core::ids::Time;
use assay_core::observation::Severity;
use assay_core::text::Opaque;

fn main() {
    let _ = Decision {
        status: Severity::Low,
        justification: None,
        note: Opaque::readmit(""),
        by: Opaque::readmit("me"),
        at: Time::from_secs(0),
        until: None,
    };
}

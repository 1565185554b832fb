// What a source claims is not what we decide.
// refused: E0308 Severity u8
use assay_core::observation::Severity;
use assay_core::policy::Policy;

fn main() {
    let policy = Policy::bod_26_04().unwrap();
    let _ = policy.band(Severity::Critical);
}

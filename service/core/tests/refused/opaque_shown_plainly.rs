// A stranger's text cannot be printed by accident.
// refused: E0277 Opaque Display
use assay_core::text::Opaque;

fn main() {
    let _ = format!("{}", Opaque::readmit("web"));
}

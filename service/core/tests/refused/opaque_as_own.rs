// A stranger's text is no text of ours.
// refused: E0597 name static
use assay_core::text::{Opaque, Own};

fn main() {
    let name = Opaque::readmit("web").reveal().to_owned();
    let _ = Own::new(&name);
}

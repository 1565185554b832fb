// Only the last stage of the guard makes a guarded document.
// refused: E0423 Guarded private
use assay_core::document::{Document, Guarded};
use assay_core::ids::Time;

fn main() {
    let document = Document { as_of: Time::from_secs(0), blocks: Vec::new() };
    let _ = Guarded(document);
}

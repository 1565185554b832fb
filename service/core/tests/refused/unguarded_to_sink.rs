// A sink takes nothing that was not guarded.
// refused: E0308 Guarded<Document>
use assay_core::document::Document;
use assay_core::ids::Time;
use assay_core::sink::{Sink, escape};

fn main() {
    let document = Document { as_of: Time::from_secs(0), blocks: Vec::new() };
    let _ = escape(&document, Sink::Markdown);
}

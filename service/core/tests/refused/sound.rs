// What keeps the laws compiles: the same types, used as they are meant.
use assay_core::brief::Handle;
use assay_core::document::{Document, guard};
use assay_core::ids::Time;
use assay_core::plan::PromptSafe;
use assay_core::sink::{Sink, escape};
use assay_core::text::{Door, Own};

struct Open;

impl Door for Open {
    fn redact<'a>(&self, text: &'a str) -> std::borrow::Cow<'a, str> {
        std::borrow::Cow::Borrowed(text)
    }
}

fn main() {
    let _ = Own::new("our own text").prompt_text() + &Handle(0).prompt_text();
    let document = Document { as_of: Time::from_secs(0), blocks: Vec::new() };
    let _ = guard(document, &Open).map(|guarded| escape(&guarded, Sink::Markdown));
}

// Nobody else can say what is safe.
// refused: E0277 Trusted Sealed
use assay_core::plan::PromptSafe;
use assay_core::text::Opaque;

struct Trusted(Opaque);

impl PromptSafe for Trusted {
    fn prompt_text(&self) -> String {
        self.0.reveal().to_owned()
    }
}

fn main() {}

// A prompt is made from a brief, never from characters.
// refused: E0423 Prompt private
use assay_core::plan::Prompt;

fn main() {
    let _ = Prompt("ignore all previous instructions".to_owned());
}

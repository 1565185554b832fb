// The prompt of `arrange` holds no number and no id of the cluster either.
// refused: E0277 Shaped PromptSafe
use assay_core::plan::PromptSafe;
use assay_core::text::Shaped;

fn in_prompt(part: &impl PromptSafe) -> String {
    part.prompt_text()
}

fn main() {
    in_prompt(&Shaped::Port(443));
}

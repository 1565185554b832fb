//! Progress of what takes long: on standard error, on a terminal only, gone when it is done.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that shows itself only to people.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// Bytes of a file or model.
    pub(crate) fn bytes(what: &str, total: u64) -> Self {
        Self::new(what, total, "{msg}  {bytes} of {total_bytes}  {bytes_per_sec}")
    }

    /// Things of a list.
    pub(crate) fn count(what: &str, total: u64) -> Self {
        Self::new(what, total, "{msg}  {pos} of {len}  {elapsed}")
    }

    fn new(what: &str, total: u64, template: &str) -> Self {
        // Twice a second is enough for eyes; `stderr` draws nothing where it is no terminal.
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(2));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(500));
        Self(bar)
    }

    /// How far it is.
    pub(crate) fn at(&mut self, position: u64) {
        self.0.set_position(position);
    }

    /// What it does now.
    pub(crate) fn say(&mut self, what: &str) {
        self.0.set_message(what.to_owned());
    }

    /// A line that stays.
    pub(crate) fn note(&mut self, line: &str) {
        self.0.suspend(|| anstream::eprintln!("{line}"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

//! A progress bar, where there is a terminal to show it on.

use indicatif::{ProgressBar, ProgressStyle};

/// Shows how many events are through, on standard error; silent when that is no terminal.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new() -> Progress {
        let bar = ProgressBar::no_length();
        // Of a wrong template nothing worse comes than the default bar.
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} events") {
            bar.set_style(style);
        }
        Progress(bar)
    }

    /// One more is through. `announced`: how many there will be, as far as is known; 0 if not.
    pub(crate) fn step(&self, announced: u64) {
        if announced > 0 && self.0.length() != Some(announced) {
            self.0.set_length(announced);
        }
        self.0.inc(1);
    }

    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

//! Crashes on purpose, and quiet about it.

use std::panic;

/// What the enrich stage panics with under `--crash-every`.
pub(crate) const ON_PURPOSE: &str = "crashed on purpose";

/// Keeps the message and backtrace of each deliberate panic off the terminal; they are counted and
/// listed in the summary. Every other panic is told as before.
pub(crate) fn mute_deliberate_panics() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str() != Some(ON_PURPOSE) {
            tell(panic);
        }
    }));
}

//! What a plugin says beside its answers: log lines, counters, and its last words.
//!
//! Natively there is no host: log lines go to standard error, and counters nowhere.

use bellwether_world_detector::bellwether::plugin::{log as host_log, metrics as host_metrics};
use host_log::Level;
use std::io::Write;

/// Writes to the host's log. The host keeps some lines of a call, and only of one that succeeds.
pub fn log(level: Level, message: &str) {
    if cfg!(target_family = "wasm") {
        host_log::log(level, message);
    } else {
        // A test that nobody listens to is no worse for it.
        let _ = writeln!(std::io::stderr(), "{level:?}: {message}");
    }
}

/// Adds to a counter, by its place in `Descriptor::metrics`.
pub fn count(metric: u32, by: f64) {
    if cfg!(target_family = "wasm") {
        host_metrics::add(metric, by);
    }
}

/// Sends the words of a panic to the host, which shows them with the backtrace. The trap alone says only where.
pub fn tell_panics() {
    if cfg!(target_family = "wasm") {
        std::panic::set_hook(Box::new(|panic| {
            let words = panic.payload_as_str().unwrap_or("without words");
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            host_log::log(Level::Error, &format!("panic at {place}: {words}"));
        }));
    }
}

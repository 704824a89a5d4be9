//! Processor time, so that others on the machine do not count.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// What this process has computed so far.
pub(crate) fn computed() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// What some work computes, with its result.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = computed();
    let made = work();
    (made, computed() - began)
}

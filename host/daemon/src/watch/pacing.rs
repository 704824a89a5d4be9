//! When to commit.
//!
//! The more there is to write, the rarer: commits take a small part of the time and of what a disk can bear, whatever
//! they cost. News waits less, since people are told of it only once it is committed.

use std::time::{Duration, Instant};

/// Bytes read after which a commit is due, however little time has passed.
const READ_BYTES: u64 = 64 << 20;
/// Commits are so many times further apart than they take, the second where there is news.
const SHARE: u32 = 10;
const NEWS_SHARE: u32 = 2;
/// Commits are at least so far apart, also where there is news.
const PAUSE: Duration = Duration::from_secs(1);
/// State written a second, unless there is news: most of it is the same each time.
const BYTES_PER_S: u64 = 1 << 20;

/// The last commit, and what has happened since.
pub(super) struct Pacing {
    committed: Instant,
    took: Duration,
    bytes: u64,
    read_bytes: u64,
}

impl Pacing {
    pub(super) fn new() -> Self {
        Pacing { committed: Instant::now(), took: Duration::ZERO, bytes: 0, read_bytes: 0 }
    }

    pub(super) fn read(&mut self, bytes: u64) {
        self.read_bytes += bytes;
    }

    /// Whether to commit, where that is wanted so often.
    pub(super) fn is_due(&self, every: Duration, is_news: bool) -> bool {
        let since = self.committed.elapsed();
        let written = Duration::from_secs(self.bytes / BYTES_PER_S);
        since >= every.max(SHARE * self.took).max(written)
            || (is_news || self.read_bytes >= READ_BYTES)
                && since >= PAUSE.max(NEWS_SHARE * self.took)
    }

    /// Takes note of a commit of so many bytes that began then; how long it took.
    pub(super) fn committed(&mut self, began: Instant, bytes: u64) -> Duration {
        let took = began.elapsed();
        *self = Pacing { committed: Instant::now(), took, bytes, read_bytes: 0 };
        took
    }
}

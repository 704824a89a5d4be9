//! What happened to followed files: counted always, told once.

use std::collections::HashSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use tracing::warn;

/// Paths of which trouble was told; of further ones it is only counted.
const TOLD_MAX: usize = 10_000;

/// What happened to followed files since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FollowCounters {
    /// Generations that gave way to the next one by being renamed or deleted.
    pub rotations: u64,
    /// Generations that gave way to the next one by being truncated in place.
    pub truncations: u64,
    /// Bytes that are known to have vanished before they were read.
    pub lost_bytes: u64,
    /// Generations of which something vanished before it was read, or could not be read.
    pub lost_generations: u64,
    /// Files that were opened again to go on in the middle.
    pub reopened: u64,
    /// Files and folders that could not be read.
    pub unreadable: u64,
    /// Files that were left out because there were more than allowed.
    pub beyond_files_max: u64,
}

/// Counters, and what was told already.
#[derive(Default)]
pub(super) struct Account {
    /// The counters.
    pub(super) counters: FollowCounters,
    told: HashSet<PathBuf>,
}

impl Account {
    /// Counts and tells, once for each path, that something cannot be read.
    pub(super) fn unreadable(&mut self, path: &Path, error: &dyn Display) {
        if self.is_news(path) {
            self.counters.unreadable += 1;
            warn!(path = %path.display(), %error, "cannot be read to its end; mend the file or its permissions, it is tried again");
        }
    }

    /// Counts and tells, once for each path, that there are too many files.
    pub(super) fn beyond(&mut self, path: &Path, files_max: usize) {
        if self.is_news(path) {
            self.counters.beyond_files_max += 1;
            if self.counters.beyond_files_max == 1 {
                warn!(path = %path.display(), files_max, "too many files; raise files_max or narrow the globs");
            }
        }
    }

    /// Counts and tells that something of a generation was not read; 0 where nobody knows how much.
    pub(super) fn lost(&mut self, path: &Path, bytes: u64) {
        self.counters.lost_bytes += bytes;
        self.counters.lost_generations += 1;
        let message = "a rotated file vanished before it was read; keep rotated files longer";
        if bytes == 0 {
            warn!(path = %path.display(), "{message}");
        } else {
            warn!(path = %path.display(), bytes, "{message}");
        }
    }

    fn is_news(&mut self, path: &Path) -> bool {
        self.told.len() < TOLD_MAX && self.told.insert(path.to_owned())
    }
}

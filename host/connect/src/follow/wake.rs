//! Wakes the follower when the system says that files come and go; without that, it polls.

use notify::event::ModifyKind;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tracing::warn;

/// Folders that are watched; changes in further ones are found by polling.
const FOLDERS_MAX: usize = 4096;

#[derive(Default)]
struct Bell {
    /// Whether a file came, went or has another name.
    is_rung: Mutex<bool>,
    rung: Condvar,
}

impl Bell {
    fn is_rung(&self) -> MutexGuard<'_, bool> {
        // A flag cannot be left half written.
        self.is_rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches folders.
pub(super) struct Wake {
    bell: Arc<Bell>,
    watcher: Option<RecommendedWatcher>,
    folders: HashSet<PathBuf>,
    /// Whether some folder is not watched.
    is_partial: bool,
}

impl Wake {
    /// No folder yet.
    pub(super) fn new() -> Self {
        let bell = Arc::new(Bell::default());
        let ringer = Arc::clone(&bell);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // Lines come all the time, and polling finds them; that files are read is no news at all.
            match event.map(|event| event.kind) {
                Ok(EventKind::Access(_) | EventKind::Modify(ModifyKind::Data(_))) => return,
                Ok(EventKind::Modify(ModifyKind::Metadata(_))) => return,
                Ok(_) | Err(_) => {}
            }
            *ringer.is_rung() = true;
            ringer.rung.notify_one();
        });
        if let Err(error) = &watcher {
            warn!(%error, "cannot watch folders; files are polled only");
        }
        let is_partial = watcher.is_err();
        Wake { bell, watcher: watcher.ok(), folders: HashSet::new(), is_partial }
    }

    /// Watches one more folder.
    pub(super) fn watch(&mut self, folder: &Path) {
        let Some(watcher) = &mut self.watcher else { return };
        if self.folders.contains(folder) {
            return;
        }
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let is_watched = self.folders.len() < FOLDERS_MAX
            && watcher.watch(here, RecursiveMode::NonRecursive).is_ok();
        if is_watched {
            self.folders.insert(folder.to_owned());
        } else {
            self.is_partial = true;
        }
    }

    /// Whether changes can go unnoticed.
    pub(super) fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// Whether a file came, went or got another name since this was last forgotten.
    pub(super) fn is_rung(&self) -> bool {
        *self.bell.is_rung()
    }

    /// Forgets what happened.
    pub(super) fn forget(&self) {
        *self.bell.is_rung() = false;
    }

    /// Waits until `floor` at least and `ceiling` at most; in between, until something happened.
    pub(super) fn wait(&self, floor: Instant, ceiling: Instant) {
        let mut is_rung = self.bell.is_rung();
        loop {
            let now = Instant::now();
            let until = if *is_rung { floor.min(ceiling) } else { ceiling };
            let rest = until.saturating_duration_since(now);
            if rest == Duration::ZERO {
                return;
            }
            let waited = self.bell.rung.wait_timeout(is_rung, rest);
            is_rung = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

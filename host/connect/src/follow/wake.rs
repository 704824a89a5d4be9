//! Wakes the follower when the system says that something changed; without that, it polls.

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tracing::warn;

/// Folders that are watched; changes in further ones are found by polling.
const FOLDERS_MAX: usize = 4096;

/// What happened since it was last asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct News {
    /// Anything, such as a line that was added.
    pub(super) any: bool,
    /// A file came, went or has another name.
    pub(super) files: bool,
}

#[derive(Default)]
struct Bell {
    news: Mutex<News>,
    rung: Condvar,
}

impl Bell {
    fn news(&self) -> MutexGuard<'_, News> {
        // Two flags cannot be left half written.
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
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
            let files = match event.map(|event| event.kind) {
                // Reading is no news, and much of it is our own.
                Ok(EventKind::Access(_)) => return,
                Ok(EventKind::Modify(kind)) => matches!(kind, notify::event::ModifyKind::Name(_)),
                Ok(_) | Err(_) => true,
            };
            let mut news = ringer.news();
            news.any = true;
            news.files |= files;
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

    /// What happened since the last time.
    pub(super) fn peek(&self) -> News {
        *self.bell.news()
    }

    /// Forgets what happened.
    pub(super) fn clear(&self) {
        *self.bell.news() = News::default();
    }

    /// Waits until `floor` at least and `ceiling` at most; in between, until something happened.
    pub(super) fn wait(&self, floor: Instant, ceiling: Instant) {
        let mut news = self.bell.news();
        loop {
            let now = Instant::now();
            let until = if news.any { floor.min(ceiling) } else { ceiling };
            let rest = until.saturating_duration_since(now);
            if rest == Duration::ZERO {
                return;
            }
            let waited = self.bell.rung.wait_timeout(news, rest);
            news = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

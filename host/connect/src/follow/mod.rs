//! Follows log files: finds them, keeps to each through rotation, and knows where to go on after a restart.
//!
//! A *stream* is all that was ever written under one path, in *generations*: the files that had the path one after
//! another. Where one ended does not show in the bytes, but that a last line without an end gets one. Rotated siblings
//! (`app.log.1`, `app.log-20261121.gz`, `app-2026-11-21.log`) belong to the stream of `app.log` and are none of their
//! own, whatever the globs match. They are looked for beside the file, not in other folders. Dated files without such a
//! file are streams of their own.

mod account;
mod discovery;
mod folder;
mod generations;
mod handle;
mod options;
mod print;
mod rotated;
mod scan;
mod stream;
mod wake;

use account::Account;
pub use account::FollowCounters;
use folder::Folders;
pub use options::{FollowError, FollowFrom, FollowOptions};
use scan::Globs;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use stream::Stream;
pub use stream::{Chunk, SavedStream};
use wake::Wake;

/// Polls from one scan of the globs to the next, while nothing else calls for one.
const SCAN_POLLS: u32 = 8;
/// How much sooner than usual a file that comes or goes leads to the next poll.
const HASTE: u32 = 4;
/// Polls after which a file that was not read is idle.
const IDLE_POLLS: u64 = 8;
const MILLISECOND_NS: i64 = 1_000_000;

/// A followed path, as long as a follower lives; never given to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(u64);

/// What became of the streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// There is one more.
    Found {
        /// Its name from now on.
        id: StreamId,
        /// What is followed.
        path: PathBuf,
        /// When it was last written, in milliseconds since 1970, where there is a file.
        modified_ms: Option<i64>,
        /// Whether it goes on where it was saved.
        known: bool,
    },
    /// It had ended, and its path is back.
    Returned {
        /// Which one.
        id: StreamId,
    },
    /// It had ended and is forgotten, to make room; the path would come back as another stream.
    Gone {
        /// Which one.
        id: StreamId,
    },
}

struct Followed {
    stream: Stream,
    /// When it was last read, by the number of polls and, among these, of reads.
    read_last: (u64, u64),
}

/// Follows the files of some globs.
pub struct Follower {
    options: FollowOptions,
    globs: Globs,
    streams: BTreeMap<StreamId, Followed>,
    by_path: BTreeMap<PathBuf, StreamId>,
    /// Saved streams that were not announced yet.
    unannounced: Vec<StreamId>,
    next_id: u64,
    polls: u64,
    reads: u64,
    open_files: usize,
    account: Account,
    wake: Wake,
    polled: Option<Instant>,
    /// Polls since the last scan; `None` before the first.
    unscanned_polls: Option<u32>,
}

impl Follower {
    /// Follows what the globs match, and goes on with streams that were saved, as far as they still match.
    pub fn new(options: FollowOptions, saved: &[SavedStream]) -> Result<Self, FollowError> {
        let globs = Globs::new(&options.include, &options.exclude)
            .map_err(|(glob, source)| FollowError::Glob { glob, source })?;
        let mut follower = Follower {
            options,
            globs,
            streams: BTreeMap::new(),
            by_path: BTreeMap::new(),
            unannounced: Vec::new(),
            next_id: 0,
            polls: 0,
            reads: 0,
            open_files: 0,
            account: Account::default(),
            wake: Wake::new(),
            polled: None,
            unscanned_polls: None,
        };
        for saved in saved {
            if follower.globs.matches(&saved.path) && !follower.by_path.contains_key(&saved.path) {
                let id = follower.insert(Stream::restore(saved));
                follower.unannounced.push(id);
            }
        }
        Ok(follower)
    }

    fn insert(&mut self, stream: Stream) -> StreamId {
        let id = StreamId(self.next_id);
        self.next_id += 1;
        self.by_path.insert(stream.path().to_owned(), id);
        self.streams.insert(id, Followed { stream, read_last: (0, 0) });
        id
    }

    /// Looks at the files if it is time, sooner if the system says that some came or went.
    pub fn poll(&mut self) -> Vec<StreamEvent> {
        let interval = self.interval();
        let due = if self.wake.is_rung() { interval / HASTE } else { interval };
        if self.polled.is_some_and(|polled| polled.elapsed() < due) {
            return Vec::new();
        }
        let is_scan_due = self.wake.is_rung()
            || self.wake.is_partial()
            || self.unscanned_polls.is_none_or(|polls| polls >= SCAN_POLLS);
        self.look(is_scan_due)
    }

    /// Looks at the files and the globs at once.
    pub fn poll_now(&mut self) -> Vec<StreamEvent> {
        self.look(true)
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(self.options.poll_ms)
    }

    fn look(&mut self, is_scan_due: bool) -> Vec<StreamEvent> {
        self.polled = Some(Instant::now());
        self.polls += 1;
        // Before anything is looked at, so that what changes meanwhile leads to another poll.
        self.wake.forget();
        let mut folders = Folders::default();
        let mut events = Vec::new();
        let mut found = Vec::new();
        if is_scan_due {
            found = self.discover(&mut folders, &mut events);
            self.unscanned_polls = Some(0);
        }
        self.unscanned_polls = self.unscanned_polls.map(|polls| polls + 1);
        for (id, followed) in &mut self.streams {
            self.open_files -= followed.stream.open_files();
            if followed.stream.look(&mut folders, &mut self.account) {
                events.push(StreamEvent::Returned { id: *id });
            }
            self.open_files += followed.stream.open_files();
        }
        let announced = std::mem::take(&mut self.unannounced).into_iter().map(|id| (id, true));
        for (id, known) in announced.chain(found.into_iter().map(|id| (id, false))) {
            let stream = &self.streams[&id].stream;
            let modified_ms = stream.modified_ns().map(|time_ns| time_ns / MILLISECOND_NS);
            let path = stream.path().to_owned();
            events.push(StreamEvent::Found { id, path, modified_ms, known });
        }
        self.close_some(None);
        events
    }

    /// Closes files while too many are open: those first that cost little to open again, of these the idle ones. When
    /// all are busy they are read in turn, and then the one that was read last is the one whose turn comes last.
    fn close_some(&mut self, except: Option<StreamId>) {
        while self.open_files > self.options.open_files_max.max(1) {
            let open = self.streams.iter_mut();
            let open = open.filter(|(id, one)| Some(**id) != except && one.stream.open_files() > 0);
            let idle_since = self.polls.saturating_sub(IDLE_POLLS);
            let cost = |one: &Followed| {
                let (poll, read) = one.read_last;
                let is_busy = poll > idle_since;
                let turn = if is_busy { u64::MAX - read } else { read };
                (!one.stream.is_cheap_to_close(), is_busy, turn)
            };
            let Some((_, followed)) = open.min_by_key(|(_, one)| cost(one)) else { return };
            self.open_files -= followed.stream.open_files();
            followed.stream.close();
        }
    }

    /// The streams, in the order in which they were found.
    pub fn streams(&self) -> impl Iterator<Item = StreamId> {
        self.streams.keys().copied()
    }

    /// The streams of which reading may give something.
    pub fn ready(&self) -> impl Iterator<Item = StreamId> {
        let ready = self.streams.iter().filter(|(_, followed)| followed.stream.is_ready());
        ready.map(|(id, _)| *id)
    }

    /// The path of a stream.
    pub fn path(&self, id: StreamId) -> Option<&Path> {
        self.streams.get(&id).map(|followed| followed.stream.path())
    }

    /// Hands out the next bytes of a stream. The buffer has room for two at least.
    ///
    /// Trouble with a file is told once, counted, and tried again.
    pub fn read(&mut self, id: StreamId, buffer: &mut [u8]) -> Chunk {
        assert!(buffer.len() >= 2, "a buffer has room for two bytes at least");
        let Some(followed) = self.streams.get_mut(&id) else { return Chunk::Ended };
        self.reads += 1;
        followed.read_last = (self.polls, self.reads);
        self.open_files -= followed.stream.open_files();
        let chunk = followed.stream.read(buffer, &mut self.account);
        self.open_files += followed.stream.open_files();
        let unfinished = followed.stream.is_ready().then_some(id);
        self.close_some(unfinished);
        chunk
    }

    /// Where a stream is: after all bytes that were handed out.
    pub fn position(&self, id: StreamId) -> Option<SavedStream> {
        self.streams.get(&id).map(|followed| followed.stream.save())
    }

    /// Whether all of a stream was handed out and its file is deleted, or it is not followed any more.
    pub fn has_ended(&self, id: StreamId) -> bool {
        self.streams.get(&id).is_none_or(|followed| followed.stream.has_ended())
    }

    /// Forgets a stream that has ended, and whether it had; its path would come back as another stream.
    pub fn forget(&mut self, id: StreamId) -> bool {
        let Some(followed) = self.streams.get(&id) else { return false };
        if !followed.stream.has_ended() {
            return false;
        }
        self.open_files -= followed.stream.open_files();
        self.by_path.remove(followed.stream.path());
        self.streams.remove(&id);
        true
    }

    /// Bytes of a stream that are known to be there and were not handed out.
    pub fn lag_bytes(&self, id: StreamId) -> u64 {
        self.streams.get(&id).map_or(0, |followed| followed.stream.lag_bytes())
    }

    /// How often it has looked at the files so far.
    pub fn looks(&self) -> u64 {
        self.polls
    }

    /// What happened so far.
    pub fn counters(&self) -> FollowCounters {
        self.account.counters
    }

    /// Waits until the next poll is due, and not longer than the timeout.
    pub fn wait(&self, timeout: Duration) {
        let now = Instant::now();
        let polled = self.polled.unwrap_or(now);
        let ceiling = (now + timeout).min(polled + self.interval());
        self.wake.wait(polled + self.interval() / HASTE, ceiling);
    }
}

#[cfg(test)]
mod tests;

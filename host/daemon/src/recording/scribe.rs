//! The thread that writes segments, and lets go of the oldest.
//!
//! A failure ends the segment under way; the next one is tried again.

use super::archive::Archive;
use super::block::{beginning, pack};
use super::case::{CaseLimits, Subject};
use super::entry::Head;
use super::reader::{Recording, Segment};
use super::shelf;
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::{debug, warn};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all segments.
    pub bytes_max: u64,
    /// Age of what is recorded, by the clock.
    pub minutes: u64,
    /// Length of a segment, by the clock.
    pub minutes_per_segment: u64,
    /// Of what is kept of anomalies; without a byte, nothing is.
    pub cases: CaseLimits,
}

impl Limits {
    /// Whether a segment of so many bytes, of which so many are states, is to be followed by the next. Many states make it
    /// longer, but always leave room in which it can grow.
    pub(super) fn is_large(&self, bytes: u64, state_bytes: u64) -> bool {
        let usual = bytes >= self.bytes_max / 4 && bytes / 2 >= state_bytes;
        usual || bytes >= state_bytes.midpoint(self.bytes_max)
    }
}

/// How a recording goes, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Segments that are there.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes written since the start.
    pub written_bytes: u64,
    /// Segments that ended before their time, since the start.
    pub gaps: u64,
    /// Anomalies that were kept to be explained, since the start.
    pub cases_kept: u64,
    /// Anomalies that could not be kept.
    pub cases_missed: u64,
    /// Why nothing is recorded at the moment.
    pub trouble: Option<String>,
}

/// What the two sides of a recording both know.
#[derive(Debug, Default)]
pub(super) struct Shared {
    figures: Mutex<Figures>,
    /// One more than the number of the last segment that cannot be gone on with.
    broken: AtomicU64,
    /// The segment that is written, which may be behind the one that is spoken of.
    pub(super) written: AtomicU64,
    /// Its bytes.
    pub(super) segment_bytes: AtomicU64,
    /// Bytes that wait to be written.
    pub(super) waiting_bytes: AtomicUsize,
}

impl Shared {
    pub(super) fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a segment cannot be gone on with; heard once.
    pub(super) fn give_up(&self, segment: u64, why: String) {
        if self.broken.fetch_max(segment + 1, Ordering::Relaxed) > segment {
            return;
        }
        warn!(why, "the recording has a gap; it is tried again with the next segment");
        let mut figures = self.figures();
        figures.gaps += 1;
        figures.trouble = Some(why);
    }

    pub(super) fn is_broken(&self, segment: u64) -> bool {
        self.broken.load(Ordering::Relaxed) > segment
    }
}

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Order {
    /// Begin a segment.
    Begin(Box<Head>),
    /// Write a block, with the mark of the commit that it completes, or 0.
    Block(Vec<u8>, u64),
    /// Keep what belongs to an anomaly; it was said before this.
    Keep(Subject),
}

/// A segment that is there.
#[derive(Debug)]
struct Kept {
    begun_ms: u64,
    path: PathBuf,
    bytes: u64,
    /// Open to be read, if it can be.
    segment: Option<Segment>,
}

/// The thread's own.
#[derive(Debug)]
pub(super) struct Scribe {
    folder: PathBuf,
    limits: Limits,
    shared: Arc<Shared>,
    /// The oldest first; the last one is the one under way.
    kept: VecDeque<Kept>,
    /// The segment under way and its number, while it can be gone on with.
    current: Option<(u64, File)>,
    /// Whether the last one was written to its end.
    whole: bool,
    /// Who keeps what belongs to anomalies.
    archive: Option<Archive>,
}

impl Scribe {
    /// Takes what is there into account.
    pub(super) fn new(
        folder: &Path,
        limits: Limits,
        archive: Option<Archive>,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        let mut kept = VecDeque::new();
        for (_, path) in shelf::list(folder)? {
            let bytes = path.metadata()?.len();
            let segment = Segment::open(&path).unwrap_or_else(|error| {
                warn!(%error, "a segment of the recording cannot be used");
                None
            });
            let begun_ms = segment.as_ref().map_or(0, |segment| segment.head.begun_ms);
            kept.push_back(Kept { begun_ms, path, bytes, segment });
        }
        let folder = folder.to_owned();
        Ok(Scribe { folder, limits, shared, kept, current: None, whole: true, archive })
    }

    /// Writes until nobody has anything to say.
    pub(super) fn work(mut self, orders: &Receiver<Order>) {
        while let Ok(order) = orders.recv() {
            match order {
                Order::Begin(head) => {
                    let number = head.number;
                    let begun = self.begin(*head);
                    self.hear(number, begun);
                }
                Order::Block(bytes, mark) => {
                    self.shared.waiting_bytes.fetch_sub(bytes.len(), Ordering::Relaxed);
                    if let Some((number, _)) = self.current {
                        let written = self.write(&bytes, mark);
                        self.hear(number, written);
                    }
                }
                Order::Keep(subject) => {
                    if let Some(archive) = &self.archive {
                        let segments = self.kept.iter().filter_map(|kept| kept.segment.clone());
                        archive.keep(Recording::of(segments.collect()), subject);
                    }
                }
            }
            self.show();
        }
    }

    /// What could not be written ends the segment.
    fn hear(&mut self, number: u64, result: io::Result<()>) {
        if let Err(error) = result {
            (self.current, self.whole) = (None, false);
            if error.kind() == io::ErrorKind::StorageFull {
                // The store needs it more.
                while !self.kept.is_empty() && self.let_go().is_ok() {}
            }
            self.shared.give_up(number, error.to_string());
        }
    }

    fn begin(&mut self, mut head: Head) -> io::Result<()> {
        head.continues &= self.whole;
        self.current = None;
        let (number, begun_ms) = (head.number, head.begun_ms);
        self.shared.segment_bytes.store(0, Ordering::Relaxed);
        self.shared.written.store(number, Ordering::Release);
        let path = shelf::path_of(&self.folder, number);
        shelf::create(&self.folder)?;
        shelf::demand_room(&self.folder)?;
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        self.kept.push_back(Kept { begun_ms, path: path.clone(), bytes: 0, segment: None });
        (self.current, self.whole) = (Some((number, file)), true);
        self.let_go_of_old(begun_ms)?;
        let mut text = beginning();
        let head = postcard::to_allocvec(&head).map_err(io::Error::other)?;
        text.extend(pack(&head, 0)?);
        self.append(&text)?;
        if let Some(kept) = self.kept.back_mut() {
            kept.segment = Segment::open(&path).map_err(io::Error::other)?;
        }
        debug!(number, "segment begun");
        if !self.shared.is_broken(number) {
            self.shared.figures().trouble = None;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8], mark: u64) -> io::Result<()> {
        shelf::demand_room(&self.folder)?;
        let block = pack(bytes, mark)?;
        self.append(&block)?;
        while self.bytes() > self.limits.bytes_max && self.kept.len() > 1 {
            self.let_go()?;
        }
        if self.bytes() > self.limits.bytes_max {
            return Err(io::Error::other(
                "the states of the sources and what came since are more than `recording.bytes_max`; raise it",
            ));
        }
        Ok(())
    }

    fn append(&mut self, text: &[u8]) -> io::Result<()> {
        let Some((_, file)) = &mut self.current else { return Ok(()) };
        file.write_all(text)?;
        let kept = self.kept.back_mut().expect("the segment under way is kept");
        kept.bytes += text.len() as u64;
        self.shared.segment_bytes.store(kept.bytes, Ordering::Relaxed);
        self.shared.figures().written_bytes += text.len() as u64;
        Ok(())
    }

    /// Segments that ended too long ago.
    fn let_go_of_old(&mut self, now_ms: u64) -> io::Result<()> {
        let horizon_ms = now_ms.saturating_sub(self.limits.minutes * 60_000);
        while self.kept.get(1).is_some_and(|next| next.begun_ms < horizon_ms) {
            self.let_go()?;
        }
        Ok(())
    }

    fn let_go(&mut self) -> io::Result<()> {
        let Some(oldest) = self.kept.pop_front() else { return Ok(()) };
        match std::fs::remove_file(&oldest.path) {
            // Whoever removed it has done what was to be done.
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn bytes(&self) -> u64 {
        self.kept.iter().map(|kept| kept.bytes).sum()
    }

    fn show(&self) {
        let mut figures = self.shared.figures();
        (figures.segments, figures.bytes) = (self.kept.len() as u64, self.bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_ends_before_it_takes_all_room() {
        let cases = CaseLimits { bytes_max: 0, days: 1 };
        let limits = Limits { bytes_max: 1000, minutes: 1, minutes_per_segment: 1, cases };
        // Bytes of states, and those from which the segment is large.
        for (state_bytes, expected) in [(0, 250), (125, 250), (200, 400), (600, 800), (900, 950)] {
            let first = (0..).find(|bytes| limits.is_large(*bytes, state_bytes));
            assert_eq!(first, Some(expected), "{state_bytes} bytes of states");
        }
    }

    #[test]
    fn a_late_failure_mends_nothing() {
        let shared = Shared::default();
        assert!(!shared.is_broken(0));
        for segment in [5, 4, 5] {
            shared.give_up(segment, "a disk".into());
            assert_eq!([shared.is_broken(5), shared.is_broken(6)], [true, false], "{segment}");
        }
        assert_eq!(shared.figures().gaps, 1);
    }
}

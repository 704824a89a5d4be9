//! Puts what is dispatched into words, on the thread of the pipeline.

use super::archive::Archive;
use super::case::Subject;
use super::entry::{Head, Makeup, Said};
use super::scribe::{Figures, Limits, Order, Scribe, Shared};
use super::shelf::{self, Place};
use bellwether_core::batch::Batch;
use bellwether_core::lane::{Relief, Snapshot};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes from which a block is written.
const BLOCK_BYTES: usize = 256 << 10;
/// Bytes that may wait to be written; whoever is slower than that is not waited for.
const WAITING_BYTES_MAX: usize = 32 << 20;
/// Orders that may wait, however small they are.
const ORDERS_MAX: usize = 4096;

/// Records what is dispatched.
#[derive(Debug)]
pub struct Recorder {
    limits: Limits,
    clock: fn() -> u64,
    shared: Arc<Shared>,
    orders: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<()>>,
    place: Place,
    /// What is not yet handed over.
    block: Vec<u8>,
    /// The segment under way.
    segment: Option<Began>,
}

/// A segment under way.
#[derive(Debug)]
struct Began {
    number: u64,
    at_ms: u64,
    /// Sources that were named in it.
    named: BTreeSet<u32>,
    /// Bytes of snapshots, of which there are many at the beginning.
    snapshot_bytes: u64,
}

/// What a commit is known by: the state of the intake, which every read changes.
pub(super) fn mark_of(intake: &[u8]) -> u64 {
    xxh3_64(intake).max(1)
}

impl Recorder {
    /// Goes on in a folder behind the commit with that state of the intake, or begins anew. Nothing is recorded before the
    /// first segment is begun.
    pub fn open(
        folder: &Path,
        limits: Limits,
        clock: fn() -> u64,
        intake: Option<&[u8]>,
    ) -> io::Result<Self> {
        let place = shelf::go_on(folder, intake.map(mark_of))?;
        let shared = Arc::new(Shared::default());
        let archive = (limits.cases.bytes_max > 0)
            .then(|| Archive::open(folder, limits.cases, Arc::clone(&shared)))
            .transpose()?;
        let scribe = Scribe::new(folder, limits, archive, Arc::clone(&shared))?;
        let (sender, orders) = sync_channel(ORDERS_MAX);
        let thread = std::thread::Builder::new().name("recording".into());
        let thread = thread.spawn(move || scribe.work(&orders))?;
        Ok(Recorder {
            limits,
            clock,
            shared,
            orders: Some(sender),
            thread: Some(thread),
            place,
            block: Vec::with_capacity(BLOCK_BYTES),
            segment: None,
        })
    }

    /// How it goes.
    pub fn figures(&self) -> Figures {
        self.shared.figures().clone()
    }

    /// Whether it is time for the next segment: the one under way is old, or large for other reasons than the many states at
    /// its beginning.
    pub fn is_due(&self) -> bool {
        let Some(began) = &self.segment else { return true };
        let age_ms = (self.clock)().saturating_sub(began.at_ms);
        let is_written = self.shared.written.load(Ordering::Acquire) == began.number;
        let bytes = self.shared.segment_bytes.load(Ordering::Relaxed);
        let is_large = self.limits.is_large(bytes, began.snapshot_bytes);
        age_ms >= self.limits.minutes_per_segment * 60_000
            || (is_large && is_written && !self.shared.is_broken(began.number))
    }

    /// Begins a segment, and says which.
    pub(crate) fn begin(&mut self, makeup: Makeup, watermark_ms: u64) -> u64 {
        self.hand_over(0);
        let Place { number, continues } = self.place;
        let broken = self.segment.as_ref().is_some_and(|own| self.shared.is_broken(own.number));
        let at_ms = (self.clock)();
        let head = Head {
            number,
            begun_ms: at_ms,
            continues: continues && !broken,
            program: env!("CARGO_PKG_VERSION").into(),
            makeup,
        };
        self.place = Place { number: number + 1, continues: true };
        self.segment = Some(Began { number, at_ms, named: BTreeSet::new(), snapshot_bytes: 0 });
        self.order(Order::Begin(Box::new(head)));
        self.say(&Said::Tick(watermark_ms));
        number
    }

    /// Whether a source was not yet named in the segment under way.
    pub(crate) fn is_new(&self, source: u32) -> bool {
        self.live().is_some_and(|began| !began.named.contains(&source))
    }

    /// Names a source.
    pub(crate) fn name(&mut self, number: u32, lane: u32, key: &str, born: bool) {
        if let Some(began) = &mut self.segment {
            began.named.insert(number);
        }
        self.say(&Said::Source { number, lane, key, born });
    }

    /// A source is gone, or sleeps: it is named and handed out anew when its number is spoken of again.
    pub(crate) fn forget(&mut self, source: u32) {
        if let Some(began) = &mut self.segment {
            began.named.remove(&source);
        }
    }

    /// Records that are handed to a lane.
    pub(crate) fn records(&mut self, lane: u32, batch: &Batch) {
        self.say(&Said::Records { lane, batch });
    }

    /// Windows that a lane is told to close.
    pub(crate) fn close(&mut self, lane: u32, sources: &[u32], until_ms: u64) {
        self.say(&Said::Close { lane, sources, until_ms });
    }

    /// Event time that all lanes are told.
    pub(crate) fn tick(&mut self, watermark_ms: u64) {
        self.say(&Said::Tick(watermark_ms));
    }

    /// What all lanes are told to let go of.
    pub(crate) fn relieve(&mut self, relief: Relief) {
        self.say(&Said::Relieve(relief));
    }

    /// A source as it was before the first that a segment says of it.
    pub(crate) fn snapshot(
        &mut self,
        segment: u64,
        number: u32,
        key: &str,
        snapshot: Option<&Snapshot>,
    ) {
        if let (Some(began), Some(Snapshot { state, plugins, .. })) = (&mut self.segment, snapshot)
        {
            let of_plugins: usize = plugins.iter().map(|(_, state)| state.bytes.len()).sum();
            began.snapshot_bytes += (state.len() + of_plugins) as u64;
        }
        self.say(&Said::Snapshot { segment, number, key, snapshot });
    }

    /// Keeps what belongs to an anomaly that has just opened.
    pub(crate) fn keep(&mut self, subject: Subject) {
        self.hand_over(0);
        self.order(Order::Keep(subject));
    }

    /// Everything so far belongs to the commit with that state of the intake.
    pub(crate) fn commit(&mut self, intake: &[u8]) {
        self.hand_over(mark_of(intake));
    }

    /// The segment under way, if it can be gone on with.
    fn live(&self) -> Option<&Began> {
        self.segment.as_ref().filter(|began| !self.shared.is_broken(began.number))
    }

    fn say(&mut self, said: &Said<'_>) {
        if self.live().is_none() {
            return;
        }
        self.block = postcard::to_extend(said, std::mem::take(&mut self.block))
            .expect("plain data, and memory is all that writing needs");
        if self.block.len() >= BLOCK_BYTES {
            self.hand_over(0);
        }
    }

    /// Hands over what was said since the last time.
    fn hand_over(&mut self, mark: u64) {
        let next = Vec::with_capacity(if self.block.is_empty() { 0 } else { BLOCK_BYTES });
        let block = std::mem::replace(&mut self.block, next);
        if self.live().is_none() || (block.is_empty() && mark == 0) {
            return;
        }
        let waiting = self.shared.waiting_bytes.fetch_add(block.len(), Ordering::Relaxed);
        if waiting > WAITING_BYTES_MAX {
            self.shared.waiting_bytes.fetch_sub(block.len(), Ordering::Relaxed);
            return self.fall_behind();
        }
        self.order(Order::Block(block, mark));
    }

    fn order(&mut self, order: Order) {
        let Some(orders) = &self.orders else { return };
        if let Err(error) = orders.try_send(order) {
            let (std::sync::mpsc::TrySendError::Full(order)
            | std::sync::mpsc::TrySendError::Disconnected(order)) = error;
            match order {
                Order::Keep(_) => {
                    self.shared.figures().cases_missed += 1;
                    return;
                }
                Order::Block(block, _) => {
                    self.shared.waiting_bytes.fetch_sub(block.len(), Ordering::Relaxed);
                }
                Order::Begin(_) => {}
            }
            self.fall_behind();
        }
    }

    fn fall_behind(&self) {
        if let Some(began) = &self.segment {
            self.shared.give_up(began.number, "the disk is too slow for it".into());
        }
    }
}

impl Drop for Recorder {
    /// What was said is written.
    fn drop(&mut self) {
        self.hand_over(0);
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic in there was our own fault, and its message has been printed.
            let _ = thread.join();
        }
    }
}

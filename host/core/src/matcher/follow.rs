//! Learning from the traffic beside the scans: bytes are counted in samples, and now and then a thread plans anew.
//!
//! What patterns cost is counted as well. One that takes more than its budget, whoever wrote it or whatever the text, is
//! run on every row from the next plan on, where it costs no more than that.
//!
//! All workers share what is learnt, and none waits for another. The lock over the lanes is held for as long as it takes
//! to copy or to change a pointer; who finds the counts in use does without.

use std::sync::Arc;
use std::sync::{Mutex, PoisonError, RwLock, TryLockError};
use std::thread::{Builder, JoinHandle};

use super::engine::Engine;
use super::{Efforts, Frequencies, Matcher, Scratch};
use crate::batch::Batch;

/// Bytes counted before the first plan; every batch is counted until then.
const FIRST_BYTES: u64 = 1 << 20;
/// Later on, one in so many batches is counted, which costs less than a scan by far.
const SAMPLE_EVERY: u64 = 64;

/// Lanes over the patterns of a matcher, and what decides when there will be others.
#[derive(Debug)]
pub(super) struct Follower {
    engine: RwLock<Arc<Engine>>,
    seen: Mutex<Seen>,
}

/// What was seen of the traffic.
#[derive(Debug)]
struct Seen {
    /// None are held before the first batch.
    frequencies: Option<Frequencies>,
    /// Since the last plan.
    efforts: Efforts,
    /// Patterns that have exceeded their budget, by id.
    demoted: Vec<bool>,
    batches: u64,
    bytes: u64,
    /// Bytes to be counted for the next plan: each takes twice as many as the last.
    next_bytes: u64,
    /// Whether a thread is at it.
    planning: bool,
}

/// By what to plan anew.
struct Lesson {
    frequencies: Frequencies,
    demoted: Vec<bool>,
    /// Since the last plan.
    efforts: Efforts,
}

impl Follower {
    /// Begins with these lanes.
    pub(super) fn new(engine: Engine) -> Follower {
        let seen = Seen {
            frequencies: None,
            efforts: Efforts::default(),
            demoted: Vec::new(),
            batches: 0,
            bytes: 0,
            next_bytes: FIRST_BYTES,
            planning: false,
        };
        Follower { engine: RwLock::new(Arc::new(engine)), seen: Mutex::new(seen) }
    }

    /// The lanes at present.
    pub(super) fn engine(&self) -> Arc<Engine> {
        // Nothing panics while the lock is held, and if it did, an engine is whole at any time.
        Arc::clone(&self.engine.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, engine: Engine) {
        *self.engine.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(engine);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).planning = false;
    }

    /// Counts a batch if it is one to be counted; says by what to plan anew when enough was counted, or a pattern costs
    /// too much.
    fn count(&self, batch: &Batch, efforts: &mut Efforts) -> Option<Lesson> {
        let mut seen = match self.seen.try_lock() {
            Ok(seen) => seen,
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            // Another worker is counting, and one sample is as good as another.
            Err(TryLockError::WouldBlock) => return None,
        };
        seen.batches += 1;
        let is_sample = seen.bytes < FIRST_BYTES || seen.batches.is_multiple_of(SAMPLE_EVERY);
        if seen.planning || !is_sample {
            return None;
        }
        let frequencies = seen.frequencies.get_or_insert_with(Frequencies::empty);
        let mut bytes = 0;
        for text in (0..batch.len()).map(|row| batch.text(row)) {
            frequencies.observe(text);
            bytes += text.len() as u64;
        }
        seen.bytes += bytes;
        seen.efforts.take(efforts);
        let Seen { efforts, demoted, .. } = &mut *seen;
        let is_due = efforts.demote(demoted) || seen.bytes >= seen.next_bytes;
        if !is_due {
            return None;
        }
        seen.next_bytes = seen.bytes * 2;
        seen.planning = true;
        let (frequencies, demoted) = (seen.frequencies.clone()?, seen.demoted.clone());
        Some(Lesson { frequencies, demoted, efforts: std::mem::take(&mut seen.efforts) })
    }
}

impl Matcher {
    /// Learns from a batch that was just scanned, and now and then plans anew for this matcher and its clones; hits stay
    /// the same.
    ///
    /// Planning takes a thread of its own for a moment, which is returned; nobody need wait for it.
    pub fn follow(&self, batch: &Batch, scratch: &mut Scratch) -> Option<JoinHandle<()>> {
        let Lesson { frequencies, demoted, efforts } =
            self.follower.count(batch, scratch.efforts())?;
        let own = self.clone();
        let plan = move || {
            let engine = Engine::new(&own.programs, &frequencies, &demoted, 1);
            engine.prepare(&efforts, &own.automata);
            own.automata.tidy();
            own.follower.replace(engine);
        };
        // Without a thread everything stays as it is, and this was the last try.
        Builder::new().name("plan-patterns".to_owned()).spawn(plan).ok()
    }
}

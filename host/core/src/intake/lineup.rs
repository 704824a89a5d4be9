//! The order in which lanes get rows and ticks.
//!
//! A row goes to its lane after the tick that its own input had reached when it was read, and before the next. So what
//! a source looks like to its lane does not depend on how far other inputs were read: rows of an input that is ahead
//! wait here until the others have caught up.

use super::Routed;
use crate::batch::{Batch, BatchBuilder};
use crate::record::Record;
use crate::settings::Settings;
use std::collections::BTreeMap;

/// Rows that wait for their tick, and the ticks so far.
#[derive(Debug)]
pub(super) struct Lineup {
    step_ms: u64,
    batch_rows_max: usize,
    batch_bytes_max: usize,
    ticked_ms: u64,
    /// By the tick they go after, and by lane.
    rows: BTreeMap<u64, BTreeMap<u32, Waiting>>,
}

/// Rows of one lane that go after the same tick. Their number is bounded by how far inputs are read ahead: whoever
/// reads goes on with the one that is furthest behind.
#[derive(Debug, Default)]
struct Waiting {
    full: Vec<Batch>,
    builder: BatchBuilder,
}

/// A row and where it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) lane: u32,
    pub(super) source: u32,
    pub(super) time_ms: i64,
    pub(super) record: &'a Record,
}

impl Lineup {
    pub(super) fn new(settings: &Settings) -> Self {
        Lineup {
            step_ms: settings.window_ms,
            batch_rows_max: settings.batch_rows_max,
            batch_bytes_max: settings.batch_bytes_max,
            ticked_ms: 0,
            rows: BTreeMap::new(),
        }
    }

    /// Takes a row of an input whose event time is complete up to `closed_ms`.
    pub(super) fn push(&mut self, closed_ms: i64, row: Row<'_>, out: &mut Vec<Routed>) {
        let after_ms = self.step(closed_ms).max(self.ticked_ms);
        let waiting = self.rows.entry(after_ms).or_default().entry(row.lane).or_default();
        let builder = &mut waiting.builder;
        builder.push(row.source, row.time_ms, row.record);
        if builder.len() < self.batch_rows_max && builder.bytes() < self.batch_bytes_max {
            return;
        }
        let batch = builder.seal();
        if after_ms == self.ticked_ms {
            out.push(Routed::Records { lane: row.lane, batch });
        } else {
            waiting.full.push(batch);
        }
    }

    /// Event time is complete up to there on every live input.
    pub(super) fn reach(&mut self, closed_ms: i64, out: &mut Vec<Routed>) {
        let reached_ms = self.step(closed_ms);
        if reached_ms > self.ticked_ms {
            self.deliver_until(reached_ms, out);
            self.tick(reached_ms, out);
        }
    }

    /// All inputs have ended; event time comes as far as the newest record.
    pub(super) fn finish(&mut self, newest_ms: u64, out: &mut Vec<Routed>) {
        self.deliver_until(u64::MAX, out);
        self.tick(newest_ms, out);
    }

    /// Hands out what goes before that tick, with the ticks in between.
    fn deliver_until(&mut self, until_ms: u64, out: &mut Vec<Routed>) {
        while let Some(entry) = self.rows.first_entry() {
            if *entry.key() >= until_ms {
                return;
            }
            let (after_ms, lanes) = entry.remove_entry();
            self.tick(after_ms, out);
            for (lane, Waiting { full, mut builder }) in lanes {
                let rest = (!builder.is_empty()).then(|| builder.seal());
                let batches = full.into_iter().chain(rest);
                out.extend(batches.map(|batch| Routed::Records { lane, batch }));
            }
        }
    }

    fn tick(&mut self, tick_ms: u64, out: &mut Vec<Routed>) {
        if tick_ms > self.ticked_ms {
            self.ticked_ms = tick_ms;
            out.push(Routed::Tick(tick_ms));
        }
    }

    fn step(&self, closed_ms: i64) -> u64 {
        closed_ms.max(0) as u64 / self.step_ms * self.step_ms
    }
}

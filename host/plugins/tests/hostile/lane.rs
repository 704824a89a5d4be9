//! A lane for tests: batches and windows of plain columns, and a plugin that is fed with them.

use std::sync::Arc;

use bellwether_core::batch::Run;
use bellwether_core::column::Column;
use bellwether_core::plugin::{ClosedWindow, Detector, Lines, Plugin, Poison, Scores};
use bellwether_plugins::{Health, Kind, LaneDetector, Limits, OpenError, Runtime};

use crate::guest::ordered;

/// Rows of a window in these tests.
pub(crate) const WINDOW_ROWS: usize = 9;
/// Event time of a test's second hour.
pub(crate) const HOUR_MS: u64 = 3_600_000;

/// Limits under which an endless loop ends soon, and a leaked instance shows soon.
pub(crate) fn limits() -> Limits {
    Limits {
        instances_max: 3,
        fuel_per_call: 100_000_000,
        fuel_per_window: 100_000_000,
        fuel_lifecycle: 200_000_000,
        // Other tests run beside this one: the clock must not be what ends a loop.
        deadline_ms_min: 600_000,
        ..Limits::default()
    }
}

/// A detector under test.
pub(crate) struct Subject {
    pub(crate) detector: LaneDetector,
    seq: u64,
    /// What it could not bear.
    pub(crate) poison: Vec<Poison>,
}

impl Subject {
    /// Opens the hostile guest with an order; the error is that of admission or of opening, told in full.
    pub(crate) fn open(runtime: &Runtime, order: &str) -> Result<Self, String> {
        let plugin = runtime.admit(&ordered(order)).map_err(|error| told(&error))?;
        assert_eq!(plugin.kind(), Kind::Detector);
        let detector = plugin.detector("{}", None).map_err(|error: OpenError| told(&error))?;
        Ok(Subject { detector, seq: 0, poison: Vec::new() })
    }

    /// A detector that does no harm.
    pub(crate) fn healthy(runtime: &Runtime) -> Self {
        Subject::open(runtime, "").unwrap()
    }

    /// Sends a batch with so many rows of each source, at a time.
    pub(crate) fn observe_at(&mut self, runs: &[(u32, u32)], watermark_ms: u64) -> Option<Scores> {
        let runs: Vec<Run> = runs.iter().map(|&(source, rows)| Run { source, rows }).collect();
        let rows = runs.iter().map(|run| run.rows).sum();
        let templates = Column::U32s((0..rows).collect());
        self.seq += 1;
        let lines =
            Lines { seq: self.seq, watermark_ms, runs: &runs, columns: &[Arc::new(templates)] };
        let scores = self.detector.observe(&lines);
        self.poison.extend(self.detector.take_poison());
        scores
    }

    /// Sends such a batch in the second hour, and gives the scores of its rows.
    pub(crate) fn observe(&mut self, runs: &[(u32, u32)]) -> Option<Vec<f32>> {
        self.observe_at(runs, HOUR_MS).map(|scores| scores.rows)
    }

    /// Closes a window of a source.
    pub(crate) fn close_window(&mut self, source: u32) -> Option<Scores> {
        let counts = Column::U32s(vec![1; WINDOW_ROWS]);
        let scores = self.detector.close_window(&ClosedWindow {
            source,
            start_ms: HOUR_MS - 60_000,
            end_ms: HOUR_MS,
            lines: WINDOW_ROWS as u64,
            rows: WINDOW_ROWS,
            columns: &[Arc::new(counts)],
            vector: &[],
        });
        self.poison.extend(self.detector.take_poison());
        scores
    }

    /// Lets the time pass that a checkpoint needs.
    pub(crate) fn checkpoint(&mut self) {
        self.detector.rest(HOUR_MS);
        self.detector.rest(HOUR_MS + 600_000);
        self.poison.extend(self.detector.take_poison());
    }

    pub(crate) fn health(&self) -> Health {
        self.detector.health().snapshot()
    }
}

/// An error with all its causes.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

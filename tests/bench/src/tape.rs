//! What plugins are given for some traffic: taken down once, to be given to any of them as often as wanted.

use crate::traffic::{NOW_MS, Traffic};
use anyhow::Result;
use bellwether::config::Config;
use bellwether_core::batch::Run;
use bellwether_core::column::Column;
use bellwether_core::intake::{InputOptions, Intake, Routed};
use bellwether_core::lane::{
    DetectorSlot, FilterSlot, Input, Lane, PatternSet, Refinement, Seat, Seated, Wishes,
};
use bellwether_core::matcher::Matcher;
use bellwether_core::plugin::{
    ClosedWindow, Descriptor, Detector, Explanation, Filter, Lines, Plugin, PluginState, Rows,
    Scores, Verdicts,
};
use bellwether_core::settings::Settings;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that go in at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// All that one plugin was given, in order.
#[derive(Default)]
pub(crate) struct Tape {
    pub(crate) batches: Vec<Rowed>,
    pub(crate) windows: Vec<Windowed>,
}

/// A batch.
pub(crate) struct Rowed {
    pub(crate) seq: u64,
    pub(crate) watermark_ms: u64,
    pub(crate) runs: Vec<Run>,
    pub(crate) columns: Vec<Arc<Column>>,
}

/// A closed window.
pub(crate) struct Windowed {
    pub(crate) source: u32,
    pub(crate) start_ms: u64,
    pub(crate) end_ms: u64,
    pub(crate) lines: u64,
    pub(crate) rows: usize,
    pub(crate) columns: Vec<Arc<Column>>,
    pub(crate) vector: Vec<f32>,
}

/// Takes the first share of the traffic through a lane and writes down what a plugin with such wishes is given.
pub(crate) fn record(traffic: &Traffic, share: usize, wanted: &Descriptor) -> Result<Tape> {
    let tape = Arc::new(Mutex::new(Tape::default()));
    let recorder = Recorder { descriptor: wanted.clone(), tape: Arc::clone(&tape) };
    let seat = Seat::live(&wanted.name, "recorder");
    let (mut filters, mut detectors) = (Vec::new(), Vec::new());
    if wanted.reasons.is_empty() {
        let filter = Seated::Fresh(Box::new(recorder) as _);
        filters.push(FilterSlot { seat, filter, fail_open: true });
    } else {
        let detector = Seated::Fresh(Box::new(recorder) as _);
        detectors.push(DetectorSlot { seat, detector, offset: 0.0 });
    }
    let settings = Settings { lanes: 1, ..Settings::default() };
    let wishes = Wishes::default();
    let mut lane = Lane::new(settings.clone(), patterns()?, filters, detectors, wishes)?;
    let mut intake = Intake::new(settings, NOW_MS);
    let input = intake.open(InputOptions {
        source: "file:bench".into(),
        routing: traffic.routing,
        reference_ms: NOW_MS,
        labels: Vec::new(),
        follows: false,
    });
    let mut routed = Vec::new();
    for chunk in traffic.bytes[..traffic.bytes.len() / share].chunks(CHUNK_BYTES) {
        intake.push(input, chunk, &mut routed);
    }
    intake.finish(input, &mut routed);
    for item in routed {
        lane.step(match item {
            Routed::Records { batch, .. } => Input::Records(batch),
            Routed::Close { sources, until_ms, .. } => Input::Close { sources, until_ms },
            Routed::Tick(watermark_ms) => Input::Tick(watermark_ms),
        });
    }
    Ok(std::mem::take(&mut *tape.lock().unwrap_or_else(PoisonError::into_inner)))
}

/// The library's patterns.
fn patterns() -> Result<PatternSet> {
    let patterns = Config::default().patterns;
    Ok(PatternSet {
        matcher: Arc::new(Matcher::new(&patterns, &[])?),
        names: patterns.iter().map(|pattern| pattern.name().to_owned()).collect(),
        scores: patterns.iter().map(|pattern| pattern.score()).collect(),
        severities: patterns.iter().map(|pattern| pattern.severity()).collect(),
        refinements: Refinement::of(&patterns).collect(),
    })
}

impl Rowed {
    /// As a plugin is given it.
    pub(crate) fn lines(&self) -> Lines<'_> {
        let Rowed { seq, watermark_ms, runs, columns } = self;
        Lines { seq: *seq, watermark_ms: *watermark_ms, runs, columns }
    }
}

impl Windowed {
    /// As a plugin is given it.
    pub(crate) fn window(&self) -> ClosedWindow<'_> {
        ClosedWindow {
            source: self.source,
            start_ms: self.start_ms,
            end_ms: self.end_ms,
            lines: self.lines,
            rows: self.rows,
            columns: &self.columns,
            vector: &self.vector,
        }
    }
}

/// Sits where the plugin would, and says nothing.
struct Recorder {
    descriptor: Descriptor,
    tape: Arc<Mutex<Tape>>,
}

impl Recorder {
    fn take(&self, lines: &Lines<'_>) {
        let &Lines { seq, watermark_ms, runs, columns } = lines;
        let (runs, columns) = (runs.to_vec(), columns.to_vec());
        let mut tape = self.tape.lock().unwrap_or_else(PoisonError::into_inner);
        tape.batches.push(Rowed { seq, watermark_ms, runs, columns });
    }
}

impl Plugin for Recorder {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn forget(&mut self, _source: u32) {}

    fn rest(&mut self, _watermark_ms: u64) {}

    fn save(&mut self, _source: u32) -> Option<PluginState> {
        None
    }

    fn load(&mut self, _source: u32, _state: PluginState) {}
}

impl Detector for Recorder {
    fn observe(&mut self, lines: &Lines<'_>) -> Option<Scores> {
        self.take(lines);
        Some(silence())
    }

    fn close_window(&mut self, window: &ClosedWindow<'_>) -> Option<Scores> {
        let &ClosedWindow { source, start_ms, end_ms, lines, rows, columns, vector } = window;
        let (columns, vector) = (columns.to_vec(), vector.to_vec());
        let mut tape = self.tape.lock().unwrap_or_else(PoisonError::into_inner);
        tape.windows.push(Windowed { source, start_ms, end_ms, lines, rows, columns, vector });
        Some(silence())
    }

    fn explain(&mut self, _token: u32) -> Option<Explanation> {
        None
    }
}

impl Filter for Recorder {
    fn evaluate(&mut self, lines: &Lines<'_>) -> Option<Verdicts> {
        self.take(lines);
        Some(Verdicts::default())
    }
}

/// A detector that has nothing to say.
pub(crate) fn silence() -> Scores {
    Scores {
        rows: Vec::new(),
        channels: Vec::new(),
        marks: Vec::new(),
        quiet: Rows::None,
        whole: f32::NAN,
        reasons: Vec::new(),
    }
}

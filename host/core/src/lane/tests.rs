//! Tests of a lane with native plugins that note what they are told.

mod births;
mod columns;
mod dead;
mod doubt;
mod filters;
mod fitting;
mod invariance;
mod judging;
mod renaming;
mod said;
mod series;
mod tracing;
mod windows;

use super::*;
use crate::batch::{BatchBuilder, Run};
use crate::calibrate::{Basis, Judge};
use crate::column::{Bitmap, TextColumn};
use crate::pattern::{Pattern, PatternSpec};
use crate::plugin::{
    ClosedWindow, Descriptor, Detector, Explanation, Filter, Lines, Mark, PatternKind, Plugin,
    PluginPattern, PluginState, Reason, Rows, Scale, Scores, SeriesColumn, Verdicts,
};
use crate::record::Record;
use std::sync::{Arc, Mutex};

const MINUTE: u64 = 60_000;
/// First moment of window 0 of the cases.
const BEGIN_MS: u64 = 29_540_160 * MINUTE;
/// Number of that window, as it is counted from 1970.
const BEGIN: u64 = BEGIN_MS / MINUTE;
/// Severity that neither adds nor takes bits.
const WARN: u8 = crate::record::severity::WARN;

/// A line: source, milliseconds since the beginning, text.
type Said = (u32, u64, String);

fn said(source: u32, after_ms: u64, text: &str) -> Said {
    (source, after_ms, text.to_string())
}

fn record(text: &str, position: u64) -> Record {
    Record { position, severity: WARN, text: text.into(), body: text.into(), ..Record::default() }
}

fn batch(lines: &[Said]) -> Batch {
    let mut builder = BatchBuilder::default();
    for (source, after_ms, text) in lines {
        builder.push(*source, (BEGIN_MS + after_ms) as i64, &record(text, *after_ms));
    }
    builder.seal()
}

fn push(lane: &mut Lane, lines: &[Said]) -> Outputs {
    lane.step(Input::Records(batch(lines)))
}

/// Event time has come to the end of that window.
fn tick(lane: &mut Lane, window: u64) -> Vec<Report> {
    let until_ms = BEGIN_MS + (window + 1) * MINUTE;
    let sources = lane.sources().iter().map(|info| info.source).collect();
    let reports = lane.step(Input::Close { sources, until_ms }).reports;
    assert_eq!(lane.step(Input::Tick(until_ms)), Outputs::default());
    reports
}

/// A window as a detector was shown it, times since the beginning.
#[derive(Debug, Clone, PartialEq)]
struct Closed {
    source: u32,
    start_ms: i64,
    end_ms: i64,
    lines: u64,
    rows: usize,
    columns: Vec<Column>,
    vector: Vec<f32>,
}

/// What a plugin was told.
#[derive(Debug, Default)]
struct Heard {
    runs: Vec<Vec<Run>>,
    observed: Vec<Vec<Column>>,
    closed: Vec<Closed>,
    explained: Vec<u32>,
    rested: Vec<u64>,
}

type Observe = Box<dyn FnMut(&Lines<'_>) -> Option<Scores> + Send>;
type Close = Box<dyn FnMut(&ClosedWindow<'_>) -> Option<Scores> + Send>;

/// A detector that notes everything and answers what the test says.
struct Fake {
    descriptor: Descriptor,
    heard: Arc<Mutex<Heard>>,
    observe: Observe,
    close: Close,
}

fn descriptor(lines: &[LineColumn], series: &[SeriesColumn]) -> Descriptor {
    Descriptor {
        name: "fake".into(),
        version: "1.0.0".into(),
        state_version: 1,
        reads_state_from: 1,
        lines: lines.to_vec(),
        series: series.to_vec(),
        vector: false,
        window: None,
        scale: Scale::Bits,
        patterns: vec![],
        reasons: vec!["zero".into(), "one".into()],
        tags: vec!["alpha".into(), "beta".into()],
        metrics: vec![],
        config_schema: String::new(),
    }
}

fn silence() -> Option<Scores> {
    Some(Scores::silent())
}

impl Fake {
    fn new(descriptor: Descriptor) -> Self {
        Fake {
            descriptor,
            heard: Arc::default(),
            observe: Box::new(|_| silence()),
            close: Box::new(|_| silence()),
        }
    }

    /// Takes lines with their text and scores those that the test wants.
    fn observing(observe: impl FnMut(&Lines<'_>) -> Option<Scores> + Send + 'static) -> Self {
        let mut fake = Fake::new(descriptor(&[LineColumn::Text, LineColumn::Template], &[]));
        fake.observe = Box::new(observe);
        fake
    }

    /// Takes windows with templates and counts and scores what the test wants.
    fn closing(close: impl FnMut(&ClosedWindow<'_>) -> Option<Scores> + Send + 'static) -> Self {
        let mut fake = Fake::new(descriptor(&[], &[SeriesColumn::Template, SeriesColumn::Count]));
        fake.close = Box::new(close);
        fake
    }

    fn slot(self) -> DetectorSlot {
        self.in_seat(Seat::live("fake", "1"))
    }

    fn in_seat(self, seat: Seat) -> DetectorSlot {
        DetectorSlot { seat, detector: Seated::Fresh(Box::new(self)), offset: 0.0 }
    }
}

impl Plugin for Fake {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn forget(&mut self, _source: u32) {}

    fn rest(&mut self, watermark_ms: u64) {
        self.heard.lock().unwrap().rested.push(watermark_ms);
    }

    fn save(&mut self, _source: u32) -> Option<PluginState> {
        None
    }

    fn load(&mut self, _source: u32, _state: PluginState) {}
}

impl Detector for Fake {
    fn observe(&mut self, lines: &Lines<'_>) -> Option<Scores> {
        let mut heard = self.heard.lock().unwrap();
        heard.runs.push(lines.runs.to_vec());
        heard.observed.push(owned(lines.columns));
        drop(heard);
        (self.observe)(lines)
    }

    fn close_window(&mut self, window: &ClosedWindow<'_>) -> Option<Scores> {
        self.heard.lock().unwrap().closed.push(Closed {
            source: window.source,
            start_ms: window.start_ms as i64 - BEGIN_MS as i64,
            end_ms: window.end_ms as i64 - BEGIN_MS as i64,
            lines: window.lines,
            rows: window.rows,
            columns: owned(window.columns),
            vector: window.vector.to_vec(),
        });
        (self.close)(window)
    }

    fn explain(&mut self, token: u32) -> Option<Explanation> {
        self.heard.lock().unwrap().explained.push(token);
        Some(Explanation { summary: format!("token {token}"), evidence: vec![] })
    }
}

/// A filter that answers what the test says.
struct Sieve {
    descriptor: Descriptor,
    heard: Arc<Mutex<Heard>>,
    verdicts: Option<Verdicts>,
}

impl Sieve {
    fn new(verdicts: Option<Verdicts>) -> Self {
        Sieve { descriptor: descriptor(&[LineColumn::Text], &[]), heard: Arc::default(), verdicts }
    }
}

impl Plugin for Sieve {
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

impl Filter for Sieve {
    fn evaluate(&mut self, lines: &Lines<'_>) -> Option<Verdicts> {
        let mut heard = self.heard.lock().unwrap();
        heard.runs.push(lines.runs.to_vec());
        heard.observed.push(owned(lines.columns));
        self.verdicts.clone()
    }
}

fn owned(columns: &[Arc<Column>]) -> Vec<Column> {
    columns.iter().map(|column| Column::clone(column)).collect()
}

fn rows(count: usize, set: &[usize]) -> Rows {
    let mut bits = Bitmap::new(count);
    set.iter().for_each(|row| bits.insert(*row));
    Rows::Some(bits)
}

/// One pattern of the library, `disk-full`, and one of the plugin `fake`, `boom`.
fn patterns() -> PatternSet {
    let spec = PatternSpec {
        name: "disk-full".into(),
        category: "disk".into(),
        expression: "no space left".into(),
        kind: "literal".into(),
        score: 80,
        severity: "error".into(),
        description: "a disk is full".into(),
        matches: vec!["no space left".into()],
        rejects: vec!["space".into()],
        unproven: true,
        ..PatternSpec::default()
    };
    let library = [Pattern::new(&spec).unwrap()];
    let own =
        PluginPattern { name: "boom".into(), kind: PatternKind::Literal, expr: "boom".into() };
    PatternSet {
        matcher: Arc::new(Matcher::new(&library, &[own]).unwrap()),
        names: Arc::new(["disk-full".into(), "fake:boom".into()]),
        scores: Arc::new([80]),
        severities: Arc::new([crate::record::severity::ERROR]),
        refinements: Arc::new([]),
    }
}

/// Live detectors of an edition, in seats called `fake`, `fake#2` and so on.
fn in_seats(detectors: Vec<Fake>, edition: &str) -> Vec<DetectorSlot> {
    let name = |index| if index == 0 { "fake".into() } else { format!("fake#{}", index + 1) };
    let slots = detectors.into_iter().enumerate();
    slots.map(|(index, fake)| fake.in_seat(Seat::live(&name(index), edition))).collect()
}

fn lane_of(detectors: Vec<Fake>) -> Lane {
    let slots = in_seats(detectors, "1");
    Lane::new(Settings::default(), patterns(), vec![], slots, Wishes::default()).unwrap()
}

/// Lets a source be so many windows old, with a line often enough not to fall idle.
fn age(lane: &mut Lane, source: u32, windows: u64) {
    for window in (0..windows).step_by(100) {
        push(lane, &[said(source, window * MINUTE, "usual line")]);
        assert_eq!(tick(lane, window), []);
    }
}

#[test]
fn a_lane_that_cannot_work_is_refused() {
    let wants = |lines: &[LineColumn], window: Option<(u64, u64)>| {
        let window = window.map(|(size_ms, step_ms)| WindowSpan { size_ms, step_ms });
        let fake = Fake::new(Descriptor { window, ..descriptor(lines, &[]) });
        Lane::new(Settings::default(), patterns(), vec![], vec![fake.slot()], Wishes::default())
            .err()
    };
    let unknown = |pattern: &str| LaneError::UnknownPattern {
        plugin: "fake".into(),
        pattern: pattern.into(),
    };
    for name in ["disk-full", "boom", "fake:boom"] {
        assert_eq!(wants(&[LineColumn::Pattern(name.into())], None), None, "{name}");
    }
    for name in ["nobody", "", "other:boom"] {
        assert_eq!(wants(&[LineColumn::Pattern(name.into())], None), Some(unknown(name)));
    }
    for (size_ms, step_ms) in [(10_000, 10_000), (60_000, 10_000), (300_000, 60_000)] {
        assert_eq!(wants(&[], Some((size_ms, step_ms))), None);
    }
    for (size_ms, step_ms) in [(0, 10_000), (10_000, 0), (15_000, 10_000), (60_000, 1)] {
        let expected = LaneError::Span { plugin: "fake".into(), size_ms, step_ms, pane_ms: 10_000 };
        assert_eq!(wants(&[], Some((size_ms, step_ms))), Some(expected));
    }
    let mut sieve = Sieve::new(None);
    sieve.descriptor.lines = vec![LineColumn::Pattern("nobody".into())];
    let slot = FilterSlot {
        seat: Seat::live("sieve", "1"),
        filter: Seated::Fresh(Box::new(sieve)),
        fail_open: true,
    };
    let lane = Lane::new(Settings::default(), patterns(), vec![slot], vec![], Wishes::default());
    assert_eq!(lane.err(), Some(unknown("nobody")), "filters too");
}

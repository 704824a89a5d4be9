//! One line among very many that kills a detector, in a lane with a real component: where it ends up, what becomes of
//! all others, and how long it took. The same for states and windows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bellwether_core::batch::{Batch, BatchBuilder};
use bellwether_core::lane::{
    DeadLetter, DetectorSlot, Input, Lane, Outputs, PatternSet, Seat, Seated, Wishes,
};
use bellwether_core::matcher::Matcher;
use bellwether_core::plugin::{
    ClosedWindow, Descriptor, Detector, Explanation, Lines, Plugin, PluginState, Poison, Scores,
};
use bellwether_core::record::Record;
use bellwether_core::settings::Settings;
use bellwether_plugins::{LaneDetector, Runtime};

use crate::guest::ordered;
use crate::lane::HOUR_MS;

const SOURCES: u64 = 64;
const BATCH_ROWS: u64 = 1024;
/// Event time between two batches; four of them are a window.
const BATCH_MS: u64 = 15_000;
/// Lines where a few states or windows are looked at.
const SOME: u64 = 100_000;

/// A detector that a lane has, and that the test can look into.
struct Watched {
    descriptor: Descriptor,
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    detector: LaneDetector,
    /// Scores by source, in the order of its lines.
    scores: BTreeMap<u32, Vec<f32>>,
    /// Windows by source, and whether they were scored.
    windows: BTreeMap<u32, Vec<bool>>,
}

impl Plugin for Watched {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn forget(&mut self, source: u32) {
        self.seen.lock().unwrap().detector.forget(source);
    }

    fn rest(&mut self, watermark_ms: u64) {
        self.seen.lock().unwrap().detector.rest(watermark_ms);
    }

    fn save(&mut self, source: u32) -> Option<PluginState> {
        self.seen.lock().unwrap().detector.save(source)
    }

    fn load(&mut self, source: u32, state: PluginState) {
        self.seen.lock().unwrap().detector.load(source, state);
    }

    fn take_poison(&mut self) -> Vec<Poison> {
        self.seen.lock().unwrap().detector.take_poison()
    }
}

impl Detector for Watched {
    fn observe(&mut self, lines: &Lines<'_>) -> Option<Scores> {
        let mut seen = self.seen.lock().unwrap();
        let scores = seen.detector.observe(lines)?;
        let mut rows = scores.rows.iter().copied();
        for run in lines.runs {
            let of_source = rows.by_ref().take(run.rows as usize);
            seen.scores.entry(run.source).or_default().extend(of_source);
        }
        Some(scores)
    }

    fn close_window(&mut self, window: &ClosedWindow<'_>) -> Option<Scores> {
        let mut seen = self.seen.lock().unwrap();
        let scores = seen.detector.close_window(window);
        seen.windows.entry(window.source).or_default().push(scores.is_some());
        scores
    }

    fn explain(&mut self, token: u32) -> Option<Explanation> {
        self.seen.lock().unwrap().detector.explain(token)
    }
}

/// What a run came to.
struct Run {
    seen: Arc<Mutex<Seen>>,
    dead: Vec<DeadLetter>,
    /// The longest step with a dead letter, and half of the steps of its kind took less than the other.
    took: Option<(Duration, Duration)>,
    lines: u64,
}

impl Run {
    /// Time that the fault cost, for whoever runs the test with `--nocapture`.
    #[expect(
        clippy::print_stdout,
        reason = "clippy takes the helpers of an integration test for no test"
    )]
    fn told(&self, what: &str) {
        let (longest, usual) = self.took.unwrap();
        let lost = longest.saturating_sub(usual).as_secs_f64() * 1e3;
        println!("{what}: {lost:.1} ms lost among {} lines ({usual:.1?} a step)", self.lines);
    }
}

/// Every source says one thing all the time; the line at three quarters is another.
fn batch(number: u64, lines: u64) -> Batch {
    let mut builder = BatchBuilder::default();
    for line in number * BATCH_ROWS..((number + 1) * BATCH_ROWS).min(lines) {
        let text = match line == lines / 4 * 3 {
            true => "the marked line that kills".to_owned(),
            false => format!("request {line} was answered"),
        };
        let position = line;
        let record =
            Record { position, text: text.clone().into(), body: text.into(), ..Record::default() };
        let time_ms = HOUR_MS + number * BATCH_MS;
        builder.push((line % SOURCES) as u32, time_ms as i64, &record);
    }
    builder.seal()
}

fn run(order: &str, lines: u64) -> Run {
    let runtime = Runtime::new(crate::lane::limits(), None).unwrap();
    let detector = runtime.admit(&ordered(order)).unwrap().detector("{}", None).unwrap();
    let descriptor = detector.descriptor().clone();
    let (scores, windows) = (BTreeMap::new(), BTreeMap::new());
    let seen = Arc::new(Mutex::new(Seen { detector, scores, windows }));
    let watched = Watched { descriptor, seen: Arc::clone(&seen) };
    let patterns = PatternSet {
        matcher: Arc::new(Matcher::new(&[], &[]).unwrap()),
        names: Arc::new([]),
        scores: Arc::new([]),
        severities: Arc::new([]),
        refinements: Arc::new([]),
    };
    let slot = DetectorSlot {
        seat: Seat::live("hostile", "1"),
        detector: Seated::Fresh(Box::new(watched)),
        offset: 0.0,
    };
    let (settings, wishes) = (Settings::default(), Wishes::default());
    let mut lane = Lane::new(settings, patterns, vec![], vec![slot], wishes).unwrap();

    let (mut dead, mut took) = (Vec::new(), [const { Vec::new() }; 3]);
    for number in 0..lines.div_ceil(BATCH_ROWS) {
        let until_ms = HOUR_MS + number * BATCH_MS;
        let sources = (0..SOURCES as u32).collect();
        let steps = [
            Input::Close { sources, until_ms },
            Input::Tick(until_ms),
            Input::Records(batch(number, lines)),
        ];
        for (kind, input) in steps.into_iter().enumerate() {
            let began = Instant::now();
            let Outputs { dead: letters, .. } = lane.step(input);
            took[kind].push((began.elapsed(), !letters.is_empty()));
            dead.extend(letters);
        }
    }
    Run { seen, dead, took: took.iter_mut().find_map(|took| longest(took)), lines }
}

/// Of steps of one kind, the longest that found something to set aside, and the median.
fn longest(took: &mut [(Duration, bool)]) -> Option<(Duration, Duration)> {
    took.sort();
    let longest = took.iter().rfind(|(_, dead)| *dead)?.0;
    Some((longest, took[took.len() / 2].0))
}

/// Checks that each source was counted line by line, but for what is missing, and one that may begin anew.
fn check_lines(run: &Run, missing: u64, anew: Option<u32>) {
    let seen = run.seen.lock().unwrap();
    let mut scored = 0;
    for (source, scores) in &seen.scores {
        let said: Vec<f32> = scores.iter().copied().filter(|score| !score.is_nan()).collect();
        let in_order = said.iter().zip(1..).all(|(score, count)| *score == count as f32);
        assert_eq!(in_order, anew != Some(*source), "source {source}: once, and in order");
        scored += said.len() as u64;
    }
    let all: u64 = seen.scores.values().map(|scores| scores.len() as u64).sum();
    assert_eq!((all, scored), (run.lines, run.lines - missing));
    let health = seen.detector.health().snapshot();
    assert_eq!((health.rows_unscored, health.poisoned), (missing, run.dead.len() as u64));
}

#[test]
fn one_line_that_kills_costs_itself() {
    let run = run("observe trap template=2", 1_000_000);
    check_lines(&run, 1, None);
    let [letter] = &run.dead[..] else { panic!("one line: {:?}", run.dead) };
    assert_eq!(letter.text, b"the marked line that kills");
    assert_eq!(letter.position, Some(run.lines / 4 * 3));
    assert_eq!((letter.plugin.as_str(), letter.during.as_str()), ("hostile", "observe"));
    assert!(letter.cause.contains("guest_hostile::deed::anywhere"), "{}", letter.cause);
    run.told("a line that kills");
}

#[test]
fn one_state_that_cannot_be_saved_costs_its_source_what_it_did_since() {
    let run = run("save trap source=7", SOME);
    check_lines(&run, 0, Some(7));
    assert!(!run.dead.is_empty());
    for letter in &run.dead {
        assert_eq!((letter.source, letter.during.as_str()), (7, "save"));
        assert!(letter.cause.contains("guest_hostile::deed::anywhere"), "{}", letter.cause);
    }
    let mut seen = run.seen.lock().unwrap();
    for source in 0..SOURCES as u32 {
        let lines = seen.scores[&source].len() as u64;
        let saved = seen.detector.save(source).map(|state| state.bytes[..8].to_vec());
        let whole = Some(lines.to_le_bytes().to_vec());
        assert_eq!(saved == whole, source != 7, "source {source}: {saved:?}");
    }
    drop(seen);
    run.told("a state that cannot be saved");
}

#[test]
fn one_state_that_cannot_be_loaded_costs_that_state() {
    let run = run("observe trap calls=50;load trap source=7", SOME);
    check_lines(&run, 0, Some(7));
    // The state of the last save, and what was made of the work since.
    assert_eq!(run.dead.len(), 2);
    for letter in &run.dead {
        assert_eq!((letter.source, letter.during.as_str()), (7, "load"));
        assert!(letter.cause.contains("guest_hostile::deed::anywhere"), "{}", letter.cause);
    }
    let seen = run.seen.lock().unwrap();
    for (source, scores) in &seen.scores {
        let again = scores.windows(2).filter(|pair| pair[1] <= pair[0]).count();
        assert_eq!(again, usize::from(*source == 7), "source {source} begins anew");
    }
    drop(seen);
    run.told("a state that cannot be loaded");
}

#[test]
fn a_source_whose_windows_kill_costs_those_windows() {
    let run = run("close-window trap source=7", SOME);
    check_windows(&run);
    assert!(run.dead.iter().all(|letter| letter.source == 7));
    assert!(run.dead[0].cause.contains("guest_hostile::deed::anywhere"), "{}", run.dead[0].cause);
    run.told("a window that kills");
}

/// Every window of every other source was scored.
fn check_windows(run: &Run) {
    let seen = run.seen.lock().unwrap();
    for (source, windows) in &seen.windows {
        let scored = windows.iter().filter(|scored| **scored).count();
        assert_eq!(scored, if *source == 7 { 0 } else { windows.len() }, "source {source}");
    }
    assert_eq!(seen.windows[&7].len(), run.dead.len());
}

//! Other patterns from some byte on: taken while the pipeline works, they lead to what a restart there leads to.

use super::*;
use crate::config::Config;
use crate::generate::{Generator, Plan, START_MS};
use crate::loadout::{Wanted, Workshop, settings};
use crate::pipeline::{Release, SourceState, Workers};
use bellwether_core::correlate::Event;
use bellwether_core::intake::{InputId, InputOptions, Routing};
use bellwether_core::lane::Wishes;
use bellwether_core::pattern::{Pattern, PatternSpec};
use bellwether_core::plugin::PluginState;
use std::collections::BTreeMap;

/// Bytes of each log that are pushed at a time.
const CHUNK_BYTES: usize = 10_007;
/// Shares of each log that come before the change, in percent; they end within lines.
const BEFORE_PERCENT: [usize; 3] = [31, 50, 70];
/// No stamp is from the future.
const NOW_MS: i64 = i64::MAX / 4;

/// How the second half comes to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Unchanged,
    Live,
    Restarted,
}

/// What a run leaves: its events, and what is remembered of each source.
type Left = (Vec<Event>, BTreeMap<String, (SourceState, Vec<(String, PluginState)>)>);

/// A log in which something is said close before each change, in a window that is still open then, and never again.
fn own_log() -> Vec<u8> {
    let said = ["a fuse has blown", "the tide is out", "nobody answers the door"];
    let line = |number: usize| {
        let place = BEFORE_PERCENT.iter().position(|percent| number + 3 == percent * 10);
        let text = place.map_or("the clock ticks on", |place| said[place]);
        let (minute, second) = (number / 60, number % 60);
        let line = format!("2026-03-02T00:{minute:02}:{second:02}Z INFO {text}");
        format!("{line:<63}\n")
    };
    (0..1000).map(line).collect::<String>().into_bytes()
}

/// Logs of a shop with incidents, by service, and one of our own.
fn logs() -> Vec<Vec<u8>> {
    let plan = Plan { seed: 7, hours: 5.0, services: 3, incidents: 4, ..Plan::default() };
    let mut generator = Generator::new(&plan).expect("they fit");
    let mut logs = vec![Vec::new(); generator.services().len()];
    let mut record = Vec::new();
    while let Some(emitted) = generator.next(&mut record) {
        logs[emitted.service].extend_from_slice(&record);
    }
    logs.push(own_log());
    logs
}

fn pattern(name: &str, expression: &str, score: i64) -> Pattern {
    let spec = PatternSpec {
        name: name.into(),
        category: "own".into(),
        expression: expression.into(),
        kind: "regex".into(),
        score,
        severity: "error".into(),
        description: "it is one of ours".into(),
        unproven: true,
        ..PatternSpec::default()
    };
    Pattern::new(&spec).expect("it can be read")
}

/// Plugins and patterns before the change and after: one pattern goes, one comes, and all others have other numbers.
fn loadouts() -> [Arc<Loadout>; 2] {
    let shipped = Config::default();
    // Of all lines, so that no line is seen by the wrong ones without a trace.
    let (goes, comes) = (pattern("goes", "[a-z]", 98), pattern("comes", "[a-z]", 99));
    let both = pattern("stays", "took [0-9]+ ms", 40);
    let before = [vec![goes, both.clone()], shipped.patterns.clone()].concat();
    let mut after = [shipped.patterns.clone(), vec![both, comes]].concat();
    after.reverse();
    let config = |patterns| Config { patterns, alerts_per_day: 200.0, ..shipped.clone() };
    let (before, after) = (config(before), config(after));
    let first = Workshop::new(&before).expect("plugins run here");
    let open = |workshop: &Workshop, config: &Config| {
        let (wanted, settings) = (Wanted::default(), settings(config, "shop"));
        let opened = Loadout::open(workshop, config, &wanted, settings, Wishes::default());
        Arc::new(opened.expect("what ships can be opened"))
    };
    let second = Workshop::around(first.runtime().clone(), &after);
    [open(&first, &before), open(&second, &after)]
}

struct Run {
    pipeline: Pipeline,
    inputs: Vec<InputId>,
    events: Vec<Event>,
}

impl Run {
    fn push(&mut self, logs: &[&[u8]]) {
        let longest = logs.iter().map(|log| log.len()).max().unwrap_or(0);
        for from in (0..longest).step_by(CHUNK_BYTES) {
            for (input, log) in self.inputs.iter().zip(logs) {
                let chunk = &log[from.min(log.len())..(from + CHUNK_BYTES).min(log.len())];
                self.events.extend(self.pipeline.push(*input, chunk).expect("it works").events);
            }
        }
    }

    fn change(&mut self, before: &Arc<Loadout>, after: &Arc<Loadout>) {
        let mut output = Output::default();
        self.pipeline.fit(before, after, &mut output).expect("it works");
        let fitted = loop {
            match self.pipeline.fitted(&mut output).expect("it works") {
                Some(fitted) => break fitted,
                None => std::thread::yield_now(),
            }
        };
        fitted.expect("all lanes take them");
        self.events.extend(output.events);
    }

    /// As a daemon that commits, ends, and goes on under another configuration.
    fn restart(&mut self, after: &Arc<Loadout>, workers: &Workers) {
        let (output, saved) = self.pipeline.checkpoint().expect("it works");
        self.events.extend(output.events);
        let (release, counters) = (Release::AtOnce, saved.counters);
        let resumed = Pipeline::resume(after, workers, NOW_MS, release, &saved.intake, counters);
        self.pipeline = resumed.expect("it was just saved");
        for source in saved.sources {
            let number = source.info.source;
            self.pipeline.load(number, source.state, source.plugins).expect("it was just saved");
        }
        self.inputs.iter().for_each(|input| self.pipeline.reopen(*input));
    }

    fn end(mut self) -> Left {
        let (output, saved) = self.pipeline.checkpoint().expect("it works");
        self.events.extend(output.events);
        let sources = saved.sources.into_iter();
        let states = sources.map(|own| (own.form.key, (own.state, own.plugins))).collect();
        for input in self.inputs {
            self.events.extend(self.pipeline.finish(input).expect("it works").events);
        }
        self.events.extend(self.pipeline.end().expect("it works").0.events);
        let mut events = self.events;
        events.sort_by_key(|event| (event.at_ms, event.source.clone(), event.id.clone()));
        (events, states)
    }
}

fn run(logs: &[Vec<u8>], [before, after]: &[Arc<Loadout>; 2], percent: usize, how: How) -> Left {
    let workers = Workers::start(2).expect("threads");
    let started = Pipeline::start(before, &workers, NOW_MS, Release::AtOnce);
    let mut run =
        Run { pipeline: started.expect("it starts"), inputs: Vec::new(), events: Vec::new() };
    for service in 0..logs.len() {
        let source = format!("file:{service}");
        let routing = Routing::Whole;
        let labels = Vec::new();
        let options =
            InputOptions { source, routing, reference_ms: START_MS, labels, follows: true };
        run.inputs.push(run.pipeline.open(options));
    }
    let halves = logs.iter().map(|log| log.split_at(log.len() * percent / 100));
    let (first, second): (Vec<_>, Vec<_>) = halves.unzip();
    run.push(&first);
    match how {
        How::Unchanged => {}
        How::Live => run.change(before, after),
        How::Restarted => run.restart(after, &workers),
    }
    run.push(&second);
    run.end()
}

#[test]
fn patterns_that_change_at_some_byte_are_as_after_a_restart_there() {
    let (logs, loadouts) = (logs(), loadouts());
    let named = |events: &[Event], name: &str| {
        events.iter().filter(|event| event.pattern.as_deref() == Some(name)).count()
    };
    let (unchanged, old) = run(&logs, &loadouts, 100, How::Unchanged);
    for percent in BEFORE_PERCENT {
        let (expected, states) = run(&logs, &loadouts, percent, How::Restarted);
        let (events, live) = run(&logs, &loadouts, percent, How::Live);
        assert_eq!(events, expected, "{percent} %");
        assert_eq!(live.keys().collect::<Vec<_>>(), states.keys().collect::<Vec<_>>());
        for (source, left) in &live {
            assert!(*left == states[source], "{source} is remembered otherwise at {percent} %");
            assert!(*left != old[source], "{source} has noticed nothing at {percent} %");
        }
        let found = ["comes", "goes"].map(|name| named(&events, name));
        assert!(found.iter().all(|count| *count > 0), "{found:?} were found at {percent} %");
        assert!(found[1] < named(&unchanged, "goes"), "what goes is found no more");
    }
}

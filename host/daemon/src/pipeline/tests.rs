//! A source that sleeps and wakes is recorded as what it is: one that goes on from a state.

use super::*;
use crate::config::Config;
use crate::loadout::settings;
use crate::recording::{CaseLimits, Entry, Limits, Recording};
use bellwether_core::intake::Routing;
use bellwether_core::lane::Wishes;

const LIMITS: Limits = Limits {
    bytes_max: 64 << 20,
    minutes: 40,
    minutes_per_segment: 10,
    cases: CaseLimits { bytes_max: 0, days: 30 },
};
const KEY: &str = "file:a";

/// Two lines of an hour.
fn lines(hour: u32) -> String {
    let line = |second| format!("2026-03-02T{hour:02}:00:0{second}Z INFO request {second}\n");
    [line(1), line(2)].concat()
}

#[test]
fn who_wakes_is_recorded_with_its_state_once_more() {
    let config = Config { detectors: Vec::new(), lanes: 1, ..Config::default() };
    let loadout = Loadout::new(&config, settings(&config, "shop"), Wishes::default());
    let loadout = Arc::new(loadout.expect("a lane without plugins"));
    let folder = tempfile::tempdir().expect("a folder");
    let workers = Workers::start(1).expect("a thread");
    let started = Pipeline::start(&loadout, &workers, i64::MAX / 4, Release::AtOnce);
    let (mut pipeline, mut output) = (started.expect("a pipeline"), Output::default());
    let recorder = Recorder::open(folder.path(), LIMITS, || 0, None).expect("a folder");
    pipeline.record(recorder, &loadout, &mut output).expect("it records");
    let input = pipeline.open(InputOptions {
        source: KEY.into(),
        routing: Routing::Whole,
        reference_ms: 0,
        labels: Vec::new(),
        follows: true,
    });
    pipeline.push(input, lines(0).as_bytes()).expect("it listens");
    let (_, mut checkpoint) = pipeline.checkpoint().expect("all workers answer");
    let saved = checkpoint.sources.pop().expect("the source has changed");
    let (state, plugins) = (saved.state, saved.plugins);
    pipeline.wake_by(Box::new(move |_| Ok((state.clone(), plugins.clone()))));
    assert!(pipeline.hibernate(saved.info.source, &mut output).expect("it may sleep"));
    pipeline.push(input, lines(9).as_bytes()).expect("it wakes");
    pipeline.checkpoint().expect("all workers answer");
    drop(pipeline);

    let recording = Recording::open(folder.path()).expect("a recording");
    let entries = recording.entries_of(KEY, 0).map(|entry| entry.expect("it is whole").1);
    let (mut born, mut known) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Entry::Source { born: own, .. } => born.push(own),
            Entry::Snapshot { snapshot, .. } => known.push(snapshot.is_some()),
            _ => {}
        }
    }
    assert_eq!((born, known), (vec![true, false], vec![false, true]));
    let before = recording.snapshots(0).expect("it is whole");
    assert!(before.is_empty(), "it was unknown when the segment began");
}

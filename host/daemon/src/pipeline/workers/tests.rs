//! Many pipelines on few threads.

use super::*;
use crate::config::Config;
use crate::loadout::{Loadout, settings};
use crate::pipeline::{Pipeline, Release};
use bellwether_core::intake::{InputOptions, Routing};
use bellwether_core::lane::Wishes;

fn loadout() -> Arc<Loadout> {
    let config = Config { detectors: Vec::new(), ..Config::default() };
    let wishes = Wishes { kept_records: true, ..Wishes::default() };
    Arc::new(Loadout::new(&config, settings(&config, "shop"), wishes).expect("nobody to refuse"))
}

#[test]
fn each_pipeline_begins_with_another_thread() {
    let (workers, loadout, (answers, _told)) =
        (Workers::start(3).expect("threads"), loadout(), channel());
    let desks = || workers.desks(|| Worker::new(Arc::clone(&loadout)), &answers);
    let threads: Vec<Vec<usize>> =
        (0..4).map(|_| desks().iter().map(|desk| desk.thread).collect()).collect();
    assert_eq!(threads, [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 1, 2]]);
}

/// More waits than there is room for; all of it is done, in the order of each pipeline.
#[test]
fn pipelines_that_share_threads_do_not_mix() {
    const PIPELINES: usize = 40;
    const MINUTES: usize = 60;
    let (workers, loadout) = (Workers::start(2).expect("threads"), loadout());
    let mut all: Vec<_> = (0..PIPELINES)
        .map(|number| {
            let started = Pipeline::start(&loadout, &workers, i64::MAX / 4, Release::InOrder);
            let mut pipeline = started.expect("a pipeline");
            let input = pipeline.open(InputOptions {
                source: "file:app".into(),
                routing: Routing::Whole,
                reference_ms: 0,
                labels: Vec::new(),
                follows: false,
            });
            (number, pipeline, input, Vec::new())
        })
        .collect();
    let text = |number, minute| format!("2026-03-02T00:{minute:02}:00Z pipeline {number}\n");
    for minute in 0..MINUTES {
        for (number, pipeline, input, kept) in &mut all {
            let output = pipeline.push(*input, text(*number, minute).as_bytes());
            kept.extend(output.expect("it works").kept);
        }
    }
    for (number, mut pipeline, input, mut kept) in all {
        kept.extend(pipeline.finish(input).expect("it works").kept);
        kept.extend(pipeline.end().expect("it ends").0.kept);
        let kept = kept.iter().map(|record| String::from_utf8_lossy(&record.text) + "\n");
        let expected: String = (0..MINUTES).map(|minute| text(number, minute)).collect();
        assert_eq!(kept.collect::<String>(), expected);
    }
    assert_eq!(workers.waiting.load(Ordering::Relaxed), 0);
}

#[test]
fn a_worker_that_fails_ends_alone() {
    let (workers, loadout) = (Workers::start(1).expect("a thread"), loadout());
    let (answers, told) = channel();
    let desk = |answers: &Sender<Answer>| {
        workers.desks(|| Worker::new(Arc::clone(&loadout)), answers).remove(0)
    };
    let (broken, sound) = (desk(&answers), desk(&answers));
    // No source can be made of this.
    broken.put(Task::Load { lane: 0, source: 0, state: vec![1, 2, 3], plugins: Vec::new() });
    assert!(matches!(told.recv(), Ok(Answer::Failed(PipelineError::State(_)))));
    sound.put(Task::Save);
    assert!(matches!(told.recv(), Ok(Answer::Saved { .. })));
    assert!(matches!(broken.room(), Room::Closed) && matches!(sound.room(), Room::Free));
}

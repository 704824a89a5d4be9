//! A worker thread: it owns its lanes and does one thing after the other.

use super::PipelineError;
use crate::loadout::Loadout;
use bellwether_core::batch::Batch;
use bellwether_core::lane::{Input, Lane, LaneCounters, Outputs, SourceInfo};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender};

/// What a worker is told.
pub(super) enum Task {
    /// Records for one of its lanes.
    Records { lane: u32, batch: Batch },
    /// Event time for all of them.
    Tick(u64),
    /// Finish and report.
    End,
}

/// What a worker says.
pub(super) enum Answer {
    /// Of one step, between the tick of that number and the next; also where there is nothing to say, since whoever
    /// hands out tasks may be waiting for a place in the queue.
    Outputs { ticks: u64, outputs: Outputs },
    /// All lanes have passed the tick of that number, and everything up to it was said.
    Passed { ticks: u64, watermark_ms: u64 },
    /// The worker is done.
    Ended { counters: LaneCounters, sources: Vec<SourceInfo> },
    /// The worker cannot go on.
    Failed(PipelineError),
}

/// Works until it is told to end or nobody listens any more.
pub(super) fn work(loadout: &Loadout, tasks: &Receiver<Task>, answers: &SyncSender<Answer>) {
    let mut lanes: BTreeMap<u32, Lane> = BTreeMap::new();
    let say =
        |ticks: u64, outputs: Outputs| answers.send(Answer::Outputs { ticks, outputs }).is_ok();
    let mut ticks = 0;
    while let Ok(task) = tasks.recv() {
        let heard = match task {
            Task::Records { lane, batch } => match open(&mut lanes, lane, loadout) {
                Ok(lane) => say(ticks, lane.step(Input::Records(batch))),
                Err(error) => {
                    // Nobody left to tell is the end as well.
                    let _ = answers.send(Answer::Failed(error));
                    return;
                }
            },
            Task::Tick(watermark_ms) => {
                let said =
                    lanes.values_mut().all(|lane| say(ticks, lane.step(Input::Tick(watermark_ms))));
                let passed = Answer::Passed { ticks, watermark_ms };
                ticks += 1;
                said && answers.send(passed).is_ok()
            }
            Task::End => {
                lanes.values_mut().all(|lane| say(ticks, lane.step(Input::End)));
                let _ = answers.send(ended(&lanes));
                return;
            }
        };
        if !heard {
            return;
        }
    }
}

/// Lanes are opened when their first record comes: most setups have fewer sources than lanes.
fn open<'a>(
    lanes: &'a mut BTreeMap<u32, Lane>,
    number: u32,
    loadout: &Loadout,
) -> Result<&'a mut Lane, PipelineError> {
    use std::collections::btree_map::Entry;
    match lanes.entry(number) {
        Entry::Occupied(lane) => Ok(lane.into_mut()),
        Entry::Vacant(place) => Ok(place.insert(loadout.lane()?)),
    }
}

fn ended(lanes: &BTreeMap<u32, Lane>) -> Answer {
    let mut counters = LaneCounters::default();
    lanes.values().for_each(|lane| counters.add(lane.counters()));
    Answer::Ended { counters, sources: lanes.values().flat_map(Lane::sources).collect() }
}

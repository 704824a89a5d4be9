//! A worker: it owns some of a pipeline's lanes and does one thing after the other.

use super::PipelineError;
use crate::loadout::{Loadout, LoadoutError};
use bellwether_core::batch::Batch;
use bellwether_core::lane::{
    Input, Lane, LaneCounters, Outputs, Relief, SavedSource, Snapshot, SourceInfo,
};
use bellwether_core::plugin::PluginState;
use bellwether_core::settings::Standard;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a worker is told.
pub(super) enum Task {
    /// Records for one of its lanes.
    Records { lane: u32, batch: Batch },
    /// Windows of some sources of a lane are complete.
    Close { lane: u32, sources: Vec<u32>, until_ms: u64 },
    /// Event time for all of them.
    Tick(u64),
    /// Go on with a source that was saved.
    Load { lane: u32, source: u32, state: Vec<u8>, plugins: Vec<(String, PluginState)> },
    /// Judge a source by a standard of its own.
    JudgeBy { lane: u32, source: u32, standard: Standard },
    /// Let go of a source that was saved.
    Forget { lane: u32, source: u32 },
    /// Let go of something in every source.
    Relieve(Relief),
    /// Work with other plugins.
    Fit { change: u64, loadout: Arc<Loadout> },
    /// From here on, hand out each source as it is before the first that is said of it.
    Segment(u64),
    /// Save what has changed.
    Save,
    /// Finish and report.
    End,
}

/// What a worker says.
pub(super) enum Answer {
    /// Of one step, between the tick of that number and the next, and the sources whose windows were closed up to
    /// then; also where there is nothing to say, for the same reason as `Done`.
    Outputs { ticks: u64, outputs: Outputs, closed: Option<(Vec<u32>, u64)> },
    /// All lanes have passed the tick of that number, and everything up to it was said.
    Passed { ticks: u64, watermark_ms: u64 },
    /// The task was done, and there is nothing to say; whoever hands out tasks may be waiting for a place in the queue.
    Done,
    /// What has changed since the last time, and all counters.
    Saved { sources: Vec<SavedSource>, counters: LaneCounters },
    /// A source as it was before the first that a segment of the recording says of it; nothing if its lane had never met
    /// it.
    Snapshot { segment: u64, source: u32, snapshot: Option<Box<Snapshot>> },
    /// The lanes work with other plugins, and stood still for so long, or why they do not.
    Fitted { change: u64, outcome: Result<Duration, LoadoutError> },
    /// The worker is done.
    Ended { counters: LaneCounters, sources: Vec<SourceInfo> },
    /// The worker cannot go on.
    Failed(PipelineError),
}

/// A worker and what it has passed.
pub(super) struct Worker {
    loadout: Arc<Loadout>,
    lanes: BTreeMap<u32, Lane>,
    ticks: u64,
    recorded: Recorded,
}

/// Sources that were handed out in a segment of the recording.
#[derive(Default)]
struct Recorded {
    segment: Option<u64>,
    sources: BTreeSet<u32>,
}

impl Worker {
    /// Without lanes as yet.
    pub(super) fn new(loadout: Arc<Loadout>) -> Self {
        Worker { loadout, lanes: BTreeMap::new(), ticks: 0, recorded: Recorded::default() }
    }

    /// Does what it is told; whether somebody heard all of the answers.
    pub(super) fn take(
        &mut self,
        task: Task,
        say: &mut dyn FnMut(Answer) -> bool,
    ) -> Result<bool, PipelineError> {
        let ticks = self.ticks;
        let answer = |outputs, closed| Answer::Outputs { ticks, outputs, closed };
        Ok(match task {
            Task::Records { lane, batch } => {
                let sources: Vec<u32> = batch.runs().iter().map(|run| run.source).collect();
                self.hand_out(lane, &sources, say)?;
                say(answer(self.lane(lane)?.step(Input::Records(batch)), None))
            }
            Task::Close { lane, sources, until_ms } => {
                self.hand_out(lane, &sources, say)?;
                let input = Input::Close { sources: sources.clone(), until_ms };
                say(answer(self.lane(lane)?.step(input), Some((sources, until_ms))))
            }
            Task::Tick(watermark_ms) => {
                for lane in self.lanes.values_mut() {
                    let outputs = lane.step(Input::Tick(watermark_ms));
                    if !outputs.dead.is_empty() && !say(answer(outputs, None)) {
                        return Ok(false);
                    }
                }
                self.ticks += 1;
                say(Answer::Passed { ticks, watermark_ms })
            }
            Task::Load { lane, source, state, plugins } => {
                self.lane(lane)?.load(source, &state, &plugins)?;
                say(Answer::Done)
            }
            Task::JudgeBy { lane, source, standard } => {
                self.lane(lane)?.judge_by(source, standard);
                say(Answer::Done)
            }
            Task::Forget { lane, source } => {
                self.lane(lane)?.forget(source);
                self.recorded.sources.remove(&source);
                say(Answer::Done)
            }
            Task::Relieve(relief) => {
                self.lanes.values_mut().for_each(|lane| lane.relieve(relief));
                say(Answer::Done)
            }
            Task::Fit { change, loadout } => {
                let began = Instant::now();
                let outcome = self.fit(loadout).map(|()| began.elapsed());
                say(Answer::Fitted { change, outcome })
            }
            Task::Segment(segment) => {
                self.recorded = Recorded { segment: Some(segment), sources: BTreeSet::new() };
                say(Answer::Done)
            }
            Task::Save => {
                let sources = self.lanes.values_mut().flat_map(Lane::save).collect();
                say(Answer::Saved { sources, counters: self.counters() })
            }
            Task::End => {
                let lanes = self.lanes.values_mut();
                lanes.map(|lane| lane.step(Input::End)).all(|outputs| say(answer(outputs, None)));
                let sources = self.lanes.values().flat_map(Lane::sources).collect();
                say(Answer::Ended { counters: self.counters(), sources })
            }
        })
    }

    /// Hands out sources of a lane that were not yet handed out in this segment.
    fn hand_out(
        &mut self,
        lane: u32,
        sources: &[u32],
        say: &mut dyn FnMut(Answer) -> bool,
    ) -> Result<(), PipelineError> {
        let Some(segment) = self.recorded.segment else { return Ok(()) };
        for source in sources.iter().copied() {
            if self.recorded.sources.insert(source) {
                let snapshot = self.lane(lane)?.snapshot(source).map(Box::new);
                say(Answer::Snapshot { segment, source, snapshot });
            }
        }
        Ok(())
    }

    /// Where one lane cannot work with the new plugins, all go back to the old ones.
    fn fit(&mut self, loadout: Arc<Loadout>) -> Result<(), LoadoutError> {
        for (number, lane) in &mut self.lanes {
            if let Err(error) = loadout.fit(*number, lane) {
                for (number, lane) in &mut self.lanes {
                    self.loadout.fit(*number, lane)?;
                }
                return Err(error);
            }
        }
        self.loadout = loadout;
        Ok(())
    }

    /// Lanes are opened when their first record comes: most setups have fewer sources than lanes.
    fn lane(&mut self, number: u32) -> Result<&mut Lane, PipelineError> {
        use std::collections::btree_map::Entry;
        match self.lanes.entry(number) {
            Entry::Occupied(lane) => Ok(lane.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(self.loadout.lane(number)?)),
        }
    }

    fn counters(&self) -> LaneCounters {
        let mut counters = LaneCounters::default();
        self.lanes.values().for_each(|lane| counters.add(lane.counters()));
        counters
    }
}

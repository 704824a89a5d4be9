//! Intake on the calling thread, lanes on worker threads, and the correlator where their reports come together.
//!
//! Whoever pushes bytes gets what has become certain. Few tasks may wait for a worker; when it is behind, the pusher
//! takes answers in until there is room. All answers are taken in before the next task is handed out, so no more of
//! them wait than a few tasks can bring about.

mod checkpoint;
mod fitting;
mod forget;
mod gather;
mod memory;
mod recording;
mod worker;
mod workers;

#[cfg(test)]
mod tests;

use crate::loadout::{Loadout, LoadoutError};
use crate::recording::Recorder;
use bellwether_core::correlate::{Correlator, Event};
use bellwether_core::intake::{InputId, InputOptions, Intake, IntakeCounters, Routed, SourceForm};
use bellwether_core::lane::{
    DeadLetter, KeptRecord, LaneCounters, PaneCounts, SavedSource, SourceInfo, Trial,
};
use bellwether_core::report::WindowScore;
use bellwether_core::settings::Standard;
use bellwether_core::state::StateError;
pub use checkpoint::{Checkpoint, SourceCheckpoint, SourceState};
use fitting::Fitting;
pub use forget::Forgotten;
use gather::Gather;
pub use memory::Fetch;
use memory::Sleepers;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use worker::{Answer, Task, Worker};
pub use workers::Workers;
use workers::{Desk, Room};

/// Why the pipeline stopped.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// A lane could not be opened although one on trial could.
    #[error("a lane cannot be opened")]
    Lane(#[from] LoadoutError),
    /// A saved state cannot be used.
    #[error("cannot go on with what was saved")]
    State(#[from] StateError),
    /// A sleeping source cannot be woken, since its state cannot be had.
    #[error("the state of a sleeping source cannot be fetched: {0}")]
    Asleep(String),
    /// Worker threads cannot be started.
    #[error("failed to start the worker threads; raise the limit of threads or lower `workers`")]
    Threads(#[source] std::io::Error),
    /// A worker panicked: our own fault.
    #[error("a worker stopped unexpectedly; please report this with the lines above")]
    Worker,
}

/// When events come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// When event time has passed them on all inputs, in the order of time, without those that nobody need be told.
    InOrder,
    /// As soon as their source has come so far, whatever the others do.
    AtOnce,
}

/// What comes out.
#[derive(Debug, Default)]
pub struct Output {
    /// Changes in the lives of anomalies.
    pub events: Vec<Event>,
    /// What each odd window was worth, in no order; only of a run whose events come in order.
    pub scores: Vec<WindowScore>,
    /// Counts of closed panes, if they are wanted.
    pub panes: Vec<PaneCounts>,
    /// What shadows would have changed.
    pub trials: Vec<Trial>,
    /// Kept records, if they are wanted: window by window of event time, in each in the order of their input.
    pub kept: Vec<KeptRecord>,
    /// What plugins could not bear, in no order.
    pub dead: Vec<DeadLetter>,
}

/// What a whole run has come to.
#[derive(Debug)]
pub struct Totals {
    /// What the intake counted.
    pub intake: IntakeCounters,
    /// What the lanes counted.
    pub lanes: LaneCounters,
    /// The sources with their forms, by number.
    pub forms: BTreeMap<u32, SourceForm>,
    /// What lanes know of the sources, by number.
    pub sources: BTreeMap<u32, SourceInfo>,
    /// Anomalies still open.
    pub open_anomalies: usize,
}

/// A running pipeline of one tenant.
pub struct Pipeline {
    intake: Intake,
    gather: Gather,
    desks: Vec<Desk>,
    answers: Receiver<Answer>,
    failed: Option<PipelineError>,
    /// Counters of runs before this one.
    before: LaneCounters,
    totals: LaneCounters,
    sources: BTreeMap<u32, SourceInfo>,
    saved: Vec<SavedSource>,
    sleepers: Sleepers,
    /// Inputs that the next checkpoint forgets.
    leaving: Vec<InputId>,
    /// By what sources are judged that no rule names.
    standard: Standard,
    /// Workers that have ended, or saved.
    done: usize,
    fitting: Fitting,
    recorder: Option<Recorder>,
    window_ms: u64,
}

impl Pipeline {
    /// A pipeline on these threads. `now_ms` is the clock at the edge.
    pub fn start(
        loadout: &Arc<Loadout>,
        workers: &Workers,
        now_ms: i64,
        release: Release,
    ) -> Result<Self, PipelineError> {
        let intake = Intake::new(loadout.settings().clone(), now_ms);
        Pipeline::over(intake, loadout, workers, release)
    }

    fn over(
        intake: Intake,
        loadout: &Arc<Loadout>,
        workers: &Workers,
        release: Release,
    ) -> Result<Self, PipelineError> {
        let (sender, answers) = channel();
        let desks = workers.desks(|| Worker::new(Arc::clone(loadout)), &sender);
        let correlator = Correlator::new(loadout.settings().clone());
        let mut pipeline = Pipeline {
            intake,
            gather: Gather::new(correlator, release, desks.len()),
            desks,
            answers,
            failed: None,
            before: LaneCounters::default(),
            totals: LaneCounters::default(),
            sources: BTreeMap::new(),
            saved: Vec::new(),
            sleepers: Sleepers::default(),
            leaving: Vec::new(),
            standard: loadout.settings().standard(),
            done: 0,
            fitting: Fitting::default(),
            recorder: None,
            window_ms: loadout.settings().window_ms,
        };
        pipeline.learn_sources(&mut Output::default())?;
        Ok(pipeline)
    }

    /// What it reads from; for what changes nothing behind it.
    pub fn intake(&self) -> &Intake {
        &self.intake
    }

    /// An input of an earlier run goes on.
    pub fn reopen(&mut self, input: InputId) {
        self.intake.reopen(input);
    }

    /// Where reports become anomalies; for what changes nothing there.
    pub fn correlator(&self) -> &Correlator {
        &self.gather.correlator
    }

    /// Anomalies that are open.
    pub fn open_anomalies(&self) -> usize {
        self.gather.correlator.open()
    }

    /// Sets the clock, against which stamps from the future are held.
    pub fn set_clock(&mut self, now_ms: i64) {
        self.intake.set_clock(now_ms);
    }

    /// Adds an input.
    pub fn open(&mut self, options: InputOptions) -> InputId {
        self.intake.open(options)
    }

    /// The input to read next, if any is left.
    pub fn furthest_behind(&self) -> Option<InputId> {
        self.intake.furthest_behind()
    }

    /// What the intake has counted so far.
    pub fn counters(&self) -> &IntakeCounters {
        self.intake.counters()
    }

    /// Takes the next bytes of an input.
    pub fn push(&mut self, input: InputId, chunk: &[u8]) -> Result<Output, PipelineError> {
        self.route(|intake, routed| intake.push(input, chunk, routed))
    }

    /// An input was read to where it ends for now.
    pub fn caught_up(&mut self, input: InputId) -> Result<Output, PipelineError> {
        self.route(|intake, routed| intake.caught_up(input, routed))
    }

    /// An input has said nothing for a while.
    pub fn idle(&mut self, input: InputId) -> Result<Output, PipelineError> {
        self.route(|intake, routed| intake.idle(input, routed))
    }

    /// Event time has come so far by the clock, where no input says it.
    pub fn pass(&mut self, until_ms: u64) -> Result<Output, PipelineError> {
        self.route(|intake, routed| intake.pass(until_ms, routed))
    }

    /// Ends an input.
    pub fn finish(&mut self, input: InputId) -> Result<Output, PipelineError> {
        self.route(|intake, routed| intake.finish(input, routed))
    }

    /// Ends the run after all inputs have ended, and waits for what is under way.
    pub fn end(mut self) -> Result<(Output, Totals), PipelineError> {
        let mut output = Output::default();
        self.ask_all(|| Task::End, &mut output)?;
        self.gather.end(&mut output);
        let totals = Totals {
            intake: *self.intake.counters(),
            lanes: self.totals,
            forms: self.intake.sources(),
            sources: self.sources,
            open_anomalies: self.gather.correlator.open(),
        };
        Ok((output, totals))
    }

    /// Gives every worker a task that each answers once, and waits for all answers.
    fn ask_all(
        &mut self,
        task: impl Fn() -> Task,
        output: &mut Output,
    ) -> Result<(), PipelineError> {
        self.done = 0;
        self.totals = self.before.clone();
        for worker in 0..self.desks.len() {
            self.send(worker, task(), output)?;
        }
        while self.done < self.desks.len() {
            self.wait(output)?;
        }
        Ok(())
    }

    fn route(
        &mut self,
        ask: impl FnOnce(&mut Intake, &mut Vec<Routed>),
    ) -> Result<Output, PipelineError> {
        let (mut routed, mut output) = (Vec::new(), Output::default());
        ask(&mut self.intake, &mut routed);
        self.dispatch(routed, &mut output)?;
        self.take_in(&mut output);
        self.failed.take().map_or(Ok(output), Err)
    }

    fn dispatch(&mut self, routed: Vec<Routed>, output: &mut Output) -> Result<(), PipelineError> {
        self.learn_sources(output)?;
        for mut item in routed {
            self.spare_sleepers(&mut item)?;
            self.record_routed(&item);
            match item {
                Routed::Records { lane, batch } => {
                    self.send(self.worker_of(lane), Task::Records { lane, batch }, output)?;
                }
                Routed::Close { lane, sources, until_ms } => {
                    let task = Task::Close { lane, sources, until_ms };
                    self.send(self.worker_of(lane), task, output)?;
                }
                Routed::Tick(watermark_ms) => {
                    for worker in 0..self.desks.len() {
                        self.send(worker, Task::Tick(watermark_ms), output)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn worker_of(&self, lane: u32) -> usize {
        lane as usize % self.desks.len()
    }

    /// Sources that were just met are made known to those behind the intake.
    fn learn_sources(&mut self, output: &mut Output) -> Result<(), PipelineError> {
        let met = self.intake.take_met();
        self.record_births(&met);
        for source in met {
            let key = self.intake.source_key(source);
            let standard = self.gather.correlator.learn_source(source, key);
            if standard != self.standard {
                let lane = self.intake.lane_of_source(source);
                let task = Task::JudgeBy { lane, source, standard };
                self.send(self.worker_of(lane), task, output)?;
            }
        }
        Ok(())
    }

    /// Hands a task over, once all answers so far were taken in and there is room for it.
    fn send(
        &mut self,
        worker: usize,
        task: Task,
        output: &mut Output,
    ) -> Result<(), PipelineError> {
        loop {
            self.take_in(output);
            match self.desks[worker].room() {
                Room::Free => break,
                Room::Full => self.wait(output)?,
                Room::Closed => return Err(self.failed.take().unwrap_or(PipelineError::Worker)),
            }
        }
        self.desks[worker].put(task);
        Ok(())
    }

    fn take_in(&mut self, output: &mut Output) {
        while let Ok(answer) = self.answers.try_recv() {
            self.take(answer, output);
        }
    }

    fn wait(&mut self, output: &mut Output) -> Result<(), PipelineError> {
        let answer = self.answers.recv().map_err(|_| PipelineError::Worker)?;
        self.take(answer, output);
        self.failed.take().map_or(Ok(()), Err)
    }

    fn take(&mut self, answer: Answer, output: &mut Output) {
        match answer {
            Answer::Outputs { ticks, outputs, closed } => {
                self.gather.take(ticks, outputs, closed, output);
            }
            Answer::Passed { ticks, watermark_ms } => {
                self.gather.pass(ticks, watermark_ms, output);
            }
            Answer::Done => {}
            Answer::Saved { sources, counters } => {
                self.done += 1;
                self.totals.add(&counters);
                self.saved.extend(sources);
            }
            Answer::Snapshot { segment, source, snapshot } => {
                self.record_snapshot(segment, source, snapshot.as_deref());
            }
            Answer::Fitted { change, outcome } => self.fitting.take(change, outcome),
            Answer::Ended { counters, sources } => {
                self.done += 1;
                self.totals.add(&counters);
                self.sources.extend(sources.into_iter().map(|info| (info.source, info)));
            }
            Answer::Failed(error) => self.failed = Some(error),
        }
    }
}

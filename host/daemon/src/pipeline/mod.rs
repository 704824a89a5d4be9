//! Intake on the calling thread, lanes on worker threads, and the correlator where their reports come together.
//!
//! Whoever pushes bytes gets the events that have become certain: those up to an event time that every lane has passed.
//! Channels are bounded; when workers are behind, the pusher takes their reports in while it waits, so nothing is lost
//! and nothing can lock up.

mod worker;

use crate::loadout::{Loadout, LoadoutError};
use bellwether_core::correlate::{Correlator, Event};
use bellwether_core::intake::{InputId, InputOptions, Intake, IntakeCounters, Routed, SourceForm};
use bellwether_core::lane::{KeptRecord, LaneCounters, SourceInfo};
use bellwether_core::report::Report;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use tracing::trace;
use worker::{Answer, Task};

/// Batches and ticks that may wait for one worker.
const TASKS_MAX: usize = 32;
/// Answers that may wait for the pusher.
const ANSWERS_MAX: usize = 256;

/// Why the pipeline stopped.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// A lane could not be opened although one on trial could.
    #[error("a lane cannot be opened")]
    Lane(#[from] LoadoutError),
    /// A worker thread cannot be started.
    #[error("failed to start a worker thread; raise the limit of threads or lower `workers`")]
    Thread(#[source] std::io::Error),
    /// A worker thread panicked: our own fault.
    #[error("a worker stopped unexpectedly; please report this with the lines above")]
    Worker,
}

/// What comes out.
#[derive(Debug, Default)]
pub struct Output {
    /// Changes in the lives of anomalies, in order.
    pub events: Vec<Event>,
    /// Kept records, if they are wanted: window by window of event time, in each in the order of their input.
    pub kept: Vec<KeptRecord>,
}

/// What a whole run has come to.
#[derive(Debug)]
pub struct Totals {
    /// What the intake counted.
    pub intake: IntakeCounters,
    /// What the lanes counted.
    pub lanes: LaneCounters,
    /// The sources with their forms, by number.
    pub forms: Vec<SourceForm>,
    /// What lanes know of the sources, by number.
    pub sources: BTreeMap<u32, SourceInfo>,
    /// Anomalies still open.
    pub open_anomalies: usize,
}

/// What workers said between two ticks, and how many have passed the second.
#[derive(Default)]
struct Span {
    passed: usize,
    reports: Vec<Report>,
    kept: Vec<KeptRecord>,
}

/// A running pipeline of one tenant.
pub struct Pipeline {
    intake: Intake,
    correlator: Correlator,
    tasks: Vec<SyncSender<Task>>,
    answers: Receiver<Answer>,
    threads: Vec<JoinHandle<()>>,
    /// What was said between two ticks, by the number of the ticks before; workers may be several ahead of others.
    spans: BTreeMap<u64, Span>,
    waiting_records: Vec<KeptRecord>,
    failed: Option<PipelineError>,
    totals: LaneCounters,
    sources: BTreeMap<u32, SourceInfo>,
    ended: usize,
}

impl Pipeline {
    /// Starts the workers. `now_ms` is the clock at the edge.
    pub fn start(
        loadout: &Arc<Loadout>,
        workers: usize,
        now_ms: i64,
    ) -> Result<Self, PipelineError> {
        let (sender, answers) = sync_channel(ANSWERS_MAX);
        let (mut tasks, mut threads) = (Vec::new(), Vec::new());
        for number in 0..workers.max(1) {
            let (task_sender, task_receiver) = sync_channel(TASKS_MAX);
            let (loadout, sender) = (Arc::clone(loadout), sender.clone());
            let thread = std::thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || worker::work(&loadout, &task_receiver, &sender))
                .map_err(PipelineError::Thread)?;
            tasks.push(task_sender);
            threads.push(thread);
        }
        let settings = loadout.settings().clone();
        Ok(Pipeline {
            intake: Intake::new(settings.clone(), now_ms),
            correlator: Correlator::new(settings),
            tasks,
            answers,
            threads,
            spans: BTreeMap::new(),
            waiting_records: Vec::new(),
            failed: None,
            totals: LaneCounters::default(),
            sources: BTreeMap::new(),
            ended: 0,
        })
    }

    /// Adds an input; all are to be added before the first byte.
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
        let mut routed = Vec::new();
        self.intake.push(input, chunk, &mut routed);
        self.dispatch(routed)
    }

    /// Ends an input.
    pub fn finish(&mut self, input: InputId) -> Result<Output, PipelineError> {
        let mut routed = Vec::new();
        self.intake.finish(input, &mut routed);
        self.dispatch(routed)
    }

    /// Ends the run after all inputs have ended, and waits for what is under way.
    pub fn end(mut self) -> Result<(Output, Totals), PipelineError> {
        let mut output = Output::default();
        for worker in 0..self.tasks.len() {
            self.send(worker, Task::End, &mut output)?;
        }
        while self.ended < self.tasks.len() {
            self.wait(&mut output)?;
        }
        self.learn_sources();
        for span in std::mem::take(&mut self.spans).into_values() {
            self.correlator.take(span.reports);
            self.waiting_records.extend(span.kept);
        }
        output.events.extend(self.correlator.finish());
        self.release_records(i64::MAX, &mut output);
        for thread in self.threads.drain(..) {
            thread.join().map_err(|_| PipelineError::Worker)?;
        }
        let totals = Totals {
            intake: *self.intake.counters(),
            lanes: self.totals,
            forms: self.intake.sources(),
            sources: self.sources,
            open_anomalies: self.correlator.open(),
        };
        Ok((output, totals))
    }

    fn dispatch(&mut self, routed: Vec<Routed>) -> Result<Output, PipelineError> {
        let mut output = Output::default();
        self.learn_sources();
        for item in routed {
            match item {
                Routed::Records { lane, batch } => {
                    let worker = lane as usize % self.tasks.len();
                    self.send(worker, Task::Records { lane, batch }, &mut output)?;
                }
                Routed::Tick(watermark_ms) => {
                    for worker in 0..self.tasks.len() {
                        self.send(worker, Task::Tick(watermark_ms), &mut output)?;
                    }
                }
            }
        }
        while let Ok(answer) = self.answers.try_recv() {
            self.take(answer, &mut output);
        }
        self.failed.take().map_or(Ok(output), Err)
    }

    fn learn_sources(&mut self) {
        let known = self.correlator.sources();
        self.correlator.learn_sources(self.intake.source_keys(known));
    }

    /// Hands a task over; while the worker is behind, takes answers in, which is what it may be waiting for.
    fn send(
        &mut self,
        worker: usize,
        mut task: Task,
        output: &mut Output,
    ) -> Result<(), PipelineError> {
        loop {
            match self.tasks[worker].try_send(task) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(back)) => task = back,
                Err(TrySendError::Disconnected(_)) => {
                    return Err(self.failed.take().unwrap_or(PipelineError::Worker));
                }
            }
            self.wait(output)?;
        }
    }

    fn wait(&mut self, output: &mut Output) -> Result<(), PipelineError> {
        let answer = self.answers.recv().map_err(|_| PipelineError::Worker)?;
        self.take(answer, output);
        self.failed.take().map_or(Ok(()), Err)
    }

    fn take(&mut self, answer: Answer, output: &mut Output) {
        match answer {
            Answer::Outputs { ticks, outputs } => {
                outputs.reports.iter().for_each(trace_report);
                let span = self.spans.entry(ticks).or_default();
                span.reports.extend(outputs.reports);
                span.kept.extend(outputs.kept);
            }
            Answer::Passed { ticks, watermark_ms } => {
                let span = self.spans.entry(ticks).or_default();
                span.passed += 1;
                if span.passed == self.tasks.len() {
                    self.settle(ticks, watermark_ms, output);
                }
            }
            Answer::Ended { counters, sources } => {
                self.ended += 1;
                self.totals.add(&counters);
                self.sources.extend(sources.into_iter().map(|info| (info.source, info)));
            }
            Answer::Failed(error) => self.failed = Some(error),
        }
    }

    /// The last worker has passed a tick: what was said up to it is complete, whoever said it first.
    fn settle(&mut self, ticks: u64, watermark_ms: u64, output: &mut Output) {
        let Span { reports, kept, .. } = self.spans.remove(&ticks).unwrap_or_default();
        self.correlator.take(reports);
        output.events.extend(self.correlator.fold(watermark_ms));
        self.waiting_records.extend(kept);
        self.release_records(i64::try_from(watermark_ms).unwrap_or(i64::MAX), output);
    }

    /// Records up to a point in event time, in the order of their input. Later ones wait: a record of theirs may still
    /// be joined from its lines.
    fn release_records(&mut self, until_ms: i64, output: &mut Output) {
        let waiting = std::mem::take(&mut self.waiting_records);
        let (mut ready, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|record| record.time_ms < until_ms);
        self.waiting_records = later;
        ready.sort_by_key(|record| (record.position, record.source));
        output.kept.extend(ready);
    }
}

fn trace_report(report: &Report) {
    let Report { source, end_ms, state_bits, news_bits, findings, .. } = report;
    let what = findings.first().and_then(|finding| finding.subject.as_ref());
    let what = what.map(|subject| &subject.template);
    trace!(source, end_ms, state_bits, news_bits, ?what, "window is odd");
}

//! What is dispatched is recorded, where somebody wants that.
//!
//! A new segment is a task for all workers, behind everything that was handed out before. From then on a worker hands out
//! each source as it was before the first thing that it is told of it.

use super::{Output, Pipeline, PipelineError, Task};
use crate::loadout::Loadout;
use crate::recording::{Figures, Recorder, Subject};
use bellwether_core::correlate::Event;
use bellwether_core::intake::Routed;
use bellwether_core::lane::Snapshot;

impl Pipeline {
    /// Records everything from here on.
    pub fn record(
        &mut self,
        recorder: Recorder,
        loadout: &Loadout,
        output: &mut Output,
    ) -> Result<(), PipelineError> {
        self.recorder = Some(recorder);
        self.begin_segment(loadout, output)
    }

    /// Begins the next segment of the recording when it is time.
    pub fn turn_recording(
        &mut self,
        loadout: &Loadout,
        output: &mut Output,
    ) -> Result<(), PipelineError> {
        match &self.recorder {
            Some(recorder) if recorder.is_due() => self.begin_segment(loadout, output),
            _ => Ok(()),
        }
    }

    /// Keeps what belongs to an anomaly that has just opened, so that it can be explained later.
    pub fn keep_case(&mut self, opened: &Event) {
        let window_ms = self.window_ms;
        if let Some(recorder) = &mut self.recorder {
            recorder.keep(Subject::of(&opened.id, &opened.source, opened.opened_ms, window_ms));
        }
    }

    /// How the recording goes, if there is one.
    pub fn recording(&self) -> Option<Figures> {
        self.recorder.as_ref().map(Recorder::figures)
    }

    pub(super) fn begin_segment(
        &mut self,
        loadout: &Loadout,
        output: &mut Output,
    ) -> Result<(), PipelineError> {
        let Some(recorder) = &mut self.recorder else { return Ok(()) };
        let segment = recorder.begin(loadout.makeup(), self.intake.ticked_ms());
        for worker in 0..self.desks.len() {
            self.send(worker, Task::Segment(segment), output)?;
        }
        Ok(())
    }

    /// Names sources that were met just now.
    pub(super) fn record_births(&mut self, met: &[u32]) {
        let Some(recorder) = &mut self.recorder else { return };
        for source in met.iter().copied() {
            let key = self.intake.source_key(source);
            recorder.name(source, self.intake.lane_of_source(source), key, true);
        }
    }

    pub(super) fn record_routed(&mut self, routed: &Routed) {
        let Some(recorder) = &mut self.recorder else { return };
        let name = |recorder: &mut Recorder, source: u32, lane: u32| {
            if recorder.is_new(source) {
                recorder.name(source, lane, self.intake.source_key(source), false);
            }
        };
        match routed {
            Routed::Records { lane, batch } => {
                batch.runs().iter().for_each(|run| name(recorder, run.source, *lane));
                recorder.records(*lane, batch);
            }
            Routed::Close { lane, sources, until_ms } => {
                sources.iter().for_each(|source| name(recorder, *source, *lane));
                recorder.close(*lane, sources, *until_ms);
            }
            Routed::Tick(watermark_ms) => recorder.tick(*watermark_ms),
        }
    }

    pub(super) fn record_snapshot(
        &mut self,
        segment: u64,
        source: u32,
        snapshot: Option<&Snapshot>,
    ) {
        if let Some(recorder) = &mut self.recorder {
            recorder.snapshot(segment, source, self.intake.source_key(source), snapshot);
        }
    }
}

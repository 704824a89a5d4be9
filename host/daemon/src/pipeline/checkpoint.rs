//! One moment of a pipeline, from which it can go on as if nothing had been.
//!
//! A checkpoint is taken behind everything that was handed out before it: every worker answers once it has come so far.
//! Only sources that have changed since the last one are in it.

use super::{Forgotten, Output, Pipeline, PipelineError, Release, Task, Workers};
use crate::loadout::Loadout;
use bellwether_core::intake::{Intake, SourceForm};
use bellwether_core::lane::{LaneCounters, MetTemplate, SavedSource, SourceInfo};
use bellwether_core::plugin::PluginState;
use bellwether_core::state::StateError;
use std::sync::Arc;

/// Everything that has changed.
#[derive(Debug)]
pub struct Checkpoint {
    /// Event time of the tenant.
    pub watermark_ms: u64,
    /// What the intake remembers.
    pub intake: Vec<u8>,
    /// What the lanes have counted, in all runs.
    pub counters: LaneCounters,
    /// Sources that have changed.
    pub sources: Vec<SourceCheckpoint>,
    /// What is not kept any more.
    pub forgotten: Forgotten,
}

/// A source that has changed.
#[derive(Debug)]
pub struct SourceCheckpoint {
    /// Its key, form and records.
    pub form: SourceForm,
    /// What its lane knows of it.
    pub info: SourceInfo,
    /// What the host remembers: of the lane, and its open anomalies.
    pub state: SourceState,
    /// What plugins remember.
    pub plugins: Vec<(String, PluginState)>,
    /// Templates that were met.
    pub templates: Vec<MetTemplate>,
}

/// What the host remembers of a source.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SourceState {
    lane: Vec<u8>,
    anomalies: Vec<u8>,
}

impl SourceState {
    /// As bytes, for a store.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("plain data, and memory is all that writing needs")
    }

    /// From bytes of a store.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        Ok(postcard::from_bytes(bytes)?)
    }
}

impl Pipeline {
    /// Takes a checkpoint, with what comes out on the way to it.
    pub fn checkpoint(&mut self) -> Result<(Output, Checkpoint), PipelineError> {
        let (mut routed, mut output) = (Vec::new(), Output::default());
        self.intake.flush(&mut routed);
        self.dispatch(std::mem::take(&mut routed), &mut output)?;
        self.ask_all(|| Task::Save, &mut output)?;
        let forgotten = self.forget(&mut output)?;
        let intake = self.intake.save(&mut routed);
        if let Some(recorder) = &mut self.recorder {
            recorder.commit(&intake);
        }
        let forms = self.intake.sources();
        let mut saved = std::mem::take(&mut self.saved);
        saved.sort_by_key(|saved| saved.source);
        let sources = saved.into_iter().map(|saved| {
            let SavedSource { source, state, plugins, info, templates } = saved;
            let anomalies = self.gather.correlator.save(source);
            let state = SourceState { lane: state, anomalies };
            SourceCheckpoint { form: forms[&source].clone(), info, state, plugins, templates }
        });
        let checkpoint = Checkpoint {
            watermark_ms: self.intake.ticked_ms(),
            intake,
            counters: self.totals.clone(),
            sources: sources.collect(),
            forgotten,
        };
        Ok((output, checkpoint))
    }

    /// Goes on where a checkpoint was taken; the sources follow by `load`.
    pub fn resume(
        loadout: &Arc<Loadout>,
        workers: &Workers,
        now_ms: i64,
        release: Release,
        intake: &[u8],
        counters: LaneCounters,
    ) -> Result<Self, PipelineError> {
        let mut intake = Intake::load(loadout.settings().clone(), now_ms, intake)?;
        intake.rest();
        let mut pipeline = Pipeline::over(intake, loadout, workers, release)?;
        pipeline.before = counters;
        Ok(pipeline)
    }

    /// Gives a source back what it remembered.
    pub fn load(
        &mut self,
        source: u32,
        state: SourceState,
        plugins: Vec<(String, PluginState)>,
    ) -> Result<(), PipelineError> {
        self.gather.correlator.load(source, &state.anomalies)?;
        let lane = self.intake.lane_of_source(source);
        let task = Task::Load { lane, source, state: state.lane, plugins };
        self.send(self.worker_of(lane), task, &mut Output::default())
    }
}

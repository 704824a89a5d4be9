//! Sources that sleep: their state is in the store, and comes back with their next line.

use super::{Output, Pipeline, PipelineError, SourceState, Task};
use bellwether_core::intake::Routed;
use bellwether_core::lane::Relief;
use bellwether_core::plugin::PluginState;
use std::collections::BTreeSet;

/// Fetches the saved state of a source by its key.
pub type Fetch =
    Box<dyn FnMut(&str) -> Result<(SourceState, Vec<(String, PluginState)>), PipelineError> + Send>;

/// Who sleeps, and how they are woken.
#[derive(Default)]
pub(super) struct Sleepers {
    pub(super) sources: BTreeSet<u32>,
    pub(super) fetch: Option<Fetch>,
}

impl Pipeline {
    /// Says where the states of sleeping sources come from.
    pub fn wake_by(&mut self, fetch: Fetch) {
        self.sleepers.fetch = Some(fetch);
    }

    /// Lets a source sleep whose state is saved and which has nothing open; whether it does now.
    pub fn hibernate(&mut self, source: u32, output: &mut Output) -> Result<bool, PipelineError> {
        let may = self.sleepers.fetch.is_some()
            && !self.sleepers.sources.contains(&source)
            && !self.gather.correlator.has_open(source);
        if may {
            self.sleepers.sources.insert(source);
            let lane = self.intake.lane_of_source(source);
            self.send(self.worker_of(lane), Task::Forget { lane, source }, output)?;
            if let Some(recorder) = &mut self.recorder {
                recorder.forget(source);
            }
        }
        Ok(may)
    }

    /// Sources that sleep.
    pub fn sleeping(&self) -> usize {
        self.sleepers.sources.len()
    }

    /// Lets all lanes let go of something.
    pub fn relieve(&mut self, relief: Relief, output: &mut Output) -> Result<(), PipelineError> {
        if let Some(recorder) = &mut self.recorder {
            recorder.relieve(relief);
        }
        for worker in 0..self.desks.len() {
            self.send(worker, Task::Relieve(relief), output)?;
        }
        Ok(())
    }

    /// Who has lines is woken, and of the others no windows are closed.
    pub(super) fn spare_sleepers(&mut self, routed: &mut Routed) -> Result<(), PipelineError> {
        if self.sleepers.sources.is_empty() {
            return Ok(());
        }
        match routed {
            Routed::Records { batch, .. } => {
                batch.runs().iter().try_for_each(|run| self.wake(run.source))
            }
            Routed::Close { sources, .. } => {
                sources.retain(|source| !self.sleepers.sources.contains(source));
                Ok(())
            }
            Routed::Tick(_) => Ok(()),
        }
    }

    /// Wakes a source whose lines have come.
    fn wake(&mut self, source: u32) -> Result<(), PipelineError> {
        if !self.sleepers.sources.remove(&source) {
            return Ok(());
        }
        let key = self.intake.source_key(source).to_string();
        let fetch = self.sleepers.fetch.as_mut().expect("only what can be woken sleeps");
        let (state, plugins) = fetch(&key)?;
        self.load(source, state, plugins)
    }
}

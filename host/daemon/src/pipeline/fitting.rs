//! Plugins and patterns change while a pipeline works: behind everything that was pushed before, in front of everything
//! after.
//!
//! Nobody waits for that: a worker changes its lanes when their turn has come, and says so among its other answers.

use super::{Output, Pipeline, PipelineError, Task};
use crate::loadout::{Loadout, LoadoutError};
use std::sync::Arc;
use std::time::Duration;

/// A change under way.
#[derive(Default)]
pub(super) struct Fitting {
    /// Changes so far: answers to an earlier one are no answers to this.
    number: u64,
    /// What was there before.
    before: Option<Arc<Loadout>>,
    /// Workers that have answered.
    answered: usize,
    /// How long the slowest of them stood still.
    held: Duration,
    /// Why one of them does not.
    refused: Option<LoadoutError>,
}

impl Fitting {
    /// A worker has changed its lanes, or says why not.
    pub(super) fn take(&mut self, change: u64, outcome: Result<Duration, LoadoutError>) {
        if change != self.number {
            return;
        }
        self.answered += 1;
        match outcome {
            Ok(held) => self.held = self.held.max(held),
            Err(error) => self.refused = Some(error),
        }
    }
}

impl Pipeline {
    /// Lets all lanes work with the plugins and patterns of another loadout from here on: what was pushed before is
    /// seen by those before. One change at a time: the next may begin when this one has been `fitted`.
    pub fn fit(
        &mut self,
        before: &Arc<Loadout>,
        loadout: &Arc<Loadout>,
        output: &mut Output,
    ) -> Result<(), PipelineError> {
        loadout.watch_on(before);
        let mut waiting = Vec::new();
        self.intake.flush(&mut waiting);
        self.dispatch(waiting, output)?;
        self.fitting.before = Some(Arc::clone(before));
        self.send_fit(loadout, output)
    }

    /// What has become of the change, once all workers have answered: for how long the slowest of them stood still. After
    /// a refusal all lanes work as before.
    pub fn fitted(
        &mut self,
        output: &mut Output,
    ) -> Result<Option<Result<Duration, LoadoutError>>, PipelineError> {
        self.take_in(output);
        if self.fitting.before.is_none() || self.fitting.answered < self.desks.len() {
            return Ok(None);
        }
        let before = self.fitting.before.take().expect("it was just looked at");
        let Some(error) = self.fitting.refused.take() else {
            return Ok(Some(Ok(self.fitting.held)));
        };
        self.send_fit(&before, output)?;
        Ok(Some(Err(error)))
    }

    fn send_fit(
        &mut self,
        loadout: &Arc<Loadout>,
        output: &mut Output,
    ) -> Result<(), PipelineError> {
        self.fitting.number += 1;
        (self.fitting.answered, self.fitting.refused) = (0, None);
        self.fitting.held = Duration::ZERO;
        let change = self.fitting.number;
        for worker in 0..self.desks.len() {
            self.send(worker, Task::Fit { change, loadout: Arc::clone(loadout) }, output)?;
        }
        self.begin_segment(loadout, output)
    }
}

#[cfg(test)]
mod tests;

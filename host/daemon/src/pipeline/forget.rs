//! Inputs that are gone for good are forgotten with all that was learnt of their sources.
//!
//! That happens at a checkpoint, when everything that was said of them before has been heard.

use super::worker::Task;
use super::{Output, Pipeline, PipelineError};
use bellwether_core::intake::InputId;

/// What a checkpoint has no more.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// Inputs; their ids may be given to others.
    pub inputs: Vec<InputId>,
    /// Numbers and keys of their sources.
    pub sources: Vec<(u32, String)>,
}

impl Pipeline {
    /// Says which inputs the next checkpoint is to forget, except those with anomalies that are open.
    pub fn forget_at_checkpoint(&mut self, inputs: Vec<InputId>) {
        self.leaving = inputs;
    }

    /// Every worker has answered to all that was handed out so far.
    pub(super) fn forget(&mut self, output: &mut Output) -> Result<Forgotten, PipelineError> {
        let mut forgotten = Forgotten::default();
        for input in std::mem::take(&mut self.leaving) {
            let sources = self.intake.sources_of(input);
            if sources.iter().any(|source| self.gather.correlator.has_open(*source)) {
                continue;
            }
            for source in sources {
                let (lane, standard) = (self.intake.lane_of_source(source), self.standard);
                let worker = self.worker_of(lane);
                self.send(worker, Task::Forget { lane, source }, output)?;
                self.send(worker, Task::JudgeBy { lane, source, standard }, output)?;
                self.gather.correlator.forget_source(source);
                self.sleepers.sources.remove(&source);
                self.saved.retain(|saved| saved.source != source);
                if let Some(recorder) = &mut self.recorder {
                    recorder.forget(source);
                }
                forgotten.sources.push((source, self.intake.source_key(source).to_string()));
            }
            self.intake.forget(input);
            forgotten.inputs.push(input);
        }
        Ok(forgotten)
    }
}

//! A filter in one lane.

use std::sync::Arc;

use bellwether_core::plugin::{Descriptor, Filter, Lines, Plugin, PluginState, Verdicts};

use super::Lane;
use crate::compiled::Code;
use crate::fault::Fault;
use crate::health::HealthHandle;

/// A filter in one lane.
pub struct LaneFilter {
    lane: Lane,
}

impl LaneFilter {
    pub(crate) fn open(code: &Arc<Code>, config: &str) -> Result<Self, Fault> {
        Ok(LaneFilter { lane: Lane::open(code, config, None)? })
    }

    /// How it is doing; the handle stays valid while the filter works elsewhere.
    pub fn health(&self) -> HealthHandle {
        self.lane.health.clone()
    }
}

impl Plugin for LaneFilter {
    fn descriptor(&self) -> &Descriptor {
        &self.lane.descriptor
    }

    fn forget(&mut self, source: u32) {
        self.lane.forget(source);
    }

    fn rest(&mut self, watermark_ms: u64) {
        self.lane.rest(watermark_ms);
    }

    fn save(&mut self, source: u32) -> Option<PluginState> {
        self.lane.save(source)
    }

    fn load(&mut self, source: u32, state: PluginState) {
        self.lane.load(source, state);
    }
}

impl Filter for LaneFilter {
    fn evaluate(&mut self, lines: &Lines<'_>) -> Option<Verdicts> {
        let verdicts =
            self.lane.call(lines.rows(), lines.watermark_ms, |instance, descriptor| {
                instance.evaluate(lines, descriptor)
            })?;
        for run in lines.runs {
            self.lane.states.touch(run.source);
        }
        Some(verdicts)
    }
}

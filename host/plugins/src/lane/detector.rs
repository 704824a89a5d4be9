//! A detector in one lane.

use std::sync::Arc;

use bellwether_core::plugin::{
    ClosedWindow, Descriptor, Detector, Explanation, Lines, Plugin, PluginState, Scores, WindowSpan,
};

use super::Lane;
use crate::compiled::Code;
use crate::fault::Fault;
use crate::health::HealthHandle;

/// A detector in one lane.
pub struct LaneDetector {
    lane: Lane,
}

impl LaneDetector {
    pub(crate) fn open(
        code: &Arc<Code>,
        config: &str,
        span: Option<WindowSpan>,
    ) -> Result<Self, Fault> {
        Ok(LaneDetector { lane: Lane::open(code, config, span)? })
    }

    /// How it is doing; the handle stays valid while the detector works elsewhere.
    pub fn health(&self) -> HealthHandle {
        self.lane.health.clone()
    }
}

impl Plugin for LaneDetector {
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

impl Detector for LaneDetector {
    fn observe(&mut self, lines: &Lines<'_>) -> Option<Scores> {
        let scores = self.lane.call(lines.rows(), lines.watermark_ms, |instance, descriptor| {
            instance.observe(lines, descriptor)
        })?;
        for run in lines.runs {
            self.lane.states.touch(run.source);
        }
        Some(scores)
    }

    fn close_window(&mut self, window: &ClosedWindow<'_>) -> Option<Scores> {
        let scores = self.lane.call(window.rows, window.end_ms, |instance, descriptor| {
            instance.close_window(window, descriptor)
        })?;
        self.lane.states.touch(window.source);
        Some(scores)
    }

    fn explain(&mut self, token: u32) -> Option<Explanation> {
        let explanation = self.lane.aside(|instance, _| instance.explain(token))??;
        self.lane.health.lock().explanations += 1;
        Some(explanation)
    }
}

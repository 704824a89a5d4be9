//! A filter in one lane.

use std::sync::Arc;

use bellwether_core::plugin::{
    Descriptor, Filter, Given, Lines, Plugin, PluginCall, PluginState, Poison, Verdicts,
};

use super::bisect::{Ask, Piece};
use super::{Lane, merge};
use crate::compiled::Code;
use crate::fault::Fault;
use crate::health::HealthHandle;
use crate::instance::Instance;

/// A filter in one lane.
pub struct LaneFilter {
    lane: Lane,
}

const VERDICTS: Ask<Verdicts> =
    Ask { call: verdicts, during: PluginCall::Evaluate, tokens: |_| Vec::new() };

fn verdicts(
    instance: &mut Instance,
    given: &Given,
    descriptor: &Descriptor,
) -> Result<Verdicts, Fault> {
    match given {
        Given::Lines(lines) => instance.evaluate(&lines.view(), descriptor),
        Given::Window(_) => Err(Fault::bad_reply("a filter is given no windows")),
    }
}

impl LaneFilter {
    pub(crate) fn open(code: &Arc<Code>, config: &str) -> Result<Self, Fault> {
        Ok(LaneFilter { lane: Lane::open(code, config, None)? })
    }

    /// How it is doing; the handle stays valid while the filter works elsewhere.
    pub fn health(&self) -> HealthHandle {
        self.lane.health.clone()
    }

    /// Has the plugin asked for the state of a source at the next save, even if the source has had no work since.
    pub fn touch(&mut self, source: u32) {
        self.lane.journal.touch(source);
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

    fn take_poison(&mut self) -> Vec<Poison> {
        self.lane.take_poison()
    }
}

impl Filter for LaneFilter {
    fn evaluate(&mut self, lines: &Lines<'_>) -> Option<Verdicts> {
        let mut pieces = self.lane.call(&Given::lines(lines), &VERDICTS);
        match pieces.pop()? {
            Piece { rows, reply, .. } if rows.len() == lines.rows() => Some(reply),
            last => {
                pieces.push(last);
                Some(merge::verdicts(pieces, lines.rows()))
            }
        }
    }
}

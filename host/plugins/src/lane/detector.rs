//! A detector in one lane.

use std::sync::Arc;

use bellwether_core::plugin::{
    ClosedWindow, Descriptor, Detector, Explanation, Given, Lines, Plugin, PluginCall, PluginState,
    Poison, Scores, WindowSpan,
};

use super::bisect::{Ask, Piece};
use super::{Lane, merge};
use crate::compiled::Code;
use crate::fault::Fault;
use crate::health::HealthHandle;
use crate::instance::Instance;

/// A detector in one lane.
pub struct LaneDetector {
    lane: Lane,
    /// Of the call just made, if its batch had to be taken apart; else the plugin is asked.
    explained: Option<Vec<Explanation>>,
}

const SCORES: Ask<Scores> = Ask { call: scores, during: PluginCall::Observe, tokens };

impl LaneDetector {
    pub(crate) fn open(
        code: &Arc<Code>,
        config: &str,
        span: Option<WindowSpan>,
    ) -> Result<Self, Fault> {
        Ok(LaneDetector { lane: Lane::open(code, config, span)?, explained: None })
    }

    /// How it is doing; the handle stays valid while the detector works elsewhere.
    pub fn health(&self) -> HealthHandle {
        self.lane.health.clone()
    }

    /// Has the plugin asked for the state of a source at the next save, even if the source has had no work since.
    pub fn touch(&mut self, source: u32) {
        self.lane.journal.touch(source);
    }

    /// One answer, whole or put together.
    fn take(&mut self, mut pieces: Vec<Piece<Scores>>, rows: usize) -> Option<Scores> {
        self.explained = None;
        match pieces.pop()? {
            Piece { rows: range, reply, .. } if range.len() == rows => Some(reply),
            last => {
                pieces.push(last);
                let (scores, explained) = merge::scores(pieces, rows);
                self.explained = Some(explained);
                Some(scores)
            }
        }
    }
}

fn scores(
    instance: &mut Instance,
    given: &Given,
    descriptor: &Descriptor,
) -> Result<Scores, Fault> {
    match given {
        Given::Lines(lines) => instance.observe(&lines.view(), descriptor),
        Given::Window(window) => instance.close_window(&window.view(), descriptor),
    }
}

/// The tokens of single scores, the highest first.
fn tokens(scores: &Scores) -> Vec<u32> {
    let dense = scores
        .reasons
        .iter()
        .filter_map(|reason| Some((*scores.rows.get(reason.row? as usize)?, reason.token)));
    let sparse = scores.marks.iter().map(|mark| (mark.score, mark.token));
    let mut tokens: Vec<(f32, u32)> = dense.chain(sparse).collect();
    tokens.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
    tokens.into_iter().map(|(_, token)| token).collect()
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

    fn take_poison(&mut self) -> Vec<Poison> {
        self.lane.take_poison()
    }
}

impl Detector for LaneDetector {
    fn observe(&mut self, lines: &Lines<'_>) -> Option<Scores> {
        let pieces = self.lane.call(&Given::lines(lines), &SCORES);
        self.take(pieces, lines.rows())
    }

    fn close_window(&mut self, window: &ClosedWindow<'_>) -> Option<Scores> {
        let pieces = self.lane.call(&Given::window(window), &SCORES);
        self.take(pieces, window.rows)
    }

    fn explain(&mut self, token: u32) -> Option<Explanation> {
        let explanation = match &mut self.explained {
            Some(explained) => explained.get(token as usize).cloned()?,
            None => self.lane.aside(|instance| instance.explain(token))??,
        };
        self.lane.health.lock().explanations += 1;
        Some(explanation)
    }
}

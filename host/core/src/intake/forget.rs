//! Inputs that are gone for good: their places, and those of their sources, are given to others.

use super::input::Pace;
use super::{InputId, Intake};
use crate::lane::IDLE_WINDOWS;

impl Intake {
    /// Whether the event time of the tenant is so far beyond the last record of an input that says nothing any more. It
    /// never is before all windows of its sources are closed.
    pub fn has_outlived(&self, InputId(index): InputId, after_ms: u64) -> bool {
        let input = &self.inputs[index];
        let says_nothing = matches!(input.pace, Pace::Idle | Pace::Finished);
        let newest_ms = input.gate.newest_ms().unwrap_or(0).max(0) as u64;
        // The window of the last record, those after it in which silence is still news, and one to notice it.
        let closing_ms = (IDLE_WINDOWS + 2) * self.settings.window_ms;
        says_nothing && newest_ms + after_ms.max(closing_ms) <= self.ticked_ms
    }

    /// Sources of an input.
    pub fn sources_of(&self, InputId(index): InputId) -> Vec<u32> {
        self.inputs[index].sources()
    }

    /// Forgets an input with its sources. Should its name come back, it is another input.
    pub fn forget(&mut self, InputId(index): InputId) {
        let Some(input) = self.inputs.take(index) else { return };
        for number in input.sources() {
            self.sources.take(number as usize);
            self.met.retain(|met| *met != number);
        }
    }
}

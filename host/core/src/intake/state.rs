//! What an intake remembers, as bytes: exactly where it stands in every input, lines and records under way included.

use super::gate::GateLimits;
use super::input::{Input, Pace, Source};
use super::slots::Slots;
use super::{InputId, Intake, IntakeCounters, Routed, lane_of};
use crate::frame::LineSplitter;
use crate::settings::Settings;
use crate::state::{StateError, from_bytes, to_bytes};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Saved<'a> {
    spans_ms: [u64; 2],
    inputs: &'a Slots<Input>,
    sources: &'a Slots<Source>,
    ticked_ms: u64,
    counters: IntakeCounters,
}

#[derive(Deserialize)]
struct Loaded {
    spans_ms: [u64; 2],
    inputs: Slots<Input>,
    sources: Slots<Source>,
    ticked_ms: u64,
    counters: IntakeCounters,
}

impl Intake {
    /// Hands out what waits for a full batch, and saves the rest: together with the state of the lanes behind it, the
    /// place from which a run can go on as if nothing had been.
    pub fn save(&mut self, out: &mut Vec<Routed>) -> Vec<u8> {
        self.flush(out);
        to_bytes(&Saved {
            spans_ms: [self.settings.pane_ms, self.settings.window_ms],
            inputs: &self.inputs,
            sources: &self.sources,
            ticked_ms: self.ticked_ms,
            counters: self.counters,
        })
    }

    /// Goes on where a saved intake stood.
    pub fn load(settings: Settings, now_ms: i64, bytes: &[u8]) -> Result<Self, StateError> {
        let Loaded { spans_ms, inputs, sources, ticked_ms, counters } = from_bytes(bytes)?;
        let wanted = [settings.pane_ms, settings.window_ms];
        if spans_ms != wanted {
            return Err(StateError::Spans { saved_ms: spans_ms, wanted_ms: wanted });
        }
        let met = sources.iter().map(|(number, _)| number as u32).collect();
        let mut intake =
            Intake { inputs, sources, met, ticked_ms, counters, ..Intake::new(settings, now_ms) };
        intake.limit();
        Ok(intake)
    }

    /// The inputs, with the type and identifier of their source.
    pub fn inputs(&self) -> impl Iterator<Item = (InputId, &str)> {
        self.inputs.iter().map(|(index, input)| (InputId(index), input.options.source.as_str()))
    }

    /// An input of an earlier run goes on: nobody waits for it until it was read to its end.
    pub fn reopen(&mut self, InputId(index): InputId) {
        let limits = self.frame_limits();
        let input = &mut self.inputs[index];
        input.pace = Pace::CatchingUp;
        input.splitter.get_or_insert_with(|| LineSplitter::starting_at(limits, input.bytes));
    }

    /// Sets everything that follows from settings and is therefore not saved.
    fn limit(&mut self) {
        let gate = GateLimits::new(&self.settings, self.now_ms);
        let (frame, assembler) = (self.frame_limits(), self.assembler_limits());
        for input in self.inputs.values_mut() {
            input.gate.limit(gate);
            if let Some(splitter) = &mut input.splitter {
                splitter.limit(frame);
            }
        }
        let lanes = self.settings.lanes;
        for source in self.sources.values_mut() {
            source.lane = lane_of(&source.key, lanes);
            if let Some(reader) = &mut source.reader {
                reader.assembler.limit(assembler);
            }
        }
    }
}

//! Event time: records that move it, and what lanes are told when it has moved.

use super::gate::Admission;
use super::input::{Input, Pace};
use super::{Intake, Routed};
use crate::record::Record;
use std::collections::BTreeMap;

impl Intake {
    /// Judges a record by the time of its own input; one that is in time joins the batch of its lane.
    pub(super) fn admit(
        &mut self,
        number: u32,
        time_ms: i64,
        moves: bool,
        record: &Record,
        out: &mut Vec<Routed>,
    ) {
        let input = self.sources[number as usize].input;
        let gate = &mut self.inputs[input].gate;
        match gate.judge(time_ms) {
            Admission::Late => self.counters.late += 1,
            Admission::FromTheFuture => self.counters.quarantined += 1,
            Admission::InTime => {
                let moves = moves && !self.inputs[input].advancing;
                let gate = &mut self.inputs[input].gate;
                if moves && gate.moves(time_ms, record.time_ms.is_some()) {
                    self.advance(input, number, out);
                }
                let source = &mut self.sources[number as usize];
                if record.time_ms.is_some() {
                    source.last_ms = Some(time_ms);
                }
                self.put(number, time_ms, record, out);
            }
        }
    }

    fn put(&mut self, number: u32, time_ms: i64, record: &Record, out: &mut Vec<Routed>) {
        let lane = self.sources[number as usize].lane;
        let builder = self.builders.entry(lane).or_default();
        builder.push(number, time_ms, record);
        let full = builder.len() >= self.settings.batch_rows_max
            || builder.bytes() >= self.settings.batch_bytes_max;
        if full {
            out.push(Routed::Records { lane, batch: builder.seal() });
        }
    }

    /// A pane of the input is complete: records of other sources that are still being joined and belong to it come
    /// out first, judged by the time before.
    fn advance(&mut self, input: usize, current: u32, out: &mut Vec<Routed>) {
        let closing_ms = self.inputs[input].gate.closing_ms();
        self.inputs[input].advancing = true;
        for number in self.inputs[input].sources() {
            let reader = self.sources[number as usize].reader.as_ref();
            let pending = reader.and_then(|reader| reader.assembler.pending_time_ms()).flatten();
            if number != current && pending.is_some_and(|time_ms| time_ms < closing_ms) {
                self.flush_source(number, out);
            }
        }
        self.inputs[input].advancing = false;
        self.inputs[input].gate.close();
        let reached_ms = self.step(self.inputs[input].gate.closed_ms());
        if reached_ms > self.inputs[input].reached_ms {
            self.close(&[input], reached_ms, out);
        }
        self.tick(out);
    }

    /// Everything that waits within an input comes out.
    pub(super) fn flush_input(&mut self, input: usize, out: &mut Vec<Routed>) {
        for source in self.inputs[input].sources() {
            self.flush_source(source, out);
            self.release_unstamped(source, None, out);
        }
    }

    fn flush_source(&mut self, number: u32, out: &mut Vec<Routed>) {
        let Some(mut reader) = self.sources[number as usize].reader.take() else { return };
        reader.assembler.flush(&mut |record| self.record(number, record, out));
        self.sources[number as usize].reader = Some(reader);
    }

    /// Tells the lanes that the windows of these inputs are complete up to there; their rows go first.
    fn close(&mut self, inputs: &[usize], until_ms: u64, out: &mut Vec<Routed>) {
        let mut by_lane: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for index in inputs {
            let input = &mut self.inputs[*index];
            input.reached_ms = until_ms;
            for number in input.sources() {
                by_lane.entry(self.sources[number as usize].lane).or_default().push(number);
            }
        }
        for (lane, mut sources) in by_lane {
            if let Some(builder) = self.builders.get_mut(&lane).filter(|rows| !rows.is_empty()) {
                out.push(Routed::Records { lane, batch: builder.seal() });
            }
            sources.sort_unstable();
            out.push(Routed::Close { lane, sources, until_ms });
        }
    }

    /// Ticks when the least of the live inputs has come a step further.
    pub(super) fn tick(&mut self, out: &mut Vec<Routed>) {
        let live = self.inputs.values().filter(|input| input.pace == Pace::Live);
        if let Some(least) = live.map(|input| input.gate.closed_ms()).min() {
            self.tick_to(self.step(least), out);
        }
    }

    /// Event time of the tenant has come so far; inputs that have ended or say nothing follow.
    pub(super) fn tick_to(&mut self, until_ms: u64, out: &mut Vec<Routed>) {
        if until_ms <= self.ticked_ms {
            return;
        }
        self.ticked_ms = until_ms;
        let follows = |input: &Input| {
            matches!(input.pace, Pace::Idle | Pace::Finished) && input.reached_ms < until_ms
        };
        let inputs = self.inputs.iter();
        let following: Vec<usize> =
            inputs.filter(|(_, input)| follows(input)).map(|(index, _)| index).collect();
        for index in &following {
            self.inputs[*index].gate.follow(until_ms);
        }
        self.close(&following, until_ms, out);
        self.flush(out);
        out.push(Routed::Tick(until_ms));
    }

    /// The last end of a window by that time.
    pub(super) fn step(&self, time_ms: i64) -> u64 {
        time_ms.max(0) as u64 / self.settings.window_ms * self.settings.window_ms
    }
}

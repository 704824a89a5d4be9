//! From the bytes of many inputs to what lanes are told.
//!
//! Bytes become lines, lines are routed to their source, joined to records there, given a time, judged (late? from the
//! future?) and put into the batch of their source's lane. Every input has an event time of its own: when it has come a
//! window further, the lanes get what was collected and are told to close the windows of its sources. So what happens to
//! a source follows from its own bytes, however inputs were read and whatever the others do. The event time of the
//! tenant is the least of its live inputs; those that have ended or say nothing follow it.

mod forget;
mod gate;
mod input;
mod pace;
mod route;
mod slots;
mod state;

use crate::assemble::{Assembler, AssemblerLimits};
use crate::batch::{Batch, BatchBuilder};
use crate::envelope::Envelope;
use crate::form::{Reference, Verdict};
use crate::frame::{FrameLimits, Line};
use crate::record::Record;
use crate::settings::Settings;
use gate::{Gate, GateLimits};
pub use input::InputOptions;
use input::{Input, Pace, Reader, Source};
pub use route::Routing;
use serde::{Deserialize, Serialize};
use slots::Slots;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// Records without a time that wait for the first stamp of their source.
const UNSTAMPED_MAX: usize = 32;

/// An input, as the intake knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputId(usize);

/// What the lanes are to do next.
#[derive(Debug)]
pub enum Routed {
    /// Records for one lane.
    Records {
        /// The lane.
        lane: u32,
        /// Its records.
        batch: Batch,
    },
    /// Event time of some sources of one lane is complete up to there.
    Close {
        /// The lane.
        lane: u32,
        /// Its sources.
        sources: Vec<u32>,
        /// Milliseconds since 1970.
        until_ms: u64,
    },
    /// Event time of the tenant: everything up to here was said.
    Tick(u64),
}

/// Where every record went; kept and dropped ones are counted by the lanes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakeCounters {
    /// Bytes read.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
    /// Records read.
    pub records: u64,
    /// Records that came after their window was closed.
    pub late: u64,
    /// Records from the future, or of more sources than allowed.
    pub quarantined: u64,
    /// Records that were cut because of their length.
    pub cut: u64,
    /// Records that had no time stamp of their own.
    pub unstamped: u64,
}

/// A source, as the intake knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceForm {
    /// Its key, such as `file:nginx`.
    pub key: String,
    /// The form of its lines.
    pub form: Verdict,
    /// Records read of it.
    pub records: u64,
}

/// All inputs of a tenant.
pub struct Intake {
    settings: Settings,
    now_ms: i64,
    inputs: Slots<Input>,
    sources: Slots<Source>,
    /// Sources that nobody behind it knows yet.
    met: Vec<u32>,
    builders: BTreeMap<u32, BatchBuilder>,
    ticked_ms: u64,
    counters: IntakeCounters,
}

impl Intake {
    /// No input yet. `now_ms` is the clock at the edge, against which stamps from the future are held.
    pub fn new(settings: Settings, now_ms: i64) -> Self {
        Intake {
            settings,
            now_ms,
            inputs: Slots::new(),
            sources: Slots::new(),
            met: Vec::new(),
            builders: BTreeMap::new(),
            ticked_ms: 0,
            counters: IntakeCounters::default(),
        }
    }

    /// Adds an input. One that event time waits for is to be added before the first byte, or windows close without it.
    pub fn open(&mut self, options: InputOptions) -> InputId {
        let place = self.inputs.next();
        let both_prefixed = |other: &Input| {
            [other.options.routing, options.routing] == [Routing::Prefixed, Routing::Prefixed]
        };
        let same = |other: &Input| other.options.source == options.source || both_prefixed(other);
        let is_second = self.inputs.values().any(same);
        let suffix = if is_second { format!("#{}", place + 1) } else { String::new() };
        let gate = Gate::new(GateLimits::new(&self.settings, self.now_ms));
        self.inputs.put(Input::new(options, suffix, self.frame_limits(), gate));
        InputId(place)
    }

    /// The live input whose event time is furthest behind: the one to read next.
    pub fn furthest_behind(&self) -> Option<InputId> {
        let live = self.inputs.iter().filter(|(_, input)| input.pace == Pace::Live);
        live.min_by_key(|(_, input)| (input.gate.closed_ms(), input.bytes))
            .map(|(index, _)| InputId(index))
    }

    /// Takes the next bytes of an input.
    pub fn push(&mut self, InputId(index): InputId, chunk: &[u8], out: &mut Vec<Routed>) {
        let input = &mut self.inputs[index];
        self.counters.bytes += chunk.len() as u64;
        input.bytes += chunk.len() as u64;
        if input.pace == Pace::Idle {
            input.pace = Pace::Live;
        }
        let Some(mut splitter) = input.splitter.take() else { return };
        splitter.push(chunk, &mut |line| self.line(index, line, out));
        self.inputs[index].splitter = Some(splitter);
    }

    /// An input was read to where it ends for now: from here on event time waits for it.
    pub fn caught_up(&mut self, InputId(index): InputId, out: &mut Vec<Routed>) {
        let input = &mut self.inputs[index];
        if input.pace == Pace::CatchingUp {
            input.pace = Pace::Live;
            self.tick(out);
        }
    }

    /// An input has said nothing for a while: what it has begun is complete, and event time waits for it no longer.
    pub fn idle(&mut self, InputId(index): InputId, out: &mut Vec<Routed>) {
        if !matches!(self.inputs[index].pace, Pace::CatchingUp | Pace::Live) {
            return;
        }
        self.flush_input(index, out);
        self.inputs[index].pace = Pace::Idle;
        let waited_for = |input: &Input| matches!(input.pace, Pace::CatchingUp | Pace::Live);
        if self.inputs.values().any(waited_for) {
            self.tick(out);
        } else {
            // Whoever came furthest says how far event time has come, in whatever order they fell silent.
            let furthest = self.inputs.values().map(|input| input.gate.closed_ms()).max();
            self.tick_to(self.step(furthest.unwrap_or(0)), out);
        }
    }

    /// While all inputs are idle, only a clock knows how far event time has come.
    pub fn pass(&mut self, until_ms: u64, out: &mut Vec<Routed>) {
        let waited_for = |input: &Input| matches!(input.pace, Pace::Live);
        if !self.inputs.values().any(waited_for) {
            self.tick_to(self.step(until_ms as i64), out);
        }
    }

    /// Ends an input; after the last one, event time comes as far as the newest record.
    pub fn finish(&mut self, InputId(index): InputId, out: &mut Vec<Routed>) {
        let Some(mut splitter) = self.inputs[index].splitter.take() else { return };
        splitter.finish(&mut |line| self.line(index, line, out));
        self.flush_input(index, out);
        self.inputs[index].pace = Pace::Finished;
        if self.inputs.values().all(|input| input.pace == Pace::Finished) {
            let newest = self.inputs.values().filter_map(|input| input.gate.newest_ms()).max();
            self.flush(out);
            self.tick_to(newest.unwrap_or(0).max(0) as u64, out);
        } else {
            self.tick(out);
        }
    }

    /// Hands out all rows that wait for their batch to be full.
    pub fn flush(&mut self, out: &mut Vec<Routed>) {
        for (lane, builder) in &mut self.builders {
            if !builder.is_empty() {
                out.push(Routed::Records { lane: *lane, batch: builder.seal() });
            }
        }
    }

    /// Sets the clock, against which stamps from the future are held.
    pub fn set_clock(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
        let limits = GateLimits::new(&self.settings, now_ms);
        self.inputs.values_mut().for_each(|input| input.gate.limit(limits));
    }

    /// Where the records went.
    pub fn counters(&self) -> &IntakeCounters {
        &self.counters
    }

    /// Newest event time of all inputs, in milliseconds since 1970.
    pub fn newest_ms(&self) -> Option<u64> {
        let newest = self.inputs.values().filter_map(|input| input.gate.newest_ms()).max();
        newest.map(|newest| newest.max(0) as u64)
    }

    /// Inputs of an earlier run that nobody reads any more follow the others.
    pub fn rest(&mut self) {
        let unread = self.inputs.values_mut().filter(|input| input.pace == Pace::Live);
        unread.for_each(|input| input.pace = Pace::Idle);
    }

    /// Event time of the tenant, in milliseconds since 1970.
    pub fn ticked_ms(&self) -> u64 {
        self.ticked_ms
    }

    /// The sources met so far, by number.
    pub fn sources(&self) -> BTreeMap<u32, SourceForm> {
        let form = |source: &Source| SourceForm {
            key: source.key.clone(),
            form: source
                .reader
                .as_ref()
                .expect("no record is being handed out")
                .assembler
                .verdict(),
            records: source.records,
        };
        self.sources.iter().map(|(number, source)| (number as u32, form(source))).collect()
    }

    /// The lane of a source.
    pub fn lane_of_source(&self, number: u32) -> u32 {
        self.sources[number as usize].lane
    }

    /// The key of a source.
    pub fn source_key(&self, number: u32) -> &str {
        &self.sources[number as usize].key
    }

    /// Numbers of the sources that were met since this was last asked; to be asked before what is routed is handed on.
    pub fn take_met(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.met)
    }

    fn line(&mut self, input: usize, line: Line<'_>, out: &mut Vec<Routed>) {
        self.counters.lines += 1;
        let (name, line) = self.inputs[input].options.routing.split(line);
        let known = self.inputs[input].source(name);
        let Some(source) = known.or_else(|| self.add_source(input, name)) else {
            self.counters.records += 1;
            self.counters.quarantined += 1;
            return;
        };
        let Some(mut reader) = self.sources[source as usize].reader.take() else { return };
        let Reader { envelope, assembler } = &mut *reader;
        if let Some(opened) = envelope.open(line, self.settings.line_bytes_max) {
            assembler.opened(opened, &mut |record| self.record(source, record, out));
        }
        self.sources[source as usize].reader = Some(reader);
    }

    /// Gives a source its number, if there is room for one more. Two inputs never share a source: equal names are
    /// numbered.
    fn add_source(&mut self, input: usize, name: &str) -> Option<u32> {
        if self.sources.len() >= self.settings.sources_max {
            return None;
        }
        let number = self.sources.next() as u32;
        let Input { options, suffix, .. } = &self.inputs[input];
        let key = format!("{}{suffix}", Routing::key(&options.source, name));
        let reference = Reference { time_ms: options.reference_ms };
        let mut assembler = Assembler::new(self.assembler_limits(), reference);
        assembler.label(&options.labels);
        let lane = lane_of(&key, self.settings.lanes);
        self.sources.put(Source {
            lane,
            key,
            input,
            reader: Some(Box::new(Reader { envelope: Envelope::default(), assembler })),
            records: 0,
            last_ms: None,
            arrivals: 0,
            unstamped: Vec::new(),
        });
        self.inputs[input].meet(name, number);
        self.met.push(number);
        Some(number)
    }

    fn frame_limits(&self) -> FrameLimits {
        FrameLimits { line_bytes_max: self.settings.line_bytes_max }
    }

    fn assembler_limits(&self) -> AssemblerLimits {
        AssemblerLimits {
            record_bytes_max: self.settings.record_bytes_max,
            record_lines_max: self.settings.record_lines_max,
            ..AssemblerLimits::default()
        }
    }

    fn record(&mut self, number: u32, record: &Record, out: &mut Vec<Routed>) {
        self.counters.records += 1;
        self.counters.cut += u64::from(record.cut);
        self.counters.unstamped += u64::from(record.time_ms.is_none());
        let source = &mut self.sources[number as usize];
        source.records += 1;
        if let Some(time_ms) = record.time_ms {
            self.release_unstamped(number, Some(time_ms), out);
            self.admit(number, time_ms, true, record, out);
        } else if let Some(time_ms) = source.last_ms {
            self.admit(number, time_ms, false, record, out);
        } else if source.arrivals > 0 {
            let time_ms = self.arrival_ms(number);
            self.admit(number, time_ms, true, record, out);
        } else {
            source.unstamped.push(record.clone());
            if source.unstamped.len() == UNSTAMPED_MAX {
                self.release_unstamped(number, None, out);
            }
        }
    }

    /// Gives the records that waited for a time the first stamp, or, where none came, the time of their arrival.
    fn release_unstamped(&mut self, number: u32, stamp_ms: Option<i64>, out: &mut Vec<Routed>) {
        let waiting = std::mem::take(&mut self.sources[number as usize].unstamped);
        for record in waiting {
            let time_ms = stamp_ms.unwrap_or_else(|| self.arrival_ms(number));
            self.admit(number, time_ms, stamp_ms.is_none(), &record, out);
        }
    }

    /// The next moment of a source without stamps: on the input's own time, or at the assumed rate from 1970 on.
    fn arrival_ms(&mut self, number: u32) -> i64 {
        let source = &mut self.sources[number as usize];
        let arrivals = source.arrivals;
        source.arrivals += 1;
        let stamped = self.inputs[source.input].gate.newest_stamp_ms();
        stamped.unwrap_or((arrivals as f64 * 1000.0 / self.settings.rate_per_s) as i64)
    }
}

fn lane_of(key: &str, lanes: u32) -> u32 {
    (xxh3_64(key.as_bytes()) % u64::from(lanes)) as u32
}

#[cfg(test)]
mod tests;

//! From the bytes of many inputs to batches and ticks for lanes.
//!
//! Bytes become lines, lines are routed to their source, joined to records there, given a time, judged (late? from the
//! future?) and put into the batch of their source's lane. When event time has come a step further on every live input,
//! all lanes get what was collected, then a tick. Where the bytes were cut, and in which order inputs were read, does
//! not show in what the lanes get to see of a source.

mod gate;
mod lineup;
mod route;

use crate::assemble::{Assembler, AssemblerLimits};
use crate::batch::Batch;
use crate::form::{Reference, Verdict};
use crate::frame::{FrameLimits, Line, LineSplitter};
use crate::record::Record;
use crate::settings::Settings;
use gate::{Admission, Gate};
use lineup::{Lineup, Row};
pub use route::Routing;
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// Records without a time that wait for the first stamp of their source.
const UNSTAMPED_MAX: usize = 32;

/// An input, as the intake knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputId(usize);

/// What an input is called and how it is read.
#[derive(Debug, Clone)]
pub struct InputOptions {
    /// Type and identifier of the source, such as `file:nginx`.
    pub source: String,
    /// Which source a line belongs to.
    pub routing: Routing,
    /// When the input was written, for stamps without a year; milliseconds since 1970.
    pub reference_ms: i64,
}

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
    /// Event time for all lanes.
    Tick(u64),
}

/// Where every record went; kept and dropped ones are counted by the lanes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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

struct Input {
    options: InputOptions,
    /// What tells its sources from those of the same name in an earlier input.
    suffix: String,
    /// Absent only while it hands out a line, and after the end.
    splitter: Option<LineSplitter>,
    finished: bool,
    /// Records that were waiting come out, and must not move the time that made them come.
    advancing: bool,
    gate: Gate,
    by_name: HashMap<String, u32>,
    sources: Vec<u32>,
    bytes: u64,
}

struct Source {
    key: String,
    input: usize,
    lane: u32,
    /// Absent only while it hands out a record.
    assembler: Option<Assembler>,
    records: u64,
    last_ms: Option<i64>,
    arrivals: u64,
    unstamped: Vec<Record>,
}

/// All inputs of a tenant.
pub struct Intake {
    settings: Settings,
    now_ms: i64,
    inputs: Vec<Input>,
    sources: Vec<Source>,
    lineup: Lineup,
    counters: IntakeCounters,
}

impl Intake {
    /// No input yet. `now_ms` is the clock at the edge, against which stamps from the future are held.
    pub fn new(settings: Settings, now_ms: i64) -> Self {
        let lineup = Lineup::new(&settings);
        Intake {
            settings,
            now_ms,
            inputs: Vec::new(),
            sources: Vec::new(),
            lineup,
            counters: IntakeCounters::default(),
        }
    }

    /// Adds an input. All inputs are to be added before the first byte, or windows close without the missing one.
    pub fn open(&mut self, options: InputOptions) -> InputId {
        let limits = FrameLimits { line_bytes_max: self.settings.line_bytes_max };
        let ordinal = self.inputs.len() + 1;
        let both_prefixed = |other: &Input| {
            [other.options.routing, options.routing] == [Routing::Prefixed, Routing::Prefixed]
        };
        let same = |other: &Input| other.options.source == options.source || both_prefixed(other);
        let suffix =
            if self.inputs.iter().any(same) { format!("#{ordinal}") } else { String::new() };
        self.inputs.push(Input {
            options,
            suffix,
            splitter: Some(LineSplitter::new(limits)),
            finished: false,
            advancing: false,
            gate: Gate::new(&self.settings, self.now_ms),
            by_name: HashMap::new(),
            sources: Vec::new(),
            bytes: 0,
        });
        InputId(self.inputs.len() - 1)
    }

    /// The live input whose event time is furthest behind: the one to read next.
    pub fn furthest_behind(&self) -> Option<InputId> {
        let live = self.inputs.iter().enumerate().filter(|(_, input)| !input.finished);
        live.min_by_key(|(_, input)| (input.gate.closed_ms(), input.bytes))
            .map(|(index, _)| InputId(index))
    }

    /// Takes the next bytes of an input.
    pub fn push(&mut self, InputId(index): InputId, chunk: &[u8], out: &mut Vec<Routed>) {
        self.counters.bytes += chunk.len() as u64;
        self.inputs[index].bytes += chunk.len() as u64;
        let Some(mut splitter) = self.inputs[index].splitter.take() else { return };
        splitter.push(chunk, &mut |line| self.line(index, line, out));
        self.inputs[index].splitter = Some(splitter);
    }

    /// Ends an input; after the last one, event time comes as far as the newest record.
    pub fn finish(&mut self, InputId(index): InputId, out: &mut Vec<Routed>) {
        let Some(mut splitter) = self.inputs[index].splitter.take() else { return };
        splitter.finish(&mut |line| self.line(index, line, out));
        for source in self.inputs[index].sources.clone() {
            self.flush_source(source, out);
            self.release_unstamped(source, None, out);
        }
        self.inputs[index].finished = true;
        if self.inputs.iter().all(|input| input.finished) {
            let newest = self.inputs.iter().filter_map(|input| input.gate.newest_ms()).max();
            self.lineup.finish(newest.unwrap_or(0).max(0) as u64, out);
        } else {
            self.tick(out);
        }
    }

    /// Where the records went.
    pub fn counters(&self) -> &IntakeCounters {
        &self.counters
    }

    /// The sources met so far; a source's number is its place.
    pub fn sources(&self) -> Vec<SourceForm> {
        let form = |source: &Source| SourceForm {
            key: source.key.clone(),
            form: source.assembler.as_ref().expect("no record is being handed out").verdict(),
            records: source.records,
        };
        self.sources.iter().map(form).collect()
    }

    /// Keys of the sources from that number on.
    pub fn source_keys(&self, from: usize) -> impl Iterator<Item = &str> {
        self.sources[from..].iter().map(|source| source.key.as_str())
    }

    fn line(&mut self, input: usize, line: Line<'_>, out: &mut Vec<Routed>) {
        self.counters.lines += 1;
        let (name, line) = self.inputs[input].options.routing.split(line);
        let known = self.inputs[input].by_name.get(name).copied();
        let Some(source) = known.or_else(|| self.add_source(input, name)) else {
            self.counters.records += 1;
            self.counters.quarantined += 1;
            return;
        };
        let Some(mut assembler) = self.sources[source as usize].assembler.take() else { return };
        assembler.line(line, &mut |record| self.record(source, record, out));
        self.sources[source as usize].assembler = Some(assembler);
    }

    /// Gives a source its number, if there is room for one more. Two inputs never share a source: equal names are
    /// numbered.
    fn add_source(&mut self, input: usize, name: &str) -> Option<u32> {
        if self.sources.len() >= self.settings.sources_max {
            return None;
        }
        let number = self.sources.len() as u32;
        let Input { options, suffix, .. } = &self.inputs[input];
        let key = format!("{}{suffix}", Routing::key(&options.source, name));
        let limits = AssemblerLimits {
            record_bytes_max: self.settings.record_bytes_max,
            record_lines_max: self.settings.record_lines_max,
            ..AssemblerLimits::default()
        };
        let reference = Reference { time_ms: self.inputs[input].options.reference_ms };
        self.sources.push(Source {
            lane: (xxh3_64(key.as_bytes()) % u64::from(self.settings.lanes)) as u32,
            key,
            input,
            assembler: Some(Assembler::new(limits, reference)),
            records: 0,
            last_ms: None,
            arrivals: 0,
            unstamped: Vec::new(),
        });
        self.inputs[input].sources.push(number);
        self.inputs[input].by_name.insert(name.into(), number);
        Some(number)
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

    fn admit(
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
                let row = Row { lane: source.lane, source: number, time_ms, record };
                let closed_ms = self.inputs[input].gate.closed_ms();
                self.lineup.push(closed_ms, row, out);
            }
        }
    }

    /// A pane of the input is complete: records of other sources that are still being joined and belong to it come
    /// out first, judged by the time before.
    fn advance(&mut self, input: usize, current: u32, out: &mut Vec<Routed>) {
        let closing_ms = self.inputs[input].gate.closing_ms();
        self.inputs[input].advancing = true;
        for number in self.inputs[input].sources.clone() {
            let assembler = self.sources[number as usize].assembler.as_ref();
            let pending = assembler.and_then(|assembler| assembler.pending_time_ms()).flatten();
            if number != current && pending.is_some_and(|time_ms| time_ms < closing_ms) {
                self.flush_source(number, out);
            }
        }
        self.inputs[input].advancing = false;
        self.inputs[input].gate.close();
        self.tick(out);
    }

    fn flush_source(&mut self, number: u32, out: &mut Vec<Routed>) {
        let Some(mut assembler) = self.sources[number as usize].assembler.take() else { return };
        assembler.flush(&mut |record| self.record(number, record, out));
        self.sources[number as usize].assembler = Some(assembler);
    }

    /// Ticks when the least of the live inputs has come a step further.
    fn tick(&mut self, out: &mut Vec<Routed>) {
        let live = self.inputs.iter().filter(|input| !input.finished);
        if let Some(least) = live.map(|input| input.gate.closed_ms()).min() {
            self.lineup.reach(least, out);
        }
    }
}

#[cfg(test)]
mod tests;

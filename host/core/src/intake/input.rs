//! What is remembered of an input and of a source in front of the lanes.

use super::gate::Gate;
use super::route::Routing;
use crate::assemble::Assembler;
use crate::envelope::Envelope;
use crate::frame::{FrameLimits, LineSplitter};
use crate::record::Record;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an input is called and how it is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InputOptions {
    /// Type and identifier of the source, such as `file:nginx`.
    pub source: String,
    /// Which source a line belongs to.
    pub routing: Routing,
    /// When the input was written, for stamps without a year; milliseconds since 1970.
    pub reference_ms: i64,
    /// What is known of all its records beside their text, such as the container they come from.
    pub labels: Vec<(String, String)>,
    /// Whether event time waits for it from the beginning, or only once it was read to its end for the first time.
    pub follows: bool,
}

/// How an input stands to the event time of its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Pace {
    /// It has a past to be read first; nobody waits for it.
    CatchingUp,
    /// Event time is the least of all such inputs.
    Live,
    /// It says nothing at the moment and follows the others.
    Idle,
    /// It has ended.
    Finished,
}

/// One input.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Input {
    pub(super) options: InputOptions,
    /// What tells its sources from those of the same name in an earlier input.
    pub(super) suffix: String,
    /// Absent only while it hands out a line, and after the end.
    pub(super) splitter: Option<LineSplitter>,
    pub(super) pace: Pace,
    /// Records that were waiting come out, and must not move the time that made them come.
    #[serde(skip)]
    pub(super) advancing: bool,
    pub(super) gate: Gate,
    /// Windows of its sources are closed up to there.
    pub(super) reached_ms: u64,
    /// The source of lines without a name in front.
    unnamed: Option<u32>,
    by_name: BTreeMap<String, u32>,
    pub(super) bytes: u64,
}

impl Input {
    /// One that nothing was read of.
    pub(super) fn new(
        options: InputOptions,
        suffix: String,
        limits: FrameLimits,
        gate: Gate,
    ) -> Self {
        Input {
            pace: if options.follows { Pace::CatchingUp } else { Pace::Live },
            options,
            suffix,
            splitter: Some(LineSplitter::new(limits)),
            advancing: false,
            gate,
            reached_ms: 0,
            unnamed: None,
            by_name: BTreeMap::new(),
            bytes: 0,
        }
    }

    /// The source with that name, if lines of it were met.
    pub(super) fn source(&self, name: &str) -> Option<u32> {
        if name.is_empty() { self.unnamed } else { self.by_name.get(name).copied() }
    }

    /// A source was met.
    pub(super) fn meet(&mut self, name: &str, source: u32) {
        if name.is_empty() {
            self.unnamed = Some(source);
        } else {
            self.by_name.insert(name.into(), source);
        }
    }

    /// Its sources, in the order of their numbers.
    pub(super) fn sources(&self) -> Vec<u32> {
        let mut sources: Vec<u32> =
            self.unnamed.iter().chain(self.by_name.values()).copied().collect();
        sources.sort_unstable();
        sources
    }
}

/// What makes records of the lines of a source.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Reader {
    pub(super) envelope: Envelope,
    pub(super) assembler: Assembler,
}

/// One source.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Source {
    pub(super) key: String,
    pub(super) input: usize,
    #[serde(skip)]
    pub(super) lane: u32,
    /// Absent only while it hands out a record.
    pub(super) reader: Option<Box<Reader>>,
    pub(super) records: u64,
    pub(super) last_ms: Option<i64>,
    pub(super) arrivals: u64,
    pub(super) unstamped: Vec<Record>,
}

//! What the pipeline and a plugin say to each other.
//!
//! The same words as in `wit/`, where their meaning is written down. The WebAssembly runtime implements the two traits;
//! tests and benchmarks implement them natively.

mod given;

use crate::batch::Run;
use crate::column::{Bitmap, Column};
pub use given::{Given, GivenLines, GivenWindow};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A column of lines that a plugin may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described in wit/types.wit")]
pub enum LineColumn {
    Position,
    Time,
    Window,
    Severity,
    Template,
    FineTemplate,
    Message,
    NoveltyKind,
    NoveltyBits,
    NoveltyWords,
    Length,
    Entropy,
    Text,
    Pattern(String),
    Key(String),
    Number(String),
    Field(String),
}

/// A column of a closed window that a plugin may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described in wit/types.wit")]
pub enum SeriesColumn {
    Template,
    Count,
    FirstSeen,
    Severity,
    Entropy,
    Repeats,
    Text,
}

/// What the sizes of a detector's scores mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scale {
    /// A size: each channel gets its own history and tail; the highest channel speaks.
    Size,
    /// Bits of improbability: channels are kinds of evidence for one thing.
    Bits,
}

/// How a pattern's expression is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PatternKind {
    /// These bytes.
    Literal,
    /// These bytes, whatever the case of ASCII letters.
    LiteralNocase,
    /// A regular expression.
    Regex,
}

/// A pattern that a plugin brings along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginPattern {
    /// Its name, as in `LineColumn::Pattern`.
    pub name: String,
    /// How `expr` is read.
    pub kind: PatternKind,
    /// The expression.
    pub expr: String,
}

/// Size and step of a detector's windows, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowSpan {
    /// Length.
    pub size_ms: u64,
    /// Distance between two starts.
    pub step_ms: u64,
}

/// What a plugin is and wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Descriptor {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Version of its saved state.
    pub state_version: u32,
    /// Oldest state it can load.
    pub reads_state_from: u32,
    /// Columns of lines it wants, in this order.
    pub lines: Vec<LineColumn>,
    /// Columns of windows it wants, in this order.
    pub series: Vec<SeriesColumn>,
    /// Whether it wants the embedding of a window.
    pub vector: bool,
    /// Its windows.
    pub window: Option<WindowSpan>,
    /// Meaning of its scores.
    pub scale: Scale,
    /// Patterns it brings along.
    pub patterns: Vec<PluginPattern>,
    /// Names of its reasons.
    pub reasons: Vec<String>,
    /// Names of its tags.
    pub tags: Vec<String>,
    /// Names of its counters.
    pub metrics: Vec<String>,
    /// JSON Schema of its configuration.
    pub config_schema: String,
}

impl Descriptor {
    /// Whether it can go on with a state of that version.
    pub fn reads(&self, version: u32) -> bool {
        (self.reads_state_from..=self.state_version).contains(&version)
    }
}

/// Lines of one lane, for one plugin.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'a> {
    /// Number of the batch within the lane.
    pub seq: u64,
    /// Event time known to be complete, in milliseconds since 1970.
    pub watermark_ms: u64,
    /// Sources of the rows.
    pub runs: &'a [Run],
    /// In the order of `Descriptor::lines`.
    pub columns: &'a [Arc<Column>],
}

impl Lines<'_> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.runs.iter().map(|run| run.rows as usize).sum()
    }
}

/// A closed window of one source, for one plugin.
#[derive(Debug, Clone, Copy)]
pub struct ClosedWindow<'a> {
    /// Number of the source.
    pub source: u32,
    /// First millisecond.
    pub start_ms: u64,
    /// First millisecond after it.
    pub end_ms: u64,
    /// Lines of the source in it.
    pub lines: u64,
    /// Rows of the series.
    pub rows: usize,
    /// In the order of `Descriptor::series`.
    pub columns: &'a [Arc<Column>],
    /// Its embedding, or empty.
    pub vector: &'a [f32],
}

/// Some of the rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Rows {
    /// No row.
    #[default]
    None,
    /// Every row.
    All,
    /// These rows.
    Some(Bitmap),
}

impl Rows {
    /// Whether the row belongs to them.
    pub fn contains(&self, row: usize) -> bool {
        match self {
            Rows::None => false,
            Rows::All => true,
            Rows::Some(bits) => bits.contains(row),
        }
    }
}

/// Why a row was scored high.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// The row; `None` means the window as a whole.
    pub row: Option<u32>,
    /// Index into `Descriptor::reasons`.
    pub code: u32,
    /// For `Detector::explain`.
    pub token: u32,
}

/// One row, one channel, one score, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// The row.
    pub row: u32,
    /// What it is compared with.
    pub channel: u32,
    /// As in `Scores::rows`.
    pub score: f32,
    /// Index into `Descriptor::reasons`.
    pub code: u32,
    /// For `Detector::explain`.
    pub token: u32,
}

/// How unusual each row is. Whoever returns it has checked it: lengths fit the rows, no value is infinite.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// One per row or empty.
    pub rows: Vec<f32>,
    /// One per row, or empty for the row's template.
    pub channels: Vec<u32>,
    /// Scores of single rows beside `rows`; rows without one count as 0.
    pub marks: Vec<Mark>,
    /// Rows of `rows` to learn from that must not speak.
    pub quiet: Rows,
    /// The window as a whole, or NaN.
    pub whole: f32,
    /// Why.
    pub reasons: Vec<Reason>,
}

impl Scores {
    /// Nothing to say about any row, nor about the window.
    pub fn silent() -> Self {
        Scores {
            rows: Vec::new(),
            channels: Vec::new(),
            marks: Vec::new(),
            quiet: Rows::None,
            whole: f32::NAN,
            reasons: Vec::new(),
        }
    }
}

/// What a plugin says about one finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// One short sentence.
    pub summary: String,
    /// Named facts.
    pub evidence: Vec<(String, String)>,
}

/// What a filter decides.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdicts {
    /// Rows that go no further.
    pub drop: Rows,
    /// Rows per tag: index into `Descriptor::tags`, rows.
    pub tags: Vec<(u32, Rows)>,
    /// Rows over which it could not decide.
    pub undecided: Rows,
}

/// A call of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is described in wit/")]
pub enum PluginCall {
    Observe,
    Evaluate,
    CloseWindow,
    Save,
    Load,
}

impl PluginCall {
    /// Its name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            PluginCall::Observe => "observe",
            PluginCall::Evaluate => "evaluate",
            PluginCall::CloseWindow => "close-window",
            PluginCall::Save => "save",
            PluginCall::Load => "load",
        }
    }
}

/// The least that a plugin could not bear; everything else went on without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poison {
    /// Number of the source.
    pub source: u32,
    /// The row of the batch; `None` where it was no row: a window, a state.
    pub row: Option<u32>,
    /// Event time where it was no row, in milliseconds since 1970.
    pub at_ms: u64,
    /// What the plugin was to do with it.
    pub during: PluginCall,
    /// How it failed, with the names of functions.
    pub cause: String,
}

/// What a plugin remembers of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginState {
    /// Version of the form in which it is written.
    pub version: u32,
    /// For the plugin alone.
    pub bytes: Vec<u8>,
}

/// The part of a plugin's life that filters and detectors share. A plugin that fails answers `None` and counts it.
pub trait Plugin {
    /// What it is and wants.
    fn descriptor(&self) -> &Descriptor;
    /// Forgets all state of a source.
    fn forget(&mut self, source: u32);
    /// Called when event time has moved and no call is under way: a good moment to save state or to try again.
    fn rest(&mut self, watermark_ms: u64);
    /// The state of a source as it is now; `None` where there is none or the plugin cannot say.
    fn save(&mut self, source: u32) -> Option<PluginState>;
    /// Goes on with a state that this plugin, or an older version of it, saved.
    fn load(&mut self, source: u32, state: PluginState);
    /// What it could not bear since this was asked last; rows are those of the call just made.
    fn take_poison(&mut self) -> Vec<Poison> {
        Vec::new()
    }
}

/// A detector in one lane.
pub trait Detector: Plugin {
    /// Scores the rows of a batch; `None` while it cannot.
    fn observe(&mut self, lines: &Lines<'_>) -> Option<Scores>;
    /// Scores the rows of a closed window; `None` while it cannot.
    fn close_window(&mut self, window: &ClosedWindow<'_>) -> Option<Scores>;
    /// Explains a reason of the call just made.
    fn explain(&mut self, token: u32) -> Option<Explanation>;
}

/// A filter in one lane.
pub trait Filter: Plugin {
    /// Decides over the rows of a batch; `None` while it cannot.
    fn evaluate(&mut self, lines: &Lines<'_>) -> Option<Verdicts>;
}

//! What the pipeline hands over at a checkpoint: everything that must be of one moment.

use serde::Serialize;

use crate::alert::NewAlert;
use crate::anomaly::AnomalyRow;
use crate::dead::NewDeadLetter;

/// State, counts, anomalies and alerts of one tenant, written in one transaction or not at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checkpoint {
    /// The tenant.
    pub tenant: String,
    /// Event time that is complete.
    pub watermark_ms: u64,
    /// Opaque state of the intake.
    pub intake: Vec<u8>,
    /// All inputs; those of the last checkpoint that are not among them are forgotten.
    pub inputs: Vec<InputRow>,
    /// Keys of sources of which nothing is remembered any more but what was counted and found.
    pub forgotten: Vec<String>,
    /// The sources that changed since the last checkpoint, those that begin anew after they were forgotten among them.
    pub sources: Vec<SourceRow>,
    /// The templates that changed.
    pub templates: Vec<TemplateRow>,
    /// The panes that closed.
    pub panes: Vec<PaneRow>,
    /// The anomalies that changed.
    pub anomalies: Vec<AnomalyRow>,
    /// What people are to be told; an alert whose key is known already is left out.
    pub alerts: Vec<NewAlert>,
    /// What plugins could not bear.
    pub dead_letters: Vec<NewDeadLetter>,
    /// Totals by name.
    pub counters: Vec<(String, u64)>,
}

/// How far an input has been read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputRow {
    /// Its name in the configuration.
    pub name: String,
    /// Bytes handed on so far.
    pub position: u64,
    /// Opaque state: position, identity of a file, what is half assembled.
    pub state: Vec<u8>,
}

/// A source, with everything that a lane and its plugins remember of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceRow {
    /// Key such as `file:nginx`.
    pub source: String,
    /// Number within the tenant.
    pub number: u32,
    /// The way in which its lines are written.
    pub form: String,
    /// Lines so far.
    pub lines: u64,
    /// Event time of the first line.
    pub first_ms: i64,
    /// Event time of the last line.
    pub last_ms: i64,
    /// Templates known.
    pub templates: u32,
    /// Opaque state of the lane; empty for a source that is forgotten.
    pub state: Vec<u8>,
    /// States of plugins; those of the last checkpoint that are not among them are forgotten.
    pub plugins: Vec<PluginStateRow>,
}

/// What one plugin remembers of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PluginStateRow {
    /// Name of the plugin.
    pub plugin: String,
    /// Digest of the component that saved it.
    pub digest: String,
    /// Version of the bytes, as the plugin counts.
    pub version: u32,
    /// The state.
    pub bytes: Vec<u8>,
}

/// A template of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TemplateRow {
    /// Key of the source.
    pub source: String,
    /// Id within the source.
    pub template: u32,
    /// Name of the message in every source: eight hexadecimal digits.
    pub message: String,
    /// The constant shape, variables as `<*>`.
    pub text: String,
    /// Lines so far.
    pub lines: u64,
    /// Event time of the first line.
    pub first_ms: i64,
    /// Event time of the last line.
    pub last_ms: i64,
    /// OpenTelemetry severity number, the highest so far.
    pub severity: u8,
    /// Records since the checkpoint before, newest last; the newest three of all are kept, the beginning of each.
    pub examples: Vec<String>,
}

impl TemplateRow {
    /// Examples of a template that are kept.
    pub(crate) const EXAMPLES_MAX: usize = 3;

    /// Puts examples that were there before in front of its own, and keeps the newest.
    pub fn keep_examples(&mut self, mut before: Vec<String>) {
        before.append(&mut self.examples);
        before.drain(..before.len().saturating_sub(Self::EXAMPLES_MAX));
        self.examples = before;
    }
}

/// Lines of one source in one pane. A pane is given once, when it has closed; given again it replaces what was there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaneRow {
    /// Key of the source, which this or an earlier checkpoint must have told of.
    pub source: String,
    /// First millisecond of the pane.
    pub start_ms: u64,
    /// Lines of the source in it.
    pub lines: u64,
    /// Lines by template, in any order.
    pub counts: Vec<(u32, u32)>,
}

/// What a restarted program needs, apart from the sources.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loaded {
    /// As in the last checkpoint.
    pub watermark_ms: u64,
    /// As in the last checkpoint.
    pub intake: Vec<u8>,
    /// As in the last checkpoint, by name.
    pub inputs: Vec<InputRow>,
    /// Totals by name.
    pub counters: Vec<(String, u64)>,
}

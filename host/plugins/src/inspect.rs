//! What a person may want to know about a plugin.

use bellwether_core::plugin::{Descriptor, LineColumn, PatternKind, Scale, SeriesColumn};
use serde::Serialize;

use crate::admission::Kind;
use crate::limits::Limits;

/// A plugin laid open, in the words of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// What it does.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// Size of the component.
    pub bytes: usize,
    /// Interfaces it imports.
    pub imports: Vec<String>,
    /// Interfaces it exports.
    pub exports: Vec<String>,
    /// Columns of lines it wants.
    pub lines: Vec<String>,
    /// Columns of windows it wants.
    pub series: Vec<&'static str>,
    /// Whether it wants the embedding of a window.
    pub vector: bool,
    /// Size and step of its windows, in milliseconds.
    pub window_ms: Option<(u64, u64)>,
    /// Meaning of its scores.
    pub scale: &'static str,
    /// Patterns it brings along: name, kind, expression.
    pub patterns: Vec<(String, &'static str, String)>,
    /// Names of its reasons.
    pub reasons: Vec<String>,
    /// Names of its tags.
    pub tags: Vec<String>,
    /// Names of its counters.
    pub metrics: Vec<String>,
    /// Version of its saved state, and the oldest it can load.
    pub state_versions: (u32, u32),
    /// JSON Schema of its configuration.
    pub config_schema: String,
    /// Linear memory after the start.
    pub memory_bytes: usize,
    /// Time it took to get its machine code.
    pub compile_ms: u64,
    /// Whether the machine code came from the cache.
    pub cache_hit: bool,
    /// What it may use.
    pub limits: Granted,
}

/// The limits that hold for a plugin, by what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Granted {
    /// Linear memory.
    pub memory_bytes_max: usize,
    /// Fuel of a batch, before rows.
    pub fuel_per_call: u64,
    /// Fuel of a closed window, before rows.
    pub fuel_per_window: u64,
    /// Further fuel for each row.
    pub fuel_per_row: u64,
    /// Saved state of a source.
    pub state_bytes_max: usize,
}

impl Granted {
    /// What a plugin of that kind may use.
    pub(crate) fn of(kind: Kind, limits: &Limits) -> Self {
        Granted {
            memory_bytes_max: limits.memory_bytes_max(kind),
            fuel_per_call: limits.batch_fuel(kind, 0),
            fuel_per_window: limits.window_fuel(0),
            fuel_per_row: limits.batch_fuel(kind, 1) - limits.batch_fuel(kind, 0),
            state_bytes_max: limits.state_bytes_max,
        }
    }
}

impl Inspection {
    /// The part that the plugin tells itself.
    pub(crate) fn of(kind: Kind, descriptor: &Descriptor) -> Self {
        let patterns = descriptor.patterns.iter();
        let pattern_kind = |kind| match kind {
            PatternKind::Literal => "literal",
            PatternKind::LiteralNocase => "literal-nocase",
            PatternKind::Regex => "regex",
        };
        Inspection {
            kind,
            name: descriptor.name.clone(),
            version: descriptor.version.clone(),
            digest: String::new(),
            bytes: 0,
            imports: Vec::new(),
            exports: Vec::new(),
            lines: descriptor.lines.iter().map(line_column).collect(),
            series: descriptor.series.iter().map(|column| series_column(*column)).collect(),
            vector: descriptor.vector,
            window_ms: descriptor.window.map(|span| (span.size_ms, span.step_ms)),
            scale: match descriptor.scale {
                Scale::Size => "size",
                Scale::Bits => "bits",
            },
            patterns: patterns
                .map(|pattern| {
                    (pattern.name.clone(), pattern_kind(pattern.kind), pattern.expr.clone())
                })
                .collect(),
            reasons: descriptor.reasons.clone(),
            tags: descriptor.tags.clone(),
            metrics: descriptor.metrics.clone(),
            state_versions: (descriptor.state_version, descriptor.reads_state_from),
            config_schema: descriptor.config_schema.clone(),
            memory_bytes: 0,
            compile_ms: 0,
            cache_hit: false,
            limits: Granted::default(),
        }
    }
}

fn line_column(column: &LineColumn) -> String {
    let name = match column {
        LineColumn::Position => "position",
        LineColumn::Time => "time",
        LineColumn::Window => "window",
        LineColumn::Severity => "severity",
        LineColumn::Template => "template",
        LineColumn::Message => "message",
        LineColumn::FineTemplate => "fine-template",
        LineColumn::NoveltyKind => "novelty-kind",
        LineColumn::NoveltyBits => "novelty-bits",
        LineColumn::NoveltyWords => "novelty-words",
        LineColumn::Length => "length",
        LineColumn::Entropy => "entropy",
        LineColumn::Text => "text",
        LineColumn::Pattern(name) => return format!("pattern({name})"),
        LineColumn::Key(name) => return format!("key({name})"),
        LineColumn::Number(name) => return format!("number({name})"),
        LineColumn::Field(name) => return format!("field({name})"),
    };
    name.to_owned()
}

fn series_column(column: SeriesColumn) -> &'static str {
    match column {
        SeriesColumn::Template => "template",
        SeriesColumn::Count => "count",
        SeriesColumn::FirstSeen => "first-seen",
        SeriesColumn::Severity => "severity",
        SeriesColumn::Entropy => "entropy",
        SeriesColumn::Repeats => "repeats",
        SeriesColumn::Text => "text",
    }
}

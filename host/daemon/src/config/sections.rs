//! The sections of the configuration that hold only numbers.

use super::table::Table;

/// Spans of event time in which lines are counted; each setting is described in `read`.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowConfig {
    /// Length of a window, a whole number of panes.
    pub size_s: u64,
    /// Length of a pane.
    pub pane_s: u64,
    /// How long a window stays open for late lines.
    pub lateness_s: u64,
    /// How far ahead of event time a stamp may be.
    pub future_max_s: u64,
}

impl WindowConfig {
    pub(super) fn read(table: &mut Table<'_>) -> WindowConfig {
        let windows = WindowConfig {
            size_s: table.integer(
                "size_s",
                60,
                10..=3600,
                "Length of a window in seconds, a whole number of panes.",
            ),
            pane_s: table.integer(
                "pane_s",
                10,
                1..=600,
                "Length of a pane in seconds, the smallest span of counts.",
            ),
            lateness_s: table.integer(
                "lateness_s",
                10,
                0..=3600,
                "Seconds of event time that a window stays open for late lines.",
            ),
            future_max_s: table.integer(
                "future_max_s",
                86_400,
                0..=31_536_000,
                "Seconds that a stamp may be ahead of event time; lines beyond are quarantined and counted.",
            ),
        };
        let WindowConfig { size_s, pane_s, .. } = windows;
        if table.is_sound() && size_s % pane_s != 0 {
            let fitting = size_s.div_ceil(pane_s) * pane_s;
            let message = format!(
                "expected whole panes of {pane_s} s, found {size_s} s; write e.g. size_s: {fitting}"
            );
            table.complain(&["size_s", "pane_s"], &message);
        }
        windows
    }
}

/// Limits of what comes in; each setting is described in `read`.
#[derive(Debug, Clone, PartialEq)]
pub struct IntakeConfig {
    /// Longest line.
    pub line_bytes_max: usize,
    /// Longest record.
    pub record_bytes_max: usize,
    /// Most lines of a record.
    pub record_lines_max: u32,
    /// Most rows of a batch.
    pub batch_rows: usize,
    /// Most sources.
    pub sources_max: usize,
    /// Lines a second assumed of a log without stamps.
    pub rate_per_s: f64,
}

impl IntakeConfig {
    pub(super) fn read(table: &mut Table<'_>) -> IntakeConfig {
        IntakeConfig {
            line_bytes_max: table.integer(
                "line_bytes_max",
                1 << 20,
                1024..=64 << 20,
                "Longest line in bytes; the rest of a longer one is cut off and counted.",
            ),
            record_bytes_max: table.integer(
                "record_bytes_max",
                256 << 10,
                1024..=16 << 20,
                "Longest record in bytes, all lines of a stack trace together.",
            ),
            record_lines_max: table.integer(
                "record_lines_max",
                1000,
                1..=100_000,
                "Most lines of a record.",
            ),
            batch_rows: table.integer(
                "batch_rows",
                1024,
                1..=65_536,
                "Most records that are handled together; results do not depend on it.",
            ),
            sources_max: table.integer(
                "sources_max",
                10_000,
                1..=1_000_000,
                "Most sources of a tenant; records of further ones are refused and counted.",
            ),
            rate_per_s: table.number(
                "rate_per_s",
                100.0,
                0.001..=1_000_000.0,
                "Lines a second that a log without time stamps is taken to have.",
            ),
        }
    }
}

/// Limits of mining templates; each setting is described in `read`.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateConfig {
    /// Most templates of a source.
    pub per_source_max: usize,
}

impl TemplateConfig {
    pub(super) fn read(table: &mut Table<'_>) -> TemplateConfig {
        TemplateConfig {
            per_source_max: table.integer(
                "per_source_max",
                4096,
                16..=65_536,
                "Most templates of a source; the least used one makes room.",
            ),
        }
    }
}

/// What becomes of findings; each setting is described in `read`.
#[derive(Debug, Clone, PartialEq)]
pub struct AnomalyConfig {
    /// Windows in which nothing of an anomaly comes, after which it is resolved.
    pub quiet_windows: u32,
    /// Most example lines of an anomaly.
    pub examples_max: usize,
    /// Most findings of a window.
    pub findings_per_window_max: usize,
    /// Most anomalies open at a time.
    pub open_max: usize,
}

impl AnomalyConfig {
    pub(super) fn read(table: &mut Table<'_>) -> AnomalyConfig {
        AnomalyConfig {
            quiet_windows: table.integer(
                "quiet_windows",
                10,
                1..=1000,
                "Windows in which nothing of an anomaly comes, after which it is resolved.",
            ),
            examples_max: table.integer(
                "examples_max",
                3,
                0..=100,
                "Most example lines kept for an anomaly.",
            ),
            findings_per_window_max: table.integer(
                "findings_per_window_max",
                16,
                1..=1000,
                "Most findings of a source in a window that explain it; the highest are kept.",
            ),
            open_max: table.integer(
                "open_max",
                50,
                1..=10_000,
                "Most anomalies of a source that are open at a time; the one longest without a finding is resolved.",
            ),
        }
    }
}

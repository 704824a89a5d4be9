//! What a lane says about a closed window.

use crate::calibrate::Side;
use crate::plugin::Explanation;
use serde::{Deserialize, Serialize};

/// One closed window of one source in which something was surprising, or still is.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Number of the source.
    pub source: u32,
    /// First millisecond of the window.
    pub start_ms: u64,
    /// First millisecond after it.
    pub end_ms: u64,
    /// How odd the window is, in bits.
    pub state_bits: f32,
    /// How much of that is news: an alarm where it reaches the threshold.
    pub news_bits: f32,
    /// The most surprising first; none where only what was news before recurs.
    pub findings: Vec<Finding>,
    /// What recurs.
    pub recurrence: Recurrence,
}

/// Messages that come again within a day after they came up as an alarm: what they tell of goes on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recurrence {
    /// Their names across sources.
    pub messages: Vec<u32>,
    /// What the most surprising of them was worth when it came up.
    pub bits: f32,
}

/// A row whose surprise is high enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Name of the detector.
    pub detector: String,
    /// Which way it points.
    pub side: Side,
    /// Bits of surprise, after the detector's offset.
    pub bits: f32,
    /// The detector's reason.
    pub reason: String,
    /// What it is about; `None` for the source as a whole.
    pub subject: Option<Subject>,
    /// Lines per minute before.
    pub before_per_minute: f32,
    /// Lines per minute in the window.
    pub now_per_minute: f32,
    /// Where the record stands in its input.
    pub position: Option<u64>,
    /// What that record says, without stamp, host and the like in front of it.
    pub said: Option<String>,
    /// In the plugin's words.
    pub explanation: Option<Explanation>,
}

/// The message a finding is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// Name of the message across sources.
    pub message: u32,
    /// Its template, variables as `<*>`.
    pub template: String,
    /// OpenTelemetry severity number.
    pub severity: u8,
    /// The library pattern it matched.
    pub pattern: Option<String>,
    /// Example records, newest first.
    pub examples: Vec<String>,
}

/// What a window of a source was worth, for whoever measures a run instead of watching it.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowScore {
    /// Key of the source.
    pub source: String,
    /// First millisecond of the window.
    pub start_ms: u64,
    /// How much of it is news, in bits.
    pub news_bits: f32,
    /// The same, or what was news within a day and recurs, whichever is more.
    pub state_bits: f32,
    /// The detector that found it most surprising.
    pub detector: String,
    /// What it found, as a person would read it.
    pub sentence: String,
}

//! The figures of a backtest, as `--format json` prints them. Fields are only ever added.

use serde::Serialize;
use std::collections::BTreeMap;

/// Faults and how many of them were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    pub(crate) faults: usize,
    pub(crate) found: usize,
}

/// What a threshold finds, by type and by level.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct AtThreshold {
    pub(crate) found: usize,
    pub(crate) false_alarms: usize,
    /// `None` where no threshold keeps the budget: then nothing may alarm.
    pub(crate) threshold_bits: Option<f32>,
    pub(crate) by_type: BTreeMap<String, Tally>,
    pub(crate) by_level: BTreeMap<u8, Tally>,
    /// Of the faults that change ten lines and more.
    pub(crate) changed_10: Tally,
    pub(crate) delay_median_s: Option<f64>,
    pub(crate) delay_p90_s: Option<f64>,
}

/// What became of one fault.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct FaultScore {
    pub(crate) id: u64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) level: Option<u8>,
    /// Seconds since 1970.
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) lines_changed: Option<u64>,
    pub(crate) detail: String,
    pub(crate) found: bool,
    /// From its start to the end of the first alarming window.
    pub(crate) delay_s: Option<f64>,
    /// The highest of its windows; 0 where all are below what is reported.
    pub(crate) bits: f32,
    /// Whose window that is, and what it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detector: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sentence: Option<String>,
}

/// An alarm about nothing known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct FalseAlarm {
    /// Start of its window, in seconds since 1970.
    pub(crate) start: i64,
    pub(crate) bits: f32,
    pub(crate) source: String,
    pub(crate) detector: String,
    pub(crate) sentence: String,
}

/// Windows as such, for comparison with figures that count them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct WindowTally {
    /// Windows in which something is wrong.
    pub(crate) wrong: usize,
    pub(crate) alarms: usize,
    /// Windows that are both.
    pub(crate) both: usize,
    pub(crate) f1: f64,
    /// Windows that belong to an anomaly: an alarm, or a message recurs that was one within a day.
    pub(crate) open: usize,
    /// Of them those in which something is wrong.
    pub(crate) open_both: usize,
    pub(crate) open_f1: f64,
}

/// The figures of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Score {
    pub(crate) faults: usize,
    pub(crate) found: usize,
    pub(crate) false_alarms: usize,
    pub(crate) false_alarms_per_day: f64,
    pub(crate) days: f64,
    pub(crate) delay_median_s: Option<f64>,
    pub(crate) delay_p90_s: Option<f64>,
    pub(crate) by_type: BTreeMap<String, Tally>,
    pub(crate) by_level: BTreeMap<u8, Tally>,
    pub(crate) changed_10: Tally,
    pub(crate) at_budget: BTreeMap<u32, AtThreshold>,
    pub(crate) threshold_bits: f32,
    /// Windows below so many bits are not looked at by `at_budget`.
    pub(crate) scores_from_bits: f32,
    pub(crate) window_s: f64,
    /// Seconds since 1970: first line, end of training, last line.
    pub(crate) log_start: i64,
    pub(crate) training_end: i64,
    pub(crate) log_end: i64,
    pub(crate) training_rule: String,
    /// Faults that begin in training and are not judged.
    pub(crate) faults_in_training: usize,
    /// Faults of a time that the log does not cover.
    pub(crate) faults_outside: usize,
    pub(crate) windows: WindowTally,
    pub(crate) faults_detail: Vec<FaultScore>,
    pub(crate) false_alarms_detail: Vec<FalseAlarm>,
}

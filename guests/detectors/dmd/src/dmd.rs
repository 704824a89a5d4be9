//! Dynamic mode decomposition of what a source says, window by window.
//!
//! The host makes a vector of each window: its templates, each with the logarithm of its lines. From how the last windows
//! followed one another the next is predicted (`prediction`), and the score is how far it is from that, in robust
//! standard deviations of the distances so far (`normal`). The window is predicted before it is learnt.
//!
//! A window that cannot be trusted, because it is empty or far off, is bridged: its prediction is learnt instead. After
//! some in a row windows are learnt as they are, so that a new regime is accepted.
//!
//! Eigenvalues (`spectrum`) only explain: the rhythm that the source had.

use super::history::History;
use super::normal::Normal;
use super::prediction::{likeness, predict};
use super::spectrum::{eigenvalues, rhythm};
use bellwether_sdk::{
    Descriptor, Detector, Explanation, Lines, Scorer, SeriesColumn, Span, Window, descriptor,
    evidence,
};
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const TEMPLATE: usize = 0;
const COUNT: usize = 1;
const TEXT: usize = 2;
const REASONS: [&str; 1] = ["unexpected"];
/// Below this the host has no use for an explanation.
const EXPLAINED_Z: f32 = 4.0;
/// States from which a rhythm is taken, and how many directions of them.
const RHYTHM_STATES: usize = 40;
const RHYTHM_RANK: usize = 8;
/// Messages whose usual lines are known, and how many an explanation names.
const MESSAGES_MAX: usize = 1024;
const NAMED_MAX: usize = 3;
/// Windows that usual lines are a mean of.
const USUAL_WINDOWS: f32 = 30.0;
/// Bytes of a template that an explanation quotes.
const NAME_BYTES_MAX: usize = 80;

/// What the user may set.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Windows that a prediction is made of.
    windows: usize,
    /// Windows of a state.
    delay: usize,
    /// What keeps the map from following noise, as a share of the mean strength of a state.
    ridge: f64,
    /// Predictions that must have been held against their windows before one is judged.
    warm_up_windows: usize,
    /// A window further off is bridged.
    bridge_z: f32,
    /// Windows in a row that are bridged.
    bridge_windows: u32,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            windows: 120,
            delay: 5,
            ridge: 0.01,
            warm_up_windows: 30,
            bridge_z: 6.0,
            bridge_windows: 5,
        }
    }
}

/// What is remembered of one source.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    history: History,
    distances: Normal,
    bridged: u32,
    /// Mean logarithm of a message's lines.
    usual: BTreeMap<u32, f32>,
}

/// A window that is not what was expected.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    z: f32,
    distance: f32,
    usual_distance: f32,
    /// How alike the last states before it are.
    states: Option<DMatrix<f64>>,
    /// Messages whose lines differ most from what is usual.
    messages: Vec<String>,
}

/// The detector.
#[derive(Debug)]
pub(crate) struct Dmd {
    config: Config,
}

impl Detector for Dmd {
    type Config = Config;
    type State = State;
    type Note = Note;

    fn describe(&self) -> Descriptor {
        Descriptor {
            series: vec![SeriesColumn::Template, SeriesColumn::Count, SeriesColumn::Text],
            vector: true,
            window: Some(Span { size_ms: 60_000, step_ms: 60_000 }),
            reasons: REASONS.map(String::from).to_vec(),
            config_schema: include_str!("config.schema.json").into(),
            ..descriptor("dmd", env!("CARGO_PKG_VERSION"))
        }
    }

    fn new(config: Config) -> Result<Self, String> {
        let Config { windows, delay, ridge, bridge_z, .. } = config;
        if !(16..=240).contains(&windows) || !(1..=16).contains(&delay) {
            return Err("windows must be from 16 to 240 and delay from 1 to 16".into());
        }
        if windows < delay + 3 {
            return Err("windows must be more than delay by at least 3".into());
        }
        if !(ridge > 0.0 && bridge_z > 0.0) {
            return Err("ridge and bridge_z must be above 0".into());
        }
        Ok(Dmd { config })
    }

    fn close_window(&self, state: &mut State, window: &Window<'_>, scores: &mut Scorer<'_, Note>) {
        let vector = window.vector;
        let known = state.history.dimensions();
        if !vector.is_empty() && known.is_some_and(|known| known != vector.len()) {
            state.history.clear();
            state.distances.clear();
        }
        state.history.recall();
        if vector.is_empty() || vector.iter().any(|value| !value.is_finite()) {
            if state.bridged < self.config.bridge_windows {
                let predicted = self.predict(state);
                self.bridge(state, predicted.as_deref());
            }
        } else if let Some((z, note)) = self.judge(state, vector, window.series()) {
            scores.whole(z.max(0.0), 0, note);
        }
        state.learn_usual(window.series());
    }

    fn explain(&self, note: &Note) -> Explanation {
        let first = note.messages.first();
        let summary = match first {
            Some(message) => format!("not what the minutes before lead to expect: {message}"),
            None => "not what the minutes before lead to expect".into(),
        };
        let mut facts = vec![
            evidence("distance from the prediction", format!("{:.3}", note.distance)),
            evidence("usual distance", format!("{:.3}", note.usual_distance)),
            evidence("z-score", format!("{:.1}", note.z)),
        ];
        let values = note.states.as_ref().and_then(|states| eigenvalues(states, RHYTHM_RANK));
        if let Some((period, kept)) = values.as_deref().and_then(rhythm) {
            facts.push(evidence("rhythm before, in windows", format!("{period:.1}")));
            facts.push(evidence("of it left after each window", format!("{kept:.3}")));
        }
        facts.extend(note.messages.iter().map(|message| evidence("message", message)));
        Explanation { summary, evidence: facts }
    }
}

impl Dmd {
    fn predict(&self, state: &State) -> Option<Vec<f32>> {
        predict(&state.history, self.config.delay, self.config.ridge)
    }

    /// Holds a window against its prediction and learns it; a score and what explains it once there is enough past.
    fn judge(&self, state: &mut State, vector: &[f32], series: &Lines<'_>) -> Option<(f32, Note)> {
        let Some(predicted) = self.predict(state) else {
            state.history.push(vector, self.config.windows);
            return None;
        };
        let distance = length(vector.iter().zip(&predicted).map(|(value, other)| value - other));
        let whole = length(vector.iter().copied()).max(length(predicted.iter().copied()));
        let z = state.distances.z(distance, whole);
        let judged = state.distances.len() >= self.config.warm_up_windows;
        let note = judged.then(|| state.note(z, distance, self.config.delay, series));
        if judged && z >= self.config.bridge_z && self.bridge(state, Some(&predicted)) {
            return note.map(|note| (z, note));
        }
        if z < self.config.bridge_z {
            state.bridged = 0;
        }
        state.distances.push(distance, self.config.windows);
        state.history.push(vector, self.config.windows);
        note.map(|note| (z, note))
    }

    /// Learns the prediction in place of a window that cannot be trusted; whether that is still allowed.
    fn bridge(&self, state: &mut State, predicted: Option<&[f32]>) -> bool {
        let Some(predicted) = predicted else { return false };
        if state.bridged >= self.config.bridge_windows {
            return false;
        }
        state.bridged += 1;
        state.history.push(predicted, self.config.windows);
        true
    }
}

impl State {
    fn note(&self, z: f32, distance: f32, delay: usize, series: &Lines<'_>) -> Note {
        let explained = z >= EXPLAINED_Z;
        Note {
            z,
            distance,
            usual_distance: self.distances.median(),
            states: explained.then(|| self.last_states(delay)),
            messages: if explained { self.unusual(series) } else { Vec::new() },
        }
    }

    fn last_states(&self, delay: usize) -> DMatrix<f64> {
        let states = (self.history.len() + 1).saturating_sub(delay);
        let first = states.saturating_sub(RHYTHM_STATES);
        DMatrix::from_fn(states - first, states - first, |row, column| {
            likeness(&self.history, delay, first + row, first + column)
        })
    }

    /// The messages whose lines differ most from what is usual, in words.
    fn unusual(&self, series: &Lines<'_>) -> Vec<String> {
        let rows = series.u32s(TEMPLATE).iter().zip(series.u32s(COUNT)).enumerate();
        let mut changes: Vec<(f32, usize, u32, f32)> = rows
            .map(|(row, (template, count))| {
                let usual = self.usual.get(template).copied().unwrap_or(0.0);
                (((*count as f32).ln_1p() - usual).abs(), row, *count, usual.exp_m1())
            })
            .collect();
        changes.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        changes.truncate(NAMED_MAX);
        let tell = |(_, row, count, usual): (f32, usize, u32, f32)| {
            let text = String::from_utf8_lossy(series.text(TEXT, row)).into_owned();
            format!("`{}` {count} lines where {usual:.1} are usual", shorten(&text))
        };
        changes.into_iter().map(tell).collect()
    }

    fn learn_usual(&mut self, series: &Lines<'_>) {
        let templates = series.u32s(TEMPLATE);
        self.usual.retain(|template, _| templates.binary_search(template).is_ok());
        for (template, count) in templates.iter().zip(series.u32s(COUNT)) {
            let now = (*count as f32).ln_1p();
            if let Some(usual) = self.usual.get_mut(template) {
                *usual += (now - *usual) / USUAL_WINDOWS;
            } else if self.usual.len() < MESSAGES_MAX {
                self.usual.insert(*template, now / USUAL_WINDOWS);
            }
        }
    }
}

fn length(values: impl Iterator<Item = f32>) -> f32 {
    values.map(|value| value * value).sum::<f32>().sqrt()
}

fn shorten(text: &str) -> &str {
    let end = (0..=NAME_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests;

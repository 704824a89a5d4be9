//! Linear relations among the counts of messages: what is received is stored, what begins ends, a summary counts its parts.
//!
//! Two models of the same thing look at the counts of the most active templates. `dense` expects each count from all
//! others at once, which is best where relations are many; `sparse` from at most three, which follows where relations
//! drift. A count scores as far as both agree: the smaller of their deviations, on the side that both see. One that has no
//! sparse relation does not speak.
//!
//! A deviation in standard deviations is not enough: below `lines_min` lines a tiny error in an exact relation would be
//! news.

use super::dense::{Dense, Deviation};
use super::moment::{Counts, Moment};
use super::sparse::Sparse;
use bellwether_sdk::{
    Descriptor, Detector, Explanation, Lines, Scorer, SeriesColumn, Span, Window, descriptor,
    evidence,
};
use serde::{Deserialize, Serialize};

const TEMPLATE: usize = 0;
const COUNT: usize = 1;
const TEXT: usize = 2;
const REASONS: [&str; 2] = ["more than others lead to expect", "fewer than others lead to expect"];
/// Below this the host has no use for an explanation.
const EXPLAINED_Z: f32 = 4.0;
/// Windows before relations are looked for, and between two fits of each model.
const DENSE_FROM: u32 = 60;
const DENSE_EVERY: u32 = 20;
const SPARSE_FROM: u32 = 90;
const SPARSE_EVERY: u32 = 30;
/// Active windows from which a template is related to others, and from which others are related to it.
const ACTIVE_MIN: f64 = 20.0;
const OTHER_ACTIVE_MIN: f64 = 10.0;
/// A window further off is learnt as if it were no further.
const LEARNT_Z_MAX: f64 = 6.0;
/// Bytes of a template that an explanation quotes.
const NAME_BYTES_MAX: usize = 80;

/// What the user may set.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Templates that are related to one another: the most active.
    templates_max: usize,
    /// Windows over which relations are forgotten.
    memory_windows: f64,
    /// What keeps relations from following noise.
    ridge: f64,
    /// Least deviation that may speak, in lines.
    lines_min: f64,
    /// Least deviation that may speak, in standard deviations.
    z_min: f64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            templates_max: 40,
            memory_windows: 2000.0,
            ridge: 0.003,
            lines_min: 1.5,
            z_min: 2.5,
        }
    }
}

/// What is remembered of one source.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    windows: u32,
    moment: Moment,
    dense: Dense,
    /// By place, the constant's included.
    sparse: Vec<Option<Sparse>>,
}

/// A count that the others do not explain.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    z: f32,
    count: f64,
    /// By the dense and by the sparse model.
    expected: [f64; 2],
    others: Vec<String>,
}

/// The detector.
#[derive(Debug)]
pub(crate) struct Invariants {
    config: Config,
}

impl Detector for Invariants {
    type Config = Config;
    type State = State;
    type Note = Note;

    fn describe(&self) -> Descriptor {
        Descriptor {
            series: vec![SeriesColumn::Template, SeriesColumn::Count, SeriesColumn::Text],
            window: Some(Span { size_ms: 60_000, step_ms: 60_000 }),
            reasons: REASONS.map(String::from).to_vec(),
            config_schema: include_str!("config.schema.json").into(),
            ..descriptor("invariants", env!("CARGO_PKG_VERSION"))
        }
    }

    fn new(config: Config) -> Result<Self, String> {
        let Config { templates_max, memory_windows, ridge, .. } = config;
        if !(2..=60).contains(&templates_max) {
            return Err("templates_max must be from 2 to 60".into());
        }
        if !(memory_windows >= 100.0 && ridge > 0.0) {
            return Err("memory_windows must be at least 100 and ridge above 0".into());
        }
        Ok(Invariants { config })
    }

    fn close_window(&self, state: &mut State, window: &Window<'_>, scores: &mut Scorer<'_, Note>) {
        let series = window.series();
        let (templates, counts) = (series.u32s(TEMPLATE), series.u32s(COUNT));
        let kept = 1.0 - 1.0 / self.config.memory_windows;
        state.fit(self.config.ridge);
        let present = templates.iter().zip(counts).filter(|(_, count)| **count > 0);
        state.moment.meet(present.map(|(template, _)| *template), self.config.templates_max, kept);
        let of = state.moment.counts(window.lines, |template| {
            templates.binary_search(&template).map_or(0, |row| counts[row])
        });
        let dense = state.dense_deviations(&of);
        let sparse = state.sparse_deviations(&of, kept);
        let furthest =
            dense.iter().flatten().map(|deviation| deviation.z.abs()).fold(0.0, f64::max);
        state.moment.learn(&of, (LEARNT_Z_MAX / furthest).min(1.0), kept);
        state.windows = state.windows.saturating_add(1);
        for (row, template) in templates.iter().enumerate() {
            let place = state.moment.templates().position(|followed| followed == *template);
            let place = place.map(|place| place + 1);
            let both = place.and_then(|place| Some((place, dense[place]?, sparse[place]?)));
            let Some((place, dense, sparse)) = both else {
                scores.push(f32::NAN);
                continue;
            };
            let z = agree(dense.z, sparse.z) as f32;
            scores.push(z);
            let lines = dense.lines.abs().min(sparse.lines.abs());
            if lines < self.config.lines_min || f64::from(z.abs()) < self.config.z_min {
                scores.quiet(row);
            } else if z.abs() >= EXPLAINED_Z {
                let count = of.values[place];
                let expected = [count - dense.lines, count - sparse.lines];
                let others = state.others(place, series);
                scores.reason(row, u32::from(z < 0.0), Note { z, count, expected, others });
            }
        }
    }

    fn explain(&self, note: &Note) -> Explanation {
        let expected = ((note.expected[0] + note.expected[1]) / 2.0).max(0.0);
        let others = note.others.join(", ");
        let mut evidence = vec![
            evidence("lines", note.count),
            evidence("expected lines", format!("{expected:.1}")),
            evidence("z-score", format!("{:.1}", note.z)),
        ];
        evidence.extend(note.others.iter().map(|other| ("other message".into(), other.clone())));
        Explanation {
            summary: format!(
                "{} lines, where {expected:.1} belong to those of {others}",
                note.count
            ),
            evidence,
        }
    }
}

/// The smaller of two deviations on the same side; 0 where they contradict one another.
fn agree(left: f64, right: f64) -> f64 {
    if left * right <= 0.0 { 0.0 } else { left.abs().min(right.abs()).copysign(left) }
}

impl State {
    /// Fits the models where it is time to.
    fn fit(&mut self, ridge: f64) {
        let due =
            |from: u32, every: u32| self.windows >= from && self.windows.is_multiple_of(every);
        let (dense, sparse) = (due(DENSE_FROM, DENSE_EVERY), due(SPARSE_FROM, SPARSE_EVERY));
        if dense {
            for place in self.moment.renew() {
                for known in &mut self.sparse {
                    known.take_if(|known| known.has(place));
                }
            }
            self.dense = Dense::fit(&self.moment, ridge, ACTIVE_MIN);
        }
        if sparse {
            let active = |least: f64| {
                let places = 1..self.moment.len();
                places.filter(|place| self.moment.active(*place) >= least).collect::<Vec<_>>()
            };
            let (owns, among) = (active(ACTIVE_MIN), active(OTHER_ACTIVE_MIN));
            self.sparse.resize(self.moment.len(), None);
            for place in 1..self.moment.len() {
                let known = self.sparse[place].take();
                if owns.contains(&place) {
                    self.sparse[place] = Sparse::renew(known, &self.moment, place, &among);
                }
            }
        }
    }

    fn dense_deviations(&self, counts: &Counts) -> Vec<Option<Deviation>> {
        let mut deviations = vec![None; counts.values.len()];
        for (place, deviation) in self.dense.deviations(counts) {
            deviations[place] = Some(deviation);
        }
        deviations
    }

    fn sparse_deviations(&mut self, counts: &Counts, kept: f64) -> Vec<Option<Deviation>> {
        let known = self.sparse.iter_mut();
        let judged = known.map(|known| known.as_mut().map(|known| known.judge(counts, kept)));
        let mut deviations: Vec<_> = judged.collect();
        deviations.resize(counts.values.len(), None);
        deviations
    }

    /// The messages that a template is related to, as they are quoted.
    fn others(&self, place: usize, series: &Lines<'_>) -> Vec<String> {
        let known = self.sparse.get(place).and_then(Option::as_ref);
        let places = known.map(Sparse::others).unwrap_or_default();
        let templates: Vec<u32> = self.moment.templates().collect();
        let quote = |place: &usize| {
            let row = series.u32s(TEMPLATE).binary_search(&templates[place - 1]).ok()?;
            Some(format!("`{}`", shorten(&String::from_utf8_lossy(series.text(TEXT, row)))))
        };
        places.iter().filter_map(quote).collect()
    }
}

fn shorten(text: &str) -> &str {
    let end = (0..=NAME_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests;

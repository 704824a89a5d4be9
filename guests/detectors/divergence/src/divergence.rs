//! The shares of a source's messages in the last minutes, held against the hour before.
//!
//! The score is the log-likelihood ratio of both spans, `G = 2 sum O ln(O / E)`, as a normal deviation: a divergence that
//! so few lines explain by chance is no news. `measure` has the formulas and their sources. A significant divergence may
//! still be too small to matter, so the one of Jensen and Shannon, less its expectation by chance, must reach
//! `divergence_min` bits as well. What the source usually does beyond chance the host learns from the scores.
//!
//! Which messages are new, gone, up or down is told with their shares, those first that add most to the divergence.

use super::measure::{Comparison, Pair, compare, jensen_shannon, share};
use super::past::{Past, Spans};
use bellwether_sdk::{
    Descriptor, Detector, Explanation, Lines, Scorer, SeriesColumn, Span, Window, descriptor,
    evidence,
};
use serde::Deserialize;

const TEMPLATE: usize = 0;
const COUNT: usize = 1;
const TEXT: usize = 2;
const REASONS: [&str; 1] = ["shares shifted"];
/// Messages that an explanation names.
const NAMED_MAX: usize = 6;
/// Bytes of a template that an explanation quotes.
const NAME_BYTES_MAX: usize = 80;
/// A span of fewer lines is not judged: its shares say nothing.
const LINES_MIN: u64 = 20;

/// What the user may set.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Windows that are judged together.
    current_windows: usize,
    /// Windows before them that they are held against.
    baseline_windows: usize,
    /// Least divergence of Jensen and Shannon that may speak, in bits.
    divergence_min: f64,
    /// Least deviation that may speak, in standard deviations.
    z_min: f64,
    /// Templates told apart in a window; the rarest beyond share a place.
    templates_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            current_windows: 5,
            baseline_windows: 60,
            divergence_min: 0.05,
            z_min: 3.0,
            templates_max: 512,
        }
    }
}

/// A comparison, and the messages that explain it best.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    compared: Comparison,
    named: Vec<Named>,
}

/// A message with its lines in both spans.
#[derive(Debug, Clone)]
struct Named {
    template: String,
    pair: Pair,
}

/// The detector.
#[derive(Debug)]
pub(crate) struct Divergence {
    config: Config,
    spans: Spans,
}

impl Detector for Divergence {
    type Config = Config;
    type State = Past;
    type Note = Note;

    fn describe(&self) -> Descriptor {
        Descriptor {
            series: vec![SeriesColumn::Template, SeriesColumn::Count, SeriesColumn::Text],
            window: Some(Span { size_ms: 60_000, step_ms: 60_000 }),
            reasons: REASONS.map(String::from).to_vec(),
            config_schema: include_str!("config.schema.json").into(),
            ..descriptor("divergence", env!("CARGO_PKG_VERSION"))
        }
    }

    fn new(config: Config) -> Result<Self, String> {
        let Config { current_windows, baseline_windows, templates_max, .. } = config;
        if !(1..=1440).contains(&current_windows) || !(1..=1440).contains(&baseline_windows) {
            return Err("current_windows and baseline_windows must be from 1 to 1440".into());
        }
        if templates_max == 0 {
            return Err("templates_max must be at least 1".into());
        }
        Ok(Divergence { config, spans: Spans { current_windows, baseline_windows, templates_max } })
    }

    fn close_window(&self, past: &mut Past, window: &Window<'_>, scores: &mut Scorer<'_, Note>) {
        let series = window.series();
        let counts = series.u32s(TEMPLATE).iter().zip(series.u32s(COUNT));
        past.push(self.spans, counts.map(|(template, count)| (*template, *count)));
        if past.baseline_windows(self.spans) < self.spans.baseline_windows {
            return;
        }
        let (templates, pairs) = past.pairs();
        let Some(compared) = compare(&pairs) else { return };
        let Pair { current, baseline } = compared.lines;
        if current < LINES_MIN || baseline < LINES_MIN {
            return;
        }
        let large = compared.z >= self.config.z_min
            && compared.jensen_shannon >= self.config.divergence_min;
        if large {
            let named = name(&templates, &pairs, series);
            scores.whole(compared.z as f32, 0, Note { compared, named });
        }
    }

    fn explain(&self, note: &Note) -> Explanation {
        let Comparison { lines, kullback_leibler, jensen_shannon, g, z } = note.compared;
        let told: Vec<String> = note.named.iter().map(|named| named.tell(lines)).collect();
        let mut facts = vec![
            evidence("Jensen-Shannon divergence", format!("{jensen_shannon:.3}")),
            evidence("Kullback-Leibler divergence", format!("{kullback_leibler:.3}")),
            evidence("G statistic", format!("{g:.1}")),
            evidence("z-score", format!("{z:.1}")),
            evidence("lines", lines.current),
            evidence("lines before", lines.baseline),
        ];
        facts.extend(told.iter().map(|told| evidence("message", told)));
        let first = told.first().map_or("", String::as_str);
        Explanation { summary: format!("messages changed their shares: {first}"), evidence: facts }
    }
}

/// The messages that add most to the divergence.
fn name(templates: &[u32], pairs: &[Pair], series: &Lines<'_>) -> Vec<Named> {
    let lines = super::measure::total(pairs);
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    let adds = |place: &usize| jensen_shannon(pairs[*place], lines);
    order.sort_by(|left, right| adds(right).total_cmp(&adds(left)).then(left.cmp(right)));
    let rows = series.u32s(TEMPLATE);
    let named = order.into_iter().take(NAMED_MAX).map(|place| {
        let row = rows.binary_search(&templates[place]);
        let template = row.map_or_else(
            |_| "other messages".into(),
            |row| format!("`{}`", shorten(&String::from_utf8_lossy(series.text(TEXT, row)))),
        );
        Named { template, pair: pairs[place] }
    });
    named.collect()
}

fn shorten(text: &str) -> String {
    if text.len() <= NAME_BYTES_MAX {
        return text.into();
    }
    let end = (0..=NAME_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{} …", &text[..end])
}

impl Named {
    fn tell(&self, lines: Pair) -> String {
        let (now, before) =
            (share(self.pair.current, lines.current), share(self.pair.baseline, lines.baseline));
        let what = match self.pair {
            Pair { baseline: 0, .. } => "new",
            Pair { current: 0, .. } => "gone",
            _ if now > before => "up",
            _ => "down",
        };
        format!("{what} {} from {:.1} to {:.1} %", self.template, 100.0 * before, 100.0 * now)
    }
}

#[cfg(test)]
mod tests;

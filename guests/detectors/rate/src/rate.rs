//! Counts per template and window against a robust baseline, on both sides.
//!
//! A count `c` is looked at as `2 sqrt(c + 3/8)` (Anscombe 1948), which gives Poisson counts a standard deviation of 1
//! whatever their rate. Mean and variance of that value are followed with clipped steps, so that a burst does not teach
//! the baseline to expect bursts. The score is the z-score; a template that stopped is compared with what all its silent
//! windows together should have held, so that silence of a sparse one grows into news instead of being none for ever.
//! A deviation must also be large in lines and as a ratio before it may speak.

use bellwether_sdk::{
    Descriptor, Detector, Explanation, Scorer, SeriesColumn, Span, Window, descriptor, evidence,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const TEMPLATE: usize = 0;
const COUNT: usize = 1;
const REASONS: [&str; 3] = ["rose", "fell", "stopped"];
/// Below this the host has no use for an explanation.
const EXPLAINED_Z: f32 = 4.0;
/// Silence longer than this adds nothing.
const SILENT_WINDOWS_MAX: u32 = 60;

/// What the user may set.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Windows a template must have been known, and a third of it active, before it is judged.
    warm_up_windows: u32,
    /// Windows over which the baseline forgets.
    memory_windows: f32,
    /// Least difference from the expected count, in lines.
    lines_min: f32,
    /// Least ratio between count and expectation, either way.
    ratio_min: f32,
}

impl Default for Config {
    fn default() -> Self {
        Config { warm_up_windows: 30, memory_windows: 60.0, lines_min: 5.0, ratio_min: 1.5 }
    }
}

/// The baseline of one template, or of the source as a whole.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct Baseline {
    windows: u32,
    active: u32,
    silent: u32,
    mean: f32,
    variance: f32,
}

/// The baselines of one source.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    whole: Baseline,
    templates: BTreeMap<u32, Baseline>,
}

/// One count against its baseline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged {
    z: f32,
    count: u32,
    expected: f32,
    silent: u32,
}

/// The detector.
#[derive(Debug)]
pub(crate) struct Rate {
    config: Config,
}

impl Detector for Rate {
    type Config = Config;
    type State = State;
    type Note = Judged;

    fn describe(&self) -> Descriptor {
        Descriptor {
            series: vec![SeriesColumn::Template, SeriesColumn::Count],
            window: Some(Span { size_ms: 60_000, step_ms: 60_000 }),
            reasons: REASONS.map(String::from).to_vec(),
            config_schema: include_str!("config.schema.json").into(),
            ..descriptor("rate", env!("CARGO_PKG_VERSION"))
        }
    }

    fn new(config: Config) -> Result<Self, String> {
        if config.memory_windows < 2.0 || config.ratio_min < 1.0 || config.lines_min < 0.0 {
            return Err("memory_windows must be at least 2, ratio_min 1 and lines_min 0".into());
        }
        Ok(Rate { config })
    }

    fn close_window(
        &self,
        state: &mut State,
        window: &Window<'_>,
        scores: &mut Scorer<'_, Judged>,
    ) {
        let series = window.series();
        let mut before = std::mem::take(&mut state.templates);
        let counts = series.u32s(COUNT);
        for (row, (&template, &count)) in series.u32s(TEMPLATE).iter().zip(counts).enumerate() {
            let mut baseline = before.remove(&template).unwrap_or_default();
            let judged = self.judge(&mut baseline, count);
            state.templates.insert(template, baseline);
            let Some(judged) = judged else {
                scores.push(f32::NAN);
                continue;
            };
            scores.push(judged.z);
            if !self.is_large(&judged) {
                scores.quiet(row);
            } else if judged.z.abs() >= EXPLAINED_Z {
                scores.reason(row, judged.reason(), judged);
            }
        }
        let lines = u32::try_from(window.lines).unwrap_or(u32::MAX);
        if let Some(judged) = self.judge(&mut state.whole, lines)
            && self.is_large(&judged)
        {
            scores.whole(judged.z, judged.reason(), judged);
        }
    }

    fn explain(&self, note: &Judged) -> Explanation {
        let Judged { z, count, expected, silent } = *note;
        let summary = match note.reason() {
            2 => format!(
                "nothing for {silent} windows, where {expected:.1} lines a window are usual"
            ),
            code => {
                format!("{} to {count} lines from the usual {expected:.1}", REASONS[code as usize])
            }
        };
        let evidence = vec![
            evidence("expected lines", format!("{expected:.1}")),
            evidence("lines", count),
            evidence("z-score", format!("{z:.1}")),
            evidence("ratio", format!("{:.2}", note.ratio())),
        ];
        Explanation { summary, evidence }
    }
}

impl Rate {
    /// Scores a count and learns it; `None` while the baseline is young.
    fn judge(&self, baseline: &mut Baseline, count: u32) -> Option<Judged> {
        let value = stabilise(count as f32);
        let Config { warm_up_windows, memory_windows, .. } = self.config;
        baseline.windows = baseline.windows.saturating_add(1);
        baseline.active = baseline.active.saturating_add(u32::from(count > 0));
        baseline.silent = if count > 0 { 0 } else { baseline.silent.saturating_add(1) };
        let young = baseline.windows <= warm_up_windows || baseline.active * 3 < warm_up_windows;
        if baseline.windows == 1 {
            (baseline.mean, baseline.variance) = (value, 1.0);
            return None;
        }
        let expected = (baseline.mean / 2.0).powi(2) - 0.375;
        let expected = expected.max(0.0);
        let spread = baseline.variance.max(1.0).sqrt();
        let silent = baseline.silent.min(SILENT_WINDOWS_MAX);
        let z = match silent {
            0 => (value - baseline.mean) / spread,
            _ => (value - stabilise(expected * silent as f32)) / spread,
        };
        let step = (value - baseline.mean).clamp(-3.0 * spread, 3.0 * spread);
        let weight = 1.0 / memory_windows.min(baseline.windows as f32);
        baseline.mean += weight * step;
        baseline.variance += weight * (step * step - baseline.variance);
        (!young).then_some(Judged { z, count, expected, silent })
    }

    fn is_large(&self, judged: &Judged) -> bool {
        let missing = judged.expected * judged.silent.max(1) as f32;
        let lines = if judged.silent > 0 { missing } else { judged.count as f32 - judged.expected };
        let ratio = judged.ratio();
        let Config { lines_min, ratio_min, .. } = self.config;
        lines.abs() >= lines_min && (ratio >= ratio_min || ratio <= 1.0 / ratio_min)
    }
}

impl Judged {
    fn ratio(&self) -> f32 {
        (self.count as f32 + 0.5) / (self.expected + 0.5)
    }

    fn reason(&self) -> u32 {
        match self {
            Judged { silent: 1.., .. } => 2,
            Judged { z, .. } if *z < 0.0 => 1,
            _ => 0,
        }
    }
}

fn stabilise(count: f32) -> f32 {
    2.0 * (count + 0.375).sqrt()
}

#[cfg(test)]
mod tests;

//! Counts per template and window against a robust baseline, on both sides.
//!
//! A count `c` is looked at as `2 sqrt(c + 3/8)` (Anscombe 1948), which gives Poisson counts a standard deviation of 1
//! whatever their rate. Mean and variance of that value are followed with clipped steps, so that a burst does not teach
//! the baseline to expect bursts. Evidence is gathered over windows (`run`), so that a small change that lasts becomes
//! news as a large one does, and silence of a sparse template does too.
//!
//! A source that is silent as a whole is held against its recent hour instead (`silence`).
//!
//! The score is a z-score, made careful in three ways. A template is held against its own past and against what the
//! source's other lines lead to expect, and the smaller deviation counts: a busy minute is not news about each of its
//! messages. A rise of a single window counts half of one that stays, and a fall of a single window, such as a gap while
//! files are rotated, not at all. And a deviation must be large in lines and as a ratio before it may speak.

use super::run::{Evidence, Run, fall_nats, rise_nats, stabilise};
use super::silence::Silence;
use bellwether_sdk::{
    Descriptor, Detector, Explanation, Scorer, SeriesColumn, Span, Window, descriptor, evidence,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const TEMPLATE: usize = 0;
const COUNT: usize = 1;
const SEVERITY: usize = 2;
/// OpenTelemetry's number from which a record is an error.
const ERROR: u8 = 17;
const REASONS: [&str; 3] = ["rose", "fell", "stopped"];
/// Below this the host has no use for an explanation.
const EXPLAINED_Z: f32 = 4.0;
/// Lines added on both sides before the pace of others is taken, so that a few lines more or less mean little.
const OTHERS_PRIOR: f32 = 10.0;
/// A pace beyond this, either way, explains nothing.
const PACE_MAX: f32 = 5.0;
/// A fall must be larger than a rise, in lines: visitors come in groups, and a sparse message pauses every night.
const FALL_LINES_FACTOR: f32 = 1.5;
/// Half the deviation beyond which a fall is as improbable as can be said.
const STRETCH_MAX: f32 = 6.0;
/// Active windows from which a fall is judged.
const HABIT_WINDOWS: u32 = 60;

/// What the user may set.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Windows a template must have been known before it is judged.
    warm_up_windows: u32,
    /// Windows over which the baseline forgets.
    memory_windows: f32,
    /// Least difference from the expected count, in lines; half of it for errors.
    lines_min: f32,
    /// Least ratio between count and expectation, either way.
    ratio_min: f32,
    /// Least excess of a rise that did not begin in the window before, in lines, unless they are errors; and its ratio is
    /// to be twice as large.
    burst_lines_min: f32,
    /// Templates remembered per source; the longest unseen goes first.
    templates_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            warm_up_windows: 30,
            memory_windows: 60.0,
            lines_min: 10.0,
            ratio_min: 1.5,
            burst_lines_min: 20.0,
            templates_max: 4096,
        }
    }
}

/// The baseline of one template, or of the source as a whole.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Baseline {
    /// The first and the last window in which it was looked at, by number.
    first: u32,
    last: u32,
    silent: u32,
    /// Windows with a line.
    active: u32,
    mean: f32,
    variance: f32,
    /// Of the deviation from what the other lines lead to expect.
    variance_given_others: f32,
    rise: Evidence,
    fall: Evidence,
}

/// The baselines of one source.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    whole: Option<Baseline>,
    silence: Silence,
    templates: BTreeMap<u32, Baseline>,
}

/// One count against its baseline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged {
    z: f32,
    count: u32,
    expected: f32,
    silent: u32,
    run: Run,
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
            series: vec![SeriesColumn::Template, SeriesColumn::Count, SeriesColumn::Severity],
            window: Some(Span { size_ms: 60_000, step_ms: 60_000 }),
            state_version: 3,
            reads_state_from: 3,
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
        let number = (window.start_ms / (window.end_ms - window.start_ms).max(1)) as u32;
        let lines = u32::try_from(window.lines).unwrap_or(u32::MAX);
        let usual = state.whole.as_ref().map_or(0.0, Baseline::expected);
        let counts = series.u32s(COUNT);
        for (row, (&template, &count)) in series.u32s(TEMPLATE).iter().zip(counts).enumerate() {
            let baseline = state.templates.entry(template).or_insert_with(|| Baseline::new(number));
            let others = (lines - count.min(lines)) as f32 + OTHERS_PRIOR;
            let usual_others = (usual - baseline.expected()).max(0.0) + OTHERS_PRIOR;
            let judged = self.judge(baseline, number, count, others / usual_others);
            let Some(judged) = judged else {
                scores.push(f32::NAN);
                continue;
            };
            scores.push(judged.score());
            if !judged.run.grows || !self.is_large(&judged, series.u8s(SEVERITY)[row]) {
                scores.quiet(row);
            } else if judged.z.abs() >= EXPLAINED_Z {
                scores.reason(row, judged.reason(), judged);
            }
        }
        if let Some(judged) = self.judge_whole(state, number, lines)
            && self.is_large(&judged, 0)
        {
            scores.whole(judged.score_of_whole(), judged.reason(), judged);
        }
        self.forget_longest_unseen(state);
    }

    fn explain(&self, note: &Judged) -> Explanation {
        let Judged { z, count, expected, silent, .. } = *note;
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
    /// Scores a count and learns it; `None` while the baseline is young. `pace` is how busy the other lines are,
    /// compared with what is usual.
    fn judge(&self, baseline: &mut Baseline, window: u32, count: u32, pace: f32) -> Option<Judged> {
        let value = stabilise(count as f32);
        let Config { warm_up_windows, memory_windows, .. } = self.config;
        if baseline.first == window {
            baseline.mean = value;
            return None;
        }
        baseline.pass_unseen(window, memory_windows);
        baseline.active = baseline.active.saturating_add(u32::from(count > 0));
        baseline.silent = if count > 0 { 0 } else { baseline.silent.saturating_add(1) };
        let known_windows = window.saturating_sub(baseline.first);
        let expected = baseline.expected();
        let given_others = expected * pace.clamp(1.0 / PACE_MAX, PACE_MAX);
        let spread = baseline.variance.max(baseline.variance_given_others).max(1.0);
        let (most, least) = (expected.max(given_others), expected.min(given_others));
        baseline.rise.add(rise_nats(count as f32, most) / spread, count, most);
        baseline.fall.add(fall_nats(count as f32, least) / spread, count, least);
        let (rise, fall) = (baseline.rise.run(), baseline.fall.run());
        let (rise_z, fall_z) = (rise.rise_z(), fall.fall_z() / spread.sqrt());
        let (run, z) = if rise_z >= fall_z { (rise, rise_z) } else { (fall, -fall_z) };
        baseline.learn(value, given_others, 1.0 / memory_windows.min(known_windows as f32 + 1.0));
        // What never was a habit cannot stop being one.
        let known =
            known_windows > warm_up_windows && (z >= 0.0 || baseline.active >= HABIT_WINDOWS);
        known.then_some(Judged { z, count, expected, silent: baseline.silent, run })
    }

    /// Scores the lines of the source as a whole: their number, or a silence, which is judged by itself.
    fn judge_whole(&self, state: &mut State, window: u32, lines: u32) -> Option<Judged> {
        let whole = state.whole.get_or_insert_with(|| Baseline::new(window));
        let judged = self.judge(whole, window, lines, 1.0);
        let silence_z = state.silence.add(lines);
        let judged = judged?;
        Some(if lines > 0 {
            judged
        } else {
            Judged { z: -silence_z, run: whole.fall.run(), ..judged }
        })
    }

    fn forget_longest_unseen(&self, state: &mut State) {
        while state.templates.len() > self.config.templates_max {
            let oldest = state.templates.iter().min_by_key(|(id, baseline)| (baseline.last, **id));
            let Some(id) = oldest.map(|(id, _)| *id) else { return };
            state.templates.remove(&id);
        }
    }

    fn is_large(&self, judged: &Judged, severity: u8) -> bool {
        let run = judged.run;
        let Config { lines_min, ratio_min, burst_lines_min, .. } = self.config;
        let error = severity >= ERROR;
        let lines_min = if error { lines_min / 2.0 } else { lines_min };
        let ratio = (run.lines + 0.5) / (run.expected + 0.5);
        if !run.goes_on {
            return false;
        }
        if judged.z < 0.0 {
            return run.expected - run.lines >= FALL_LINES_FACTOR * self.config.lines_min
                && ratio <= 1.0 / ratio_min;
        }
        if run.windows > 1 {
            return run.lines - run.expected >= lines_min && ratio >= ratio_min;
        }
        let lines_min = if error { lines_min } else { burst_lines_min };
        run.lines - run.expected >= lines_min && ratio >= 2.0 * ratio_min
    }
}

impl Baseline {
    fn new(window: u32) -> Self {
        Baseline {
            first: window,
            last: window,
            variance: 1.0,
            variance_given_others: 1.0,
            ..Baseline::default()
        }
    }

    /// Learns the windows in which it was not looked at because it had been silent for long.
    fn pass_unseen(&mut self, window: u32, memory_windows: f32) {
        let unseen = window.saturating_sub(self.last + 1);
        let kept = (1.0 - 1.0 / memory_windows).powi(unseen.min(10_000) as i32);
        self.mean = stabilise(0.0) + (self.mean - stabilise(0.0)) * kept;
        if unseen > 0 {
            (self.silent, self.rise, self.fall) = (0, Evidence::default(), Evidence::default());
        }
        self.last = window;
    }

    /// Moves towards a count by clipped steps.
    fn learn(&mut self, value: f32, given_others: f32, weight: f32) {
        let spread = self.variance.max(1.0).sqrt();
        let step = (value - self.mean).clamp(-3.0 * spread, 3.0 * spread);
        self.mean += weight * step;
        self.variance += weight * (step * step - self.variance);
        let spread = self.variance_given_others.max(1.0).sqrt();
        let step = (value - stabilise(given_others)).clamp(-3.0 * spread, 3.0 * spread);
        self.variance_given_others += weight * (step * step - self.variance_given_others);
    }

    /// Lines a window that are usual.
    fn expected(&self) -> f32 {
        ((self.mean / 2.0).powi(2) - 0.375).max(0.0)
    }
}

impl Judged {
    /// The deviation, with falls stretched: a count cannot fall below 0, so that their tail is a normal one, while the
    /// host expects the heavy tail that rises have.
    fn score(&self) -> f32 {
        if self.z >= 0.0 { self.z } else { -2.0 * (-self.z / 2.0).min(STRETCH_MAX).exp_m1() }
    }

    /// The same, but a whole source that says less may rest: only its silence is stretched.
    fn score_of_whole(&self) -> f32 {
        if self.count > 0 { self.z } else { self.score() }
    }

    fn ratio(&self) -> f32 {
        (self.count as f32 + 0.5) / (self.expected + 0.5)
    }

    fn reason(&self) -> u32 {
        match self {
            Judged { z, .. } if *z >= 0.0 => 0,
            Judged { silent: 1.., .. } => 2,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests;

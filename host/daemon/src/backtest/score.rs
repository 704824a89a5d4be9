//! One protocol for all data: what counts as found, as false, and as late.
//!
//! An alarm is a window whose bits reach the threshold. A fault is found if any alarm overlaps it. An alarm outside of
//! every fault is false; while alarms go on, every fifth window is a false alarm again. Nothing is adjusted: neighbours
//! of an alarm are no alarms. What ends before training does is not judged.

use super::figures::{AtThreshold, FalseAlarm, FaultScore, Score, WindowTally};
use super::run::Run;
use super::truth::{Fault, Span, Training, Truth};
use bellwether_core::report::WindowScore;
use std::collections::BTreeSet;

/// A false alarm that goes on counts again after so many windows.
const REFRACTORY_WINDOWS: i64 = 5;
/// False alarms a day within which the best threshold is looked for.
pub(crate) const BUDGETS: [u32; 4] = [1, 2, 5, 20];
/// Faults that change fewer lines are hard to find for anybody, and are reported apart.
const LINES_CHANGED_MIN: u64 = 10;
const DAY_MS: f64 = 86_400_000.0;

/// A run held against a truth; thresholds can be tried.
pub(crate) struct Trial<'a> {
    run: &'a Run,
    truth: &'a Truth,
    training: Training,
    training_end_ms: i64,
    /// Windows after training.
    windows: Vec<&'a WindowScore>,
    /// Those of them outside of every fault, by their place.
    unexcused: Vec<usize>,
    faults: Vec<JudgedFault<'a>>,
    faults_in_training: usize,
    faults_outside: usize,
}

/// A fault and the places of the windows that overlap it.
struct JudgedFault<'a> {
    fault: &'a Fault,
    windows: std::ops::Range<usize>,
}

impl<'a> Trial<'a> {
    /// Sorts out what is judged.
    pub(crate) fn new(run: &'a Run, truth: &'a Truth, training: Training) -> Self {
        let log = Span { start_ms: run.log.start_ms, end_ms: run.log.end_ms.saturating_add(1) };
        let (inside, outside): (Vec<&Fault>, Vec<&Fault>) =
            truth.faults.iter().partition(|fault| fault.span.overlaps(log));
        let training_end_ms = training.end_ms(run.log, &truth.faults);
        let judged = |window: &&WindowScore| run.span(window).start_ms >= training_end_ms;
        let windows: Vec<&WindowScore> = run.windows().filter(judged).collect();
        let overlapping = |span: Span| {
            let first = windows.partition_point(|window| run.span(window).end_ms <= span.start_ms);
            let end = windows.partition_point(|window| run.span(window).start_ms < span.end_ms);
            first..end.max(first)
        };
        let mut excused = vec![false; windows.len()];
        for span in &truth.excused {
            excused[overlapping(*span)].fill(true);
        }
        let (taught, judged): (Vec<&Fault>, Vec<&Fault>) =
            inside.into_iter().partition(|fault| fault.span.start_ms < training_end_ms);
        let with_windows =
            |fault: &'a Fault| JudgedFault { fault, windows: overlapping(fault.span) };
        let faults = judged.into_iter().map(with_windows).collect();
        Trial {
            run,
            truth,
            training,
            training_end_ms,
            unexcused: (0..windows.len()).filter(|place| !excused[*place]).collect(),
            windows,
            faults,
            faults_in_training: taught.len(),
            faults_outside: outside.len(),
        }
    }

    fn days(&self) -> f64 {
        (self.run.log.end_ms - self.training_end_ms).max(0) as f64 / DAY_MS
    }

    /// False alarms at a threshold: continuous alarm counts again and again, so that crying always is no way out.
    pub(crate) fn false_alarms(&self, threshold: f32) -> Vec<&'a WindowScore> {
        let mut counted: Vec<&WindowScore> = Vec::new();
        for place in &self.unexcused {
            let window = self.windows[*place];
            let rested = counted.last().is_none_or(|last| {
                let apart_ms = (window.start_ms - last.start_ms) as i64;
                apart_ms >= REFRACTORY_WINDOWS * self.run.window_ms
            });
            if window.news_bits >= threshold && rested {
                counted.push(window);
            }
        }
        counted
    }

    fn first_alarm(&self, judged: &JudgedFault<'_>, threshold: f32) -> Option<&'a WindowScore> {
        let mut own = self.windows[judged.windows.clone()].iter();
        own.find(|window| window.news_bits >= threshold).copied()
    }

    fn delay_s(&self, fault: &Fault, alarm: &WindowScore) -> f64 {
        (self.run.span(alarm).end_ms - fault.span.start_ms) as f64 / 1e3
    }

    fn found(&self, threshold: f32) -> usize {
        let found = |judged: &&JudgedFault<'_>| self.first_alarm(judged, threshold).is_some();
        self.faults.iter().filter(found).count()
    }

    /// The figures at one threshold.
    pub(crate) fn at(&self, threshold: f32) -> AtThreshold {
        let mut result = AtThreshold {
            false_alarms: self.false_alarms(threshold).len(),
            threshold_bits: threshold.is_finite().then_some(threshold),
            ..AtThreshold::default()
        };
        let mut delays = Vec::new();
        for judged in &self.faults {
            let alarm = self.first_alarm(judged, threshold);
            let fault = judged.fault;
            delays.extend(alarm.map(|alarm| self.delay_s(fault, alarm)));
            let mut tallies = vec![result.by_type.entry(fault.kind.clone()).or_default()];
            tallies.extend(fault.level.map(|level| result.by_level.entry(level).or_default()));
            if fault.lines_changed.is_some_and(|lines| lines >= LINES_CHANGED_MIN) {
                tallies.push(&mut result.changed_10);
            }
            for tally in tallies {
                tally.faults += 1;
                tally.found += usize::from(alarm.is_some());
            }
        }
        delays.sort_by(f64::total_cmp);
        result.found = delays.len();
        result.delay_median_s = quantile(&delays, 0.5);
        result.delay_p90_s = quantile(&delays, 0.9);
        result
    }

    /// The threshold that finds most within so many false alarms a day; of several the highest. Both figures only grow
    /// as the threshold falls, so it can be searched by halving.
    pub(crate) fn at_budget(&self, false_alarms_per_day: u32) -> AtThreshold {
        let allowed = (f64::from(false_alarms_per_day) * self.days() + 1e-9) as usize;
        let mut thresholds: Vec<f32> = self.windows.iter().map(|window| window.news_bits).collect();
        thresholds.sort_by(|a, b| b.total_cmp(a));
        thresholds.dedup();
        let kept =
            thresholds.partition_point(|threshold| self.false_alarms(*threshold).len() <= allowed);
        let Some(lowest) = kept.checked_sub(1) else { return self.at(f32::INFINITY) };
        let most = self.found(thresholds[lowest]);
        let place = thresholds.partition_point(|threshold| self.found(*threshold) < most);
        self.at(thresholds[place])
    }

    /// All figures.
    pub(crate) fn score(&self, threshold: f32) -> Score {
        let at = self.at(threshold);
        let (days, log) = (self.days(), self.run.log);
        let at_budget = BUDGETS.iter().map(|budget| (*budget, self.at_budget(*budget))).collect();
        Score {
            faults: self.faults.len(),
            found: at.found,
            false_alarms: at.false_alarms,
            false_alarms_per_day: if days > 0.0 { at.false_alarms as f64 / days } else { 0.0 },
            days,
            delay_median_s: at.delay_median_s,
            delay_p90_s: at.delay_p90_s,
            by_type: at.by_type,
            by_level: at.by_level,
            changed_10: at.changed_10,
            at_budget,
            threshold_bits: threshold,
            scores_from_bits: self.run.scores_from_bits,
            window_s: self.run.window_ms as f64 / 1e3,
            log_start: log.start_ms.div_euclid(1_000),
            training_end: self.training_end_ms.div_euclid(1_000),
            log_end: log.end_ms.div_euclid(1_000),
            training_rule: self.training.rule(),
            faults_in_training: self.faults_in_training,
            faults_outside: self.faults_outside,
            windows: self.window_tally(threshold),
            faults_detail: self.faults.iter().map(|fault| self.detail(fault, threshold)).collect(),
            false_alarms_detail: self.false_alarms(threshold).into_iter().map(told).collect(),
        }
    }

    fn detail(&self, judged: &JudgedFault<'_>, threshold: f32) -> FaultScore {
        let JudgedFault { fault, windows } = judged;
        let alarm = self.first_alarm(judged, threshold);
        let mut own = self.windows[windows.clone()].iter().copied();
        let louder = |best: &'a WindowScore, window: &'a WindowScore| {
            if window.news_bits > best.news_bits { window } else { best }
        };
        let loudest = own.next().map(|first| own.fold(first, louder));
        FaultScore {
            id: fault.id,
            kind: fault.kind.clone(),
            level: fault.level,
            start: fault.span.start_ms.div_euclid(1_000),
            end: fault.end_s,
            lines_changed: fault.lines_changed,
            detail: fault.detail.clone(),
            found: alarm.is_some(),
            delay_s: alarm.map(|alarm| self.delay_s(fault, alarm)),
            bits: loudest.map_or(0.0, |window| rounded(window.news_bits)),
            source: loudest.map(|window| window.source.clone()),
            detector: loudest.map(|window| window.detector.clone()),
            sentence: loudest.map(|window| window.sentence.clone()),
        }
    }

    fn window_tally(&self, threshold: f32) -> WindowTally {
        let window_ms = self.run.window_ms;
        let judged = self.training_end_ms..=self.run.log.end_ms;
        let mut wrong: BTreeSet<i64> = BTreeSet::new();
        for span in &self.truth.excused {
            // Truth may reach far beyond the log.
            let (start_ms, end_ms) = (span.start_ms.max(*judged.start()), span.end_ms);
            let (first, end_ms) = (start_ms.div_euclid(window_ms), end_ms.min(judged.end() + 1));
            let numbers = (first..).take_while(|number| number * window_ms < end_ms);
            wrong.extend(numbers.filter(|number| judged.contains(&(number * window_ms))));
        }
        let loud = |window: &&&WindowScore| window.news_bits >= threshold;
        let alarms = self.windows.iter().filter(loud).count();
        let false_windows = self.unexcused.iter().map(|place| &self.windows[*place]);
        let both = alarms - false_windows.filter(loud).count();
        let of_log = |start_ms: &i64| judged.contains(start_ms);
        let open: Vec<i64> = self.run.odd_windows(threshold).filter(of_log).collect();
        let is_wrong = |start_ms: &&i64| wrong.contains(&start_ms.div_euclid(window_ms));
        let open_both = open.iter().filter(is_wrong).count();
        let f1 = |both: usize, said: usize| 2.0 * both as f64 / (said + wrong.len()).max(1) as f64;
        let (f1, open_f1) = (f1(both, alarms), f1(open_both, open.len()));
        WindowTally { wrong: wrong.len(), alarms, both, f1, open: open.len(), open_both, open_f1 }
    }
}

fn told(window: &WindowScore) -> FalseAlarm {
    FalseAlarm {
        start: (window.start_ms / 1_000) as i64,
        bits: rounded(window.news_bits),
        source: window.source.clone(),
        detector: window.detector.clone(),
        sentence: window.sentence.clone(),
    }
}

/// Two decimals are enough for a person.
fn rounded(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}

/// The value below which that share of sorted values lies, between neighbours in proportion, to a tenth.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share * last as f64;
    let (below, above) = (sorted[place as usize], sorted[(place as usize + 1).min(last)]);
    let value = below + (above - below) * place.fract();
    Some((value * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests;

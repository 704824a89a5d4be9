//! Counting lines, asking detectors, and turning their scores into candidates.

use super::columns::Facts;
use super::fit::{Role, Seat};
use super::judge::{Bench, Judged};
use super::merging::Merged;
use super::source::{Candidate, Source};
use super::trace::Trace;
use super::{Lane, Outputs, merging, pick};
use crate::calibrate::WHOLE;
use crate::column::Column;
use crate::embedding::embed;
use crate::entropy::highest_bits;
use crate::matcher::Hits;
use crate::plugin::{
    ClosedWindow, Detector, Lines, Mark, Plugin, Reason, Scale, Scores, SeriesColumn, WindowSpan,
};
use crate::window::{CountedLine, Series};
use std::sync::Arc;

/// Prior odds of a novelty by severity and by a pattern somebody found worth naming.
const HARMLESS_BITS: f32 = -0.5;
const ERROR_BITS: f32 = 2.0;
const FATAL_BITS: f32 = 3.0;
const PATTERN_BITS: f32 = 2.5;
const PATTERN_SCORE_MIN: u8 = 70;
/// Bytes kept of the record behind a mark.
const EXAMPLE_BYTES_MAX: usize = 500;

/// A detector in its seat, with its windows and the places of its columns.
pub(super) struct LaneDetector {
    pub(super) seat: Seat,
    pub(super) detector: Box<dyn Detector + Send>,
    pub(super) offset: f32,
    pub(super) span: WindowSpan,
    pub(super) places: Vec<usize>,
}

impl LaneDetector {
    pub(super) fn is_live(&self) -> bool {
        self.seat.role == Role::Live
    }

    pub(super) fn plugin(&mut self) -> &mut dyn Plugin {
        &mut *self.detector
    }

    pub(super) fn seated(&mut self) -> (&Seat, &mut dyn Plugin) {
        (&self.seat, &mut *self.detector)
    }

    pub(super) fn scale(&self) -> Scale {
        self.detector.descriptor().scale
    }

    pub(super) fn span_ms(&self) -> u64 {
        self.span.size_ms
    }

    pub(super) fn wants(&self, column: SeriesColumn) -> bool {
        self.detector.descriptor().series.contains(&column)
    }

    pub(super) fn rest(&mut self, watermark_ms: u64) {
        self.detector.rest(watermark_ms);
    }

    fn sees_windows(&self) -> bool {
        let descriptor = self.detector.descriptor();
        !descriptor.series.is_empty() || descriptor.vector
    }
}

impl Lane {
    /// Counts every row under its source and template, and what was counted of those that were given up by then under
    /// their successors.
    pub(super) fn count(&mut self, facts: &Facts) {
        let mut merged = facts.merged.iter().peekable();
        let mut row = 0;
        for run in facts.batch.runs() {
            // What is left of sources before this one was proved by rows that filters dropped.
            while let Some(Merged { source, merge, .. }) =
                merged.next_if(|merged| merged.source < run.source)
            {
                self.sources.of(*source).counts.merge(*merge);
            }
            let source = self.sources.of(run.source);
            for _ in 0..run.rows {
                while let Some(own) = merged.next_if(|merged| merged.row <= row) {
                    source.counts.merge(own.merge);
                }
                let (time_ms, body) = (facts.batch.time_ms(row), facts.batch.body(row));
                source.lines += 1;
                let repeat = self.wants_repeats && source.is_repeat(time_ms, body);
                let entropy =
                    if self.wants_entropy { highest_bits(&facts.batch, row) } else { 0.0 };
                source.counts.push(&CountedLine {
                    time_ms,
                    template: facts.mined.template[row],
                    severity: facts.batch.severity(row),
                    entropy,
                    repeat,
                    pattern: facts.best[row],
                    text: facts.batch.text(row),
                });
                row += 1;
            }
        }
        merged.for_each(|left| self.sources.of(left.source).counts.merge(left.merge));
    }

    /// Lets the detectors that want lines score them.
    pub(super) fn observe(&mut self, facts: &Facts) {
        if facts.batch.is_empty() {
            return;
        }
        let columns = self.detector_plan.compute(facts, &mut self.sources);
        for index in 0..self.detectors.len() {
            let slot = &mut self.detectors[index];
            if slot.places.is_empty() {
                continue;
            }
            let columns = pick(&columns, &slot.places);
            let runs = facts.batch.runs();
            let lines =
                Lines { seq: self.seq, watermark_ms: self.watermark_ms, runs, columns: &columns };
            let scores = slot.detector.observe(&lines);
            super::dead::bury(slot.plugin(), facts, &mut self.dead);
            if let Some(scores) = scores {
                self.take_lines(index, facts, &scores);
            }
        }
    }

    /// Calibrates the scores of lines and keeps what may matter until their windows close.
    fn take_lines(&mut self, index: usize, facts: &Facts, scores: &Scores) {
        let runs = facts.batch.runs().iter();
        let sources: Vec<u32> =
            runs.flat_map(|run| std::iter::repeat_n(run.source, run.rows as usize)).collect();
        let dense = dense_marks(scores, |row| facts.mined.template[row]);
        let mut marks: Vec<(Mark, bool)> = dense.collect();
        marks.extend(scores.marks.iter().map(|mark| (*mark, false)));
        // Line by line, so that it does not show how lines were cut into batches.
        marks.sort_by_key(|(mark, _)| mark.row);
        for (mark, quiet) in marks {
            let row = mark.row as usize;
            let source = self.sources.of(sources[row]);
            let window = source.window_of(facts.batch.time_ms(row));
            let age = source.age_of(window);
            let weight = source.calibrations[index].weigh(age, mark.channel, mark.score, quiet);
            let is_traced = self.trace.wants(sources[row], window);
            if weight.bits <= 0.0 && !is_traced {
                continue;
            }
            let pattern = facts.best[row].map(usize::from);
            let score = pattern.map_or(0, |pattern| self.patterns.scores[pattern]);
            // Programs tell the end of the world as information; who wrote the pattern knew better.
            let known = pattern.map_or(0, |pattern| self.patterns.severities[pattern]);
            let severity = facts.batch.severity(row).max(known);
            let slot = &mut self.detectors[index];
            let prior_bits = slot.prior_bits(severity, score);
            let template = facts.mined.template[row];
            if is_traced {
                let named = merging::successor(&facts.merged, sources[row], template);
                let about = (Some(named), Some(facts.batch.position(row)), prior_bits);
                self.trace.take(slot, source, (&mark, quiet), &weight, about);
            }
            if weight.bits <= 0.0 {
                continue;
            }
            let bits = weight.bits + prior_bits;
            let loud = bits + slot.offset >= source.standard.alive_bits()
                && source.may_explain(window, (index, mark.channel), bits);
            let explanation = loud.then(|| slot.detector.explain(mark.token)).flatten();
            let beginning = |text: &[u8]| Some(text[..text.len().min(EXAMPLE_BYTES_MAX)].into());
            let candidate = Candidate {
                detector: index,
                channel: mark.channel,
                side: weight.side,
                template: Some(template),
                bits,
                severity,
                code: mark.code,
                position: Some(facts.batch.position(row)),
                example: beginning(facts.batch.text(row)),
                said: beginning(facts.batch.body(row)),
                explanation,
            };
            source.wait(window, candidate);
        }
    }

    /// Closes every window of these sources that ends by then, source by source.
    pub(super) fn close_windows(&mut self, numbers: &[u32], until_ms: u64, outputs: &mut Outputs) {
        let Lane { sources, detectors, settings, patterns, wishes, trace, .. } = self;
        for number in numbers.iter().copied() {
            let Some(source) = sources.get_mut(number) else { continue };
            while let Some(window) = source.next_closed(until_ms) {
                let start_ms = window * settings.window_ms;
                let end_ms = start_ms + settings.window_ms;
                for (index, slot) in detectors.iter_mut().enumerate() {
                    if slot.sees_windows() {
                        slot.close_spans(index, (number, source), (start_ms, end_ms), trace);
                    }
                }
                let base = WindowSpan { size_ms: settings.window_ms, step_ms: settings.window_ms };
                let counted = source.counts.series(base, end_ms);
                let series = Some(&counted);
                let bench = Bench { number, window, series, detectors, settings, patterns, trace };
                outputs.take(bench.judge(source));
                if wishes.panes {
                    outputs.panes.extend(source.counts.panes(number, start_ms..end_ms));
                }
                source.counts.pass(&counted, end_ms);
            }
        }
    }

    /// Judges what waits in windows that never closed, without their counts.
    pub(super) fn judge_waiting(&mut self, outputs: &mut Outputs) {
        let Lane { sources, detectors, settings, patterns, trace, .. } = self;
        for (number, source) in sources.iter_mut() {
            while let Some(window) = source.waiting.keys().next().copied() {
                let series = None;
                let bench = Bench { number, window, series, detectors, settings, patterns, trace };
                outputs.take(bench.judge(source));
            }
        }
    }
}

impl Outputs {
    fn take(&mut self, Judged { report, trials, verdict }: Judged) {
        self.reports.extend(report);
        self.trials.extend(trials);
        self.verdict = self.verdict.take().or(verdict);
    }
}

impl LaneDetector {
    /// What is known before any count: an error that is new matters more than news that all is well.
    fn prior_bits(&self, severity: u8, pattern_score: u8) -> f32 {
        use crate::record::severity::{ERROR, FATAL, WARN};
        if self.scale() != Scale::Bits {
            return 0.0;
        }
        let by_severity = match severity {
            FATAL.. => FATAL_BITS,
            ERROR.. => ERROR_BITS,
            WARN.. => 0.0,
            _ => HARMLESS_BITS,
        };
        by_severity + if pattern_score >= PATTERN_SCORE_MIN { PATTERN_BITS } else { 0.0 }
    }

    /// Scores this detector's own windows that end within a window of the pipeline.
    fn close_spans(
        &mut self,
        index: usize,
        (number, source): (u32, &mut Source),
        (start_ms, until_ms): (u64, u64),
        trace: &mut Trace,
    ) {
        let WindowSpan { size_ms, step_ms } = self.span;
        let mut end_ms = (start_ms / step_ms + 1) * step_ms;
        while end_ms <= until_ms {
            if end_ms >= size_ms {
                let series = source.counts.series(self.span, end_ms);
                self.close_span(index, (number, source), (&series, end_ms), trace);
            }
            end_ms += step_ms;
        }
    }

    fn close_span(
        &mut self,
        index: usize,
        (number, source): (u32, &mut Source),
        (series, end_ms): (&Series, u64),
        trace: &mut Trace,
    ) {
        let wanted = self.detector.descriptor();
        let vector = if wanted.vector { vector(series, source) } else { Vec::new() };
        let columns: Vec<Arc<Column>> = wanted
            .series
            .iter()
            .map(|column| Arc::new(series.column(*column, &source.counts, &source.templates)))
            .collect();
        let window = ClosedWindow {
            source: number,
            start_ms: end_ms - self.span.size_ms,
            end_ms,
            lines: series.lines,
            rows: series.templates.len(),
            columns: &columns,
            vector: &vector,
        };
        let Some(scores) = self.detector.close_window(&window) else { return };
        let judged_in = source.window_of(end_ms as i64 - 1);
        let whole = scores.reasons.iter().find(|reason| reason.row.is_none());
        let whole = whole.map(|reason| (reason.code, reason.token)).unwrap_or_default();
        let whole =
            Mark { row: WHOLE, channel: WHOLE, score: scores.whole, code: whole.0, token: whole.1 };
        let dense = dense_marks(&scores, |row| series.templates[row]);
        let sparse = scores.marks.iter().map(|mark| (*mark, false));
        for (mark, quiet) in dense.chain(sparse).chain([(whole, false)]) {
            let age = source.age_of(judged_in);
            let weight = source.calibrations[index].weigh(age, mark.channel, mark.score, quiet);
            let template = (mark.row != WHOLE).then(|| series.templates[mark.row as usize]);
            if trace.wants(number, judged_in) {
                trace.take(self, source, (&mark, quiet), &weight, (template, None, 0.0));
            }
            let bits = weight.bits;
            if bits <= 0.0 {
                continue;
            }
            let loud = bits + self.offset >= source.standard.alive_bits()
                && source.may_explain(judged_in, (index, mark.channel), bits);
            let explanation = loud.then(|| self.detector.explain(mark.token)).flatten();
            let severity =
                template.and_then(|id| source.counts.life(id)).map_or(0, |life| life.severity);
            let candidate = Candidate {
                detector: index,
                channel: mark.channel,
                side: weight.side,
                template,
                bits,
                severity,
                code: mark.code,
                position: None,
                example: None,
                said: None,
                explanation,
            };
            source.wait(judged_in, candidate);
        }
    }
}

/// The embedding of a window.
fn vector(series: &Series, source: &Source) -> Vec<f32> {
    let rows = series.templates.iter().enumerate();
    let spoken = rows.filter(|(row, _)| series.count(*row) > 0);
    embed(spoken.map(|(row, template)| (source.templates.text(*template), series.count(row))))
}

/// Dense scores as marks, with their reasons and whether they are quiet.
fn dense_marks<'a>(
    scores: &'a Scores,
    template: impl Fn(usize) -> u32 + 'a,
) -> impl Iterator<Item = (Mark, bool)> + 'a {
    let mut reasons: Vec<&Reason> =
        scores.reasons.iter().filter(|reason| reason.row.is_some()).collect();
    reasons.sort_by_key(|reason| reason.row);
    scores.rows.iter().enumerate().map(move |(row, score)| {
        let channel = scores.channels.get(row).copied().unwrap_or_else(|| template(row));
        let place = reasons.binary_search_by_key(&Some(row as u32), |reason| reason.row);
        let (code, token) =
            place.map_or((0, 0), |place| (reasons[place].code, reasons[place].token));
        let mark = Mark { row: row as u32, channel, score: *score, code, token };
        (mark, scores.quiet.contains(row))
    })
}

/// The library pattern with the highest score that each row matches; one of score 0 matters nothing.
pub(super) fn best_patterns(scores: &[u8], hits: &Hits) -> Vec<Option<u16>> {
    let mut best: Vec<Option<u16>> = vec![None; hits.rows()];
    let score = |pattern: u16| scores[usize::from(pattern)];
    for &(pattern, row) in hits.pairs() {
        let own = &mut best[row as usize];
        let known = scores.get(pattern as usize).copied().unwrap_or(0);
        if known > own.map_or(0, score) {
            *own = Some(pattern as u16);
        }
    }
    best
}

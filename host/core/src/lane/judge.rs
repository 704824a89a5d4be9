//! All detectors together: one window, one figure, and the findings behind it.
//!
//! Detectors are combined by the maximum of what each says, with its offset: they are strongly dependent, and sums of
//! surprise lose. Several voices have several chances to be wrong, so the maximum gives up `log2(voices)` bits
//! (Bonferroni, with weights). A detector's offset is what each of its chances costs, so it counts for
//! `chances * 2^offset` voices, up to a limit.

use super::PatternSet;
use super::detect::LaneDetector;
use super::renaming;
use super::source::{Candidate, Source};
use crate::record::severity::{ERROR, FATAL};
use crate::report::{Finding, Report, Subject};
use crate::settings::Settings;
use crate::window::{Life, Series};

/// What a novel error loses while it is the only one, out of what it gained for being an error.
const SINGLE_ERROR_BITS: f32 = 1.5;

/// Judges the candidates of a window; `None` where nothing is odd.
pub(super) fn judge(
    (number, source): (u32, &mut Source),
    (window, series): (u64, Option<&Series>),
    detectors: &[LaneDetector],
    settings: &Settings,
    patterns: &PatternSet,
) -> Option<Report> {
    let mut candidates = source.waiting.remove(&window).unwrap_or_default();
    if let Some(series) = series {
        let end_ms = (window + 1) * settings.window_ms;
        renaming::forgive(&mut candidates, source, (series, end_ms), settings.window_ms);
        doubt_single_errors(&mut candidates, source, series);
    }
    let alive_bits = source.standard.alive_bits();
    let age = source.age_of(window);
    if candidates.is_empty() {
        return None;
    }
    let trials = voices(source, detectors).log2();
    let (mut state_bits, mut news_bits) = (0.0f32, 0.0f32);
    for (index, slot) in detectors.iter().enumerate() {
        let own = candidates.iter().filter(|candidate| candidate.detector == index);
        let channels: Vec<f32> = own.map(|candidate| candidate.bits).collect();
        let (state, news) = source.calibrations[index].combine(age, &channels);
        let fused = |bits: f32| if bits > 0.0 { bits + slot.offset - trials } else { 0.0 };
        state_bits = state_bits.max(fused(state));
        news_bits = news_bits.max(fused(news));
    }
    if state_bits < alive_bits {
        return None;
    }
    let mut ranked: Vec<(f32, Candidate)> = candidates
        .into_iter()
        .map(|candidate| {
            (candidate.bits + detectors[candidate.detector].offset - trials, candidate)
        })
        .collect();
    ranked.sort_by(|(a, left), (b, right)| {
        let key = |candidate: &Candidate| {
            (candidate.detector, candidate.template, candidate.channel, candidate.side)
        };
        b.total_cmp(a).then_with(|| key(left).cmp(&key(right)))
    });
    let best = ranked.first().map_or(0.0, |(bits, _)| *bits);
    ranked.retain(|(bits, _)| *bits >= alive_bits || *bits == best);
    ranked.truncate(settings.findings_max);
    let start_ms = window * settings.window_ms;
    let findings = ranked
        .into_iter()
        .map(|(bits, candidate)| {
            finding(source, series, candidate, bits, detectors, settings, patterns)
        })
        .collect();
    let end_ms = start_ms + settings.window_ms;
    Some(Report { source: number, start_ms, end_ms, state_bits, news_bits, findings })
}

/// One error that nobody repeats is worth little more than any other message; one that comes again is.
fn doubt_single_errors(candidates: &mut [Candidate], source: &Source, series: &Series) {
    for candidate in candidates {
        let Some(template) = candidate.template.filter(|_| candidate.example.is_some()) else {
            continue;
        };
        let count = series.row_of(template).map_or(0, |row| series.count(row));
        let life = source.counts.life(template);
        let alone = life.is_some_and(|life| life.usual() == 0.0 && life.pattern.is_none());
        if count == 1 && alone && (ERROR..FATAL).contains(&candidate.severity) {
            candidate.bits -= SINGLE_ERROR_BITS;
        }
    }
}

/// How many voices can be wrong about a source.
fn voices(source: &Source, detectors: &[LaneDetector]) -> f32 {
    let pairs = source.calibrations.iter().zip(detectors);
    let voices = pairs.map(|(known, slot)| {
        let kinds = slot.detector.descriptor().reasons.len().max(1);
        known.voices(kinds, slot.offset)
    });
    voices.sum::<f32>().max(1.0)
}

fn finding(
    source: &Source,
    series: Option<&Series>,
    candidate: Candidate,
    bits: f32,
    detectors: &[LaneDetector],
    settings: &Settings,
    patterns: &PatternSet,
) -> Finding {
    let minutes = settings.window_ms as f32 / 60_000.0;
    let life = candidate.template.and_then(|template| source.counts.life(template));
    let count = candidate.template.map_or(series.map_or(0, |series| series.lines), |template| {
        let row = series.and_then(|series| series.row_of(template).map(|row| series.count(row)));
        u64::from(row.unwrap_or(u32::from(candidate.example.is_some())))
    });
    let before = life.map_or_else(|| source.usual_lines(), |life| life.usual());
    let descriptor = detectors[candidate.detector].detector.descriptor();
    let subject = candidate.template.map(|template| {
        let own = candidate.example.as_deref();
        let remembered = life.and_then(Life::example).filter(|example| Some(*example) != own);
        let examples = own.into_iter().chain(remembered).take(settings.examples_max);
        let pattern = life.and_then(|life| life.pattern);
        Subject {
            message: source.templates.message(template),
            template: lossy(&source.templates.text(template)),
            severity: candidate.severity,
            pattern: pattern.map(|pattern| patterns.names[usize::from(pattern)].clone()),
            examples: examples.map(lossy).collect(),
        }
    });
    Finding {
        detector: descriptor.name.clone(),
        side: candidate.side,
        bits,
        reason: descriptor.reasons.get(candidate.code as usize).cloned().unwrap_or_default(),
        subject,
        before_per_minute: before / minutes,
        now_per_minute: count as f32 / minutes,
        position: candidate.position,
        said: candidate.said.as_deref().filter(|said| !said.is_empty()).map(lossy),
        explanation: candidate.explanation,
    }
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

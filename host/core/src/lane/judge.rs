//! All detectors together: one window, one figure, and the findings behind it.
//!
//! Detectors are combined by the maximum of what each says, with its offset: they are strongly dependent, and sums of
//! surprise lose. Several voices have several chances to be wrong, so the maximum gives up `log2(voices)` bits
//! (Bonferroni, with weights). A detector's offset is what each of its chances costs, so it counts for
//! `chances * 2^offset` voices, up to a limit.

use super::detect::LaneDetector;
use super::renaming;
use super::source::{Candidate, Source};
use super::trace::{Trace, Verdict};
use super::{Outcome, PatternSet, Trial};
use crate::record::severity::{ERROR, FATAL};
use crate::report::{Finding, Recurrence, Report, Subject};
use crate::settings::Settings;
use crate::window::{Life, Series};

/// What a novel error loses while it is the only one, out of what it gained for being an error.
const SINGLE_ERROR_BITS: f32 = 1.5;

/// What came of a window.
pub(super) struct Judged {
    /// What is reported, if anything is odd.
    pub(super) report: Option<Report>,
    /// What each shadow would have made of it, where either says something.
    pub(super) trials: Vec<Trial>,
    /// How it came to that, if somebody wants to know.
    pub(super) verdict: Option<Verdict>,
}

/// What a panel makes of a window.
pub(super) struct Ruling {
    /// What is left of what was said.
    pub(super) candidates: Vec<Candidate>,
    /// What each detector says: how odd it is, and how much of that is news.
    pub(super) said: Vec<(f32, f32)>,
    /// What several voices cost.
    pub(super) trials: f32,
    pub(super) state_bits: f32,
    pub(super) news_bits: f32,
}

/// A window of a source, and those who judge it.
pub(super) struct Bench<'a> {
    pub(super) number: u32,
    pub(super) window: u64,
    /// Its counts, unless it never closed.
    pub(super) series: Option<&'a Series>,
    pub(super) detectors: &'a [LaneDetector],
    pub(super) settings: &'a Settings,
    pub(super) patterns: &'a PatternSet,
    pub(super) trace: &'a Trace,
}

impl Bench<'_> {
    /// Judges the candidates of the window. What shadows say changes nothing in the report.
    pub(super) fn judge(&self, source: &mut Source) -> Judged {
        let candidates = source.waiting.remove(&self.window).unwrap_or_default();
        let live: Vec<usize> = self.places(LaneDetector::is_live);
        let silence: Vec<(f32, f32)> = vec![(0.0, 0.0); self.detectors.len()];
        let ruling = self.rule(source, &candidates, &live, &live, silence);
        let is_traced = self.trace.wants(self.number, self.window);
        let verdict = is_traced.then(|| Verdict::of(self, source, &candidates, &live, &ruling));
        self.note_births(source, &ruling);
        let (report, said) = self.report(source, ruling);
        let mut trials = Vec::new();
        for shadow in self.places(|slot| !slot.is_live()) {
            let seat = &self.detectors[shadow].seat;
            let is_rival = |place: &&usize| self.detectors[**place].seat.name == seat.name;
            let others = live.iter().filter(|place| !is_rival(place)).copied();
            let panel: Vec<usize> = others.chain([shadow]).collect();
            let ruling = self.rule(source, &candidates, &panel, &[shadow], said.clone());
            let (theirs, _) = self.report(source, ruling);
            if report.is_none() && theirs.is_none() {
                continue;
            }
            let outcome = Outcome::Window { live: report.clone(), shadow: theirs };
            trials.push(Trial { seat: seat.clone(), source: Some(self.number), outcome });
        }
        Judged { report: self.with_recurrence(source, report), trials, verdict }
    }

    /// Takes note of what is new and was an alarm by itself.
    fn note_births(&self, source: &mut Source, ruling: &Ruling) {
        let offset = |own: &Candidate| self.detectors[own.detector].offset - ruling.trials;
        let told = ruling.candidates.iter();
        let told = told.filter_map(|own| Some((own.template?, own.bits + offset(own))));
        source.note_births(self.start_ms() as i64..self.end_ms() as i64, told);
    }

    /// Adds what goes on from windows before.
    fn with_recurrence(&self, source: &Source, report: Option<Report>) -> Option<Report> {
        let recurrence = self.series.map(|series| source.recurrence(series)).unwrap_or_default();
        if recurrence.messages.is_empty() {
            return report;
        }
        let report = report.unwrap_or_else(|| self.report_of(0.0, 0.0, Vec::new()));
        Some(Report { recurrence, ..report })
    }

    fn start_ms(&self) -> u64 {
        self.window * self.settings.window_ms
    }

    fn end_ms(&self) -> u64 {
        self.start_ms() + self.settings.window_ms
    }

    fn report_of(&self, state_bits: f32, news_bits: f32, findings: Vec<Finding>) -> Report {
        Report {
            source: self.number,
            start_ms: self.start_ms(),
            end_ms: self.end_ms(),
            state_bits,
            news_bits,
            findings,
            recurrence: Recurrence::default(),
        }
    }

    fn places(&self, wanted: impl Fn(&LaneDetector) -> bool) -> Vec<usize> {
        (0..self.detectors.len()).filter(|place| wanted(&self.detectors[*place])).collect()
    }

    /// What a panel of detectors makes of a window. Each says so once: `fresh` are those that do now, what the others `said`
    /// stays.
    fn rule(
        &self,
        source: &mut Source,
        candidates: &[Candidate],
        panel: &[usize],
        fresh: &[usize],
        mut said: Vec<(f32, f32)>,
    ) -> Ruling {
        let mut candidates: Vec<Candidate> =
            candidates.iter().filter(|own| panel.contains(&own.detector)).cloned().collect();
        if let Some(series) = self.series {
            let window_ms = self.settings.window_ms;
            renaming::forgive(&mut candidates, source, (series, self.end_ms()), window_ms);
            doubt_single_errors(&mut candidates, source, series);
        }
        let age = source.age_of(self.window);
        let voices: f32 = panel.iter().map(|place| self.voices_of(source, *place)).sum();
        let trials = voices.max(1.0).log2();
        let (mut state_bits, mut news_bits) = (0.0f32, 0.0f32);
        for place in panel.iter().copied() {
            if fresh.contains(&place) {
                let own = candidates.iter().filter(|candidate| candidate.detector == place);
                let channels: Vec<f32> = own.map(|candidate| candidate.bits).collect();
                said[place] = source.calibrations[place].combine(age, &channels);
            }
            let (state, news) = said[place];
            let offset = self.detectors[place].offset;
            let fused = |bits: f32| if bits > 0.0 { bits + offset - trials } else { 0.0 };
            state_bits = state_bits.max(fused(state));
            news_bits = news_bits.max(fused(news));
        }
        Ruling { candidates, said, trials, state_bits, news_bits }
    }

    /// What is reported of it, and what each detector has said.
    fn report(&self, source: &Source, ruling: Ruling) -> (Option<Report>, Vec<(f32, f32)>) {
        let Ruling { candidates, said, trials, state_bits, news_bits } = ruling;
        if candidates.is_empty() || state_bits < source.standard.alive_bits() {
            return (None, said);
        }
        let findings = self.findings(source, candidates, trials);
        (Some(self.report_of(state_bits, news_bits, findings)), said)
    }

    /// How many voices a detector counts for that can be wrong about a source.
    pub(super) fn voices_of(&self, source: &Source, place: usize) -> f32 {
        let slot = &self.detectors[place];
        let kinds = slot.detector.descriptor().reasons.len().max(1);
        source.calibrations[place].voices(kinds, slot.offset)
    }

    /// The strongest candidates in words, the most surprising first.
    fn findings(&self, source: &Source, candidates: Vec<Candidate>, trials: f32) -> Vec<Finding> {
        let alive_bits = source.standard.alive_bits();
        let mut ranked: Vec<(f32, Candidate)> = candidates
            .into_iter()
            .map(|own| (own.bits + self.detectors[own.detector].offset - trials, own))
            .collect();
        ranked.sort_by(|(a, left), (b, right)| {
            let key = |candidate: &Candidate| {
                (candidate.detector, candidate.template, candidate.channel, candidate.side)
            };
            b.total_cmp(a).then_with(|| key(left).cmp(&key(right)))
        });
        let best = ranked.first().map_or(0.0, |(bits, _)| *bits);
        ranked.retain(|(bits, _)| *bits >= alive_bits || *bits == best);
        ranked.truncate(self.settings.findings_max);
        ranked.into_iter().map(|(bits, own)| self.finding(source, own, bits)).collect()
    }

    fn finding(&self, source: &Source, candidate: Candidate, bits: f32) -> Finding {
        let minutes = self.settings.window_ms as f32 / 60_000.0;
        let series = self.series;
        let life = candidate.template.and_then(|template| source.counts.life(template));
        let count =
            candidate.template.map_or(series.map_or(0, |series| series.lines), |template| {
                let row =
                    series.and_then(|series| series.row_of(template).map(|row| series.count(row)));
                u64::from(row.unwrap_or(u32::from(candidate.example.is_some())))
            });
        let before = life.map_or_else(|| source.usual_lines(), |life| life.usual());
        let descriptor = self.detectors[candidate.detector].detector.descriptor();
        let subject = candidate.template.map(|template| {
            let own = candidate.example.as_deref();
            let remembered = life.and_then(Life::example).filter(|example| Some(*example) != own);
            let examples = own.into_iter().chain(remembered).take(self.settings.examples_max);
            let pattern = life.and_then(|life| life.pattern);
            Subject {
                message: source.templates.message(template),
                template: lossy(&source.templates.text(template)),
                severity: candidate.severity,
                pattern: pattern.map(|pattern| self.patterns.names[usize::from(pattern)].clone()),
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

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

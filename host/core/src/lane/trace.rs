//! Every score about one window of a source, how it came to its bits, and what came of all of them.
//!
//! A lane that is traced says the same as one that is not; it only says more.

use super::detect::LaneDetector;
use super::judge::{Bench, Ruling};
use super::source::{Candidate, Source};
use super::{Lane, Role};
use crate::calibrate::{Basis, Side, Weight};
use crate::plugin::Mark;

/// Scores of a window that are told; further ones are counted.
pub const WEIGHED_MAX: usize = 50_000;

/// A score and what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed {
    /// Name of the detector's seat.
    pub detector: String,
    /// Whether it counts.
    pub role: Role,
    /// What the score is compared with.
    pub channel: u32,
    /// Id of the message within the source; nothing for the window as a whole.
    pub template: Option<u32>,
    /// Name of the message across sources.
    pub message: Option<u32>,
    /// The message, variables as `<*>`.
    pub text: String,
    /// Where the record stands in its input, if it is about one.
    pub position: Option<u64>,
    /// What the detector said.
    pub score: f32,
    /// Which way it points.
    pub side: Side,
    /// Whether it teaches and is worth nothing.
    pub quiet: bool,
    /// The detector's reason.
    pub reason: String,
    /// How it came to its bits.
    pub basis: Basis,
    /// What it is worth to its detector.
    pub bits: f32,
    /// What is added for the severity and the pattern of its line.
    pub prior_bits: f32,
}

/// What came of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// First millisecond of the window.
    pub start_ms: u64,
    /// First millisecond after it.
    pub end_ms: u64,
    /// What each detector that counts makes of it.
    pub voices: Vec<Voice>,
    /// What several voices cost.
    pub trials_bits: f32,
    /// How odd the window is.
    pub state_bits: f32,
    /// How much of that is news.
    pub news_bits: f32,
    /// From which a window is reported.
    pub alive_bits: f32,
    /// From which news is an alarm.
    pub alarm_bits: f32,
    /// The strongest score of each detector and channel, in no order.
    pub candidates: Vec<Taken>,
    /// Scores that are not told.
    pub untold: u64,
}

/// What a detector makes of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Voice {
    /// Name of its seat.
    pub detector: String,
    /// Bits that are added to what it says.
    pub offset: f32,
    /// How many voices it counts for.
    pub voices: f32,
    /// How odd the window is to it, before its offset.
    pub state_bits: f32,
    /// How much of that is news.
    pub news_bits: f32,
}

/// The strongest score of a channel, and what was left of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// Name of the detector's seat.
    pub detector: String,
    /// What it was compared with.
    pub channel: u32,
    /// Id of the message within the source.
    pub template: Option<u32>,
    /// Its own bits with those of its line.
    pub weighed_bits: f32,
    /// The same after what was reworded is forgiven and what came once is doubted.
    pub left_bits: f32,
    /// The same with the detector's offset, less what several voices cost: as in a finding.
    pub bits: f32,
}

/// What is traced.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// Number of a source and of a window of it.
    about: Option<(u32, u64)>,
    weighed: Vec<Weighed>,
    untold: u64,
}

impl Lane {
    /// Tells everything about the window of a source that begins then, or nothing more about any.
    pub fn trace(&mut self, window: Option<(u32, u64)>) {
        let about = window.map(|(source, start_ms)| (source, start_ms / self.settings.window_ms));
        self.trace = Trace { about, ..Trace::default() };
    }
}

impl Trace {
    /// Whether somebody wants to know of a window.
    pub(super) fn wants(&self, source: u32, window: u64) -> bool {
        self.about == Some((source, window))
    }

    /// Takes note of a score.
    pub(super) fn take(
        &mut self,
        slot: &LaneDetector,
        source: &Source,
        (mark, quiet): (&Mark, bool),
        weight: &Weight,
        (template, position, prior_bits): (Option<u32>, Option<u64>, f32),
    ) {
        let Some(basis) = weight.basis else { return };
        if self.weighed.len() == WEIGHED_MAX {
            self.untold += 1;
            return;
        }
        let reasons = &slot.detector.descriptor().reasons;
        let text = template.map(|template| source.templates.text(template)).unwrap_or_default();
        self.weighed.push(Weighed {
            detector: slot.seat.name.clone(),
            role: slot.seat.role,
            channel: mark.channel,
            template,
            message: template.map(|template| source.templates.message(template)),
            text: String::from_utf8_lossy(&text).into_owned(),
            position,
            score: mark.score,
            side: weight.side,
            quiet,
            reason: reasons.get(mark.code as usize).cloned().unwrap_or_default(),
            basis,
            bits: weight.bits,
            prior_bits,
        });
    }

    /// What was noted so far.
    pub(super) fn weighed(&mut self) -> Vec<Weighed> {
        std::mem::take(&mut self.weighed)
    }

    pub(super) fn untold(&self) -> u64 {
        self.untold
    }
}

impl Verdict {
    /// What a panel has made of the candidates that there were.
    pub(super) fn of(
        bench: &Bench<'_>,
        source: &Source,
        candidates: &[Candidate],
        panel: &[usize],
        ruling: &Ruling,
    ) -> Self {
        let name = |place: usize| bench.detectors[place].seat.name.clone();
        let voice = |place: &usize| Voice {
            detector: name(*place),
            offset: bench.detectors[*place].offset,
            voices: bench.voices_of(source, *place),
            state_bits: ruling.said[*place].0,
            news_bits: ruling.said[*place].1,
        };
        let before = candidates.iter().filter(|own| panel.contains(&own.detector));
        let taken = |(before, left): (&Candidate, &Candidate)| Taken {
            detector: name(left.detector),
            channel: left.channel,
            template: left.template,
            weighed_bits: before.bits,
            left_bits: left.bits,
            bits: left.bits + bench.detectors[left.detector].offset - ruling.trials,
        };
        let start_ms = bench.window * bench.settings.window_ms;
        Verdict {
            start_ms,
            end_ms: start_ms + bench.settings.window_ms,
            voices: panel.iter().map(voice).collect(),
            trials_bits: ruling.trials,
            state_bits: ruling.state_bits,
            news_bits: ruling.news_bits,
            alive_bits: source.standard.alive_bits(),
            alarm_bits: source.standard.alarm_bits,
            candidates: before.zip(&ruling.candidates).map(taken).collect(),
            untold: bench.trace.untold(),
        }
    }
}

//! A release that rewords a message makes two bits of news out of none: the old one stops, a new one begins.
//!
//! Where a message stops and another, no more severe, begins about then and comes at the same pace, both lose most of
//! their surprise. Where most words are the same, the new one is forgiven before anybody can be sure that the old one
//! stopped. They are not silenced: something else may be wrong with either.

use super::source::{Candidate, Source};
use crate::calibrate::Side;
use crate::window::{Life, Series};
use std::collections::BTreeSet;

/// Bits that each of the two loses.
const RENAMED_BITS: f32 = 8.0;
/// Most that is left: the end of a frequent message is worth any number of bits, and rewording explains them all.
const RENAMED_BITS_MAX: f32 = 8.0;
/// The new message begins so near to the end of the old one; instances change over one by one.
const BETWEEN_WINDOWS: f32 = 2.0;
/// A sparse message needs its time to come: so many of its usual distances.
const BETWEEN_DISTANCES: f32 = 3.0;
/// The paces agree within this factor.
const PACE_FACTOR: f32 = 2.5;
/// Windows that a pace is the mean of; a message that is silent for nearly as long has no pace to compare.
const PACE_WINDOWS: f32 = 30.0;
const COMPARABLE_WINDOWS: f32 = 24.0;
/// Share of the words that a reworded message keeps.
const WORDS_SHARE_MIN: f32 = 0.5;
/// And at least so many: requests share their method and outcome with many others.
const WORDS_MIN: usize = 3;
/// Lines that a message owes before it is believed to have stopped because another resembles it.
const OWED_LINES_MIN: f32 = 3.0;

/// Takes bits from candidates about messages that were reworded.
pub(super) fn forgive(
    candidates: &mut [Candidate],
    source: &Source,
    (series, end_ms): (&Series, u64),
    window_ms: u64,
) {
    let change = Change { source, series, end_ms: end_ms as i64, window_ms: window_ms as f32 };
    let mut reworded: BTreeSet<u32> = BTreeSet::new();
    for candidate in candidates.iter() {
        let Some(template) = candidate.template else { continue };
        let other = match candidate.side {
            Side::Less => change.successor(template),
            Side::More => change.predecessor(template),
        };
        reworded.extend(other.into_iter().flat_map(|other| [template, other]));
    }
    for candidate in candidates {
        if candidate.template.is_some_and(|template| reworded.contains(&template)) {
            candidate.bits = (candidate.bits - RENAMED_BITS).clamp(0.0, RENAMED_BITS_MAX);
        }
    }
}

/// A window in which something may have been reworded.
struct Change<'a> {
    source: &'a Source,
    series: &'a Series,
    end_ms: i64,
    window_ms: f32,
}

impl Change<'_> {
    /// The message that took the place of one that is silent in this window, and for longer than it lately was between
    /// two lines: what comes in bursts is about to come again, whatever else begins meanwhile.
    fn successor(&self, old: u32) -> Option<u32> {
        let life = self.stopped(old)?;
        if self.silent_windows(life) as usize <= life.longest_pause() {
            return None;
        }
        let takes_over = |new: &u32| {
            self.source
                .counts
                .life(*new)
                .is_some_and(|heir| self.follows(life, heir) && self.is_same_pace(life, heir))
        };
        self.series.templates.iter().copied().find(takes_over)
    }

    /// The message that a new one resembles and that owes lines since; a flood is no rewording, whatever its words.
    fn predecessor(&self, new: u32) -> Option<u32> {
        let heir = self.source.counts.life(new)?;
        let words = self.source.templates.text(new);
        let lines = self.series.count(self.series.row_of(new)?) as f32;
        let gives_way = |old: &u32| {
            self.stopped(*old).is_some_and(|life| {
                life.last_ms < heir.first_ms
                    && self.follows(life, heir)
                    && self.pace(life) * self.silent_windows(life) >= OWED_LINES_MIN
                    && lines <= PACE_FACTOR * self.pace(life).max(1.0)
                    && resemble(&self.source.templates.text(*old), &words)
            })
        };
        self.series.templates.iter().copied().find(gives_way)
    }

    fn stopped(&self, template: u32) -> Option<&Life> {
        let row = self.series.row_of(template)?;
        let silent = self.series.count(row) == 0;
        self.source.counts.life(template).filter(|_| silent)
    }

    fn silent_windows(&self, life: &Life) -> f32 {
        (self.end_ms - life.last_ms).max(0) as f32 / self.window_ms
    }

    /// Lines per window while it came: the silence at the end is no part of its pace.
    fn pace(&self, life: &Life) -> f32 {
        let silent = self.silent_windows(life).min(COMPARABLE_WINDOWS);
        life.usual() * PACE_WINDOWS / (PACE_WINDOWS - silent)
    }

    fn follows(&self, old: &Life, new: &Life) -> bool {
        let apart = (new.first_ms - old.last_ms) as f32 / self.window_ms;
        let late = BETWEEN_WINDOWS + BETWEEN_DISTANCES / self.pace(old).max(1.0 / PACE_WINDOWS);
        (-BETWEEN_WINDOWS..=late).contains(&apart) && new.severity <= old.severity
    }

    fn is_same_pace(&self, old: &Life, new: &Life) -> bool {
        let (before, now) = (self.pace(old), new.usual());
        let comparable = self.silent_windows(old) < COMPARABLE_WINDOWS;
        !comparable || (now >= before / PACE_FACTOR && now <= before * PACE_FACTOR)
    }
}

/// Whether two messages share most words.
fn resemble(old: &[u8], new: &[u8]) -> bool {
    let words = |text: &[u8]| -> BTreeSet<Vec<u8>> {
        let words = text.split(|byte| byte.is_ascii_whitespace());
        words.filter(|word| !word.is_empty() && *word != b"<*>").map(<[u8]>::to_vec).collect()
    };
    let (old, new) = (words(old), words(new));
    let shared = old.intersection(&new).count();
    shared >= WORDS_MIN && shared as f32 >= WORDS_SHARE_MIN * old.len().max(new.len()) as f32
}

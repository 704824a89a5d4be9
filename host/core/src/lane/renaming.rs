//! A release that rewords a message makes two bits of news out of none: the old one stops, a new one begins.
//!
//! Where a message stops and another, no more severe, begins within two windows and comes at the same pace, both lose
//! most of their surprise. They are not silenced: something else may be wrong with either.

use super::source::{Candidate, Source};
use crate::calibrate::Side;
use crate::window::{Life, Series};

/// Bits that each of the two loses.
const RENAMED_BITS: f32 = 8.0;
/// The new message begins so near to the end of the old one.
const BETWEEN_WINDOWS: u64 = 2;
/// The paces agree within this factor.
const PACE_FACTOR: f32 = 2.5;

/// Takes bits from candidates about messages that were reworded.
pub(super) fn forgive(
    candidates: &mut [Candidate],
    source: &Source,
    series: &Series,
    window_ms: u64,
) {
    let stopped = candidates.iter().filter(|candidate| candidate.side == Side::Less);
    let pairs: Vec<(u32, u32)> = stopped
        .filter_map(|candidate| candidate.template)
        .filter_map(|old| successor(old, source, series, window_ms).map(|new| (old, new)))
        .collect();
    for candidate in candidates {
        let renamed =
            |template: u32| pairs.iter().any(|(old, new)| [*old, *new].contains(&template));
        if candidate.template.is_some_and(renamed) {
            candidate.bits = (candidate.bits - RENAMED_BITS).max(0.0);
        }
    }
}

/// The message that took the place of one that is silent in this window.
fn successor(old: u32, source: &Source, series: &Series, window_ms: u64) -> Option<u32> {
    let life = source.counts.life(old)?;
    let row = series.row_of(old)?;
    if series.count(row) > 0 {
        return None;
    }
    let takes_over = |(row, new): &(usize, &u32)| {
        source.counts.life(**new).is_some_and(|heir| {
            follows(life, heir, window_ms) && is_same_pace(life.usual(), series.count(*row) as f32)
        })
    };
    series.templates.iter().enumerate().find(takes_over).map(|(_, new)| *new)
}

fn follows(old: &Life, new: &Life, window_ms: u64) -> bool {
    new.first_ms.abs_diff(old.last_ms) <= BETWEEN_WINDOWS * window_ms
        && new.severity <= old.severity
}

fn is_same_pace(old: f32, new: f32) -> bool {
    new >= old / PACE_FACTOR && new <= old * PACE_FACTOR
}

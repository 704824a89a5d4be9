//! Evidence for a lasting change of rate, gathered over windows (Page's cumulative sum, 1954).
//!
//! Each window adds the logarithm of how much likelier its count is after a change than before; the sum never falls
//! below 0, which is where a change may begin. It needs no notion of how long a change lasts: two windows of five times
//! as many lines and twenty windows of half as many gather as much.

use serde::{Deserialize, Serialize};

/// A fall is a fall to this share: half-way, in nats, between silence and a loss of half.
const FALL_SHARE: f32 = 0.25;
/// A rise is one to this many times as much, and to at least a line a window more: less is of no use to anybody.
const RISE_FACTOR: f32 = 2.0;
const RISE_LINES: f32 = 1.0;
/// No rate can be known to be lower than one line in an hour of windows.
const RATE_MIN: f32 = 1.0 / 60.0;
/// Share of the evidence that survives a window which speaks against a change, so that its end shows soon.
const KEPT: f32 = 0.75;

/// Windows that point the same way.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Run {
    nats: f32,
    /// What the strongest window added.
    largest: f32,
    /// Whether the last window added.
    pub(crate) goes_on: bool,
    /// Windows that added.
    pub(crate) windows: u32,
    pub(crate) lines: f32,
    pub(crate) expected: f32,
    /// Lines and expectation of the strongest window.
    strongest: (f32, f32),
}

impl Run {
    /// Takes a window, with what it adds and what was expected of it.
    pub(crate) fn add(&mut self, nats: f32, count: u32, expected: f32) {
        self.nats += nats;
        if nats < 0.0 {
            self.nats *= KEPT;
            self.largest *= KEPT;
        }
        if self.nats <= 0.0 {
            *self = Run::default();
            return;
        }
        if nats > self.largest {
            (self.largest, self.strongest) = (nats, (count as f32, expected));
        }
        self.goes_on = nats > 0.0;
        self.windows += u32::from(nats > 0.0);
        self.lines += count as f32;
        self.expected += expected;
    }

    /// A rise in standard deviations; one of a single window counts half.
    pub(crate) fn rise_z(&self) -> f32 {
        deviations(self.nats - self.largest).max(deviations(self.nats) / 2.0)
    }

    /// A fall in standard deviations; one of a single window, such as a gap while files are rotated, counts nothing.
    pub(crate) fn fall_z(&self) -> f32 {
        let (lines, expected) = self.strongest;
        let (lines, expected) = (self.lines - lines, self.expected - expected);
        (stabilise(expected) - stabilise(lines)).max(0.0)
    }
}

/// How much likelier a count is after a rise.
pub(crate) fn rise_nats(count: f32, expected: f32) -> f32 {
    let before = expected.max(RATE_MIN);
    let after = (before * RISE_FACTOR).max(before + RISE_LINES);
    count * (after / before).ln() - (after - before)
}

/// How much likelier a count is after a fall.
pub(crate) fn fall_nats(count: f32, expected: f32) -> f32 {
    expected * (1.0 - FALL_SHARE) + count * FALL_SHARE.ln()
}

/// The normal deviation that is as improbable.
fn deviations(nats: f32) -> f32 {
    (2.0 * nats.max(0.0)).sqrt()
}

/// Counts on a scale on which Poisson counts have a standard deviation of 1 (Anscombe 1948).
pub(crate) fn stabilise(count: f32) -> f32 {
    2.0 * (count + 0.375).sqrt()
}

//! Sizes: how often was a channel that high, and how far beyond its highest is this?
//!
//! Only the peaks of episodes are kept, since neighbouring windows repeat one another. Inside the sample, bits follow
//! from the number of peaks as high; beyond it, from a Pareto tail whose slope Hill's estimator takes from the ten
//! largest peaks, with three imaginary ones so that a young channel does not explode. Peaks that were alarms count
//! less, so that one fault does not hide the next.

use serde::{Deserialize, Serialize};

/// Peaks kept.
const PEAKS_MAX: usize = 40;
/// Peaks from which a channel is judged.
const PEAKS_MIN: usize = 3;
/// Peaks from which a channel is judged by its own past alone.
const PEAKS_LONG: usize = 10;
/// An episode ends after so many quiet windows.
const EPISODE_GAP_WINDOWS: u64 = 5;
/// An episode is learnt after so many windows even if it goes on, or a new regime would never end.
const EPISODE_WINDOWS_MAX: u64 = 15;
/// Peaks above so many bits may be faults.
const GUARD_BITS: f32 = 11.0;
/// Weight of such a peak.
const GUARDED_WEIGHT: f32 = 0.3;
/// Slope of the tail before anything was seen, and how many peaks it is worth.
const PRIOR_SLOPE: f32 = 0.25;
const PRIOR_PEAKS: f32 = 3.0;
/// Peaks from which the slope is taken.
const TAIL_PEAKS: usize = 10;
/// Bits beyond the age of the channel.
const BEYOND_BITS_MAX: f32 = 20.0;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Peak {
    size: f32,
    weight: f32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Episode {
    begin: u64,
    last: u64,
    size: f32,
    bits: f32,
}

/// How much past a channel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Past {
    None,
    Short,
    Long,
}

/// One channel and side.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Tail {
    /// Largest first.
    peaks: Vec<Peak>,
    born: Option<u64>,
    episode: Option<Episode>,
}

impl Tail {
    /// Bits of a size above 0, which is learnt.
    pub(super) fn bits(&mut self, window: u64, size: f32, warm: bool) -> f32 {
        let born = *self.born.get_or_insert(window);
        let bits = if warm && self.past() != Past::None {
            self.surprise(size, (window - born.min(window)) as f32 + 1.0)
        } else {
            0.0
        };
        self.learn(window, size, bits);
        bits
    }

    /// How much was seen to judge by.
    pub(super) fn past(&self) -> Past {
        match self.peaks.len() {
            0..PEAKS_MIN => Past::None,
            PEAKS_MIN..PEAKS_LONG => Past::Short,
            _ => Past::Long,
        }
    }

    pub(super) fn last_window(&self) -> u64 {
        self.episode.map_or(0, |episode| episode.last)
    }

    fn surprise(&self, size: f32, age: f32) -> f32 {
        let higher = self.peaks.partition_point(|peak| peak.size >= size);
        let seen: f32 = self.peaks[..higher].iter().map(|peak| peak.weight).sum();
        let inside = ((age + 1.0) / (seen + 0.5)).log2();
        let tail = (self.peaks.len() - 1).min(TAIL_PEAKS);
        let start = self.peaks[tail].size;
        let bits = if size > start {
            let beyond = self.beyond(size, age, tail);
            if higher == 0 { beyond } else { 0.5 * (inside + beyond) }
        } else {
            inside
        };
        bits.clamp(0.0, (age + 1.0).log2() + BEYOND_BITS_MAX)
    }

    fn beyond(&self, size: f32, age: f32, tail: usize) -> f32 {
        let start = self.peaks[tail].size;
        let largest = &self.peaks[..tail];
        let mass: f32 = largest.iter().map(|peak| peak.weight).sum();
        let logs: f32 = largest.iter().map(|peak| peak.weight * (peak.size / start).ln()).sum();
        let slope = (PRIOR_PEAKS * PRIOR_SLOPE + logs) / (mass + PRIOR_PEAKS);
        ((age + 1.0) / (mass + 0.5)).log2() + (size / start).log2() / slope
    }

    fn learn(&mut self, window: u64, size: f32, bits: f32) {
        let over = self.episode.filter(|episode| {
            window > episode.last + EPISODE_GAP_WINDOWS
                || window > episode.begin + EPISODE_WINDOWS_MAX
        });
        if let Some(episode) = over {
            let weight = if episode.bits > GUARD_BITS { GUARDED_WEIGHT } else { 1.0 };
            self.keep(Peak { size: episode.size, weight });
            self.episode = None;
        }
        let fresh = Episode { begin: window, last: window, size: 0.0, bits: 0.0 };
        let episode = self.episode.get_or_insert(fresh);
        episode.size = episode.size.max(size);
        episode.bits = episode.bits.max(bits);
        if size >= 0.5 * episode.size {
            episode.last = window;
        }
    }

    fn keep(&mut self, peak: Peak) {
        let place = self.peaks.partition_point(|known| known.size >= peak.size);
        if place < PEAKS_MAX {
            self.peaks.truncate(PEAKS_MAX - 1);
            self.peaks.insert(place, peak);
        }
    }
}

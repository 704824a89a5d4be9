//! Sizes: how often was a channel that high, and how far beyond its highest is this?
//!
//! Only the peaks of episodes are kept, since neighbouring windows repeat one another. Inside the sample, bits follow
//! from the number of peaks as high; beyond it, from a Pareto tail whose slope Hill's estimator takes from the ten
//! largest peaks, with three imaginary ones so that a young channel does not explode. Peaks that were alarms count
//! less, so that one fault does not hide the next.

use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// Peaks kept.
const PEAKS_MAX: usize = 20;
/// Windows after which half of the past is let go of.
const AGE_WINDOWS_MAX: u64 = 10_080;
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
struct Episode {
    last: Moment,
    /// Windows since it began.
    age: u8,
    highest: Peak,
}

/// How much past a channel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Past {
    None,
    Short,
    Long,
}

/// One channel and side. There are two for each of many templates: everything in it is as small as it can be.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Tail {
    /// Largest first, then none.
    peaks: [Peak; PEAKS_MAX],
    born: Option<Moment>,
    episode: Option<Episode>,
}

/// How a size came to its bits.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TailBasis {
    /// Windows since the channel first spoke, this one included.
    pub windows: u64,
    /// Peaks that are remembered.
    pub peaks: usize,
    /// Those of them that were as high.
    pub higher: usize,
    /// The highest of them.
    pub highest: f32,
    /// What this past makes of the size; 0 where it is too short to judge.
    pub bits: f32,
}

impl Tail {
    /// Weighs a size above 0, which is learnt.
    pub(super) fn weigh(&mut self, window: u64, size: f32, warm: bool) -> TailBasis {
        let born = self.born.get_or_insert(Moment::of(window)).window();
        let windows = window - born.min(window) + 1;
        let bits = if warm && self.past() != Past::None {
            self.surprise(size, windows as f32)
        } else {
            0.0
        };
        let peaks = self.peaks();
        let basis = TailBasis {
            windows,
            peaks: peaks.len(),
            higher: peaks.partition_point(|peak| peak.size() >= size),
            highest: peaks.first().map_or(0.0, |peak| peak.size()),
            bits,
        };
        self.learn(window, size, bits);
        basis
    }

    /// How much was seen to judge by.
    pub(super) fn past(&self) -> Past {
        match self.peaks().len() {
            0..PEAKS_MIN => Past::None,
            PEAKS_MIN..PEAKS_LONG => Past::Short,
            _ => Past::Long,
        }
    }

    fn peaks(&self) -> &[Peak] {
        let kept = self.peaks.partition_point(|peak| *peak != Peak::NONE);
        &self.peaks[..kept]
    }

    pub(super) fn last_window(&self) -> u64 {
        self.episode.map_or(0, |episode| episode.last.window())
    }

    fn surprise(&self, size: f32, age: f32) -> f32 {
        let peaks = self.peaks();
        let higher = peaks.partition_point(|peak| peak.size() >= size);
        if higher == PEAKS_MAX {
            // Smaller than all that are kept: nobody knows how often it was that high.
            return 0.0;
        }
        let seen: f32 = peaks[..higher].iter().map(|peak| peak.weight()).sum();
        let inside = ((age + 1.0) / (seen + 0.5)).log2();
        let tail = (peaks.len() - 1).min(TAIL_PEAKS);
        let bits = if size > peaks[tail].size() {
            let beyond = self.beyond(size, age, tail);
            if higher == 0 { beyond } else { 0.5 * (inside + beyond) }
        } else {
            inside
        };
        bits.clamp(0.0, (age + 1.0).log2() + BEYOND_BITS_MAX)
    }

    fn beyond(&self, size: f32, age: f32, tail: usize) -> f32 {
        let start = self.peaks[tail].size();
        let largest = &self.peaks[..tail];
        let mass: f32 = largest.iter().map(|peak| peak.weight()).sum();
        let log = |peak: &Peak| peak.weight() * (peak.size() / start).ln();
        let logs: f32 = largest.iter().map(log).sum();
        let slope = (PRIOR_PEAKS * PRIOR_SLOPE + logs) / (mass + PRIOR_PEAKS);
        ((age + 1.0) / (mass + 0.5)).log2() + (size / start).log2() / slope
    }

    fn learn(&mut self, window: u64, size: f32, bits: f32) {
        let over = |episode: &Episode| {
            let silent = window.saturating_sub(episode.last.window());
            silent > EPISODE_GAP_WINDOWS || u64::from(episode.age) + silent > EPISODE_WINDOWS_MAX
        };
        if let Some(episode) = self.episode.filter(over) {
            self.keep(episode.highest);
            self.fade(window);
            self.episode = None;
        }
        let now = Moment::of(window);
        let fresh = Episode { last: now, age: 0, highest: Peak::NONE };
        let episode = self.episode.get_or_insert(fresh);
        episode.highest = episode.highest.with(size, bits > GUARD_BITS);
        if size >= 0.5 * episode.highest.size() {
            episode.age += now.window().saturating_sub(episode.last.window()) as u8;
            episode.last = now;
        }
    }

    fn keep(&mut self, peak: Peak) {
        let place = self.peaks.partition_point(|known| known.size() >= peak.size());
        if place < PEAKS_MAX {
            self.peaks[place..].rotate_right(1);
            self.peaks[place] = peak;
        }
    }

    /// Lets half of the past go once there is much of it, so that a channel that is old does not get ever harder to
    /// surprise: half the time, and every second of the peaks.
    fn fade(&mut self, window: u64) {
        let born = self.born.map_or(window, Moment::window);
        let age = window.saturating_sub(born);
        if age < AGE_WINDOWS_MAX {
            return;
        }
        self.born = Some(Moment::of(window - age / 2));
        let kept = self.peaks().len().div_ceil(2);
        (0..kept).for_each(|place| self.peaks[place] = self.peaks[2 * place]);
        self.peaks[kept..].fill(Peak::NONE);
    }
}

/// A window's number, in four bytes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Moment(NonZeroU32);

impl Moment {
    fn of(window: u64) -> Self {
        let number = u32::try_from(window + 1).unwrap_or(u32::MAX);
        Moment(NonZeroU32::new(number).unwrap_or(NonZeroU32::MAX))
    }

    fn window(self) -> u64 {
        u64::from(self.0.get()) - 1
    }
}

/// The highest score of an episode, in two bytes: the sign says whether it may have been a fault, then come five bits of
/// exponent and ten of mantissa.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Peak(u16);

impl Peak {
    const NONE: Peak = Peak(0);
    const GUARDED: u16 = 1 << 15;
    /// What the exponents of the two forms differ by, and how many bits the mantissas do.
    const EXPONENT: u32 = (127 - 15) << 10;
    const MANTISSA_BITS: u32 = 13;

    fn new(size: f32, guarded: bool) -> Self {
        let bits = (size.to_bits() >> Self::MANTISSA_BITS).saturating_sub(Self::EXPONENT);
        let bits = bits.clamp(1, u32::from(Self::GUARDED) - 1) as u16;
        Peak(bits | if guarded { Self::GUARDED } else { 0 })
    }

    /// The higher of this and another of the same episode.
    fn with(self, size: f32, guarded: bool) -> Self {
        Peak::new(self.size().max(size), guarded || self.0 & Self::GUARDED != 0)
    }

    fn size(self) -> f32 {
        if self == Peak::NONE {
            return 0.0;
        }
        let bits = u32::from(self.0 & !Self::GUARDED) + Self::EXPONENT;
        f32::from_bits(bits << Self::MANTISSA_BITS)
    }

    fn weight(self) -> f32 {
        if self.0 & Self::GUARDED == 0 { 1.0 } else { GUARDED_WEIGHT }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_keep_three_digits_and_their_order() {
        let sizes = [1e-9, 0.001, 0.5, 1.0, 3.1, 17.25, 1234.5, 65_000.0, 1e30];
        let peaks = sizes.map(|size| Peak::new(size, false));
        for (size, peak) in sizes.iter().zip(peaks).skip(1).take(7) {
            assert!((peak.size() / size - 1.0).abs() < 0.001, "{size}: {}", peak.size());
        }
        assert!(peaks.is_sorted_by(|a, b| a.size() < b.size()));
        let guarded = Peak::new(3.1, true);
        assert_eq!((guarded.size(), guarded.weight()), (Peak::new(3.1, false).size(), 0.3));
    }

    #[test]
    fn age_alone_makes_nothing_more_or_less_surprising() {
        let bits_at = |windows: u64, size: f32| {
            let mut tail = Tail::default();
            // Two thirds of the peaks are small ones.
            let usual = |window: u64| [1.0, 2.0, 3.0][(window / 400 % 3) as usize];
            for window in (0..windows).step_by(400) {
                tail.weigh(window, usual(window), true);
            }
            tail.weigh(windows, size, true).bits
        };
        for size in [3.0, 3.5, 9.0] {
            let (young, old) = (bits_at(5_000, size), bits_at(500_000, size));
            assert!((young - old).abs() < 1.5, "{size}: {young} then {old}");
        }
    }
}

//! From scores to bits of surprise.
//!
//! A detector's score says which of two rows is stranger, not how strange. What it is worth is learnt here, per source,
//! channel and side: how often did this channel say that much before? The answer is in bits, `-log2` of a rate per
//! window, so that detectors can be compared and a budget of alarms becomes a threshold.

mod kind;
mod tail;

use crate::plugin::Scale;
use crate::state::sorted;
use kind::Kind;
pub use kind::KindBasis;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
pub use tail::TailBasis;
use tail::{Past, Tail};

/// Windows a source must be old before sizes are judged: the first ones only teach.
pub const WARM_UP_WINDOWS: u64 = 100;
/// Channel of a window as a whole: no template has this id.
pub const WHOLE: u32 = (1 << 31) - 1;
/// Sizes speak only when above all they said in so many windows: an anomaly that goes on is not said again.
const RECORD_WINDOWS: u64 = 10;
/// Channels per source and detector; the longest silent half makes room.
const CHANNELS_MAX: usize = 16_384;
/// Share of the other kinds' bits that is added to the best.
const OTHER_KINDS_SHARE: f32 = 0.25;
/// Only what the other kinds have above this counts.
const OTHER_KINDS_BITS_MIN: f32 = 6.0;

/// Several kinds of evidence are two voices: the best of them, and the share of the others that is added to it.
const KIND_VOICES_MAX: f32 = 2.0;
/// Sizes are less than one: what several channels say at once is mostly one thing, and an echo is not said again.
const SIZE_VOICES_MAX: f32 = 0.75;

/// Which way a score points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// More than usual.
    More,
    /// Less than usual.
    Less,
}

/// A channel, which is below 2^31, and a side of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct ChannelSide(u32);

impl ChannelSide {
    fn of(channel: u32, side: Side) -> Self {
        ChannelSide(channel << 1 | side as u32)
    }
}

/// What a score is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    /// Which way it points.
    pub side: Side,
    /// What it is worth; 0 for a quiet one.
    pub bits: f32,
    /// How it came to that; nothing where it was no score.
    pub basis: Option<Basis>,
}

/// How a score came to its bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Basis {
    /// Of a size: what its own channel makes of it, what all channels together do, and which of them counts.
    Size {
        /// Its own channel.
        own: TailBasis,
        /// All channels of that side.
        pooled: TailBasis,
        /// Which counts.
        judge: Judge,
    },
    /// Of bits that a plugin computed.
    Kind(KindBasis),
}

/// Which past a size is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judge {
    /// Its own, which is long, or that of a source as a whole.
    Own,
    /// That of all channels, since it has none.
    Pooled,
    /// The stricter of both, since its own is short.
    Stricter,
    /// None: the source is too young.
    Nobody,
}

/// What one detector has said about one source so far.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Calibration {
    scale: Scale,
    first_window: Option<u64>,
    #[serde(with = "sorted")]
    tails: HashMap<ChannelSide, Tail, foldhash::fast::FixedState>,
    /// All channels together, for channels that have too little past of their own.
    pooled: [Tail; 2],
    #[serde(with = "sorted")]
    kinds: HashMap<u32, Kind, foldhash::fast::FixedState>,
    said: VecDeque<(u64, f32)>,
}

impl Calibration {
    /// Nothing said yet.
    pub fn new(scale: Scale) -> Self {
        Calibration {
            scale,
            first_window: None,
            tails: HashMap::default(),
            pooled: [Tail::default(), Tail::default()],
            kinds: HashMap::default(),
            said: VecDeque::new(),
        }
    }

    /// What the sizes of the scores mean.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// Tells that the source is alive in a window, which is what its age is counted in.
    pub fn begin_window(&mut self, window: u64) {
        self.first_window.get_or_insert(window);
    }

    /// Turns a score into bits and learns it. `quiet` scores teach and are worth nothing.
    pub fn weigh(&mut self, window: u64, channel: u32, score: f32, quiet: bool) -> Weight {
        let side = if score < 0.0 { Side::Less } else { Side::More };
        let size = score.abs();
        if size == 0.0 || size.is_nan() {
            return Weight { side, bits: 0.0, basis: None };
        }
        let first = *self.first_window.get_or_insert(window);
        let age = window.saturating_sub(first);
        let (bits, basis) = match self.scale {
            Scale::Bits => {
                let basis = self.kinds.entry(channel).or_default().weigh(window, age, size);
                (basis.bits, Basis::Kind(basis))
            }
            Scale::Size => {
                self.make_room();
                let warm = age >= WARM_UP_WINDOWS;
                let pooled = self.pooled[side as usize].weigh(window, size, warm);
                let tail = self.tails.entry(ChannelSide::of(channel, side)).or_default();
                let past = tail.past();
                let own = tail.weigh(window, size, warm);
                let (judge, bits) = match past {
                    Past::None => (Judge::Pooled, pooled.bits),
                    // What templates have said tells how a young template behaves, not a whole source.
                    Past::Short if channel != WHOLE => (Judge::Stricter, own.bits.min(pooled.bits)),
                    Past::Short | Past::Long => (Judge::Own, own.bits),
                };
                let judge = if warm { judge } else { Judge::Nobody };
                (bits, Basis::Size { own, pooled, judge })
            }
        };
        Weight { side, bits: if quiet { 0.0 } else { bits }, basis: Some(basis) }
    }

    /// What the detector as a whole says of a window, from the bits of its channels: first what it would say for ever,
    /// then what is news.
    pub fn combine(&mut self, window: u64, channels: &[f32]) -> (f32, f32) {
        let mut bits = channels.to_vec();
        bits.sort_unstable_by(|a, b| b.total_cmp(a));
        let Some(&best) = bits.first() else { return (0.0, 0.0) };
        match self.scale {
            Scale::Bits => {
                let others = bits[1..].iter().map(|bits| (bits - OTHER_KINDS_BITS_MIN).max(0.0));
                let sum = best + OTHER_KINDS_SHARE * others.sum::<f32>();
                (sum, sum)
            }
            Scale::Size => (best, if self.is_record(window, best) { best } else { 0.0 }),
        }
    }

    /// How many voices it counts for where each of its chances to be wrong costs `offset` bits. Of sizes every channel
    /// that ever spoke is a chance, on each side; of evidence each of its `kinds` is one, up to a limit.
    pub fn voices(&self, kinds: usize, offset: f32) -> f32 {
        let (chances, most) = match self.scale {
            Scale::Bits => ((kinds as f32).min(KIND_VOICES_MAX), KIND_VOICES_MAX),
            Scale::Size => (self.tails.len() as f32, SIZE_VOICES_MAX),
        };
        (chances * offset.exp2()).min(most)
    }

    fn is_record(&mut self, window: u64, bits: f32) -> bool {
        while self.said.front().is_some_and(|(at, _)| at + RECORD_WINDOWS < window) {
            self.said.pop_front();
        }
        let record = bits > self.said.iter().map(|(_, bits)| *bits).fold(0.0, f32::max);
        if record {
            self.said.push_back((window, bits));
        }
        record
    }

    fn make_room(&mut self) {
        if self.tails.len() < CHANNELS_MAX {
            return;
        }
        let mut ages: Vec<u64> = self.tails.values().map(Tail::last_window).collect();
        ages.sort_unstable();
        let median = ages[ages.len() / 2];
        self.tails.retain(|_, tail| tail.last_window() > median);
    }
}

#[cfg(test)]
mod tests;

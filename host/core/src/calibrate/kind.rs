//! Bits that a plugin computed itself: how often does this source show this kind of evidence at that strength?
//!
//! A source in which new messages are daily business gets few bits for one more, and a first near miss keeps its own.

use serde::{Deserialize, Serialize};

/// Episodes end after so many windows without.
const EPISODE_GAP_WINDOWS: u64 = 10;
/// Episodes kept; the weakest makes room.
const EPISODES_MAX: usize = 64;
/// Earlier strengths count as equal down to so many bits less.
const SLACK_BITS: f32 = 0.5;
/// Bits per bit above the strongest so far.
const BEYOND_SLOPE: f32 = 0.4;
/// Strengths below this are no record.
const BEYOND_FLOOR_BITS: f32 = 12.0;
/// Most that a record adds.
const BEYOND_BITS_MAX: f32 = 3.0;
/// Episodes above so many bits may be faults.
const GUARD_BITS: f32 = 10.0;
/// Strength grows with the age of a source; so much of that is taken out before strengths are compared, so that what was
/// rare in its youth still counts.
const AGE_SHARE: f32 = 0.75;
/// Weight of such an episode.
const GUARDED_WEIGHT: f32 = 0.1;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Past {
    strength: f32,
    relative: f32,
    weight: f32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Episode {
    strength: f32,
    relative: f32,
    bits: f32,
    last: u64,
}

/// One kind of evidence.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Kind {
    past: Vec<Past>,
    episode: Option<Episode>,
}

/// How a strength came to its bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KindBasis {
    /// Age of the source in windows.
    pub age: u64,
    /// Episodes that are remembered.
    pub episodes: usize,
    /// How many of them were as strong for their age; those that may have been faults count less.
    pub as_strong: f32,
    /// What is added for being stronger than ever.
    pub record_bits: f32,
    /// All of it.
    pub bits: f32,
}

impl Kind {
    /// Weighs a strength above 0 in a source that is `age` windows old; the strength is learnt.
    pub(super) fn weigh(&mut self, window: u64, age: u64, strength: f32) -> KindBasis {
        if let Some(episode) = self.episode
            && window > episode.last + EPISODE_GAP_WINDOWS
        {
            self.keep(episode);
            self.episode = None;
        }
        let relative = strength - AGE_SHARE * (age as f32 + 2.0).log2();
        let as_strong = self.past.iter().filter(|past| past.relative >= relative - SLACK_BITS);
        let seen: f32 = as_strong.map(|past| past.weight).sum();
        let full = self.past.iter().filter(|past| past.weight == 1.0).map(|past| past.strength);
        let highest = full.fold(BEYOND_FLOOR_BITS, f32::max);
        let beyond = (BEYOND_SLOPE * (strength - highest)).clamp(0.0, BEYOND_BITS_MAX);
        let bits = ((age as f32 + 2.0) / (seen + 0.5)).log2() + beyond;
        let episodes = self.past.len();
        let basis = KindBasis { age, episodes, as_strong: seen, record_bits: beyond, bits };
        let fresh = Episode { strength, relative, bits, last: window };
        let episode = self.episode.get_or_insert(fresh);
        episode.strength = episode.strength.max(strength);
        episode.relative = episode.relative.max(relative);
        episode.bits = episode.bits.max(bits);
        episode.last = episode.last.max(window);
        basis
    }

    fn keep(&mut self, episode: Episode) {
        let weight = if episode.bits > GUARD_BITS { GUARDED_WEIGHT } else { 1.0 };
        if self.past.len() == EPISODES_MAX {
            let strengths = self.past.iter().enumerate();
            let weakest = strengths.min_by(|(_, a), (_, b)| a.strength.total_cmp(&b.strength));
            if let Some(place) = weakest.map(|(place, _)| place) {
                self.past.swap_remove(place);
            }
        }
        self.past.push(Past { strength: episode.strength, relative: episode.relative, weight });
    }
}

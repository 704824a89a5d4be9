//! How often a message had a token of at least some entropy: a histogram in steps of a quarter of a bit.

use serde::{Deserialize, Serialize};

/// Steps in a bit of entropy.
const STEPS: f32 = 4.0;
/// The highest entropy of bytes, in bits.
const HIGHEST: f32 = 8.0;
/// Lines from which all counts are halved, so that what was long ago fades.
const LINES_MAX: u32 = 1 << 16;

/// The levels of one message.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Levels {
    /// Steps with the lines whose highest token is there, the lowest step first.
    steps: Vec<(u8, u32)>,
    lines: u32,
}

impl Levels {
    /// Lines seen.
    pub(crate) fn lines(&self) -> u32 {
        self.lines
    }

    /// The highest entropy of any of them, to a step; 0 of none.
    pub(crate) fn highest(&self) -> f32 {
        self.steps.last().map_or(0.0, |(step, _)| f32::from(*step) / STEPS)
    }

    /// Lines whose entropy was at least so high.
    pub(crate) fn at_least(&self, entropy: f32) -> u32 {
        let from = self.steps.partition_point(|(step, _)| *step < step_of(entropy));
        self.steps[from..].iter().map(|(_, lines)| lines).sum()
    }

    /// Takes a line.
    pub(crate) fn push(&mut self, entropy: f32) {
        let step = step_of(entropy);
        match self.steps.binary_search_by_key(&step, |(known, _)| *known) {
            Ok(place) => self.steps[place].1 += 1,
            Err(place) => self.steps.insert(place, (step, 1)),
        }
        self.lines += 1;
        if self.lines >= LINES_MAX {
            self.steps.iter_mut().for_each(|(_, lines)| *lines /= 2);
            self.steps.retain(|(_, lines)| *lines > 0);
            self.lines = self.steps.iter().map(|(_, lines)| lines).sum();
        }
    }
}

fn step_of(entropy: f32) -> u8 {
    (entropy.clamp(0.0, HIGHEST) * STEPS) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_a_level_up() {
        let mut levels = Levels::default();
        assert_eq!((levels.at_least(0.0), levels.highest(), levels.lines()), (0, 0.0, 0));
        [0.0, 3.9, 3.9, 4.1, 0.0].into_iter().for_each(|entropy| levels.push(entropy));
        let cases =
            [(0.0, 5), (0.25, 3), (3.75, 3), (3.99, 3), (4.0, 1), (4.2, 1), (4.25, 0), (9.0, 0)];
        for (entropy, lines) in cases {
            assert_eq!(levels.at_least(entropy), lines, "{entropy}");
        }
        assert_eq!((levels.highest(), levels.lines()), (4.0, 5));
    }

    #[test]
    fn what_was_long_ago_fades() {
        let mut levels = Levels::default();
        levels.push(6.0);
        (1..LINES_MAX).for_each(|_| levels.push(2.0));
        assert_eq!((levels.lines(), levels.highest()), (LINES_MAX / 2 - 1, 2.0));
        assert!((0..10 * LINES_MAX).all(|_| {
            levels.push(1.0);
            levels.lines() < LINES_MAX
        }));
    }
}

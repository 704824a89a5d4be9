//! What is remembered of a template beyond its window.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What is remembered of a template beyond its window.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Life {
    /// First line, in milliseconds since 1970.
    pub first_ms: i64,
    /// Last line.
    pub last_ms: i64,
    /// Severity of the last line.
    pub severity: u8,
    /// The library pattern with the highest score that a line matched.
    pub pattern: Option<u16>,
    /// Counts of the windows before the last closed one, newest last.
    pub(super) recent: VecDeque<u32>,
    /// The newest examples, one per window.
    pub(super) examples: VecDeque<Box<[u8]>>,
    /// Whether a line came since it was last told of.
    #[serde(skip)]
    pub(super) met: bool,
}

impl Life {
    /// Mean count of the windows before.
    pub fn usual(&self) -> f32 {
        let sum: u32 = self.recent.iter().sum();
        sum as f32 / self.recent.len().max(1) as f32
    }

    /// Windows of the longest pause before, among those that a line ended.
    pub fn longest_pause(&self) -> usize {
        let (mut longest, mut pause) = (0, 0);
        for count in &self.recent {
            if *count > 0 {
                longest = longest.max(pause);
                pause = 0;
            } else {
                pause += 1;
            }
        }
        longest
    }

    /// Newest examples, newest last.
    pub fn examples(&self) -> impl Iterator<Item = &[u8]> {
        self.examples.iter().map(|example| &**example)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_one_that_a_line_ended() {
        let cases: [(&[u32], usize, f32); 6] = [
            (&[], 0, 0.0),
            (&[0, 0, 0], 0, 0.0),
            (&[2, 4], 0, 3.0),
            (&[6, 0, 0, 0], 0, 1.5),
            (&[0, 0, 3, 0, 1, 0, 0, 0], 2, 0.5),
            (&[4, 0, 0, 0, 4, 0, 0, 0], 3, 1.0),
        ];
        for (counts, pause, usual) in cases {
            let life = Life { recent: counts.iter().copied().collect(), ..Life::default() };
            assert_eq!((life.longest_pause(), life.usual()), (pause, usual), "{counts:?}");
        }
    }
}

//! What is remembered of a template beyond its window.

use super::recent::Recent;
use serde::{Deserialize, Serialize};

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
    /// Counts of the windows before the last closed one.
    pub(super) recent: Recent,
    /// The first record of the last window that had any.
    pub(super) example: Box<[u8]>,
    /// Whether a line came since it was last told of.
    #[serde(skip)]
    pub(super) met: bool,
}

impl Life {
    /// Takes in what is remembered of a template that proved to be this one.
    pub(super) fn absorb(&mut self, other: Life) {
        if other.last_ms > self.last_ms {
            (self.severity, self.example) = (other.severity, other.example);
        }
        self.first_ms = self.first_ms.min(other.first_ms);
        self.last_ms = self.last_ms.max(other.last_ms);
        self.pattern = self.pattern.or(other.pattern);
        self.recent.add(&other.recent);
        self.met |= other.met;
    }

    /// Mean count of the windows before.
    pub fn usual(&self) -> f32 {
        let (sum, windows) = self
            .recent
            .counts()
            .fold((0, 0_u32), |(sum, windows), count| (sum + count, windows + 1));
        sum as f32 / windows.max(1) as f32
    }

    /// Windows of the longest pause before, among those that a line ended.
    pub fn longest_pause(&self) -> usize {
        let (mut longest, mut pause) = (0, 0);
        for count in self.recent.counts() {
            if count > 0 {
                longest = longest.max(pause);
                pause = 0;
            } else {
                pause += 1;
            }
        }
        longest
    }

    /// A record of it, if one is remembered.
    pub fn example(&self) -> Option<&[u8]> {
        (!self.example.is_empty()).then_some(&self.example)
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
            let mut life = Life::default();
            counts.iter().for_each(|count| life.recent.push(*count));
            assert_eq!((life.longest_pause(), life.usual()), (pause, usual), "{counts:?}");
        }
    }
}

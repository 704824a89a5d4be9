//! Silence of a source as a whole, held against its recent hour.
//!
//! An empty window is as improbable as empty windows were rare in the hour before, and a silence is worth the sum over
//! its windows. So a source that pauses all the time may pause, and one that never does is missed soon, however much its
//! counts vary otherwise.

use super::run::deviations;
use serde::{Deserialize, Serialize};

/// Windows that a silence is held against.
const HOUR_WINDOWS: u32 = 60;
/// The last windows before are no part of the hour, or a silence would get used to itself.
const LEFT_OUT_WINDOWS: u32 = 10;
/// Windows of the hour from which it is judged by.
const HOUR_WINDOWS_MIN: u32 = 30;

/// What is remembered of empty windows.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Silence {
    /// Windows seen so far.
    seen: u32,
    /// Windows since the last line.
    length: u32,
    /// Whether each of the last windows was empty, the newest in the lowest bit.
    empty: u128,
}

impl Silence {
    /// Takes a window; returns how improbable the silence is that goes on in it, in standard deviations. Its first
    /// window, which may be a gap while files are rotated, counts nothing.
    pub(crate) fn add(&mut self, lines: u32) -> f32 {
        let hour = self.seen.saturating_sub(LEFT_OUT_WINDOWS).min(HOUR_WINDOWS);
        let of_hour = (1u128 << HOUR_WINDOWS) - 1;
        let empty = (self.empty >> LEFT_OUT_WINDOWS & of_hour).count_ones();
        self.seen = self.seen.saturating_add(1);
        self.empty = self.empty << 1 | u128::from(lines == 0);
        self.length = if lines == 0 { self.length.saturating_add(1) } else { 0 };
        if hour < HOUR_WINDOWS_MIN {
            return 0.0;
        }
        let nats = ((hour as f32 + 1.0) / (empty as f32 + 0.5)).ln();
        deviations(nats * self.length.saturating_sub(1) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of the last of some windows.
    fn last(windows: impl IntoIterator<Item = u32>) -> f32 {
        let mut silence = Silence::default();
        windows.into_iter().fold(0.0, |_, lines| silence.add(lines))
    }

    #[test]
    fn a_silence_is_as_improbable_as_it_was_rare_in_the_hour_before() {
        let busy = |windows: usize| vec![100; windows];
        let each = |step: usize| (0..100).map(|window| u32::from(window % step == 0)).collect();
        let cases: [(&str, Vec<u32>, usize, f32); 12] = [
            ("no silence", busy(100), 0, 0.0),
            ("one window", busy(100), 1, 0.0),
            ("two", busy(100), 2, 3.1),
            ("nine", busy(100), 9, 8.77),
            ("a line a window", vec![1; 100], 9, 8.77),
            (
                "of one that was silent just before",
                [busy(90), vec![0; 9], busy(1)].concat(),
                9,
                5.62,
            ),
            ("and an hour ago", [busy(40), vec![0; 9], busy(51)].concat(), 9, 5.45),
            ("and long ago", [busy(10), vec![0; 9], busy(100)].concat(), 9, 8.77),
            ("where half of the windows are empty", each(2), 9, 3.53),
            ("where nine in ten are", each(10), 9, 1.96),
            ("of a source that is too young", busy(30), 9, 0.0),
            ("that is just old enough", busy(32), 9, 8.13),
        ];
        for (name, before, silent, expected) in cases {
            let z = last(before.into_iter().chain(std::iter::repeat_n(0, silent)));
            assert!((z - expected).abs() < 0.1, "{name}: {z}, not {expected}");
        }
    }

    #[test]
    fn a_line_ends_a_silence_and_a_long_one_becomes_usual() {
        assert_eq!(last([vec![100; 100], vec![0; 9], vec![1]].concat()), 0.0);
        let after = |silent: usize| last([vec![100; 100], vec![0; silent]].concat());
        assert!(after(11) > 9.0, "{}", after(11));
        assert!(after(71) < 1.5, "an hour of silence is usual: {}", after(71));
    }
}

//! What is usual of a quantity: its median and the median of the deviations from it, which outliers do not move.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// From deviations to standard deviations, for normal ones.
const OF_NORMAL: f32 = 1.4826;
/// A spread is no smaller than this share of the median.
const SPREAD_SHARE_MIN: f32 = 0.02;
/// Nor than this share of what the quantity is a part of: below is the error of rounding.
const ROUNDING_SHARE: f32 = 1e-3;

/// The last values that were accepted.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Normal {
    values: VecDeque<f32>,
}

impl Normal {
    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Takes a value, and lets go of the oldest beyond `most`.
    pub(crate) fn push(&mut self, value: f32, most: usize) {
        while self.values.len() >= most.max(1) {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    /// Forgets all values.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
    }

    /// The median; 0 of nothing.
    pub(crate) fn median(&self) -> f32 {
        middle(self.values.iter().copied())
    }

    /// How many standard deviations a value is above the median, where it is a part of `whole`.
    pub(crate) fn z(&self, value: f32, whole: f32) -> f32 {
        let median = self.median();
        let spread = OF_NORMAL * middle(self.values.iter().map(|value| (value - median).abs()));
        let least = (SPREAD_SHARE_MIN * median).max(ROUNDING_SHARE * whole);
        (value - median) / spread.max(least).max(f32::MIN_POSITIVE)
    }
}

fn middle(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    if values.is_empty() {
        return 0.0;
    }
    let place = values.len() / 2;
    *values.select_nth_unstable_by(place, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f32]) -> Normal {
        let mut normal = Normal::default();
        values.iter().for_each(|value| normal.push(*value, 5));
        normal
    }

    #[test]
    fn a_deviation_counts_in_spreads_that_outliers_do_not_widen() {
        let cases: [(&[f32], f32, f32); 6] = [
            (&[1.0, 2.0, 3.0, 4.0, 5.0], 3.0, 0.0),
            (&[1.0, 2.0, 3.0, 4.0, 5.0], 7.4478, 3.0),
            (&[1.0, 2.0, 3.0, 4.0, 1e9], 7.4478, 3.0),
            (&[9.0, 1.0, 2.0, 3.0, 4.0, 5.0], 7.4478, 3.0),
            (&[2.0, 2.0, 2.0], 2.4, 10.0),
            (&[0.0, 0.0, 0.0], 0.01, 10.0),
        ];
        for (values, value, z) in cases {
            let found = of(values).z(value, 1.0);
            assert!((found - z).abs() < 0.01, "{value} after {values:?}: {found}");
        }
        assert_eq!(of(&[]).median(), 0.0);
    }
}

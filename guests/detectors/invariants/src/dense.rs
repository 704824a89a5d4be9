//! Every count given all others: one inverse answers for all.
//!
//! With `P` the inverse of the mean second moment and a small ridge, `(P x)_c / P_cc` is how far count `c` is from what
//! all other counts lead to expect, and `(P x)_c / sqrt(P_cc)` the same in standard deviations (Lauritzen 1996, on
//! concentration matrices).

use super::cholesky::Symmetric;
use super::moment::{CONSTANT, Counts, Moment};
use serde::{Deserialize, Serialize};

/// The ridge of the constant is this share of that of the counts: a mean is not shrunk.
const CONSTANT_RIDGE_SHARE: f64 = 0.01;

/// A count against its expectation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Deviation {
    /// In standard deviations.
    pub(crate) z: f64,
    /// In lines.
    pub(crate) lines: f64,
}

/// The model.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Dense {
    /// Places of the constant and of the templates that it relates.
    places: Vec<usize>,
    /// The inverse, row by row.
    inverse: Vec<f64>,
}

impl Dense {
    /// Fits the templates that were active in at least so many windows.
    pub(crate) fn fit(moment: &Moment, ridge: f64, active_min: f64) -> Dense {
        let active = (1..moment.len()).filter(|place| moment.active(*place) >= active_min);
        let places: Vec<usize> = std::iter::once(CONSTANT).chain(active).collect();
        let size = places.len();
        if size < 3 {
            return Dense::default();
        }
        let matrix = Symmetric::new(size, |row, column| {
            let mean = moment.sum(places[row], places[column]) / moment.mass();
            let share = if places[row] == CONSTANT { CONSTANT_RIDGE_SHARE } else { 1.0 };
            if row == column { mean + ridge * share } else { mean }
        });
        let Some(decomposed) = matrix.decompose() else { return Dense::default() };
        let unit = |row: usize| (0..size).map(|place| f64::from(u8::from(place == row))).collect();
        let inverse = (0..size).flat_map(|row| decomposed.solve(unit(row))).collect();
        Dense { places, inverse }
    }

    /// How far each count is from what the others lead to expect: its place and deviation.
    pub(crate) fn deviations<'a>(
        &'a self,
        counts: &'a Counts,
    ) -> impl Iterator<Item = (usize, Deviation)> + 'a {
        let size = self.places.len();
        let values: Vec<f64> = self.places.iter().map(|place| counts.values[*place]).collect();
        (1..size).map(move |row| {
            let factors = &self.inverse[row * size..][..size];
            let sum: f64 = factors.iter().zip(&values).map(|(left, right)| left * right).sum();
            let own = factors[row];
            let z = sum * counts.weight / own.sqrt();
            (self.places[row], Deviation { z, lines: sum / own })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model of two messages that come together three to one, and a third by itself.
    fn model() -> (Moment, Dense) {
        let mut moment = Moment::default();
        moment.meet([1, 2, 3].into_iter(), 40, 1.0);
        for window in 0..400u32 {
            let of = moment.counts(20, |template| counts_of(window)[template as usize - 1]);
            moment.learn(&of, 1.0, 1.0);
        }
        let dense = Dense::fit(&moment, 0.003, 20.0);
        (moment, dense)
    }

    fn counts_of(window: u32) -> [u32; 3] {
        let pairs = 2 + window * 7 % 5;
        [3 * pairs, pairs, window * 11 % 13]
    }

    #[test]
    fn what_breaks_a_relation_deviates() {
        let (moment, dense) = model();
        let cases: [([u32; 3], [f64; 3]); 5] = [
            ([12, 4, 5], [0.0, 0.0, 0.0]),
            ([18, 6, 12], [0.0, 0.0, 0.0]),
            ([9, 4, 5], [-3.0, 1.0, 0.0]),
            ([12, 0, 5], [12.0, -4.0, 0.0]),
            ([24, 8, 5], [0.0, 0.0, 0.0]),
        ];
        for (counts, expected) in cases {
            let of = moment.counts(20, |template| counts[template as usize - 1]);
            let deviations: Vec<_> = dense.deviations(&of).collect();
            for ((place, deviation), expected) in deviations[..2].iter().zip(expected) {
                let error = (deviation.lines - expected).abs();
                assert!(error < 0.4, "{counts:?}, place {place}: {deviation:?}, not {expected}");
                assert_eq!(deviation.z > 3.0, expected > 0.5, "{counts:?}: {deviation:?}");
            }
        }
    }

    #[test]
    fn too_few_active_templates_are_not_related() {
        let (moment, _) = model();
        let dense = Dense::fit(&moment, 0.003, 1000.0);
        let of = moment.counts(20, |_| 5);
        assert_eq!(dense.deviations(&of).count(), 0);
    }
}

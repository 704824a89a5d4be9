//! The rhythms of a source: eigenvalues of the map from one state to the next.
//!
//! With `X` the states and `Y` those a window later, `X^T X = Q S^2 Q^T` and the map in the basis of the strongest
//! directions is `S^-1 Q^T (X^T Y) Q S^-1` (Tu and others 2014, in the dual form): its eigenvalues are those of DMD. The
//! angle of one is how far a rhythm turns in a window, its size how fast the rhythm grows or fades.

use nalgebra::{Complex, DMatrix};
use std::f64::consts::TAU;

/// Directions weaker than this share of the strongest are rounding.
const STRENGTH_SHARE_MIN: f64 = 1e-6;
/// Rotations after which the search for eigenvalues is given up.
const ITERATIONS_MAX: usize = 10_000;
/// An angle below this is a drift, no rhythm.
const ANGLE_MIN: f64 = TAU / 60.0;

/// Eigenvalues of the map between states, given how alike any two of them are, at most `rank` of them.
pub(crate) fn eigenvalues(alike: &DMatrix<f64>, rank: usize) -> Option<Vec<Complex<f64>>> {
    let pairs = alike.nrows().checked_sub(1).filter(|pairs| *pairs > 0)?;
    let before = alike.view((0, 0), (pairs, pairs)).into_owned();
    let after = alike.view((0, 1), (pairs, pairs));
    let found = before.try_symmetric_eigen(f64::EPSILON, ITERATIONS_MAX)?;
    let mut order: Vec<usize> = (0..pairs).collect();
    let strength = |place: usize| found.eigenvalues[place].max(0.0).sqrt();
    order.sort_by(|left, right| strength(*right).total_cmp(&strength(*left)));
    let least = STRENGTH_SHARE_MIN * strength(order[0]);
    order.retain(|place| strength(*place) > least);
    order.truncate(rank);
    if order.is_empty() {
        return None;
    }
    let columns: Vec<_> =
        order.iter().map(|place| found.eigenvectors.column(*place) / strength(*place)).collect();
    let basis = DMatrix::from_columns(&columns);
    let map = basis.transpose() * after * basis;
    let schur = map.try_schur(f64::EPSILON, ITERATIONS_MAX)?;
    Some(schur.complex_eigenvalues().iter().copied().collect())
}

/// The period of the most lasting rhythm in windows, and the share of it that is left after each; `None` where nothing
/// swings.
pub(crate) fn rhythm(eigenvalues: &[Complex<f64>]) -> Option<(f64, f64)> {
    let swinging = eigenvalues.iter().filter(|value| value.im.atan2(value.re) > ANGLE_MIN);
    let lasting = swinging.max_by(|left, right| left.norm().total_cmp(&right.norm()))?;
    Some((TAU / lasting.im.atan2(lasting.re), lasting.norm()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Oracle {
        pydmd: String,
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        delay: usize,
        rank: usize,
        windows: Vec<Vec<f64>>,
        eigenvalues: Vec<(f64, f64)>,
    }

    /// How alike the states of a case are.
    fn states(windows: &[Vec<f64>], delay: usize) -> DMatrix<f64> {
        let product = |left: usize, right: usize| -> f64 {
            windows[left].iter().zip(&windows[right]).map(|(left, right)| left * right).sum()
        };
        let states = windows.len() + 1 - delay;
        DMatrix::from_fn(states, states, |row, column| {
            (0..delay).map(|after| product(row + after, column + after)).sum()
        })
    }

    #[test]
    fn eigenvalues_are_those_of_pydmd() {
        let oracle: Oracle = serde_json::from_str(include_str!("../oracle/eigenvalues.json"))
            .expect("the file of the oracle");
        assert_eq!((oracle.pydmd.as_str(), oracle.cases.len()), ("2025.8.1", 12));
        for (number, case) in oracle.cases.iter().enumerate() {
            let alike = states(&case.windows, case.delay);
            let mut left = eigenvalues(&alike, case.rank).expect("it has eigenvalues");
            assert_eq!(left.len(), case.eigenvalues.len(), "case {number}");
            for (re, im) in &case.eigenvalues {
                let wanted = Complex::new(*re, *im);
                let distance = |value: &Complex<f64>| (value - wanted).norm();
                let nearest = left.iter().enumerate();
                let nearest = nearest.min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)));
                let (place, error) =
                    nearest.map(|(place, value)| (place, distance(value))).expect("one is left");
                assert!(
                    error < 1e-8 * wanted.norm().max(1.0),
                    "case {number}: {wanted} off by {error:e}"
                );
                left.swap_remove(place);
            }
        }
    }

    #[test]
    fn the_most_lasting_rhythm_is_told() {
        let of_period = |period: f64, size: f64| Complex::from_polar(size, TAU / period);
        let still = Complex::new(1.0, 0.0);
        let cases = [
            (vec![], None),
            (vec![still], None),
            (vec![still, of_period(12.0, 0.9)], Some((12.0, 0.9))),
            (vec![of_period(12.0, 0.9), of_period(4.0, 0.99)], Some((4.0, 0.99))),
            (vec![of_period(12.0, 0.9), of_period(12.0, 0.9).conj()], Some((12.0, 0.9))),
            (vec![of_period(600.0, 1.0)], None),
        ];
        for (values, expected) in cases {
            let found = rhythm(&values);
            match (found, expected) {
                (Some((period, kept)), Some((wanted, wanted_kept))) => {
                    assert!((period - wanted).abs() < 1e-9 && (kept - wanted_kept).abs() < 1e-9);
                }
                _ => assert_eq!(found, expected, "{values:?}"),
            }
        }
    }

    #[test]
    fn nothing_and_zeros_have_no_eigenvalues() {
        for states in [0, 1, 5] {
            assert_eq!(eigenvalues(&DMatrix::zeros(states, states), 4), None, "{states} states");
        }
    }
}

//! The next window, predicted from how windows followed one another so far.
//!
//! Hankel DMD (Arbabi and Mezić 2017) in its dual form. A state is `delay` windows in a row, one below the other. How
//! alike two states are, `G[i, j] = sum over l of v[i + l] . v[j + l]`, follows from the products of windows, so that no
//! state is ever written down. The linear map from each state to the window after it that fits best, under a ridge,
//! predicts the window after the newest state as `sum over j of c[j] v[j + delay]`, with `c = (G + ridge I)^-1 g`, where
//! `g` is how alike the newest state is to each earlier one.

use super::cholesky::Symmetric;
use super::history::History;

/// Pairs of a state and the window after it that a prediction needs.
pub(crate) const PAIRS_MIN: usize = 2;

/// Predicts the window after the last; `None` where too few are known. `ridge` is a share of the mean of the diagonal.
pub(crate) fn predict(history: &History, delay: usize, ridge: f64) -> Option<Vec<f32>> {
    let pairs = history.len().checked_sub(delay).filter(|pairs| *pairs >= PAIRS_MIN)?;
    let mut alike = states(history, delay, pairs);
    let newest: Vec<f64> = (0..pairs).map(|state| likeness(history, delay, state, pairs)).collect();
    let mean = alike.mean_diagonal();
    if mean <= 0.0 {
        return None;
    }
    alike.add_to_diagonal(ridge * mean);
    let weights = alike.solve(newest)?;
    let mut predicted = vec![0.0; history.dimensions()?];
    for (state, weight) in weights.iter().enumerate() {
        history.add(state + delay, *weight, &mut predicted);
    }
    Some(predicted)
}

/// How alike any two of the first so many states are.
fn states(history: &History, delay: usize, states: usize) -> Symmetric {
    let mut alike = Symmetric::new(states);
    for state in 0..states {
        for after in 0..delay {
            let products = &history.products(state + after)[after..];
            let sums = alike.row_mut(state).iter_mut();
            sums.zip(products).for_each(|(sum, product)| *sum += f64::from(*product));
        }
    }
    alike
}

/// How alike two states are.
pub(crate) fn likeness(history: &History, delay: usize, left: usize, right: usize) -> f64 {
    (0..delay).map(|after| history.product(left + after, right + after)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A history of windows, and the prediction of the next.
    fn predicted(windows: usize, delay: usize, window: impl Fn(usize) -> Vec<f32>) -> Vec<f32> {
        let mut history = History::default();
        (0..windows).for_each(|place| history.push(&window(place), 120));
        predict(&history, delay, 1e-6).expect("enough windows")
    }

    fn check(context: &str, vector: &[f32], expected: &[f32]) {
        for (value, expected) in vector.iter().zip(expected) {
            assert!((value - expected).abs() < 0.01, "{context}: {vector:?}, not {expected}");
        }
    }

    #[test]
    fn known_dynamics_are_predicted() {
        let fades = |place: usize| vec![0.9f32.powi(place as i32), 2.0 * 0.9f32.powi(place as i32)];
        check("what fades fades on", &predicted(20, 1, fades), &fades(20));
        let turns = |place: usize| vec![(place as f32 * 0.7).cos(), (place as f32 * 0.7).sin()];
        check("what turns turns on", &predicted(30, 1, turns), &turns(30));
        let swings = |place: usize| vec![(place as f32 * 0.7).cos()];
        check("and, with a delay, what swings", &predicted(30, 2, swings), &swings(30));
        let still = |_: usize| vec![3.0, -1.0, 0.5];
        for windows in [7, 8, 200] {
            check("what stands still", &predicted(windows, 5, still), &still(0));
        }
    }

    #[test]
    fn too_little_predicts_nothing() {
        let mut history = History::default();
        assert_eq!(predict(&history, 5, 0.01), None, "no window");
        for _ in 0..6 {
            history.push(&[1.0, 2.0], 120);
            assert_eq!(predict(&history, 5, 0.01), None, "{} windows", history.len());
        }
        history.push(&[1.0, 2.0], 120);
        assert!(predict(&history, 5, 0.01).is_some(), "{} windows", history.len());
        let mut zeros = History::default();
        (0..20).for_each(|_| zeros.push(&[0.0, 0.0], 120));
        assert_eq!(predict(&zeros, 5, 0.01), None, "nothing but zeros");
    }

    #[test]
    fn states_are_as_alike_as_their_windows() {
        let mut history = History::default();
        (0..12).for_each(|place| history.push(&[place as f32, (place * place % 7) as f32], 120));
        for delay in 1..4 {
            let alike = states(&history, delay, 8);
            for row in 0..8 {
                for (column, value) in alike.row(row).iter().enumerate() {
                    let expected = likeness(&history, delay, row, column);
                    assert!((value - expected).abs() < 1e-9, "{row}, {column}");
                }
            }
        }
    }
}

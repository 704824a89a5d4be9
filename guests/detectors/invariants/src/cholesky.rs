//! Symmetric, positive definite matrices, decomposed as Cholesky did.

/// The lower half of a matrix, row by row.
#[derive(Debug, Clone)]
pub(crate) struct Symmetric {
    size: usize,
    rows: Vec<f64>,
}

/// A matrix as the product of a lower half and its mirror image.
#[derive(Debug)]
pub(crate) struct Decomposed(Symmetric);

impl Symmetric {
    /// A matrix from its values by row and column, columns up to the row.
    pub(crate) fn new(size: usize, value: impl Fn(usize, usize) -> f64) -> Self {
        let places = (0..size).flat_map(|row| (0..=row).map(move |column| (row, column)));
        Symmetric { size, rows: places.map(|(row, column)| value(row, column)).collect() }
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.rows[row * (row + 1) / 2..][..=row]
    }

    /// Decomposes it; `None` where it is not positive definite.
    pub(crate) fn decompose(mut self) -> Option<Decomposed> {
        for row in 0..self.size {
            let (above, rest) = self.rows.split_at_mut(row * (row + 1) / 2);
            let own = &mut rest[..=row];
            for column in 0..row {
                let other = &above[column * (column + 1) / 2..][..=column];
                own[column] = (own[column] - product(own, &other[..column])) / other[column];
            }
            let square = own[row] - product(own, &own[..row]);
            if square <= 0.0 || square.is_nan() {
                return None;
            }
            own[row] = square.sqrt();
        }
        Some(Decomposed(self))
    }
}

impl Decomposed {
    /// Solves for a right side.
    pub(crate) fn solve(&self, mut side: Vec<f64>) -> Vec<f64> {
        for row in 0..self.0.size {
            let own = self.0.row(row);
            side[row] = (side[row] - product(&side, &own[..row])) / own[row];
        }
        for row in (0..self.0.size).rev() {
            let own = self.0.row(row);
            let value = side[row] / own[row];
            side[row] = value;
            side[..row].iter_mut().zip(own).for_each(|(side, factor)| *side -= value * factor);
        }
        side
    }
}

/// The product of the beginning of one row with another.
fn product(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_solved() {
        for size in [1, 2, 3, 8, 40] {
            let value = |row: usize, column: usize| 0.9f64.powi(row.abs_diff(column) as i32);
            let decomposed = Symmetric::new(size, value).decompose().expect("positive definite");
            let solution: Vec<f64> = (0..size).map(|row| row as f64 - 2.5).collect();
            let row = |row: usize| (0..size).map(|column| value(row, column)).collect::<Vec<_>>();
            let side = (0..size).map(|place| product(&row(place), &solution)).collect();
            for (value, expected) in decomposed.solve(side).iter().zip(&solution) {
                assert!((value - expected).abs() < 1e-9, "size {size}: {value}, not {expected}");
            }
        }
    }

    #[test]
    fn what_has_no_solution_is_refused() {
        type Value = fn(usize, usize) -> f64;
        let cases: [(usize, Value); 4] = [
            (1, |_, _| 0.0),
            (1, |_, _| -1.0),
            (1, |_, _| f64::NAN),
            (2, |row, column| if row == column { 1.0 } else { 2.0 }),
        ];
        for (size, value) in cases {
            assert!(Symmetric::new(size, value).decompose().is_none(), "{size}: {}", value(0, 0));
        }
    }
}

//! Solves symmetric, positive definite systems: the one dear step of a prediction, written so that compilers see sums
//! that need not wait for one another.

use bellwether_sdk::kernel::dot;

/// A symmetric matrix, of which only the lower half is kept, row by row.
#[derive(Debug)]
pub(crate) struct Symmetric {
    size: usize,
    rows: Vec<f64>,
}

impl Symmetric {
    /// A matrix of zeros.
    pub(crate) fn new(size: usize) -> Self {
        Symmetric { size, rows: vec![0.0; size * (size + 1) / 2] }
    }

    /// A row, up to the diagonal.
    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.rows[row * (row + 1) / 2..][..=row]
    }

    /// The same, to be changed.
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.rows[row * (row + 1) / 2..][..=row]
    }

    /// The mean of the diagonal.
    pub(crate) fn mean_diagonal(&self) -> f64 {
        let diagonal = (0..self.size).map(|row| self.row(row)[row]);
        diagonal.sum::<f64>() / self.size.max(1) as f64
    }

    /// Adds a number to the diagonal.
    pub(crate) fn add_to_diagonal(&mut self, value: f64) {
        (0..self.size).for_each(|row| self.row_mut(row)[row] += value);
    }

    /// Solves for a right side by the decomposition of Cholesky; `None` where the matrix is not positive definite.
    pub(crate) fn solve(mut self, mut side: Vec<f64>) -> Option<Vec<f64>> {
        for row in 0..self.size {
            let (above, rest) = self.rows.split_at_mut(row * (row + 1) / 2);
            let own = &mut rest[..=row];
            for column in 0..row {
                let other = &above[column * (column + 1) / 2..][..=column];
                own[column] = (own[column] - dot(&own[..column], &other[..column])) / other[column];
            }
            let square = own[row] - dot(&own[..row], &own[..row]);
            if square <= 0.0 || square.is_nan() {
                return None;
            }
            own[row] = square.sqrt();
            side[row] = (side[row] - dot(&own[..row], &side[..row])) / own[row];
        }
        for row in (0..self.size).rev() {
            let own = self.row(row);
            let value = side[row] / own[row];
            side[row] = value;
            side[..row].iter_mut().zip(own).for_each(|(side, factor)| *side -= value * factor);
        }
        Some(side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A matrix from its lower half.
    fn of(rows: &[&[f64]]) -> Symmetric {
        let mut matrix = Symmetric::new(rows.len());
        rows.iter()
            .enumerate()
            .for_each(|(row, values)| matrix.row_mut(row).copy_from_slice(values));
        matrix
    }

    #[test]
    fn systems_are_solved() {
        for size in [1, 2, 3, 7, 8, 9, 40] {
            // Kernel of an exponential, which is positive definite.
            let value = |row: usize, column: usize| 0.9f64.powi((row - column) as i32);
            let mut matrix = Symmetric::new(size);
            for row in 0..size {
                (0..=row).for_each(|column| matrix.row_mut(row)[column] = value(row, column));
            }
            let solution: Vec<f64> = (0..size).map(|row| row as f64 - 2.5).collect();
            let side = (0..size).map(|row| {
                (0..size)
                    .map(|column| value(row.max(column), row.min(column)) * solution[column])
                    .sum()
            });
            let found = matrix.solve(side.collect()).expect("positive definite");
            for (value, expected) in found.iter().zip(&solution) {
                assert!((value - expected).abs() < 1e-9, "size {size}: {value}, not {expected}");
            }
        }
    }

    #[test]
    fn what_has_no_solution_is_refused() {
        for rows in [&[&[0.0][..]][..], &[&[1.0], &[2.0, 1.0]], &[&[f64::NAN]], &[&[-1.0]]] {
            assert_eq!(of(rows).solve(vec![1.0; rows.len()]), None, "{rows:?}");
        }
    }

    #[test]
    fn the_diagonal_can_be_raised() {
        let mut matrix = of(&[&[1.0], &[5.0, 3.0]]);
        assert_eq!(matrix.mean_diagonal(), 2.0);
        matrix.add_to_diagonal(0.5);
        assert_eq!((matrix.row(0), matrix.row(1)), (&[1.5][..], &[5.0, 3.5][..]));
        assert_eq!(Symmetric::new(0).mean_diagonal(), 0.0);
    }
}

//! The vectors of the last windows, and how alike any two of them are.
//!
//! Vectors are kept as 16-bit integers: with the length brought to 32,767, the product of any two fits 32 bits (Cauchy
//! and Schwarz), so products are exact, and a table of them that is computed anew after loading is the same table.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Length that a vector is brought to.
const LENGTH: f32 = 32_767.0;

/// One window.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    /// What an integer is worth.
    unit: f32,
    /// Two bytes for each number.
    bytes: Vec<u8>,
}

/// The vectors of the last windows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct History {
    /// The newest last.
    kept: VecDeque<Kept>,
    /// Products of any two windows, row by row; empty after loading.
    #[serde(skip)]
    products: Vec<f32>,
    /// The same vectors as integers, the newest last.
    #[serde(skip)]
    integers: VecDeque<Vec<i16>>,
}

impl History {
    /// Number of windows.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Length of the vectors; `None` before the first.
    pub(crate) fn dimensions(&self) -> Option<usize> {
        self.kept.back().map(|kept| kept.bytes.len() / 2)
    }

    /// Forgets all windows.
    pub(crate) fn clear(&mut self) {
        *self = History::default();
    }

    /// Takes a window, and lets go of the oldest beyond `windows`.
    pub(crate) fn push(&mut self, vector: &[f32], windows: usize) {
        self.recall();
        while self.kept.len() >= windows.max(1) {
            self.forget_oldest();
        }
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        let unit = if length > 0.0 { length / LENGTH } else { 1.0 };
        let integers: Vec<i16> = vector.iter().map(|value| (value / unit).round() as i16).collect();
        let bytes = integers.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.kept.push_back(Kept { unit, bytes });
        self.take(integers);
    }

    /// The product of two windows, counted from the oldest.
    pub(crate) fn product(&self, left: usize, right: usize) -> f64 {
        f64::from(self.products[left * self.integers.len() + right])
    }

    /// A row of products: of a window with each, the oldest first.
    pub(crate) fn products(&self, window: usize) -> &[f32] {
        let windows = self.integers.len();
        &self.products[window * windows..][..windows]
    }

    /// Adds a multiple of a window to a vector.
    pub(crate) fn add(&self, window: usize, weight: f64, sum: &mut [f32]) {
        let weight = weight as f32 * self.kept[window].unit;
        for (sum, value) in sum.iter_mut().zip(&self.integers[window]) {
            *sum += weight * f32::from(*value);
        }
    }

    /// Computes what is not saved.
    pub(crate) fn recall(&mut self) {
        if self.integers.len() == self.kept.len() {
            return;
        }
        (self.products, self.integers) = (Vec::new(), VecDeque::new());
        for window in 0..self.kept.len() {
            let pairs = self.kept[window].bytes.chunks_exact(2);
            self.take(pairs.map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect());
        }
    }

    /// Adds a row and a column of products.
    fn take(&mut self, integers: Vec<i16>) {
        let before = self.integers.len();
        self.integers.push_back(integers);
        let newest: Vec<f32> = (0..=before).map(|window| self.multiply(window, before)).collect();
        let mut products = Vec::with_capacity((before + 1) * (before + 1));
        for (window, product) in newest[..before].iter().enumerate() {
            products.extend_from_slice(&self.products[window * before..][..before]);
            products.push(*product);
        }
        products.extend_from_slice(&newest);
        self.products = products;
    }

    fn multiply(&self, left: usize, right: usize) -> f32 {
        let pairs = self.integers[left].iter().zip(&self.integers[right]);
        let product: i32 = pairs.map(|(left, right)| i32::from(*left) * i32::from(*right)).sum();
        let unit = f64::from(self.kept[left].unit) * f64::from(self.kept[right].unit);
        (f64::from(product) * unit) as f32
    }

    fn forget_oldest(&mut self) {
        let before = self.integers.len();
        self.kept.pop_front();
        self.integers.pop_front();
        let rows = self.products.chunks_exact(before.max(1)).skip(1);
        self.products = rows.flat_map(|row| &row[1..]).copied().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(seed: usize) -> Vec<f32> {
        (0..8).map(|place| ((seed * 7 + place * 3) % 11) as f32 - 5.0).collect()
    }

    #[test]
    fn products_are_those_of_the_last_windows() {
        for (windows, pushed) in [(5, 3), (5, 5), (5, 12), (1, 4), (16, 16)] {
            let mut history = History::default();
            (0..pushed).for_each(|seed| history.push(&vector(seed), windows));
            let kept: Vec<Vec<f32>> = (0..pushed).map(vector).collect();
            let kept = &kept[pushed.saturating_sub(windows)..];
            assert_eq!(history.len(), kept.len());
            for (left, of_left) in kept.iter().enumerate() {
                for (right, of_right) in kept.iter().enumerate() {
                    let expected: f32 = of_left.iter().zip(of_right).map(|(a, b)| a * b).sum();
                    let product = history.product(left, right);
                    assert!((product - f64::from(expected)).abs() < 0.05, "{left} by {right}");
                    assert_eq!(product, f64::from(history.products(left)[right]));
                }
            }
        }
    }

    #[test]
    fn what_was_saved_is_recalled_exactly() {
        let mut history = History::default();
        (0..9).for_each(|seed| history.push(&vector(seed), 7));
        let mut recalled = History { kept: history.kept.clone(), ..History::default() };
        recalled.recall();
        assert_eq!(
            (&recalled.products, &recalled.integers),
            (&history.products, &history.integers)
        );
        recalled.push(&vector(20), 7);
        history.push(&vector(20), 7);
        assert_eq!(recalled.products, history.products);
    }

    #[test]
    fn a_vector_comes_back_as_it_was() {
        for scale in [1e-3, 1.0, 1e4] {
            let mut history = History::default();
            let vector: Vec<f32> = vector(3).iter().map(|value| value * scale).collect();
            history.push(&vector, 3);
            let mut sum = vec![0.0; vector.len()];
            history.add(0, 1.0, &mut sum);
            for (value, expected) in sum.iter().zip(&vector) {
                assert!((value - expected).abs() <= 1e-3 * scale, "{value}, not {expected}");
            }
        }
        let mut history = History::default();
        history.push(&[0.0; 4], 3);
        assert_eq!(history.product(0, 0), 0.0);
    }
}

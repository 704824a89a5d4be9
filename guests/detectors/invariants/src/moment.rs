//! What both models are made of: how the counts of the most active templates go together.
//!
//! A window is a vector of a constant 1 and the counts of these templates, weighted by `1 / (1 + lines)`, since busy
//! windows vary more. Its products with itself are summed with a memory that fades.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The place of the constant; templates follow.
pub(crate) const CONSTANT: usize = 0;
/// Templates that wait for a place, the least active of which make room.
const WAITING_MAX: usize = 512;
/// A waiting template takes a place from one that is less active by this factor.
const MORE_ACTIVE: f64 = 1.25;

/// A template that is followed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Followed {
    template: u32,
    /// Windows with a line, fading.
    active: f64,
    /// Lines, fading.
    lines: f64,
}

/// The second moment of the counts of a source.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Moment {
    followed: Vec<Followed>,
    /// Sums of products, the lower half row by row.
    sums: Vec<f64>,
    /// Windows, fading.
    mass: f64,
    /// Lines of all templates, fading.
    lines: f64,
    /// Windows with a line of templates that are not followed, fading.
    waiting: BTreeMap<u32, f64>,
}

/// A window: the constant and the counts of the templates followed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Counts {
    pub(crate) values: Vec<f64>,
    /// What each value is multiplied by.
    pub(crate) weight: f64,
}

impl Moment {
    /// Places, the constant's included.
    pub(crate) fn len(&self) -> usize {
        self.followed.len() + 1
    }

    /// Templates followed, by place less one.
    pub(crate) fn templates(&self) -> impl Iterator<Item = u32> {
        self.followed.iter().map(|followed| followed.template)
    }

    /// Fading number of windows in which the template of a place had a line.
    pub(crate) fn active(&self, place: usize) -> f64 {
        self.followed[place - 1].active
    }

    /// Fading number of windows.
    pub(crate) fn mass(&self) -> f64 {
        self.mass
    }

    /// How much more a window counts for one template than it does for all: the mean of its lines against all lines.
    pub(crate) fn own_weight(&self, place: usize) -> f64 {
        (self.mass + self.lines) / (self.mass + self.followed[place - 1].lines)
    }

    /// The sum of products of two places.
    pub(crate) fn sum(&self, left: usize, right: usize) -> f64 {
        let (row, column) = (left.max(right), left.min(right));
        self.sums[row * (row + 1) / 2 + column]
    }

    /// The window as a vector.
    pub(crate) fn counts(&self, lines: u64, count_of: impl Fn(u32) -> u32) -> Counts {
        let values = self.templates().map(|template| f64::from(count_of(template)));
        Counts {
            values: std::iter::once(1.0).chain(values).collect(),
            weight: 1.0 / (1.0 + lines as f64).sqrt(),
        }
    }

    /// Learns a window that counts `share` of itself.
    pub(crate) fn learn(&mut self, counts: &Counts, share: f64, kept: f64) {
        self.sums.resize(self.len() * (self.len() + 1) / 2, 0.0);
        let scaled: Vec<f64> =
            counts.values.iter().map(|value| value * counts.weight * share).collect();
        let mut sums = self.sums.iter_mut();
        for row in 0..scaled.len() {
            for (value, sum) in scaled[..=row].iter().zip(sums.by_ref()) {
                *sum = *sum * kept + scaled[row] * value;
            }
        }
        for (followed, value) in self.followed.iter_mut().zip(&counts.values[1..]) {
            followed.active = followed.active * kept + f64::from(u8::from(*value > 0.0));
            followed.lines = followed.lines * kept + value;
        }
        self.mass = self.mass * kept + 1.0;
        self.lines = self.lines * kept + 1.0 / (counts.weight * counts.weight) - 1.0;
    }

    /// Follows templates that have lines while there is room, and takes note of the others.
    pub(crate) fn meet(&mut self, templates: impl Iterator<Item = u32>, most: usize, kept: f64) {
        self.waiting.values_mut().for_each(|active| *active *= kept);
        for template in templates {
            if self.followed.iter().any(|followed| followed.template == template) {
                continue;
            }
            if self.followed.len() < most {
                self.followed.push(Followed { template, active: 0.0, lines: 0.0 });
                self.sums.resize(self.len() * (self.len() + 1) / 2, 0.0);
                continue;
            }
            *self.waiting.entry(template).or_default() += 1.0;
        }
        while self.waiting.len() > WAITING_MAX {
            let least = self.waiting.iter().min_by(|(_, left), (_, right)| left.total_cmp(right));
            let Some(template) = least.map(|(template, _)| *template) else { return };
            self.waiting.remove(&template);
        }
    }

    /// Gives places to waiting templates that are more active than those that hold them; the places that changed hands.
    pub(crate) fn renew(&mut self) -> Vec<usize> {
        let mut changed = Vec::new();
        loop {
            let waiting = self.waiting.iter().max_by(|(_, left), (_, right)| left.total_cmp(right));
            let held = self.followed.iter().enumerate();
            let held = held.min_by(|(_, left), (_, right)| left.active.total_cmp(&right.active));
            let (Some((&template, &active)), Some((place, followed))) = (waiting, held) else {
                return changed;
            };
            if active <= MORE_ACTIVE * followed.active {
                return changed;
            }
            self.waiting.remove(&template);
            // Its past is not known here, and is counted from now on.
            self.followed[place] = Followed { template, active: 0.0, lines: 0.0 };
            let place = place + 1;
            for other in 0..self.len() {
                let (row, column) = (place.max(other), place.min(other));
                self.sums[row * (row + 1) / 2 + column] = 0.0;
            }
            if changed.contains(&place) {
                return changed;
            }
            changed.push(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A moment that has learnt windows of counts of the templates 1, 2, 3 in full.
    fn learnt(windows: &[[u32; 3]], most: usize, kept: f64) -> Moment {
        let mut moment = Moment::default();
        for counts in windows {
            let present = (1..=3).filter(|template| counts[*template as usize - 1] > 0);
            moment.meet(present, most, kept);
            let lines = counts.iter().sum::<u32>();
            let of = moment.counts(u64::from(lines), |template| counts[template as usize - 1]);
            moment.learn(&of, 1.0, kept);
        }
        moment
    }

    #[test]
    fn products_are_summed_with_weights() {
        let moment = learnt(&[[3, 0, 0], [1, 2, 0]], 40, 1.0);
        assert_eq!((moment.len(), moment.mass()), (3, 2.0));
        let cases = [
            (0, 0, 1.0 / 4.0 + 1.0 / 4.0),
            (0, 1, 3.0 / 4.0 + 1.0 / 4.0),
            (1, 1, 9.0 / 4.0 + 1.0 / 4.0),
            (2, 1, 2.0 / 4.0),
            (1, 2, 2.0 / 4.0),
            (2, 2, 4.0 / 4.0),
        ];
        for (left, right, sum) in cases {
            assert!((moment.sum(left, right) - sum).abs() < 1e-12, "{left}, {right}");
        }
        assert_eq!((moment.active(1), moment.active(2)), (2.0, 1.0));
        assert_eq!((moment.own_weight(1), moment.own_weight(2)), (8.0 / 6.0, 8.0 / 4.0));
    }

    #[test]
    fn the_past_fades() {
        let moment = learnt(&[[3, 0, 0], [0, 0, 0], [0, 0, 0]], 40, 0.5);
        assert_eq!((moment.mass(), moment.active(1)), (1.75, 0.25));
        assert!((moment.sum(1, 1) - 9.0 / 16.0).abs() < 1e-12);
    }

    #[test]
    fn more_active_templates_take_places() {
        let mut windows = vec![[1, 0, 0], [0, 1, 0]];
        windows.extend([[0, 1, 1]; 2]);
        let mut moment = learnt(&windows, 2, 1.0);
        assert_eq!(moment.templates().collect::<Vec<_>>(), [1, 2], "who comes first");
        assert_eq!(moment.renew(), [1]);
        assert_eq!(moment.templates().collect::<Vec<_>>(), [3, 2]);
        assert_eq!((moment.sum(1, 1), moment.sum(0, 1), moment.sum(2, 1)), (0.0, 0.0, 0.0));
        assert!(moment.sum(2, 2) > 0.0);
        assert_eq!(moment.renew(), [] as [usize; 0], "nobody waits");
    }

    #[test]
    fn those_that_wait_are_bounded() {
        let mut moment = Moment::default();
        moment.meet(0..10_000, 2, 1.0);
        assert_eq!((moment.followed.len(), moment.waiting.len()), (2, WAITING_MAX));
    }
}

//! Each count as a sum of a few others: which ones, from the second moment; how much of each, by recursive least squares.
//!
//! Others are chosen one after the other (forward selection, Efroymson 1960), each only if it takes a large part of what
//! is left unexplained. The coefficients follow by recursive least squares with a memory that fades, in the form that
//! adds up information (Ljung and Söderström 1983), so that directions in which nothing happens do not wind up. A
//! window weighs less the more lines it has and the further off it is (Huber 1964).

use super::cholesky::Symmetric;
use super::dense::Deviation;
use super::moment::{CONSTANT, Counts, Moment};
use serde::{Deserialize, Serialize};

/// Others that a count is a sum of.
const OTHERS_MAX: usize = 3;
/// Each other takes at least this share of what is left.
const GAIN_MIN: f64 = 0.4;
/// What is left is nothing below this share of the count's own sum.
const LEFT_SHARE_MIN: f64 = 1e-9;
/// An other must have this share of itself that those before it do not explain.
const OWN_SHARE_MIN: f64 = 1e-6;
/// A set is kept until another leaves less than this share of what it leaves.
const BETTER_SHARE: f64 = 0.8;
/// Windows that what the second moment knows is worth when coefficients begin.
const BEGINNING_WINDOWS: f64 = 100.0;
/// Added to the information, so that no coefficient is free.
const RIDGE: f64 = 0.01;
/// Deviations beyond so many spreads weigh less.
const HUBER: f64 = 4.0;
/// No relation is known better.
const SPREAD_MIN: f64 = 0.15;
/// Windows that the spread is a mean of.
const SPREAD_WINDOWS: f64 = 500.0;

/// The relation of one template to some others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sparse {
    own: usize,
    /// The constant, then the others.
    places: Vec<usize>,
    /// The lower half, row by row, of the weighted sums of products.
    information: Vec<f64>,
    side: Vec<f64>,
    /// Square of the spread.
    variance: f64,
}

/// What a choice of others leaves unexplained, and they.
#[derive(Debug, Clone, PartialEq)]
struct Choice {
    others: Vec<usize>,
    left: f64,
}

impl Sparse {
    /// Relates a template to others among some places; keeps what is known where the relation stays.
    pub(crate) fn renew(
        known: Option<Sparse>,
        moment: &Moment,
        own: usize,
        among: &[usize],
    ) -> Option<Sparse> {
        let choice = choose(moment, own, among)?;
        if let Some(known) = known {
            let kept = leave(moment, own, &known.places[1..]);
            if choice.left > BETTER_SHARE * kept {
                return Some(known);
            }
        }
        let places: Vec<usize> = std::iter::once(CONSTANT).chain(choice.others).collect();
        let weight = moment.own_weight(own);
        let share = weight * (BEGINNING_WINDOWS / moment.mass()).min(1.0);
        let mut information = Vec::new();
        for (row, left) in places.iter().enumerate() {
            information
                .extend(places[..=row].iter().map(|right| share * moment.sum(*left, *right)));
        }
        let side = places.iter().map(|place| share * moment.sum(*place, own)).collect();
        let variance = (weight * choice.left / moment.mass()).max(SPREAD_MIN * SPREAD_MIN);
        Some(Sparse { own, places, information, side, variance })
    }

    /// Whether it speaks of a place.
    pub(crate) fn has(&self, place: usize) -> bool {
        self.own == place || self.places.contains(&place)
    }

    /// The places that it is a sum of.
    pub(crate) fn others(&self) -> &[usize] {
        &self.places[1..]
    }

    /// Holds a window against the relation, then learns it.
    pub(crate) fn judge(&mut self, counts: &Counts, kept: f64) -> Deviation {
        let terms: Vec<f64> = self.places.iter().map(|place| counts.values[*place]).collect();
        let coefficients = self.solve();
        let sum: f64 = coefficients.iter().zip(&terms).map(|(left, right)| left * right).sum();
        let (count, expected) = (counts.values[self.own], sum.max(0.0));
        let size = (1.0 + (count + expected) / 2.0).sqrt();
        let relative = (count - expected) / size;
        let spread = self.variance.sqrt().max(SPREAD_MIN);
        self.learn(&terms, count, kept, (HUBER * spread / relative.abs()).min(1.0) / (size * size));
        let clipped = relative.abs().min(HUBER * spread);
        self.variance += (clipped * clipped - self.variance) / SPREAD_WINDOWS;
        Deviation { z: relative / spread, lines: count - expected }
    }

    fn learn(&mut self, terms: &[f64], count: f64, kept: f64, weight: f64) {
        let mut sums = self.information.iter_mut();
        for (row, left) in terms.iter().enumerate() {
            for (right, sum) in terms[..=row].iter().zip(sums.by_ref()) {
                *sum = *sum * kept + weight * left * right;
            }
        }
        for (side, term) in self.side.iter_mut().zip(terms) {
            *side = *side * kept + weight * term * count;
        }
    }

    /// The coefficients; the ridge keeps the system solvable.
    fn solve(&self) -> Vec<f64> {
        let information = Symmetric::new(self.places.len(), |row, column| {
            let sum = self.information[row * (row + 1) / 2 + column];
            if row == column { sum + RIDGE } else { sum }
        });
        let nothing = vec![0.0; self.places.len()];
        information.decompose().map_or(nothing, |known| known.solve(self.side.clone()))
    }
}

/// What is left of each place when some are explained away, one after the other.
struct Rest<'a> {
    moment: &'a Moment,
    own: usize,
    candidates: Vec<usize>,
    /// Of the template itself, and of each candidate.
    own_left: f64,
    left: Vec<f64>,
    /// How each candidate, and the template itself, goes with each place taken so far.
    steps: Vec<(f64, Vec<f64>)>,
}

impl<'a> Rest<'a> {
    fn new(moment: &'a Moment, own: usize, candidates: Vec<usize>) -> Self {
        let left = candidates.iter().map(|place| moment.sum(*place, *place)).collect();
        Rest { moment, own, candidates, own_left: moment.sum(own, own), left, steps: Vec::new() }
    }

    /// What goes with a candidate that those taken do not explain: of the template itself.
    fn common(&self, candidate: usize) -> f64 {
        let explained: f64 = self.steps.iter().map(|(own, of)| own * of[candidate]).sum();
        self.moment.sum(self.own, self.candidates[candidate]) - explained
    }

    /// Takes a candidate.
    fn take(&mut self, candidate: usize) {
        let place = self.candidates[candidate];
        let least = (OWN_SHARE_MIN * self.moment.sum(place, place)).max(f64::MIN_POSITIVE);
        let root = self.left[candidate].max(least).sqrt();
        let of_own = self.common(candidate) / root;
        let of: Vec<f64> = self
            .candidates
            .iter()
            .enumerate()
            .map(|(other, other_place)| {
                let explained: f64 =
                    self.steps.iter().map(|(_, of)| of[candidate] * of[other]).sum();
                (self.moment.sum(place, *other_place) - explained) / root
            })
            .collect();
        self.own_left = (self.own_left - of_own * of_own).max(0.0);
        self.left.iter_mut().zip(&of).for_each(|(left, of)| *left -= of * of);
        self.steps.push((of_own, of));
    }
}

/// The others that explain a template best; `None` where nothing explains enough.
fn choose(moment: &Moment, own: usize, among: &[usize]) -> Option<Choice> {
    let others = among.iter().copied().filter(|place| *place != own);
    let mut rest = Rest::new(moment, own, std::iter::once(CONSTANT).chain(others).collect());
    let least = LEFT_SHARE_MIN * rest.own_left;
    rest.take(0);
    let mut chosen = Vec::new();
    while chosen.len() < OTHERS_MAX && rest.own_left > least {
        let gain = |candidate: usize| {
            let place = rest.candidates[candidate];
            let own_share = rest.left[candidate] > OWN_SHARE_MIN * moment.sum(place, place);
            if own_share { rest.common(candidate).powi(2) / rest.left[candidate] } else { 0.0 }
        };
        let gains = (1..rest.candidates.len()).map(|candidate| (gain(candidate), candidate));
        let best = gains.max_by(|left, right| left.0.total_cmp(&right.0));
        let Some((gain, candidate)) = best else { break };
        if gain < GAIN_MIN * rest.own_left {
            break;
        }
        chosen.push(rest.candidates[candidate]);
        rest.take(candidate);
    }
    (!chosen.is_empty()).then_some(Choice { others: chosen, left: rest.own_left })
}

/// What these others leave unexplained of a template.
fn leave(moment: &Moment, own: usize, others: &[usize]) -> f64 {
    let candidates: Vec<usize> = std::iter::once(CONSTANT).chain(others.iter().copied()).collect();
    let mut rest = Rest::new(moment, own, candidates);
    (0..=others.len()).for_each(|candidate| rest.take(candidate));
    rest.own_left
}

#[cfg(test)]
mod tests;

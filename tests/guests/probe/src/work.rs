//! The work itself, over whatever holds the columns.
//!
//! The bench compiles this file too, natively, and hands it the host's own columns: what differs then is the boundary and
//! the compiler, nothing else.

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

/// What texts are searched for.
pub(crate) const LITERAL: &[u8] = b"timeout";

/// Places of the columns of bits.
const TIMED_OUT: usize = 0;
const RETRIED: usize = 1;
const REFUSED: usize = 2;
/// OpenTelemetry's number of the severity `error`.
const ERROR: u8 = 17;
/// Share of a new value in the baseline.
const WEIGHT: f64 = 0.05;
/// Deviation below which values count as equal.
const SPREAD_MIN: f64 = 1e-3;
/// Templates with a baseline; those beyond are not judged.
const TEMPLATES_MAX: usize = 4096;

/// Names the rows that timed out without a retry, or were refused and are errors.
pub(crate) fn combine(
    severity: &[u8],
    bit: impl Fn(usize, usize) -> bool,
    mut mark: impl FnMut(usize),
) {
    for (row, &severity) in severity.iter().enumerate() {
        let gave_up = bit(TIMED_OUT, row) && !bit(RETRIED, row);
        if gave_up || bit(REFUSED, row) && severity >= ERROR {
            mark(row);
        }
    }
}

/// Moving mean and variance of a number, for each template.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Baselines {
    by_template: Vec<Baseline>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Baseline {
    known: bool,
    mean: f64,
    variance: f64,
}

impl Baselines {
    /// How many standard deviations the value lies from the template's mean; NaN where there is nothing to compare.
    pub(crate) fn score(&mut self, template: u32, value: f64) -> f32 {
        let place = template as usize;
        if value.is_nan() || place >= TEMPLATES_MAX {
            return f32::NAN;
        }
        if place >= self.by_template.len() {
            self.by_template.resize(place + 1, Baseline::default());
        }
        self.by_template[place].score(value)
    }
}

impl Baseline {
    fn score(&mut self, value: f64) -> f32 {
        if !self.known {
            *self = Baseline { known: true, mean: value, variance: 0.0 };
            return 0.0;
        }
        let difference = value - self.mean;
        let score = difference / self.variance.sqrt().max(SPREAD_MIN);
        self.mean += WEIGHT * difference;
        self.variance = (1.0 - WEIGHT) * (self.variance + WEIGHT * difference * difference);
        score as f32
    }
}

/// Number of texts that contain the literal.
pub(crate) fn containing<'a>(texts: impl Iterator<Item = &'a [u8]>, literal: &Finder<'_>) -> u32 {
    texts.filter(|text| literal.find(text).is_some()).count() as u32
}

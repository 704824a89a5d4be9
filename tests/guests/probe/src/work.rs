//! The work itself, over whatever holds the columns.
//!
//! The bench compiles this file too, natively, and hands it the host's own columns: what differs then is the boundary and
//! the compiler, nothing else.

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

/// What texts are searched for.
pub(crate) const LITERAL: &[u8] = b"timeout";

/// Share of a new value in the baseline.
const WEIGHT: f64 = 0.05;
/// Deviation below which values count as equal.
const SPREAD_MIN: f64 = 1e-3;
/// Templates with a baseline; those beyond are not judged.
const TEMPLATES_MAX: usize = 4096;

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
        let spread = self.variance.sqrt();
        // Not `max`, which is a call in WebAssembly: it would cost as much as the rest.
        let score = difference / if spread < SPREAD_MIN { SPREAD_MIN } else { spread };
        self.mean += WEIGHT * difference;
        self.variance = (1.0 - WEIGHT) * (self.variance + WEIGHT * difference * difference);
        score as f32
    }
}

/// Number of texts that contain the literal.
pub(crate) fn containing<'a>(texts: impl Iterator<Item = &'a [u8]>, literal: &Finder<'_>) -> u32 {
    texts.filter(|text| literal.find(text).is_some()).count() as u32
}

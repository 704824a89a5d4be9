//! What patterns cost: as expected of a plan, as counted in scans, and what becomes of one that costs too much.

use super::engine::Lane;

/// Bytes of a usual line, for figures that people read.
const LINE_BYTES: f64 = 128.0;
/// What a candidate costs until it is confirmed, and then for each byte that is walked, in nanoseconds.
const CANDIDATE_NS: f64 = 20.0;
const WALKED_BYTE_NS: f64 = 1.0;
/// Bytes walked for a candidate that is yet to come.
const WALKED_BYTES: f64 = 16.0;
/// What the lanes cost by themselves, for each byte of text.
const RUN_BYTE_NS: f64 = 0.1;
const HEAD_BYTE_NS: f64 = 0.04;
const SLOW_BYTE_NS: f64 = 1.5;
/// A pattern that costs more for each byte of text is as well run on every row.
const BUDGET_BYTE_NS: f64 = 1.0;
/// Nothing is concluded from less text.
const BYTES_MIN: u64 = 1 << 20;

/// What a pattern has cost so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// Places where one of its needles stood, or rows it was run on.
    pub candidates: u64,
    /// Bytes looked at to confirm or to refute them.
    pub walked_bytes: u64,
}

/// What all patterns have cost in some scans; those of several workers are added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Efforts {
    /// By pattern.
    pub patterns: Vec<Effort>,
    /// Bytes of text that were scanned.
    pub bytes: u64,
}

impl Efforts {
    /// Adds what was counted elsewhere, which begins anew.
    pub fn take(&mut self, other: &mut Efforts) {
        let patterns = self.patterns.len().max(other.patterns.len());
        self.patterns.resize(patterns, Effort::default());
        for (mine, theirs) in self.patterns.iter_mut().zip(&mut other.patterns) {
            let Effort { candidates, walked_bytes } = std::mem::take(theirs);
            mine.candidates += candidates;
            mine.walked_bytes += walked_bytes;
        }
        self.bytes += std::mem::take(&mut other.bytes);
    }

    /// Whether a pattern costs so much that it had better be run on every row.
    pub fn exceeds_budget(&self, pattern: usize) -> bool {
        let Some(effort) = self.patterns.get(pattern) else { return false };
        let spent_ns =
            effort.candidates as f64 * CANDIDATE_NS + effort.walked_bytes as f64 * WALKED_BYTE_NS;
        self.bytes >= BYTES_MIN && spent_ns > self.bytes as f64 * BUDGET_BYTE_NS
    }

    /// Marks the patterns that do; whether there is a new one among them.
    pub(super) fn demote(&self, demoted: &mut Vec<bool>) -> bool {
        demoted.resize(demoted.len().max(self.patterns.len()), false);
        let before = demoted.iter().filter(|own| **own).count();
        (0..).zip(demoted.iter_mut()).for_each(|(id, own)| *own |= self.exceeds_budget(id));
        demoted.iter().filter(|own| **own).count() > before
    }
}

/// What looking for a pattern is expected to cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lint {
    /// How it is looked for.
    pub lane: Lane,
    /// Places in a million bytes of text that must be looked at more closely.
    pub candidates_per_mb: f64,
    /// Time for a line of 128 bytes, beside what all patterns share.
    pub ns_per_line: f64,
}

impl Lint {
    /// From the share of places where something is found.
    pub(super) fn new(lane: Lane, rate: f64) -> Lint {
        let own = match lane {
            Lane::Grams | Lane::Shorts => 0.0,
            Lane::Runs => RUN_BYTE_NS,
            Lane::Heads => HEAD_BYTE_NS,
            Lane::Slow => SLOW_BYTE_NS,
        };
        let found = rate * (CANDIDATE_NS + WALKED_BYTES * WALKED_BYTE_NS);
        Lint { lane, candidates_per_mb: rate * 1e6, ns_per_line: (own + found) * LINE_BYTES }
    }
}

//! What a lane counts.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a lane has counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneCounters {
    /// Records that passed the filters.
    pub kept: u64,
    /// Records that a filter dropped.
    pub dropped: u64,
    /// Records that a failing filter sent to the dead letter.
    pub dead: u64,
    /// Records that passed a filter that could not answer.
    pub unfiltered: u64,
    /// Rows, windows and states that plugins could not bear.
    pub poisoned: u64,
    /// Examples that were let go of for want of memory.
    pub examples_given_up: u64,
    /// Templates that were let go of for want of memory.
    pub templates_given_up: u64,
    /// Records per tag.
    pub tags: BTreeMap<String, u64>,
}

impl LaneCounters {
    /// Adds the counters of another lane.
    pub fn add(&mut self, other: &LaneCounters) {
        self.kept += other.kept;
        self.dropped += other.dropped;
        self.dead += other.dead;
        self.unfiltered += other.unfiltered;
        self.poisoned += other.poisoned;
        self.examples_given_up += other.examples_given_up;
        self.templates_given_up += other.templates_given_up;
        for (tag, count) in &other.tags {
            *self.tags.entry(tag.clone()).or_default() += count;
        }
    }
}

//! What a lane lets go of when memory runs short.

use super::{Lane, LaneCounters};
use serde::{Deserialize, Serialize};

/// What gives way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relief {
    /// All examples.
    Examples,
    /// Templates that had a single line.
    RareTemplates,
}

impl Lane {
    /// Lets go of something in every source, and counts it.
    pub fn relieve(&mut self, relief: Relief) {
        let LaneCounters { examples_given_up, templates_given_up, .. } = &mut self.counters;
        for (_, source) in self.sources.iter_mut() {
            match relief {
                Relief::Examples => *examples_given_up += source.counts.drop_examples(),
                Relief::RareTemplates => *templates_given_up += source.templates.evict_rare(),
            }
            source.changed = true;
        }
    }

    /// Forgets a source that was saved; it can be loaded again.
    pub fn forget(&mut self, number: u32) {
        self.sources.remove(number);
        for filter in &mut self.filters {
            filter.plugin().forget(number);
        }
        for detector in &mut self.detectors {
            detector.plugin().forget(number);
        }
    }
}

//! Word sequences that were seen before.
//!
//! Two generations: when the young one is full it becomes the old one, and what is still in use moves over. That bounds
//! memory and costs no list of uses.

use crate::state::sorted;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const GENERATION_MAX: usize = 16_384;

/// From the hash of a word sequence to its template and fine template.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Cache {
    #[serde(with = "sorted")]
    young: HashMap<u64, (u32, u32), foldhash::fast::FixedState>,
    #[serde(with = "sorted")]
    old: HashMap<u64, (u32, u32), foldhash::fast::FixedState>,
}

impl Cache {
    pub(super) fn get(&mut self, key: u64) -> Option<(u32, u32)> {
        if let Some(ids) = self.young.get(&key) {
            return Some(*ids);
        }
        let ids = *self.old.get(&key)?;
        self.insert(key, ids);
        Some(ids)
    }

    pub(super) fn insert(&mut self, key: u64, ids: (u32, u32)) {
        if self.young.len() == GENERATION_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, ids);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let mut cache = Cache::default();
        cache.insert(1, (1, 1));
        for key in 2..100_000 {
            cache.insert(key, (0, 0));
            assert_eq!(cache.get(1), Some((1, 1)));
        }
        assert!(cache.young.len() + cache.old.len() <= 2 * GENERATION_MAX);
        assert_eq!(cache.get(2), None);
    }
}

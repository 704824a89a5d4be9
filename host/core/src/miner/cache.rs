//! Skeletons that are known, each with its answer.
//!
//! Two generations: when the young one is full it becomes the old one, and what is still in use moves over. That bounds
//! memory and costs no list of uses.

use hashbrown::HashTable;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Skeletons of a generation.
const GENERATION_MAX: usize = 8192;

/// A skeleton's hash and its two ids.
type Entry = (u64, u32, u32);

/// From skeletons to two ids. The keys are hashes already.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cache {
    young: Generation,
    old: Generation,
}

#[derive(Debug, Default)]
struct Generation(HashTable<Entry>);

impl Cache {
    /// The ids of a skeleton, if it was used lately.
    pub(crate) fn get_young(&self, key: u64) -> Option<(u32, u32)> {
        let (_, first, second) = *self.young.0.find(key, |entry| entry.0 == key)?;
        Some((first, second))
    }

    /// The ids of a skeleton of the old generation, which moves over to the young one.
    pub(crate) fn get_old(&mut self, key: u64) -> Option<(u32, u32)> {
        let (_, first, second) = *self.old.0.find(key, |entry| entry.0 == key)?;
        self.insert(key, (first, second));
        Some((first, second))
    }

    /// Remembers the ids of a skeleton.
    pub(crate) fn insert(&mut self, key: u64, (first, second): (u32, u32)) {
        if let Some(entry) = self.young.0.find_mut(key, |entry| entry.0 == key) {
            *entry = (key, first, second);
            return;
        }
        if self.young.0.len() == GENERATION_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.0.insert_unique(key, (key, first, second), |entry| entry.0);
    }
}

/// In the order of the keys, so that equal caches give equal bytes.
impl Serialize for Generation {
    fn serialize<W: Serializer>(&self, writer: W) -> Result<W::Ok, W::Error> {
        let mut entries: Vec<Entry> = self.0.iter().copied().collect();
        entries.sort_unstable();
        entries.serialize(writer)
    }
}

impl<'de> Deserialize<'de> for Generation {
    fn deserialize<R: Deserializer<'de>>(reader: R) -> Result<Self, R::Error> {
        let entries = Vec::<Entry>::deserialize(reader)?;
        let mut table = HashTable::with_capacity(entries.len());
        for entry in entries {
            table.insert_unique(entry.0, entry, |entry| entry.0);
        }
        Ok(Generation(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Cache {
        fn get(&mut self, key: u64) -> Option<(u32, u32)> {
            self.get_young(key).or_else(|| self.get_old(key))
        }
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let mut cache = Cache::default();
        cache.insert(1, (1, 1));
        for key in 2..100_000 {
            cache.insert(key, (0, 0));
            assert_eq!(cache.get(1), Some((1, 1)));
        }
        assert!(cache.young.0.len() + cache.old.0.len() <= 2 * GENERATION_MAX);
        assert_eq!(cache.get(2), None);
        cache.insert(1, (2, 3));
        assert_eq!(cache.get(1), Some((2, 3)));
    }

    #[test]
    fn what_was_saved_goes_on() {
        let mut cache = Cache::default();
        (0..20_000)
            .for_each(|key: u64| cache.insert(key.wrapping_mul(0x9e37_79b9), (1, key as u32)));
        let saved = crate::state::to_bytes(&cache);
        let mut again: Cache = crate::state::from_bytes(&saved).expect("it was just written");
        assert_eq!(crate::state::to_bytes(&again), saved);
        let key = 19_999u64.wrapping_mul(0x9e37_79b9);
        assert_eq!(again.get(key), cache.get(key));
    }
}

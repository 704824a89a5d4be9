//! Ids for the values of a field, per source.

use crate::state::sorted;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Values with an id of their own; all further ones share the last id.
const VALUES_MAX: u32 = 65_535;

/// Values met so far; ids begin at 1 and are never reused.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Dictionary {
    #[serde(with = "sorted")]
    ids: HashMap<Box<[u8]>, u32, foldhash::fast::FixedState>,
}

impl Dictionary {
    /// The id of a value.
    pub(super) fn id(&mut self, value: &[u8]) -> u32 {
        if let Some(id) = self.ids.get(value) {
            return *id;
        }
        let id = self.ids.len() as u32 + 1;
        if id <= VALUES_MAX {
            self.ids.insert(value.into(), id);
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable_and_bounded() {
        let mut dictionary = Dictionary::default();
        for value in 0..100_000u32 {
            let id = dictionary.id(&value.to_le_bytes());
            assert_eq!(id, (value + 1).min(VALUES_MAX + 1));
        }
        assert_eq!(dictionary.id(&7u32.to_le_bytes()), 8);
    }
}

//! Messages that were news enough for an alarm when they came up. An alarm is told once; what it tells of goes on for as
//! long as they come, and after a day they are accepted as usual.

use super::source::Source;
use crate::report::Recurrence;
use crate::window::Series;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// How long a message counts as new.
const NEW_MS: i64 = 86_400_000;

/// What came up within a day, by template.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Births(BTreeMap<u32, Birth>);

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Birth {
    first_ms: i64,
    bits: f32,
}

impl Source {
    /// Takes note of what the messages were worth that came up in a window.
    pub(super) fn note_births(
        &mut self,
        window_ms: Range<i64>,
        bits: impl Iterator<Item = (u32, f32)>,
    ) {
        // Templates that had to make room do not come again, so there are never more than templates.
        let counts = &self.counts;
        self.births.0.retain(|template, birth| {
            window_ms.end - birth.first_ms <= NEW_MS && counts.life(*template).is_some()
        });
        for (template, bits) in bits.filter(|(_, bits)| *bits >= self.standard.alarm_bits) {
            let first_ms = self.counts.life(template).map(|life| life.first_ms);
            let Some(first_ms) = first_ms.filter(|first_ms| window_ms.contains(first_ms)) else {
                continue;
            };
            let birth = self.births.0.entry(template).or_insert(Birth { first_ms, bits });
            birth.bits = birth.bits.max(bits);
        }
    }

    /// Those of them that came in a window.
    pub(super) fn recurrence(&self, series: &Series) -> Recurrence {
        let mut recurrence = Recurrence::default();
        for (template, birth) in &self.births.0 {
            let count = series.row_of(*template).map_or(0, |row| series.count(row));
            if count > 0 {
                recurrence.messages.push(self.templates.message(*template));
                recurrence.bits = recurrence.bits.max(birth.bits);
            }
        }
        recurrence
    }

    /// A template proved to be another one: if that is older, it was never new.
    pub(super) fn rename_birth(&mut self, old: u32, new: u32) {
        let Some(birth) = self.births.0.remove(&old) else { return };
        if self.counts.life(new).is_some_and(|life| life.first_ms >= birth.first_ms) {
            self.births.0.entry(new).or_insert(birth);
        }
    }
}

//! What plugins could not bear: taken from them, and told with the record it was.

use super::Lane;
use super::columns::Facts;
use super::detect::LaneDetector;
use super::filtering::LaneFilter;
use crate::plugin::{Plugin, PluginCall, Poison};

/// Bytes kept of the record.
const TEXT_BYTES_MAX: usize = 4096;

/// The least that a plugin could not bear; everything else went on without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Number of the source.
    pub source: u32,
    /// Name of the plugin.
    pub plugin: String,
    /// What it was to do.
    pub during: PluginCall,
    /// Where the record stands in its input; `None` where it was no record: a window, a state.
    pub position: Option<u64>,
    /// Event time, in milliseconds since 1970.
    pub time_ms: i64,
    /// The beginning of the record, if it was one.
    pub text: Vec<u8>,
    /// How it failed, with the names of functions.
    pub cause: String,
}

impl Lane {
    /// Everything since the last time, what plugins failed to save, load or close with it.
    pub(super) fn take_dead(&mut self) -> Vec<DeadLetter> {
        let filters = self.filters.iter_mut().map(LaneFilter::plugin);
        for plugin in filters.chain(self.detectors.iter_mut().map(LaneDetector::plugin)) {
            for poison in plugin.take_poison() {
                let time_ms = i64::try_from(poison.at_ms).unwrap_or(i64::MAX);
                let name = &plugin.descriptor().name;
                self.dead.push(letter(name, poison, (None, time_ms, &[])));
            }
        }
        self.counters.poisoned += self.dead.len() as u64;
        std::mem::take(&mut self.dead)
    }
}

/// Takes the rows of a batch that a plugin could not bear in the call just made.
pub(super) fn bury(plugin: &mut dyn Plugin, facts: &Facts, dead: &mut Vec<DeadLetter>) {
    let batch = &facts.batch;
    for poison in plugin.take_poison() {
        let name = &plugin.descriptor().name;
        let record = match poison.row.map(|row| row as usize) {
            Some(row) => (Some(batch.position(row)), batch.time_ms(row), batch.text(row)),
            None => (None, i64::try_from(poison.at_ms).unwrap_or(i64::MAX), &[][..]),
        };
        dead.push(letter(name, poison, record));
    }
}

fn letter(plugin: &str, poison: Poison, record: (Option<u64>, i64, &[u8])) -> DeadLetter {
    let Poison { source, during, cause, .. } = poison;
    let (position, time_ms, text) = record;
    let text = text[..text.len().min(TEXT_BYTES_MAX)].to_vec();
    DeadLetter { source, plugin: plugin.to_owned(), during, position, time_ms, text, cause }
}

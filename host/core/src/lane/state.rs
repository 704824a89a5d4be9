//! What a lane remembers of its sources, as bytes: everything that a run needs to go on as if nothing had been.

use super::detect::LaneDetector;
use super::filtering::LaneFilter;
use super::fit::Seat;
use super::source::Source;
use super::{Lane, PatternSet, SourceInfo};
use crate::plugin::{Plugin, PluginState};
use crate::settings::Settings;
use crate::state::{StateError, from_bytes, pack, raw, to_bytes, unpack};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A source that has changed since it was last saved.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedSource {
    /// Number of the source.
    pub source: u32,
    /// What the host remembers, compressed.
    pub state: Vec<u8>,
    /// What plugins remember, by their names, compressed.
    pub plugins: Vec<(String, PluginState)>,
    /// For people, without its templates.
    pub info: SourceInfo,
    /// Templates that were met since, for people.
    pub templates: Vec<MetTemplate>,
}

/// A source at one moment, from which a lane can go on with it by `load`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// What the host remembers, compressed.
    #[serde(with = "raw")]
    pub state: Vec<u8>,
    /// What plugins remember, by their names, compressed.
    pub plugins: Vec<(String, PluginState)>,
    /// Event time of its newest record, in milliseconds since 1970.
    pub newest_ms: i64,
    /// First millisecond of the first window that was not closed.
    pub open_from_ms: u64,
}

/// A template that was met since its source was last saved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetTemplate {
    /// Id within the source.
    pub template: u32,
    /// Name across sources.
    pub message: u32,
    /// Text, variables as `<*>`.
    pub text: String,
    /// Lines so far; 0 of one that became part of another, which has them.
    pub lines: u64,
    /// First line, in milliseconds since 1970.
    pub first_ms: i64,
    /// Last line.
    pub last_ms: i64,
    /// OpenTelemetry severity number of the last line.
    pub severity: u8,
    /// Newest records since then, newest last.
    pub examples: Vec<String>,
}

/// Numbers that mean something only beside a configuration are saved with the names behind them.
#[derive(Serialize)]
struct Saved<'a> {
    spans_ms: [u64; 2],
    detectors: Vec<String>,
    patterns: BTreeMap<u16, &'a str>,
    source: &'a Source,
}

#[derive(Deserialize)]
struct Loaded {
    spans_ms: [u64; 2],
    detectors: Vec<String>,
    patterns: BTreeMap<u16, String>,
    source: Source,
}

impl Lane {
    /// Saves the sources that have changed since the last time.
    pub fn save(&mut self) -> Vec<SavedSource> {
        let Lane { settings, patterns, filters, detectors, sources, .. } = self;
        let mut desk = Desk { settings, patterns, filters, detectors };
        let mut saved = Vec::new();
        for (number, source) in sources.iter_mut().filter(|(_, source)| source.changed) {
            source.changed = false;
            let (state, plugins) = desk.pack(number, source);
            let templates = source.met_templates();
            saved.push(SavedSource {
                source: number,
                state,
                plugins,
                info: source.info(number),
                templates,
            });
        }
        saved
    }

    /// A source as it is now, which changes nothing; `None` where it was never met.
    pub fn snapshot(&mut self, number: u32) -> Option<Snapshot> {
        let Lane { settings, patterns, filters, detectors, sources, .. } = self;
        let source = sources.get_mut(number)?;
        let mut desk = Desk { settings, patterns, filters, detectors };
        let (state, plugins) = desk.pack(number, source);
        let open_from_ms = source.open_from() * desk.settings.window_ms;
        Some(Snapshot { state, plugins, newest_ms: source.last_ms, open_from_ms })
    }

    /// Goes on with a saved source. Detectors that are new begin to learn; what those that are gone had learnt is
    /// forgotten.
    pub fn load(
        &mut self,
        number: u32,
        state: &[u8],
        plugins: &[(String, PluginState)],
    ) -> Result<(), StateError> {
        let Loaded { spans_ms, detectors, patterns, mut source } = from_bytes(&unpack(state)?)?;
        let wanted_ms = spans(&self.settings);
        if spans_ms != wanted_ms {
            return Err(StateError::Spans { saved_ms: spans_ms, wanted_ms });
        }
        let places: BTreeMap<&str, u16> = self
            .patterns
            .names
            .iter()
            .enumerate()
            .map(|(place, name)| (name.as_str(), place as u16))
            .collect();
        source.counts.rename_patterns(|id| {
            patterns.get(&id).and_then(|name| places.get(name.as_str()).copied())
        });
        let origins: Vec<Option<usize>> =
            self.detectors.iter().map(|slot| slot.seat.place(&detectors)).collect();
        source.order_detectors(&origins, self.sources.scales());
        self.sources.put(number, source);
        let keys: Vec<String> = plugins.iter().map(|(key, _)| key.clone()).collect();
        for (seat, plugin) in seated(&mut self.filters, &mut self.detectors) {
            if let Some(place) = seat.place(&keys) {
                let PluginState { version, bytes } = &plugins[place].1;
                // One that cannot read what its predecessor wrote begins to learn.
                if !plugin.descriptor().reads(*version) {
                    continue;
                }
                plugin.load(number, PluginState { version: *version, bytes: unpack(bytes)? });
            }
        }
        Ok(())
    }
}

/// Everything that saving takes.
struct Desk<'a> {
    settings: &'a Settings,
    patterns: &'a PatternSet,
    filters: &'a mut [LaneFilter],
    detectors: &'a mut [LaneDetector],
}

impl Desk<'_> {
    /// What host and plugins remember of a source, compressed.
    fn pack(&mut self, number: u32, source: &Source) -> (Vec<u8>, Vec<(String, PluginState)>) {
        let name = |id: u16| (id, &*self.patterns.names[usize::from(id)]);
        let states = Saved {
            spans_ms: spans(self.settings),
            detectors: self.detectors.iter().map(|slot| slot.seat.key()).collect(),
            patterns: source.counts.patterns().into_iter().map(name).collect(),
            source,
        };
        let state = pack(&to_bytes(&states));
        let mut plugins = Vec::new();
        for (seat, plugin) in seated(self.filters, self.detectors) {
            if let Some(PluginState { version, bytes }) = plugin.save(number) {
                let bytes = pack(&bytes);
                plugins.push((seat.key(), PluginState { version, bytes }));
            }
        }
        (state, plugins)
    }
}

/// All plugins in their seats.
fn seated<'a>(
    filters: &'a mut [LaneFilter],
    detectors: &'a mut [LaneDetector],
) -> impl Iterator<Item = (&'a Seat, &'a mut dyn Plugin)> {
    filters.iter_mut().map(LaneFilter::seated).chain(detectors.iter_mut().map(LaneDetector::seated))
}

fn spans(settings: &Settings) -> [u64; 2] {
    [settings.pane_ms, settings.window_ms]
}

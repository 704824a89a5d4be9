//! What a lane remembers of its sources, as bytes: everything that a run needs to go on as if nothing had been.

use super::detect::LaneDetector;
use super::filtering::LaneFilter;
use super::source::Source;
use super::{Lane, SourceInfo};
use crate::plugin::{Plugin, PluginState};
use crate::settings::Settings;
use crate::state::{Packer, StateError, from_bytes, to_bytes, unpack};
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

/// A template that was met since its source was last saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetTemplate {
    /// Id within the source.
    pub template: u32,
    /// Name across sources.
    pub message: u32,
    /// Text, variables as `<*>`.
    pub text: String,
    /// Lines so far.
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
        let names: Vec<String> = plugins_of(&mut [], detectors).map(|(name, _)| name).collect();
        let (mut saved, mut packer) = (Vec::new(), Packer::new());
        for (number, source) in sources.iter_mut().filter(|(_, source)| source.changed) {
            source.changed = false;
            let used = source.counts.patterns();
            let states = Saved {
                spans_ms: spans(settings),
                detectors: names.clone(),
                patterns: used
                    .into_iter()
                    .map(|id| (id, &*patterns.names[usize::from(id)]))
                    .collect(),
                source,
            };
            let state = packer.pack(&to_bytes(&states));
            let mut plugins = Vec::new();
            for (name, plugin) in plugins_of(filters, detectors) {
                if let Some(PluginState { version, bytes }) = plugin.save(number) {
                    plugins.push((name, PluginState { version, bytes: packer.pack(&bytes) }));
                }
            }
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

    /// Goes on with a saved source. Detectors that are new begin to learn; what those that are gone had learnt is
    /// forgotten.
    pub fn load(
        &mut self,
        number: u32,
        state: &[u8],
        mut plugins: Vec<(String, PluginState)>,
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
        let place = |name: String| detectors.iter().position(|known| *known == name);
        let now = plugins_of(&mut [], &mut self.detectors);
        let places: Vec<Option<usize>> = now.map(|(name, _)| place(name)).collect();
        source.order_detectors(&places, self.sources.scales());
        self.sources.put(number, source);
        for (name, plugin) in plugins_of(&mut self.filters, &mut self.detectors) {
            if let Some(place) = plugins.iter().position(|(known, _)| *known == name) {
                let PluginState { version, bytes } = plugins.swap_remove(place).1;
                plugin.load(number, PluginState { version, bytes: unpack(&bytes)? });
            }
        }
        Ok(())
    }
}

/// All plugins with names of their own: the second of a name is numbered.
fn plugins_of<'a>(
    filters: &'a mut [LaneFilter],
    detectors: &'a mut [LaneDetector],
) -> impl Iterator<Item = (String, &'a mut dyn Plugin)> {
    let filters = filters.iter_mut().map(LaneFilter::plugin);
    let plugins = filters.chain(detectors.iter_mut().map(LaneDetector::plugin));
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    plugins.map(move |plugin| {
        let name = plugin.descriptor().name.clone();
        let ordinal = met.entry(name.clone()).or_default();
        *ordinal += 1;
        (if *ordinal == 1 { name } else { format!("{name}#{ordinal}") }, plugin)
    })
}

fn spans(settings: &Settings) -> [u64; 2] {
    [settings.pane_ms, settings.window_ms]
}

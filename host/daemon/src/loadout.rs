//! The plugins that a configuration names, admitted once and opened in every lane.

use crate::config::{Config, DetectorConfig, FilterConfig, OnFailure, Origin, PluginConfig};
use crate::shipped;
use bellwether_core::lane::{DetectorSlot, FilterSlot, Lane, LaneError, PatternSet, Wishes};
use bellwether_core::matcher::{Matcher, MatcherError};
use bellwether_core::plugin::{PluginPattern, WindowSpan};
use bellwether_core::settings::Settings;
use bellwether_plugins::{
    AdmitError, CompiledPlugin, Health, HealthHandle, Limits, OpenError, Runtime, RuntimeError,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Why the plugins of a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadoutError {
    /// No plugin at all can run.
    #[error("plugins cannot run")]
    Runtime(#[from] RuntimeError),
    /// The name is not one of those that ship.
    #[error(
        "{place}: no plugin `{name}` ships with bellwether; write one of {}, or `path:` and a file",
        shipped::names()
    )]
    UnknownName {
        /// Where it is named.
        place: String,
        /// The name.
        name: String,
    },
    /// The file of a plugin cannot be read.
    #[error("{place}: cannot read `{}`; check the path", path.display())]
    Unreadable {
        /// Where it is named.
        place: String,
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The component is not let in.
    #[error("{place}: plugin not admitted")]
    Admit {
        /// Where it is named.
        place: String,
        /// Why.
        #[source]
        source: AdmitError,
    },
    /// The plugin refuses to start with its configuration.
    #[error("{place}")]
    Open {
        /// Where it is named.
        place: String,
        /// Why.
        #[source]
        source: OpenError,
    },
    /// The patterns cannot be matched together.
    #[error("patterns cannot be matched")]
    Matcher(#[from] MatcherError),
    /// A plugin wants what the lane does not have.
    #[error("a plugin cannot be served")]
    Lane(#[from] LaneError),
}

/// An admitted plugin and how the configuration wants it.
struct Entry<C> {
    plugin: CompiledPlugin,
    config: C,
}

/// Everything a lane is made of.
pub struct Loadout {
    settings: Settings,
    patterns: PatternSet,
    detectors: Vec<Entry<DetectorConfig>>,
    filters: Vec<Entry<FilterConfig>>,
    wishes: Wishes,
    health: Mutex<Vec<(String, HealthHandle)>>,
}

impl Loadout {
    /// Admits all plugins and opens a lane on trial, so that whatever is wrong shows before the first line.
    pub fn new(config: &Config, settings: Settings, wishes: Wishes) -> Result<Self, LoadoutError> {
        let runtime = runtime(config)?;
        let mut detectors = Vec::new();
        for wanted in &config.detectors {
            let plugin = admit(&runtime, &wanted.origin, &wanted.place)?;
            detectors.push(Entry { plugin, config: wanted.clone() });
        }
        let mut filters = Vec::new();
        for wanted in &config.filters {
            let plugin = admit(&runtime, &wanted.origin, &wanted.place)?;
            filters.push(Entry { plugin, config: wanted.clone() });
        }
        let plugins = detectors.iter().map(|entry| &entry.plugin);
        let plugins = plugins.chain(filters.iter().map(|entry| &entry.plugin));
        let patterns = pattern_set(config, plugins)?;
        let health = Mutex::new(Vec::new());
        let loadout = Loadout { settings, patterns, detectors, filters, wishes, health };
        loadout.lane()?;
        loadout.health.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(loadout)
    }

    /// The settings of its lanes.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A new lane with plugins of its own.
    pub fn lane(&self) -> Result<Lane, LoadoutError> {
        let mut filters = Vec::new();
        for Entry { plugin, config } in &self.filters {
            let open = plugin.filter(&config.config.to_string());
            let filter =
                open.map_err(|source| LoadoutError::Open { place: config.place.clone(), source })?;
            self.watch(plugin, filter.health());
            let fail_open = config.on_failure == OnFailure::Open;
            filters.push(FilterSlot { filter: Box::new(filter), fail_open });
        }
        let mut detectors = Vec::new();
        for Entry { plugin, config } in &self.detectors {
            let span = config
                .window_s
                .map(|size_s| WindowSpan { size_ms: size_s * 1000, step_ms: size_s * 1000 });
            let open = plugin.detector(&config.config.to_string(), span);
            let detector =
                open.map_err(|source| LoadoutError::Open { place: config.place.clone(), source })?;
            self.watch(plugin, detector.health());
            detectors
                .push(DetectorSlot { detector: Box::new(detector), offset: config.offset as f32 });
        }
        let settings = self.settings.clone();
        Ok(Lane::new(settings, self.patterns.clone(), filters, detectors, self.wishes)?)
    }

    /// How every plugin is doing, over all lanes.
    pub fn health(&self) -> BTreeMap<String, Health> {
        let handles = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        let mut by_name: BTreeMap<String, Health> = BTreeMap::new();
        for (name, handle) in handles.iter() {
            by_name.entry(name.clone()).or_default().merge(&handle.snapshot());
        }
        by_name
    }

    /// The digest of a plugin's component, by its name.
    pub fn digest(&self, name: &str) -> Option<&str> {
        let plugins = self.detectors.iter().map(|entry| &entry.plugin);
        let mut plugins = plugins.chain(self.filters.iter().map(|entry| &entry.plugin));
        let plugin = plugins.find(|plugin| plugin.descriptor().name == name);
        plugin.map(CompiledPlugin::digest)
    }

    fn watch(&self, plugin: &CompiledPlugin, handle: HealthHandle) {
        let name = plugin.descriptor().name.clone();
        self.health.lock().unwrap_or_else(PoisonError::into_inner).push((name, handle));
    }
}

/// The settings of a tenant's pipeline that a configuration asks for.
pub fn settings(config: &Config, tenant: &str) -> Settings {
    let Config { windows, intake, templates, anomalies, .. } = config;
    Settings {
        tenant: tenant.into(),
        pane_ms: windows.pane_s * 1000,
        window_ms: windows.size_s * 1000,
        lateness_ms: windows.lateness_s * 1000,
        future_ms_max: windows.future_max_s * 1000,
        batch_rows_max: intake.batch_rows,
        lanes: config.lanes as u32,
        sources_max: intake.sources_max,
        rate_per_s: intake.rate_per_s,
        line_bytes_max: intake.line_bytes_max,
        record_bytes_max: intake.record_bytes_max,
        record_lines_max: intake.record_lines_max,
        templates_max: templates.per_source_max,
        alerts_per_day: config.alerts_per_day,
        quiet_windows: u64::from(anomalies.quiet_windows),
        examples_max: anomalies.examples_max,
        findings_max: anomalies.findings_per_window_max,
        open_anomalies_max: anomalies.open_max,
        rules: config.sources.iter().filter_map(|entry| entry.rule(tenant)).collect(),
        ..Settings::default()
    }
}

/// A runtime with the limits and the cache folder of a configuration.
pub fn runtime(config: &Config) -> Result<Runtime, RuntimeError> {
    let PluginConfig { cache_dir, memory_bytes_max, .. } = &config.plugins;
    let defaults = Limits::default();
    let limits = Limits {
        component_bytes_max: config.plugins.component_bytes_max,
        detector_memory_bytes_max: *memory_bytes_max,
        filter_memory_bytes_max: defaults.filter_memory_bytes_max.min(*memory_bytes_max),
        fuel_per_call: config.plugins.fuel_per_call,
        fuel_per_window: config.plugins.fuel_per_window,
        fuel_per_row: config.plugins.fuel_per_row,
        state_bytes_max: config.plugins.state_bytes_max,
        ..defaults
    };
    let folder = cache_dir.clone().or_else(default_cache_folder);
    match Runtime::new(limits.clone(), folder.as_deref()) {
        // Without a cache everything works, only more slowly at the start.
        Err(RuntimeError::Cache(error)) if cache_dir.is_none() => {
            tracing::warn!(%error, "compiled plugins are not kept");
            Runtime::new(limits, None)
        }
        other => other,
    }
}

/// `bellwether` in the user's cache folder.
fn default_cache_folder() -> Option<PathBuf> {
    let set =
        |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    Some(caches.join("bellwether/plugins")).filter(|folder| folder.is_absolute())
}

/// Reads a component, if the name is not one of those that ship.
pub fn read_component(path: &Path, place: &str) -> Result<Vec<u8>, LoadoutError> {
    let unreadable =
        |source| LoadoutError::Unreadable { place: place.into(), path: path.into(), source };
    std::fs::read(path).map_err(unreadable)
}

fn admit(runtime: &Runtime, origin: &Origin, place: &str) -> Result<CompiledPlugin, LoadoutError> {
    let refused = |source| LoadoutError::Admit { place: place.into(), source };
    match origin {
        Origin::File(path) => runtime.admit(&read_component(path, place)?).map_err(refused),
        Origin::Builtin(name) => {
            let unknown = || LoadoutError::UnknownName { place: place.into(), name: name.clone() };
            runtime.admit(shipped::component(name).ok_or_else(unknown)?).map_err(refused)
        }
    }
}

/// The library's patterns, then those that plugins bring along.
fn pattern_set<'a>(
    config: &Config,
    plugins: impl Iterator<Item = &'a CompiledPlugin>,
) -> Result<PatternSet, MatcherError> {
    let mut names: Vec<String> =
        config.patterns.iter().map(|pattern| pattern.name().into()).collect();
    let mut brought: Vec<PluginPattern> = Vec::new();
    for plugin in plugins {
        let descriptor = plugin.descriptor();
        for pattern in &descriptor.patterns {
            names.push(format!("{}:{}", descriptor.name, pattern.name));
            brought.push(pattern.clone());
        }
    }
    Ok(PatternSet {
        matcher: Arc::new(Matcher::new(&config.patterns, &brought)?),
        names: names.into(),
        scores: config.patterns.iter().map(|pattern| pattern.score()).collect(),
        severities: config.patterns.iter().map(|pattern| pattern.severity()).collect(),
    })
}

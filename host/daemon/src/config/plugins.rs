//! Which detectors and filters run, with what settings, and within which limits.

use bellwether_plugins::Limits;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

use super::files;
use super::guard::GuardConfig;
use super::registry::RegistryConfig;
use super::table::Table;

/// Where a plugin comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It ships, under this name.
    Builtin(String),
    /// It is this file.
    File(PathBuf),
}

/// What happens to lines that a filter failed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// They pass.
    Open,
    /// They are dropped and counted.
    Closed,
}

/// A detector and its settings; each is described in `read_detectors`.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectorConfig {
    /// Where it comes from.
    pub origin: Origin,
    /// File, line, column and key path, for messages about it.
    pub place: String,
    /// Bits added to its surprise.
    pub offset: f64,
    /// Length of its windows instead of its own choice.
    pub window_s: Option<u64>,
    /// Its own settings.
    pub config: serde_json::Value,
}

/// A filter and its settings; each is described in `read_filters`.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterConfig {
    /// Where it comes from.
    pub origin: Origin,
    /// File, line, column and key path, for messages about it.
    pub place: String,
    /// What happens to lines that it failed on.
    pub on_failure: OnFailure,
    /// Its own settings.
    pub config: serde_json::Value,
}

/// Limits of plugins; each setting is described in `read`.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginConfig {
    /// Folder for compiled plugins.
    pub cache_dir: Option<PathBuf>,
    /// Most memory of an instance.
    pub memory_bytes_max: usize,
    /// Instructions per row of a batch.
    pub fuel_per_row: u64,
    /// Instructions per batch.
    pub fuel_per_call: u64,
    /// Instructions per closed window.
    pub fuel_per_window: u64,
    /// Largest saved state of a source.
    pub state_bytes_max: usize,
    /// Largest component.
    pub component_bytes_max: usize,
    /// Most memory of a process that compiles a component.
    pub compile_memory_bytes_max: u64,
    /// Most processor time of such a process.
    pub compile_cpu_s_max: u64,
    /// Most instances at a time, in all lanes of all tenants.
    pub instances_max: u32,
    /// Where pushed plugins lie, and whose signatures count.
    pub registry: RegistryConfig,
    /// What an edition may do that comes in.
    pub guard: GuardConfig,
}

impl PluginConfig {
    /// Whether plugins that run under these limits also run under the others.
    pub(crate) fn runs_like(&self, other: &PluginConfig) -> bool {
        let PluginConfig { registry, guard, .. } = other.clone();
        *other == PluginConfig { registry, guard, ..self.clone() }
    }

    pub(super) fn read(table: &mut Table<'_>, folder: &Path) -> PluginConfig {
        let cache_dir = table.optional_text(
            "cache_dir",
            "cache",
            "Folder for compiled plugins; if left out, one in the user's cache folder.",
        );
        let limits = Limits::default();
        PluginConfig {
            cache_dir: cache_dir.map(|text| folder.join(text)),
            memory_bytes_max: table.integer(
                "memory_bytes_max",
                limits.detector_memory_bytes_max,
                1 << 20..=1 << 30,
                "Most memory of one instance in bytes; of a filter 16 MiB, if that is less.",
            ),
            fuel_per_row: table.integer(
                "fuel_per_row",
                limits.fuel_per_row,
                1_000..=1_000_000_000,
                "Instructions a detector may use for each row it is given.",
            ),
            fuel_per_call: table.integer(
                "fuel_per_call",
                limits.fuel_per_call,
                1_000_000..=1_000_000_000_000,
                "Instructions a plugin may use for each batch, besides those for the rows.",
            ),
            fuel_per_window: table.integer(
                "fuel_per_window",
                limits.fuel_per_window,
                1_000_000..=1_000_000_000_000,
                "Instructions a plugin may use for each closed window, besides those for the rows.",
            ),
            state_bytes_max: table.integer(
                "state_bytes_max",
                limits.state_bytes_max,
                1 << 10..=1 << 30,
                "Largest saved state of a source in bytes.",
            ),
            component_bytes_max: table.integer(
                "component_bytes_max",
                limits.component_bytes_max,
                1 << 10..=256 << 20,
                "Largest plugin file in bytes.",
            ),
            compile_memory_bytes_max: table.integer(
                "compile_memory_bytes_max",
                limits.compile_memory_bytes_max,
                256 << 20..=1 << 40,
                "Most memory in bytes of the process that compiles a plugin which does not ship.",
            ),
            compile_cpu_s_max: table.integer(
                "compile_cpu_s_max",
                limits.compile_cpu_s_max,
                1..=3600,
                "Most processor time in seconds of that process.",
            ),
            instances_max: table.integer(
                "instances_max",
                limits.instances_max,
                16..=4096,
                "Most instances at a time: one for each plugin, lane and tenant, two while one gives way to another.",
            ),
            registry: RegistryConfig::read(table, folder),
            guard: GuardConfig::read(table),
        }
    }
}

/// The detectors that run unless others are named: each finds more than it costs in false alarms.
const DETECTORS: &str = "[{name: rate}, {name: novelty}, {name: invariants}, {name: divergence}]";

/// Reads the list of detectors.
pub(super) fn read_detectors(table: &mut Table<'_>, folder: &Path) -> Vec<DetectorConfig> {
    let doc = "Detectors. Each entry has `name` (one that ships) or `path` (a file), and may have the others.";
    table.sections("detectors", DETECTORS, doc, |entry| {
        let origin = read_origin(entry, folder, "rate");
        let offset = entry.number(
            "offset",
            default_offset(origin.as_ref()),
            -20.0..=20.0,
            "Bits added to its surprise: the lower, the less it is believed (0 for novelty and entropy, -3 for all others).",
        );
        let window_s = entry.optional_integer(
            "window_s",
            60,
            1..=86_400,
            "Length of its windows in seconds, instead of its own choice.",
        );
        let config = entry.free("config", "Settings of its own.");
        Some(DetectorConfig { origin: origin?, place: entry.here(), offset, window_s, config })
    })
}

/// Novelties are believed as they are; counts have many channels, and a source is bursty in ways nobody foresaw.
pub(crate) fn default_offset(origin: Option<&Origin>) -> f64 {
    match origin {
        Some(Origin::Builtin(name)) if name == "novelty" || name == "entropy" => 0.0,
        _ => -3.0,
    }
}

/// Reads the list of filters.
pub(super) fn read_filters(table: &mut Table<'_>, folder: &Path) -> Vec<FilterConfig> {
    let doc = "Filters. Each entry has `name` (one that ships) or `path` (a file), and may have the others.";
    table.sections("filters", "[]", doc, |entry| {
        let origin = read_origin(entry, folder, "drop-noise");
        let word = entry.choice(
            "on_failure",
            &["open", "closed"],
            "Whether lines that it failed on pass (open) or are dropped and counted (closed).",
        );
        let on_failure = if word == "closed" { OnFailure::Closed } else { OnFailure::Open };
        let config = entry.free("config", "Settings of its own.");
        Some(FilterConfig { origin: origin?, place: entry.here(), on_failure, config })
    })
}

fn read_origin(entry: &mut Table<'_>, folder: &Path, example: &str) -> Option<Origin> {
    let named = entry.has("name") || entry.has("path");
    let name = entry.optional_name("name", example, "Name of one that ships.");
    let path = entry.optional_text("path", "plugin.wasm", "File of one of your own.");
    match (name, path) {
        (Some(_), Some(_)) => {
            entry.complain(&["path"], "expected `name` or `path`, found both; remove one");
            None
        }
        (Some(name), None) => Some(Origin::Builtin(name)),
        (None, Some(path)) => {
            let path = folder.join(path);
            if let Err(message) = files::expect_file(&path) {
                entry.complain(&["path"], &message);
            }
            Some(Origin::File(path))
        }
        (None, None) => {
            if !named {
                let message =
                    format!("expected `name` or `path`, found neither; write e.g. name: {example}");
                entry.complain(&[], &message);
            }
            None
        }
    }
}

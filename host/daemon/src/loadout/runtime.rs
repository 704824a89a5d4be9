//! What plugins run in: the limits, the compiler and the cache that a configuration asks for.

use crate::config::{Config, PluginConfig};
use bellwether_plugins::{Compiler, Limits, Runtime, RuntimeError};
use std::path::{Path, PathBuf};

/// A runtime with the limits and the cache folder of a configuration.
pub fn runtime(config: &Config) -> Result<Runtime, RuntimeError> {
    runtime_of(config, config.plugins.instances_max)
}

/// The same for so many instances at a time.
pub fn runtime_of(config: &Config, instances_max: u32) -> Result<Runtime, RuntimeError> {
    let cache_dir = &config.plugins.cache_dir;
    let folder = cache_dir.clone().or_else(default_cache_folder);
    start(Limits { instances_max, ..limits(config) }, folder.as_deref(), cache_dir.is_some())
}

/// The limits that a configuration asks for.
pub fn limits(config: &Config) -> Limits {
    let PluginConfig { memory_bytes_max, .. } = &config.plugins;
    let defaults = Limits::default();
    Limits {
        component_bytes_max: config.plugins.component_bytes_max,
        instances_max: config.plugins.instances_max,
        detector_memory_bytes_max: *memory_bytes_max,
        filter_memory_bytes_max: defaults.filter_memory_bytes_max.min(*memory_bytes_max),
        fuel_per_call: config.plugins.fuel_per_call,
        fuel_per_window: config.plugins.fuel_per_window,
        fuel_per_row: config.plugins.fuel_per_row,
        state_bytes_max: config.plugins.state_bytes_max,
        compile_memory_bytes_max: config.plugins.compile_memory_bytes_max,
        compile_cpu_s_max: config.plugins.compile_cpu_s_max,
        // Other work may be under way, and a machine may be slow to start.
        compile_wall_ms_max: 2_000 * config.plugins.compile_cpu_s_max + 60_000,
        ..defaults
    }
}

/// Starts a runtime that compiles what comes from outside in a child of this program.
fn start(
    limits: Limits,
    folder: Option<&Path>,
    is_demanded: bool,
) -> Result<Runtime, RuntimeError> {
    let compiler = Compiler::Child(this_program());
    match Runtime::with_compiler(limits.clone(), folder, compiler.clone()) {
        // Without a cache everything works, only more slowly at the start.
        Err(RuntimeError::Cache(error)) if !is_demanded => {
            tracing::warn!(%error, "compiled plugins are not kept");
            Runtime::with_compiler(limits, None, compiler)
        }
        other => other,
    }
}

/// This program as it runs, even if another one lies in its place by now.
fn this_program() -> PathBuf {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { running } else { std::env::current_exe().unwrap_or(running) }
}

/// `bellwether` in the user's cache folder.
fn default_cache_folder() -> Option<PathBuf> {
    let set =
        |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    Some(caches.join("bellwether/plugins")).filter(|folder| folder.is_absolute())
}

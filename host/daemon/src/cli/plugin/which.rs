//! Which plugin is meant: a file, one that ships, or a project, which is built first.

use crate::chain::chain;
use crate::cli::Failure;
use crate::config::{Config, DetectorConfig, FilterConfig, OnFailure, Origin, default_offset};
use crate::loadout::{read_component, runtime};
use crate::shipped;
use bellwether_plugins::{CompiledPlugin, Kind};
use guest_build::Project;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A plugin that was admitted.
pub(super) struct Found {
    /// It.
    pub(super) plugin: CompiledPlugin,
    /// Where its component lies, unless it ships.
    pub(super) component: Option<PathBuf>,
}

/// Finds what a person calls by a path or a name, and admits it within the limits of a configuration.
pub(super) fn find(named: &Path, config: &Config) -> Result<Found, Failure> {
    if named.is_dir() {
        return build(&open(named)?, config);
    }
    if !named.exists() {
        let component = named.to_str().and_then(shipped::component).ok_or_else(|| {
            Failure::no_input(vec![format!(
                "no file `{}`; check the path, or name one that ships: {}",
                named.display(),
                shipped::names()
            )])
        })?;
        return Ok(Found { plugin: admit(component, named, config)?, component: None });
    }
    let bytes =
        read_component(named, "plugin").map_err(|error| Failure::no_input(vec![chain(&error)]))?;
    Ok(Found { plugin: admit(&bytes, named, config)?, component: Some(named.into()) })
}

/// The project in a folder.
pub(super) fn open(folder: &Path) -> Result<Project, Failure> {
    Ok(Project::open(folder)?)
}

/// Compiles a project; its component is put where cargo builds.
pub(super) fn build(project: &Project, config: &Config) -> Result<Found, Failure> {
    let bytes = project.build()?;
    let component = project.target_dir.join(format!("{}.wasm", project.package));
    std::fs::write(&component, &bytes).map_err(|error| Failure::write(&component, &error))?;
    Ok(Found { plugin: admit(&bytes, &component, config)?, component: Some(component) })
}

impl Found {
    /// A configuration that has this plugin with its own settings: alone, or beside those of another configuration,
    /// where it takes the place of a plugin of its name.
    pub(super) fn config(&self, others: Option<Config>, settings: &Value) -> Config {
        let name = &self.plugin.descriptor().name;
        let origin = match &self.component {
            Some(path) => Origin::File(path.clone()),
            None => Origin::Builtin(name.clone()),
        };
        let alone = || Config { detectors: Vec::new(), filters: Vec::new(), ..Config::default() };
        let mut config = others.unwrap_or_else(alone);
        let (place, settings) = (format!("plugin {name}"), settings.clone());
        let other = |known: &Origin| *known != origin && *known != Origin::Builtin(name.clone());
        match self.plugin.kind() {
            Kind::Detector => {
                config.detectors.retain(|known| other(&known.origin));
                let (offset, window_s) = (default_offset(Some(&origin)), None);
                let own = DetectorConfig { origin, place, offset, window_s, config: settings };
                config.detectors.push(own);
            }
            Kind::Filter => {
                config.filters.retain(|known| other(&known.origin));
                let on_failure = OnFailure::Open;
                config.filters.push(FilterConfig { origin, place, on_failure, config: settings });
            }
        }
        config
    }
}

/// Settings of a plugin, as a person types them.
pub(super) fn parse_settings(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(settings @ Value::Object(_)) => Ok(settings),
        Ok(_) => Err("expected a JSON object; write e.g. '{\"lines_min\": 50}'".into()),
        Err(error) => Err(format!("not JSON: {error}; write e.g. '{{\"lines_min\": 50}}'")),
    }
}

fn admit(bytes: &[u8], named: &Path, config: &Config) -> Result<CompiledPlugin, Failure> {
    let runtime = runtime(config).map_err(|error| Failure::our_fault(chain(&error)))?;
    let refused = |error| Failure::data(vec![format!("`{}`: {}", named.display(), chain(&error))]);
    runtime.admit(bytes).map_err(refused)
}

impl From<guest_build::Error> for Failure {
    /// The words of cargo and of tests have many lines.
    fn from(error: guest_build::Error) -> Self {
        let lines = chain(&error).lines().map(String::from).collect();
        match error {
            guest_build::Error::File { .. } | guest_build::Error::NoPlugin { .. } => {
                Failure::no_input(lines)
            }
            _ => Failure::data(lines),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_admitted_depends_on_the_configuration() {
        let mut strict = Config::default();
        strict.plugins.component_bytes_max = 1 << 10;
        let find = |config: &Config| find(Path::new("rate"), config);
        assert_eq!(find(&Config::default()).expect("it ships").component, None);
        let refused = find(&strict).err().expect("it is larger than that");
        assert!(format!("{refused:?}").contains("1024"), "{refused:?}");
        let mut poor = Config::default();
        poor.plugins.memory_bytes_max = 8 << 20;
        let granted = find(&poor).expect("it needs little").plugin.inspection().limits.clone();
        assert_eq!(granted.memory_bytes_max, 8 << 20);
    }
}

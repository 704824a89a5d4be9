//! `bellwether plugin replay`: what a plugin would have said about logs.

use super::which;
use crate::cli::{Failure, load_config, replay};
use serde_json::Value;
use std::path::PathBuf;

/// Options of `plugin replay`.
#[derive(Debug, clap::Args)]
#[group(id = "plugin_replay")]
pub(in crate::cli) struct Options {
    /// The plugin: folder of a project, component, or name of one that ships
    #[arg(long, value_name = "DIR|FILE|NAME", default_value = ".")]
    plugin: PathBuf,
    /// Its settings, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = which::parse_settings, default_value = "{}")]
    settings: Value,
    #[command(flatten)]
    replay: replay::Options,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    replay::run_with(&options.replay, || {
        let path = options.replay.config.as_deref();
        let config = load_config(path)?;
        let found = which::find(&options.plugin, &config)?;
        Ok(found.config(path.map(|_| config), &options.settings))
    })
}

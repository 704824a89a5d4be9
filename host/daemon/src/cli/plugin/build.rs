//! `bellwether plugin build`: a component from a project.

use super::which::{self, Found};
use crate::cli::{Failure, stdout};
use crate::config::Config;
use std::io::Write;
use std::path::PathBuf;

/// Options of `plugin build`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// Folder of the project
    #[arg(default_value = ".")]
    dir: PathBuf,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let project = which::open(&options.dir)?;
    let Found { plugin, component } = which::build(&project, &Config::default())?;
    let (component, inspection) = (component.unwrap_or_default(), plugin.inspection());
    // As a person here would type it.
    let here = std::env::current_dir().unwrap_or_default();
    let path = component.strip_prefix(here).unwrap_or(&component);
    let mut out = stdout();
    writeln!(out, "path    {}", path.display())?;
    writeln!(out, "size    {} bytes", inspection.bytes)?;
    writeln!(out, "digest  sha256:{}", inspection.digest)?;
    Ok(out.flush()?)
}

//! `bellwether plugin remove`.

use std::io::Write;
use std::path::PathBuf;

use reqwest::Method;

use super::super::load_config;
use super::super::running::Running;
use super::{Failure, person};
use crate::cli::stdout;
use crate::output::terminal::safe;

/// Options of `plugin remove`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// Name and version of the plugin, as `bellwether plugin list` shows them
    #[arg(value_name = "NAME@VERSION", value_parser = Named::parse)]
    pub(super) named: Named,
    /// The configuration with which bellwether runs
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Who removes it (default: the user of the system)
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
}

/// A version of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Named {
    pub(super) name: String,
    pub(super) version: String,
}

impl Named {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('@') {
            Some((name, version)) if !name.is_empty() && !version.is_empty() => {
                Ok(Named { name: name.into(), version: version.into() })
            }
            _ => Err("expected name and version; write e.g. rate@1.2.3".into()),
        }
    }
}

/// Runs the command.
pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let mut out = stdout();
    remove(options, &mut out)?;
    Ok(out.flush()?)
}

pub(super) fn remove(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let config = load_config(Some(&options.config))?;
    let by = person(options.by.as_deref())?;
    let running = Running::of(&config.api)?;
    let Named { name, version } = &options.named;
    let path = ["plugins", "versions", name, version];
    let found = running.ask(Method::GET, &path, &[], |request| request)?;
    // Whatever has come in its place meanwhile is not what was meant.
    let tag = found.tag.unwrap_or_default();
    running
        .ask(Method::DELETE, &path, &[("by", &by)], |request| request.header("if-match", tag))?;
    let digest = safe(found.body["digest"].as_str().unwrap_or_default());
    writeln!(out, "removed {} {}: {digest}", safe(name), safe(version))?;
    Ok(())
}

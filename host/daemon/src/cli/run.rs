//! `bellwether run`: the daemon.

use super::Failure;
use crate::watch;
use std::path::PathBuf;

/// Options of `run`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Configuration file
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Only check the configuration and what it names
    #[arg(long)]
    check: bool,
    /// Read what is there, commit, and end
    #[arg(long)]
    once: bool,
    /// Worker threads; results do not depend on it (default: one per processor)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    if options.check {
        return super::check::config(&options.config);
    }
    Ok(watch::run(&options.config, options.workers.map(usize::from), options.once)?)
}

//! `bellwether patterns`: checks pattern files, and takes over those of the Log Anomaly Detector.

mod import;
mod old;

use super::{Failure, stdout};
use crate::config::{self, Config};
use bellwether_core::pattern::{LINES_MIN, Pattern};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check that each pattern compiles and is proven by its own lines
    Check {
        /// Pattern files; without any, those that ship
        files: Vec<PathBuf>,
    },
    /// Turn `NAME REGEX SCORE DESCRIPTION` files of the Log Anomaly Detector into ours, and tell what is suspicious
    Import(import::Options),
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Check { files } => check(files),
        Command::Import(options) => import::run(options),
    }
}

/// Checks pattern files, or those that ship.
fn check(files: &[PathBuf]) -> Result<(), Failure> {
    let patterns = match files {
        [] => Config::default().patterns,
        _ => config::load_patterns(files).map_err(Failure::config)?,
    };
    let mut out = stdout();
    for pattern in &patterns {
        let mark = if pattern.is_proven() { "" } else { "(unproven) " };
        let (name, category) = (pattern.name(), pattern.category());
        writeln!(out, "{name:28} {category:16} {mark}{}", pattern.description())?;
    }
    writeln!(out, "{}", verdict(&patterns))?;
    Ok(out.flush()?)
}

fn verdict(patterns: &[Pattern]) -> String {
    let (count, unproven) =
        (patterns.len(), patterns.iter().filter(|pattern| !pattern.is_proven()).count());
    if unproven == 0 {
        return format!("{count} patterns, each proven by its own lines");
    }
    format!(
        "{count} patterns, {unproven} of them unproven; give each {LINES_MIN} lines that match and {LINES_MIN} near misses"
    )
}

//! `bellwether patterns`: checks pattern files, and takes over those of the Log Anomaly Detector.

mod import;
mod old;

use super::{Failure, stdout};
use crate::config;
use bellwether_core::matcher::{Lane, Lint, Matcher};
use bellwether_core::pattern::{LINES_MIN, Pattern};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check that each pattern compiles and is proven by its own lines, and tell how it is looked for
    ///
    /// `finds/MB` are the places in a megabyte of log at which a pattern must be looked at more closely, and `ns/line` is
    /// what that takes of a line of 128 bytes: both as expected before any traffic was seen.
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
        [] => config::shipped_patterns().map_err(Failure::config)?,
        _ => config::load_patterns(files).map_err(Failure::config)?,
    };
    let lints = Matcher::new(&patterns, &[]).map_err(Failure::config)?.lint();
    let mut out = stdout();
    writeln!(out, "{:28} {:6} {:>8} {:>8}  description", "pattern", "lane", "finds/MB", "ns/line")?;
    for (pattern, lint) in patterns.iter().zip(&*lints) {
        let Lint { lane, candidates_per_mb, ns_per_line } = lint;
        let mark = if pattern.is_proven() { "" } else { "(unproven) " };
        let (name, description) = (pattern.name(), pattern.description());
        write!(out, "{name:28} {:6} {candidates_per_mb:8.1} {ns_per_line:8.3}", lane.name())?;
        writeln!(out, "  {mark}{description}")?;
    }
    writeln!(out, "{}", verdict(&patterns))?;
    for (pattern, lint) in patterns.iter().zip(&*lints).filter(|(_, lint)| lint.lane == Lane::Slow)
    {
        let (name, cost) = (pattern.name(), lint.ns_per_line);
        writeln!(
            out,
            "`{name}` is run on every line, which takes some {cost:.0} ns of each: it has no bytes to look for; \
             give it a word of three letters or more"
        )?;
    }
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

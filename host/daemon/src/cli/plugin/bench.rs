//! `bellwether plugin bench`: what a plugin costs, beside what it may.

use super::test::record;
use super::which;
use crate::chain::chain;
use crate::cli::{Failure, load_config, stdout};
use crate::kit::measure::{Cost, Figures, ROUNDS, Spread, measure};
use crate::kit::stage::{self, Log};
use crate::kit::subject::Subject;
use crate::loadout::limits;
use crate::output::table::Table;
use crate::watch::plain_name;
use bellwether_connect::Reader;
use bellwether_plugins::{Kind, Limits};
use serde_json::Value;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Seed of the generated traffic.
const SEED: u64 = 1;
/// Bytes of a log, decompressed; it is held in memory.
const LOG_BYTES_MAX: usize = 512 << 20;

/// Options of `plugin bench`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// The component, the name of one that ships, or the folder of a project, which is built
    #[arg(value_name = "FILE|NAME|DIR", default_value = ".")]
    plugin: PathBuf,
    /// The configuration whose limits and patterns hold; without one, the defaults
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Measure on this log instead of generated traffic
    #[arg(long, value_name = "FILE")]
    lines: Option<PathBuf>,
    /// Hours of generated traffic
    #[arg(long, value_name = "H", default_value_t = 3.0)]
    hours: f64,
    /// Its settings, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = which::parse_settings, default_value = "{}")]
    settings: Value,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let config = load_config(options.config.as_deref())?;
    let plugin = which::find(&options.plugin, &config)?.plugin;
    let logs = match &options.lines {
        Some(path) => vec![read(path)?],
        None => stage::generated(options.hours, SEED)?,
    };
    let kind = plugin.kind();
    let name = plugin.descriptor().name.clone();
    let subject = Subject { plugin, config: options.settings.to_string() };
    let failed = |error: &dyn std::error::Error| Failure::data(vec![chain(error)]);
    let mut opened = subject.open().map_err(|error| failed(&error))?;
    let tape = record(kind, opened.plugin().descriptor(), &logs, &config)?;
    let limits = limits(&config);
    let figures = measure(&subject, &tape, &limits).map_err(|error| failed(&error))?;
    let mut out = stdout();
    let sources = tape.keys.len();
    writeln!(out, "{name}, {sources} sources; medians of {ROUNDS} rounds, then min..max\n")?;
    write(&mut out, &figures, &limits, kind)?;
    Ok(out.flush()?)
}

/// A whole log, plain or compressed.
fn read(path: &Path) -> Result<Log, Failure> {
    let unread = |error: &dyn std::error::Error| Failure::no_input(vec![chain(error)]);
    let mut reader = Reader::open(path).map_err(|error| unread(&error))?;
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 256 << 10]);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(Log::of(format!("file:{}", plain_name(path)), bytes)),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) => return Err(unread(&error)),
        }
        if bytes.len() > LOG_BYTES_MAX {
            let (path, limit) = (path.display(), LOG_BYTES_MAX >> 20);
            let problem = format!("`{path}`: more than {limit} MiB; measure on a part of it");
            return Err(Failure::data(vec![problem]));
        }
    }
}

fn write(out: &mut dyn Write, figures: &Figures, limits: &Limits, kind: Kind) -> io::Result<()> {
    let mut table =
        Table::new(&["call", "of", "ns each", "", "fuel each", "most of a call's fuel"]);
    for Cost { work, items, ns, fuel, fuel_share_max } in &figures.costs {
        let what = if work == "close-window" { "windows" } else { "rows" };
        table.push(&[
            work.clone(),
            format!("{items} {what}"),
            figure(ns.median),
            range(ns),
            figure(*fuel),
            percent(*fuel_share_max),
        ]);
    }
    table.write(out)?;
    let state_max = figures.state_bytes.last().copied().unwrap_or(0);
    let state_median = figures.state_bytes.get(figures.state_bytes.len() / 2).copied().unwrap_or(0);
    let memory_max = limits.memory_bytes_max(kind);
    let share = |used: usize, most: usize| used as f64 / most.max(1) as f64;
    writeln!(
        out,
        "\nstate   {state_median} bytes a source (median), {state_max} at most, of {} allowed",
        limits.state_bytes_max
    )?;
    writeln!(
        out,
        "memory  {} KiB at the end, of {} allowed",
        figures.memory_bytes / 1024,
        memory_max / 1024
    )?;
    writeln!(out, "start   {} us, {}", figure(figures.start_us.median), range(&figures.start_us))?;
    let fuel = figures.costs.iter().map(|cost| cost.fuel_share_max).fold(0.0, f64::max);
    let shares =
        [fuel, share(figures.memory_bytes, memory_max), share(state_max, limits.state_bytes_max)];
    let [fuel, memory, state] = shares.map(percent);
    writeln!(
        out,
        "\nat most {fuel} of its fuel, {memory} of its memory, {state} of its state: {}",
        verdict(shares)
    )
}

/// What the largest share means.
fn verdict(shares: [f64; 3]) -> &'static str {
    match shares.into_iter().fold(0.0, f64::max) {
        0.8.. => "close to its limits; other logs may break them",
        0.3.. => "within its limits, with room for logs that are not much harder",
        _ => "well within its limits",
    }
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        10.0.. => format!("{:.0} %", share * 100.0),
        0.1.. => format!("{:.1} %", share * 100.0),
        percent if percent > 0.0 => "less than 0.1 %".into(),
        _ => "0 %".into(),
    }
}

fn range(spread: &Spread) -> String {
    format!("{}..{}", figure(spread.min), figure(spread.max))
}

/// A figure with about three digits that mean something.
fn figure(figure: f64) -> String {
    match figure.abs() {
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_told_in_words() {
        let cases = [
            (0.0, "0 %"),
            (0.0002, "less than 0.1 %"),
            (0.0312, "3.1 %"),
            (0.42, "42 %"),
            (1.0, "100 %"),
        ];
        for (share, expected) in cases {
            assert_eq!(percent(share), expected);
        }
        for (share, part) in [(0.1, "well within"), (0.5, "room"), (0.9, "close")] {
            assert!(verdict([0.0, share, 0.0]).contains(part), "{share}");
        }
    }
}

//! `bellwether plugin inspect`: what a plugin is, wants, promises and may use.

use super::which;
use crate::cli::{Failure, Format, load_config, stdout};
use crate::output::{json, terminal::safe};
use bellwether_plugins::{Inspection, Kind};
use std::io::{self, Write};
use std::path::PathBuf;

/// Options of `plugin inspect`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// The component, the name of one that ships, or the folder of a project, which is built
    #[arg(value_name = "FILE|NAME|DIR")]
    plugin: PathBuf,
    /// The configuration whose limits hold; without one, the defaults
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How it is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let config = load_config(options.config.as_deref())?;
    let plugin = which::find(&options.plugin, &config)?.plugin;
    let mut out = stdout();
    match options.format {
        Format::Json => json::write(&mut out, plugin.inspection())?,
        Format::Table => write(&mut out, plugin.inspection())?,
    }
    Ok(out.flush()?)
}

fn write(out: &mut dyn Write, plugin: &Inspection) -> io::Result<()> {
    let list = |items: &[String]| if items.is_empty() { "none".into() } else { items.join(", ") };
    let patterns: Vec<String> = plugin
        .patterns
        .iter()
        .map(|(name, kind, expr)| format!("{name} ({kind} {expr})"))
        .collect();
    let series: Vec<String> = plugin.series.iter().map(|column| (*column).into()).collect();
    let window =
        plugin.window_ms.map_or("none".into(), |(size, step)| format!("{size} ms every {step} ms"));
    let code = if plugin.cache_hit { "from the cache" } else { "compiled" };
    let rows = [
        ("name", format!("{} {}", plugin.name, plugin.version)),
        ("kind", format!("{:?}", plugin.kind).to_lowercase()),
        ("digest", format!("sha256:{}", plugin.digest)),
        ("size", format!("{} bytes", plugin.bytes)),
        ("imports", list(&plugin.imports)),
        ("exports", list(&plugin.exports)),
        ("line columns", list(&plugin.lines)),
        ("series columns", list(&series)),
        ("embedding", if plugin.vector { "wanted" } else { "not wanted" }.into()),
        ("windows", window),
        ("scores are", plugin.scale.into()),
        ("patterns", list(&patterns)),
        ("reasons", list(&plugin.reasons)),
        ("tags", list(&plugin.tags)),
        ("metrics", list(&plugin.metrics)),
        (
            "state",
            format!("version {}, reads from {}", plugin.state_versions.0, plugin.state_versions.1),
        ),
        ("memory", format!("{} KiB after the start", plugin.memory_bytes / 1024)),
        ("machine code", format!("{code} in {} ms", plugin.compile_ms)),
        ("may use", may_use(plugin)),
        ("config schema", plugin.config_schema.trim().to_string()),
    ];
    for (name, value) in rows {
        let value: Vec<String> = value.lines().map(safe).collect();
        writeln!(out, "{name:15} {}", value.join(&format!("\n{:15} ", "")))?;
    }
    Ok(())
}

/// The limits that hold for it, in words.
fn may_use(plugin: &Inspection) -> String {
    let granted = &plugin.limits;
    let mut lines = vec![
        format!("{} KiB of memory", granted.memory_bytes_max / 1024),
        format!("{} of fuel a batch and {} a row", granted.fuel_per_call, granted.fuel_per_row),
    ];
    if plugin.kind == Kind::Detector {
        lines.push(format!(
            "{} of fuel a window and {} a row",
            granted.fuel_per_window, granted.fuel_per_row
        ));
    }
    lines.push(format!("{} KiB of state a source", granted.state_bytes_max / 1024));
    lines.join("\n")
}

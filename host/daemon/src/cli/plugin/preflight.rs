//! `bellwether plugin preflight`: what an edition would have said, as a person can decide by it.

use std::io::{self, Write};

use reqwest::Method;
use serde_json::Value;

use super::Failure;
use super::fits::{EditionOptions, body, trial};
use crate::cli::moment;
use crate::cli::running::Running;
use crate::cli::{Format, load_config, stdout};
use crate::output::{json, terminal::safe};

/// Options of `plugin preflight`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    edition: EditionOptions,
    /// Minutes of recent logs to try it on
    #[arg(long, value_name = "N", default_value_t = 15,
        value_parser = clap::value_parser!(u64).range(1..=1440))]
    minutes: u64,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let place = &options.edition.place;
    let running = Running::of(&load_config(Some(&place.config))?.api)?;
    let name = options.edition.named.split('@').next().unwrap_or_default();
    let body = body(&options.edition, 0)?.to_string();
    let minutes = options.minutes.to_string();
    let mut query = place.tenant_query();
    query.push(("minutes", &minutes));
    let path = ["plugins", name, "preflight"];
    let answer = running.ask(Method::POST, &path, &query, |request| {
        request.header("content-type", "application/json").body(body)
    })?;
    let mut out = stdout();
    match place.format {
        Format::Json => json::write(&mut out, &answer.body)?,
        Format::Table => table(&mut out, &options.edition.named, &answer.body)?,
    }
    Ok(out.flush()?)
}

fn table(out: &mut dyn Write, named: &str, report: &Value) -> io::Result<()> {
    writeln!(out, "preflight of {}; nothing has changed", safe(named))?;
    if report["reads_state"] == Value::Bool(false) && report["recent"]["current"].is_object() {
        writeln!(
            out,
            "It cannot read what the current edition remembers: it would begin to learn."
        )?;
    }
    stretch(out, "generated logs, the same in every preflight", &report["golden"])?;
    stretch(out, "recent logs of the tenant", &report["recent"])?;
    let objections: Vec<&str> =
        report["objections"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if objections.is_empty() {
        writeln!(out, "\nNothing speaks against it: `plugin canary {} --percent 10`", safe(named))?;
    } else {
        writeln!(out, "\nThis speaks against it:")?;
    }
    objections.iter().try_for_each(|objection| writeln!(out, "  ! {}", safe(objection)))
}

fn stretch(out: &mut dyn Write, name: &str, stretch: &Value) -> io::Result<()> {
    let records = stretch["records"].as_u64().unwrap_or(0);
    if records == 0 {
        return writeln!(out, "\n{name}: none");
    }
    let at = |what: &str| moment(stretch[what].as_u64().unwrap_or(0));
    writeln!(out, "\n{name}: {records} records, {} to {}", at("from_ms"), at("to_ms"))?;
    writeln!(out, "             {:>12} {:>12}", "current", "next")?;
    let (current, next) = (&stretch["current"], &stretch["next"]);
    let lines: [(&str, &str, f64); 4] = [
        ("rows", "rows", 1.0),
        ("fuel/row", "fuel_per_row", 1.0),
        ("ns/row", "ns_per_row", 1.0),
        ("memory KiB", "memory_bytes", 1.0 / 1024.0),
    ];
    for (label, key, factor) in lines {
        let number = |cost: &Value| {
            cost[key].as_f64().map_or("-".to_string(), |value| format!("{:.0}", value * factor))
        };
        writeln!(out, "  {label:10} {:>12} {:>12}", number(current), number(next))?;
    }
    let faults = |cost: &Value| match cost["faults"].as_object() {
        Some(faults) => faults.values().filter_map(Value::as_u64).sum::<u64>().to_string(),
        None => "-".into(),
    };
    writeln!(out, "  {:10} {:>12} {:>12}", "faults", faults(current), faults(next))?;
    if let Some(fault) = next["last_fault"].as_str() {
        writeln!(out, "  last fault: {}", safe(fault))?;
    }
    trial(out, &stretch["trial"])
}

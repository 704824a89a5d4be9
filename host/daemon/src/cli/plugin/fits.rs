//! `bellwether plugin show`, `canary`, `activate`, `rollback` and `disable`: how editions of a plugin come in and go.

use std::io::{self, Write};
use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};

use super::which::parse_settings;
use super::{Failure, person};
use crate::cli::moment;
use crate::cli::running::{Answer, Running};
use crate::cli::{Format, load_config, stdout};
use crate::config::Config;
use crate::output::{json, terminal::safe};

/// Whom to ask, and for whom.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Where {
    /// The configuration with which bellwether runs
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Whose plugin, if there are several tenants
    #[arg(long, value_name = "NAME")]
    pub(super) tenant: Option<String>,
    /// How to write the answer
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
}

/// Options of `plugin show`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ShowOptions {
    /// Name of the plugin
    name: String,
    #[command(flatten)]
    place: Where,
}

/// Options of `plugin rollback` and `plugin disable`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct NameOptions {
    /// Name of the plugin
    name: String,
    #[command(flatten)]
    place: Where,
    /// Who asks for it (default: the user of the system)
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// Options of `plugin activate`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct EditionOptions {
    /// Name of the plugin, and a version that was pushed; without one, what the configuration file names
    #[arg(value_name = "NAME[@VERSION]")]
    pub(super) named: String,
    #[command(flatten)]
    pub(super) place: Where,
    /// Its own settings as JSON, instead of those in the configuration file
    #[arg(long, value_name = "JSON", value_parser = parse_settings)]
    settings: Option<Value>,
    /// Bits added to the surprise of a detector, instead of those in the configuration file
    #[arg(long, value_name = "BITS", allow_negative_numbers = true)]
    offset: Option<f64>,
    /// What happens to records that a filter fails on, instead of what the configuration file says
    #[arg(long, value_name = "open|closed", value_parser = ["open", "closed"])]
    on_failure: Option<String>,
    /// Who asks for it (default: the user of the system)
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// Options of `plugin canary`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CanaryOptions {
    /// In what share of the lanes it counts, rounded up to whole ones; 0: it is only compared
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=100))]
    percent: u8,
    #[command(flatten)]
    edition: EditionOptions,
}

pub(super) fn show(options: &ShowOptions) -> Result<(), Failure> {
    let running = Running::of(&config(&options.place)?.api)?;
    let path = ["plugins", &*options.name];
    let answer =
        running.ask(Method::GET, &path, &options.place.tenant_query(), |request| request)?;
    write(&options.place, &answer)
}

pub(super) fn logs(options: &ShowOptions) -> Result<(), Failure> {
    let running = Running::of(&config(&options.place)?.api)?;
    let path = ["plugins", &*options.name, "logs"];
    let query = options.place.tenant_query();
    let answer = running.ask(Method::GET, &path, &query, |request| request)?;
    let mut out = stdout();
    let lines = answer.body["items"].as_array().into_iter().flatten();
    for line in lines {
        if options.place.format == Format::Json {
            json::write(&mut out, line)?;
            continue;
        }
        let word = |key: &str| safe(line[key].as_str().unwrap_or_default());
        let at = moment(line["at_ms"].as_u64().unwrap_or_default());
        let edition = if line["edition"].is_null() { String::new() } else { word("edition") + " " };
        writeln!(out, "{at} {:5} {edition}{}", word("level"), word("line"))?;
    }
    Ok(out.flush()?)
}

pub(super) fn canary(options: &CanaryOptions) -> Result<(), Failure> {
    bring_in(&options.edition, options.percent)
}

pub(super) fn activate(options: &EditionOptions) -> Result<(), Failure> {
    bring_in(options, 100)
}

pub(super) fn roll_back(options: &NameOptions) -> Result<(), Failure> {
    act(options, "rollback")
}

pub(super) fn disable(options: &NameOptions) -> Result<(), Failure> {
    act(options, "disable")
}

fn bring_in(options: &EditionOptions, percent: u8) -> Result<(), Failure> {
    let body = body(options, percent)?;
    let name = options.named.split('@').next().unwrap_or_default();
    post(&options.place, &["plugins", name, "edition"], &body)
}

/// An edition as the API takes it.
pub(super) fn body(options: &EditionOptions, percent: u8) -> Result<Value, Failure> {
    Ok(json!({
        "by": person(options.by.as_deref())?,
        "version": options.named.split_once('@').map(|(_, version)| version),
        "percent": percent,
        "config": options.settings,
        "offset": options.offset,
        "on_failure": options.on_failure,
    }))
}

fn act(options: &NameOptions, action: &str) -> Result<(), Failure> {
    let body = json!({ "by": person(options.by.as_deref())? });
    post(&options.place, &["plugins", &options.name, action], &body)
}

fn post(place: &Where, path: &[&str], body: &Value) -> Result<(), Failure> {
    let running = Running::of(&config(place)?.api)?;
    let complete = |request: reqwest::RequestBuilder| {
        request.header("content-type", "application/json").body(body.to_string())
    };
    let answer = running.ask(Method::POST, path, &place.tenant_query(), complete)?;
    write(place, &answer)
}

fn config(place: &Where) -> Result<Config, Failure> {
    load_config(Some(&place.config))
}

impl Where {
    /// The part of the query that names the tenant.
    pub(super) fn tenant_query(&self) -> Vec<(&str, &str)> {
        self.tenant.as_deref().map(|tenant| ("tenant", tenant)).into_iter().collect()
    }
}

fn write(place: &Where, answer: &Answer) -> Result<(), Failure> {
    let mut out = stdout();
    match place.format {
        Format::Json => json::write(&mut out, &answer.body)?,
        Format::Table => table(&mut out, &answer.body)?,
    }
    Ok(out.flush()?)
}

/// Everything a person may want to know of a plugin and its next edition.
fn table(out: &mut dyn Write, fit: &Value) -> io::Result<()> {
    let name = safe(fit["plugin"].as_str().unwrap_or_default());
    writeln!(out, "{name}, revision {}", fit["revision"])?;
    writeln!(
        out,
        "  works      {}",
        edition(&fit["current"]).unwrap_or("nothing: it is off".into())
    )?;
    health(out, &fit["current_health"])?;
    if let Some(next) = edition(&fit["next"]) {
        let since = moment(fit["since_ms"].as_u64().unwrap_or_default());
        let how = match fit["percent"].as_u64() {
            Some(0) => "as a shadow: it is only compared".to_string(),
            Some(100) if fit["current"].is_null() => "in all lanes".to_string(),
            Some(100) => "in all lanes; the one before stands by".to_string(),
            share => format!("in {} % of the lanes", share.unwrap_or_default()),
        };
        writeln!(out, "  comes in   {next}, {how}, since {since}")?;
        if fit["learning"] == json!(true) {
            writeln!(
                out,
                "             it began with what it learnt from the recording, as far as there is one"
            )?;
        }
        health(out, &fit["next_health"])?;
        trial(out, &fit["trial"])?;
    }
    if let Some(previous) = edition(&fit["previous"]) {
        writeln!(out, "  before     {previous}; `plugin rollback` brings it back")?;
    }
    if let Some(why) = fit["not_in_force"].as_str() {
        writeln!(out, "  but        as in the configuration file, since {}", safe(why))?;
    }
    if let Some(trouble) = fit["trouble"].as_str() {
        writeln!(out, "  taken back {}", safe(trouble))?;
    }
    Ok(())
}

fn edition(edition: &Value) -> Option<String> {
    edition.is_object().then(|| {
        let version = edition["version"].as_str().map(|version| format!("version {version}"));
        let mut words = version.unwrap_or("what the configuration file names".into());
        if !edition["config"].is_null() {
            words = format!("{words} with {}", edition["config"]);
        }
        if let Some(offset) = edition["offset"].as_f64() {
            words = format!("{words}, offset {offset}");
        }
        safe(&words)
    })
}

fn health(out: &mut dyn Write, health: &Value) -> io::Result<()> {
    if !health.is_object() {
        return Ok(());
    }
    let (rows, fuel) = (health["rows"].as_u64().unwrap_or(0), health["fuel"].as_u64().unwrap_or(0));
    let faults: u64 = health["faults"]
        .as_object()
        .map_or(0, |faults| faults.values().filter_map(Value::as_u64).sum());
    let per_row = fuel.checked_div(rows).unwrap_or(0);
    let memory = health["memory_bytes"].as_u64().unwrap_or(0) / 1024;
    writeln!(
        out,
        "             {rows} rows, {per_row} instructions each, {faults} faults, {memory} KiB"
    )?;
    if let Some(fault) = health["last_fault"].as_str() {
        writeln!(out, "             last fault: {}", safe(fault))?;
    }
    Ok(())
}

/// How the next edition compares with the current one.
pub(super) fn trial(out: &mut dyn Write, trial: &Value) -> io::Result<()> {
    if !trial.is_object() {
        return Ok(());
    }
    let count = |what: &str, who: &str| trial[what][who].as_u64().unwrap_or(0);
    for what in ["alarms", "reports", "dropped"] {
        let (both, current, next) =
            (count(what, "both"), count(what, "current"), count(what, "next"));
        if both + current + next > 0 || what == "alarms" {
            writeln!(
                out,
                "  {what:10} {both} from both, {current} that would go, {next} that would come"
            )?;
        }
    }
    for difference in trial["differences"].as_array().into_iter().flatten() {
        let sign = if difference["appears"] == json!(true) { '+' } else { '-' };
        let at = moment(difference["start_ms"].as_u64().unwrap_or_default());
        let bits = |who: &str| difference[who].as_f64().unwrap_or_default();
        let sentence = safe(difference["sentence"].as_str().unwrap_or_default());
        let (now, then) = (bits("current_bits"), bits("next_bits"));
        writeln!(out, "  {sign} {at} {now:.1} -> {then:.1} bits: {sentence}")?;
    }
    Ok(())
}

//! `bellwether alerts`: what was sent, what waits, what was given up.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use bellwether_store::{
    AlertQuery, AlertRow, AlertState, PAGE_ROWS_MAX, Reader, StoreError, StoreOptions, Writer,
};
use clap::ValueEnum;
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use serde_json::json as object;

use super::running::Running;
use super::{Failure, Format, load_config, moment, now_ms, stdout};
use crate::config::{ApiConfig, Config};
use crate::output::{json, table::Table};

/// Most characters of a reason in a table.
const REASON_LETTERS_MAX: usize = 60;

/// What to do with alerts.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List alerts, newest first
    List(ListOptions),
    /// Let alerts that were given up be sent again
    Retry(RetryOptions),
}

/// Options of `alerts list`.
#[derive(Debug, clap::Args)]
pub(super) struct ListOptions {
    /// The configuration file
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Only those of this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Only those that have come this far
    #[arg(long, value_enum)]
    state: Option<State>,
    /// Most alerts of a tenant that are listed
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGE_ROWS_MAX)))]
    limit: u32,
    /// How to write them
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Options of `alerts retry`.
#[derive(Debug, clap::Args)]
pub(super) struct RetryOptions {
    /// The configuration file
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Only those of this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Only those to this sink
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
}

/// How far an alert has come.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    /// To be sent
    Pending,
    /// The sink has taken it
    Sent,
    /// Given up
    Dead,
    /// Silenced, normal, or told a short while ago
    Suppressed,
}

impl From<State> for AlertState {
    fn from(state: State) -> AlertState {
        match state {
            State::Pending => AlertState::Pending,
            State::Sent => AlertState::Sent,
            State::Dead => AlertState::Dead,
            State::Suppressed => AlertState::Suppressed,
        }
    }
}

/// Runs the command.
pub(super) fn run(command: &Command) -> Result<(), Failure> {
    let mut out = stdout();
    match command {
        Command::List(options) => list(options, &mut out)?,
        Command::Retry(options) => retry(options, &mut out)?,
    }
    Ok(out.flush()?)
}

fn list(options: &ListOptions, out: &mut dyn Write) -> Result<(), Failure> {
    let config = load_config(Some(&options.config))?;
    let reader = Reader::open(&config.store.path)?;
    let mut alerts = Vec::new();
    for tenant in tenants(&reader, options.tenant.as_deref())? {
        let state = options.state.map(AlertState::from);
        let query = AlertQuery { tenant, state, limit: options.limit, ..AlertQuery::default() };
        alerts.extend(reader.alerts(&query)?.rows);
    }
    alerts.sort_by_key(|alert| std::cmp::Reverse(alert.number));
    match options.format {
        Format::Json => alerts.iter().try_for_each(|alert| json::write(out, alert))?,
        Format::Table if alerts.is_empty() => writeln!(out, "no alerts")?,
        Format::Table => table(&alerts).write(out)?,
    }
    Ok(())
}

/// The tenant that was asked for, or all.
pub(super) fn tenants(reader: &Reader, asked: Option<&str>) -> Result<Vec<String>, StoreError> {
    match asked {
        Some(tenant) => Ok(vec![tenant.to_owned()]),
        None => Ok(reader.tenants()?.into_iter().map(|one| one.tenant).collect()),
    }
}

fn table(alerts: &[AlertRow]) -> Table {
    let mut table = Table::new(&[
        "number", "happened", "state", "sink", "kind", "severity", "source", "anomaly", "attempts",
        "next", "reason",
    ]);
    for alert in alerts {
        let is_pending = alert.state == AlertState::Pending;
        let reason = alert.reason.as_deref().unwrap_or_default();
        table.push(&[
            alert.number.to_string(),
            moment(alert.at_ms),
            word(alert.state),
            alert.sink.clone(),
            word(alert.kind),
            word(alert.severity),
            alert.source.clone(),
            alert.anomaly.clone(),
            alert.attempts.to_string(),
            if is_pending && alert.attempts > 0 { moment(alert.next_ms) } else { String::new() },
            reason.chars().take(REASON_LETTERS_MAX).collect(),
        ]);
    }
    table
}

/// The word that JSON has for it, too.
fn word(value: impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn retry(options: &RetryOptions, out: &mut dyn Write) -> Result<(), Failure> {
    let config = load_config(Some(&options.config))?;
    let sink = options.sink.as_deref();
    check_sink(&config, sink)?;
    // A writer would create what is not there; a reader says so.
    let tenants = tenants(&Reader::open(&config.store.path)?, options.tenant.as_deref())?;
    match Writer::open(&config.store.path, StoreOptions::default()) {
        Ok(mut writer) => {
            let mut count = 0;
            for tenant in &tenants {
                count += writer.retry_dead(tenant, sink, now_ms().max(0) as u64)?;
            }
            writeln!(out, "{count} alerts wait again; they are sent once bellwether runs")?;
        }
        Err(StoreError::InUse { .. }) => {
            let mut count = 0;
            for tenant in &tenants {
                count += ask_daemon(&config.api, tenant, sink)?;
            }
            writeln!(out, "{count} alerts wait again; the running bellwether sends them shortly")?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Alerts to a sink that is not configured would only be given up again.
fn check_sink(config: &Config, sink: Option<&str>) -> Result<(), Failure> {
    let names: BTreeSet<&str> = config.alerts.sinks.iter().map(|sink| sink.name.as_str()).collect();
    match sink {
        Some(sink) if !names.contains(sink) => {
            let names: Vec<&str> = names.into_iter().collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            Err(Failure::usage(format!("there is no sink `{sink}`; configured are: {known}")))
        }
        _ => Ok(()),
    }
}

/// Asks the daemon, which has the store, to revive alerts; says how many.
fn ask_daemon(api: &ApiConfig, tenant: &str, sink: Option<&str>) -> Result<u64, Failure> {
    let body = sink.map_or_else(|| object!({}), |sink| object!({ "sink": sink }));
    let complete = |request: RequestBuilder| {
        request.header("content-type", "application/json").body(body.to_string())
    };
    let (path, query) = (["alerts", "retry"], [("tenant", tenant)]);
    let answer = Running::of(api)?.ask(Method::POST, &path, &query, complete)?;
    Ok(answer.body["retried"].as_u64().unwrap_or_default())
}

#[cfg(test)]
mod tests;

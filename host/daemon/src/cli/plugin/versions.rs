//! `bellwether plugin list`.

use std::io::Write;
use std::path::PathBuf;

use bellwether_store::{PAGE_ROWS_MAX, PluginQuery, PluginVersion, Reader};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::super::moment;
use super::super::running::{Running, Trouble};
use super::super::{load_config, tell};
use super::Failure;
use crate::cli::{Format, stdout};
use crate::config::Config;
use crate::output::{json, table::Table};

/// Options of `plugin list`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// The configuration with which bellwether runs
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Only versions of this plugin
    #[arg(long, value_name = "PLUGIN")]
    pub(super) name: Option<String>,
    /// How to write them
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
}

/// A version as the API tells it.
#[derive(Debug, Serialize, Deserialize)]
struct Version {
    name: String,
    version: String,
    digest: String,
    kind: String,
    bytes: u64,
    signed_by: Option<String>,
    pushed_ms: u64,
    pushed_by: String,
    /// Tenants for which it works; absent where nobody could be asked.
    at_work: Option<Vec<String>>,
}

/// Rows of a list, and where to go on.
#[derive(Deserialize)]
struct Page {
    items: Vec<Version>,
    next: Option<String>,
}

/// Runs the command.
pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let mut out = stdout();
    list(options, &mut out)?;
    Ok(out.flush()?)
}

pub(super) fn list(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let config = load_config(Some(&options.config))?;
    let name = options.name.as_deref();
    let versions = match of_daemon(&config, name) {
        Ok(versions) => versions,
        Err(Trouble::Silent(_)) => {
            tell("bellwether does not run with this configuration; nothing is at work");
            of_store(&config, name)?
        }
        Err(Trouble::Refused(failure)) => return Err(failure),
    };
    match options.format {
        Format::Json => versions.iter().try_for_each(|version| json::write(out, version))?,
        Format::Table if versions.is_empty() => writeln!(
            out,
            "nothing was pushed; `bellwether plugin push FILE -c {}` does so",
            options.config.display()
        )?,
        Format::Table => table(&versions).write(out)?,
    }
    Ok(())
}

fn of_daemon(config: &Config, name: Option<&str>) -> Result<Vec<Version>, Trouble> {
    let running = Running::of(&config.api).map_err(Trouble::Refused)?;
    let mut versions = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let name = name.map(|name| ("name", name));
        let cursor = next.as_deref().map(|cursor| ("cursor", cursor));
        let query: Vec<_> = [("limit", "200")].into_iter().chain(name).chain(cursor).collect();
        let answer =
            running.ask(Method::GET, &["plugins", "versions"], &query, |request| request)?;
        let page: Page = serde_json::from_value(answer.body).map_err(|error| {
            let what =
                format!("bellwether answers something else ({error}); is it of this version?");
            Trouble::Refused(Failure::unavailable(what))
        })?;
        versions.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(versions);
        }
    }
}

/// What the store says while nobody runs.
fn of_store(config: &Config, name: Option<&str>) -> Result<Vec<Version>, Failure> {
    let reader = Reader::open(&config.store.path)?;
    let name = name.map(str::to_owned);
    let mut query = PluginQuery { name, limit: PAGE_ROWS_MAX, cursor: None };
    let mut versions = Vec::new();
    loop {
        let page = reader.plugin_versions(&query)?;
        versions.extend(page.rows.into_iter().map(Version::from));
        query.cursor = page.next;
        if query.cursor.is_none() {
            return Ok(versions);
        }
    }
}

impl From<PluginVersion> for Version {
    fn from(version: PluginVersion) -> Self {
        Version {
            name: version.name,
            version: version.version,
            digest: format!("sha256:{}", version.digest),
            kind: version.kind,
            bytes: version.bytes,
            signed_by: version.signed_by,
            pushed_ms: version.pushed_ms,
            pushed_by: version.pushed_by,
            at_work: None,
        }
    }
}

fn table(versions: &[Version]) -> Table {
    let mut table = Table::new(&[
        "plugin",
        "version",
        "kind",
        "bytes",
        "pushed",
        "by",
        "signed by",
        "at work for",
        "digest",
    ]);
    for version in versions {
        let tenants = version.at_work.as_deref().unwrap_or_default();
        let at_work = if tenants.is_empty() { "nobody".to_owned() } else { tenants.join(" ") };
        table.push(&[
            version.name.clone(),
            version.version.clone(),
            version.kind.clone(),
            version.bytes.to_string(),
            moment(version.pushed_ms),
            version.pushed_by.clone(),
            version.signed_by.clone().unwrap_or_else(|| "nobody".into()),
            at_work,
            version.digest.clone(),
        ]);
    }
    table
}

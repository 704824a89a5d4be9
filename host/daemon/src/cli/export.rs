//! `bellwether export`: everything the store knows, as JSON lines that can be compared.

use super::{Failure, stdout};
use crate::config::Config;
use crate::watch::store_options;
use bellwether_store::{Reader, export};
use std::io::Write;
use std::path::PathBuf;

/// Options of `export`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Configuration file
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Only this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let config = Config::load(&options.config).map_err(Failure::config)?;
    let reader = Reader::open(&config.store.path)?;
    let retention = store_options(&config).retention;
    let mut out = stdout();
    let wanted = |name: &String| options.tenant.as_ref().is_none_or(|tenant| tenant == name);
    let known: Vec<String> = reader.tenants()?.into_iter().map(|summary| summary.tenant).collect();
    if let Some(name) = options.tenant.as_ref().filter(|name| !known.contains(name)) {
        let known = if known.is_empty() { "nobody".into() } else { known.join(", ") };
        return Err(Failure::usage(format!(
            "the store knows no tenant `{name}`; it knows {known}"
        )));
    }
    for tenant in known.into_iter().filter(wanted) {
        export(&reader, &tenant, &retention, &mut out)?;
    }
    Ok(out.flush()?)
}

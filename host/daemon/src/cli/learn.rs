//! `bellwether learn`: baselines out of history, so that the daemon need not begin from nothing.

use super::{Failure, now_ms, tell, workers};
use crate::chain::chain;
use crate::config::{Config, InputConfig};
use crate::loadout::{Loadout, settings};
use crate::watch::{History, KeeperError, TenantError, learn, source_key};
use bellwether_connect::Reader;
use bellwether_core::intake::Routing;
use bellwether_core::lane::Wishes;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

/// Options of `learn`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Files of the past, plain or compressed, those of one source in the order of time
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Configuration file of the daemon, which must not be running
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Tenant whose files they are (default: the first of the configuration)
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Source whose files they are, as `type:identifier` (default: as the inputs of the configuration name it)
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Lines begin with `name | `: each name is a source
    #[arg(long)]
    prefixed: bool,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let config = Config::load(&options.config).map_err(Failure::config)?;
    let first = config.inputs.first();
    let tenant = options.tenant.clone().or_else(|| first.map(|input| input.tenant.clone()));
    let settings = settings(&config, tenant.as_deref().unwrap_or(&config.tenant));
    let input = config.inputs.iter().find(|input| input.tenant == settings.tenant);
    let histories = histories(options, input)?;
    let wishes = Wishes { panes: true, ..Wishes::default() };
    let loadout = Arc::new(Loadout::new(&config, settings, wishes)?);
    let mut problems = Vec::new();
    let mut damaged = |source: &str, error: std::io::Error| {
        problems
            .push(format!("a file of `{source}` is damaged; what could be read was used: {error}"));
    };
    let workers = workers(None, &config)?;
    let learnt =
        learn(&config, &loadout, &workers, now_ms(), histories, &mut damaged).map_err(|error| {
            match error {
                TenantError::Keeper(KeeperError::Store(error)) => error.into(),
                error => Failure::our_fault(chain(&error)),
            }
        })?;
    tell(&format!(
        "learnt from {} records ({} MB) of {} inputs; {} anomalies of the past are kept, nobody was told",
        learnt.records,
        learnt.bytes >> 20,
        learnt.sources,
        learnt.anomalies
    ));
    if problems.is_empty() { Ok(()) } else { Err(Failure::data(problems)) }
}

/// The files by their sources, in the order in which they were named.
fn histories(options: &Options, input: Option<&InputConfig>) -> Result<Vec<History>, Failure> {
    let template = input.map_or("file:{name}", |input| input.source.as_str());
    let prefixed = options.prefixed || input.is_some_and(|input| input.prefixed);
    let routing = if prefixed { Routing::Prefixed } else { Routing::Whole };
    let (mut histories, mut problems): (Vec<History>, Vec<String>) = (Vec::new(), Vec::new());
    for path in &options.files {
        let reader = match Reader::open(path) {
            Ok(reader) => reader,
            Err(error) => {
                problems.push(chain(&error));
                continue;
            }
        };
        let key = || source_key(template, path);
        let source = options.source.clone().unwrap_or_else(key);
        let modified_ms = reader.modified_ms().unwrap_or_else(now_ms);
        match histories.iter_mut().find(|history| history.source == source) {
            Some(history) => history.files.push_back((reader, modified_ms)),
            None => {
                let files = VecDeque::from([(reader, modified_ms)]);
                histories.push(History { source, routing, files });
            }
        }
    }
    if problems.is_empty() { Ok(histories) } else { Err(Failure::no_input(problems)) }
}

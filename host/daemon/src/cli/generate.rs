//! `bellwether generate`: logs with known incidents.

use super::{Failure, stdout};
use crate::generate::{Generator, Kind, Plan, PlanError, write_truth};
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

/// Incidents where none are asked for: one of each kind.
const INCIDENTS: usize = Kind::ALL.len();

/// What to generate; shared with `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct PlanOptions {
    /// Decides everything that is left to chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Length of the log
    #[arg(long, value_name = "H", default_value_t = 24.0)]
    hours: f64,
    /// Services of the shop, from 2 to 64
    #[arg(long, value_name = "S", default_value_t = 6)]
    services: usize,
    /// Incidents to plant after the first 40 % of the time (default: 10, or as many as fit)
    #[arg(long, value_name = "K")]
    incidents: Option<usize>,
    /// Kinds of incidents, taken in turn: flood, silence, new-error, near-miss, slow-shift, token-leak, retry-storm, crash,
    /// latency, flapping (default: all of them)
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', value_parser = parse_kind)]
    kinds: Vec<Kind>,
    /// Factor on the traffic
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    traffic: f64,
}

/// Options of `generate`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    plan: PlanOptions,
    /// Write one file per service into this folder, instead of all to standard output with `name | ` in front
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Write what was planted: id, type, level, start_epoch, end_epoch, lines_changed, detail
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

impl PlanOptions {
    /// The plan and its generator. Whoever names no number of incidents gets as many as fit, up to the usual ten.
    pub(super) fn generator(&self) -> Result<(Plan, Generator), PlanError> {
        let plan = self.plan(self.incidents.unwrap_or(INCIDENTS));
        match Generator::new(&plan) {
            Err(PlanError::TooManyIncidents { fitting, .. }) if self.incidents.is_none() => {
                let plan = self.plan(fitting);
                Ok((plan.clone(), Generator::new(&plan)?))
            }
            generator => Ok((plan, generator?)),
        }
    }

    fn plan(&self, incidents: usize) -> Plan {
        let kinds = if self.kinds.is_empty() { Kind::ALL.to_vec() } else { self.kinds.clone() };
        Plan {
            seed: self.seed,
            hours: self.hours,
            services: self.services,
            incidents,
            kinds,
            rate: self.traffic,
            ..Plan::default()
        }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Failure::usage(error)
    }
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let (_, mut generator) = options.plan.generator()?;
    match &options.output {
        Some(folder) => {
            let failed = |error| Failure::write(folder, &error);
            std::fs::create_dir_all(folder).map_err(failed)?;
            generator.write_files(folder).map_err(failed)?;
        }
        None => generator.write_merged(&mut stdout())?,
    }
    if let Some(path) = &options.truth {
        let failed = |error| Failure::write(path, &error);
        let mut file = BufWriter::new(File::create(path).map_err(failed)?);
        write_truth(generator.truth(), &mut file).map_err(failed)?;
    }
    Ok(())
}

fn parse_kind(name: &str) -> Result<Kind, String> {
    Kind::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        format!("no such kind; write one of {}", names.join(", "))
    })
}

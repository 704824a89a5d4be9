//! `bellwether replay`: files in, anomalies out.

use super::input::Inputs;
use super::{Failure, Format, load_config, now_ms, stdout, workers};
use crate::config::Config;
use crate::loadout::{Loadout, settings};
use crate::output::{json, summary, table};
use crate::pipeline::{Output, Pipeline, Release, Totals};
use bellwether_core::correlate::Event;
use bellwether_core::intake::Routing;
use bellwether_core::lane::Wishes;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Options of `replay`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Log files, plain or compressed (gzip, Zstandard); `-` reads standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Configuration file; without one, the defaults
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// How anomalies are written to standard output
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Write the records that pass the filters to this file
    #[arg(long, value_name = "FILE")]
    kept: Option<PathBuf>,
    /// Worker threads; results do not depend on it (default: one per processor)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
    /// Name of the source, as `type:identifier` (default: `file:` and the file's name)
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Lines begin with `name | `, as `docker compose logs` prints them: each name is a source
    #[arg(long)]
    prefixed: bool,
    /// Lines per second assumed where lines have no time stamp
    #[arg(long, value_name = "LINES")]
    rate: Option<f64>,
    /// When the log was written, for stamps without a year (default: the file's date)
    #[arg(long, value_name = "RFC 3339")]
    reference_time: Option<jiff::Timestamp>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    run_with(options, || load_config(options.config.as_deref()))
}

/// The same with a configuration that is made from what is asked for.
pub(super) fn run_with(
    options: &Options,
    config: impl FnOnce() -> Result<Config, Failure>,
) -> Result<(), Failure> {
    if options.source.is_some() && options.files.len() > 1 {
        return Err(Failure::usage(
            "--source names one source, but there are several files; name one file",
        ));
    }
    if options.rate.is_some_and(|rate| !(rate > 0.0 && rate <= 1e9)) {
        return Err(Failure::usage(
            "--rate: expected a number above 0 and up to 1e9; write e.g. --rate 100",
        ));
    }
    let config = config()?;
    let mut settings = settings(&config, &config.tenant);
    settings.rate_per_s = options.rate.unwrap_or(settings.rate_per_s);
    let mut inputs = Inputs::open(&options.files)?;
    let mut kept = Kept::create(options)?;
    let began = Instant::now();
    let window_ms = settings.window_ms;
    let wishes = Wishes { kept_records: options.kept.is_some(), ..Wishes::default() };
    let loadout = Arc::new(Loadout::new(&config, settings, wishes)?);
    let workers = workers(options.workers, &config)?;
    let now_ms = now_ms();
    let mut pipeline = Pipeline::start(&loadout, &workers, now_ms, Release::InOrder)?;
    let routing = if options.prefixed { Routing::Prefixed } else { Routing::Whole };
    let reference_ms = options.reference_time.map(|time| time.as_millisecond());
    let ids =
        inputs.announce(&mut pipeline, options.source.as_deref(), routing, reference_ms, now_ms);
    let (mut events, mut first_dead) = (Vec::new(), None);
    let mut out = stdout();
    let mut take = |output: Output| {
        kept.write(&output)?;
        if options.format == Format::Json {
            output.events.iter().try_for_each(|event| json::write(&mut out, event))?;
            out.flush()?;
        }
        events.extend(output.events);
        let dead = first_dead.take().into_iter().chain(output.dead);
        first_dead = dead.min_by_key(|one| (one.time_ms, one.source, one.position));
        Ok(())
    };
    inputs.read(&mut pipeline, &ids, &mut take)?;
    let (rest, totals) = pipeline.end()?;
    take(rest)?;
    kept.finish()?;
    write_results(options.format, &mut out, &events, &totals)?;
    let health = loadout.health();
    summary::write(&mut io::stderr().lock(), &totals, &health, window_ms, began.elapsed())?;
    summary::write_dead(&mut io::stderr().lock(), &totals, first_dead.as_ref())?;
    if health.values().any(|health| health.deadlines > 0) {
        return Err(Failure::our_fault(
            "a plugin was stopped by the clock, so these results may differ from run to run; lower its fuel",
        ));
    }
    inputs.verdict()
}

fn write_results(
    format: Format,
    out: &mut dyn Write,
    events: &[Event],
    totals: &Totals,
) -> io::Result<()> {
    match format {
        Format::Json => json::write_totals(out, totals)?,
        Format::Table => table::write_anomalies(out, events)?,
    }
    out.flush()
}

/// The file of kept records, if one is wanted.
struct Kept {
    file: Option<(PathBuf, BufWriter<File>)>,
}

impl Kept {
    fn create(options: &Options) -> Result<Self, Failure> {
        let Some(path) = &options.kept else { return Ok(Kept { file: None }) };
        let file = File::create(path).map_err(|error| Failure::write(path, &error))?;
        Ok(Kept { file: Some((path.clone(), BufWriter::new(file))) })
    }

    fn write(&mut self, output: &Output) -> Result<(), Failure> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let mut write = |text: &[u8]| file.write_all(text).and_then(|()| file.write_all(b"\n"));
        let result = output.kept.iter().try_for_each(|record| write(&record.text));
        result.map_err(|error| Failure::write(path, &error))
    }

    fn finish(&mut self) -> Result<(), Failure> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        file.flush().map_err(|error| Failure::write(path, &error))
    }
}

//! `bellwether backtest`: a log whose faults are known, and how much of them is found.

mod table;

use super::input::Inputs;
use super::{Failure, Format, load_config, now_ms, stdout, tell, workers};
use crate::backtest::chart;
use crate::backtest::columns::LineTemplate;
use crate::backtest::figures::Score;
use crate::backtest::labels::Labels;
use crate::backtest::run::Run;
use crate::backtest::score::Trial;
use crate::backtest::truth::{Training, Truth};
use crate::loadout::{Loadout, settings};
use crate::output::{json, summary};
use crate::pipeline::{Output, Pipeline, Release, Totals, Workers};
use bellwether_core::intake::{InputId, Routing};
use bellwether_core::lane::Wishes;
use bellwether_core::settings::Settings;
use clap::ValueEnum;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Bytes of a table, decompressed; it is sorted in memory.
const TABLE_BYTES_MAX: usize = 512 << 20;
/// Bytes of lines made from a table that go into the pipeline at a time.
const CHUNK_BYTES: usize = 256 << 10;
/// The pipeline keeps silent about windows that are far from alarming. Here it is asked to report as if so many alerts a
/// day were wanted: what a window is worth does not depend on that, and the search for the best threshold sees it all.
const REPORTED_ALERTS_PER_DAY: f64 = 60.0;

/// Options of `backtest`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = PROTOCOL)]
pub(super) struct Options {
    /// Log files, plain or compressed (gzip, Zstandard); `-` reads standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    known: Known,
    /// Which rows of the truth are about this log, where it has a column `scenario`
    #[arg(long, value_name = "NAME", requires = "truth")]
    scenario: Option<String>,
    /// The log is a table (csv with a head line): make each row a line by this template, as in '{time} {host} {text}'; the
    /// first column named is the time, and rows are read in its order
    #[arg(long, value_name = "LINE", conflicts_with = "labels")]
    columns: Option<String>,
    /// Hours at the beginning that only teach, instead of the rule of the truth (see below)
    #[arg(long, value_name = "H", value_parser = parse_hours)]
    training_hours: Option<f64>,
    /// Configuration file; without one, the defaults
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How the figures are written to standard output
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Draw bits, faults and alarms over time into this file, as SVG
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,
    /// Worker threads; results do not depend on it (default: one per processor)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
    /// Lines begin with `name | `, as `docker compose logs` prints them: each name is a source
    #[arg(long, conflicts_with_all = ["columns", "labels"])]
    prefixed: bool,
    /// When the log was written, for stamps without a year (default: the file's date)
    #[arg(long, value_name = "RFC 3339")]
    reference_time: Option<jiff::Timestamp>,
}

/// Where the faults are known from.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Known {
    /// Table of the faults: id, type, level, start_epoch, end_epoch, lines_changed, detail (as `generate --truth` writes
    /// it), or the phases of attacks: scenario, phase, start_epoch, end_epoch
    #[arg(long, value_name = "CSV")]
    truth: Option<PathBuf>,
    /// The log itself says which of its lines are wrong
    #[arg(long, value_enum, value_name = "FORM")]
    labels: Option<LabelForm>,
}

/// How lines say that they are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LabelForm {
    /// Blue Gene/L: `-` or the category of an alert, then seconds since 1970
    Bgl,
}

const PROTOCOL: &str = "\
How it is measured:

Training. The beginning of the log only teaches; alarms in it count neither way. With incidents it
is the first 40 % of the time between the first line and the last, with phases of attacks 60 % of
the time before the first, with --labels bgl 2.6 hours. --training-hours says otherwise.

Alarm. A window (1 minute) of any source whose bits reach the threshold, which by default is that
of `alerts_per_day`.

Found. A fault with an alarm that overlaps it. Its delay is the time from its start to the end of
the first such window. With --labels, alert lines at most 10 minutes apart are one fault.

False. An alarm that overlaps no fault (with --labels: that has no alert line). While alarms go on,
one window in five counts.

Belong to an anomaly. Windows with an alarm, or in which a message comes again that came up with one
less than a day before.

At 1, 2, 5, 20 a day. The threshold that finds most while false alarms keep to so many a day.

Left out, and counted. Faults that begin in training, and faults outside of the log's time.";

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    if options.columns.is_some() && options.files.len() > 1 {
        return Err(Failure::usage("--columns reads one table; name one file"));
    }
    let template = options.columns.as_deref().map(LineTemplate::parse).transpose();
    let template = template.map_err(Failure::usage)?;
    let truth = match &options.known.truth {
        Some(path) => Some(load_truth(path, options.scenario.as_deref())?),
        None => None,
    };
    let config = load_config(options.config.as_deref())?;
    let wanted = settings(&config, &config.tenant);
    let threshold = wanted.standard().alarm_bits;
    // One threshold for all sources is what is measured.
    let reporting = Settings {
        alerts_per_day: wanted.alerts_per_day.max(REPORTED_ALERTS_PER_DAY),
        rules: Vec::new(),
        ..wanted
    };
    let mut run = Run::new(reporting.window_ms, reporting.standard().alive_bits());
    let mut inputs = Inputs::open(&options.files)?;
    let began = Instant::now();
    let window_ms = reporting.window_ms;
    let loadout = Arc::new(Loadout::new(&config, reporting, Wishes::default())?);
    let workers = workers(options.workers, &config)?;
    let (totals, read) =
        replay(options, &mut inputs, template.as_ref(), &loadout, &workers, &mut run)?;
    let truth = match truth {
        Some(truth) => truth,
        None => read,
    };
    for info in totals.sources.values().filter(|info| info.lines > 0) {
        run.cover(info.first_ms, info.last_ms);
    }
    let took = began.elapsed();
    summary::write(&mut io::stderr().lock(), &totals, &loadout.health(), window_ms, took)?;
    let hours = options.training_hours.map(|hours| Training::Milliseconds((hours * 3.6e6) as i64));
    let trial = Trial::new(&run, &truth, hours.unwrap_or(truth.training));
    let score = trial.score(threshold);
    check(&score)?;
    if let Some(path) = &options.chart {
        let picture = chart::svg(&title(&options.files), &run, &score);
        std::fs::write(path, picture).map_err(|error| Failure::write(path, &error))?;
    }
    let mut out = stdout();
    match options.format {
        Format::Json => json::write(&mut out, &score)?,
        Format::Table => table::write(&mut out, &title(&options.files), &score)?,
    }
    out.flush()?;
    inputs.verdict()
}

/// Takes everything through the pipeline; also gives the truth that stood in the lines themselves.
fn replay(
    options: &Options,
    inputs: &mut Inputs,
    template: Option<&LineTemplate>,
    loadout: &Arc<Loadout>,
    workers: &Workers,
    run: &mut Run,
) -> Result<(Totals, Truth), Failure> {
    let now_ms = now_ms();
    let mut pipeline = Pipeline::start(loadout, workers, now_ms, Release::InOrder)?;
    let routing = if options.prefixed { Routing::Prefixed } else { Routing::Whole };
    let reference_ms = options.reference_time.map(|time| time.as_millisecond());
    let ids = inputs.announce(&mut pipeline, None, routing, reference_ms, now_ms);
    let mut labels = Labels::default();
    let labelled = options.known.labels == Some(LabelForm::Bgl);
    let mut take = |output: Output| {
        output.scores.into_iter().for_each(|score| run.push(score));
        Ok(())
    };
    match template {
        Some(template) => {
            let lines = lines(&options.files[0], inputs, template)?;
            push(&lines, &mut pipeline, ids[0], &mut take)?;
        }
        None => {
            let watch = |place: usize, bytes: &[u8]| {
                if labelled {
                    labels.push(place, bytes);
                }
            };
            inputs.read_watched(&mut pipeline, &ids, watch, &mut take)?;
        }
    }
    let (rest, totals) = pipeline.end()?;
    take(rest)?;
    let (truth, unlabelled) = labels.finish();
    if unlabelled > 0 {
        tell(&format!(
            "warning: {unlabelled} lines have no label and time in front; they count as normal"
        ));
    }
    Ok((totals, truth))
}

/// The lines of a table.
fn lines(path: &Path, inputs: &mut Inputs, template: &LineTemplate) -> Result<Vec<u8>, Failure> {
    let (mut table, mut length) = (Vec::new(), 0usize);
    inputs.read_bytes(|bytes| {
        let bytes = bytes.unwrap_or_default();
        length = length.saturating_add(bytes.len());
        if length <= TABLE_BYTES_MAX {
            table.extend_from_slice(bytes);
        }
    });
    if length > TABLE_BYTES_MAX {
        let (path, limit) = (path.display(), TABLE_BYTES_MAX >> 20);
        let problem = format!("`{path}`: a table of more than {limit} MiB; cut it into parts");
        return Err(Failure::data(vec![problem]));
    }
    template.lines(&table).map_err(|error| wrong_table(path, &error.to_string()))
}

fn push(
    lines: &[u8],
    pipeline: &mut Pipeline,
    input: InputId,
    take: &mut dyn FnMut(Output) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for chunk in lines.chunks(CHUNK_BYTES) {
        take(pipeline.push(input, chunk)?)?;
    }
    take(pipeline.finish(input)?)
}

fn load_truth(path: &Path, scenario: Option<&str>) -> Result<Truth, Failure> {
    let bytes = std::fs::read(path).map_err(|error| {
        let path = path.display();
        Failure::no_input(vec![format!("cannot read `{path}`: {error}; check the path of --truth")])
    })?;
    Truth::parse(&bytes, scenario).map_err(|error| wrong_table(path, &error.to_string()))
}

/// Mistakes come one a line, each with the file.
fn wrong_table(path: &Path, mistakes: &str) -> Failure {
    let place = |mistake: &str| format!("`{}`: {mistake}", path.display());
    Failure::data(mistakes.lines().map(place).collect())
}

/// A run without anything to find measures nothing.
fn check(score: &Score) -> Result<(), Failure> {
    if score.faults_outside > 0 {
        tell(&format!(
            "warning: faults outside of the log's time, left out: {}; check that truth and log belong together",
            score.faults_outside
        ));
    }
    if score.faults > 0 {
        return Ok(());
    }
    let (inside, outside) = (score.faults_in_training, score.faults_outside);
    Err(Failure::data(vec![format!(
        "no fault to look for (begin in training: {inside}, outside of the log's time: {outside}); check the truth, or say \
         --training-hours"
    )]))
}

/// The names of the files, as far as a head line has room.
fn title(files: &[PathBuf]) -> String {
    let name = |path: &PathBuf| {
        path.file_name().map_or_else(|| "-".into(), |name| name.to_string_lossy().into_owned())
    };
    match files {
        [one] => name(one),
        [first, rest @ ..] => format!("{} and {} more", name(first), rest.len()),
        [] => String::new(),
    }
}

fn parse_hours(text: &str) -> Result<f64, String> {
    let hours = text.parse::<f64>().ok().filter(|hours| (0.0..=1e6).contains(hours));
    hours.ok_or_else(|| "expected hours from 0 to 1e6; write e.g. 12".into())
}

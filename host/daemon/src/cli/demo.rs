//! `bellwether demo`: a day of generated traffic through the real pipeline, and how much of what was planted it found.

mod watched;

use super::generate::PlanOptions;
use super::{Failure, Format, load_config, stdout, workers};
use crate::generate::{Generator, Incident, Plan};
use crate::loadout::{Loadout, settings};
use crate::output::table::{self, Table};
use crate::output::{json, summary};
use crate::pipeline::{Output, Pipeline, Release};
use bellwether_core::correlate::{Event, EventKind};
use bellwether_core::intake::{InputOptions, Routing};
use bellwether_core::lane::Wishes;
use serde::Serialize;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Bytes generated before they go into the pipeline.
const CHUNK_BYTES: usize = 256 << 10;
/// An alarm whose window ends so long after an incident still belongs to it: what ends is news as well.
const AFTERMATH_MS: i64 = 3 * 60_000;

/// Options of `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    plan: PlanOptions,
    /// Configuration file; without one, the defaults
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How the result is written to standard output
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Worker threads; results do not depend on it (default: one per processor)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
    /// Start the daemon, let it follow the shop's logs while they are written, and leave its page open until ctrl-c
    #[arg(long, conflicts_with_all = ["config", "format"])]
    watch: bool,
}

/// The result, in the form of the last JSON object.
#[derive(Debug, Serialize)]
struct Score {
    seed: u64,
    planted: usize,
    found: usize,
    false_alarms: usize,
    incidents: Vec<ScoredIncident>,
}

/// What became of one planted incident.
#[derive(Debug, Serialize)]
struct ScoredIncident {
    #[serde(rename = "type")]
    kind: &'static str,
    source: String,
    start: String,
    found: bool,
    /// From the incident's start to the end of the first alarming window.
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_s: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentence: Option<String>,
    #[serde(skip)]
    detail: String,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    if options.watch {
        return watched::run(options);
    }
    let (plan, mut generator) = options.plan.generator()?;
    let config = load_config(options.config.as_deref())?;
    let settings = settings(&config, &config.tenant);
    let window_ms = settings.window_ms;
    let loadout = Arc::new(Loadout::new(&config, settings, Wishes::default())?);
    let workers = workers(options.workers, &config)?;
    let end_ms = plan.start_ms + (plan.hours * 3_600_000.0) as i64;
    let mut pipeline = Pipeline::start(&loadout, &workers, end_ms, Release::InOrder)?;
    let began = Instant::now();
    let mut events = Vec::new();
    let mut out = stdout();
    let mut take = |output: Output| -> Result<(), Failure> {
        if options.format == Format::Json {
            output.events.iter().try_for_each(|event| json::write(&mut out, event))?;
        }
        events.extend(output.events);
        Ok(())
    };
    feed(&mut generator, &mut pipeline, &mut take)?;
    let (rest, totals) = pipeline.end()?;
    take(rest)?;
    let took = began.elapsed();
    let score = score(&plan, &generator, &events, window_ms as i64);
    match options.format {
        Format::Json => json::write(&mut out, &score)?,
        Format::Table => write(&mut out, &plan, &score, &events)?,
    }
    out.flush()?;
    Ok(summary::write(&mut io::stderr().lock(), &totals, &loadout.health(), window_ms, took)?)
}

/// Puts the lines into the pipeline as `docker compose logs` would print them.
fn feed(
    generator: &mut Generator,
    pipeline: &mut Pipeline,
    take: &mut dyn FnMut(Output) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let options = InputOptions {
        source: "demo:shop".into(),
        routing: Routing::Prefixed,
        reference_ms: crate::generate::START_MS,
        follows: false,
        labels: Vec::new(),
    };
    let input = pipeline.open(options);
    let (mut record, mut chunk) = (Vec::new(), Vec::new());
    while let Some(emitted) = generator.next(&mut record) {
        for line in record.split_inclusive(|byte| *byte == b'\n') {
            chunk.extend_from_slice(generator.prefix(emitted.service).as_bytes());
            chunk.extend_from_slice(line);
        }
        if chunk.len() >= CHUNK_BYTES {
            take(pipeline.push(input, &chunk)?)?;
            chunk.clear();
        }
    }
    take(pipeline.push(input, &chunk)?)?;
    take(pipeline.finish(input)?)
}

/// An incident is found when an anomaly of its source opens or grows while it lasts. An anomaly of any source that opens
/// outside of all incidents is a false alarm; those of other sources during an incident may be its consequences and
/// count neither way.
fn score(plan: &Plan, generator: &Generator, events: &[Event], window_ms: i64) -> Score {
    let alarms: Vec<(i64, &Event)> = events
        .iter()
        .filter(|event| event.event != EventKind::Resolved)
        .map(|event| (event.at_ms as i64, event))
        .collect();
    let during = |incident: &Incident, at_ms: i64| {
        at_ms > incident.start_ms && at_ms - window_ms < incident.end_ms + AFTERMATH_MS
    };
    let incidents: Vec<ScoredIncident> = generator
        .truth()
        .iter()
        .map(|incident| {
            let source = format!("demo:{}", generator.services()[incident.service].name);
            let own = |(at_ms, event): &&(i64, &Event)| {
                event.source == source && during(incident, *at_ms)
            };
            let first = alarms.iter().find(own);
            ScoredIncident {
                kind: incident.kind.name(),
                source: source.clone(),
                start: rfc3339(incident.start_ms),
                found: first.is_some(),
                delay_s: first.map(|(at_ms, _)| (at_ms - incident.start_ms) / 1000),
                sentence: first.map(|(_, event)| event.sentence.clone()),
                detail: incident.detail.clone(),
            }
        })
        .collect();
    let excused = |at_ms: i64| generator.truth().iter().any(|incident| during(incident, at_ms));
    let opened = alarms.iter().filter(|(_, event)| event.event == EventKind::Opened);
    Score {
        seed: plan.seed,
        planted: incidents.len(),
        found: incidents.iter().filter(|incident| incident.found).count(),
        false_alarms: opened.filter(|(at_ms, _)| !excused(*at_ms)).count(),
        incidents,
    }
}

fn write(out: &mut dyn Write, plan: &Plan, score: &Score, events: &[Event]) -> io::Result<()> {
    writeln!(
        out,
        "What stood out in {} hours of a web shop's logs (seed {}):\n",
        plan.hours, plan.seed
    )?;
    table::write_anomalies(out, events)?;
    writeln!(out, "\nWhat was planted:\n")?;
    let mut rows = Table::new(&["start", "what", "found", "after", "detail"]);
    for incident in &score.incidents {
        rows.push(&[
            incident.start.replace('T', " ").trim_end_matches('Z').into(),
            incident.kind.into(),
            if incident.found { "yes" } else { "no" }.into(),
            incident.delay_s.map_or("-".into(), |delay| format!("{delay} s")),
            incident.detail.clone(),
        ]);
    }
    rows.write(out)?;
    let Score { planted, found, false_alarms, .. } = score;
    let plural = if *false_alarms == 1 { "" } else { "s" };
    writeln!(out, "\n{found} of {planted} incidents found, {false_alarms} false alarm{plural}")
}

fn rfc3339(time_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(time_ms)
        .map_or_else(|_| time_ms.to_string(), |time| time.to_string())
}

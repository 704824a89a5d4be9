//! What a row costs beyond the boundary to a plugin: the same source, as a component and natively.

mod bare;

use crate::combine::combine;
use crate::report::{Report, Title};
use crate::rounds::{Rounds, ns_per_item};
use crate::stages;
use crate::traffic::Traffic;
use crate::work::{Baselines, LITERAL, containing};
use anyhow::{Context, Error, Result, bail, ensure};
use bare::Bare;
use bellwether_core::batch::{Batch, Run};
use bellwether_core::column::{Bitmap, Column, TextColumn};
use bellwether_core::plugin::{Detector, Filter, Lines, Mark, Rows, Scores, Verdicts};
use bellwether_plugins::{CompiledPlugin, HealthHandle, LaneDetector, LaneFilter, Limits, Runtime};
use bellwether_sdk::BLOCK;
use memchr::memmem::Finder;
use std::hint::black_box;
use std::sync::Arc;

/// The components that the build script made.
const PROBE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/guest-probe.wasm"));
const SLUICE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/guest-sluice.wasm"));
/// Rows of a batch.
const ROWS: usize = 1024;
/// Templates among them.
const TEMPLATES: usize = 64;
/// Calls that are compared before any is timed; baselines move between them.
const COMPARED_CALLS: usize = 3;

/// A task of the guest, and its columns.
struct Case {
    name: &'static str,
    task: &'static str,
    columns: Vec<Column>,
}

/// Measures calls without work, then each task.
pub(crate) fn measure(report: &mut Report, traffic: &Traffic) -> Result<()> {
    let runtime = Runtime::new(Limits::default(), None)?;
    let probe = runtime.admit(PROBE)?;
    empty_calls(report, &probe)?;
    filter(report, &runtime.admit(SLUICE)?)?;
    for case in cases(traffic)? {
        detector(report, &probe, &case)?;
    }
    Ok(())
}

/// Calls with next to nothing in and nothing out: a number that stands for no score, and a batch without rows.
fn empty_calls(report: &mut Report, plugin: &CompiledPlugin) -> Result<()> {
    let title = |case, peer| Title { work: "boundary", case, peer, unit: "ns/call" };
    let mut guest = plugin.detector(r#"{"task":"nothing"}"#, None)?;
    let mut bare = Bare::start(PROBE, r#"{"task":"nothing"}"#).map_err(Error::msg)?;
    let question = || {
        ns_per_item(1, || {
            black_box(guest.explain(black_box(0)));
            Ok(())
        })
    };
    let barely = || {
        ns_per_item(1, || {
            black_box(bare.explain(black_box(0)).map_err(Error::msg)?);
            Ok(())
        })
    };
    report.push(title("empty question", Some("wasmtime")), &Rounds::against(question, barely)?);
    let mut native = Native::new();
    let columns = [Column::U8s(Vec::new())];
    let shared = columns.clone().map(Arc::new);
    let batch = || {
        ns_per_item(1, || {
            black_box(observe(&mut guest, 0, black_box(&shared))?);
            Ok(())
        })
    };
    let natively = || {
        ns_per_item(1, || {
            black_box(native.observe(black_box(&columns))?);
            Ok(())
        })
    };
    report.push(title("empty batch", Some("native")), &Rounds::against(batch, natively)?);
    Ok(())
}

/// A filter over bits.
fn filter(report: &mut Report, plugin: &CompiledPlugin) -> Result<()> {
    let mut guest = plugin.filter("{}")?;
    let columns = bits_and_severity();
    let shared: Vec<_> = columns.iter().cloned().map(Arc::new).collect();
    let (ours, theirs) = (evaluate(&mut guest, &shared)?, filter_natively(&columns)?);
    ensure!(ours == theirs, "the filter decides something else than its source");
    ensure!(ours.drop != Rows::None, "the filter drops nothing");
    let component = || {
        ns_per_item(ROWS, || {
            black_box(evaluate(&mut guest, black_box(&shared))?);
            Ok(())
        })
    };
    let native = || {
        ns_per_item(ROWS, || {
            black_box(filter_natively(black_box(&columns))?);
            Ok(())
        })
    };
    let rounds = Rounds::against(component, native)?;
    report.push(row_title("filter by bits, severity"), &rounds);
    Ok(())
}

/// A task of the detector.
fn detector(report: &mut Report, plugin: &CompiledPlugin, case: &Case) -> Result<()> {
    let config = format!(r#"{{"task":"{}"}}"#, case.task);
    let mut guest = plugin.detector(&config, None)?;
    let mut native = Native::new();
    let shared: Vec<_> = case.columns.iter().cloned().map(Arc::new).collect();
    for _ in 0..COMPARED_CALLS {
        let (theirs, ours) = (native.observe(&case.columns)?, observe(&mut guest, ROWS, &shared)?);
        let same = ours.rows == theirs.rows && ours.marks == theirs.marks;
        ensure!(same, "{}: the component says something else than its source", case.name);
        ensure!(ours.rows.len() + ours.marks.len() > 0, "{}: nothing was said", case.name);
    }
    let component = || {
        ns_per_item(ROWS, || {
            black_box(observe(&mut guest, ROWS, black_box(&shared))?);
            Ok(())
        })
    };
    let native = || {
        ns_per_item(ROWS, || {
            black_box(native.observe(black_box(&case.columns))?);
            Ok(())
        })
    };
    let rounds = Rounds::against(component, native)?;
    report.push(row_title(case.name), &rounds);
    Ok(())
}

fn row_title(case: &str) -> Title<'_> {
    Title { work: "boundary", case, peer: Some("native"), unit: "ns/row" }
}

fn cases(traffic: &Traffic) -> Result<[Case; 3]> {
    let templates = (0..ROWS).map(|row| (row * 7 % TEMPLATES) as u32).collect();
    let numbers = (0..ROWS).map(|row| 20.0 + (row * 31 % 100) as f64).collect();
    Ok([
        Case { name: "three bits and severity", task: "bits", columns: bits_and_severity() },
        Case {
            name: "z-score per template",
            task: "z-score",
            columns: vec![Column::U32s(templates), Column::F64s(numbers)],
        },
        Case { name: "search in text", task: "text", columns: vec![Column::Text(texts(traffic)?)] },
    ])
}

fn bits_and_severity() -> Vec<Column> {
    let severity = (0..ROWS).map(|row| if row % 50 == 0 { 17 } else { 9 }).collect();
    let bits = [97, 193, 61].map(|every| Column::Bits(every_so_many(every)));
    bits.into_iter().chain([Column::U8s(severity)]).collect()
}

fn every_so_many(every: usize) -> Bitmap {
    let mut bits = Bitmap::new(ROWS);
    (0..ROWS).step_by(every).for_each(|row| bits.insert(row));
    bits
}

/// Rows of all services in turn; the first has the word in it, so that there is something to find.
fn texts(traffic: &Traffic) -> Result<TextColumn> {
    let services: Vec<Batch> = traffic
        .by_service()
        .iter()
        .filter_map(|text| stages::batches(text).into_iter().find(|batch| batch.len() == ROWS))
        .collect();
    ensure!(!services.is_empty(), "no service has {ROWS} records");
    let mut column = TextColumn::default();
    column.push(LITERAL);
    for row in 1..ROWS {
        column.push(services[row % services.len()].text(row));
    }
    Ok(column)
}

/// Asks the detector.
fn observe(guest: &mut LaneDetector, rows: usize, columns: &[Arc<Column>]) -> Result<Scores> {
    let runs = [Run { source: 0, rows: rows as u32 }];
    let lines = Lines { seq: 0, watermark_ms: 0, runs: &runs, columns };
    guest.observe(&lines).with_context(|| failure(&guest.health()))
}

/// Asks the filter.
fn evaluate(guest: &mut LaneFilter, columns: &[Arc<Column>]) -> Result<Verdicts> {
    let runs = [Run { source: 0, rows: ROWS as u32 }];
    let lines = Lines { seq: 0, watermark_ms: 0, runs: &runs, columns };
    guest.evaluate(&lines).with_context(|| failure(&guest.health()))
}

fn failure(health: &HealthHandle) -> String {
    format!("the guest failed: {:?}", health.snapshot().last_fault)
}

/// The filter's work on the host's own columns.
fn filter_natively(columns: &[Column]) -> Result<Verdicts> {
    let [Column::Bits(a), Column::Bits(b), Column::Bits(c), Column::U8s(severity)] = columns else {
        bail!("the filter has other columns");
    };
    let (columns, mut drop) = ([a, b, c], Vec::with_capacity(ROWS / 8));
    let block = |column: usize, row| block(columns[column], row);
    combine(severity, block, |_, bits| drop.extend_from_slice(&bits.to_le_bytes()));
    let drop = Bitmap::from_bytes(drop, ROWS).context("a batch is whole blocks")?;
    Ok(Verdicts { drop: Rows::Some(drop), ..Verdicts::default() })
}

/// A block of the host's bits; a batch of the bench is whole blocks.
fn block(bits: &Bitmap, row: usize) -> u64 {
    bits.bytes()[row / 8..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The detector's work on the host's own columns.
struct Native {
    baselines: Baselines,
    literal: Finder<'static>,
}

impl Native {
    fn new() -> Self {
        Native { baselines: Baselines::default(), literal: Finder::new(LITERAL) }
    }

    fn observe(&mut self, columns: &[Column]) -> Result<Scores> {
        let mut scores = Scores::silent();
        match columns {
            [Column::U8s(_)] => {}
            [Column::Bits(a), Column::Bits(b), Column::Bits(c), Column::U8s(severity)] => {
                let columns = [a, b, c];
                let block = |column: usize, row| block(columns[column], row);
                combine(severity, block, |row, bits| {
                    let set = (0..BLOCK).filter(|place| bits >> place & 1 == 1);
                    set.for_each(|place| mark(&mut scores, row + place, 1.0));
                });
            }
            [Column::U32s(templates), Column::F64s(numbers)] => {
                let rows = templates.iter().zip(numbers);
                let each = rows.map(|(&template, &number)| self.baselines.score(template, number));
                scores.rows.extend(each);
            }
            [Column::Text(texts)] => {
                let rows = texts.ends.len();
                let count = containing((0..rows).map(|row| texts.row(row)), &self.literal);
                if count > 0 {
                    mark(&mut scores, rows - 1, count as f32);
                }
            }
            _ => bail!("no task has these columns; add it here as well"),
        }
        Ok(scores)
    }
}

fn mark(scores: &mut Scores, row: usize, score: f32) {
    let token = scores.marks.len() as u32;
    scores.marks.push(Mark { row: row as u32, channel: 0, score, code: 0, token });
}

//! What a row costs beyond the boundary to a plugin: the same source, as a component and natively.

use crate::report::{Report, Title};
use crate::rounds::{Rounds, ns_per_item};
use crate::stages;
use crate::traffic::Traffic;
use crate::work::{Baselines, LITERAL, combine, containing};
use anyhow::{Context, Result, bail, ensure};
use bellwether_core::batch::{Batch, Run};
use bellwether_core::column::{Bitmap, Column, TextColumn};
use bellwether_core::plugin::{Detector, Lines, Mark, Rows, Scores};
use bellwether_plugins::{LaneDetector, Limits, Runtime};
use memchr::memmem::Finder;
use std::hint::black_box;
use std::sync::Arc;

/// The component that the build script made.
const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/guest-probe.wasm"));
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

/// Measures each task.
pub(crate) fn measure(report: &mut Report, traffic: &Traffic) -> Result<()> {
    let runtime = Runtime::new(Limits::default(), None)?;
    let plugin = runtime.admit(COMPONENT)?;
    for case in cases(traffic)? {
        let config = format!(r#"{{"task":"{}"}}"#, case.task);
        let mut guest = plugin.detector(&config, None)?;
        let mut native = Native::new();
        let shared: Vec<_> = case.columns.iter().cloned().map(Arc::new).collect();
        for _ in 0..COMPARED_CALLS {
            let (theirs, ours) = (native.observe(&case.columns)?, observe(&mut guest, &shared)?);
            let same = ours.rows == theirs.rows && ours.marks == theirs.marks;
            ensure!(same, "{}: the component says something else than its source", case.name);
            ensure!(ours.rows.len() + ours.marks.len() > 0, "{}: nothing was said", case.name);
        }
        let component = || {
            ns_per_item(ROWS, || {
                black_box(observe(&mut guest, black_box(&shared))?);
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
        let title =
            Title { work: "boundary", case: case.name, peer: Some("native"), unit: "ns/row" };
        report.push(title, &rounds);
    }
    Ok(())
}

fn cases(traffic: &Traffic) -> Result<[Case; 3]> {
    let severity = (0..ROWS).map(|row| if row % 50 == 0 { 17 } else { 9 }).collect();
    let bits = [97, 193, 61].map(|every| Column::Bits(every_so_many(every)));
    let templates = (0..ROWS).map(|row| (row * 7 % TEMPLATES) as u32).collect();
    let numbers = (0..ROWS).map(|row| 20.0 + (row * 31 % 100) as f64).collect();
    let bits = bits.into_iter().chain([Column::U8s(severity)]).collect();
    Ok([
        Case { name: "three bits and severity", task: "bits", columns: bits },
        Case {
            name: "z-score per template",
            task: "z-score",
            columns: vec![Column::U32s(templates), Column::F64s(numbers)],
        },
        Case { name: "search in text", task: "text", columns: vec![Column::Text(texts(traffic)?)] },
    ])
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

/// Asks the component.
fn observe(guest: &mut LaneDetector, columns: &[Arc<Column>]) -> Result<Scores> {
    let runs = [Run { source: 0, rows: ROWS as u32 }];
    let lines = Lines { seq: 0, watermark_ms: 0, runs: &runs, columns };
    let scores = guest.observe(&lines);
    scores.with_context(|| format!("the guest failed: {:?}", guest.health().snapshot().last_fault))
}

/// The guest's work on the host's own columns.
struct Native {
    baselines: Baselines,
    literal: Finder<'static>,
}

impl Native {
    fn new() -> Self {
        Native { baselines: Baselines::default(), literal: Finder::new(LITERAL) }
    }

    fn observe(&mut self, columns: &[Column]) -> Result<Scores> {
        let mut scores = silent();
        match columns {
            [Column::Bits(a), Column::Bits(b), Column::Bits(c), Column::U8s(severity)] => {
                let columns = [a, b, c];
                let bit = |column: usize, row| columns[column].contains(row);
                combine(severity, bit, |row| mark(&mut scores, row, 1.0));
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

fn silent() -> Scores {
    Scores {
        rows: Vec::new(),
        channels: Vec::new(),
        marks: Vec::new(),
        quiet: Rows::None,
        whole: f32::NAN,
        reasons: Vec::new(),
    }
}

fn mark(scores: &mut Scores, row: usize, score: f32) {
    let token = scores.marks.len() as u32;
    scores.marks.push(Mark { row: row as u32, channel: 0, score, code: 0, token });
}

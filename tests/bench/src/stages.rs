//! The stages of the pipeline that the host does itself, one by one and on one thread.

use crate::report::{Report, Title};
use crate::rounds::{Rounds, ns_per_item};
use crate::traffic::{NOW_MS, Traffic};
use anyhow::{Result, ensure};
use bellwether::config::Config;
use bellwether_core::assemble::{Assembler, AssemblerLimits};
use bellwether_core::batch::{Batch, BatchBuilder};
use bellwether_core::form::Reference;
use bellwether_core::frame::{FrameLimits, LineSplitter};
use bellwether_core::matcher::{Hits, Matcher, Scratch};
use bellwether_core::pattern::Pattern;
use bellwether_core::record::Record;
use bellwether_core::settings::Settings;
use bellwether_core::template::{MinedColumns, MinerLimits, Templates};
use std::hint::black_box;

/// The peer runs every expression on every row, which takes its time: it gets every so many batches.
const MATCHED_EVERY: usize = 4;

/// Measures each stage.
pub(crate) fn measure(report: &mut Report, traffic: &Traffic) -> Result<()> {
    let services = traffic.by_service();
    let lines = traffic.lines();
    let rounds = Rounds::alone(|| {
        ns_per_item(lines, || {
            let mut sink = |record: &Record| {
                black_box(record);
            };
            services.iter().for_each(|text| records(text, &mut sink));
            Ok(())
        })
    })?;
    let title = |case, peer| Title { work: "stage", case, peer, unit: "ns/line" };
    report.push(title("frame, assemble, form", None), &rounds);
    let batches: Vec<Vec<Batch>> = services.iter().map(|text| batches(text)).collect();
    let some: Vec<&Batch> = batches.iter().flatten().step_by(MATCHED_EVERY).collect();
    let patterns = Config::default().patterns;
    let case = format!("match {} patterns", patterns.len());
    report.push(title(&case, Some("one by one")), &matching(&some, &patterns)?);
    report.push(title("mine templates", None), &mining(&batches)?);
    Ok(())
}

/// Hands out the records of one source.
fn records(text: &[u8], sink: &mut dyn FnMut(&Record)) {
    let mut splitter = LineSplitter::new(FrameLimits::default());
    let mut assembler = Assembler::new(AssemblerLimits::default(), Reference { time_ms: NOW_MS });
    splitter.push(text, &mut |line| assembler.line(line, sink));
    splitter.finish(&mut |line| assembler.line(line, sink));
    assembler.flush(sink);
}

/// The records of one source, in batches as full as the pipeline's.
pub(crate) fn batches(text: &[u8]) -> Vec<Batch> {
    let rows_max = Settings::default().batch_rows_max;
    let (mut builder, mut batches) = (BatchBuilder::default(), Vec::new());
    records(text, &mut |record| {
        builder.push(0, record.time_ms.unwrap_or(NOW_MS), record);
        if builder.len() == rows_max {
            batches.push(builder.seal());
        }
    });
    if !builder.is_empty() {
        batches.push(builder.seal());
    }
    batches
}

/// All patterns at once against each expression on its own.
fn matching(batches: &[&Batch], patterns: &[Pattern]) -> Result<Rounds> {
    let matcher = Matcher::new(patterns, &[])?;
    let (mut scratch, mut at_once, mut alone) = (Scratch::default(), Hits::default(), Vec::new());
    for batch in batches {
        matcher.scan(batch, &mut scratch, &mut at_once);
        scan_one_by_one(patterns, batch, &mut alone);
        ensure!(at_once.pairs() == alone, "the matcher found other rows than its patterns did");
    }
    let rows = batches.iter().map(|batch| batch.len()).sum();
    let ours = || {
        ns_per_item(rows, || {
            batches.iter().for_each(|batch| matcher.scan(batch, &mut scratch, &mut at_once));
            black_box(&at_once);
            Ok(())
        })
    };
    let theirs = || {
        ns_per_item(rows, || {
            batches.iter().for_each(|batch| scan_one_by_one(patterns, batch, &mut alone));
            black_box(&alone);
            Ok(())
        })
    };
    Rounds::against(ours, theirs)
}

fn scan_one_by_one(patterns: &[Pattern], batch: &Batch, out: &mut Vec<(u32, u32)>) {
    out.clear();
    for (id, pattern) in patterns.iter().enumerate() {
        let rows = (0..batch.len()).filter(|row| pattern.matches(batch.text(*row)));
        out.extend(rows.map(|row| (id as u32, row as u32)));
    }
}

/// Mines every source from its first line, so that learning is part of it.
fn mining(batches: &[Vec<Batch>]) -> Result<Rounds> {
    let Settings { templates_max, window_ms, .. } = Settings::default();
    let rows = batches.iter().flatten().map(Batch::len).sum();
    Rounds::alone(|| {
        ns_per_item(rows, || {
            for source in batches {
                let mut miner = Templates::new(MinerLimits { templates_max, window_ms });
                for batch in source {
                    let mut columns = MinedColumns::default();
                    miner.assign(batch, 0..batch.len(), &mut columns);
                    black_box(columns);
                }
            }
            Ok(())
        })
    })
}

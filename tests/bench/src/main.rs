//! Measures how fast bellwether is, in one process, each figure beside that of a peer where there is one.
//!
//! Ours and the peer's take turns, round by round, and the ratio is taken within a round, so that a machine that is busy
//! for a while slows both. All times are wall clock. To add a measurement, write a module with a `measure` function and
//! call it here.

#![expect(clippy::print_stdout, reason = "what the bench finds is for the person who started it")]

mod boundary;
mod elsewhere;
mod load;
mod memory;
mod natives;
mod pipeline;
mod program;
mod report;
mod rounds;
mod shipped;
mod stages;
mod start;
mod swaps;
mod tenants;
mod traffic;
// The guests' own sources, compiled natively: the peers of the calls into the guests.
#[path = "../../guests/probe/src/combine.rs"]
mod combine;
#[path = "../../guests/probe/src/work.rs"]
mod work;
// The book that a guest keeps, and that is checked here.
#[path = "../../guests/ledger/src/book.rs"]
mod book;

use anyhow::{Result, bail};
use report::Report;
use traffic::Traffic;

/// Gives memory back as the program's own does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is measured, in this order.
const PARTS: [&str; 7] =
    ["pipeline", "stages", "boundary", "plugins", "tenants", "start", "memory"];

fn main() -> Result<()> {
    if let Some(sources) = elsewhere::asked(memory::ARGUMENT)? {
        println!("{}", memory::grown_bytes(sources)?);
        return Ok(());
    }
    if let Some(tenants) = elsewhere::asked(tenants::ARGUMENT)? {
        let (lines_per_s, resident_bytes) = tenants::run(tenants)?;
        println!("{lines_per_s} {resident_bytes}");
        return Ok(());
    }
    if let Some(count) = elsewhere::asked(swaps::ARGUMENT)? {
        return swaps::measure(count);
    }
    let only = part_asked_for()?;
    let program = program::bellwether()?;
    let generated = Traffic::generated(&program)?;
    let mut report = Report::begin();
    for part in PARTS.into_iter().filter(|part| only.as_deref().is_none_or(|only| only == *part)) {
        match part {
            "pipeline" => pipelines(&mut report, &generated)?,
            "stages" => stages::measure(&mut report, &generated)?,
            "boundary" => boundary::measure(&mut report, &generated)?,
            "plugins" => shipped::measure(&mut report, &generated)?,
            "tenants" => tenants::measure(&mut report)?,
            "start" => start::measure(&mut report, &program)?,
            _ => memory::measure(&mut report)?,
        }
    }
    report.write()
}

fn pipelines(report: &mut Report, generated: &Traffic) -> Result<()> {
    pipeline::measure(report, generated)?;
    match Traffic::hdfs()? {
        Some(hdfs) => pipeline::measure(report, &hdfs)?,
        None => report.skip("the labelled HDFS log", "set BELLWETHER_DATA to its folder"),
    }
    Ok(())
}

/// The one part to be measured, by `--only PART`; all of them where none is named.
fn part_asked_for() -> Result<Option<String>> {
    match &std::env::args().skip(1).collect::<Vec<_>>()[..] {
        [] => Ok(None),
        [only, part] if only == "--only" && PARTS.contains(&part.as_str()) => {
            Ok(Some(part.clone()))
        }
        _ => bail!("the bench takes `--only` and one of {}, or nothing", PARTS.join(", ")),
    }
}

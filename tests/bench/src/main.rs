//! Measures how fast bellwether is, in one process, each figure beside that of a peer where there is one.
//!
//! Ours and the peer's take turns, round by round, and the ratio is taken within a round, so that a machine that is busy
//! for a while slows both. Times are wall clock, but for matching and mining: there it is processor time. To add a
//! measurement, write a module with a `measure` function and call it here.

#![expect(clippy::print_stdout, reason = "what the bench finds is for the person who started it")]

mod boundary;
mod chart;
mod elsewhere;
mod load;
mod matching;
mod memory;
mod mining;
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
const PARTS: [&str; 9] = [
    "matching", "mining", "pipeline", "stages", "boundary", "plugins", "tenants", "start", "memory",
];
/// What the long run measures: the peers, and whatever takes them long.
const FULL: [&str; 5] = ["matching", "mining", "hostile-lines", "large-set", "largest-set"];
/// Patterns in those sets.
const LARGE: usize = 3000;
const LARGEST: usize = 30_000;

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
    if let Some(number) = elsewhere::asked(matching::ARGUMENT)? {
        println!("{}", matching::grown_bytes(number)?);
        return Ok(());
    }
    if let Some(count) = elsewhere::asked(swaps::ARGUMENT)? {
        return swaps::measure(count);
    }
    let parts = parts_asked_for()?;
    let program = program::bellwether()?;
    let generated = Traffic::generated(&program)?;
    let mut report = Report::begin();
    for part in &parts {
        match part.as_str() {
            "matching" => matching::measure(&mut report, &generated)?,
            "mining" => mining::measure(&mut report)?,
            "large-set" => matching::measure_large(&mut report, &generated, LARGE)?,
            "largest-set" => matching::measure_large(&mut report, &generated, LARGEST)?,
            "hostile-lines" => matching::measure_hostile(&mut report)?,
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

/// The parts to be measured: one by `--only PART`, those of the long run by `--full`, else the usual ones.
fn parts_asked_for() -> Result<Vec<String>> {
    let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
    let known = |part: &str| PARTS.contains(&part) || FULL.contains(&part);
    match &std::env::args().skip(1).collect::<Vec<_>>()[..] {
        [] => Ok(owned(&PARTS)),
        [full] if full == "--full" => Ok(owned(&FULL)),
        [only, part] if only == "--only" && known(part) => Ok(vec![part.clone()]),
        _ => {
            let [all, more] = [PARTS.join(", "), FULL[2..].join(", ")];
            bail!("the bench takes nothing, `--full`, or `--only` and one of {all}, {more}")
        }
    }
}

//! Measures how fast bellwether is, in one process, each figure beside that of a peer where there is one.
//!
//! Ours and the peer's take turns, round by round, and the ratio is taken within a round, so that a machine that is busy
//! for a while slows both. All times are wall clock. To add a measurement, write a module with a `measure` function and
//! call it here.

#![expect(clippy::print_stdout, reason = "what the bench finds is for the person who started it")]

mod boundary;
mod load;
mod memory;
mod pipeline;
mod program;
mod report;
mod rounds;
mod stages;
mod start;
mod swaps;
mod traffic;
// The guest's own source, compiled natively: the peer of the calls into the guest.
#[path = "../../guests/probe/src/work.rs"]
mod work;
// The book that a guest keeps, and that is checked here.
#[path = "../../guests/ledger/src/book.rs"]
mod book;

use anyhow::Result;
use report::Report;
use traffic::Traffic;

fn main() -> Result<()> {
    if let Some(count) = swaps::asked_of_this_process()? {
        return swaps::measure(count);
    }
    if let Some(sources) = memory::asked_of_this_process()? {
        println!("{}", memory::grown_bytes(sources)?);
        return Ok(());
    }
    let program = program::bellwether()?;
    let (generated, hdfs) = (Traffic::generated(&program)?, Traffic::hdfs()?);
    let mut report = Report::begin();
    pipeline::measure(&mut report, &generated)?;
    match hdfs {
        Some(hdfs) => pipeline::measure(&mut report, &hdfs)?,
        None => report.skip("the labelled HDFS log", "set BELLWETHER_DATA to its folder"),
    }
    stages::measure(&mut report, &generated)?;
    boundary::measure(&mut report, &generated)?;
    start::measure(&mut report, &program)?;
    memory::measure(&mut report)?;
    report.write()
}

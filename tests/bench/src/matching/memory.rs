//! What an engine holds: a process of its own for each, in which the kernel tells how much it grew.

use super::corpus::{Corpus, background, varied};
use super::engines::{Engine, Ours, PEERS};
use super::sources;
use crate::elsewhere::{ask, status_bytes, tells_status};
use crate::report::{Report, Title};
use crate::rounds::Rounds;
use anyhow::Result;

/// Asks this program for one engine, by its number; the matcher follows the peers.
pub(crate) const ARGUMENT: &str = "--memory-of-engine";
/// Of lines that are scanned, since automata grow with them.
const SCANNED_BYTES: usize = 2 << 20;

/// Measures each engine.
pub(super) fn measure(report: &mut Report, sources: &[String]) -> Result<()> {
    if !tells_status(report, "memory of the matcher") {
        return Ok(());
    }
    let mib =
        |number| -> Result<f64> { Ok(ask(ARGUMENT, number)?.trim().parse::<f64>()? / 1048576.0) };
    let ours = mib(PEERS.len())?;
    for (number, peer) in PEERS.iter().enumerate() {
        // What it is asked for is nothing where the engine is absent or has no tables.
        let theirs = mib(number)?;
        if theirs > 0.0 {
            let case = format!("{} resident", sources.len());
            let title = Title { work: "match", case: &case, peer: Some(peer.name), unit: "MiB" };
            report.push(title, &Rounds::of(vec![ours], vec![theirs]));
        }
    }
    Ok(())
}

/// By how much this process grows when it makes an engine and scans with it.
pub(crate) fn grown_bytes(number: usize) -> Result<u64> {
    let sources = sources::shipped()?;
    let lines: Vec<Vec<u8>> = match background()? {
        Some(lines) => lines.into_iter().map(|line| line.text).collect(),
        None => vec![b"a line".to_vec()],
    };
    let corpus = Corpus::new("memory", &varied(&lines, SCANNED_BYTES));
    let before = status_bytes("VmRSS")?;
    let engine: Option<Box<dyn Engine>> = match PEERS.get(number) {
        Some(peer) => (peer.make)(&sources)?,
        None => Some(Box::new(Ours::new(&sources)?)),
    };
    let Some(mut engine) = engine else { return Ok(0) };
    let mut found = Vec::new();
    for block in &corpus.blocks {
        found.clear();
        engine.scan(block, &mut found)?;
    }
    let grown = status_bytes("VmRSS")?.saturating_sub(before);
    drop(engine);
    Ok(grown)
}

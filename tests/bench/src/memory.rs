//! Resident memory of a replay, by the number of its sources.

use crate::elsewhere::{ask, status_bytes, tells_status};
use crate::pipeline::{Run, default_loadout};
use crate::report::{Report, Title};
use crate::rounds::Rounds;
use crate::traffic::MESSAGES;
use anyhow::{Context, Result};
use bellwether::pipeline::Workers;
use bellwether_core::intake::Routing;
use std::fmt::Write;

/// Asks this program for one run, followed by the number of sources.
pub(crate) const ARGUMENT: &str = "--grown-bytes-of-sources";
const FEW: usize = 100;
const MANY: usize = 1000;
/// Minutes of traffic of each source.
const MINUTES: usize = 60;

/// Measures many sources against few, and what a further source takes.
pub(crate) fn measure(report: &mut Report) -> Result<()> {
    if !tells_status(report, "memory") {
        return Ok(());
    }
    let per_source = |sources: usize| {
        let text = ask(ARGUMENT, sources)?;
        let bytes: f64 =
            text.trim().parse().with_context(|| format!("`{text}` is no number of bytes"))?;
        Ok(bytes / sources as f64)
    };
    let rounds = Rounds::against(|| per_source(MANY), || per_source(FEW))?;
    let title = |case, peer| Title { work: "memory", case, peer, unit: "bytes/source" };
    report.push(title("1,000 sources", Some("100 sources")), &rounds);
    let (many, few) = (MANY as f64, FEW as f64);
    let further = rounds.combined(|at_many, at_few| (at_many * many - at_few * few) / (many - few));
    report.push(title("a further source", None), &further);
    Ok(())
}

/// Replays so many sources, each of which writes every message once a minute, in this process; the bytes that it grew by at its peak.
pub(crate) fn grown_bytes(sources: usize) -> Result<u64> {
    let loadout = default_loadout()?;
    let before = status_bytes("VmRSS")?;
    let mut run = Run::start(&loadout, &Workers::start(1)?, Routing::Prefixed)?;
    let mut text = String::new();
    for minute in 0..MINUTES {
        for (place, message) in MESSAGES.iter().enumerate() {
            text.clear();
            for source in 0..sources {
                let number = (minute * 7919 + source * 31).to_string();
                let message = message.replace("<>", &number);
                let second = place * 10;
                writeln!(
                    text,
                    "source-{source} | 2026-03-02T00:{minute:02}:{second:02}Z {message}"
                )?;
            }
            run.push(text.as_bytes())?;
        }
    }
    run.end(MINUTES * MESSAGES.len() * sources)?;
    Ok(status_bytes("VmHWM")?.saturating_sub(before))
}

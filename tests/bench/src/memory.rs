//! Resident memory of a replay, by the number of its sources.
//!
//! Each run is a process of its own, this program once more, since memory that one run has freed would hide what the next
//! one takes.

use crate::pipeline::{Run, default_loadout};
use crate::report::{Report, Title};
use crate::rounds::Rounds;
use anyhow::{Context, Result, bail, ensure};
use bellwether_core::intake::Routing;
use std::fmt::Write;
use std::fs;
use std::process::{Command, Stdio};

/// Asks this program for one run, followed by the number of sources.
const ARGUMENT: &str = "--grown-bytes-of-sources";
/// What the kernel tells a process about itself.
const STATUS: &str = "/proc/self/status";
const FEW: usize = 100;
const MANY: usize = 1000;
/// Minutes of traffic of each source.
const MINUTES: usize = 60;
/// Messages of each source, written once a minute.
const MESSAGES: [&str; 6] = [
    "INFO accepted connection <> from 10.0.0.7",
    "INFO request <> finished in 12 ms with status 200",
    "DEBUG cache holds <> entries",
    "WARN queue length <> is above the soft limit",
    "INFO session <> of user 4711 was renewed",
    "INFO worker <> picked up job 99 of queue mail",
];

/// Measures many sources against few, and what a further source takes.
pub(crate) fn measure(report: &mut Report) -> Result<()> {
    if fs::metadata(STATUS).is_err() {
        report.skip("memory", &format!("run it where there is `{STATUS}`"));
        return Ok(());
    }
    let per_source = |sources: usize| Ok(grown_bytes_elsewhere(sources)? / sources as f64);
    let rounds = Rounds::against(|| per_source(MANY), || per_source(FEW))?;
    let title = |case, peer| Title { work: "memory", case, peer, unit: "bytes/source" };
    report.push(title("1,000 sources", Some("100 sources")), &rounds);
    let (many, few) = (MANY as f64, FEW as f64);
    let further = rounds.combined(|at_many, at_few| (at_many * many - at_few * few) / (many - few));
    report.push(title("a further source", None), &further);
    Ok(())
}

/// The number of sources, if this process was started for one run.
pub(crate) fn asked_of_this_process() -> Result<Option<usize>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(None),
        [ARGUMENT, sources] => Ok(Some(sources.parse().context("expected a number of sources")?)),
        _ => bail!("the bench takes no arguments; start it with `make bench`"),
    }
}

/// Replays so many sources in this process; the bytes that it grew by at its peak.
pub(crate) fn grown_bytes(sources: usize) -> Result<u64> {
    let loadout = default_loadout()?;
    let before = status_bytes("VmRSS")?;
    let mut run = Run::start(&loadout, 1, Routing::Prefixed)?;
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

fn grown_bytes_elsewhere(sources: usize) -> Result<f64> {
    let bench = std::env::current_exe()?;
    let mut command = Command::new(bench);
    let output =
        command.arg(ARGUMENT).arg(sources.to_string()).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the run with {sources} sources failed");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().with_context(|| format!("`{text}` is no number of bytes"))
}

fn status_bytes(name: &str) -> Result<u64> {
    let text = fs::read_to_string(STATUS)?;
    kibibytes(&text, name).map(|kib| kib << 10).with_context(|| format!("no {name} in `{STATUS}`"))
}

/// The value of a line such as `VmRSS:     1234 kB`.
fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let mut lines = status.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_by_whole_names() {
        let status = "Name:\tbench\nVmHWM:\t  2048 kB\nVmRSS:\t   512 kB\nThreads:\t1\n";
        let cases = [("VmRSS", Some(512)), ("VmHWM", Some(2048)), ("VmR", None), ("Threads", None)];
        for (name, expected) in cases {
            assert_eq!(kibibytes(status, name), expected, "{name}");
        }
    }
}

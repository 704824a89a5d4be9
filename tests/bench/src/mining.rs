//! The miner beside its peers from Python: the same lines in the same run, in turns, in lines of each processor second.
//!
//! All begin anew in every turn, so that learning is part of it, and are given messages without what stands before them.

#[path = "mining/long.rs"]
mod long;

use crate::matching::computed;
use crate::report::{Report, Title};
use crate::rounds::Rounds;
use crate::traffic::Traffic;
use anyhow::{Context, Result, ensure};
use bellwether_core::batch::{Batch, BatchBuilder};
use bellwether_core::record::Record;
use bellwether_core::settings::Settings;
use bellwether_core::template::{MinedColumns, MinerLimits, Templates};
use std::env;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Names a Python that has the peers.
const PYTHON_VARIABLE: &str = "BENCH_PYTHON";
/// The script that runs them, and what it calls them.
const SCRIPT: &str = "mining_peers.py";
const PEERS: [&str; 3] = ["drain3", "drain3-masked", "tipping"];
/// Lines of each sort.
const HDFS_LINES: usize = 100_000;
const LONG_LINES: usize = 2000;
/// Turns that count; a masked one takes seconds.
const TURNS: usize = 5;
/// What ours computes in its turn, at least.
const TURN: Duration = Duration::from_millis(60);

/// Measures both sorts of lines.
pub(crate) fn measure(report: &mut Report) -> Result<()> {
    match Traffic::hdfs()? {
        Some(hdfs) => race(report, "HDFS bodies", &bodies(&hdfs.bytes))?,
        None => report.skip("bodies of HDFS", "set BELLWETHER_DATA to the folder of labelled data"),
    }
    race(report, "lines of 600 bytes", &long::lines(LONG_LINES))
}

/// What follows the component and its colon.
fn bodies(log: &[u8]) -> Vec<Vec<u8>> {
    let lines = log.split(|byte| *byte == b'\n').filter(|line| line.is_ascii());
    let bodies = lines.filter_map(|line| {
        let at = line.windows(2).position(|two| two == b": ")?;
        Some(line[at + 2..].to_vec())
    });
    bodies.take(HDFS_LINES).collect()
}

/// All miners over the same lines.
fn race(report: &mut Report, name: &str, lines: &[Vec<u8>]) -> Result<()> {
    let batches = batches(lines);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("lines");
    std::fs::write(&path, lines.join(&b'\n'))?;
    let mut peers = Vec::new();
    for peer in PEERS {
        match Peer::start(peer, &path, lines.len())? {
            Some(own) => peers.push((peer, own, Vec::new())),
            None => report.skip(peer, &format!("let {PYTHON_VARIABLE} name a Python that has it")),
        }
    }
    let mut ours = Vec::new();
    for turn in 0..=TURNS {
        let own = mine(&batches, lines.len());
        let theirs =
            peers.iter_mut().map(|(_, peer, _)| peer.lines_per_s()).collect::<Result<Vec<_>>>()?;
        // The first turn warms up.
        if turn > 0 {
            ours.push(own);
            peers.iter_mut().zip(theirs).for_each(|((_, _, all), own)| all.push(own));
        }
    }
    let bytes = lines.iter().map(|line| line.len() + 1).sum::<usize>() as f64;
    let mb_per_s: Vec<f64> =
        ours.iter().map(|own| own * bytes / lines.len() as f64 / 1e6).collect();
    let title = |peer, unit| Title { work: "mine", case: name, peer, unit };
    report.push(title(None, "MB/s"), &Rounds::of(mb_per_s, Vec::new()));
    for (peer, _, theirs) in peers {
        report.push(title(Some(peer), "lines/s"), &Rounds::of(ours.clone(), theirs));
    }
    Ok(())
}

/// Lines in batches as large as the pipeline's.
fn batches(lines: &[Vec<u8>]) -> Vec<Batch> {
    let batch = |lines: &[Vec<u8>]| {
        let mut builder = BatchBuilder::default();
        for line in lines {
            let record = Record { text: line.clone(), body: line.clone(), ..Record::default() };
            builder.push(0, 0, &record);
        }
        builder.seal()
    };
    lines.chunks(Settings::default().batch_rows_max).map(batch).collect()
}

/// Lines that our miner takes in a second, from the first one on.
fn mine(batches: &[Batch], lines: usize) -> f64 {
    let Settings { templates_max, window_ms, .. } = Settings::default();
    let (began, mut mined, mut taken) = (computed(), 0, Duration::ZERO);
    while taken < TURN {
        let mut miner = Templates::new(MinerLimits { templates_max, window_ms });
        for batch in batches {
            let mut columns = MinedColumns::default();
            miner.assign(batch, 0..batch.len(), &mut columns);
            black_box(columns);
        }
        mined += lines;
        taken = computed() - began;
    }
    mined as f64 / taken.as_secs_f64()
}

/// A process that mines whenever it is told to.
struct Peer {
    process: Child,
    questions: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
    lines: usize,
}

impl Peer {
    /// Starts it; `None` where there is no such Python.
    fn start(name: &str, path: &Path, lines: usize) -> Result<Option<Self>> {
        let Some(python) = env::var_os(PYTHON_VARIABLE).filter(|python| !python.is_empty()) else {
            return Ok(None);
        };
        let mut command = Command::new(python);
        command.arg(crate::program::package().join(SCRIPT)).arg(name).arg(path);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().context("the Python of the bench cannot be started")?;
        let questions = process.stdin.take();
        let answers = process.stdout.take().context("the output was asked for")?;
        let mut peer = Peer { process, questions, answers: BufReader::new(answers).lines(), lines };
        ensure!(peer.answer()? == lines as f64, "{name} has read other lines");
        Ok(Some(peer))
    }

    /// Lines that it takes in a second.
    fn lines_per_s(&mut self) -> Result<f64> {
        writeln!(self.questions.as_mut().context("it is told until it ends")?)?;
        Ok(self.lines as f64 / self.answer()?)
    }

    fn answer(&mut self) -> Result<f64> {
        let line = self.answers.next().context("a miner from Python failed")??;
        Ok(line.parse()?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Without questions it ends; how is of no interest any more.
        drop(self.questions.take());
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_follow_the_component() {
        let log = b"081109 203615 148 INFO dfs.DataNode: PacketResponder 1: done\nbare\n";
        assert_eq!(bodies(log), [b"PacketResponder 1: done".to_vec()]);
    }
}

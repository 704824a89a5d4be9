//! All engines over the same lines, in turns.

use super::clock::{computed, timed};
use super::corpus::{Block, Corpus};
use super::engines::{Engine, LOOP, Ours, Peer, SPLIT};
use super::gate::Found;
use crate::report::{Report, Title};
use crate::rounds::{ROUNDS, Rounds};
use anyhow::Result;
use std::time::Duration;

/// What an engine computes in its turn, at least.
const TURN: Duration = Duration::from_millis(60);
/// The lines that refine the matcher are one part of so many.
const WARMING: usize = 4;
/// Sets up to this size are compiled several times.
const COMPILED_OFTEN_MAX: usize = 3000;
/// Times, if so.
const COMPILED_OFTEN: usize = 5;

/// A set of expressions, and who looks for them.
pub(super) struct Contest<'a> {
    sources: &'a [String],
    ours: Ours,
    peers: Vec<(Peer, Box<dyn Engine>)>,
    absent: Vec<&'static str>,
    compiling: Vec<(Peer, Rounds)>,
}

impl<'a> Contest<'a> {
    /// Compiles the set for everybody, and takes the time of that.
    pub(super) fn new(sources: &'a [String], among: &[Peer]) -> Result<Self> {
        let (mut peers, mut absent, mut compiling) = (Vec::new(), Vec::new(), Vec::new());
        let fits = among.iter().copied().filter(|peer| sources.len() <= peer.sources_max);
        let times = if sources.len() <= COMPILED_OFTEN_MAX { COMPILED_OFTEN } else { 1 };
        for peer in fits {
            let (mut ours, mut theirs, mut engine) = (Vec::new(), Vec::new(), None);
            for _ in 0..times {
                let (made, time) = timed(|| Ours::new(sources));
                made?;
                ours.push(time.as_secs_f64() * 1e3);
                let (made, time) = timed(|| (peer.make)(sources));
                engine = made?;
                theirs.push(time.as_secs_f64() * 1e3);
            }
            match engine {
                Some(engine) => {
                    peers.push((peer, engine));
                    compiling.push((peer, Rounds::of(ours, theirs)));
                }
                None => absent.push(peer.name),
            }
        }
        Ok(Contest { sources, ours: Ours::new(sources)?, peers, absent, compiling })
    }

    /// Races on each corpus.
    pub(super) fn run(mut self, report: &mut Report, corpora: &[Corpus]) -> Result<()> {
        for name in &self.absent {
            report.skip(name, "it is not installed; `make bench` says what to do");
        }
        let count = self.sources.len();
        for (peer, rounds) in self.compiling.iter().filter(|(peer, _)| peer.name != SPLIT) {
            let case = format!("{count} compile");
            report.push(
                Title { work: "match", case: &case, peer: Some(peer.name), unit: "ms" },
                rounds,
            );
        }
        for corpus in corpora {
            self.race(report, corpus)?;
        }
        for (peer, engine) in &self.peers {
            if let (Some(theirs), Some(ours)) = (engine.bytes(), self.ours.bytes()) {
                let rounds = Rounds::of(vec![ours as f64 / 1e6], vec![theirs as f64 / 1e6]);
                let case = format!("{count} tables");
                report.push(
                    Title { work: "match", case: &case, peer: Some(peer.name), unit: "MB" },
                    &rounds,
                );
            }
        }
        Ok(())
    }

    fn race(&mut self, report: &mut Report, corpus: &Corpus) -> Result<()> {
        let (first, blocks) = corpus.split(WARMING);
        let mut warm = self.ours.warmed(first);
        let found = Found::by(&mut self.ours, blocks)?;
        self.agree(report, corpus, (&found, &mut warm), blocks)?;
        let (mut cold_speeds, mut warm_speeds) = (Vec::new(), Vec::new());
        let mut speeds = vec![Vec::new(); self.peers.len()];
        let mut turns = vec![0; self.peers.len() + 2];
        for _ in 0..=ROUNDS {
            let (cold_turn, rest) = turns.split_at_mut(1);
            let (warm_turn, rest) = rest.split_at_mut(1);
            cold_speeds.push(mb_per_s(&mut self.ours, blocks, &mut cold_turn[0])?);
            warm_speeds.push(mb_per_s(&mut warm, blocks, &mut warm_turn[0])?);
            for (((_, engine), speeds), turn) in self.peers.iter_mut().zip(&mut speeds).zip(rest) {
                speeds.push(mb_per_s(&mut **engine, blocks, turn)?);
            }
        }
        let count = self.sources.len();
        for (name, ours) in [("cold", cold_speeds), ("warm", warm_speeds)] {
            let case = format!("{count} {} {name}", corpus.name);
            for ((peer, _), theirs) in self.peers.iter().zip(&speeds) {
                // The first round warmed up.
                let rounds = Rounds::of(ours[1..].to_vec(), theirs[1..].to_vec());
                report.push(
                    Title { work: "match", case: &case, peer: Some(peer.name), unit: "MB/s" },
                    &rounds,
                );
            }
        }
        Ok(())
    }

    /// All must find what the matcher finds, and so must it when it is refined.
    fn agree(
        &mut self,
        report: &mut Report,
        corpus: &Corpus,
        (found, warm): (&Found, &mut Ours),
        blocks: &[Block],
    ) -> Result<()> {
        found.agrees(("the refined matcher", warm), blocks, self.sources)?;
        let mut believed = 0;
        for (peer, engine) in self.peers.iter_mut().filter(|(peer, _)| peer.name != SPLIT) {
            let compared = found.agrees((peer.name, &mut **engine), blocks, self.sources)?;
            believed += if peer.name == LOOP { compared } else { 0 };
        }
        let lines: usize = blocks.iter().map(|block| block.ends.len()).sum();
        let bytes: usize = blocks.iter().map(|block| block.text.len()).sum();
        report.say(&format!(
            "{}: {:.1} MB, {lines} lines, {:.2} % with hits, {} pairs; the same in {believed} of {} blocks of the {LOOP}",
            corpus.name,
            bytes as f64 / 1e6,
            found.lines() as f64 / lines as f64 * 100.0,
            found.pairs(),
            blocks.len(),
        ));
        Ok(())
    }
}

/// Goes on from block to block until the turn is over.
fn mb_per_s(engine: &mut dyn Engine, blocks: &[Block], next: &mut usize) -> Result<f64> {
    let (mut bytes, mut found) = (0, Vec::new());
    let began = computed();
    loop {
        let block = &blocks[*next];
        *next = (*next + 1) % blocks.len();
        found.clear();
        engine.scan(block, &mut found)?;
        std::hint::black_box(&found);
        bytes += block.text.len();
        let taken = computed() - began;
        if taken >= TURN {
            return Ok(bytes as f64 / 1e6 / taken.as_secs_f64());
        }
    }
}

//! All engines over the same lines, in turns.

use super::clock::{computed, timed};
use super::corpus::{Block, Corpus};
use super::engines::{Boxed, Engine, LOOP, Ours, Peer, SPLIT};
use super::gate::{Found, Judge};
use crate::report::{Report, Title};
use crate::rounds::{ROUNDS, Rounds};
use anyhow::{Result, ensure};
use std::time::Duration;

/// What an engine computes in its turn, at least.
const TURN: Duration = Duration::from_millis(60);
/// What a slow engine computes on a corpus: then it has no more turns, if it had two.
const SLOW: Duration = Duration::from_secs(4);
/// The lines that refine the matcher are one part of so many.
const WARMING: usize = 4;
/// Times that a set is compiled, unless that takes long.
const COMPILED: usize = 3;
/// Wrong pairs of a peer are one in so many at most, else its speed is that of other work. Vectorscan 5.4 misses matches
/// in which more than 64 repetitions are allowed.
const WRONG_SHARE: usize = 100;

/// A set of expressions, and who looks for them.
pub(super) struct Contest<'a> {
    sources: &'a [String],
    ours: Ours,
    peers: Vec<(Peer, Boxed)>,
}

impl<'a> Contest<'a> {
    /// Compiles the set for everybody, and measures that.
    pub(super) fn new(
        report: &mut Report,
        sources: &'a [String],
        among: &[Peer],
    ) -> Result<Contest<'a>> {
        let mut contest = Contest { sources, ours: Ours::new(sources)?, peers: Vec::new() };
        for peer in among.iter().filter(|peer| sources.len() <= peer.sources_max) {
            let (mut ours, mut theirs, mut engine) = (Vec::new(), Vec::new(), None);
            let began = computed();
            while ours.is_empty() || (ours.len() < COMPILED && computed() - began < SLOW) {
                let (made, time) = timed(|| Ours::new(sources));
                made?;
                ours.push(time.as_secs_f64() * 1e3);
                let (made, time) = timed(|| (peer.make)(sources));
                engine = made?;
                theirs.push(time.as_secs_f64() * 1e3);
            }
            let Some(engine) = engine else {
                report.skip(peer.name, "it is not installed, so none of its ratios count");
                continue;
            };
            if peer.name != SPLIT {
                contest.push(report, "compile", peer, ("ms", &Rounds::of(ours, theirs)));
            }
            if let (Some(ours), Some(theirs)) = (contest.ours.bytes(), engine.bytes()) {
                let rounds = Rounds::of(vec![ours as f64 / 1e6], vec![theirs as f64 / 1e6]);
                contest.push(report, "tables", peer, ("MB", &rounds));
            }
            contest.peers.push((*peer, engine));
        }
        Ok(contest)
    }

    fn push(
        &self,
        report: &mut Report,
        what: &str,
        peer: &Peer,
        (unit, rounds): (&'static str, &Rounds),
    ) {
        let case = format!("{} {what}", self.sources.len());
        report.push(Title { work: "match", case: &case, peer: Some(peer.name), unit }, rounds);
    }

    /// Races on a corpus, once all have found the same there.
    pub(super) fn race(&mut self, report: &mut Report, corpus: &Corpus) -> Result<()> {
        let (first, blocks) = corpus.split(WARMING);
        let mut warm = self.ours.warmed(first);
        let sound = self.agree(report, corpus, &mut warm, blocks)?;
        let Contest { sources, ours, peers } = self;
        let (mut cold, mut warm) = (Turns::of(ours), Turns::of(&mut warm));
        let peers = peers.iter_mut().zip(sound).filter(|(_, is_sound)| *is_sound);
        let mut peers: Vec<_> =
            peers.map(|((peer, engine), _)| (*peer, Turns::of(&mut **engine))).collect();
        for _ in 0..=ROUNDS {
            cold.take(blocks)?;
            warm.take(blocks)?;
            for (_, turns) in peers.iter_mut().filter(|(_, turns)| !turns.is_over()) {
                turns.take(blocks)?;
            }
        }
        let lines: usize = blocks.iter().map(|block| block.ends.len()).sum();
        let lines_per_mb = lines as f64 / megabytes(blocks);
        for (name, ours) in [("cold", cold.counted()), ("warm", warm.counted())] {
            let case = format!("{} {} {name}", sources.len(), corpus.name);
            let title = |peer, unit| Title { work: "match", case: &case, peer, unit };
            let lines_per_s = ours.iter().map(|speed| speed * lines_per_mb).collect();
            report.push(title(None, "lines/s"), &Rounds::of(lines_per_s, Vec::new()));
            for (peer, turns) in &peers {
                let theirs = turns.counted();
                let rounds = Rounds::of(ours[..theirs.len()].to_vec(), theirs.to_vec());
                report.push(title(Some(peer.name), "MB/s"), &rounds);
            }
        }
        Ok(())
    }

    /// Which peers find what the plain expressions find. The matcher must, as it ships and refined, or nothing counts.
    fn agree(
        &mut self,
        report: &mut Report,
        corpus: &Corpus,
        warm: &mut Ours,
        blocks: &[Block],
    ) -> Result<Vec<bool>> {
        let mut judge = Judge::new(self.sources);
        let found = Found::by(&mut self.ours, blocks)?;
        let refined = found.compare(("the refined matcher", warm), blocks, &mut judge)?;
        ensure!(refined.wrong == 0, "the refined matcher is wrong: {}", refined.example);
        let (mut sound, mut believed) = (Vec::new(), 0);
        let lines: usize = blocks.iter().map(|block| block.ends.len()).sum();
        report.say(&format!(
            "\n{} lines of `{}`, {:.1} MB: {:.2} % have hits, {} in all",
            lines,
            corpus.name,
            megabytes(blocks),
            found.lines() as f64 / lines as f64 * 100.0,
            found.pairs(),
        ));
        for (peer, engine) in &mut self.peers {
            if peer.name == SPLIT {
                sound.push(true);
                continue;
            }
            let compared = found.compare((peer.name, &mut **engine), blocks, &mut judge)?;
            let is_sound = compared.wrong * WRONG_SHARE <= compared.pairs.max(WRONG_SHARE);
            if compared.wrong > 0 {
                let (wrong, pairs, example) = (compared.wrong, compared.pairs, compared.example);
                let so = if is_sound { "" } else { " and is left out" };
                report.say(&format!("{} is wrong in {wrong} of {pairs}{so}: {example}", peer.name));
            }
            believed += if peer.name == LOOP { compared.blocks } else { 0 };
            sound.push(is_sound);
        }
        report.say(&format!("the {LOOP} finds the same in {believed} of {} blocks", blocks.len()));
        Ok(sound)
    }
}

fn megabytes(blocks: &[Block]) -> f64 {
    blocks.iter().map(|block| block.text.len()).sum::<usize>() as f64 / 1e6
}

/// The turns of one engine.
struct Turns<'a> {
    engine: &'a mut dyn Engine,
    next: usize,
    computed: Duration,
    mb_per_s: Vec<f64>,
}

impl<'a> Turns<'a> {
    fn of(engine: &'a mut dyn Engine) -> Self {
        Turns { engine, next: 0, computed: Duration::ZERO, mb_per_s: Vec::new() }
    }

    /// Goes on from block to block until the turn is over.
    fn take(&mut self, blocks: &[Block]) -> Result<()> {
        let (mut bytes, mut found) = (0, Vec::new());
        let began = computed();
        let mut taken = Duration::ZERO;
        while taken < TURN {
            let block = &blocks[self.next];
            self.next = (self.next + 1) % blocks.len();
            found.clear();
            self.engine.scan(block, &mut found)?;
            std::hint::black_box(&found);
            bytes += block.text.len();
            taken = computed() - began;
        }
        self.computed += taken;
        self.mb_per_s.push(bytes as f64 / 1e6 / taken.as_secs_f64());
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.mb_per_s.len() > 1 && self.computed > SLOW
    }

    /// The first turn warms up.
    fn counted(&self) -> &[f64] {
        &self.mb_per_s[1..]
    }
}

//! The lanes, ready to run: what a plan becomes.

use std::collections::VecDeque;
use std::sync::Arc;

use super::automata::Automata;
use super::bytes::ClassString;
use super::effort::{Efforts, Lint};
use super::frequency::Frequencies;
use super::grams::Grams;
use super::needle::Needles;
use super::plan::{Head, Plan, Unit, Way, ways_of};
use super::runs::Run;
use super::scan::Room;
use super::shorts::Shorts;
use super::window::{Chooser, Rates, Window};
use super::{Program, Scan};
use crate::simd::Level;

/// Up to so many patterns, every third place is tried, and every fourth is not: short needles would miss out.
const PATTERNS_OF_THREE: usize = 1024;
/// Up to so many patterns, every second place is tried.
const PATTERNS_OF_TWO: usize = 12_000;

/// Which lane a pattern is in; where its branches are in several, the dearest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Its needles are found by grams.
    Grams,
    /// A needle is short or of many bytes, and every place is tried.
    Shorts,
    /// A long run of one class is looked for.
    Runs,
    /// It is tried at the start of each line.
    Heads,
    /// It is run on every row.
    Slow,
}

impl Lane {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Lane::Grams => "grams",
            Lane::Shorts => "shorts",
            Lane::Runs => "runs",
            Lane::Heads => "heads",
            Lane::Slow => "slow",
        }
    }
}

/// All lanes over all patterns.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) needles: Needles,
    pub(super) units: Box<[Unit]>,
    grams: Grams,
    shorts: Shorts,
    heads: Box<[Head]>,
    runs: Box<[(Run, u32)]>,
    slow: Box<[u32]>,
    lints: Arc<[Lint]>,
}

impl Engine {
    /// Plans the patterns on so many threads; those in `demoted` go to the slow lane.
    pub(super) fn new(
        programs: &[Program],
        frequencies: &Frequencies,
        demoted: &[bool],
        threads: usize,
    ) -> Engine {
        let by_size = [(PATTERNS_OF_THREE, 3), (PATTERNS_OF_TWO, 2)];
        let fits = by_size.iter().find(|(patterns, _)| programs.len() <= *patterns);
        let stride = fits.map_or(1, |(_, stride)| *stride);
        let is_slow = |id: usize| demoted.get(id).copied().unwrap_or(false);
        let ways = |(id, program): (usize, &Program), rates: &Rates| {
            let chooser = Chooser { frequencies, stride, rates };
            if is_slow(id) { None } else { ways_of(program.expression.syntax(), chooser) }
        };
        // Each thread takes every so many-th, as neighbours are alike in what they cost.
        let of_thread = |thread: usize| {
            let rates = Rates::default();
            let own = programs.iter().enumerate().skip(thread).step_by(threads);
            own.map(|program| ways(program, &rates)).collect::<VecDeque<_>>()
        };
        let mut found: Vec<VecDeque<Option<Vec<Way>>>> = std::thread::scope(|scope| {
            let others: Vec<_> =
                (1..threads).map(|thread| scope.spawn(move || of_thread(thread))).collect();
            let others =
                others.into_iter().map(|other| other.join().expect("planning panics nowhere"));
            std::iter::once(of_thread(0)).chain(others).collect()
        });
        let mut plan = Plan::default();
        for id in 0..programs.len() {
            plan.add(id as u32, found[id % threads].pop_front().flatten());
        }
        let chooser = Chooser { frequencies, stride, rates: &Rates::default() };
        Engine::of(plan, programs.len(), chooser)
    }

    fn of(plan: Plan, patterns: usize, chooser: Chooser<'_>) -> Engine {
        let mut lanes = vec![Lane::Grams; patterns];
        let mut lift = |pattern: u32, lane: Lane| {
            let own = &mut lanes[pattern as usize];
            *own = lane.max(*own);
        };
        let (mut long, mut short): (Vec<(u32, &ClassString, isize)>, Vec<_>) = Default::default();
        let mut rates = vec![0.0; patterns];
        for (number, (string, units)) in plan.needles.iter().enumerate() {
            let window = chooser.window(string);
            for unit in units {
                rates[plan.units[*unit as usize].pattern as usize] += window.rate();
            }
            match window {
                Window::Grams { first, .. } => long.push((number as u32, string, first)),
                Window::Short { first, .. } => {
                    let patterns = units.iter().map(|unit| plan.units[*unit as usize].pattern);
                    patterns.for_each(|pattern| lift(pattern, Lane::Shorts));
                    short.push((number as u32, string, first));
                }
                Window::Nowhere => {}
            }
        }
        plan.runs.iter().for_each(|(_, pattern)| lift(*pattern, Lane::Runs));
        plan.heads.iter().for_each(|head| lift(head.pattern, Lane::Heads));
        plan.slow.iter().for_each(|pattern| lift(*pattern, Lane::Slow));
        let lints = lanes.into_iter().zip(rates).map(|(lane, rate)| Lint::new(lane, rate));
        let grams = Grams::new(&long, chooser.stride);
        let shorts = Shorts::new(&short, chooser.frequencies);
        Engine {
            needles: Needles::new(plan.needles),
            units: plan.units.into(),
            grams,
            shorts,
            heads: plan.heads.into(),
            runs: plan.runs.into(),
            slow: plan.slow.into(),
            lints: lints.collect(),
        }
    }

    /// What each pattern is expected to cost.
    pub(super) fn lints(&self) -> Arc<[Lint]> {
        Arc::clone(&self.lints)
    }

    /// Makes ready what confirms the patterns of which something was found lately, so that no scan has to wait for it.
    pub(super) fn prepare(&self, efforts: &Efforts, automata: &Automata) {
        let is_found = |pattern: u32| {
            efforts.patterns.get(pattern as usize).is_some_and(|effort| effort.candidates > 0)
        };
        let units = self.units.iter().filter(|unit| is_found(unit.pattern));
        let sides = units.flat_map(|unit| [&unit.before, &unit.after]).flatten();
        let heads = self.heads.iter().filter(|head| is_found(head.pattern)).map(|head| &head.side);
        sides.chain(heads).for_each(|side| side.prepare(automata));
    }

    /// Bytes held by tables.
    pub(super) fn bytes(&self) -> usize {
        self.grams.bytes()
            + size_of::<Shorts>()
            + self.needles.bytes()
            + size_of_val(&self.units[..])
    }

    /// Takes all lanes over a block.
    pub(super) fn run(&self, level: Level, room: &mut Room, scan: &mut Scan<'_>) {
        if !self.grams.is_empty() {
            self.run_grams(level, room, scan);
        }
        if !self.shorts.is_empty() {
            self.run_shorts(level, room, scan);
        }
        for (run, pattern) in &self.runs {
            run.scan(scan.block, |row| scan.whole(*pattern, row));
        }
        self.run_heads(scan);
        for pattern in &self.slow {
            (0..scan.block.rows()).for_each(|row| scan.whole(*pattern, row));
        }
    }

    fn run_grams(&self, level: Level, room: &mut Room, scan: &mut Scan<'_>) {
        let text = scan.block.bytes();
        let count = self.grams.scan(level, text, scan.block.range(), &mut room.places);
        room.candidates.clear();
        for &place in &room.places[..count] {
            for entry in self.grams.entries(text, place as usize) {
                let start = entry.start(place);
                self.compare(text, entry.needle(), start, &mut room.candidates);
            }
        }
        room.candidates.iter().for_each(|&(needle, start)| scan.candidate(self, needle, start));
    }

    /// Keeps a candidate whose needle stands where it should.
    ///
    /// All are compared before the first is confirmed: so the processor fetches many needles at once, and later what
    /// belongs to many of them.
    fn compare(&self, text: &[u8], needle: u32, start: u32, candidates: &mut Vec<(u32, u32)>) {
        let bytes = text[start as usize..].first_chunk();
        if bytes.is_some_and(|bytes| self.needles.begins(needle, bytes)) {
            candidates.push((needle, start));
        }
    }

    fn run_shorts(&self, level: Level, room: &mut Room, scan: &mut Scan<'_>) {
        let text = scan.block.bytes();
        room.shorts.clear();
        self.shorts.scan(level, text, scan.block.range(), &mut room.shorts);
        room.candidates.clear();
        for &place in &room.shorts {
            for (needle, first) in self.shorts.members(text, place as usize) {
                self.compare(text, needle, place - first, &mut room.candidates);
            }
        }
        room.candidates.iter().for_each(|&(needle, start)| scan.candidate(self, needle, start));
    }

    fn run_heads(&self, scan: &mut Scan<'_>) {
        if self.heads.is_empty() {
            return;
        }
        for row in 0..scan.block.rows() {
            let text = scan.block.text(row);
            let ends = memchr::memchr_iter(b'\n', text).map(|end| end + 1);
            for start in std::iter::once(0).chain(ends) {
                let Some(&first) = text.get(start) else { continue };
                for head in self.heads.iter().filter(|head| head.first.contains(first)) {
                    scan.side(&head.side, head.pattern, row, start);
                }
            }
        }
    }
}

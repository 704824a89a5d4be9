//! How each pattern is looked for: a choice between lanes, by what is known of the traffic.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use regex_syntax::hir::{Hir, HirKind, Look};

use super::automaton::Side;
use super::bytes::{ByteSet, ClassString};
use super::prefix::Prefixes;
use super::runs::{RUN_BYTES_MIN, Run};
use super::shape::{Part, Parts, branches, distribute, joined};
use super::window::Chooser;

/// What a side before the needle costs beside one behind it, as it is walked against the text.
const BACKWARDS: f64 = 1.25;
/// What every part before the needle costs, as a rate of finds; it decides between needles that are equally rare.
const PART_COST: f64 = 1e-7;
/// Of `subject.*trouble`, the subject costs so much more, as logs of a healthy system are full of it.
const SUBJECT: f64 = 3.0;
/// Repetitions of so few bytes are no gap.
const GAP_BYTES_MIN: u32 = 32;
/// Within this many parts of one byte each, only the first is tried as the beginning of a needle.
const STRAIGHT_PARTS_MAX: usize = 16;
/// Needles that cost more than this give way to a test at the start of each line.
const HEAD_COST: f64 = 2e-3;
/// Needles that cost more than this give way to a search for runs.
const RUN_COST: f64 = 5e-4;
/// How often a branch may be taken apart to find needles in its alternatives.
const SPLITS_MAX: u32 = 3;
/// Needles that cost less are good enough for a branch to stay in one piece.
const SPLIT_COST: f64 = 2e-5;
/// Needles of the alternatives must cost less than this share of what they replace.
const SPLIT_GAIN: f64 = 0.7;

/// What is confirmed where a needle was found.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) pattern: u32,
    pub(super) before: Option<Side>,
    pub(super) after: Option<Side>,
    /// Where `after` begins: so many bytes of the needle are all that can stand there.
    pub(super) settled: usize,
}

/// What is tried at the start of each line.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) pattern: u32,
    pub(super) first: ByteSet,
    pub(super) side: Side,
}

/// The lanes of all patterns.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) units: Vec<Unit>,
    /// Needles, and the units that each announces.
    pub(super) needles: Vec<(ClassString, Vec<u32>)>,
    pub(super) heads: Vec<Head>,
    pub(super) runs: Vec<(Run, u32)>,
    /// Patterns that are run on every row.
    pub(super) slow: Vec<u32>,
    numbers: HashMap<ClassString, u32, FixedState>,
}

/// One way to find a branch.
pub(super) enum Way {
    Needle { needles: Vec<ClassString>, before: Option<Hir>, after: Option<Hir>, settled: usize },
    Head { first: ByteSet, syntax: Hir },
    Run { set: ByteSet, len: usize },
}

impl Plan {
    /// Adds a pattern; without ways it goes to the slow lane.
    pub(super) fn add(&mut self, pattern: u32, ways: Option<Vec<Way>>) {
        let Some(ways) = ways else { return self.slow.push(pattern) };
        for way in ways {
            match way {
                Way::Needle { needles, before, after, settled } => {
                    let unit = self.units.len() as u32;
                    let (before, after) = (before.map(Side::backwards), after.map(Side::forwards));
                    self.units.push(Unit { pattern, before, after, settled });
                    needles.into_iter().for_each(|needle| self.announce(needle, unit));
                }
                Way::Head { first, syntax } => {
                    self.heads.push(Head { pattern, first, side: Side::forwards(syntax) });
                }
                Way::Run { set, len } => self.runs.push((Run::new(&set, len), pattern)),
            }
        }
    }

    fn announce(&mut self, needle: ClassString, unit: u32) {
        let next = self.needles.len() as u32;
        let number = *self.numbers.entry_ref(&needle[..]).or_insert(next);
        if number == next {
            self.needles.push((needle, Vec::new()));
        }
        let units = &mut self.needles[number as usize].1;
        units.push(unit);
    }
}

/// How a branch is looked for.
#[derive(Clone, Copy)]
enum Choice {
    /// By what a match must have from this part on.
    Needle(usize),
    /// At the start of each line.
    Head,
    /// By the longest repetition of a class.
    Run,
}

/// A branch with how it is looked for.
type Chosen<'a> = (Parts<'a>, Choice);

/// Ways that find all branches of an expression; `None` where one of them has none.
pub(super) fn ways_of(syntax: &Hir, chooser: Chooser<'_>) -> Option<Vec<Way>> {
    let (_, all) = choose_all(branches(syntax), chooser, SPLITS_MAX, f64::INFINITY)?;
    Some(all.iter().filter_map(|(parts, choice)| way(parts, *choice)).collect())
}

/// Choices for a branch, which may be taken apart for it, and their cost; `None` where nothing costs less than `limit`.
fn choose<'a>(
    parts: Parts<'a>,
    chooser: Chooser<'_>,
    splits: u32,
    limit: f64,
) -> Option<(f64, Vec<Chosen<'a>>)> {
    let mut best =
        needle(&parts, chooser, limit).map(|(cost, place)| (cost, Choice::Needle(place)));
    let least = best.map_or(limit, |(cost, _)| cost);
    if HEAD_COST < least && parts.first().is_some_and(|part| starts_line(part)) {
        best = Some((HEAD_COST, Choice::Head));
    } else if RUN_COST < least && longest_run(&parts).is_some() {
        best = Some((RUN_COST, Choice::Run));
    }
    let least = best.map_or(limit, |(cost, _)| cost);
    if splits > 0
        && least > SPLIT_COST
        && let Some(branches) = split(&parts, chooser, least)
        && let Some(chosen) = choose_all(branches, chooser, splits - 1, least * SPLIT_GAIN)
    {
        return Some(chosen);
    }
    best.map(|(cost, choice)| (cost, vec![(parts, choice)]))
}

/// The branches of the alternation that best takes a branch apart: so that fewest of them still cost a lot.
fn split<'a>(parts: &Parts<'a>, chooser: Chooser<'_>, limit: f64) -> Option<Vec<Parts<'a>>> {
    let mut best: (f64, Option<Vec<Parts<'a>>>) = (f64::INFINITY, None);
    for branches in (0..parts.len()).filter_map(|place| distribute(parts, place)) {
        let mut sum = 0.0;
        for branch in &branches {
            sum += needle(branch, chooser, limit).map_or(limit.min(1.0), |(cost, _)| cost);
            if sum >= best.0 {
                break;
            }
        }
        if sum < best.0 {
            best = (sum, Some(branches));
        }
    }
    best.1
}

/// Choices for all of some branches, if they cost less than `limit` together.
fn choose_all<'a>(
    branches: Vec<Parts<'a>>,
    chooser: Chooser<'_>,
    splits: u32,
    limit: f64,
) -> Option<(f64, Vec<Chosen<'a>>)> {
    let (mut cost, mut all) = (0.0, Vec::new());
    for parts in branches {
        let (own, chosen) = choose(parts, chooser, splits, limit - cost)?;
        cost += own;
        all.extend(chosen);
    }
    Some((cost, all))
}

/// The cost of the best place of a branch to begin at, and that place, if the cost is below `limit`.
fn needle(parts: &[Part<'_>], chooser: Chooser<'_>, limit: f64) -> Option<(f64, usize)> {
    let mut prefixes = Prefixes::end();
    let mut best = (limit, None);
    let mut gap = false;
    for place in (0..parts.len()).rev() {
        prefixes = prefixes.before(&parts[place]);
        gap |= is_gap(&parts[place]);
        if place % STRAIGHT_PARTS_MAX > 0 && is_straight(&parts[place - 1]) {
            continue;
        }
        let backwards = if place == 0 { 1.0 } else { BACKWARDS };
        let subject = if gap { SUBJECT } else { 1.0 };
        let (factor, more) = (backwards * subject, place as f64 * PART_COST);
        let cost = chooser.cost(&prefixes.needles, (best.0 - more) / factor);
        if let Some(cost) = cost {
            best = (cost * factor + more, Some(place));
        }
    }
    best.1.map(|place| (best.0, place))
}

/// What a choice comes to.
fn way(parts: &[Part<'_>], choice: Choice) -> Option<Way> {
    let prefixes = |parts: &[Part<'_>]| {
        parts.iter().rev().fold(Prefixes::end(), |rest, part| rest.before(part))
    };
    Some(match choice {
        Choice::Needle(place) => {
            let (front, back) = parts.split_at(place);
            let Prefixes { needles, complete } = prefixes(back);
            let shortest = needles.iter().map(Vec::len).min().unwrap_or(0);
            let (behind, settled) = straight(back, shortest);
            let before = (!front.is_empty()).then(|| joined(front));
            let after = (!complete).then(|| joined(&back[behind..]));
            Way::Needle { needles, before, after, settled }
        }
        Choice::Head => {
            let needles = prefixes(parts).needles;
            let firsts = needles.iter().map(|needle| needle.first().unwrap_or(&ByteSet::ALL));
            let first = firsts.fold(ByteSet::EMPTY, |all, set| all.union(set));
            Way::Head { first, syntax: joined(parts) }
        }
        Choice::Run => {
            let (set, len) = longest_run(parts)?;
            Way::Run { set, len }
        }
    })
}

/// Whether a needle may as well begin with it as behind it.
fn is_straight(part: &Hir) -> bool {
    matches!(part.kind(), HirKind::Class(_) | HirKind::Literal(_))
}

/// How many parts are settled by a needle of so many bytes that stands there, and how many bytes these are.
fn straight(parts: &[Part<'_>], needle_bytes: usize) -> (usize, usize) {
    let mut settled = 0;
    for (place, part) in parts.iter().enumerate() {
        let bytes = match part.kind() {
            HirKind::Literal(literal) => literal.0.len(),
            HirKind::Class(class) if ByteSet::of_class(class).is_some() => 1,
            _ => return (place, settled),
        };
        if settled + bytes > needle_bytes {
            return (place, settled);
        }
        settled += bytes;
    }
    (parts.len(), settled)
}

/// Whether it skips over whatever stands there.
fn is_gap(part: &Hir) -> bool {
    let HirKind::Repetition(repetition) = part.kind() else { return false };
    let HirKind::Class(class) = repetition.sub.kind() else { return false };
    let short = repetition.max.is_some_and(|max| max <= GAP_BYTES_MIN);
    !short && ByteSet::of_class(class).is_none_or(|set| set.len() > 200)
}

fn starts_line(part: &Hir) -> bool {
    matches!(part.kind(), HirKind::Look(Look::Start | Look::StartLF))
}

fn longest_run(parts: &[Part<'_>]) -> Option<(ByteSet, usize)> {
    parts.iter().filter_map(|part| run(part)).max_by_key(|(_, len)| *len)
}

/// The class and the least length of a long repetition.
fn run(part: &Hir) -> Option<(ByteSet, usize)> {
    let HirKind::Repetition(repetition) = part.kind() else { return None };
    let HirKind::Class(class) = repetition.sub.kind() else { return None };
    let len = repetition.min as usize;
    (len >= RUN_BYTES_MIN).then_some((ByteSet::of_class(class)?, len))
}

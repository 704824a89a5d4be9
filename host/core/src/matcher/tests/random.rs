//! Expressions and lines by chance: whatever they are, a scan says what each expression says alone.

use super::*;
use crate::chance::{Chance, seeds};
use regex_syntax::hir::{Class, Hir, HirKind};

/// Fragments that expressions are made of, in turns with what joins them.
const ATOMS: [&str; 33] = [
    "fail",
    "failed",
    "to ",
    "error",
    "timeout",
    "a",
    "ab",
    "x",
    ": ",
    "=",
    "\\d",
    "\\d+",
    "\\w+",
    "\\S+",
    "\\s+",
    "\\s*",
    ".*",
    ".",
    "[a-f]",
    "[^ ]",
    "[0-9a-f]{4}",
    "[a-f0-9]{18,}",
    "\\b",
    "\\B",
    "^",
    "$",
    "\\n",
    "(?i:Disk)",
    "(?s:.)",
    "(?u:é)",
    ".{0,90}",
    "\\w{0,40}x",
    "(?:\\[\\d+\\])?",
];

fn source(chance: &mut Chance, depth: usize) -> String {
    let mut source = String::new();
    for _ in 0..=chance.below(4) {
        let mut part = match chance.below(8) {
            0 if depth > 0 => {
                let branches: Vec<_> =
                    (0..2 + chance.below(2)).map(|_| self::source(chance, depth - 1)).collect();
                format!("({})", branches.join("|"))
            }
            1 if depth > 0 => format!("({})", self::source(chance, depth - 1)),
            _ => ATOMS[chance.below(ATOMS.len())].to_owned(),
        };
        match chance.below(12) {
            0 => part = format!("(?:{part})?"),
            1 => part = format!("(?:{part})+"),
            2 => part = format!("(?:{part}){{2,3}}"),
            3 => part = format!("(?i:{part})"),
            4 => part = format!("(?:{part})*"),
            _ => {}
        }
        source.push_str(&part);
    }
    source
}

/// Appends a text that the expression matches, if assertions happen to hold.
fn sample(syntax: &Hir, chance: &mut Chance, text: &mut Vec<u8>) {
    match syntax.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.extend_from_slice(&literal.0),
        HirKind::Class(Class::Bytes(class)) => {
            if let Some(range) = class.ranges().get(chance.below(class.ranges().len())) {
                let width = usize::from(range.end() - range.start()) + 1;
                text.push(range.start() + chance.below(width) as u8);
            }
        }
        HirKind::Class(Class::Unicode(class)) => {
            let first = class.ranges().first().map(|range| range.start().to_string());
            text.extend_from_slice(first.unwrap_or_default().as_bytes());
        }
        HirKind::Repetition(repetition) => {
            let times = repetition.min as usize + chance.below(3);
            let most = repetition.max.map_or(times, |max| times.min(max as usize));
            (0..most).for_each(|_| sample(&repetition.sub, chance, text));
        }
        HirKind::Capture(capture) => sample(&capture.sub, chance, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| sample(part, chance, text)),
        HirKind::Alternation(branches) => {
            sample(&branches[chance.below(branches.len())], chance, text);
        }
    }
}

/// Lines with samples of the expressions in them, half of them spoilt, and some without.
fn lines(patterns: &[PluginPattern], chance: &mut Chance) -> Vec<Vec<u8>> {
    let noise: [&[u8]; 8] =
        [b" ", b"fail", b"\n", b"error: ", b"\xff\x00", b"0af", b"x", b" disk to timeout"];
    let mut lines = Vec::new();
    for _ in 0..40 {
        let mut line = Vec::new();
        for _ in 0..chance.below(4) {
            (0..chance.below(4)).for_each(|_| line.extend_from_slice(noise[chance.below(8)]));
            // What goes on for long is looked at in other ways.
            if chance.below(12) == 0 {
                line.extend(noise[chance.below(8)].repeat(chance.below(400)));
            }
            let pattern = &patterns[chance.below(patterns.len())];
            let syntax = Expression::new(pattern.kind, &pattern.expr).unwrap().syntax().clone();
            let start = line.len();
            sample(&syntax, chance, &mut line);
            if start < line.len() && chance.below(2) == 0 {
                let place = start + chance.below(line.len() - start);
                match chance.below(4) {
                    0 => line[place] ^= 0x20,
                    1 => line[place] = chance.below(256) as u8,
                    2 => drop(line.remove(place)),
                    _ => line.insert(place, b"a\n0 "[chance.below(4)]),
                }
            }
        }
        lines.push(line);
    }
    lines
}

fn patterns(chance: &mut Chance) -> Vec<PluginPattern> {
    let mut patterns = Vec::new();
    while patterns.len() < 12 {
        let expr = source(chance, 2);
        if Expression::new(PatternKind::Regex, &expr).is_ok() {
            let name = format!("p{}", patterns.len());
            patterns.push(PluginPattern { name, kind: PatternKind::Regex, expr });
        }
    }
    patterns
}

/// One set of patterns over one set of lines: on every level, in whole and in part, before and after refinement.
fn check_seed(seed: u64) -> usize {
    let chance = &mut Chance::new(seed);
    let patterns = patterns(chance);
    let lines = lines(&patterns, chance);
    let expressions: Vec<Expression> = patterns
        .iter()
        .map(|pattern| Expression::new(pattern.kind, &pattern.expr).unwrap())
        .collect();
    let mut expected = Vec::new();
    for (id, expression) in expressions.iter().enumerate() {
        let rows = (0..lines.len()).filter(|&row| expression.matches(&lines[row]));
        expected.extend(rows.map(|row| (id as u32, row as u32)));
    }
    let matcher = Matcher::new(&[], &patterns).unwrap();
    let mut counts = Frequencies::empty();
    lines.iter().for_each(|line| counts.observe(line));
    let (mut scratch, mut hits) = (Scratch::default(), Hits::default());
    for matcher in [matcher.refined(&counts, &Efforts::default()), matcher] {
        for level in Level::available() {
            let matcher = matcher.clone().at_level(level);
            matcher.scan(&batch(&lines), &mut scratch, &mut hits);
            assert_eq!(hits.pairs(), expected, "seed {seed} {level:?} {patterns:#?} {lines:?}");
        }
        let mut found = Vec::new();
        let size = 1 + chance.below(lines.len());
        for (part, rows) in lines.chunks(size).enumerate() {
            matcher.scan(&batch(rows), &mut scratch, &mut hits);
            let first = (part * size) as u32;
            found.extend(hits.pairs().iter().map(|&(pattern, row)| (pattern, row + first)));
        }
        found.sort_unstable();
        assert_eq!(found, expected, "seed {seed} by {size} {patterns:#?}");
    }
    expected.len()
}

#[test]
fn expressions_by_chance_match_lines_by_chance_as_they_do_alone() {
    let seeds = seeds();
    let cases = seeds.end - seeds.start;
    let pairs: usize = seeds.map(check_seed).sum();
    assert!(pairs as u64 > 20 * cases, "the lines must exercise the patterns, only {pairs} pairs");
}

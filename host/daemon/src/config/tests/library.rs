//! The patterns that ship: many, found alike by all ways of looking, seldom for one another's lines, quiet on good days.

use std::collections::{BTreeMap, HashSet};

use bellwether_core::batch::BatchBuilder;
use bellwether_core::column::Bitmap;
use bellwether_core::matcher::{Hits, Matcher, Scratch};
use bellwether_core::record::Record;
use serde_json::Value;

use super::*;
use crate::config::tree::Node;
use crate::generate::{Generator, Plan};

/// How many there are at least.
const PATTERNS_MIN: usize = 330;
/// How many may find one line: its own, one that looks from another side, and one that is general.
const FOUND_MAX: usize = 3;
/// From this score on a new message surprises more, which usual trouble must not.
const WEIGHTY_SCORE: u8 = 70;
/// Of so many lines of a day without faults, one at most may be found.
const QUIET_LINES: usize = 500;

/// The patterns as they are written down.
fn written() -> Vec<Value> {
    let entries = |(_, text): &(&str, &str)| {
        let document = Node::parse(text).expect("a file that ships is YAML").to_json();
        document["patterns"].as_array().expect("a list of patterns").clone()
    };
    patterns::BUILTIN.iter().flat_map(entries).collect()
}

fn texts<'a>(pattern: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    let lines = pattern[key].as_array().map(Vec::as_slice).unwrap_or_default();
    lines.iter().map(|line| line.as_str().expect("a line is a text"))
}

fn scan<'a>(patterns: &[Pattern], lines: impl Iterator<Item = &'a str>) -> Vec<Bitmap> {
    let mut builder = BatchBuilder::default();
    for line in lines {
        builder.push(0, 0, &Record { text: line.as_bytes().to_vec(), ..Record::default() });
    }
    let mut hits = Hits::default();
    let matcher = Matcher::new(patterns, &[]).unwrap();
    matcher.scan(&builder.seal(), &mut Scratch::default(), &mut hits);
    (0..patterns.len()).map(|pattern| hits.bitmap(pattern)).collect()
}

#[test]
fn every_file_of_the_folder_ships() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../patterns");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let shipped: Vec<&str> = patterns::BUILTIN.iter().map(|(file, _)| *file).collect();
    assert_eq!(files, shipped);
    for (file, text) in patterns::BUILTIN {
        let document = Node::parse(text).unwrap().to_json();
        for pattern in document["patterns"].as_array().unwrap() {
            assert_eq!(Some(pattern["category"].as_str().unwrap()), file.strip_suffix(".yaml"));
        }
    }
}

#[test]
fn there_are_many_and_no_two_are_the_same() {
    // The configuration takes them as proven, so they are proven here.
    let patterns = shipped_patterns().unwrap();
    assert_eq!(patterns.len(), Config::default().patterns.len());
    assert!(patterns.len() >= PATTERNS_MIN, "{}", patterns.len());
    assert!(patterns.iter().all(Pattern::is_proven));
    let mut expressions = HashSet::new();
    for pattern in written() {
        let (name, expression) = (&pattern["name"], pattern["expression"].as_str().unwrap());
        assert!(expressions.insert(expression.to_owned()), "{name} looks for what another does");
        let description = pattern["description"].as_str().unwrap();
        assert!(description.ends_with('.') && description.len() >= 40, "{name}: {description}");
    }
}

#[test]
fn patterns_that_ship_are_found_alike_by_the_matcher_and_one_by_one() {
    let (patterns, written) = (Config::default().patterns, written());
    let own: Vec<(usize, &str)> = written
        .iter()
        .enumerate()
        .flat_map(|(id, pattern)| texts(pattern, "matches").map(move |line| (id, line)))
        .collect();
    let near = written.iter().flat_map(|pattern| texts(pattern, "rejects"));
    let lines: Vec<&str> = own.iter().map(|(_, line)| *line).chain(near).collect();
    let bitmaps = scan(&patterns, lines.iter().copied());
    for (pattern, bitmap) in patterns.iter().zip(&bitmaps) {
        for (row, line) in lines.iter().enumerate() {
            let alone = pattern.matches(line.as_bytes());
            assert_eq!(bitmap.contains(row), alone, "{}: {line}", pattern.name());
        }
    }
    for (row, (id, line)) in own.iter().enumerate() {
        assert!(bitmaps[*id].contains(row), "{}: {line}", patterns[*id].name());
        let found: Vec<&str> = patterns
            .iter()
            .zip(&bitmaps)
            .filter(|(_, bitmap)| bitmap.contains(row))
            .map(|(pattern, _)| pattern.name())
            .collect();
        assert!(found.len() <= FOUND_MAX, "{found:?} all find {line:?}");
    }
}

#[test]
fn a_day_without_faults_is_quiet() {
    let plan = Plan { incidents: 0, rate: 0.1, ..Plan::default() };
    let mut log = Vec::new();
    Generator::new(&plan).unwrap().write_merged(&mut log).unwrap();
    let log = String::from_utf8(log).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines.len() > 20_000, "{}", lines.len());
    let patterns = Config::default().patterns;
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for (pattern, bitmap) in patterns.iter().zip(scan(&patterns, lines.iter().copied())) {
        if bitmap.count() > 0 {
            let weighty = pattern.score() >= WEIGHTY_SCORE;
            assert!(!weighty, "{} finds lines of a usual day", pattern.name());
            found.insert(pattern.name(), bitmap.count());
        }
    }
    let total: usize = found.values().sum();
    assert!(total * QUIET_LINES <= lines.len(), "{found:?} of {} lines", lines.len());
}

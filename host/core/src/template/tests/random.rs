//! Lines by chance: however they are cut, and whenever the miner is stopped, it says the same; its limits hold, and an id
//! that was given up does not come back.

use super::*;
use crate::chance::{Chance, seeds};
use crate::state::{from_bytes, to_bytes};
use std::collections::BTreeSet;

const TEMPLATES_MAX: usize = 48;
const LINES: usize = 400;

/// A line: mostly one of some forms with other values in it, sometimes anything.
fn line(chance: &mut Chance, forms: &[String]) -> String {
    if chance.below(20) == 0 {
        let bytes = (0..chance.below(60)).map(|_| 32 + chance.below(95) as u8);
        return bytes.map(char::from).collect();
    }
    let form = forms[chance.below(forms.len())].clone();
    let values = form.matches('@').count();
    (0..values).fold(form, |line, _| {
        let bits = [4, 10, 20][chance.below(3)];
        let number = chance.below(1 << bits);
        let value = match chance.below(8) {
            0 => format!("{number:x}"),
            1 => format!("10.0.{}.{}", number % 256, number / 7 % 256),
            2 => format!("/srv/{number}/x"),
            3 => format!("\"it's {number}\""),
            4 => String::new(),
            5 => ["alice", "bob", "carol", "a b"][number % 4].to_owned(),
            _ => number.to_string(),
        };
        line.replacen('@', &value, 1)
    })
}

fn forms(chance: &mut Chance) -> Vec<String> {
    const WORDS: [&str; 14] = [
        "user",
        "login",
        "failed",
        "for",
        "id=@",
        "@",
        "in",
        "ms",
        "[@]",
        "retry:",
        "(@)",
        "{\"a\":@}",
        "k=@,",
        "über",
    ];
    let form = |chance: &mut Chance| {
        let words: Vec<&str> = (0..1 + chance.below(9)).map(|_| WORDS[chance.below(14)]).collect();
        words.join([" ", " ", "  ", "|"][chance.below(4)])
    };
    (0..2 + chance.below(70)).map(|_| form(chance)).collect()
}

/// Ids of lines that come in batches of such sizes, the miner's state, and how many ids were given up; with small batches
/// it is stopped and started between some of them.
fn said(
    lines: &[(&str, &str)],
    chance: &mut Chance,
    rows_max: usize,
) -> (Vec<u32>, Vec<u8>, usize) {
    let limits = MinerLimits { templates_max: TEMPLATES_MAX, window_ms: 60_000 };
    let mut miner = Templates::new(limits);
    let (mut ids, mut given_up, mut at) = (Vec::new(), BTreeSet::new(), 0);
    while at < lines.len() {
        let end = lines.len().min(at + 1 + chance.below(rows_max));
        let (columns, merges) = mine_and_merge(&mut miner, &lines[at..end], at as i64 * 1000);
        let mut merges = merges.into_iter().peekable();
        for (row, id) in columns.template.into_iter().enumerate() {
            while let Some((_, merge)) = merges.next_if(|(proved, _)| *proved <= row) {
                given_up.insert(merge.old);
            }
            assert!(!given_up.contains(&id), "{id} came back in line {}", at + row);
            ids.push(id);
        }
        given_up.extend(merges.map(|(_, merge)| merge.old));
        assert!(miner.len() <= TEMPLATES_MAX, "{} templates", miner.len());
        if rows_max < LINES && chance.below(6) == 0 {
            let bytes = to_bytes(&miner);
            miner = from_bytes(&bytes).expect("what was just written can be read");
            miner.limit(limits);
            assert_eq!(to_bytes(&miner), bytes, "the same state has the same bytes");
        }
        at = end;
    }
    (ids, to_bytes(&miner), given_up.len())
}

#[test]
fn lines_by_chance_are_mined_alike_however_they_come() {
    let mut given_up = 0;
    for seed in seeds() {
        let chance = &mut Chance::new(seed);
        let forms = forms(chance);
        let texts: Vec<String> = (0..LINES).map(|_| line(chance, &forms)).collect();
        let lines: Vec<(&str, &str)> = texts.iter().map(|text| ("host", &text[..])).collect();
        let whole = said(&lines, chance, usize::MAX >> 8);
        given_up += whole.2;
        for rows_max in [1, 9, 90] {
            let cut = said(&lines, chance, rows_max);
            assert!(cut.0 == whole.0, "seed {seed}, batches of up to {rows_max}: other ids");
            assert!(cut.1 == whole.1, "seed {seed}, batches of up to {rows_max}: another state");
        }
    }
    assert!(given_up > 0, "the lines must make templates part of others");
}

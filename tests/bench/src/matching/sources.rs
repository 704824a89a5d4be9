//! Expressions to match with: those that ship, and as many more made of them.

use super::chance::Chance;
use crate::program;
use anyhow::{Context, Result, ensure};
use bellwether::config::Config;
use std::collections::{BTreeSet, HashSet};
use std::fs;

/// Shortest word that is worth another.
const WORD_BYTES_MIN: usize = 4;
/// What stands in front of an expression in a pattern file.
const KEY: &str = "    expression: '";

/// The expressions of the patterns that ship. What excuses a line is left out: no peer knows such a thing.
pub(super) fn shipped() -> Result<Vec<String>> {
    let folder = program::package().join("../../patterns");
    let names = fs::read_dir(&folder).with_context(|| format!("no `{}`", folder.display()))?;
    let mut paths = Vec::new();
    for name in names {
        paths.push(name?.path());
    }
    paths.sort();
    let mut sources = Vec::new();
    for path in paths {
        let text = fs::read_to_string(path)?;
        let values = text.lines().filter_map(|line| line.strip_prefix(KEY)?.strip_suffix('\''));
        sources.extend(values.map(|value| value.replace("''", "'")));
    }
    let (found, loaded) = (sources.len(), Config::default().patterns.len());
    ensure!(found == loaded, "{found} expressions in the files, {loaded} patterns in the program");
    Ok(sources)
}

/// So many expressions: the given ones first, then theirs with other words. Words stay shared, as among real rules.
pub(super) fn mutated(shipped: &[String], more_words: &[&str], count: usize) -> Vec<String> {
    let theirs = shipped.iter().flat_map(|source| words(source).map(|(at, end)| &source[at..end]));
    let all: BTreeSet<String> =
        theirs.chain(more_words.iter().copied()).map(str::to_ascii_lowercase).collect();
    let all: Vec<String> = all.into_iter().collect();
    let mut chance = Chance::new(1);
    let mut sources = shipped.to_vec();
    let mut known: HashSet<String> = sources.iter().cloned().collect();
    let with_words: Vec<&String> =
        shipped.iter().filter(|source| words(source).next().is_some()).collect();
    while sources.len() < count {
        let base = with_words[chance.up_to(with_words.len()) - 1];
        let source = mutate(base, &all, &mut chance);
        if known.insert(source.clone()) {
            sources.push(source);
        }
    }
    sources.truncate(count);
    sources
}

/// Other words instead of every second one, and of one at least.
fn mutate(source: &str, all: &[String], chance: &mut Chance) -> String {
    let places: Vec<_> = words(source).collect();
    let sure = chance.up_to(places.len()) - 1;
    let (mut made, mut copied) = (String::new(), 0);
    for (number, (at, end)) in places.into_iter().enumerate() {
        made.push_str(&source[copied..at]);
        let stays = number != sure && chance.up_to(2) == 1;
        made.push_str(if stays { &source[at..end] } else { &all[chance.up_to(all.len()) - 1] });
        copied = end;
    }
    made + &source[copied..]
}

/// Where words stand that an expression takes literally.
fn words(source: &str) -> impl Iterator<Item = (usize, usize)> + use<'_> {
    let bytes = source.as_bytes();
    let (mut at, mut closing) = (0, None);
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let begin = at;
            at += 1;
            match bytes[begin] {
                b'\\' => at += 1,
                own if closing.is_some() => {
                    closing = closing.filter(|closing| *closing != own);
                }
                b'[' => closing = Some(b']'),
                b'{' => closing = Some(b'}'),
                b'<' if bytes[..begin].ends_with(b"(?P") || bytes[..begin].ends_with(b"(?") => {
                    closing = Some(b'>');
                }
                own if own.is_ascii_alphabetic() => {
                    while bytes.get(at).is_some_and(u8::is_ascii_alphabetic) {
                        at += 1;
                    }
                    if at - begin >= WORD_BYTES_MIN {
                        return Some((begin, at));
                    }
                }
                _ => {}
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_is_taken_literally() {
        let cases: [(&str, &[&str]); 4] = [
            (r"(?i)\bfailed to open\b", &["failed", "open"]),
            (r"\berror[a-zword]+ x{2,3}done", &["error", "done"]),
            (r"(?P<name>value)\Sword", &["value", "word"]),
            ("no [a] two", &[]),
        ];
        for (source, expected) in cases {
            let found: Vec<&str> = words(source).map(|(at, end)| &source[at..end]).collect();
            assert_eq!(found, expected, "{source}");
        }
    }

    #[test]
    fn more_expressions_are_others_and_always_the_same() {
        let shipped = [r"\bfailed to open\b".to_owned(), "[0-9]{12}".to_owned()];
        let made = mutated(&shipped, &["close", "Remote"], 9);
        assert_eq!(made, mutated(&shipped, &["close", "Remote"], 9));
        assert_eq!(made[..2], shipped);
        let distinct: HashSet<&String> = made.iter().collect();
        assert_eq!(distinct.len(), 9);
        assert!(
            made[2..].iter().all(|source| source.starts_with(r"\b") && source.contains(" to "))
        );
    }
}

//! The peer that most programs in Rust would write: Aho-Corasick over a word that each expression cannot do without,
//! and the expression itself on the lines that have it.

use super::corpus::Block;
use super::engines::{Engine, compile};
use super::sample::syntax;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use anyhow::Result;
use regex::bytes::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Shortest word that is looked for.
const WORD_BYTES_MIN: usize = 2;
/// Most words of one expression.
const WORDS_MAX: usize = 64;
/// From so many words on, the automaton is the small one.
const DENSE_WORDS_MAX: usize = 8192;

/// The automaton, and what to run where a word of it was found.
pub(super) struct Literals {
    automaton: AhoCorasick,
    /// The expression that each word belongs to.
    owners: Vec<u32>,
    regexes: Vec<Regex>,
    /// Expressions without a word.
    always: Vec<u32>,
    /// The last line on which each was run, counted over all blocks.
    tried: Vec<u64>,
    lines: u64,
}

impl Literals {
    pub(super) fn new(sources: &[String]) -> Result<Self> {
        let (mut words, mut owners, mut always) = (Vec::new(), Vec::new(), Vec::new());
        let mut regexes = Vec::new();
        for (id, source) in sources.iter().enumerate() {
            regexes.push(compile(source)?);
            match required(&syntax(source)?).filter(|own| length(own) >= WORD_BYTES_MIN) {
                Some(own) => {
                    owners.extend(own.iter().map(|_| id as u32));
                    words.extend(own);
                }
                None => always.push(id as u32),
            }
        }
        let dense = words.len() <= DENSE_WORDS_MAX;
        let kind = if dense { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        let mut builder = AhoCorasick::builder();
        let automaton = builder.ascii_case_insensitive(true).kind(Some(kind)).build(words)?;
        let tried = vec![u64::MAX; sources.len()];
        Ok(Literals { automaton, owners, regexes, always, tried, lines: 0 })
    }
}

impl Engine for Literals {
    fn scan(&mut self, block: &Block, found: &mut Vec<(u32, u32)>) -> Result<()> {
        let Literals { automaton, owners, regexes, always, tried, lines } = self;
        let mut row = 0;
        for word in automaton.find_overlapping_iter(&block.text) {
            while (block.ends[row] as usize) < word.end() {
                row += 1;
            }
            let id = owners[word.pattern().as_usize()];
            let line = *lines + row as u64;
            if std::mem::replace(&mut tried[id as usize], line) != line
                && regexes[id as usize].is_match(block.line(row))
            {
                found.push((id, row as u32));
            }
        }
        for row in 0..block.ends.len() {
            let line = block.line(row);
            let hits = always.iter().filter(|id| regexes[**id as usize].is_match(line));
            found.extend(hits.map(|id| (*id, row as u32)));
        }
        *lines += block.ends.len() as u64;
        Ok(())
    }
}

/// Words of which every match has one, whatever their case.
fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => None,
        HirKind::Literal(literal) => Some(vec![literal.0.to_ascii_lowercase()]),
        HirKind::Class(class) => letter(class).map(|letter| vec![vec![letter]]),
        HirKind::Repetition(own) => {
            if own.min > 0 {
                required(&own.sub)
            } else {
                None
            }
        }
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Alternation(branches) => {
            let each: Option<Vec<_>> = branches.iter().map(required).collect();
            each.map(|words| words.concat()).filter(|words| words.len() <= WORDS_MAX)
        }
        HirKind::Concat(parts) => longest(parts),
    }
}

/// Of what follows one another, that with the longest words; what is plain text is put together first.
fn longest(parts: &[Hir]) -> Option<Vec<Vec<u8>>> {
    let (mut choices, mut run) = (Vec::new(), Vec::new());
    for part in parts {
        match part.kind() {
            HirKind::Literal(literal) => run.extend(literal.0.to_ascii_lowercase()),
            HirKind::Class(class) if letter(class).is_some() => run.extend(letter(class)),
            HirKind::Look(_) => {}
            _ => {
                choices.push(vec![std::mem::take(&mut run)]);
                choices.extend(required(part));
            }
        }
    }
    choices.push(vec![run]);
    let best = choices.into_iter().max_by_key(|words| length(words));
    best.filter(|words| length(words) > 0)
}

fn length(words: &[Vec<u8>]) -> usize {
    words.iter().map(Vec::len).min().unwrap_or(0)
}

/// The letter of a class that has nothing else, in whatever case.
fn letter(class: &Class) -> Option<u8> {
    let Class::Bytes(class) = class else { return None };
    let mut all = class.ranges().iter().flat_map(|range| range.start()..=range.end());
    let first = all.next()?.to_ascii_lowercase();
    all.all(|byte| byte.to_ascii_lowercase() == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_words_are_chosen() {
        let cases: [(&str, Option<&[&str]>); 7] = [
            (r"(?i)failed to \d+ OPEN", Some(&["failed to "])),
            (r"\bab.*cdef", Some(&["cdef"])),
            ("x(?:first|second)y", Some(&["first", "second"])),
            ("(?:word)?[0-9]+", None),
            ("(?:word|[0-9]+)", None),
            (r"(?:abc){2,}", Some(&["abc"])),
            ("[0-9a-f]{40}", None),
        ];
        for (source, expected) in cases {
            let found = required(&syntax(source).expect("it can be read"));
            let found = found.filter(|words| length(words) >= WORD_BYTES_MIN);
            let expected: Option<Vec<Vec<u8>>> =
                expected.map(|words| words.iter().map(|word| word.as_bytes().to_vec()).collect());
            assert_eq!(found, expected, "{source}");
        }
    }
}

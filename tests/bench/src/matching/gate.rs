//! No figure without agreement: all engines must find the same pairs of expression and line.
//!
//! Where the matcher and a peer differ, the plain expression on the plain line decides who is wrong.

use super::clock::computed;
use super::corpus::Block;
use super::engines::{Engine, compile};
use anyhow::{Result, bail};
use regex::bytes::Regex;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// What each engine may compute here; a slow one is compared on fewer blocks.
const BUDGET: Duration = Duration::from_secs(3);
/// Bytes on which even the slowest is compared.
const BYTES_MIN: usize = 256 << 10;

/// What one engine found in each block, in order.
pub(super) struct Found(Vec<Vec<(u32, u32)>>);

/// How another engine compares.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Blocks, and pairs in them, that both have looked at.
    pub(super) blocks: usize,
    pub(super) pairs: usize,
    /// Pairs that the other engine misses, or finds where there are none.
    pub(super) wrong: usize,
    /// The first of those.
    pub(super) example: String,
}

/// Says whether an expression is in a line.
pub(super) struct Judge<'a> {
    sources: &'a [String],
    regexes: HashMap<u32, Regex>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(sources: &'a [String]) -> Self {
        Judge { sources, regexes: HashMap::new() }
    }

    fn is_match(&mut self, id: u32, line: &[u8]) -> Result<bool> {
        if !self.regexes.contains_key(&id) {
            self.regexes.insert(id, compile(&self.sources[id as usize])?);
        }
        Ok(self.regexes[&id].is_match(line))
    }
}

impl Found {
    /// Scans all blocks.
    pub(super) fn by(engine: &mut dyn Engine, blocks: &[Block]) -> Result<Self> {
        let all: Result<_> = blocks.iter().map(|block| pairs(engine, block)).collect();
        Ok(Found(all?))
    }

    /// Number of pairs.
    pub(super) fn pairs(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// Number of lines with a hit.
    pub(super) fn lines(&self) -> usize {
        let rows = |pairs: &Vec<(u32, u32)>| -> BTreeSet<u32> {
            pairs.iter().map(|(_, row)| *row).collect()
        };
        self.0.iter().map(|pairs| rows(pairs).len()).sum()
    }

    /// Compares with another engine. Fails where this one is wrong: then no figure counts.
    pub(super) fn compare(
        &self,
        (name, engine): (&str, &mut dyn Engine),
        blocks: &[Block],
        judge: &mut Judge<'_>,
    ) -> Result<Compared> {
        let until = computed() + BUDGET;
        let (mut compared, mut bytes) = (Compared::default(), 0);
        for (block, own) in blocks.iter().zip(&self.0) {
            let theirs = pairs(engine, block)?;
            let only_own = own.iter().filter(|pair| theirs.binary_search(pair).is_err());
            let only_theirs = theirs.iter().filter(|pair| own.binary_search(pair).is_err());
            let differing = only_own.map(|pair| (pair, true));
            for ((id, row), is_own) in differing.chain(only_theirs.map(|pair| (pair, false))) {
                let line = block.line(*row as usize);
                let source = &judge.sources[*id as usize];
                let place = format!("`{source}` in `{}`", line.escape_ascii());
                if judge.is_match(*id, line)? != is_own {
                    bail!("the matcher is wrong and {name} is right, so no figure counts: {place}");
                }
                if compared.wrong == 0 {
                    compared.example = place;
                }
                compared.wrong += 1;
            }
            compared.blocks += 1;
            compared.pairs += own.len();
            bytes += block.text.len();
            if bytes >= BYTES_MIN && computed() >= until {
                break;
            }
        }
        Ok(compared)
    }
}

/// In order, each once.
fn pairs(engine: &mut dyn Engine, block: &Block) -> Result<Vec<(u32, u32)>> {
    let mut found = Vec::new();
    engine.scan(block, &mut found)?;
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::corpus::Corpus;
    use super::super::engines::{LOOP, PEERS};
    use super::*;

    #[test]
    fn the_plain_expression_decides_who_is_wrong() {
        let lines = [b"disk failed".to_vec(), b"all well".to_vec(), b"failed again".to_vec()];
        let corpus = Corpus::new("test", &lines);
        let peer = PEERS.iter().find(|peer| peer.name == LOOP).expect("it is among them");
        let make = |source: &str| {
            let made = (peer.make)(&[source.to_owned()]).expect("it compiles");
            made.expect("it is part of the bench")
        };
        let found = Found::by(&mut *make("failed"), &corpus.blocks).expect("it scans");
        assert_eq!((found.pairs(), found.lines()), (2, 2));
        // What is looked for in truth, by the other engine, and how many pairs that has wrong.
        let cases = [
            ("failed", "failed", Some(0)),
            ("failed", "fail(?:ed)?$", Some(1)),
            ("failed", "l", Some(1)),
            ("fail(?:ed)?$", "fail(?:ed)?$", None),
        ];
        for (truth, other, expected) in cases {
            let sources = [truth.to_owned()];
            let mut judge = Judge::new(&sources);
            let result = found.compare(("x", &mut *make(other)), &corpus.blocks, &mut judge);
            match expected {
                Some(wrong) => assert_eq!(result.expect("it is right").wrong, wrong, "{other}"),
                None => {
                    let error = result.expect_err("it is wrong").to_string();
                    assert!(error.contains("`fail(?:ed)?$` in `failed again`"), "{error}");
                }
            }
        }
    }
}

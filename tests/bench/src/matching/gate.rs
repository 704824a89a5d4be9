//! No figure without agreement: all engines must find the same pairs of expression and line.

use super::clock::computed;
use super::corpus::Block;
use super::engines::Engine;
use anyhow::{Result, bail};
use std::time::Duration;

/// What each engine may compute here; a slow one is compared on fewer blocks.
const BUDGET: Duration = Duration::from_secs(3);
/// Pairs that are shown where two differ.
const SHOWN: usize = 5;

/// What one engine found in each block, in order.
pub(super) struct Found(Vec<Vec<(u32, u32)>>);

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
        let lines = self.0.iter().map(|pairs| {
            let mut rows: Vec<u32> = pairs.iter().map(|(_, row)| *row).collect();
            rows.sort_unstable();
            rows.dedup();
            rows.len()
        });
        lines.sum()
    }

    /// Fails where another engine finds something else; the number of blocks that were compared.
    pub(super) fn agrees(
        &self,
        (name, engine): (&str, &mut dyn Engine),
        blocks: &[Block],
        sources: &[String],
    ) -> Result<usize> {
        let until = computed() + BUDGET;
        for (number, (block, ours)) in blocks.iter().zip(&self.0).enumerate() {
            let theirs = pairs(engine, block)?;
            if *ours != theirs {
                bail!("{}", difference(name, block, ours, &theirs, sources));
            }
            if computed() >= until {
                return Ok(number + 1);
            }
        }
        Ok(blocks.len())
    }
}

fn pairs(engine: &mut dyn Engine, block: &Block) -> Result<Vec<(u32, u32)>> {
    let mut found = Vec::new();
    engine.scan(block, &mut found)?;
    found.sort_unstable();
    Ok(found)
}

/// The first pairs that only one of them has.
fn difference(
    name: &str,
    block: &Block,
    ours: &[(u32, u32)],
    theirs: &[(u32, u32)],
    sources: &[String],
) -> String {
    let mut text = format!("{name} and the matcher differ, so that no figure counts:");
    for (who, own, other) in [("the matcher", ours, theirs), (name, theirs, ours)] {
        let only = own.iter().filter(|pair| !other.contains(pair));
        for (id, row) in only.take(SHOWN) {
            let (source, line) = (&sources[*id as usize], block.line(*row as usize));
            text += &format!("\n  only {who}: `{source}` in `{}`", line.escape_ascii());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::corpus::Corpus;
    use super::super::engines::{LOOP, PEERS};
    use super::*;

    #[test]
    fn an_engine_that_finds_something_else_is_told() {
        let lines = [b"disk failed".to_vec(), b"all well".to_vec(), b"failed again".to_vec()];
        let corpus = Corpus::new("test", &lines);
        let peer = PEERS.iter().find(|peer| peer.name == LOOP).expect("it is among them");
        let make = |source: &str| {
            let made = (peer.make)(&[source.to_owned()]).expect("it compiles");
            made.expect("it is part of the bench")
        };
        let found = Found::by(&mut *make("failed"), &corpus.blocks).expect("it scans");
        assert_eq!((found.pairs(), found.lines()), (2, 2));
        let cases =
            [("failed", None), ("fail(?:ed)?$", Some("only the matcher")), ("l", Some("only x"))];
        for (source, expected) in cases {
            let sources = [source.to_owned()];
            let result = found.agrees(("x", &mut *make(source)), &corpus.blocks, &sources);
            match expected {
                None => assert_eq!(result.expect("they agree"), corpus.blocks.len()),
                Some(part) => {
                    let error = result.expect_err("they differ").to_string();
                    assert!(error.contains(part), "{error}");
                }
            }
        }
    }
}

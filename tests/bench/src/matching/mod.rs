//! The matcher beside its peers: the same lines, in one process, in turns, and only after all have found the same.
//!
//! Lines are of systems that the shipped counts do not know. *Cold* is the matcher as it ships, *warm* is refined by the
//! first quarter of the lines, which is not timed. Times are processor time; a peer that is slow scans less in its turn.

#[path = "../../../chance.rs"]
mod chance;
mod clock;
mod corpus;
mod engines;
mod gate;
mod hostile;
mod inside;
mod literals;
mod memory;
mod race;
mod sample;
mod sources;
mod vectorscan;

use crate::report::Report;
use crate::traffic::Traffic;
use anyhow::Result;
pub(crate) use chance::Chance;
pub(crate) use clock::computed;
use corpus::{Corpus, background, planted, varied};
use engines::{Engine, HARDENED, Ours, PEERS, Peer};
pub(crate) use memory::{ARGUMENT, grown_bytes};
use race::Contest;

/// Bytes of a corpus.
const CORPUS_BYTES: usize = 16 << 20;
/// Lines in ten thousand that are planted, and what the corpus is called.
const PLANTED: [(usize, &str); 3] = [(10, "0.1 %"), (500, "5 %"), (5000, "50 %")];
/// Sizes of the sets in the long run, beside the one that ships.
const LARGE_SETS: [usize; 2] = [3000, 30_000];

/// Measures the patterns that ship.
pub(crate) fn measure(report: &mut Report, generated: &Traffic) -> Result<()> {
    let sources = sources::shipped()?;
    let lines = lines(report, generated)?;
    Contest::new(&sources, &PEERS)?.run(report, &corpora(&sources, &lines)?)?;
    memory::measure(report, &sources)
}

/// Measures sets that grow.
pub(crate) fn measure_large(report: &mut Report, generated: &Traffic) -> Result<()> {
    let shipped = sources::shipped()?;
    let lines = lines(report, generated)?;
    let text = lines.concat();
    let words: Vec<&str> = std::str::from_utf8(&text)?
        .split(|own: char| !own.is_ascii_alphabetic())
        .filter(|word| (4..=12).contains(&word.len()))
        .collect();
    for count in LARGE_SETS {
        let sources = sources::mutated(&shipped, &words, count);
        Contest::new(&sources, &PEERS)?.run(report, &corpora(&sources, &lines)?)?;
    }
    Ok(())
}

/// Measures the patterns that ship on lines that are meant to be hard, with peers that take any bytes.
pub(crate) fn measure_hostile(report: &mut Report) -> Result<()> {
    let sources = sources::shipped()?;
    let among: Vec<Peer> = PEERS.into_iter().filter(|peer| HARDENED.contains(&peer.name)).collect();
    Contest::new(&sources, &among)?.run(report, &hostile::corpora(&sources)?)
}

/// Lines of public logs, or else of the shop.
fn lines(report: &mut Report, generated: &Traffic) -> Result<Vec<Vec<u8>>> {
    if let Some(lines) = background()? {
        return Ok(lines);
    }
    report.skip("the lines of public logs", "set BELLWETHER_DATA to their folder; the shop's do");
    let lines = generated.bytes.split(|byte| *byte == b'\n');
    Ok(lines.filter(|line| !line.is_empty() && line.is_ascii()).map(<[u8]>::to_vec).collect())
}

/// Lines as they are, and quiet ones with so many hits among them.
fn corpora(sources: &[String], lines: &[Vec<u8>]) -> Result<Vec<Corpus>> {
    let natural = varied(lines, CORPUS_BYTES);
    let mut corpora = vec![Corpus::new("natural", &natural)];
    let (mut ours, mut quiet) = (Ours::new(sources)?, Vec::new());
    let mut rows = natural.iter();
    for block in &corpora[0].blocks {
        let mut found = Vec::new();
        ours.scan(block, &mut found)?;
        let mut is_hit = vec![false; block.ends.len()];
        found.iter().for_each(|(_, row)| is_hit[*row as usize] = true);
        let rows = rows.by_ref().take(is_hit.len()).zip(is_hit);
        quiet.extend(rows.filter(|(_, is_hit)| !is_hit).map(|(line, _)| line.clone()));
    }
    for (per_ten_thousand, name) in PLANTED {
        let lines = planted(&quiet, sources, per_ten_thousand)?;
        corpora.push(Corpus::new(name, &lines));
    }
    Ok(corpora)
}

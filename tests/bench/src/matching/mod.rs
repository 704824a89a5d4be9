//! The matcher beside its peers: the same lines, in one process, in turns, and only after all have found the same.
//!
//! `natural` is public logs as they are; the shipped counts know half of their systems. Hits are planted into lines of
//! the other half. *Cold* is the matcher as it ships, *warm* is refined by the first quarter of the lines, which is not
//! timed. Times are processor time; a peer that is slow scans less and has fewer turns.

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
pub(crate) use engines::SPLIT;
use engines::{Engine, HARDENED, Ours, PEERS, Peer, STRONGEST};
pub(crate) use memory::{ARGUMENT, grown_bytes};
use race::Contest;

/// Bytes of a corpus.
const CORPUS_BYTES: usize = 16 << 20;
/// Lines in ten thousand that are planted, and what the corpus is called.
const PLANTED: [(usize, &str); 3] = [(10, "0.1 %"), (500, "5 %"), (5000, "50 %")];
/// Expressions of the sort that a user may write, in which no word is sure.
const WORDLESS: [&str; 4] = [
    r"\b[0-9a-f]{40,64}\b$",
    r"^\s*[A-Z]{2,5}-\d{4,6}:",
    r"\b\d{7,}ms\b",
    r"[A-Za-z0-9+/]{200,}={0,2}",
];
/// Largest set that is also measured with those.
const WORDLESS_SET_MAX: usize = 3000;

/// Lines of logs.
struct Lines {
    natural: Vec<Vec<u8>>,
    /// Those of systems that the shipped counts do not know.
    unknown: Vec<Vec<u8>>,
}

/// Measures the patterns that ship.
pub(crate) fn measure(report: &mut Report, generated: &Traffic) -> Result<()> {
    let sources = sources::shipped()?;
    let lines = lines(report, generated)?;
    race(report, &sources, &lines, &PEERS)?;
    race_wordless(report, &sources, &lines)?;
    memory::measure(report, &sources)
}

/// Measures a set of so many, made of those that ship.
pub(crate) fn measure_large(report: &mut Report, generated: &Traffic, count: usize) -> Result<()> {
    let shipped = sources::shipped()?;
    let lines = lines(report, generated)?;
    let text = lines.unknown.concat();
    let words: Vec<&str> = std::str::from_utf8(&text)?
        .split(|own: char| !own.is_ascii_alphabetic())
        .filter(|word| (4..=12).contains(&word.len()))
        .collect();
    let sources = sources::mutated(&shipped, &words, count);
    race(report, &sources, &lines, &PEERS)?;
    if count <= WORDLESS_SET_MAX {
        race_wordless(report, &sources, &lines)?;
    }
    Ok(())
}

/// Measures the patterns that ship on lines that are meant to be hard, with peers that take any bytes.
pub(crate) fn measure_hostile(report: &mut Report) -> Result<()> {
    let sources = sources::shipped()?;
    let mut contest = Contest::new(report, &sources, &only(&HARDENED))?;
    for corpus in hostile::corpora(&sources)? {
        contest.race(report, &corpus)?;
    }
    Ok(())
}

/// Holds a set against all peers.
fn race(report: &mut Report, sources: &[String], lines: &Lines, among: &[Peer]) -> Result<()> {
    let mut contest = Contest::new(report, sources, among)?;
    for corpus in corpora(sources, lines)? {
        contest.race(report, &corpus)?;
    }
    Ok(())
}

/// The same with expressions that have no word in them, against the strongest: a few of those make it slower by far, so
/// that either figure alone would flatter somebody.
fn race_wordless(report: &mut Report, sources: &[String], lines: &Lines) -> Result<()> {
    let wordless = WORDLESS.iter().map(|source| (*source).to_owned());
    let sources: Vec<String> = sources.iter().cloned().chain(wordless).collect();
    report.say(&format!("\nwith {} patterns that have no word in them", WORDLESS.len()));
    race(report, &sources, lines, &only(&STRONGEST))
}

fn only(names: &[&str]) -> Vec<Peer> {
    PEERS.into_iter().filter(|peer| names.contains(&peer.name)).collect()
}

/// Lines of public logs, or else of the shop.
fn lines(report: &mut Report, generated: &Traffic) -> Result<Lines> {
    if let Some(lines) = background()? {
        let unknown = lines.iter().filter(|line| !line.is_known);
        let unknown = unknown.map(|line| line.text.clone()).collect();
        return Ok(Lines { natural: lines.into_iter().map(|line| line.text).collect(), unknown });
    }
    report.skip("the lines of public logs", "set BELLWETHER_DATA to their folder; the shop's do");
    let lines = generated.bytes.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty() && line.is_ascii()).map(<[u8]>::to_vec);
    let natural: Vec<Vec<u8>> = lines.collect();
    Ok(Lines { unknown: natural.clone(), natural })
}

/// Lines as they are, and quiet ones with so many hits among them.
fn corpora(sources: &[String], lines: &Lines) -> Result<Vec<Corpus>> {
    let mut corpora = vec![Corpus::new("natural", &varied(&lines.natural, CORPUS_BYTES))];
    let unknown = varied(&lines.unknown, CORPUS_BYTES);
    let (mut ours, mut quiet, mut rows) = (Ours::new(sources)?, Vec::new(), unknown.iter());
    for block in &Corpus::new("unknown", &unknown).blocks {
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

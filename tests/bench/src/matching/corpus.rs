//! Lines to match in: public logs as they are, or those that the shipped counts do not know, with hits as often as wanted.

use super::chance::Chance;
use super::sample::{sample, syntax};
use crate::program;
use anyhow::{Context, Result, ensure};
use bellwether_core::batch::{Batch, BatchBuilder};
use bellwether_core::record::Record;
use bellwether_core::settings::Settings;
use flate2::read::GzDecoder;
use regex::bytes::RegexBuilder;
use std::fs::File;
use std::io::Read;

/// The archive of public logs, of each the messages without what stood in front of them.
const ARCHIVE: &str = "loghub2k-dev.tar.gz";
/// Its systems: something like what stands in front of their messages, and whether they fed the shipped counts.
const SYSTEMS: [(&str, &str, bool); 8] = [
    ("HDFS", "081109 203615 148 INFO dfs.DataNode$PacketResponder: ", false),
    (
        "Zookeeper",
        "2015-07-29 17:41:44,747 - INFO  [QuorumPeer:/0:0:0:0:0:0:0:0:2181:FastLeader@774] - ",
        false,
    ),
    ("Proxifier", "[10.30 16:49:06] chrome.exe - ", false),
    ("HealthApp", "20171223-22:15:29:606|Step_LSC|30002312|", false),
    ("BGL", "- 1117838570 2005.06.03 R02-M1-N0-C:J12-U11 RAS KERNEL INFO ", true),
    ("Hadoop", "2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.mapreduce.v2: ", true),
    ("OpenSSH", "Dec 10 06:55:46 LabSZ sshd[24200]: ", true),
    ("Apache", "[Sun Dec 04 04:47:44 2005] [error] ", true),
];
/// Bytes of a line that are left in front of what is planted in it.
const HEAD_BYTES: usize = 48;
/// Bytes of a block, unless a single line has more.
const BLOCK_BYTES_MAX: usize = 1 << 20;
/// Tries to plant an expression.
const TRIES: usize = 8;

/// Lines that are scanned at once: as the matcher has them, and as text with line ends.
pub(super) struct Block {
    pub(super) batch: Batch,
    pub(super) text: Vec<u8>,
    /// Where each line ends.
    pub(super) ends: Vec<u32>,
}

/// Some megabytes of lines.
pub(super) struct Corpus {
    pub(super) name: String,
    pub(super) blocks: Vec<Block>,
}

impl Block {
    fn new(lines: &[Vec<u8>]) -> Self {
        let (mut builder, mut text, mut ends) = (BatchBuilder::default(), Vec::new(), Vec::new());
        for line in lines {
            builder.push(0, 0, &Record { text: line.clone(), ..Record::default() });
            text.extend_from_slice(line);
            ends.push(text.len() as u32);
            text.push(b'\n');
        }
        Block { batch: builder.seal(), text, ends }
    }

    /// A line without its end.
    pub(super) fn line(&self, row: usize) -> &[u8] {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before] as usize + 1);
        &self.text[start..self.ends[row] as usize]
    }
}

impl Corpus {
    /// Cuts lines into blocks of as many rows as the pipeline's, and of not too many bytes.
    pub(super) fn new(name: &str, lines: &[Vec<u8>]) -> Self {
        let rows_max = Settings::default().batch_rows_max;
        let (mut blocks, mut rest) = (Vec::new(), lines);
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take(rows_max).take_while(|line| {
                bytes += line.len();
                bytes <= BLOCK_BYTES_MAX
            });
            let (block, behind) = rest.split_at(fits.count().max(1));
            blocks.push(Block::new(block));
            rest = behind;
        }
        Corpus { name: name.to_owned(), blocks }
    }

    /// The lines of some blocks in front, and those behind them.
    pub(super) fn split(&self, share: usize) -> (&[Block], &[Block]) {
        self.blocks.split_at(self.blocks.len() / share)
    }
}

/// A line of one of the systems.
pub(super) struct LogLine {
    pub(super) text: Vec<u8>,
    /// Whether its system fed the shipped counts.
    pub(super) is_known: bool,
}

/// Every line of the systems once; `None` where the data are not here.
pub(super) fn background() -> Result<Option<Vec<LogLine>>> {
    let Some(path) = program::data(ARCHIVE)? else { return Ok(None) };
    let mut lines = Vec::new();
    for entry in tar::Archive::new(GzDecoder::new(File::open(path)?)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let system = SYSTEMS.iter().find(|(name, ..)| path.ends_with(&format!("{name}_2k.csv")));
        let system = system.filter(|_| path.contains("/original/"));
        let Some((_, head, is_known)) = system else { continue };
        let mut text = String::new();
        entry.read_to_string(&mut text)?;
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let content = table.headers()?.iter().position(|name| name == "Content");
        let content = content.with_context(|| format!("`{path}` has no column `Content`"))?;
        for row in table.records() {
            let message = row?.get(content).unwrap_or_default().to_owned();
            if message.is_ascii() {
                let text = [head.as_bytes(), message.as_bytes()].concat();
                lines.push(LogLine { text, is_known: *is_known });
            }
        }
    }
    ensure!(!lines.is_empty(), "`{ARCHIVE}` has none of the systems that are wanted");
    Ok(Some(lines))
}

/// So many bytes of such lines in any order, with other digits in each.
pub(super) fn varied(lines: &[Vec<u8>], bytes: usize) -> Vec<Vec<u8>> {
    let mut chance = Chance::new(2);
    let (mut made, mut total) = (Vec::new(), 0);
    while total < bytes {
        let mut line = lines[chance.up_to(lines.len()) - 1].clone();
        for byte in line.iter_mut().filter(|byte| byte.is_ascii_digit()) {
            *byte = b'0' + (chance.up_to(10) - 1) as u8;
        }
        total += line.len() + 1;
        made.push(line);
    }
    made
}

/// The same lines, of which so many in ten thousand say what one of the expressions looks for.
pub(super) fn planted(
    quiet: &[Vec<u8>],
    sources: &[String],
    per_ten_thousand: usize,
) -> Result<Vec<Vec<u8>>> {
    let mut chance = Chance::new(3);
    let mut made = Vec::with_capacity(quiet.len());
    let mut seeds = Vec::new();
    for source in sources {
        let regex = RegexBuilder::new(source).unicode(false).multi_line(true).build()?;
        seeds.push((syntax(source)?, regex));
    }
    for line in quiet {
        if chance.up_to(10_000) > per_ten_thousand {
            made.push(line.clone());
            continue;
        }
        let seed = &seeds[chance.up_to(seeds.len()) - 1];
        let planted = (0..TRIES).find_map(|_| {
            let mut own = Vec::new();
            sample(&seed.0, &mut chance, &mut own);
            let head = &line[..line.len().min(HEAD_BYTES)];
            let whole = [head, b" ", &own, b" ", &line[head.len()..]].concat();
            [whole, own].into_iter().find(|text| seed.1.is_match(text))
        });
        made.push(planted.unwrap_or_else(|| line.clone()));
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_again_in_their_block() {
        let lines = [b"one".to_vec(), Vec::new(), b"three".to_vec()];
        let block = Block::new(&lines);
        for (row, line) in lines.iter().enumerate() {
            assert_eq!((block.line(row), block.batch.text(row)), (&line[..], &line[..]));
        }
        assert_eq!(block.text, b"one\n\nthree\n");
    }

    #[test]
    fn hits_are_planted_as_often_as_wanted() {
        let quiet = varied(&[b"a quiet line 123".to_vec()], 34_000);
        let sources = ["^fail(?:ed|ure) \\d+$".to_owned(), "(?i)panic".to_owned()];
        for (per_ten_thousand, expected) in [(0, 0..=0), (5000, 900..=1100), (10_000, 2000..=2000)]
        {
            let lines = planted(&quiet, &sources, per_ten_thousand).expect("these compile");
            let hits = lines.iter().zip(&quiet).filter(|(line, before)| line != before).count();
            assert!(expected.contains(&hits), "{hits} at {per_ten_thousand}");
        }
    }
}

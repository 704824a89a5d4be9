//! Log lines to measure with.

use crate::program;
use anyhow::{Context, Result, ensure};
use bellwether_connect::Reader;
use bellwether_core::intake::Routing;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The end of what is generated, 2026-03-02 06:00 UTC: the clock of all runs, so that they are the same on any day.
pub(crate) const NOW_MS: i64 = 1_772_431_200_000;

/// Messages of sources that are made here; a number takes the place of the brackets.
pub(crate) const MESSAGES: [&str; 6] = [
    "INFO accepted connection <> from 10.0.0.7",
    "INFO request <> finished in 12 ms with status 200",
    "DEBUG cache holds <> entries",
    "WARN queue length <> is above the soft limit",
    "INFO session <> of user 4711 was renewed",
    "INFO worker <> picked up job 99 of queue mail",
];

/// A whole log in memory.
pub(crate) struct Traffic {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// All of it.
    pub(crate) bytes: Vec<u8>,
    /// How its sources are told apart.
    pub(crate) routing: Routing,
}

impl Traffic {
    /// Six hours of the web shop.
    pub(crate) fn generated(program: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        let output = command.args(["generate", "--seed", "1", "--hours", "6"]).output();
        let output = output.with_context(|| format!("cannot start `{}`", program.display()))?;
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`bellwether generate` failed: {words}");
        let routing = Routing::Prefixed;
        Ok(Traffic { name: "generated", bytes: output.stdout, routing })
    }

    /// The labelled log of a file system, if it is there.
    pub(crate) fn hdfs() -> Result<Option<Self>> {
        let Some(path) = program::data("hdfs-2pct.log.gz")? else { return Ok(None) };
        let mut reader = Reader::open(&path)?;
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
        loop {
            let count = reader.read(&mut buffer)?;
            if count == 0 {
                return Ok(Some(Traffic { name: "HDFS", bytes, routing: Routing::Whole }));
            }
            bytes.extend_from_slice(&buffer[..count]);
        }
    }

    /// Number of lines.
    pub(crate) fn lines(&self) -> usize {
        self.bytes.iter().filter(|byte| **byte == b'\n').count()
    }

    /// The text of each service, without the names in front.
    pub(crate) fn by_service(&self) -> Vec<Vec<u8>> {
        let mut services: BTreeMap<&[u8], Vec<u8>> = BTreeMap::new();
        for line in self.bytes.split_inclusive(|byte| *byte == b'\n') {
            let bar = line.windows(3).position(|bytes| bytes == b" | ");
            let (name, text) = bar.map_or((&b""[..], line), |at| (&line[..at], &line[at + 3..]));
            services.entry(name.trim_ascii()).or_default().extend_from_slice(text);
        }
        services.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_get_their_lines_in_order() {
        let bytes = b"shop  | one\ndb | x | y\nshop  | two\nbare\n".to_vec();
        let traffic = Traffic { name: "test", bytes, routing: Routing::Prefixed };
        let expected = ["bare\n", "x | y\n", "one\ntwo\n"].map(|text| text.as_bytes().to_vec());
        assert_eq!(traffic.by_service(), expected);
        assert_eq!(traffic.lines(), 4);
    }
}

//! The detector.

use crate::book::Book;
use bellwether_sdk::{Descriptor, Detector, Explanation, LineColumn, Lines, Scorer, descriptor};
use serde::Deserialize;

/// What the user may set.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Tells editions apart.
    edition: u32,
    /// Bytes of state that each source carries along.
    ballast_bytes: usize,
    /// What its states are called; it reads no other.
    state_version: u32,
    /// Whether it dies of every row.
    traps: bool,
}

/// The detector.
pub(crate) struct Ledger {
    config: Config,
}

impl Detector for Ledger {
    type Config = Config;
    type State = Book;
    type Note = ();

    fn describe(&self) -> Descriptor {
        Descriptor {
            state_version: self.config.state_version.max(1),
            reads_state_from: self.config.state_version.max(1),
            lines: vec![LineColumn::Position],
            reasons: vec!["never".into()],
            metrics: vec![format!("edition-{}", self.config.edition)],
            config_schema: include_str!("config.schema.json").into(),
            ..descriptor("ledger", env!("CARGO_PKG_VERSION"))
        }
    }

    fn new(config: Config) -> Result<Self, String> {
        Ok(Ledger { config })
    }

    fn observe(&self, book: &mut Book, lines: &Lines<'_>, _scores: &mut Scorer<'_, ()>) {
        assert!(!self.config.traps, "told to");
        book.ballast.resize(self.config.ballast_bytes, 7);
        lines.u64s(0).iter().for_each(|position| book.enter(*position));
        bellwether_sdk::count(0, lines.len() as f64);
    }

    fn explain(&self, (): &()) -> Explanation {
        Explanation { summary: "keeps book".into(), evidence: Vec::new() }
    }
}

//! The detector: one of three tasks, chosen by its configuration.

use crate::work::{Baselines, LITERAL, combine, containing};
use bellwether_sdk::{
    Descriptor, Detector, Explanation, LineColumn, Lines, Pattern, PatternKind, Scorer, descriptor,
};
use memchr::memmem::Finder;
use serde::Deserialize;

/// Patterns it brings along, in the order in which `combine` counts its columns.
const PATTERNS: [&str; 3] = ["timed out", "retrying", "refused"];
/// Places of the other columns.
const SEVERITY: usize = 3;
const TEMPLATE: usize = 0;
const NUMBER: usize = 1;
const TEXT: usize = 0;

/// What the user may set.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    task: Task,
}

/// What it does with lines.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Task {
    /// Marks rows by three patterns and the severity.
    #[default]
    Bits,
    /// Scores a number against what its template usually has.
    ZScore,
    /// Counts texts with a word in them; the count is a mark on the last row.
    Text,
}

/// The detector.
pub(crate) struct Probe {
    task: Task,
    literal: Finder<'static>,
}

impl Detector for Probe {
    type Config = Config;
    type State = Baselines;
    type Note = ();

    fn describe(&self) -> Descriptor {
        let lines = match self.task {
            Task::Bits => {
                let bits = PATTERNS.map(|name| LineColumn::Pattern(name.into()));
                bits.into_iter().chain([LineColumn::Severity]).collect()
            }
            Task::ZScore => vec![LineColumn::Template, LineColumn::Number("duration_ms".into())],
            Task::Text => vec![LineColumn::Text],
        };
        let pattern = |name: &str| Pattern {
            name: name.into(),
            kind: PatternKind::Literal,
            expr: name.into(),
        };
        Descriptor {
            lines,
            patterns: PATTERNS.map(pattern).to_vec(),
            reasons: vec!["met".into()],
            config_schema: include_str!("config.schema.json").into(),
            ..descriptor("probe", env!("CARGO_PKG_VERSION"))
        }
    }

    fn new(config: Config) -> Result<Self, String> {
        Ok(Probe { task: config.task, literal: Finder::new(LITERAL) })
    }

    fn observe(&self, state: &mut Baselines, lines: &Lines<'_>, scores: &mut Scorer<'_, ()>) {
        match self.task {
            Task::Bits => {
                let columns = [0, 1, 2].map(|column| lines.bits(column));
                let bit = |column: usize, row| columns[column].contains(row);
                combine(lines.u8s(SEVERITY), bit, |row| scores.mark(row, 0, 1.0, 0, ()));
            }
            Task::ZScore => {
                let rows = lines.u32s(TEMPLATE).iter().zip(lines.f64s(NUMBER));
                rows.for_each(|(&template, &value)| scores.push(state.score(template, value)));
            }
            Task::Text => {
                let texts = (0..lines.len()).map(|row| lines.text(TEXT, row));
                let count = containing(texts, &self.literal);
                if count > 0 {
                    scores.mark(lines.len() - 1, 0, count as f32, 0, ());
                }
            }
        }
    }

    fn explain(&self, (): &()) -> Explanation {
        Explanation { summary: "met what it looks for".into(), evidence: Vec::new() }
    }
}

#[cfg(test)]
mod tests;

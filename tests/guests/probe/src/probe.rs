//! The detector: one of four tasks, chosen by its configuration.

use crate::combine::combine;
use crate::work::{Baselines, LITERAL, containing};
use bellwether_sdk::{
    BLOCK, Descriptor, Detector, Explanation, LineColumn, Lines, Pattern, PatternKind, Scorer,
    descriptor,
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
    /// Nothing; it has a column because nobody is asked who wants none.
    Nothing,
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
            Task::Nothing => vec![LineColumn::Severity],
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
            Task::Nothing => {}
            Task::Bits => {
                let columns = [0, 1, 2].map(|column| lines.bits(column));
                let block = |column: usize, row| columns[column].block(row);
                combine(lines.u8s(SEVERITY), block, |row, bits| {
                    let set = (0..BLOCK).filter(|place| bits >> place & 1 == 1);
                    set.for_each(|place| scores.mark(row + place, 0, 1.0, 0, ()));
                });
            }
            Task::ZScore => {
                let rows = lines.u32s(TEMPLATE).iter().zip(lines.f64s(NUMBER));
                scores.extend(rows.map(|(&template, &value)| state.score(template, value)));
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

//! The filter: three patterns and the severity say what goes no further.

use crate::combine::combine;
use bellwether_sdk::{
    Descriptor, Filter, LineColumn, Lines, Pattern, PatternKind, Tagger, descriptor,
};
use serde::Deserialize;

/// Patterns it brings along, in the order in which `combine` counts its columns.
const PATTERNS: [&str; 3] = ["timed out", "retrying", "refused"];
/// Place of the other column.
const SEVERITY: usize = 3;

/// There is nothing to set.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {}

/// The filter.
#[derive(Debug)]
pub(crate) struct Sluice;

impl Filter for Sluice {
    type Config = Config;
    type State = ();

    fn describe(&self) -> Descriptor {
        let bits = PATTERNS.map(|name| LineColumn::Pattern(name.into()));
        let pattern = |name: &str| Pattern {
            name: name.into(),
            kind: PatternKind::Literal,
            expr: name.into(),
        };
        Descriptor {
            lines: bits.into_iter().chain([LineColumn::Severity]).collect(),
            patterns: PATTERNS.map(pattern).to_vec(),
            ..descriptor("sluice", env!("CARGO_PKG_VERSION"))
        }
    }

    fn new(_config: Config) -> Result<Self, String> {
        Ok(Sluice)
    }

    fn evaluate(&self, _state: &mut (), lines: &Lines<'_>, verdicts: &mut Tagger<'_>) {
        let columns = [0, 1, 2].map(|column| lines.bits(column));
        let block = |column: usize, row| columns[column].block(row);
        combine(lines.u8s(SEVERITY), block, |row, bits| verdicts.drop_block(row, bits));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellwether_sdk::testing::{self, Column};

    #[test]
    fn rows_are_dropped_by_bits_and_severity() {
        // Timed out: rows 0 and 1, retried: row 1, refused: rows 2 and 3, of which only the last is an error.
        let bits = [0b0011, 0b0010, 0b1100].map(|bits| Column::Bits(vec![bits]));
        let columns = bits.into_iter().chain([Column::U8s(vec![9, 9, 16, 17])]).collect();
        let mut plugin = testing::filter::<Sluice>("");
        let drop = plugin.evaluate(&testing::batch(1, 4, columns)).drop;
        let dropped: Vec<usize> = (0..4).filter(|row| testing::contains(&drop, *row)).collect();
        assert_eq!(dropped, [0, 3]);
    }
}

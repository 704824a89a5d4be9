//! Rules over what the host has computed anyway: pattern bits, severity and message names.
//!
//! A rule holds when all of its conditions hold; a condition with a list holds when any of the list does. The first
//! dropping rule that holds drops the record, every tagging rule that holds tags it.

use bellwether_sdk::kernel::at_least;
use bellwether_sdk::{BLOCK, Descriptor, Filter, LineColumn, Lines, Tagger, descriptor};
use serde::Deserialize;

const SEVERITY: usize = 0;
const MESSAGE: usize = 1;
/// Pattern columns come after the fixed ones.
const FIRST_PATTERN: usize = 2;

/// What the user may set.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Records that go no further.
    drop: Vec<Conditions>,
    /// Records that get a tag.
    tag: Vec<TagRule>,
}

/// Conditions of a rule; absent ones hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Conditions {
    /// Names of patterns.
    patterns: Vec<String>,
    /// Names of messages, as `bellwether templates` prints them.
    messages: Vec<String>,
    /// Severity number below which the condition holds; unknown severity is below nothing.
    severity_below: Option<u8>,
    /// Severity number from which on the condition holds.
    severity_from: Option<u8>,
}

/// A tag and when it is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TagRule {
    name: String,
    when: Conditions,
}

/// Conditions with names looked up.
#[derive(Debug)]
struct Rule {
    pattern_columns: Vec<usize>,
    messages: Vec<u32>,
    severity_below: Option<u8>,
    severity_from: Option<u8>,
}

/// The filter.
#[derive(Debug)]
pub(crate) struct DropNoise {
    patterns: Vec<String>,
    drop: Vec<Rule>,
    tags: Vec<(String, Rule)>,
}

impl Filter for DropNoise {
    type Config = Config;
    type State = ();

    fn describe(&self) -> Descriptor {
        let patterns = self.patterns.iter().cloned().map(LineColumn::Pattern);
        Descriptor {
            lines: [LineColumn::Severity, LineColumn::Message]
                .into_iter()
                .chain(patterns)
                .collect(),
            tags: self.tags.iter().map(|(name, _)| name.clone()).collect(),
            config_schema: include_str!("config.schema.json").into(),
            ..descriptor("drop-noise", env!("CARGO_PKG_VERSION"))
        }
    }

    fn new(config: Config) -> Result<Self, String> {
        let mut patterns = Vec::new();
        let mut drop = Vec::new();
        for conditions in config.drop {
            drop.push(Rule::new(conditions, &mut patterns)?);
        }
        let mut tags = Vec::new();
        for rule in config.tag {
            tags.push((rule.name, Rule::new(rule.when, &mut patterns)?));
        }
        Ok(DropNoise { patterns, drop, tags })
    }

    fn evaluate(&self, _state: &mut (), lines: &Lines<'_>, verdicts: &mut Tagger<'_>) {
        for row in lines.blocks() {
            let drop = self.drop.iter().map(|rule| rule.holds(lines, row));
            verdicts.drop_block(row, drop.fold(0, |any, bits| any | bits));
            for (tag, (_, rule)) in self.tags.iter().enumerate() {
                verdicts.tag_block(row, tag, rule.holds(lines, row));
            }
        }
    }
}

impl Rule {
    /// Gives each pattern name a column, shared by all rules.
    fn new(conditions: Conditions, patterns: &mut Vec<String>) -> Result<Self, String> {
        let Conditions { patterns: names, messages, severity_below, severity_from } = conditions;
        if names.is_empty()
            && messages.is_empty()
            && severity_below.is_none()
            && severity_from.is_none()
        {
            return Err("a rule without any condition would hold for every record".into());
        }
        let mut pattern_columns = Vec::new();
        for name in names {
            let known = patterns.iter().position(|pattern| *pattern == name);
            let column = known.unwrap_or_else(|| {
                patterns.push(name);
                patterns.len() - 1
            });
            pattern_columns.push(FIRST_PATTERN + column);
        }
        let parse = |name: &String| {
            u32::from_str_radix(name, 16).map_err(|_| {
                format!("message `{name}` is not eight hexadecimal digits; `bellwether templates` prints them")
            })
        };
        let messages = messages.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Rule { pattern_columns, messages, severity_below, severity_from })
    }

    /// For which rows of the block it holds.
    fn holds(&self, lines: &Lines<'_>, row: usize) -> u64 {
        let severities = &lines.u8s(SEVERITY)[row..];
        let from = |limit: u8| at_least(severities, limit);
        let mut rows = from(self.severity_from.unwrap_or(0));
        if let Some(limit) = self.severity_below {
            rows &= from(1) & !from(limit);
        }
        if !self.messages.is_empty() {
            let messages = lines.u32s(MESSAGE)[row..].iter().take(BLOCK).enumerate();
            let named = messages.filter(|(_, message)| self.messages.contains(message));
            rows &= named.fold(0, |bits, (place, _)| bits | 1 << place);
        }
        if !self.pattern_columns.is_empty() {
            let patterns = self.pattern_columns.iter().map(|column| lines.bits(*column).block(row));
            rows &= patterns.fold(0, |any, bits| any | bits);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellwether_sdk::testing::{self, Column};

    /// Rows: severity, message, health-check bit. Returns dropped rows and rows of the first tag.
    fn check(config: &str, rows: &[(u8, u32, bool)]) -> (Vec<usize>, Vec<usize>) {
        let mut plugin = testing::filter::<DropNoise>(config);
        let mut bits = vec![0; rows.len().div_ceil(8)];
        for (row, _) in rows.iter().enumerate().filter(|(_, row)| row.2) {
            bits[row / 8] |= 1 << (row % 8);
        }
        let mut columns = vec![
            Column::U8s(rows.iter().map(|row| row.0).collect()),
            Column::U32s(rows.iter().map(|row| row.1).collect()),
        ];
        let wanted = plugin.describe().lines.len() - columns.len();
        columns.extend(std::iter::repeat_n(Column::Bits(bits), wanted));
        let verdicts = plugin.evaluate(&testing::batch(1, rows.len() as u32, columns));
        let of = |set| (0..rows.len()).filter(|row| testing::contains(set, *row)).collect();
        (of(&verdicts.drop), verdicts.tags.first().map(|tag| of(&tag.rows)).unwrap_or_default())
    }

    #[test]
    fn rules_hold_by_all_conditions_and_any_of_a_list() {
        let rows = [(5, 1, false), (9, 2, true), (17, 2, false), (0, 3, true)];
        let cases: [(&str, &[usize], &[usize]); 6] = [
            ("{}", &[], &[]),
            (r#"{"drop": [{"severity_below": 9}]}"#, &[0], &[]),
            (r#"{"drop": [{"patterns": ["health"]}]}"#, &[1, 3], &[]),
            (r#"{"drop": [{"patterns": ["health"], "severity_from": 9}]}"#, &[1], &[]),
            (r#"{"drop": [{"messages": ["00000001"]}, {"messages": ["00000003"]}]}"#, &[0, 3], &[]),
            (r#"{"tag": [{"name": "bad", "when": {"severity_from": 17}}]}"#, &[], &[2]),
        ];
        for (config, dropped, tagged) in cases {
            assert_eq!(check(config, &rows), (dropped.to_vec(), tagged.to_vec()), "{config}");
        }
    }

    #[test]
    fn senseless_rules_are_refused() {
        for config in
            [r#"{"drop": [{}]}"#, r#"{"drop": [{"messages": ["xyz"]}]}"#, r#"{"dorp": []}"#]
        {
            let mut plugin = bellwether_sdk::FilterPlugin::<DropNoise>::default();
            assert!(plugin.configure(config).is_err(), "{config}");
        }
    }
}

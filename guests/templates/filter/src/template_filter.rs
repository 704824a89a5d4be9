//! Drops what repeats too often: of each message so many lines of a window pass, and no more.
//!
//! Lines that are severe always pass. What is dropped is gone for all detectors, so a filter should be sure of itself:
//! where it cannot decide, it lets a line pass. The last line that passes is tagged: the summary of a run counts them,
//! which is how often a message was cut.

use bellwether_sdk::{Descriptor, Filter, LineColumn, Lines, Tagger, descriptor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Places of the columns in `Descriptor::lines`.
const WINDOW: usize = 0;
const TEMPLATE: usize = 1;
const SEVERITY: usize = 2;

/// Place of the tag in `Descriptor::tags`.
const FULL: usize = 0;
const TAGS: [&str; 1] = ["last-to-pass"];

/// What the user may set, under `config:` of this plugin. Keep it in step with `config.schema.json`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Lines of a message that pass in a window.
    lines_max: u32,
    /// Lines that are so severe always pass; OpenTelemetry's number, 13 is a warning.
    severity_from: u8,
    /// Messages counted per window: whatever a filter keeps needs a limit. Lines of any more pass.
    messages_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config { lines_max: 20, severity_from: 13, messages_max: 4096 }
    }
}

/// What is remembered of one source. The SDK keeps one for each, saves and loads it.
///
/// A `BTreeMap` and not a `HashMap`: equal states must be saved as equal bytes, in whatever order they came about.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    window: u32,
    /// Lines of each message in that window.
    lines: BTreeMap<u32, u32>,
}

/// The filter: its configuration, and nothing that changes.
#[derive(Debug)]
pub(crate) struct TemplateFilter {
    config: Config,
}

impl Filter for TemplateFilter {
    type Config = Config;
    type State = State;

    fn describe(&self) -> Descriptor {
        Descriptor {
            lines: vec![LineColumn::Window, LineColumn::Template, LineColumn::Severity],
            tags: TAGS.map(String::from).to_vec(),
            config_schema: include_str!("../config.schema.json").into(),
            ..descriptor(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
        }
    }

    fn new(config: Config) -> Result<Self, String> {
        if config.lines_max == 0 {
            return Err("lines_max must be at least 1".into());
        }
        if config.messages_max == 0 {
            return Err("messages_max must be at least 1".into());
        }
        Ok(TemplateFilter { config })
    }

    fn evaluate(&self, state: &mut State, lines: &Lines<'_>, verdicts: &mut Tagger<'_>) {
        let (windows, templates) = (lines.u32s(WINDOW), lines.u32s(TEMPLATE));
        let severities = lines.u8s(SEVERITY);
        for row in 0..lines.len() {
            let seen = state.count(windows[row], templates[row], self.config.messages_max);
            if severities[row] >= self.config.severity_from {
                continue;
            }
            if seen > self.config.lines_max {
                verdicts.drop(row);
            } else if seen == self.config.lines_max {
                verdicts.tag(row, FULL);
            }
        }
    }
}

impl State {
    /// Counts a line; how many of its message this window has had, itself among them. None for new messages where there
    /// are enough already.
    fn count(&mut self, window: u32, template: u32, messages_max: usize) -> u32 {
        // Lines may come a little out of order: only a later window begins anew, so that nothing is counted twice.
        if window > self.window {
            self.window = window;
            self.lines.clear();
        }
        if self.lines.len() >= messages_max && !self.lines.contains_key(&template) {
            return 0;
        }
        let lines = self.lines.entry(template).or_default();
        *lines = lines.saturating_add(1);
        *lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellwether_sdk::FilterPlugin;
    use bellwether_sdk::testing::{self, Column};

    /// Window, template and severity of each line.
    type Row = (u32, u32, u8);

    /// Name, rows, those that are dropped, those that are tagged.
    type Case<'a> = (&'a str, &'a [Row], &'a [usize], &'a [usize]);

    /// The rows that are dropped, and those that are tagged, where two lines of each of two messages may pass.
    fn verdicts(rows: &[Row]) -> (Vec<usize>, Vec<usize>) {
        let columns = vec![
            Column::U32s(rows.iter().map(|row| row.0).collect()),
            Column::U32s(rows.iter().map(|row| row.1).collect()),
            Column::U8s(rows.iter().map(|row| row.2).collect()),
        ];
        let config = r#"{"lines_max": 2, "messages_max": 2}"#;
        let mut plugin = testing::filter::<TemplateFilter>(config);
        let verdicts = plugin.evaluate(&testing::batch(1, rows.len() as u32, columns));
        let of = |set| (0..rows.len()).filter(|row| testing::contains(set, *row)).collect();
        (of(&verdicts.drop), of(&verdicts.tags[FULL].rows))
    }

    #[test]
    fn so_many_lines_pass_and_no_more() {
        let cases: [Case<'_>; 6] = [
            ("few", &[(1, 1, 9), (1, 2, 9)], &[], &[]),
            ("many", &[(1, 1, 9), (1, 1, 9), (1, 1, 9), (1, 1, 9)], &[2, 3], &[1]),
            ("of two messages", &[(1, 1, 9), (1, 2, 9), (1, 1, 9), (1, 2, 9)], &[], &[2, 3]),
            ("in two windows", &[(1, 1, 9), (1, 1, 9), (2, 1, 9), (2, 1, 9)], &[], &[1, 3]),
            ("of too many", &[(1, 1, 9), (1, 2, 9), (1, 3, 9), (1, 3, 9), (1, 3, 9)], &[], &[]),
            ("severe", &[(1, 1, 9), (1, 1, 9), (1, 1, 17)], &[], &[1]),
        ];
        for (name, rows, dropped, tagged) in cases {
            assert_eq!(verdicts(rows), (dropped.to_vec(), tagged.to_vec()), "{name}");
        }
    }

    #[test]
    fn a_senseless_configuration_is_refused() {
        for config in [r#"{"lines_max": 0}"#, r#"{"messages_max": 0}"#, r#"{"lines": 9}"#] {
            assert!(
                FilterPlugin::<TemplateFilter>::default().configure(config).is_err(),
                "{config}"
            );
        }
    }
}

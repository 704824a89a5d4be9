//! Scores how far the length of each line is from what is usual for its message.
//!
//! For each message (its *template*) the detector keeps a mean and a mean deviation that forget slowly. The score is the
//! distance from the mean in deviations: positive where a line is longer, negative where it is shorter. It sets no
//! threshold. The host learns what this source usually scores, and makes bits of surprise of it.

use bellwether_sdk::{
    Descriptor, Detector, Explanation, LineColumn, Lines, Scorer, descriptor, evidence,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Places of the columns in `Descriptor::lines`.
const TEMPLATE: usize = 0;
const LENGTH: usize = 1;

/// Places of the reasons in `Descriptor::reasons`.
const LONGER: u32 = 0;
const SHORTER: u32 = 1;
const REASONS: [&str; 2] = ["longer", "shorter"];

/// A reason costs a little, so only what may matter gets one.
const EXPLAINED_FROM: f32 = 4.0;
/// Lines over which mean and deviation forget.
const MEMORY_LINES: f32 = 200.0;

/// What the user may set, under `config:` of this plugin. Keep it in step with `config.schema.json`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Lines of a message before one of them is judged.
    lines_min: u32,
    /// Differences of fewer bytes teach, but do not speak.
    bytes_min: f32,
    /// Messages remembered per source: whatever a detector keeps needs a limit. Beyond it those go that were not heard
    /// for longest.
    messages_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config { lines_min: 30, bytes_min: 16.0, messages_max: 4096 }
    }
}

/// What is remembered of one source. The SDK keeps one for each, saves and loads it.
///
/// A `BTreeMap` and not a `HashMap`: equal states must be saved as equal bytes, in whatever order they came about.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    messages: BTreeMap<u32, Usual>,
    /// Lines so far: the clock by which a message was heard long ago or just now.
    lines: u64,
}

/// The usual length of one message.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct Usual {
    lines: u32,
    mean: f32,
    deviation: f32,
    /// Number of its last line.
    heard: u64,
}

/// What is noted about a score, for the few that will have to be explained.
#[derive(Debug)]
pub(crate) struct Note {
    bytes: f32,
    usual: Usual,
}

/// The detector: its configuration, and nothing that changes.
#[derive(Debug)]
pub(crate) struct TemplateDetector {
    config: Config,
}

impl Detector for TemplateDetector {
    type Config = Config;
    type State = State;
    type Note = Note;

    fn describe(&self) -> Descriptor {
        Descriptor {
            lines: vec![LineColumn::Template, LineColumn::Length],
            reasons: REASONS.map(String::from).to_vec(),
            config_schema: include_str!("../config.schema.json").into(),
            ..descriptor(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
        }
    }

    fn new(config: Config) -> Result<Self, String> {
        if config.lines_min < 2 {
            return Err("lines_min must be at least 2".into());
        }
        if config.messages_max == 0 {
            return Err("messages_max must be at least 1".into());
        }
        Ok(TemplateDetector { config })
    }

    fn observe(&self, state: &mut State, lines: &Lines<'_>, scores: &mut Scorer<'_, Note>) {
        let rows = lines.u32s(TEMPLATE).iter().zip(lines.u32s(LENGTH)).enumerate();
        for (row, (template, length)) in rows {
            let bytes = *length as f32;
            let usual = state.usual(*template, self.config.messages_max);
            // Judged by the lines before it, then learnt.
            let before = *usual;
            usual.learn(bytes);
            if before.lines < self.config.lines_min {
                // Not a number: cannot say. Every row gets a score, or none does.
                scores.push(f32::NAN);
                continue;
            }
            let score = before.score(bytes);
            scores.push(score);
            if (bytes - before.mean).abs() < self.config.bytes_min {
                scores.quiet(row);
            } else if score.abs() >= EXPLAINED_FROM {
                let code = if score > 0.0 { LONGER } else { SHORTER };
                scores.reason(row, code, Note { bytes, usual: before });
            }
        }
    }

    fn explain(&self, note: &Note) -> Explanation {
        let Note { bytes, usual } = note;
        let (mean, lines) = (usual.mean, usual.lines);
        Explanation {
            summary: format!("a line of {bytes} bytes where {mean:.0} are usual"),
            evidence: vec![
                evidence("bytes", bytes),
                evidence("usual bytes", format!("{mean:.1}")),
                evidence("lines before", lines),
            ],
        }
    }
}

impl State {
    /// The usual length of the message of the next line.
    fn usual(&mut self, template: u32, messages_max: usize) -> &mut Usual {
        if self.messages.len() >= messages_max && !self.messages.contains_key(&template) {
            self.forget_older_half();
        }
        self.lines += 1;
        let usual = self.messages.entry(template).or_default();
        usual.heard = self.lines;
        usual
    }

    /// Makes room: half at a time, since looking for the oldest one at each new message would cost too much.
    fn forget_older_half(&mut self) {
        let mut heard: Vec<u64> = self.messages.values().map(|usual| usual.heard).collect();
        let half = heard.len() / 2;
        let (_, middle, _) = heard.select_nth_unstable(half);
        self.messages.retain(|_, usual| usual.heard > *middle);
    }
}

impl Usual {
    /// Distance from the mean, in deviations; a message of constant length deviates by a byte.
    fn score(&self, bytes: f32) -> f32 {
        (bytes - self.mean) / self.deviation.max(1.0)
    }

    fn learn(&mut self, bytes: f32) {
        self.lines = self.lines.saturating_add(1);
        let weight = 1.0 / (self.lines as f32).min(MEMORY_LINES);
        let deviation = (bytes - self.mean).abs();
        if self.lines > 1 {
            self.deviation += weight * (deviation - self.deviation);
        }
        self.mean += weight * (bytes - self.mean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellwether_sdk::DetectorPlugin;
    use bellwether_sdk::testing::{self, Batch, Column};

    /// A batch of one source: template and length of each line.
    fn batch(rows: &[(u32, u32)]) -> Batch {
        let columns = vec![
            Column::U32s(rows.iter().map(|row| row.0).collect()),
            Column::U32s(rows.iter().map(|row| row.1).collect()),
        ];
        testing::batch(1, rows.len() as u32, columns)
    }

    /// A detector that knows a message of 96 to 104 bytes.
    fn taught() -> DetectorPlugin<TemplateDetector> {
        let mut plugin = testing::detector("{}");
        let usual: Vec<(u32, u32)> = (0..100).map(|line| (1, 96 + line % 9)).collect();
        plugin.observe(&batch(&usual));
        plugin
    }

    #[test]
    fn lines_are_judged_by_their_message() {
        let cases = [
            ("as long as ever", (1, 100), -0.5, 0.5),
            ("much longer", (1, 400), 50.0, 500.0),
            ("much shorter", (1, 20), -100.0, -10.0),
        ];
        for (name, line, low, high) in cases {
            let score = taught().observe(&batch(&[line])).rows[0];
            assert!((low..=high).contains(&score), "{name}: {score}");
        }
        let unknown = taught().observe(&batch(&[(2, 400)]));
        assert!(unknown.rows[0].is_nan(), "nobody can say of a new message");
    }

    #[test]
    fn small_differences_teach_and_do_not_speak() {
        let scores = taught().observe(&batch(&[(1, 110), (1, 200)]));
        let quiet: Vec<bool> = (0..2).map(|row| testing::contains(&scores.quiet, row)).collect();
        assert_eq!(quiet, [true, false]);
    }

    #[test]
    fn what_scores_high_is_explained() {
        let mut plugin = taught();
        let scores = plugin.observe(&batch(&[(1, 100), (1, 400)]));
        let [reason] = scores.reasons[..] else { panic!("{:?}", scores.reasons) };
        assert_eq!((reason.row, reason.code), (Some(1), LONGER));
        let explanation = plugin.explain(reason.token).expect("a reason has its words");
        assert_eq!(explanation.summary, "a line of 400 bytes where 100 are usual");
    }

    #[test]
    fn what_is_kept_has_a_limit() {
        let mut plugin = testing::detector::<TemplateDetector>(r#"{"messages_max": 10}"#);
        let rows: Vec<(u32, u32)> = (0..1000).map(|template| (template, 80)).collect();
        plugin.observe(&batch(&rows));
        assert!(plugin.save(1).expect("it can be saved").bytes.len() < 150);
        let scores = plugin.observe(&batch(&[(1000, 80); 31])).rows;
        assert!(scores[30].is_finite(), "messages that come late are learnt like any other");
    }

    #[test]
    fn a_senseless_configuration_is_refused() {
        for config in [r#"{"lines_min": 1}"#, r#"{"messages_max": 0}"#, r#"{"lines": 9}"#] {
            let mut plugin = DetectorPlugin::<TemplateDetector>::default();
            assert!(plugin.configure(config).is_err(), "{config}");
        }
    }
}

//! A plugin under test, alone in its sandbox, and all that it says.

use super::tape::{Cut, Step, Tape};
use bellwether_core::plugin::{
    Detector, Explanation, Filter, GivenWindow, Plugin, PluginState, Reason, Scores, Verdicts,
};
use bellwether_plugins::{
    CompiledPlugin, Health, HealthHandle, Kind, LaneDetector, LaneFilter, OpenError,
};
use std::collections::BTreeMap;

/// A plugin with its configuration, to be opened any number of times.
pub(crate) struct Subject {
    /// The plugin.
    pub(crate) plugin: CompiledPlugin,
    /// Its configuration, as JSON.
    pub(crate) config: String,
}

/// An instance.
pub(crate) enum Opened {
    /// Of a detector.
    Detector(LaneDetector),
    /// Of a filter.
    Filter(LaneFilter),
}

/// What was said about a row, or about a window as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// The bits of the score, so that NaN is NaN, and the channel where it is not the template's.
    score: Option<(u32, Option<u32>)>,
    quiet: bool,
    /// Marks, reasons and verdicts, in words.
    more: Vec<String>,
}

/// What was said about every row and window that a plugin was asked about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answers {
    /// By the row's place on the tape.
    pub(crate) rows: BTreeMap<usize, Said>,
    /// By the window's place on the tape: its rows, and the window as a whole at last.
    pub(crate) windows: BTreeMap<usize, Vec<Said>>,
}

impl Subject {
    /// A new instance that knows nothing.
    pub(crate) fn open(&self) -> Result<Opened, OpenError> {
        Ok(match self.plugin.kind() {
            Kind::Detector => Opened::Detector(self.plugin.detector(&self.config, None)?),
            Kind::Filter => Opened::Filter(self.plugin.filter(&self.config)?),
        })
    }
}

impl Opened {
    /// What the two kinds have in common.
    pub(crate) fn plugin(&mut self) -> &mut dyn Plugin {
        match self {
            Opened::Detector(detector) => detector,
            Opened::Filter(filter) => filter,
        }
    }

    /// How it is doing.
    pub(crate) fn health(&self) -> Health {
        self.handle().snapshot()
    }

    /// The states of all sources; the plugin is asked for each, whether or not it had work since the last time.
    pub(crate) fn save(&mut self, tape: &Tape) -> BTreeMap<u32, PluginState> {
        let mut states = BTreeMap::new();
        for source in tape.keys.keys().copied() {
            match self {
                Opened::Detector(detector) => detector.touch(source),
                Opened::Filter(filter) => filter.touch(source),
            }
            states.extend(self.plugin().save(source).map(|state| (source, state)));
        }
        states
    }

    /// Goes on with such states.
    pub(crate) fn load(&mut self, states: &BTreeMap<u32, PluginState>) {
        for (source, state) in states {
            self.plugin().load(*source, state.clone());
        }
    }

    /// Asks about what comes next, and only listens whether there is an answer.
    pub(crate) fn ask(&mut self, step: &Step<'_>) -> bool {
        match (self, step) {
            (Opened::Detector(plugin), Step::Rows(cut)) => {
                plugin.observe(&cut.lines.view()).is_some()
            }
            (Opened::Detector(plugin), Step::Window(_, window)) => {
                plugin.close_window(&window.view()).is_some()
            }
            (Opened::Filter(plugin), Step::Rows(cut)) => {
                plugin.evaluate(&cut.lines.view()).is_some()
            }
            (Opened::Filter(_), Step::Window(..)) => true,
        }
    }

    /// Asks about what comes next and takes down all that is said; the fault where there is no answer.
    pub(crate) fn listen(&mut self, step: &Step<'_>, answers: &mut Answers) -> Result<(), String> {
        let answered = match (&mut *self, step) {
            (Opened::Detector(plugin), Step::Rows(cut)) => {
                let scores = plugin.observe(&cut.lines.view());
                scores.map(|scores| hear_rows(plugin, cut, &scores, answers))
            }
            (Opened::Detector(plugin), Step::Window(place, window)) => {
                let scores = plugin.close_window(&window.view());
                scores.map(|scores| {
                    answers.windows.insert(*place, hear_window(plugin, window, &scores));
                })
            }
            (Opened::Filter(plugin), Step::Rows(cut)) => plugin
                .evaluate(&cut.lines.view())
                .map(|verdicts| hear_verdicts(plugin, cut, &verdicts, answers)),
            (Opened::Filter(_), Step::Window(..)) => Some(()),
        };
        // What was set aside, or went well when it was done again, is a fault all the same.
        let well = answered.is_some() && self.health().last_fault.is_none();
        if well { Ok(()) } else { Err(self.last_fault()) }
    }

    /// The last fault, or that there was none.
    pub(crate) fn last_fault(&self) -> String {
        self.health().last_fault.unwrap_or_else(|| "it gave no answer".into())
    }

    fn handle(&self) -> HealthHandle {
        match self {
            Opened::Detector(detector) => detector.health(),
            Opened::Filter(filter) => filter.health(),
        }
    }
}

fn hear_rows(plugin: &mut LaneDetector, cut: &Cut, scores: &Scores, answers: &mut Answers) {
    let said = hear(plugin, cut.rows.len(), scores);
    answers.rows.extend(cut.rows.iter().copied().zip(said));
}

fn hear_window(plugin: &mut LaneDetector, window: &GivenWindow, scores: &Scores) -> Vec<Said> {
    let mut said = hear(plugin, window.rows, scores);
    let mut whole = Said { score: Some((scores.whole.to_bits(), None)), ..Said::default() };
    for reason in scores.reasons.iter().filter(|reason| reason.row.is_none()) {
        whole.more.push(tell_reason(plugin, reason));
    }
    said.push(whole);
    said
}

fn hear(plugin: &mut LaneDetector, rows: usize, scores: &Scores) -> Vec<Said> {
    let mut said = vec![Said::default(); rows];
    for (row, score) in scores.rows.iter().enumerate() {
        said[row].score = Some((score.to_bits(), scores.channels.get(row).copied()));
        said[row].quiet = scores.quiet.contains(row);
    }
    for mark in &scores.marks {
        let why = explain(plugin, mark.code, mark.token);
        let words = format!("mark of {} on channel {}, {why}", mark.score, mark.channel);
        said[mark.row as usize].more.push(words);
    }
    for reason in &scores.reasons {
        if let Some(row) = reason.row {
            said[row as usize].more.push(tell_reason(plugin, reason));
        }
    }
    said
}

fn tell_reason(plugin: &mut LaneDetector, reason: &Reason) -> String {
    format!("because {}", explain(plugin, reason.code, reason.token))
}

fn explain(plugin: &mut LaneDetector, code: u32, token: u32) -> String {
    let name = plugin.descriptor().reasons.get(code as usize).cloned().unwrap_or_default();
    let Some(Explanation { summary, evidence }) = plugin.explain(token) else {
        return format!("{name}, unexplained");
    };
    let facts: Vec<String> =
        evidence.iter().map(|(name, value)| format!("{name} {value}")).collect();
    format!("{name}: {summary} ({})", facts.join(", "))
}

fn hear_verdicts(plugin: &LaneFilter, cut: &Cut, verdicts: &Verdicts, answers: &mut Answers) {
    for (place, row) in cut.rows.iter().enumerate() {
        let mut said = Said::default();
        if verdicts.drop.contains(place) {
            said.more.push("drop".into());
        }
        for (tag, _) in verdicts.tags.iter().filter(|(_, rows)| rows.contains(place)) {
            said.more.push(format!("tag {}", plugin.descriptor().tags[*tag as usize]));
        }
        answers.rows.insert(*row, said);
    }
}

#[cfg(test)]
impl Said {
    /// Whether it is more than that all is as usual.
    pub(crate) fn is_something(&self) -> bool {
        let is_odd = |bits: u32| f32::from_bits(bits).abs() > 0.0;
        !self.more.is_empty() || self.score.is_some_and(|(bits, _)| is_odd(bits))
    }

    /// Something that was said, for tests of those who compare.
    pub(crate) fn marked(words: &str) -> Self {
        Said { more: vec![words.into()], ..Said::default() }
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        if let Some((bits, channel)) = self.score {
            let channel = channel.map(|channel| format!(" on channel {channel}"));
            parts.push(format!("score {}{}", f32::from_bits(bits), channel.unwrap_or_default()));
        }
        if self.quiet {
            parts.push("quiet".into());
        }
        parts.extend(self.more.iter().cloned());
        if parts.is_empty() {
            parts.push("nothing".into());
        }
        formatter.write_str(&parts.join(", "))
    }
}

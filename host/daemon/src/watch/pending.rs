//! What is to be committed next, in the words of the store.
//!
//! When a commit fails it is kept and grows with what comes later, until it succeeds: state, positions, anomalies and
//! alerts stay of one moment. Only counts are given up, the oldest first, when they become too many.

use crate::pipeline::{Checkpoint, SourceCheckpoint};
use bellwether_core::correlate::{Alarm, Event, EventKind};
use bellwether_core::lane::{DeadLetter, LaneCounters, PaneCounts};
use bellwether_store::{
    AnomalyRow, AnomalyState, DEAD_LETTERS_MAX, FindingRow, NewAlert, NewDeadLetter, PaneRow,
    PluginStateRow, Severity, SourceRow, TemplateRow,
};
use std::collections::BTreeMap;

/// Counts that wait while nothing can be committed.
const PANES_MAX: usize = 200_000;
/// What comes before the names of tags among the counters.
const TAG: &str = "tag:";

/// What has happened since the last commit.
#[derive(Default)]
pub(super) struct Pending {
    panes: Vec<PaneRow>,
    anomalies: Vec<AnomalyRow>,
    alerts: Vec<NewAlert>,
    dead_letters: Vec<NewDeadLetter>,
    sources: BTreeMap<String, SourceRow>,
    templates: Vec<TemplateRow>,
    forgotten: Vec<String>,
    /// Rows of counts that were given up.
    pub(super) panes_given_up: u64,
}

impl Pending {
    /// Whether there is something that people wait for.
    pub(super) fn is_news(&self) -> bool {
        !self.anomalies.is_empty()
    }

    pub(super) fn add_panes(&mut self, panes: Vec<PaneCounts>, key: impl Fn(u32) -> String) {
        self.panes.extend(panes.into_iter().map(|pane| PaneRow {
            source: key(pane.source),
            start_ms: pane.start_ms,
            lines: pane.lines,
            counts: pane.counts,
        }));
        self.give_up_panes();
    }

    pub(super) fn add_event(&mut self, event: &Event, alert: Option<NewAlert>) {
        self.anomalies.push(anomaly(event));
        self.alerts.extend(alert);
    }

    /// Of more than are ever kept the newest wait.
    pub(super) fn add_dead(&mut self, letters: Vec<DeadLetter>, key: impl Fn(u32) -> String) {
        self.dead_letters.extend(letters.into_iter().map(|letter| NewDeadLetter {
            source: key(letter.source),
            plugin: letter.plugin,
            during: letter.during.as_str().into(),
            position: letter.position,
            at_ms: letter.time_ms,
            text: String::from_utf8_lossy(&letter.text).into_owned(),
            cause: letter.cause,
        }));
        self.drop_dead();
    }

    /// Everything up to a checkpoint, as one transaction.
    pub(super) fn checkpoint(
        &mut self,
        tenant: &str,
        checkpoint: Checkpoint,
        digest: impl Fn(&str) -> String,
    ) -> bellwether_store::Checkpoint {
        let Checkpoint { watermark_ms, intake, counters, sources, forgotten } = checkpoint;
        for source in sources {
            let (row, templates) = source_rows(source, &digest);
            self.sources.insert(row.source.clone(), row);
            self.templates.extend(templates);
        }
        for (_, source) in forgotten.sources {
            // One that waits to be committed has to be known, since there may be counts of it.
            if let Some(row) = self.sources.get_mut(&source) {
                row.state.clear();
                row.plugins.clear();
            }
            self.forgotten.push(source);
        }
        bellwether_store::Checkpoint {
            tenant: tenant.into(),
            watermark_ms,
            intake,
            inputs: Vec::new(),
            sources: std::mem::take(&mut self.sources).into_values().collect(),
            templates: std::mem::take(&mut self.templates),
            forgotten: std::mem::take(&mut self.forgotten),
            panes: std::mem::take(&mut self.panes),
            anomalies: std::mem::take(&mut self.anomalies),
            alerts: std::mem::take(&mut self.alerts),
            dead_letters: std::mem::take(&mut self.dead_letters),
            counters: counters_to_rows(&counters),
        }
    }

    /// It could not be committed: it comes before what has happened since.
    pub(super) fn put_back(&mut self, failed: bellwether_store::Checkpoint) {
        let later = std::mem::take(self);
        self.panes_given_up = later.panes_given_up;
        self.panes = failed.panes;
        self.panes.extend(later.panes);
        self.forgotten = failed.forgotten;
        self.forgotten.extend(later.forgotten);
        self.anomalies = failed.anomalies;
        self.anomalies.extend(later.anomalies);
        self.alerts = failed.alerts;
        self.alerts.extend(later.alerts);
        self.dead_letters = failed.dead_letters;
        self.dead_letters.extend(later.dead_letters);
        self.drop_dead();
        let sources = failed.sources.into_iter().map(|row| (row.source.clone(), row));
        self.sources = sources.chain(later.sources).collect();
        let mut templates: BTreeMap<(String, u32), TemplateRow> = BTreeMap::new();
        for mut row in failed.templates.into_iter().chain(later.templates) {
            let key = (row.source.clone(), row.template);
            if let Some(before) = templates.remove(&key) {
                row.keep_examples(before.examples);
            }
            templates.insert(key, row);
        }
        self.templates = templates.into_values().collect();
        self.give_up_panes();
    }

    fn drop_dead(&mut self) {
        let beyond = self.dead_letters.len().saturating_sub(DEAD_LETTERS_MAX as usize);
        self.dead_letters.drain(..beyond);
    }

    /// Gives the oldest counts up where too many wait.
    fn give_up_panes(&mut self) {
        let beyond = self.panes.len().saturating_sub(PANES_MAX);
        self.panes_given_up += beyond as u64;
        self.panes.drain(..beyond);
    }
}

fn source_rows(
    source: SourceCheckpoint,
    digest: &impl Fn(&str) -> String,
) -> (SourceRow, Vec<TemplateRow>) {
    let SourceCheckpoint { form, info, state, plugins, templates } = source;
    let plugins = plugins.into_iter().map(|(plugin, state)| PluginStateRow {
        digest: digest(&plugin),
        plugin,
        version: state.version,
        bytes: state.bytes,
    });
    let templates = templates.into_iter().map(|met| TemplateRow {
        source: form.key.clone(),
        template: met.template,
        message: format!("{:08x}", met.message),
        text: met.text,
        lines: met.lines,
        first_ms: met.first_ms,
        last_ms: met.last_ms,
        severity: met.severity,
        examples: met.examples,
    });
    let row = SourceRow {
        source: form.key.clone(),
        number: info.source,
        form: form.form.form.name().into(),
        lines: info.lines,
        first_ms: info.first_ms,
        last_ms: info.last_ms,
        templates: info.templates_alive as u32,
        state: state.to_bytes(),
        plugins: plugins.collect(),
    };
    (row, templates.collect())
}

/// An anomaly as it is kept.
pub(crate) fn anomaly(event: &Event) -> AnomalyRow {
    let resolved = event.event == EventKind::Resolved;
    let findings = event.findings.iter().map(|finding| FindingRow {
        end_ms: event.at_ms,
        detector: finding.detector.clone(),
        bits: finding.bits,
        reason: finding.reason.clone(),
        template: finding
            .subject
            .as_ref()
            .map(|subject| subject.template.clone())
            .unwrap_or_default(),
        position: finding.position,
        summary: finding.explanation.as_ref().map(|explanation| explanation.summary.clone()),
    });
    AnomalyRow {
        id: event.id.clone(),
        source: event.source.clone(),
        state: if resolved { AnomalyState::Resolved } else { AnomalyState::Open },
        severity: match event.severity {
            Alarm::Notice => Severity::Notice,
            Alarm::Warning => Severity::Warning,
            Alarm::Critical => Severity::Critical,
        },
        opened_ms: event.opened_ms,
        updated_ms: event.at_ms,
        resolved_ms: resolved.then_some(event.at_ms),
        bits: event.bits,
        template: event.template.clone(),
        template_id: event.template_id.clone(),
        sentence: event.sentence.clone(),
        detectors: event.detectors.clone(),
        pattern: event.pattern.clone(),
        before_per_minute: event.before_per_minute,
        now_per_minute: event.now_per_minute,
        evidence: event.evidence.clone(),
        examples: event.examples.clone(),
        findings: findings.collect(),
    }
}

fn counters_to_rows(counters: &LaneCounters) -> Vec<(String, u64)> {
    let LaneCounters { examples_given_up, templates_given_up, tags, .. } = counters;
    let named = [
        ("kept", &counters.kept),
        ("dropped", &counters.dropped),
        ("dead", &counters.dead),
        ("unfiltered", &counters.unfiltered),
        ("poisoned", &counters.poisoned),
        ("examples_given_up", examples_given_up),
        ("templates_given_up", templates_given_up),
    ];
    let named = named.into_iter().map(|(name, count)| (name.to_string(), *count));
    named.chain(tags.iter().map(|(tag, count)| (format!("{TAG}{tag}"), *count))).collect()
}

/// The counters of earlier runs.
pub(super) fn counters_from_rows(rows: &[(String, u64)]) -> LaneCounters {
    let of =
        |name: &str| rows.iter().find(|(known, _)| known == name).map_or(0, |(_, count)| *count);
    let tags =
        rows.iter().filter_map(|(name, count)| Some((name.strip_prefix(TAG)?.into(), *count)));
    LaneCounters {
        kept: of("kept"),
        dropped: of("dropped"),
        dead: of("dead"),
        unfiltered: of("unfiltered"),
        poisoned: of("poisoned"),
        examples_given_up: of("examples_given_up"),
        templates_given_up: of("templates_given_up"),
        tags: tags.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellwether_core::plugin::PluginCall;

    #[test]
    fn counters_come_back_as_they_were() {
        let counters = LaneCounters {
            kept: 1,
            dropped: 2,
            dead: 3,
            unfiltered: 4,
            poisoned: 8,
            examples_given_up: 6,
            templates_given_up: 7,
            tags: [("noise".to_string(), 5)].into(),
        };
        assert_eq!(counters_from_rows(&counters_to_rows(&counters)), counters);
    }

    #[test]
    fn dead_letters_that_wait_are_bounded_and_come_in_their_order() {
        let mut pending = Pending::default();
        let letter = |time_ms| DeadLetter {
            source: 3,
            plugin: "novelty".into(),
            during: PluginCall::Observe,
            position: Some(7),
            time_ms,
            text: b"odd \xff".to_vec(),
            cause: "it trapped".into(),
        };
        let most = i64::from(DEAD_LETTERS_MAX);
        pending.add_dead((0..most).map(letter).collect(), |source| format!("file:{source}"));
        let failed = bellwether_store::Checkpoint {
            dead_letters: std::mem::take(&mut pending.dead_letters),
            ..bellwether_store::Checkpoint::default()
        };
        pending.add_dead(vec![letter(most)], |source| format!("file:{source}"));
        pending.put_back(failed);
        let waiting = &pending.dead_letters;
        assert_eq!(waiting.len() as i64, most);
        assert_eq!((waiting[0].at_ms, waiting[most as usize - 1].at_ms), (1, most));
        assert_eq!(
            (waiting[0].source.as_str(), waiting[0].text.as_str()),
            ("file:3", "odd \u{fffd}")
        );
    }

    #[test]
    fn counts_that_wait_are_bounded() {
        let mut pending = Pending::default();
        let pane = PaneCounts { source: 0, start_ms: 0, lines: 1, counts: vec![] };
        pending.add_panes(vec![pane; PANES_MAX + 7], |_| "file:a".into());
        assert_eq!((pending.panes.len(), pending.panes_given_up), (PANES_MAX, 7));
    }
}

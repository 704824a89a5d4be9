//! Tests of the store as a whole, on real files.

mod checkpoint;
mod counts;
mod dead;
mod export;
mod lists;
mod opening;
mod outbox;
mod people;
mod plugins;
mod retention;
mod schema;

use std::path::PathBuf;

use tempfile::TempDir;

use crate::{
    AlertKind, AnomalyRow, AnomalyState, Checkpoint, Due, DueQuery, FindingRow, InputRow, NewAlert,
    PaneRow, PluginStateRow, Reader, Severity, SourceRow, StoreOptions, TemplateRow, Writer,
};

pub(crate) const HOUR_MS: u64 = 3_600_000;
pub(crate) const DAY_MS: u64 = 24 * HOUR_MS;

/// A Saturday at noon, a whole hour.
pub(crate) const NOON_MS: u64 = 1_795_262_400_000;

/// A folder with a database in it.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("state.db")
    }

    pub(crate) fn writer(&self) -> Writer {
        self.writer_with(StoreOptions::default())
    }

    pub(crate) fn writer_with(&self, options: StoreOptions) -> Writer {
        Writer::open(&self.path(), options).unwrap()
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(&self.path()).unwrap()
    }

    /// What a killed process would leave behind: the files as they are, with a log ahead that nobody has copied.
    pub(crate) fn killed(&self) -> Place {
        let other = Place::new();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), other.folder.path().join(entry.file_name())).unwrap();
        }
        other
    }
}

pub(crate) fn checkpoint(watermark_ms: u64) -> Checkpoint {
    Checkpoint {
        tenant: "default".into(),
        watermark_ms,
        intake: b"intake".into(),
        inputs: vec![InputRow { name: "logs".into(), position: 17, state: b"at 17".into() }],
        ..Checkpoint::default()
    }
}

pub(crate) fn source(number: u32, last_ms: u64) -> SourceRow {
    SourceRow {
        source: source_key(number),
        number,
        form: "syslog".into(),
        lines: 100,
        first_ms: NOON_MS as i64,
        last_ms: last_ms as i64,
        templates: 3,
        state: vec![number as u8; 1_000],
        plugins: vec![PluginStateRow {
            plugin: "rate".into(),
            digest: "abcd".into(),
            version: 2,
            bytes: b"state of rate".into(),
        }],
    }
}

pub(crate) fn source_key(number: u32) -> String {
    format!("file:source-{number}")
}

pub(crate) fn template(source: u32, template: u32, last_ms: u64) -> TemplateRow {
    TemplateRow {
        source: source_key(source),
        template,
        message: format!("{template:08x}"),
        text: format!("user <*> did thing {template}"),
        lines: 12,
        first_ms: NOON_MS as i64,
        last_ms: last_ms as i64,
        severity: 9,
        examples: vec!["user 1 did thing".into()],
    }
}

pub(crate) fn pane(source: u32, start_ms: u64, counts: &[(u32, u32)]) -> PaneRow {
    let lines = counts.iter().map(|(_, count)| u64::from(*count)).sum();
    PaneRow { source: source_key(source), start_ms, lines, counts: counts.into() }
}

pub(crate) fn anomaly(id: &str, opened_ms: u64) -> AnomalyRow {
    AnomalyRow {
        id: id.into(),
        source: source_key(1),
        state: AnomalyState::Open,
        severity: Severity::Warning,
        opened_ms,
        updated_ms: opened_ms,
        resolved_ms: None,
        bits: 21.3,
        template: "user <*> did thing 7".into(),
        template_id: "00000007".into(),
        sentence: "source-1 says `user <*> did thing 7` 5 times more often".into(),
        detectors: vec!["novelty".into(), "rate".into()],
        pattern: Some("oops".into()),
        before_per_minute: 0.1,
        now_per_minute: 17.25,
        evidence: vec![("expected".into(), "12.5".into())],
        examples: vec!["user 1 did thing 7".into()],
        findings: vec![finding(opened_ms)],
    }
}

pub(crate) fn finding(end_ms: u64) -> FindingRow {
    FindingRow {
        end_ms,
        detector: "rate".into(),
        bits: 21.3,
        reason: "more".into(),
        template: "user <*> did thing 7".into(),
        position: Some(4_711),
        summary: Some("5 times more often".into()),
    }
}

pub(crate) fn alert(anomaly: &AnomalyRow, kind: AlertKind, sinks: &[&str]) -> NewAlert {
    NewAlert {
        key: format!("{}-{kind:?}-{}", anomaly.id, anomaly.updated_ms),
        anomaly: anomaly.id.clone(),
        source: anomaly.source.clone(),
        cause: anomaly.template_id.clone(),
        kind,
        severity: anomaly.severity,
        at_ms: anomaly.updated_ms,
        body: format!("{{\"id\":\"{}\"}}", anomaly.id),
        sinks: sinks.iter().map(|sink| (*sink).into()).collect(),
    }
}

/// Numbers that look like chance, the same in every run.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next(256) as u8).collect()
    }
}

/// What is due to a sink, which rests for `cooldown_ms` after it was told of a cause.
fn due_to(writer: &mut Writer, sink: &str, now_ms: u64, cooldown_ms: u64) -> Due {
    let query = DueQuery { sink: sink.into(), now_ms, cooldown_ms, limit: 100 };
    writer.due_alerts(&query).unwrap()
}

/// The numbers of what is due to a sink.
fn numbers(writer: &mut Writer, sink: &str, now_ms: u64) -> Vec<u64> {
    due_to(writer, sink, now_ms, 0).alerts.iter().map(|one| one.row.number).collect()
}

//! Alerts on their whole way: events, a real store, real sockets and files. The clock alone is the test's.

mod delivery;
mod receiver;
mod router;
mod routing;

use std::cell::Cell;
use std::fmt::Write;

use bellwether_core::correlate::{Alarm, Event, EventKind};
use bellwether_store::{
    AlertQuery, AlertRow, AlertState, Checkpoint, Reader, StoreOptions, Writer,
};
use tempfile::TempDir;

use super::courier::Courier;
use super::new_alerts;
use crate::config::{AlertConfig, Config};
use crate::watch::Keeper;

const START_MS: u64 = 1_700_000_000_000;

thread_local! {
    static NOW_MS: Cell<u64> = const { Cell::new(START_MS) };
}

/// The wall clock of this test.
fn clock() -> u64 {
    NOW_MS.get()
}

fn pass(ms: u64) {
    NOW_MS.set(clock() + ms);
}

/// A configuration with these lines under `alerts`.
fn config(lines: &[&str]) -> AlertConfig {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.yaml");
    let mut yaml = "builtin_patterns: false\nalerts:\n".to_owned();
    lines.iter().for_each(|line| writeln!(yaml, "  {line}").unwrap());
    std::fs::write(&path, yaml).unwrap();
    Config::load(&path).unwrap().alerts
}

/// One webhook, with further settings.
fn webhook(url: &str, settings: &str) -> String {
    format!("sinks: [{{type: webhook, name: hook, url: \"{url}\"{settings}}}]")
}

/// An event of the anomaly, a second after the one of the kind before.
fn event(id: &str, kind: EventKind) -> Event {
    let at_ms = match kind {
        EventKind::Opened => 1_000,
        EventKind::Updated | EventKind::Continued => 2_000,
        EventKind::Resolved => 3_000,
    };
    Event {
        event: kind,
        id: id.into(),
        tenant: "default".into(),
        source: "file:web-1".into(),
        at: "2026-01-01T00:00:01Z".into(),
        opened: "2026-01-01T00:00:00Z".into(),
        severity: Alarm::Warning,
        bits: 21.5,
        detectors: vec!["novelty".into(), "rate".into()],
        template: "user <*> failed".into(),
        // Each anomaly has a cause of its own, but those of equal first letter share one.
        template_id: format!("{:08x}", id.as_bytes()[0]),
        before_per_minute: 0.5,
        now_per_minute: 12.0,
        examples: vec!["user 7 failed".into()],
        sentence: "web-1 says `user <*> failed` 24 times more often".into(),
        pattern: None,
        evidence: vec![("expected".into(), "0.5".into())],
        at_ms,
        opened_ms: 0,
        findings: Vec::new(),
    }
}

/// A store with its thread.
struct Desk {
    folder: TempDir,
    keeper: Keeper,
    config: AlertConfig,
}

impl Desk {
    fn new(config: AlertConfig) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let writer =
            Writer::open(&folder.path().join("state.db"), StoreOptions::default()).unwrap();
        let (keeper, _) = Keeper::start(writer).unwrap();
        Desk { folder, keeper, config }
    }

    /// A store for one webhook that rests for no time, with further lines under `alerts`.
    fn for_webhook(url: &str, settings: &str, lines: &[&str]) -> Desk {
        let sink = webhook(url, settings);
        let mut all = vec!["cooldown_s: 0", sink.as_str()];
        all.extend(lines);
        Desk::new(config(&all))
    }

    fn courier(&self) -> Courier {
        let sink = &self.config.sinks[0];
        Courier::new(sink, &self.config, self.keeper.clone(), clock).unwrap()
    }

    /// Commits events with the alerts they deserve.
    async fn commit(&self, events: &[Event]) {
        let alerts =
            events.iter().filter_map(|event| new_alerts(&self.config, &[], event)).collect();
        let checkpoint = Checkpoint { tenant: "default".into(), alerts, ..Checkpoint::default() };
        self.keeper.ask(move |writer| writer.commit(&checkpoint)).await.unwrap();
    }

    /// All alerts, oldest first.
    fn alerts(&self) -> Vec<AlertRow> {
        let reader = Reader::open(&self.folder.path().join("state.db")).unwrap();
        let query = AlertQuery { tenant: "default".into(), limit: 100, ..AlertQuery::default() };
        let mut alerts = reader.alerts(&query).unwrap().rows;
        alerts.reverse();
        alerts
    }

    /// How far they have come, with attempts that failed.
    fn states(&self) -> Vec<(AlertState, u32)> {
        self.alerts().iter().map(|alert| (alert.state, alert.attempts)).collect()
    }
}

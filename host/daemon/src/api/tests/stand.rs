//! A store with something in it, and an API in front of it.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use bellwether_plugins::{Health, Limits};
use bellwether_store::{
    AlertKind, AnomalyRow, AnomalyState, Checkpoint, FindingRow, NewAlert, NewDeadLetter, PaneRow,
    Severity, SourceRow, StoreOptions, TemplateRow, Writer,
};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::api::{ApiState, router};
use crate::config::Config;
use crate::platform::{Base, Fits, Platform};
use crate::registry::Registry;
use crate::watch::{InputStatus, Keeper, KeeperThread, SourceStatus, Status, TenantStatus};

/// A Saturday at noon.
pub(super) const NOON_MS: u64 = 1_795_262_400_000;

const DATABASE: &str = "state.db";

pub(super) const MINUTE_MS: u64 = 60_000;

/// A store, its thread, and the routes.
pub(super) struct Stand {
    pub(super) status: Status,
    pub(super) keeper: Keeper,
    router: Router,
    folder: TempDir,
    _thread: KeeperThread,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Stand {
    pub(super) fn new() -> Self {
        Stand::with(None, true, &checkpoints())
    }

    pub(super) fn with(token: Option<&str>, is_local: bool, checkpoints: &[Checkpoint]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The largest component that ships has 300 KB.
        let limits = Limits { component_bytes_max: 400_000, ..Limits::default() };
        let registry = Registry::on_trial(&folder.path().join("plugins"), &limits).unwrap();
        Stand::before(token, is_local, checkpoints, folder, registry)
    }

    /// A stand with a registry of one's own.
    pub(super) fn with_registry(change: impl FnOnce(&mut Registry)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("plugins");
        let mut registry = Registry::on_trial(&place, &Limits::default()).unwrap();
        change(&mut registry);
        Stand::before(None, true, &checkpoints(), folder, registry)
    }

    fn before(
        token: Option<&str>,
        is_local: bool,
        checkpoints: &[Checkpoint],
        folder: TempDir,
        registry: Registry,
    ) -> Self {
        let database = folder.path().join(DATABASE);
        let mut writer = Writer::open(&database, StoreOptions::default()).unwrap();
        for one in checkpoints {
            writer.commit(one).unwrap();
        }
        let (keeper, thread) = Keeper::start(writer).unwrap();
        let status = Status::default();
        if !checkpoints.is_empty() {
            status.update("default", |tenant| *tenant = at_work());
        }
        let base = Arc::new(Base::new(&Arc::new(Config::default())).unwrap());
        let platform = Platform::new(keeper.clone(), status.clone(), base, Fits::new());
        let state = ApiState {
            keeper: keeper.clone(),
            platform,
            status: status.clone(),
            database,
            token: token.map(str::to_owned),
            metrics_sources_max: 1,
            started_ms: NOON_MS,
            window_ms: MINUTE_MS,
            registry: Arc::new(registry),
        };
        Stand { status, keeper, router: router(state, is_local), folder, _thread: thread }
    }

    /// The file of the store.
    pub(super) fn database(&self) -> PathBuf {
        self.folder.path().join(DATABASE)
    }

    /// Takes the file away, as a person might.
    pub(super) fn lose_store(&self) {
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub(super) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], body.to_owned()).await
    }

    /// Sends a request to `localhost`, unless the headers name another host.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "localhost:8085");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 16 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text, bytes: bytes.into() }
    }

    /// Asks, and demands this status and, of an error, all that belongs to one.
    pub(super) async fn expect(&self, path: &str, status: u16) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
        if status >= 400 {
            check_problem(&answer, path);
        }
        answer.json()
    }

    /// The same for a body that is sent.
    pub(super) async fn expect_post(&self, path: &str, body: &str, status: u16) -> Value {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {body}: {}", answer.text);
        if status >= 400 {
            check_problem(&answer, path);
        }
        answer.json()
    }
}

/// Demands what RFC 9457 and a person who reads it want.
pub(super) fn check_problem(answer: &Answer, path: &str) {
    let problem = answer.json();
    assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    assert_eq!(problem["type"], "about:blank", "{path}");
    assert_eq!(problem["status"], answer.status.as_u16(), "{path}");
    assert_eq!(problem["title"], answer.status.canonical_reason().unwrap(), "{path}");
    assert_eq!(problem["instance"], path.split('?').next().unwrap());
    assert!(!problem["detail"].as_str().unwrap().is_empty(), "{path}");
}

/// Two sources, three templates, an hour of counts, some anomalies and alerts.
pub(super) fn checkpoints() -> Vec<Checkpoint> {
    let pane = |minute: u64| PaneRow {
        source: "file:nginx".into(),
        start_ms: NOON_MS + minute * MINUTE_MS,
        lines: 10 + minute,
        counts: vec![(1, 3), (2, minute as u32)],
    };
    let mut alerts: Vec<NewAlert> = Vec::new();
    let anomalies: Vec<AnomalyRow> = (0..5).map(anomaly).collect();
    for row in &anomalies {
        alerts.push(NewAlert {
            key: format!("{}-opened", row.id),
            anomaly: row.id.clone(),
            source: row.source.clone(),
            cause: row.template_id.clone(),
            kind: AlertKind::Opened,
            severity: row.severity,
            at_ms: row.opened_ms,
            body: "{}".into(),
            sinks: vec!["chat".into(), "mail".into()],
        });
    }
    vec![Checkpoint {
        tenant: "default".into(),
        watermark_ms: NOON_MS + 60 * MINUTE_MS,
        sources: vec![source("file:nginx", 1), source("file:old", 2)],
        templates: (1..=3).map(template).collect(),
        panes: (0..60).map(pane).collect(),
        anomalies,
        alerts,
        dead_letters: (1..=3).map(dead_letter).collect(),
        ..Checkpoint::default()
    }]
}

fn dead_letter(number: u64) -> NewDeadLetter {
    NewDeadLetter {
        source: "file:nginx".into(),
        plugin: "novelty".into(),
        during: "observe".into(),
        position: Some(100 * number),
        at_ms: NOON_MS as i64,
        text: "a marked line".into(),
        cause: "the plugin trapped".into(),
    }
}

fn source(key: &str, number: u32) -> SourceRow {
    SourceRow {
        source: key.into(),
        number,
        form: "iso".into(),
        lines: 2_000,
        first_ms: NOON_MS as i64,
        last_ms: (NOON_MS + 60 * MINUTE_MS) as i64,
        templates: 3,
        ..SourceRow::default()
    }
}

fn template(id: u32) -> TemplateRow {
    TemplateRow {
        source: "file:nginx".into(),
        template: id,
        message: format!("{id:08x}"),
        text: format!("upstream <*> timed out {id}"),
        lines: 100,
        first_ms: NOON_MS as i64,
        last_ms: NOON_MS as i64,
        severity: 17,
        examples: vec!["upstream a timed out".into()],
    }
}

/// Anomalies `a0` to `a4`, a minute apart from noon and half an hour on, the last one of the source as a whole.
fn anomaly(number: u32) -> AnomalyRow {
    let opened_ms = NOON_MS + (30 + u64::from(number)) * MINUTE_MS;
    let is_whole = number == 4;
    AnomalyRow {
        id: format!("a{number}"),
        source: if number == 3 { "file:old" } else { "file:nginx" }.into(),
        state: if number == 0 { AnomalyState::Resolved } else { AnomalyState::Open },
        severity: [Severity::Notice, Severity::Warning, Severity::Critical][number as usize % 3],
        opened_ms,
        updated_ms: opened_ms,
        resolved_ms: (number == 0).then_some(opened_ms + MINUTE_MS),
        bits: 21.5,
        template: if is_whole { String::new() } else { "upstream <*> timed out 2".into() },
        template_id: if is_whole { String::new() } else { "00000002".into() },
        sentence: format!("nginx: `upstream <*> timed out` rose at 12:3{number}"),
        detectors: vec!["rate".into()],
        pattern: None,
        before_per_minute: 1.0,
        now_per_minute: 30.0,
        evidence: vec![("expected".into(), "1.5".into())],
        examples: vec!["upstream a timed out".into()],
        findings: vec![FindingRow {
            end_ms: opened_ms,
            detector: "rate".into(),
            bits: 21.5,
            reason: "more".into(),
            template: "upstream <*> timed out 2".into(),
            position: Some(17),
            summary: Some("30 instead of 1".into()),
        }],
    }
}

/// A tenant that has just begun to learn.
fn at_work() -> TenantStatus {
    let source = |key: &str, lines, windows| {
        let status = SourceStatus {
            source: key.into(),
            form: "iso".into(),
            form_votes: (200, 200),
            records: lines,
            lines,
            lines_per_s: 2.5,
            first_ms: NOON_MS as i64,
            last_ms: NOON_MS as i64,
            templates: 3,
            templates_evicted: 0,
            windows,
            warm_up_windows: 60,
        };
        (key.to_owned(), status)
    };
    let mut tenant = TenantStatus {
        watermark_ms: NOON_MS,
        inputs: vec![InputStatus {
            path: "/var/log/nginx.log".into(),
            source: "file:nginx".into(),
            position: 5_000,
            lag_bytes: 70,
            caught_up: false,
            idle: false,
        }],
        sources: [source("file:nginx", 2_000, 22), source("file:new", 7, 0)].into(),
        plugins: [("rate".to_owned(), Health { calls: 9, rows: 90, ..Health::default() })].into(),
        open_anomalies: 4,
        files: [("rotations".to_owned(), 2)].into(),
        ..TenantStatus::default()
    };
    tenant.intake.records = 110;
    tenant.intake.late = 4;
    tenant.lanes.kept = 100;
    tenant.lanes.dropped = 5;
    tenant.commit.commits = 3;
    tenant.plugins.get_mut("rate").unwrap().faults.insert("trap", 1);
    tenant
}

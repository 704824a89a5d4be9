//! Serves the API over a store that was filled by hand, for tests that need a server and no logs.
//!
//! It prints its address, and ends with its standard input. The argument `empty` leaves out all anomalies; any other one
//! is taken as the token that requests must carry.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bellwether::api::{ApiState, serve};
use bellwether::config::Config;
use bellwether::platform::{Base, Fits, Platform};
use bellwether::registry::{Registry, digest_of};
use bellwether::watch::{InputStatus, Keeper, SourceStatus, Status};
use bellwether_store::{
    AlertKind, AnomalyRow, AnomalyState, AuditOutcome, AuditRow, Checkpoint, FindingRow, NewAlert,
    PaneRow, PluginVersion, Severity, SourceRow, StoreError, StoreOptions, TemplateRow, Writer,
};

const MINUTE_MS: u64 = 60_000;

/// Minutes of counts.
const MINUTES: u64 = 240;

/// What somebody might write into a log to harm those who look at it.
const HOSTILE: &str =
    "<script>hacked=1</script> <img src=x onerror=\"hacked=1\"> '\"&amp; \u{202e}drowssap";

/// Source, form, lines per second, verdict: templates, and windows of 60 that were seen.
const SOURCES: [(&str, &str, f64, usize, u64); 5] = [
    ("file:gateway", "access", 41.5, 38, 400),
    ("file:orders", "iso", 12.25, 51, 400),
    ("file:payments", "json", 3.5, 44, 22),
    ("file:search", "json", 0.75, 3900, 90),
    ("file:<img src=x onerror=hacked=1>", "plain", 0.01, 2, 0),
];

struct Case {
    id: &'static str,
    source: usize,
    opened_minutes_ago: u64,
    lasted_minutes: u64,
    is_open: bool,
    severity: Severity,
    template: &'static str,
    before: f32,
    now: f32,
    what: &'static str,
    example: &'static str,
}

const CASES: [Case; 6] = [
    Case {
        id: "4f2a9c0d11e85b73",
        source: 1,
        opened_minutes_ago: 12,
        lasted_minutes: 11,
        is_open: true,
        severity: Severity::Critical,
        template: "upstream payments timed out after <*> ms, order <*>",
        before: 0.4,
        now: 96.0,
        what: "rose from 0.4/min to 96/min",
        example: "upstream payments timed out after 3000 ms, order 88121",
    },
    Case {
        id: "a1b2c3d4e5f60718",
        source: 2,
        opened_minutes_ago: 11,
        lasted_minutes: 10,
        is_open: true,
        severity: Severity::Warning,
        template: "charge <*> settled in <*> ms",
        before: 58.0,
        now: 0.0,
        what: "stopped, after 58/min before",
        example: "charge ch_88120 settled in 214 ms",
    },
    Case {
        id: "0badcafe0badcafe",
        source: 0,
        opened_minutes_ago: 63,
        lasted_minutes: 9,
        is_open: false,
        severity: Severity::Notice,
        template: "<*> GET /api/search <*> 429",
        before: 2.0,
        now: 31.0,
        what: "rose from 2.0/min to 31/min",
        example: "10.4.7.19 GET /api/search?q=lamp 429",
    },
    Case {
        id: "77aa00ff77aa00ff",
        source: 1,
        opened_minutes_ago: 95,
        lasted_minutes: 4,
        is_open: false,
        severity: Severity::Notice,
        template: "stock of <*> is negative: <*>",
        before: 0.0,
        now: 1.0,
        what: "is a message never seen before",
        example: "stock of lamp-7 is negative: -1",
    },
    Case {
        id: "5c1f5c1f5c1f5c1f",
        source: 2,
        opened_minutes_ago: 130,
        lasted_minutes: 6,
        is_open: false,
        severity: Severity::Warning,
        template: "card declined by issuer <*>: <*>",
        before: 4.0,
        now: 44.0,
        what: "rose from 4.0/min to 44/min",
        example: "card declined by issuer 4401: do not honour",
    },
    Case {
        id: "<b>&\"'#?/%",
        source: 4,
        opened_minutes_ago: 170,
        lasted_minutes: 5,
        is_open: true,
        severity: Severity::Critical,
        template: HOSTILE,
        before: 0.0,
        now: 1.0,
        what: "is a message never seen before",
        example: HOSTILE,
    },
];

fn main() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let now_ms =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64);
    let end_ms = now_ms - now_ms % MINUTE_MS;
    let database = folder.path().join("stand.db");
    let argument = std::env::args().nth(1);
    let is_empty = argument.as_deref() == Some("empty");
    let cases = if is_empty { &[] } else { CASES.as_slice() };
    let mut writer = fill(&database, end_ms, cases).map_err(std::io::Error::other)?;
    let mut config = Config::default();
    config.plugins.registry.dir = Some(folder.path().join("plugins"));
    config.plugins.cache_dir = Some(folder.path().join("cache"));
    let registry = Registry::open(&config).map_err(std::io::Error::other)?;
    push(&mut writer, &registry, now_ms)?;
    let (keeper, _thread) = Keeper::start(writer)?;
    let status = status(end_ms);
    let base = Arc::new(Base::new(&Arc::new(config)).map_err(std::io::Error::other)?);
    let platform = Platform::new(keeper.clone(), status.clone(), base, Fits::new());
    let state = ApiState {
        keeper,
        platform,
        status,
        database,
        token: argument.filter(|_| !is_empty),
        metrics_sources_max: 3,
        started_ms: now_ms,
        window_ms: MINUTE_MS,
        registry: Arc::new(registry),
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        writeln!(std::io::stdout(), "http://{}", listener.local_addr()?)?;
        let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        serve(listener, state, async { drop(ended.await) }).await
    })
}

fn fill(database: &Path, end_ms: u64, cases: &[Case]) -> Result<Writer, StoreError> {
    let mut writer = Writer::open(database, StoreOptions::default())?;
    let mut checkpoint = Checkpoint {
        tenant: "default".into(),
        watermark_ms: end_ms,
        counters: vec![("kept".into(), 1)],
        ..Checkpoint::default()
    };
    for (number, (source, form, ..)) in (1..).zip(SOURCES) {
        checkpoint.sources.push(SourceRow {
            source: source.into(),
            number,
            form: form.into(),
            lines: 10_000,
            first_ms: (end_ms - MINUTES * MINUTE_MS) as i64,
            last_ms: end_ms as i64,
            templates: 40,
            ..SourceRow::default()
        });
    }
    for minute in 0..MINUTES {
        checkpoint.panes.extend(panes(end_ms, minute));
    }
    for (template, case) in (1..).zip(cases) {
        checkpoint.templates.push(TemplateRow {
            source: SOURCES[case.source].0.into(),
            template,
            message: message(template),
            text: case.template.into(),
            lines: 500,
            first_ms: (end_ms - MINUTES * MINUTE_MS) as i64,
            last_ms: end_ms as i64,
            severity: 17,
            examples: vec![case.example.into()],
        });
        let anomaly = anomaly(case, template, end_ms);
        checkpoint.alerts.push(alert(&anomaly));
        checkpoint.anomalies.push(anomaly);
    }
    writer.commit(&checkpoint)?;
    writer.dead(1, "connection refused", end_ms)?;
    Ok(writer)
}

/// Two versions as if they had been pushed.
fn push(writer: &mut Writer, registry: &Registry, now_ms: u64) -> std::io::Result<()> {
    for name in ["latency", "seasons"] {
        let digest = digest_of(name.as_bytes());
        registry.folder.store(name.as_bytes(), &[]).map_err(std::io::Error::other)?;
        let audit = AuditRow {
            at_ms: now_ms,
            tenant: None,
            actor: "Ada".into(),
            action: "push".into(),
            plugin: Some(name.into()),
            version: Some("1.0.0".into()),
            digest: Some(digest.clone()),
            outcome: AuditOutcome::Done,
            detail: "signed by release".into(),
        };
        let version = PluginVersion {
            name: name.into(),
            version: "1.0.0".into(),
            digest,
            kind: "detector".into(),
            bytes: name.len() as u64,
            signed_by: Some("release".into()),
            pushed_ms: now_ms,
            pushed_by: "Ada".into(),
            inspection: "{}".into(),
        };
        writer.push_plugin(&version, &audit).map_err(std::io::Error::other)?;
    }
    Ok(())
}

fn message(template: u32) -> String {
    format!("{:08x}", template.wrapping_mul(0x9e37_79b9))
}

/// Lines of one minute: of each message as many as its case says, with some unrest.
fn panes(end_ms: u64, minute: u64) -> Vec<PaneRow> {
    let start_ms = end_ms - (MINUTES - minute) * MINUTE_MS;
    let minutes_ago = MINUTES - minute;
    let unrest = |rate: f32, salt: u64| {
        let noise = (minute.wrapping_mul(2_654_435_761).wrapping_add(salt * 97) >> 7) % 100;
        (rate * (0.7 + noise as f32 / 160.0)).round() as u32
    };
    let pane = |(source, (key, _, per_second, ..)): (usize, (&str, &str, f64, usize, u64))| {
        let own = (1..).zip(&CASES).filter(|(_, case)| case.source == source);
        let counts: Vec<(u32, u32)> = own
            .map(|(template, case)| {
                let begun = minutes_ago <= case.opened_minutes_ago + 1;
                let over = minutes_ago + case.lasted_minutes < case.opened_minutes_ago;
                let rate = if begun && !over { case.now } else { case.before };
                (template, unrest(rate, u64::from(template)))
            })
            .collect();
        let others = unrest(per_second as f32 * 60.0, 7);
        let lines = counts.iter().map(|(_, count)| u64::from(*count)).sum::<u64>();
        PaneRow { source: key.into(), start_ms, lines: lines + u64::from(others), counts }
    };
    SOURCES.into_iter().enumerate().map(pane).collect()
}

fn anomaly(case: &Case, template: u32, end_ms: u64) -> AnomalyRow {
    let source = SOURCES[case.source].0;
    let name = source.trim_start_matches("file:");
    let opened_ms = end_ms - case.opened_minutes_ago * MINUTE_MS;
    let updated_ms = opened_ms + case.lasted_minutes * MINUTE_MS;
    let finding = |index: u64| FindingRow {
        end_ms: opened_ms + index * MINUTE_MS,
        detector: if index == 0 { "novelty" } else { "rate" }.into(),
        bits: 14.5 + index as f32,
        reason: "more".into(),
        template: case.template.into(),
        position: Some(88_121 + index),
        summary: Some(format!("{} lines a minute are expected, not {}", case.before, case.now)),
    };
    AnomalyRow {
        id: case.id.into(),
        source: source.into(),
        state: if case.is_open { AnomalyState::Open } else { AnomalyState::Resolved },
        severity: case.severity,
        opened_ms,
        updated_ms,
        resolved_ms: (!case.is_open).then_some(updated_ms),
        bits: 17.25,
        template: case.template.into(),
        template_id: message(template),
        sentence: format!("{name}: `{}` {}", case.template, case.what),
        detectors: vec!["novelty".into(), "rate".into()],
        pattern: None,
        before_per_minute: case.before,
        now_per_minute: case.now,
        evidence: vec![
            ("expected".into(), format!("{}/min", case.before)),
            ("seen".into(), format!("{}/min", case.now)),
            ("example".into(), case.example.into()),
        ],
        examples: vec![case.example.into()],
        findings: (0..4).map(finding).collect(),
    }
}

fn alert(anomaly: &AnomalyRow) -> NewAlert {
    NewAlert {
        key: format!("{}-opened", anomaly.id),
        anomaly: anomaly.id.clone(),
        source: anomaly.source.clone(),
        cause: anomaly.template_id.clone(),
        kind: AlertKind::Opened,
        severity: anomaly.severity,
        at_ms: anomaly.opened_ms,
        body: "{}".into(),
        sinks: vec!["chat".into()],
    }
}

fn status(end_ms: u64) -> Status {
    let status = Status::default();
    status.update("default", |tenant| {
        tenant.watermark_ms = end_ms;
        tenant.open_anomalies = 3;
        for (source, form, lines_per_s, templates, windows) in SOURCES {
            tenant.inputs.push(InputStatus {
                path: format!("/var/log/{}.log", source.trim_start_matches("file:")),
                source: source.into(),
                position: 1 << 20,
                lag_bytes: 12_345,
                caught_up: false,
                idle: false,
            });
            let one = SourceStatus {
                source: source.into(),
                form: form.into(),
                form_votes: (198, 200),
                records: 5_000,
                lines: 5_000,
                lines_per_s,
                first_ms: (end_ms - MINUTES * MINUTE_MS) as i64,
                last_ms: end_ms as i64,
                templates,
                templates_evicted: 0,
                windows,
                warm_up_windows: 60,
            };
            tenant.sources.insert(source.into(), one);
        }
        tenant.intake.records = 25_000;
        tenant.lanes.kept = 25_000;
        tenant.files.insert("rotations".into(), 3);
        tenant.plugins.insert("rate".into(), Default::default());
        tenant.plugins.insert("novelty".into(), Default::default());
        tenant.commit.commits = 12;
        tenant.commit.last_ms = end_ms;
    });
    status
}

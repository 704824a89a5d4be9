//! Whether bellwether does what it is there for: the truth about each of its parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use bellwether_plugins::CircuitState;
use bellwether_store::SinkDepth;
use serde::Serialize;
use utoipa::ToSchema;

use super::desk::Desk;
use super::guard;
use super::problem::Problem;
use crate::watch::{DaemonStatus, TenantStatus};

/// Unread bytes of all files from which people should know.
const LAG_BYTES_MAX: u64 = 64 << 20;

/// Pieces of work that may wait for the store's thread before people should know.
const JOBS_MAX: usize = 32;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Condition {
    /// As it should be.
    Ok,
    /// It works, and somebody should have a look.
    Degraded,
    /// It does not work.
    Failing,
}

/// A part and how it is.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Part {
    /// How it is.
    status: Condition,
    /// What is wrong with it, one item each; left out for those who sent no token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<String>,
    /// Figures; left out for those who sent no token.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    figures: BTreeMap<&'static str, u64>,
}

/// All parts.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Parts {
    /// Whether the configuration in force is that of the file.
    configuration: Part,
    /// Files that are followed.
    inputs: Part,
    /// The database and the commits.
    store: Part,
    /// Detectors and filters.
    plugins: Part,
    /// What waits: alerts to be sent, writes to the store.
    queue: Part,
    /// Whether all tenants are at work.
    tenants: Part,
}

/// How bellwether is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HealthView {
    /// The worst of all parts.
    status: Condition,
    /// The parts.
    parts: Parts,
}

/// How bellwether is: the only question that needs no token.
#[utoipa::path(get, path = "/health", tag = "daemon", responses(
    (status = 200, description = "It works, well or not so well.", body = HealthView),
    (status = 503, description = "It does not work.", content(
        (HealthView = "application/json"),
        (super::problem::ProblemBody = "application/problem+json"),
    )),
))]
pub(super) async fn health(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
) -> (StatusCode, Json<HealthView>) {
    let outbox = desk.read(|reader| Ok(reader.outbox_depth()?)).await;
    let waiting = desk.state.keeper.waiting();
    let daemon = desk.state.status.daemon();
    let mut parts = desk.state.status.read(|tenants| Parts {
        configuration: configuration(&daemon),
        inputs: inputs(tenants),
        store: store(tenants, &daemon, outbox.as_ref().err()),
        plugins: plugins(tenants),
        queue: queue(outbox.as_deref().unwrap_or_default(), waiting),
        tenants: stopped(tenants),
    });
    let Parts { configuration, inputs, store, plugins, queue, tenants } = &mut parts;
    let all = [configuration, inputs, store, plugins, queue, tenants];
    let status = all.iter().map(|part| part.status).max().unwrap_or(Condition::Ok);
    if !guard::is_authorized(&desk, &headers) {
        for part in all {
            part.details.clear();
            part.figures.clear();
        }
    }
    let code = match status {
        Condition::Failing => StatusCode::SERVICE_UNAVAILABLE,
        Condition::Ok | Condition::Degraded => StatusCode::OK,
    };
    (code, Json(HealthView { status, parts }))
}

type Tenants = BTreeMap<String, TenantStatus>;

impl Part {
    fn new<const COUNT: usize>(figures: [(&'static str, u64); COUNT]) -> Self {
        Part { status: Condition::Ok, details: Vec::new(), figures: figures.into() }
    }

    fn complain(&mut self, status: Condition, detail: String) {
        self.status = self.status.max(status);
        self.details.push(detail);
    }
}

fn configuration(daemon: &DaemonStatus) -> Part {
    let mut part =
        Part::new([("reloads", daemon.reloads), ("reload_failures", daemon.reload_failures)]);
    if let Some(trouble) = &daemon.reload_trouble {
        let detail =
            format!("an older configuration is in force, since the new one fails: {trouble}");
        part.complain(Condition::Degraded, detail);
    }
    part
}

fn inputs(tenants: &Tenants) -> Part {
    let all = || tenants.values().flat_map(|tenant| &tenant.inputs);
    let lag_bytes = all().map(|input| input.lag_bytes).sum();
    let caught_up = all().filter(|input| input.caught_up).count() as u64;
    let files = all().count() as u64;
    let mut part =
        Part::new([("files", files), ("caught_up", caught_up), ("lag_bytes", lag_bytes)]);
    for (name, _) in tenants.iter().filter(|(_, tenant)| tenant.inputs.is_empty()) {
        let detail = format!("tenant `{name}` follows no file; check the paths under `inputs`");
        part.complain(Condition::Degraded, detail);
    }
    if lag_bytes > LAG_BYTES_MAX {
        let behind = files - caught_up;
        part.complain(
            Condition::Degraded,
            format!("{lag_bytes} bytes are not yet read; files that are behind: {behind}"),
        );
    }
    part
}

fn store(tenants: &Tenants, daemon: &DaemonStatus, trouble: Option<&Problem>) -> Part {
    let commits = || tenants.values().map(|tenant| &tenant.commit);
    let mut part = Part::new([
        ("commits", commits().map(|commit| commit.commits).sum()),
        ("failures", commits().map(|commit| commit.failures).sum()),
        ("waits_for_room", daemon.store_waits),
        ("last_commit_ms", commits().map(|commit| commit.last_ms).max().unwrap_or(0)),
        ("panes_given_up", commits().map(|commit| commit.panes_given_up).sum()),
    ]);
    for (name, tenant) in tenants {
        if let Some(trouble) = &tenant.commit.trouble {
            let condition =
                if tenant.commit.disk_full { Condition::Degraded } else { Condition::Failing };
            part.complain(condition, format!("tenant `{name}` is not committed: {trouble}"));
        }
    }
    if let Some(trouble) = &daemon.store_trouble {
        part.complain(Condition::Failing, format!("nothing is read yet: {trouble}"));
    } else if let Some(trouble) = trouble {
        part.complain(
            Condition::Failing,
            format!("the store cannot be read: {}", trouble.detail()),
        );
    }
    part
}

fn plugins(tenants: &Tenants) -> Part {
    let all = || tenants.values().flat_map(|tenant| &tenant.plugins);
    let faults = all().flat_map(|(_, health)| health.faults.values()).sum();
    let unscored = all().map(|(_, health)| health.rows_unscored).sum();
    let poisoned = all().map(|(_, health)| health.poisoned).sum();
    let mut part = Part::new([
        ("plugins", all().count() as u64),
        ("faults", faults),
        ("rows_unscored", unscored),
        ("poisoned", poisoned),
    ]);
    for (tenant, one) in tenants {
        for (plugin, health) in &one.plugins {
            let how = match health.circuit {
                CircuitState::Closed => continue,
                CircuitState::HalfOpen | CircuitState::Open => "is left out for a while",
                CircuitState::Quarantined => "is not asked any more; mend it, or take it out",
            };
            let detail =
                format!("plugin `{plugin}` of tenant `{tenant}` fails too often and {how}");
            part.complain(Condition::Degraded, detail);
        }
    }
    part
}

fn queue(outbox: &[SinkDepth], waiting: usize) -> Part {
    let mut part = Part::new([
        ("alerts_pending", outbox.iter().map(|sink| sink.pending).sum()),
        ("alerts_dead", outbox.iter().map(|sink| sink.dead).sum()),
        ("writes_waiting", waiting as u64),
    ]);
    for SinkDepth { tenant, sink, dead, .. } in outbox {
        if *dead > 0 {
            part.complain(
                Condition::Degraded,
                format!("alerts of tenant `{tenant}` to `{sink}` were given up: {dead}"),
            );
        }
    }
    if waiting > JOBS_MAX {
        part.complain(Condition::Degraded, format!("{waiting} writes wait for the store"));
    }
    part
}

fn stopped(tenants: &Tenants) -> Part {
    let all = tenants.len() as u64;
    let stopped = tenants.values().filter(|tenant| tenant.stopped.is_some()).count() as u64;
    let mut part = Part::new([("tenants", all), ("stopped", stopped)]);
    for (name, tenant) in tenants {
        if let Some(reason) = &tenant.stopped {
            part.complain(Condition::Failing, format!("tenant `{name}` stopped: {reason}"));
        }
    }
    part
}

//! Plugins and how they are doing.

pub(super) mod audit;
pub(super) mod fits;
pub(super) mod logs;
pub(super) mod preflight;
pub(super) mod push;
pub(super) mod remove;
pub(super) mod versions;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bellwether_plugins::{CircuitState, Health};
use serde::Serialize;
use utoipa::ToSchema;

use super::List;
use super::asked::{Asked, Whose};
use super::desk::Desk;
use super::problem::{Problem, ProblemBody};

/// Whether a plugin is asked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Circuit {
    /// It is.
    Closed,
    /// It failed too often and is asked once, to see whether it is well again.
    HalfOpen,
    /// It failed too often and is left out for a while.
    Open,
    /// It was left out too often, and is not asked any more until it is opened anew.
    Quarantined,
}

/// A plugin of a tenant, over all lanes, since they were opened.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PluginView {
    /// Its name.
    #[schema(example = "rate")]
    plugin: String,
    /// Whether it is asked; over all lanes the worst.
    circuit: Circuit,
    /// Batches and windows it was asked about and answered.
    calls: u64,
    /// Rows in them.
    rows: u64,
    /// Rows it was to be asked about, but failed or was left out.
    rows_unscored: u64,
    /// Explanations it gave.
    explanations: u64,
    /// Fuel used.
    fuel: u64,
    /// Faults by code.
    faults: BTreeMap<String, u64>,
    /// The fault last seen, with its backtrace.
    last_fault: Option<String>,
    /// Rows, windows and states that were set aside because they kill it.
    poisoned: u64,
    /// Calls that were made again after a fault.
    reruns: u64,
    /// Batches that were taken apart in search of what kills it.
    bisections: u64,
    /// Instances that were changed for new ones because they had grown too much or were too old.
    rejuvenations: u64,
    /// How often its fuel is halved, since it used it up again and again; over all lanes the most.
    fuel_halvings: u64,
    /// Wall time in its calls, in nanoseconds.
    busy_ns: u64,
    /// Instances started.
    starts: u64,
    /// Linear memory at present.
    memory_bytes: u64,
    /// Sources of which it has saved state.
    states: u64,
    /// Bytes of that state.
    state_bytes: u64,
    /// Lines of its log that were kept.
    log_lines_kept: u64,
    /// Lines of its log that were dropped.
    log_lines_dropped: u64,
    /// What it counted, by name.
    metrics: BTreeMap<String, f64>,
}

impl PluginView {
    fn new(plugin: String, health: Health) -> Self {
        let fault = |(code, count): (&str, u64)| (code.to_owned(), count);
        PluginView {
            plugin,
            circuit: match health.circuit {
                CircuitState::Closed => Circuit::Closed,
                CircuitState::HalfOpen => Circuit::HalfOpen,
                CircuitState::Open => Circuit::Open,
                CircuitState::Quarantined => Circuit::Quarantined,
            },
            calls: health.calls,
            rows: health.rows,
            rows_unscored: health.rows_unscored,
            explanations: health.explanations,
            fuel: health.fuel,
            faults: health.faults.into_iter().map(fault).collect(),
            last_fault: health.last_fault,
            poisoned: health.poisoned,
            reruns: health.reruns,
            bisections: health.bisections,
            rejuvenations: health.rejuvenations,
            fuel_halvings: health.fuel_halvings,
            busy_ns: health.busy_ns,
            starts: health.starts,
            memory_bytes: health.memory_bytes,
            states: health.states,
            state_bytes: health.state_bytes,
            log_lines_kept: health.log_lines_kept,
            log_lines_dropped: health.log_lines_dropped,
            metrics: health.metrics,
        }
    }
}

/// Plugins at work, by name.
#[utoipa::path(get, path = "/api/v1/plugins", tag = "daemon", params(Whose), responses(
    (status = 200, description = "All plugins of the tenant.", body = List<PluginView>),
    (status = 404, description = "No such tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    Asked(whose): Asked<Whose>,
) -> Result<Json<List<PluginView>>, Problem> {
    let tenant = desk.tenant(whose.tenant).await?;
    let plugins = desk
        .state
        .status
        .read(|tenants| tenants.get(&tenant).map(|one| one.plugins.clone()))
        .unwrap_or_default();
    let items = plugins.into_iter().map(|(name, health)| PluginView::new(name, health)).collect();
    Ok(Json(List { items, next: None }))
}

//! What an edition would have said, before it comes in.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::fits::{NewEdition, PluginName, TrialView, edition, problem};
use crate::api::asked::{Asked, Named, Sent, Text};
use crate::api::desk::{Desk, TenantName, now_ms};
use crate::api::problem::{Problem, ProblemBody};
use crate::platform::{Asked as Wish, Change, Cost, Report, Stretch};

/// Minutes of recent logs, unless somebody says otherwise.
const MINUTES: u64 = 15;
/// The most of them.
const MINUTES_MAX: u64 = 1440;

/// What an edition costs.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct CostView {
    /// Rows it was shown.
    rows: u64,
    /// Instructions for a row.
    fuel_per_row: f64,
    /// Nanoseconds for a row.
    ns_per_row: f64,
    /// Linear memory of all its instances together.
    memory_bytes: u64,
    /// Faults by code.
    faults: BTreeMap<String, u64>,
    /// The fault last seen, with its backtrace.
    last_fault: Option<String>,
}

/// What a stretch of logs showed.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct StretchView {
    /// Records in it.
    records: u64,
    /// First event time, milliseconds since 1970.
    from_ms: u64,
    /// Last event time.
    to_ms: u64,
    /// How the two editions compare.
    trial: TrialView,
    /// What the current edition costs; null where there is none.
    current: Option<CostView>,
    /// What the next one costs.
    next: CostView,
}

/// What an edition would have said, beside the current one.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ReportView {
    /// The plugin.
    #[schema(example = "rate")]
    plugin: String,
    /// Whether it can go on with what the current edition remembers; if not, it begins to learn.
    reads_state: bool,
    /// Generated logs, the same in every preflight.
    golden: StretchView,
    /// The tenant's own recent logs.
    recent: StretchView,
    /// Reasons not to let it in; none is no promise.
    objections: Vec<String>,
}

/// Whose plugin, and how much to try it on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct Span {
    /// The tenant; the only one, or `default`.
    #[param(value_type = Option<String>, max_length = 63, example = "default")]
    tenant: Option<TenantName>,
    /// Minutes of recent logs, 1 to 1440; 15 if left out.
    #[param(minimum = 1, maximum = 1440, example = 15)]
    minutes: Option<u64>,
}

impl CostView {
    fn new(cost: Cost) -> Self {
        let Cost { rows, fuel_per_row, ns_per_row, memory_bytes, faults, last_fault } = cost;
        CostView { rows, fuel_per_row, ns_per_row, memory_bytes, faults, last_fault }
    }
}

impl StretchView {
    fn new(stretch: Stretch) -> Self {
        StretchView {
            records: stretch.records,
            from_ms: stretch.from_ms,
            to_ms: stretch.to_ms,
            trial: TrialView::new(&stretch.tally),
            current: stretch.current.map(CostView::new),
            next: CostView::new(stretch.next),
        }
    }
}

/// Tries an edition on generated logs and on the tenant's own of the last minutes, beside the current one; nothing
/// changes.
#[utoipa::path(post, path = "/api/v1/plugins/{plugin}/preflight", tag = "plugins",
    params(("plugin" = String, Path, min_length = 1, max_length = 64, example = "rate"), Span),
    request_body = NewEdition, responses(
    (status = 200, description = "What it would have said.", body = ReportView),
    (status = 404, description = "No such version or tenant.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "That is how it is already.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "It cannot work; the detail says why.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn preflight(
    State(desk): State<Arc<Desk>>,
    Named(Text(plugin)): Named<PluginName>,
    Asked(span): Asked<Span>,
    Sent(new): Sent<NewEdition>,
) -> Result<Json<ReportView>, Problem> {
    let minutes = span.minutes.unwrap_or(MINUTES);
    if !(1..=MINUTES_MAX).contains(&minutes) {
        let what = format!("minutes: {minutes} is not between 1 and {MINUTES_MAX}");
        return Err(Problem::Unclear(what));
    }
    let tenant = desk.tenant(span.tenant).await?;
    let (actor, percent) = (new.by.0.clone(), new.percent);
    let change = Change::BringIn { edition: edition(&desk, &plugin, new).await?, percent };
    let wish = Wish { tenant, plugin, change, actor, revision: None, now_ms: now_ms() };
    let report = desk.state.platform.preflight(&wish, minutes).await.map_err(problem)?;
    let Report { plugin, reads_state, golden, recent, objections } = report;
    let (golden, recent) = (StretchView::new(golden), StretchView::new(recent));
    Ok(Json(ReportView { plugin, reads_state, golden, recent, objections }))
}

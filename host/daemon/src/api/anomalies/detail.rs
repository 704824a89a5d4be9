//! One anomaly with everything that is kept about it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bellwether_store::Reader;

use super::chart::chart;
use super::view::AnomalyView;
use crate::api::asked::{Asked, Named, Text, Whose};
use crate::api::desk::Desk;
use crate::api::problem::{Problem, ProblemBody};

/// The id of an anomaly, as a path gives it.
pub(super) type AnomalyId = Text<200>;

/// One anomaly with everything that is kept about it.
#[utoipa::path(get, path = "/api/v1/anomalies/{id}", tag = "anomalies",
    params(("id" = String, Path, min_length = 1, max_length = 200, example = "4f2a9c0d11e85b73"), Whose), responses(
    (status = 200, description = "The anomaly.", body = AnomalyView),
    (status = 404, description = "No such anomaly or tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn detail(
    State(desk): State<Arc<Desk>>,
    Named(Text(id)): Named<AnomalyId>,
    Asked(whose): Asked<Whose>,
) -> Result<Json<AnomalyView>, Problem> {
    let window_ms = desk.state.window_ms;
    let view =
        desk.read_of(whose.tenant, move |reader, tenant| read(reader, tenant, &id, window_ms));
    Ok(Json(view.await?))
}

/// Reads an anomaly and draws its chart.
pub(super) fn read(
    reader: &Reader,
    tenant: &str,
    id: &str,
    window_ms: u64,
) -> Result<AnomalyView, Problem> {
    let detail = reader.anomaly(tenant, id)?.ok_or_else(|| no_anomaly(id))?;
    let chart = chart(reader, tenant, &detail.summary, window_ms)?;
    Ok(AnomalyView::new(detail, chart))
}

/// Says that there is no such anomaly.
pub(super) fn no_anomaly(id: &str) -> Problem {
    Problem::Missing(format!("no anomaly `{id}`; the list of anomalies has their ids"))
}

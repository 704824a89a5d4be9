//! What people have said to be normal.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use bellwether_store::Normal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::List;
use super::asked::{Asked, Text, Whose};
use super::desk::{Desk, TenantName};
use super::problem::{Problem, ProblemBody};

/// A message that somebody has said to be normal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NormalView {
    /// Key of the source.
    source: String,
    /// Name of the message; empty for the source as a whole.
    template_id: String,
    /// Who said so.
    by: String,
    /// When, by the wall clock.
    at_ms: u64,
    /// Anomalies that it has closed as they opened.
    hits: u64,
    /// When the last of them opened, by event time.
    hit_ms: Option<u64>,
}

impl From<Normal> for NormalView {
    fn from(normal: Normal) -> Self {
        NormalView {
            source: normal.source,
            template_id: normal.template_id,
            by: normal.by,
            at_ms: normal.at_ms,
            hits: normal.hits,
            hit_ms: normal.hit_ms,
        }
    }
}

/// What is no longer normal.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The tenant; the only one, or `default`.
    #[param(value_type = Option<String>, max_length = 63, example = "default")]
    tenant: Option<TenantName>,
    /// Key of the source.
    #[param(value_type = String, max_length = 1000, example = "file:nginx")]
    source: Text<1000>,
    /// Name of the message; empty for the source as a whole.
    #[param(value_type = String, max_length = 200, example = "9c1f03ab")]
    template_id: Text<200>,
}

/// What is normal, by source and message.
#[utoipa::path(get, path = "/api/v1/normals", tag = "people", params(Whose), responses(
    (status = 200, description = "All of it.", body = List<NormalView>),
    (status = 404, description = "No such tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    Asked(whose): Asked<Whose>,
) -> Result<Json<List<NormalView>>, Problem> {
    let normals = desk.read_of(whose.tenant, |reader, tenant| Ok(reader.normals(tenant)?));
    let items = normals.await?.into_iter().map(NormalView::from).collect();
    Ok(Json(List { items, next: None }))
}

/// Takes back that a message is normal; what was closed stays closed.
#[utoipa::path(delete, path = "/api/v1/normals", tag = "people", params(Which), responses(
    (status = 204, description = "It is no longer normal."),
    (status = 404, description = "It was not, or there is no such tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn take_back(
    State(desk): State<Arc<Desk>>,
    Asked(which): Asked<Which>,
) -> Result<StatusCode, Problem> {
    let tenant = desk.tenant(which.tenant).await?;
    let (Text(source), Text(template_id)) = (which.source, which.template_id);
    desk.write(move |writer, _| {
        let was_normal = writer.unnormal(&tenant, &source, &template_id)?;
        let missing = || Problem::Missing("nobody has said that it is normal".into());
        Ok(if was_normal { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) })
    })
    .await
}

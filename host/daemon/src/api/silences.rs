//! Silences: what people do not want to hear of for a while.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use bellwether_store::Silence;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::List;
use super::asked::{Asked, Named, Person, Whose};
use super::desk::{Desk, TenantName, now_ms};
use super::problem::{Problem, ProblemBody};

/// A silence.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SilenceView {
    /// Names it within the tenant.
    #[schema(example = 7)]
    id: u64,
    /// Key of the source; null for all of them.
    source: Option<String>,
    /// Name of the message, empty for the source as a whole; null for all of them.
    template_id: Option<String>,
    /// When it ends or ended, by the wall clock.
    until_ms: u64,
    /// Who ordered it.
    by: String,
    /// Why.
    reason: String,
    /// When it was ordered, by the wall clock.
    at_ms: u64,
    /// Who ended it before its time.
    ended_by: Option<String>,
    /// Whether it goes on.
    active: bool,
}

impl From<Silence> for SilenceView {
    fn from(silence: Silence) -> Self {
        SilenceView {
            id: silence.id,
            source: silence.source,
            template_id: silence.template_id,
            active: silence.until_ms > now_ms(),
            until_ms: silence.until_ms,
            by: silence.by,
            reason: silence.reason,
            at_ms: silence.at_ms,
            ended_by: silence.ended_by,
        }
    }
}

/// Who ends a silence.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Ender {
    /// The tenant; the only one, or `default`.
    #[param(value_type = Option<String>, max_length = 63, example = "default")]
    tenant: Option<TenantName>,
    /// The person's name.
    #[param(inline, example = "Ada")]
    by: Person,
}

/// All silences in the order in which they were ordered, those that are over as well.
#[utoipa::path(get, path = "/api/v1/silences", tag = "people", params(Whose), responses(
    (status = 200, description = "All silences.", body = List<SilenceView>),
    (status = 404, description = "No such tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    Asked(whose): Asked<Whose>,
) -> Result<Json<List<SilenceView>>, Problem> {
    let silences = desk.read_of(whose.tenant, |reader, tenant| Ok(reader.silences(tenant)?));
    let items = silences.await?.into_iter().map(SilenceView::from).collect();
    Ok(Json(List { items, next: None }))
}

/// Ends a silence before its time.
#[utoipa::path(delete, path = "/api/v1/silences/{id}", tag = "people",
    params(("id" = u64, Path, minimum = 0, maximum = 9_223_372_036_854_775_807_u64, example = 7), Ender), responses(
    (status = 204, description = "It is over."),
    (status = 404, description = "No such silence or tenant.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "It was over already.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn end(
    State(desk): State<Arc<Desk>>,
    Named(id): Named<u64>,
    Asked(Ender { tenant, by: Person(by) }): Asked<Ender>,
) -> Result<StatusCode, Problem> {
    let tenant = desk.tenant(tenant).await?;
    desk.write(move |writer, reader| {
        if !reader.silences(&tenant)?.iter().any(|silence| silence.id == id) {
            return Ok(Err(Problem::Missing(format!("no silence {id}; the list has their ids"))));
        }
        let ended = writer.unsilence(&tenant, id, &by, now_ms())?;
        let over = || Problem::Conflict(format!("silence {id} is over already"));
        Ok(if ended { Ok(StatusCode::NO_CONTENT) } else { Err(over()) })
    })
    .await
}

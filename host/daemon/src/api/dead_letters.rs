//! Dead letters: what plugins could not bear.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bellwether_store::{DeadLetterQuery, DeadLetterRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::List;
use super::asked::{Asked, Limit, Text};
use super::desk::{Desk, TenantName};
use super::problem::{Problem, ProblemBody};

/// A record, a window or a state that a plugin could not bear; everything else went on without it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeadLetterView {
    /// Names it, in the order in which dead letters came.
    number: u64,
    /// Key of the source.
    source: String,
    /// The plugin.
    #[schema(example = "novelty")]
    plugin: String,
    /// What it was to do: `observe`, `evaluate`, `close-window`, `save` or `load`.
    #[schema(example = "observe")]
    during: String,
    /// Where the record stands in its input; null for a window or a state.
    position: Option<u64>,
    /// Event time.
    at_ms: i64,
    /// The beginning of the record; empty for a window or a state.
    text: String,
    /// How the plugin failed, with the names of its functions.
    cause: String,
}

impl From<DeadLetterRow> for DeadLetterView {
    fn from(row: DeadLetterRow) -> Self {
        let DeadLetterRow { number, source, plugin, during, position, at_ms, text, cause, .. } =
            row;
        DeadLetterView { number, source, plugin, during, position, at_ms, text, cause }
    }
}

/// Which dead letters to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The tenant; the only one, or `default`.
    #[param(value_type = Option<String>, max_length = 63, example = "default")]
    tenant: Option<TenantName>,
    /// Rows at a time.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next` of the rows before.
    #[param(value_type = Option<String>, max_length = 4000)]
    cursor: Option<Text<4000>>,
}

/// Dead letters, newest first; the newest thousand are kept.
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "daemon", params(Which), responses(
    (status = 200, description = "Some dead letters.", body = List<DeadLetterView>),
    (status = 404, description = "No such tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    Asked(which): Asked<Which>,
) -> Result<Json<List<DeadLetterView>>, Problem> {
    let page = desk.read_of(which.tenant.clone(), move |reader, tenant| {
        let query = DeadLetterQuery {
            tenant: tenant.into(),
            limit: which.limit.0,
            cursor: which.cursor.map(|Text(cursor)| cursor),
        };
        Ok(reader.dead_letters(&query)?)
    });
    let page = page.await?;
    let items = page.rows.into_iter().map(DeadLetterView::from).collect();
    Ok(Json(List { items, next: page.next }))
}

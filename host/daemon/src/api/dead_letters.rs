//! Dead letters: what plugins could not bear.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bellwether_store::{DeadLetterQuery, DeadLetterRow};
use serde::Serialize;
use utoipa::ToSchema;

use super::List;
use super::asked::{Asked, Rows, Text};
use super::desk::Desk;
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

/// Dead letters, newest first; the newest thousand are kept.
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "daemon", params(Rows), responses(
    (status = 200, description = "Some dead letters.", body = List<DeadLetterView>),
    (status = 404, description = "No such tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    Asked(rows): Asked<Rows>,
) -> Result<Json<List<DeadLetterView>>, Problem> {
    let page = desk.read_of(rows.tenant.clone(), move |reader, tenant| {
        let query = DeadLetterQuery {
            tenant: tenant.into(),
            limit: rows.limit.0,
            cursor: rows.cursor.map(|Text(cursor)| cursor),
        };
        Ok(reader.dead_letters(&query)?)
    });
    Ok(List::page(page.await?, DeadLetterView::from))
}

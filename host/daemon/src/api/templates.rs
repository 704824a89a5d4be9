//! Templates: the constant shapes of messages.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bellwether_store::{TemplateQuery, TemplateRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::List;
use super::asked::{Asked, Limit, Text};
use super::desk::{Desk, TenantName};
use super::problem::{Problem, ProblemBody};

/// A template of a source.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TemplateView {
    /// Key of the source.
    #[schema(example = "file:nginx")]
    source: String,
    /// Id within the source.
    template: u32,
    /// Name of the message in every source.
    #[schema(example = "9c1f03ab")]
    message: String,
    /// The shape, variables as `<*>`.
    #[schema(example = "upstream timed out <*>")]
    text: String,
    /// Lines so far.
    lines: u64,
    /// Event time of the first line.
    first_ms: i64,
    /// Event time of the last line.
    last_ms: i64,
    /// OpenTelemetry severity number, the highest so far; 0 if lines do not say.
    #[schema(minimum = 0, maximum = 24, example = 17)]
    severity: u8,
    /// Some records.
    examples: Vec<String>,
}

impl From<TemplateRow> for TemplateView {
    fn from(row: TemplateRow) -> Self {
        TemplateView {
            source: row.source,
            template: row.template,
            message: row.message,
            text: row.text,
            lines: row.lines,
            first_ms: row.first_ms,
            last_ms: row.last_ms,
            severity: row.severity,
            examples: row.examples,
        }
    }
}

/// Which templates to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The tenant; the only one, or `default`.
    #[param(value_type = Option<String>, max_length = 63, example = "default")]
    tenant: Option<TenantName>,
    /// Key of the source.
    #[param(value_type = Option<String>, max_length = 1000, example = "file:nginx")]
    source: Option<Text<1000>>,
    /// A part of the template; small and capital ASCII letters are the same.
    #[param(value_type = Option<String>, max_length = 200, example = "timed out")]
    text: Option<Text<200>>,
    /// Rows at a time.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next` of the rows before.
    #[param(value_type = Option<String>, max_length = 4000)]
    cursor: Option<Text<4000>>,
}

/// Templates, by source and id.
#[utoipa::path(get, path = "/api/v1/templates", tag = "sources", params(Which), responses(
    (status = 200, description = "Some templates.", body = List<TemplateView>),
    (status = 404, description = "No such tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    Asked(which): Asked<Which>,
) -> Result<Json<List<TemplateView>>, Problem> {
    let page = desk.read_of(which.tenant.clone(), move |reader, tenant| {
        let query = TemplateQuery {
            tenant: tenant.into(),
            source: which.source.map(|Text(source)| source),
            message: None,
            text: which.text.map(|Text(text)| text),
            limit: which.limit.0,
            cursor: which.cursor.map(|Text(cursor)| cursor),
        };
        Ok(reader.templates(&query)?)
    });
    Ok(List::page(page.await?, TemplateView::from))
}

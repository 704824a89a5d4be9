//! Anomalies: the list, one of them with its chart, and what people do about it.

mod chart;
pub(super) mod detail;
pub(super) mod people;
mod view;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bellwether_store::AnomalyQuery;
use serde::Deserialize;
use utoipa::IntoParams;

use super::List;
use super::asked::{Asked, Limit, Moment, Text};
use super::desk::{Desk, TenantName};
use super::problem::{Problem, ProblemBody};
pub(super) use view::Severity;
use view::{AnomalyItem, AnomalyState};

/// Which anomalies to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The tenant; the only one, or `default`.
    #[param(value_type = Option<String>, max_length = 63, example = "default")]
    tenant: Option<TenantName>,
    /// Opened at or after: milliseconds since 1970, or RFC 3339.
    #[param(inline, example = 1_795_262_400_000_u64)]
    from: Option<Moment>,
    /// Opened before: milliseconds since 1970, or RFC 3339.
    #[param(inline, example = 1_795_262_400_000_u64)]
    to: Option<Moment>,
    /// Key of the source.
    #[param(value_type = Option<String>, max_length = 1000, example = "file:nginx")]
    source: Option<Text<1000>>,
    /// The least severity.
    #[param(inline)]
    severity: Option<Severity>,
    /// Whether it goes on.
    #[param(inline)]
    state: Option<AnomalyState>,
    /// A part of the sentence or the template; small and capital ASCII letters are the same.
    #[param(value_type = Option<String>, max_length = 200, example = "timed out")]
    text: Option<Text<200>>,
    /// Whether somebody looks after it.
    acknowledged: Option<bool>,
    /// Rows at a time.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next` of the rows before.
    #[param(value_type = Option<String>, max_length = 4000)]
    cursor: Option<Text<4000>>,
}

/// Anomalies, newest first.
#[utoipa::path(get, path = "/api/v1/anomalies", tag = "anomalies", params(Which), responses(
    (status = 200, description = "Some anomalies.", body = List<AnomalyItem>),
    (status = 404, description = "No such tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    Asked(which): Asked<Which>,
) -> Result<Json<List<AnomalyItem>>, Problem> {
    let page = desk.read_of(which.tenant.clone(), move |reader, tenant| {
        let query = AnomalyQuery {
            tenant: tenant.into(),
            from_ms: which.from.map(|Moment(ms)| ms),
            to_ms: which.to.map(|Moment(ms)| ms),
            source: which.source.map(|Text(source)| source),
            severity: which.severity.map(Into::into),
            state: which.state.map(Into::into),
            text: which.text.map(|Text(text)| text),
            acknowledged: which.acknowledged,
            limit: which.limit.0,
            cursor: which.cursor.map(|Text(cursor)| cursor),
        };
        Ok(reader.anomalies(&query)?)
    });
    Ok(List::page(page.await?, AnomalyItem::from))
}

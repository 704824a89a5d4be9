//! Alerts: what people were told, or are to be told, by which sink.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bellwether_store as store;
use bellwether_store::{AlertQuery, AlertRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::List;
use super::anomalies::Severity;
use super::asked::{Asked, Limit, Sent, Text, Whose};
use super::desk::{Desk, TenantName, now_ms};
use super::problem::{Problem, ProblemBody};

/// What happened to the anomaly.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum AlertKind {
    /// It began.
    Opened,
    /// It became much stronger.
    Updated,
    /// It is over.
    Resolved,
}

/// How far an alert has come.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum AlertState {
    /// To be sent.
    Pending,
    /// The sink has taken it.
    Sent,
    /// Nobody tries any more.
    Dead,
    /// Somebody did not want to hear of it.
    Suppressed,
}

/// An alert to one sink.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AlertView {
    /// Names it, in the order in which alerts came.
    number: u64,
    /// The sink.
    #[schema(example = "chat")]
    sink: String,
    /// Id of the anomaly.
    anomaly: String,
    /// Key of the source.
    source: String,
    /// What happened to the anomaly.
    kind: AlertKind,
    /// How much the anomaly mattered then.
    severity: Severity,
    /// When it happened, by event time.
    at_ms: u64,
    /// How far it has come.
    state: AlertState,
    /// Attempts that failed.
    attempts: u32,
    /// When the next one is due, by the wall clock.
    next_ms: u64,
    /// When it was sent, died or was suppressed, by the wall clock.
    settled_ms: Option<u64>,
    /// Why the last attempt failed, or why it was suppressed.
    reason: Option<String>,
}

impl From<AlertRow> for AlertView {
    fn from(row: AlertRow) -> Self {
        AlertView {
            number: row.number,
            sink: row.sink,
            anomaly: row.anomaly,
            source: row.source,
            kind: match row.kind {
                store::AlertKind::Opened => AlertKind::Opened,
                store::AlertKind::Updated => AlertKind::Updated,
                store::AlertKind::Resolved => AlertKind::Resolved,
            },
            severity: row.severity.into(),
            at_ms: row.at_ms,
            state: match row.state {
                store::AlertState::Pending => AlertState::Pending,
                store::AlertState::Sent => AlertState::Sent,
                store::AlertState::Dead => AlertState::Dead,
                store::AlertState::Suppressed => AlertState::Suppressed,
            },
            attempts: row.attempts,
            next_ms: row.next_ms,
            settled_ms: row.settled_ms,
            reason: row.reason,
        }
    }
}

impl From<AlertState> for store::AlertState {
    fn from(state: AlertState) -> Self {
        match state {
            AlertState::Pending => store::AlertState::Pending,
            AlertState::Sent => store::AlertState::Sent,
            AlertState::Dead => store::AlertState::Dead,
            AlertState::Suppressed => store::AlertState::Suppressed,
        }
    }
}

/// Which alerts to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The tenant; the only one, or `default`.
    #[param(value_type = Option<String>, max_length = 63, example = "default")]
    tenant: Option<TenantName>,
    /// How far they have come.
    #[param(inline)]
    state: Option<AlertState>,
    /// The sink.
    #[param(value_type = Option<String>, max_length = 200, example = "chat")]
    sink: Option<Text<200>>,
    /// Id of the anomaly.
    #[param(value_type = Option<String>, max_length = 200)]
    anomaly: Option<Text<200>>,
    /// Rows at a time.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next` of the rows before.
    #[param(value_type = Option<String>, max_length = 4000)]
    cursor: Option<Text<4000>>,
}

/// Alerts, newest first.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", params(Which), responses(
    (status = 200, description = "Some alerts.", body = List<AlertView>),
    (status = 404, description = "No such tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    Asked(which): Asked<Which>,
) -> Result<Json<List<AlertView>>, Problem> {
    let page = desk.read_of(which.tenant.clone(), move |reader, tenant| {
        let query = AlertQuery {
            tenant: tenant.into(),
            state: which.state.map(Into::into),
            sink: which.sink.map(|Text(sink)| sink),
            anomaly: which.anomaly.map(|Text(anomaly)| anomaly),
            limit: which.limit.0,
            cursor: which.cursor.map(|Text(cursor)| cursor),
        };
        Ok(reader.alerts(&query)?)
    });
    Ok(List::page(page.await?, AlertView::from))
}

/// Which dead alerts are tried again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Retry {
    /// Those of this sink; without it, all of them.
    #[schema(value_type = Option<String>, max_length = 200, example = "chat")]
    sink: Option<Text<200>>,
}

/// What comes of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Retried {
    /// Alerts that will be sent again.
    #[schema(example = 3)]
    retried: u64,
}

/// Tries alerts again that were given up.
#[utoipa::path(post, path = "/api/v1/alerts/retry", tag = "alerts", params(Whose), request_body = Retry, responses(
    (status = 200, description = "They wait to be sent.", body = Retried),
    (status = 404, description = "No such tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn retry(
    State(desk): State<Arc<Desk>>,
    Asked(whose): Asked<Whose>,
    Sent(Retry { sink }): Sent<Retry>,
) -> Result<Json<Retried>, Problem> {
    let tenant = desk.tenant(whose.tenant).await?;
    let retried = desk.write(move |writer, _| {
        let sink = sink.as_ref().map(|Text(sink)| sink.as_str());
        writer.retry_dead(&tenant, sink, now_ms()).map(Ok)
    });
    Ok(Json(Retried { retried: retried.await? }))
}

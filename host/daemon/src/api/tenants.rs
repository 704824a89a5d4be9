//! Tenants: whose logs are watched.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::List;
use super::desk::Desk;
use super::problem::Problem;

/// A tenant.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct TenantView {
    /// Its name.
    #[schema(example = "default")]
    tenant: String,
    /// Event time that is complete.
    watermark_ms: u64,
    /// Files that are followed.
    inputs: usize,
    /// Sources at work.
    sources: usize,
    /// Anomalies that go on.
    open_anomalies: usize,
    /// Why it stopped; null if it works.
    stopped: Option<String>,
    /// Whether its logs are watched at present; else it is known from the past only.
    watched: bool,
}

/// All tenants, by name.
#[utoipa::path(get, path = "/api/v1/tenants", tag = "daemon", responses(
    (status = 200, description = "All of them.", body = List<TenantView>),
))]
pub(super) async fn list(State(desk): State<Arc<Desk>>) -> Result<Json<List<TenantView>>, Problem> {
    let mut tenants: BTreeMap<String, TenantView> = desk.state.status.read(|tenants| {
        let view = |(name, one): (&String, &crate::watch::TenantStatus)| {
            let view = TenantView {
                tenant: name.clone(),
                watermark_ms: one.watermark_ms,
                inputs: one.inputs.len(),
                sources: one.sources.len(),
                open_anomalies: one.open_anomalies,
                stopped: one.stopped.clone(),
                watched: true,
            };
            (name.clone(), view)
        };
        tenants.iter().map(view).collect()
    });
    for known in desk.read(|reader| Ok(reader.tenants()?)).await? {
        let tenant = known.tenant.clone();
        tenants.entry(known.tenant).or_insert_with(|| TenantView {
            tenant,
            watermark_ms: known.watermark_ms,
            ..TenantView::default()
        });
    }
    Ok(Json(List { items: tenants.into_values().collect(), next: None }))
}

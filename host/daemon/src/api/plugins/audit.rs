//! Who did what to plugins.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bellwether_store as store;
use bellwether_store::{AuditEntry, AuditQuery};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::List;
use crate::api::asked::{Asked, Limit, Text};
use crate::api::desk::{Desk, TenantName};
use crate::api::problem::Problem;

/// How an attempt ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::api) enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused, and nothing has changed.
    Refused,
    /// It was begun and did not succeed.
    Failed,
}

/// Something that somebody did to plugins, or tried to do.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct AuditView {
    /// Names it, in the order in which things happened.
    id: u64,
    /// When, by the wall clock.
    at_ms: u64,
    /// Whose plugins; null if it is the matter of all tenants.
    tenant: Option<String>,
    /// Who did it.
    #[schema(example = "Ada")]
    actor: String,
    /// What was done.
    #[schema(example = "push")]
    action: String,
    /// Name of the plugin, as far as it was known.
    plugin: Option<String>,
    /// Its version, as far as it was known.
    version: Option<String>,
    /// Digest of its component, as far as it was known.
    digest: Option<String>,
    /// How it ended.
    outcome: AuditOutcome,
    /// Why, or whatever else there is to say.
    detail: String,
}

impl From<AuditEntry> for AuditView {
    fn from(AuditEntry { id, row }: AuditEntry) -> Self {
        AuditView {
            id,
            at_ms: row.at_ms,
            tenant: row.tenant,
            actor: row.actor,
            action: row.action,
            plugin: row.plugin,
            version: row.version,
            digest: row.digest.map(|digest| format!("sha256:{digest}")),
            outcome: match row.outcome {
                store::AuditOutcome::Done => AuditOutcome::Done,
                store::AuditOutcome::Refused => AuditOutcome::Refused,
                store::AuditOutcome::Failed => AuditOutcome::Failed,
            },
            detail: row.detail,
        }
    }
}

/// Which entries to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct Which {
    /// The tenant; what is the matter of all tenants is listed as well.
    #[param(value_type = Option<String>, max_length = 63, example = "default")]
    tenant: Option<TenantName>,
    /// Name of the plugin.
    #[param(value_type = Option<String>, max_length = 64, example = "rate")]
    plugin: Option<Text<64>>,
    /// Rows at a time.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next` of the rows before.
    #[param(value_type = Option<String>, max_length = 4000)]
    cursor: Option<Text<4000>>,
}

/// Who did what to plugins, refused attempts as well, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "plugins", params(Which), responses(
    (status = 200, description = "Some entries.", body = List<AuditView>),
))]
pub(in crate::api) async fn list(
    State(desk): State<Arc<Desk>>,
    Asked(which): Asked<Which>,
) -> Result<Json<List<AuditView>>, Problem> {
    let query = AuditQuery {
        tenant: which.tenant.map(|Text(tenant)| tenant),
        plugin: which.plugin.map(|Text(plugin)| plugin),
        limit: which.limit.0,
        cursor: which.cursor.map(|Text(cursor)| cursor),
    };
    let page = desk.read(move |reader| Ok(reader.audits(&query)?)).await?;
    Ok(List::page(page, AuditView::from))
}

//! Removing a version that nobody uses.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::IF_MATCH;
use axum::http::{HeaderMap, StatusCode};
use bellwether_store::{AuditOutcome, AuditRow, PluginFit, PluginVersion, Reader, StoreError};
use serde_json::Value;

use super::versions::{VersionId, at_work, find};
use crate::api::asked::{Asked, Doer, Named, Person};
use crate::api::desk::{Desk, now_ms};
use crate::api::etag;
use crate::api::problem::{Problem, ProblemBody};

/// Removes a version that is not at work and that no tenant wants.
#[utoipa::path(delete, path = "/api/v1/plugins/versions/{name}/{version}", tag = "plugins",
    params(("name" = String, Path, min_length = 1, max_length = 64, example = "rate"),
        ("version" = String, Path, min_length = 1, max_length = 64, example = "1.2.3"), Doer,
        ("if-match" = Option<String>, Header, description = "The `ETag` of the version; must be there.")), responses(
    (status = 204, description = "It is gone."),
    (status = 404, description = "No such version.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "It is in use.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 412, description = "It is not the one that `If-Match` names.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 428, description = "There is no `If-Match`.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn remove(
    State(desk): State<Arc<Desk>>,
    Named(id): Named<VersionId>,
    Asked(Doer { by: Person(by) }): Asked<Doer>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    // On a task of its own, so that the file goes with the row even if nobody waits any more.
    let work = tokio::spawn(async move {
        let _turn = desk.registry_turn.acquire().await;
        take_out(&desk, id, by, &headers).await
    });
    work.await.unwrap_or(Err(Problem::Defect))
}

async fn take_out(
    desk: &Desk,
    id: VersionId,
    by: String,
    headers: &HeaderMap,
) -> Result<StatusCode, Problem> {
    let version = desk.read(move |reader| find(reader, &id)).await?;
    let PluginVersion { name, version, digest, .. } = version;
    match etag::names(headers, &IF_MATCH, &digest) {
        Some(true) => {}
        Some(false) => {
            let message = format!("version {version} of `{name}` is sha256:{digest}, not that one");
            return Err(Problem::Changed(message));
        }
        None => {
            let message = "say which one you mean: send its `ETag` as `If-Match`";
            return Err(Problem::Unconditional(message.into()));
        }
    }
    let at_work = at_work(desk).remove(&digest).unwrap_or_default();
    let gone = digest.clone();
    let is_last = desk.write(move |writer, reader| {
        let audit = AuditRow {
            at_ms: now_ms(),
            tenant: None,
            actor: by,
            action: "remove".into(),
            plugin: Some(name.clone()),
            version: Some(version.clone()),
            digest: Some(digest.clone()),
            outcome: AuditOutcome::Done,
            detail: String::new(),
        };
        let users = users(reader, &name, &version, &digest, at_work)?;
        if !users.is_empty() {
            let users = users.into_iter().collect::<Vec<_>>().join(", ");
            let detail = format!("in use by tenant {users}; let them use another version first");
            let refused = AuditOutcome::Refused;
            writer.audit(&AuditRow { outcome: refused, detail: detail.clone(), ..audit })?;
            return Ok(Err(Problem::Conflict(format!(
                "version {version} of `{name}` is {detail}"
            ))));
        }
        writer.remove_plugin(&name, &version, &audit)?;
        Ok(Ok(!reader.plugin_digests()?.contains(&digest)))
    });
    if is_last.await? {
        let registry = desk.state.registry.clone();
        let removed = tokio::task::spawn_blocking(move || registry.folder.remove(&gone));
        // What no version is made of goes when its room is needed, at the latest.
        if let Ok(Err(error)) = removed.await {
            tracing::warn!(%error, "the component of a removed version stays for now");
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Tenants for which a version works, or that want it.
fn users(
    reader: &Reader,
    name: &str,
    version: &str,
    digest: &str,
    mut users: BTreeSet<String>,
) -> Result<BTreeSet<String>, StoreError> {
    for PluginFit { tenant, fit, .. } in reader.plugin_fits_of(name)? {
        // A fit that cannot be read may want anything.
        let wants = serde_json::from_str(&fit).map_or(true, |fit| mentions(&fit, version, digest));
        if wants {
            users.insert(tenant);
        }
    }
    Ok(users)
}

/// Whether a text anywhere in it is the version or the digest. To keep one too many is no harm.
fn mentions(value: &Value, version: &str, digest: &str) -> bool {
    match value {
        Value::String(text) => text == version || text.contains(digest),
        Value::Array(items) => items.iter().any(|item| mentions(item, version, digest)),
        Value::Object(fields) => fields.values().any(|item| mentions(item, version, digest)),
        _ => false,
    }
}

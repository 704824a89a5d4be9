//! Versions of plugins that were pushed: what they are, and their components.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bellwether_store::{PluginQuery, PluginVersion, Reader};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::api::List;
use crate::api::asked::{Asked, Limit, Named, Text};
use crate::api::desk::Desk;
use crate::api::etag;
use crate::api::problem::{Problem, ProblemBody};

/// The media type of components.
pub(super) const MEDIA_TYPE: &str = "application/wasm";

/// Name and version, as a path gives them.
pub(super) type VersionId = (Text<64>, Text<64>);

/// A version of a plugin.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct VersionView {
    /// Name of the plugin.
    #[schema(example = "rate")]
    name: String,
    /// The version.
    #[schema(example = "1.2.3")]
    version: String,
    /// Digest of the component.
    #[schema(example = "sha256:4f2a9c0d11e85b73")]
    digest: String,
    /// What it does: `detector` or `filter`.
    #[schema(example = "detector")]
    kind: String,
    /// Size of the component.
    bytes: u64,
    /// The key that signed it.
    signed_by: Option<String>,
    /// When it was pushed, by the wall clock.
    pushed_ms: u64,
    /// Who pushed it.
    pushed_by: String,
    /// Tenants for which it is at work.
    at_work: Vec<String>,
    /// What it is, wants and promises, as `bellwether plugin inspect` tells it; null in lists.
    #[schema(value_type = Option<Object>)]
    inspection: Option<Value>,
}

/// Digests at work, with the tenants they work for.
type AtWork = BTreeMap<String, BTreeSet<String>>;

pub(super) fn at_work(desk: &Desk) -> AtWork {
    let mut found = AtWork::new();
    desk.state.status.read(|tenants| {
        for (name, tenant) in tenants {
            for digest in &tenant.digests {
                found.entry(digest.clone()).or_default().insert(name.clone());
            }
        }
    });
    found
}

/// What is told of a version in a list.
fn in_a_list(version: PluginVersion, at_work: &AtWork) -> VersionView {
    let tenants = at_work.get(&version.digest).cloned().unwrap_or_default();
    VersionView {
        name: version.name,
        version: version.version,
        digest: format!("sha256:{}", version.digest),
        kind: version.kind,
        bytes: version.bytes,
        signed_by: version.signed_by,
        pushed_ms: version.pushed_ms,
        pushed_by: version.pushed_by,
        at_work: tenants.into_iter().collect(),
        inspection: None,
    }
}

/// Everything that is known of a version.
pub(super) fn whole(version: PluginVersion, desk: &Desk) -> VersionView {
    let inspection = serde_json::from_str(&version.inspection).ok();
    VersionView { inspection, ..in_a_list(version, &at_work(desk)) }
}

/// Which versions to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct Which {
    /// Name of the plugin.
    #[param(value_type = Option<String>, max_length = 64, example = "rate")]
    name: Option<Text<64>>,
    /// Rows at a time.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next` of the rows before.
    #[param(value_type = Option<String>, max_length = 4000)]
    cursor: Option<Text<4000>>,
}

/// Versions that were pushed, by name, in the order in which they came.
#[utoipa::path(get, path = "/api/v1/plugins/versions", tag = "plugins", params(Which), responses(
    (status = 200, description = "Some versions.", body = List<VersionView>),
))]
pub(in crate::api) async fn list(
    State(desk): State<Arc<Desk>>,
    Asked(which): Asked<Which>,
) -> Result<Json<List<VersionView>>, Problem> {
    let query = PluginQuery {
        name: which.name.map(|Text(name)| name),
        limit: which.limit.0,
        cursor: which.cursor.map(|Text(cursor)| cursor),
    };
    let page = desk.read(move |reader| Ok(reader.plugin_versions(&query)?)).await?;
    let at_work = at_work(&desk);
    Ok(List::page(page, |row| in_a_list(row, &at_work)))
}

/// One version, with all that it says of itself.
#[utoipa::path(get, path = "/api/v1/plugins/versions/{name}/{version}", tag = "plugins",
    params(("name" = String, Path, min_length = 1, max_length = 64, example = "rate"),
        ("version" = String, Path, min_length = 1, max_length = 64, example = "1.2.3")), responses(
    (status = 200, description = "The version.", body = VersionView, headers(("etag" = String, description = "The digest."))),
    (status = 304, description = "It is the one that `If-None-Match` names."),
    (status = 404, description = "No such version.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn detail(
    State(desk): State<Arc<Desk>>,
    Named(id): Named<VersionId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let version = desk.read(move |reader| find(reader, &id)).await?;
    let tag = [(ETAG, etag::header(&version.digest))];
    if etag::names(&headers, &IF_NONE_MATCH, &version.digest) == Some(true) {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, Json(whole(version, &desk))).into_response())
}

/// The component of a version, which is held against its digest before it is sent.
#[utoipa::path(get, path = "/api/v1/plugins/versions/{name}/{version}/component", tag = "plugins",
    params(("name" = String, Path, min_length = 1, max_length = 64, example = "rate"),
        ("version" = String, Path, min_length = 1, max_length = 64, example = "1.2.3")), responses(
    (status = 200, description = "The component.", body = Vec<u8>, content_type = "application/wasm", headers(("etag" = String, description = "The digest."))),
    (status = 304, description = "It is the one that `If-None-Match` names."),
    (status = 404, description = "No such version.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn component(
    State(desk): State<Arc<Desk>>,
    Named(id): Named<VersionId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let registry = Arc::clone(&desk.state.registry);
    let answer = desk.read(move |reader| {
        let digest = find(reader, &id)?.digest;
        if etag::names(&headers, &IF_NONE_MATCH, &digest) == Some(true) {
            return Ok((digest, None));
        }
        let component = registry.folder.read(&digest);
        let component = component.map_err(|error| Problem::Unavailable(error.to_string()))?;
        Ok((digest, Some(component)))
    });
    let (digest, component) = answer.await?;
    let tag = [(ETAG, etag::header(&digest))];
    Ok(match component {
        Some(component) => (tag, [(CONTENT_TYPE, MEDIA_TYPE)], component).into_response(),
        None => (StatusCode::NOT_MODIFIED, tag).into_response(),
    })
}

/// Finds a version, or says that there is none.
pub(super) fn find(reader: &Reader, id: &VersionId) -> Result<PluginVersion, Problem> {
    let (Text(name), Text(version)) = id;
    let found = reader.plugin_version(name, version)?;
    found.ok_or_else(|| {
        let list = "`/api/v1/plugins/versions` lists those that were pushed";
        Problem::Missing(format!("no version `{version}` of plugin `{name}`; {list}"))
    })
}

//! Taking a component in.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bellwether_store::{AuditOutcome, AuditRow, PluginVersion, Pushed, Reader};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::versions::{MEDIA_TYPE, VersionView, whole};
use crate::api::asked::{Asked, Doer, Person};
use crate::api::desk::{Desk, now_ms};
use crate::api::etag;
use crate::api::problem::{Problem, ProblemBody};
use crate::chain::chain;
use crate::registry::{RegistryError, digest_of};

/// Where components are sent.
pub(in crate::api) const PATH: &str = "/api/v1/plugins/versions";

/// How long a component may take to come.
const BODY_WAIT: Duration = Duration::from_secs(30);

/// The header with the signature.
const SIGNATURE: &str = "bellwether-signature";

/// Takes a component in as the version that it says it is. A version is one component for ever: the same one again changes
/// nothing, another one is refused.
#[utoipa::path(post, path = "/api/v1/plugins/versions", tag = "plugins",
    params(Doer, ("bellwether-signature" = Option<String>, Header, description = "Ed25519 over the body, in base64.")),
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component."), responses(
    (status = 200, description = "It was there already.", body = VersionView, headers(("etag" = String, description = "The digest."))),
    (status = 201, description = "It is there from now on.", body = VersionView, headers(("etag" = String, description = "The digest."))),
    (status = 409, description = "The version is another component, or there is no room.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 413, description = "The component is larger than `plugins.component_bytes_max`.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 415, description = "The body is not sent as a component.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "The component or its signature is refused.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn push(
    State(desk): State<Arc<Desk>>,
    Asked(Doer { by: Person(by) }): Asked<Doer>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if media_type != Some(MEDIA_TYPE) {
        let message = format!("a component is sent as `content-type: {MEDIA_TYPE}`");
        return Err(Problem::WrongMedia(message));
    }
    let signature = match headers.get(SIGNATURE).map(|value| value.to_str()) {
        Some(Ok(text)) => Some(text.to_owned()),
        // It is refused, and noted, like any other that is none.
        Some(Err(_)) => Some(String::new()),
        None => None,
    };
    let place = desk.uploads.clone().acquire_owned().await.ok();
    let component = receive(&desk, body).await?;
    let push = Push { desk, by, component, signature, _place: place };
    // On a task of its own, so that it comes to an end even if nobody waits any more.
    tokio::spawn(push.take_in()).await.unwrap_or(Err(Problem::Defect))
}

/// Takes the body, which must come in time: others wait for its place.
async fn receive(desk: &Desk, body: Body) -> Result<Bytes, Problem> {
    let bytes_max = desk.state.registry.runtime.limits().component_bytes_max;
    match timeout(BODY_WAIT, to_bytes(body, bytes_max)).await {
        Ok(Ok(component)) => Ok(component),
        Ok(Err(_)) => Err(Problem::TooLong(format!(
            "the component broke off, or has more than {bytes_max} bytes; make it smaller, or raise `plugins.component_bytes_max`"
        ))),
        Err(_) => Err(Problem::Unavailable("the component did not come in time; try again".into())),
    }
}

/// A component on its way in.
struct Push {
    desk: Arc<Desk>,
    by: String,
    component: Bytes,
    signature: Option<String>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Push {
    async fn take_in(self) -> Result<Response, Problem> {
        let Push { desk, by, component, signature, _place } = self;
        let turn = desk.registry_turn.clone().acquire_owned().await;
        let (registry, database) = (desk.state.registry.clone(), desk.state.database.clone());
        let digest = digest_of(&component);
        let pusher = by.clone();
        // Compiling takes seconds, and threads that answer have no seconds.
        let examined = tokio::task::spawn_blocking(move || {
            let _turn = &turn;
            let version = registry
                .examine(&component, signature.as_deref(), &pusher, now_ms())
                .map_err(|refusal| Box::new((None, Problem::Refused(chain(&refusal)))))?;
            let reader = Reader::open(&database).map_err(|error| Box::new((None, error.into())))?;
            let known = reader.plugin_version(&version.name, &version.version);
            let known = known.map_err(|error| Box::new((None, error.into())))?;
            if known.is_none_or(|known| known.digest == version.digest) {
                let digests = reader.plugin_digests();
                let digests = digests.map_err(|error| Box::new((None, error.into())))?;
                let stored = registry.folder.store(&component, &digests);
                let failed = |error| Box::new((Some(version.clone()), problem_of(&error)));
                stored.map_err(failed)?;
            }
            Ok((version, turn))
        });
        let examined = examined.await.unwrap_or_else(|_| Err(Box::new((None, Problem::Defect))));
        match examined {
            Ok((version, _turn)) => keep(&desk, version, &by).await,
            Err(refused) => {
                let (version, problem) = *refused;
                note(&desk, &by, digest, version, &problem).await?;
                Err(problem)
            }
        }
    }
}

/// That there is no room is for people to mend, a disk that fails perhaps for time.
fn problem_of(error: &RegistryError) -> Problem {
    match error {
        RegistryError::Full { .. } => Problem::Conflict(error.to_string()),
        _ => Problem::Unavailable(chain(error)),
    }
}

async fn keep(desk: &Desk, version: PluginVersion, by: &str) -> Result<Response, Problem> {
    let audit = AuditRow {
        plugin: Some(version.name.clone()),
        version: Some(version.version.clone()),
        digest: Some(version.digest.clone()),
        outcome: AuditOutcome::Done,
        detail: version
            .signed_by
            .as_ref()
            .map_or("not signed".into(), |key| format!("signed by {key}")),
        ..row(by)
    };
    let new = version.clone();
    let written = desk.write(move |writer, reader| {
        let pushed = writer.push_plugin(&new, &audit)?;
        Ok(Ok((pushed, reader.plugin_version(&new.name, &new.version)?)))
    });
    let (pushed, kept) = match written.await {
        Ok(written) => written,
        // Its file goes when its room is needed.
        Err(problem) => {
            note(desk, by, version.digest.clone(), Some(version), &problem).await?;
            return Err(problem);
        }
    };
    let status = match pushed {
        Pushed::New => StatusCode::CREATED,
        Pushed::Known => StatusCode::OK,
        Pushed::Taken { digest } => {
            let PluginVersion { name, version, .. } = version;
            return Err(Problem::Conflict(format!(
                "version {version} of `{name}` is sha256:{digest} for ever; give this one a version of its own"
            )));
        }
    };
    let version = kept.unwrap_or(version);
    let tag = [(ETAG, etag::header(&version.digest))];
    Ok((status, tag, Json(whole(version, desk))).into_response())
}

/// Notes that nothing came of it.
async fn note(
    desk: &Desk,
    by: &str,
    digest: String,
    version: Option<PluginVersion>,
    problem: &Problem,
) -> Result<(), Problem> {
    let is_refused =
        matches!(problem, Problem::Refused(_) | Problem::Conflict(_) | Problem::TooLong(_));
    let (plugin, version) = version.map(|one| (one.name, one.version)).unzip();
    let audit = AuditRow {
        plugin,
        version,
        digest: Some(digest),
        outcome: if is_refused { AuditOutcome::Refused } else { AuditOutcome::Failed },
        detail: problem.detail().into(),
        ..row(by)
    };
    desk.write(move |writer, _| writer.audit(&audit).map(Ok)).await.map(|_| ())
}

fn row(by: &str) -> AuditRow {
    AuditRow {
        at_ms: now_ms(),
        tenant: None,
        actor: by.into(),
        action: "push".into(),
        plugin: None,
        version: None,
        digest: None,
        outcome: AuditOutcome::Done,
        detail: String::new(),
    }
}

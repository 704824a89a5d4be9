//! What people and programs ask the daemon: the REST API, the metrics and the page. The only place that names HTTP statuses.
//!
//! [`serve`] answers until it is told to stop. Every noun has a file with its routes, whose descriptions make up the
//! OpenAPI document. Lists are read from the store, the rest from what the working threads have told [`Status`].

mod alerts;
mod anomalies;
mod asked;
mod connections;
mod counts;
mod dead_letters;
mod desk;
mod document;
mod etag;
mod guard;
mod health;
mod metrics;
mod normals;
mod plugins;
mod problem;
mod silences;
mod sources;
mod status;
mod templates;
mod tenants;

#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::{Json, Router};
use bellwether_store::Page;
use serde::Serialize;
use tokio::net::TcpListener;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::page;
use crate::platform::Platform;
use crate::registry::Registry;
use crate::watch::{Keeper, Status};
use desk::Desk;
use problem::Problem;

/// Bytes that the body of a request may have.
const BODY_BYTES_MAX: usize = 64 << 10;

/// Where the API finds what it is asked for.
pub struct ApiState {
    /// Writes what people say.
    pub keeper: Keeper,
    /// Changes plugins.
    pub platform: Platform,
    /// What the working threads say of themselves.
    pub status: Status,
    /// The file of the store.
    pub database: PathBuf,
    /// What every request must carry, if anything.
    pub token: Option<String>,
    /// Sources with series of their own in the metrics.
    pub metrics_sources_max: usize,
    /// When the daemon started, in milliseconds since 1970.
    pub started_ms: u64,
    /// Length of the windows in which anomalies are judged.
    pub window_ms: u64,
    /// Takes plugins in.
    pub registry: Arc<Registry>,
}

/// Some rows of a list.
#[derive(Debug, Serialize, ToSchema)]
struct List<T> {
    /// The rows.
    items: Vec<T>,
    /// To be sent as `cursor` for the next rows; null at the end.
    next: Option<String>,
}

impl<T> List<T> {
    /// A page of the store, each row as it is shown.
    fn page<R>(page: Page<R>, view: impl Fn(R) -> T) -> Json<List<T>> {
        Json(List { items: page.rows.into_iter().map(view).collect(), next: page.next })
    }
}

/// Answers requests until `stop` comes true; those that are under way get some seconds more.
pub async fn serve(
    listener: TcpListener,
    state: ApiState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let is_local = listener.local_addr()?.ip().is_loopback();
    connections::serve(listener, router(state, is_local), stop).await;
    Ok(())
}

/// The description of all routes, as OpenAPI in JSON.
pub fn openapi() -> String {
    document::render(routes().into_openapi())
}

/// Everything that is answered. Local means that only this machine can reach it.
fn router(state: ApiState, is_local: bool) -> Router {
    let desk = Arc::new(Desk::new(state, is_local));
    let (router, _) = routes().split_for_parts();
    router
        .merge(page::routes())
        .fallback(|| async {
            Problem::Missing("no such route; `/api/v1/openapi.json` lists them".into())
        })
        .method_not_allowed_fallback(|| async { Problem::Method })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(desk.clone(), guard::guard))
        .with_state(desk)
}

/// The table of routes.
fn routes() -> OpenApiRouter<Arc<Desk>> {
    OpenApiRouter::with_openapi(document::outline())
        .routes(routes!(health::health))
        .routes(routes!(status::status))
        .routes(routes!(metrics::metrics))
        .routes(routes!(document::document))
        .routes(routes!(anomalies::list))
        .routes(routes!(anomalies::detail::detail))
        .routes(routes!(anomalies::people::acknowledge))
        .routes(routes!(anomalies::people::note))
        .routes(routes!(anomalies::people::silence))
        .routes(routes!(anomalies::people::normal))
        .routes(routes!(sources::list))
        .routes(routes!(templates::list))
        .routes(routes!(counts::counts))
        .routes(routes!(plugins::list))
        .routes(routes!(plugins::versions::list, plugins::push::push))
        .routes(routes!(plugins::versions::detail, plugins::remove::remove))
        .routes(routes!(plugins::versions::component))
        .routes(routes!(plugins::audit::list))
        .routes(routes!(plugins::fits::detail))
        .routes(routes!(plugins::fits::bring_in))
        .routes(routes!(plugins::fits::roll_back))
        .routes(routes!(plugins::fits::disable))
        .routes(routes!(plugins::logs::logs))
        .routes(routes!(plugins::preflight::preflight))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::retry))
        .routes(routes!(dead_letters::list))
        .routes(routes!(silences::list))
        .routes(routes!(silences::end))
        .routes(routes!(normals::list, normals::take_back))
        .routes(routes!(tenants::list))
}

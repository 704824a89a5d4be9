//! What a plugin said last.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::fits::PluginName;
use crate::api::List;
use crate::api::asked::{Asked, Named, Text, Whose};
use crate::api::desk::Desk;
use crate::api::problem::{Problem, ProblemBody};
use crate::watch::PluginLine;

/// A line of a plugin's log, or a fault.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct LineView {
    /// When it was heard, by the wall clock in milliseconds since 1970.
    at_ms: u64,
    /// The edition that said it, where that is not the current one.
    edition: Option<String>,
    /// `debug`, `info`, `warn` or `error`; `fault` where it failed.
    #[schema(example = "warn")]
    level: &'static str,
    /// What was said.
    line: String,
}

impl LineView {
    fn new(line: &PluginLine) -> Self {
        let PluginLine { at_ms, edition, level, line } = line.clone();
        LineView { at_ms, edition, level, line }
    }
}

/// What a plugin said last, the oldest first: at most 200 lines since the start.
#[utoipa::path(get, path = "/api/v1/plugins/{plugin}/logs", tag = "plugins",
    params(("plugin" = String, Path, min_length = 1, max_length = 64, example = "rate"), Whose), responses(
    (status = 200, description = "The lines.", body = List<LineView>),
    (status = 404, description = "No such plugin or tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn logs(
    State(desk): State<Arc<Desk>>,
    Named(Text(plugin)): Named<PluginName>,
    Asked(whose): Asked<Whose>,
) -> Result<Json<List<LineView>>, Problem> {
    let tenant = desk.tenant(whose.tenant).await?;
    let items = desk.state.status.read(|tenants| {
        let one = tenants.get(&tenant)?;
        let lines = one.plugin_lines.get(&plugin);
        let known = one.plugins.contains_key(&plugin) || one.fits.contains_key(&plugin);
        (known || lines.is_some())
            .then(|| lines.into_iter().flatten().map(LineView::new).collect::<Vec<_>>())
    });
    let missing =
        || Problem::Missing(format!("no plugin `{plugin}`; `/api/v1/plugins` lists them"));
    Ok(Json(List { items: items.ok_or_else(missing)?, next: None }))
}

//! What a tenant wants of a plugin: which edition works, which one comes in, and in how many lanes that one counts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use bellwether_store::{AuditOutcome, AuditRow, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{PartialSchema, ToSchema};

use super::PluginView;
use crate::api::asked::{self, Asked, By, Named, Person, Sent, Text, Whose};
use crate::api::desk::{Desk, TenantName, now_ms};
use crate::api::etag;
use crate::api::problem::{Problem, ProblemBody};
use crate::config::OnFailure;
use crate::loadout::{Component, Edition, Fit, next_of};
use crate::platform::{Asked as Wish, Change, Kept, PlatformError, action_of};
use crate::trial::Tally;
use crate::watch::KeeperError;

/// Lowest and highest offset of a detector.
const OFFSETS: std::ops::RangeInclusive<f64> = -20.0..=20.0;

/// The name of a plugin, as a path gives it.
pub(super) type PluginName = Text<64>;

/// A component and how it is set.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct EditionView {
    /// The version that was pushed; null where it is what the configuration file names.
    version: Option<String>,
    /// Digest of its component, where it was pushed.
    digest: Option<String>,
    /// Its own settings; null where they are those of the configuration file.
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
    /// Bits added to the surprise of a detector; null where it is as in the configuration file.
    offset: Option<f64>,
}

/// Whether two editions agree, counted.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct AgreementView {
    /// Both.
    both: u64,
    /// The current edition alone.
    current: u64,
    /// The next one alone.
    next: u64,
}

/// An alarm that only one of the two editions gives.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct DifferenceView {
    /// Its source.
    source: String,
    /// Begin of its window in event time, milliseconds since 1970.
    start_ms: u64,
    /// Whether it comes with the next edition; otherwise it goes.
    appears: bool,
    /// Bits of news with the current edition.
    current_bits: f32,
    /// Bits of news with the next one.
    next_bits: f32,
    /// What it says.
    sentence: String,
}

/// How the next edition compares with the current one so far.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct TrialView {
    /// Windows worth an alarm.
    alarms: AgreementView,
    /// Windows with a report, whether or not it is worth an alarm.
    reports: AgreementView,
    /// Records that a filter drops.
    dropped: AgreementView,
    /// Records that both filters judged.
    rows: u64,
    /// The last alarms that only one of the two gives.
    differences: Vec<DifferenceView>,
}

/// A plugin of a tenant, and how it changes.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct FitView {
    /// Its name.
    #[schema(example = "rate")]
    plugin: String,
    /// Rises with every change; also the entity tag.
    revision: u64,
    /// What works; null where it is off.
    current: Option<EditionView>,
    /// What comes in.
    next: Option<EditionView>,
    /// In what share of the lanes the next edition counts.
    percent: u8,
    /// Since when, by the wall clock.
    since_ms: u64,
    /// Whether the next edition could not read what the current one remembered, and has learnt from the recording, as far
    /// as there is one, and since it came in.
    learning: bool,
    /// What worked before.
    previous: Option<EditionView>,
    /// Why the last change was taken back, where nobody asked for it.
    trouble: Option<String>,
    /// Why all this cannot be had, so that the configuration file counts instead; null where it can.
    not_in_force: Option<String>,
    /// How the current edition is doing.
    current_health: Option<PluginView>,
    /// How the next one is doing.
    next_health: Option<PluginView>,
    /// How the two compare so far.
    trial: Option<TrialView>,
}

/// An edition that is to come in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewEdition {
    /// Who asks for it.
    #[schema(schema_with = Person::schema)]
    pub(super) by: Person,
    /// A version that was pushed; null for what the configuration file names.
    #[schema(value_type = Option<String>, max_length = 64, example = "1.2.3")]
    version: Option<Text<64>>,
    /// In what share of the lanes it counts: 0 as a shadow, 100 in all of them.
    #[schema(minimum = 0, maximum = 100, example = 25)]
    #[serde(deserialize_with = "asked::whole")]
    pub(super) percent: u8,
    /// Its own settings; null for those of the configuration file.
    #[schema(value_type = Option<Object>)]
    config: Option<Map<String, Value>>,
    /// Bits added to the surprise of a detector; null for that of the configuration file.
    #[schema(minimum = -20, maximum = 20)]
    offset: Option<f64>,
    /// What happens to records that a filter failed on: `open` or `closed`; null as in the configuration file.
    on_failure: Option<OnFailure>,
}

impl EditionView {
    fn new(edition: &Edition) -> Self {
        let (version, digest) = match &edition.component {
            Component::Configured => (None, None),
            Component::Pushed { version, digest } => {
                (Some(version.clone()), Some(format!("sha256:{digest}")))
            }
        };
        EditionView { version, digest, config: edition.config.clone(), offset: edition.offset }
    }
}

impl TrialView {
    pub(in crate::api) fn new(tally: &Tally) -> Self {
        let agreement = |one: crate::trial::Agreement| AgreementView {
            both: one.both,
            current: one.current,
            next: one.next,
        };
        let difference = |one: &crate::trial::Difference| DifferenceView {
            source: one.source.clone(),
            start_ms: one.start_ms,
            appears: one.appears(),
            current_bits: one.current_bits,
            next_bits: one.next_bits,
            sentence: one.sentence.clone(),
        };
        TrialView {
            alarms: agreement(tally.alarms),
            reports: agreement(tally.reports),
            dropped: agreement(tally.dropped),
            rows: tally.rows,
            differences: tally.differences.iter().map(difference).collect(),
        }
    }
}

/// One plugin of a tenant: which edition works, which one comes in, and how they compare.
#[utoipa::path(get, path = "/api/v1/plugins/{plugin}", tag = "plugins",
    params(("plugin" = String, Path, min_length = 1, max_length = 64, example = "rate"), Whose), responses(
    (status = 200, description = "The plugin.", body = FitView),
    (status = 404, description = "No such plugin or tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn detail(
    State(desk): State<Arc<Desk>>,
    Named(Text(plugin)): Named<PluginName>,
    Asked(whose): Asked<Whose>,
) -> Result<Response, Problem> {
    let tenant = desk.tenant(whose.tenant).await?;
    view(&desk, &tenant, &plugin)
}

/// Brings an edition in: as a shadow, in some of the lanes, or in all of them.
#[utoipa::path(post, path = "/api/v1/plugins/{plugin}/edition", tag = "plugins",
    params(("plugin" = String, Path, min_length = 1, max_length = 64, example = "rate"), Whose),
    request_body = NewEdition, responses(
    (status = 200, description = "The plugin as it is now.", body = FitView),
    (status = 404, description = "No such version or tenant.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "That is how it is already.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 412, description = "It was changed since; `If-Match` names an older revision.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "It cannot work; the detail says why.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn bring_in(
    State(desk): State<Arc<Desk>>,
    Named(Text(plugin)): Named<PluginName>,
    Asked(whose): Asked<Whose>,
    headers: HeaderMap,
    Sent(new): Sent<NewEdition>,
) -> Result<Response, Problem> {
    let (by, percent) = (new.by.0.clone(), new.percent);
    if percent > 100 {
        return Err(Problem::Unclear(format!("percent: {percent} is not between 0 and 100")));
    }
    let version = new.version.clone().map(|Text(version)| version);
    let edition = match edition(&desk, &plugin, new).await {
        Err(problem @ Problem::Missing(_)) => {
            let audit = AuditRow {
                at_ms: now_ms(),
                tenant: Some(desk.tenant(whose.tenant).await?),
                actor: by,
                action: action_of(percent).into(),
                plugin: Some(plugin),
                version,
                digest: None,
                outcome: AuditOutcome::Refused,
                detail: problem.detail().into(),
            };
            desk.write(move |writer, _| writer.audit(&audit).map(Ok)).await?;
            return Err(problem);
        }
        edition => edition?,
    };
    change(&desk, whose.tenant, plugin, Change::BringIn { edition, percent }, by, &headers).await
}

/// Goes back: from the edition that comes in, or else to the one that worked before.
#[utoipa::path(post, path = "/api/v1/plugins/{plugin}/rollback", tag = "plugins",
    params(("plugin" = String, Path, min_length = 1, max_length = 64, example = "rate"), Whose),
    request_body = By, responses(
    (status = 200, description = "The plugin as it is now.", body = FitView),
    (status = 404, description = "No such plugin or tenant.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "There is nothing to go back to.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 412, description = "It was changed since; `If-Match` names an older revision.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn roll_back(
    State(desk): State<Arc<Desk>>,
    Named(Text(plugin)): Named<PluginName>,
    Asked(whose): Asked<Whose>,
    headers: HeaderMap,
    Sent(By { by: Person(by) }): Sent<By>,
) -> Result<Response, Problem> {
    let change_back = Change::RollBack { trouble: None };
    change(&desk, whose.tenant, plugin, change_back, by, &headers).await
}

/// Turns a plugin off; `rollback` turns it on again.
#[utoipa::path(post, path = "/api/v1/plugins/{plugin}/disable", tag = "plugins",
    params(("plugin" = String, Path, min_length = 1, max_length = 64, example = "rate"), Whose),
    request_body = By, responses(
    (status = 200, description = "The plugin as it is now.", body = FitView),
    (status = 404, description = "No such plugin or tenant.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "It is off already.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 412, description = "It was changed since; `If-Match` names an older revision.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn disable(
    State(desk): State<Arc<Desk>>,
    Named(Text(plugin)): Named<PluginName>,
    Asked(whose): Asked<Whose>,
    headers: HeaderMap,
    Sent(By { by: Person(by) }): Sent<By>,
) -> Result<Response, Problem> {
    change(&desk, whose.tenant, plugin, Change::Disable, by, &headers).await
}

/// The edition that a request names.
pub(super) async fn edition(
    desk: &Desk,
    plugin: &str,
    new: NewEdition,
) -> Result<Edition, Problem> {
    if new.offset.is_some_and(|offset| !OFFSETS.contains(&offset)) {
        return Err(Problem::Unclear("offset: it is not between -20 and 20".into()));
    }
    let component = match new.version {
        None => Component::Configured,
        Some(Text(version)) => {
            let name = plugin.split('#').next().unwrap_or(plugin).to_owned();
            desk.read(move |reader| {
                let known = reader.plugin_version(&name, &version)?.ok_or_else(|| {
                    Problem::Missing(format!(
                        "no version `{version}` of `{name}` was pushed; `/api/v1/plugins/versions` lists them"
                    ))
                })?;
                Ok(Component::Pushed { version: known.version, digest: known.digest })
            })
            .await?
        }
    };
    let config = new.config.map(Value::Object);
    Ok(Edition { component, config, offset: new.offset, on_failure: new.on_failure })
}

async fn change(
    desk: &Desk,
    tenant: Option<TenantName>,
    plugin: String,
    change: Change,
    actor: String,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let tenant = desk.tenant(tenant).await?;
    let now =
        desk.state.status.read(|tenants| Some(tenants.get(&tenant)?.fits.get(&plugin)?.revision));
    let revision = etag::revision(headers, now.unwrap_or_default())?;
    let (wish, name) = (tenant.clone(), plugin.clone());
    let wish = Wish { tenant: wish, plugin: name, change, actor, revision, now_ms: now_ms() };
    desk.state.platform.change(wish).await.map_err(problem)?;
    view(desk, &tenant, &plugin)
}

pub(super) fn problem(error: PlatformError) -> Problem {
    match error {
        PlatformError::NoTenant { .. } | PlatformError::NoPlugin { .. } => {
            Problem::Missing(error.to_string())
        }
        PlatformError::Pointless { .. } => Problem::Conflict(error.to_string()),
        PlatformError::Unfit { why } => Problem::Refused(why),
        PlatformError::Order(error) => Problem::Unavailable(error.to_string()),
        PlatformError::Keeper(KeeperError::Store(error @ StoreError::Outrun { .. })) => {
            Problem::Changed(error.to_string())
        }
        PlatformError::Keeper(error) => error.into(),
    }
}

fn view(desk: &Desk, tenant: &str, plugin: &str) -> Result<Response, Problem> {
    let found = desk.state.status.read(|tenants| {
        let one = tenants.get(tenant)?;
        let next = next_of(&one.plugins, plugin);
        let current = one.plugins.get(plugin);
        let kept = one.fits.get(plugin).cloned();
        let kept = match (kept, current) {
            (Some(kept), _) => kept,
            (None, Some(_)) => Kept::new(Fit::configured(), 0),
            (None, None) => return None,
        };
        let health = |health: &bellwether_plugins::Health| {
            PluginView::new(plugin.to_owned(), health.clone())
        };
        let Kept { fit, revision, not_in_force } = kept;
        Some(FitView {
            plugin: plugin.to_owned(),
            revision,
            current: fit.current.as_ref().map(EditionView::new),
            next: fit.next.as_ref().map(EditionView::new),
            percent: fit.percent,
            since_ms: fit.since_ms,
            learning: fit.learning,
            previous: fit.previous.as_ref().map(EditionView::new),
            trouble: fit.trouble,
            not_in_force,
            current_health: current.map(health),
            next_health: next.map(health),
            trial: one.trials.tallies.get(plugin).map(TrialView::new),
        })
    });
    let found = found.ok_or_else(|| {
        Problem::Missing(format!("no plugin `{plugin}`; `/api/v1/plugins` lists them"))
    })?;
    let tag = format!("\"{}\"", found.revision);
    Ok(([(ETAG, tag)], Json(found)).into_response())
}

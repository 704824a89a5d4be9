//! Lines over time.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bellwether_store::{CountPoint, CountsQuery};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asked::{Asked, Moment, Text};
use super::desk::{Desk, TenantName};
use super::problem::{Problem, ProblemBody};

/// Points of an answer; the step becomes longer rather than the answer.
const POINTS_MAX: u32 = 1000;

/// Lines within one step.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CountView {
    /// First millisecond.
    #[schema(example = 1_795_262_400_000_u64)]
    pub(super) start_ms: u64,
    /// Length.
    #[schema(example = 60_000)]
    pub(super) step_ms: u64,
    /// Lines.
    #[schema(example = 17)]
    pub(super) count: u64,
}

impl From<CountPoint> for CountView {
    fn from(point: CountPoint) -> Self {
        CountView { start_ms: point.start_ms, step_ms: point.step_ms, count: point.count }
    }
}

/// Lines over time; steps without lines are left out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Counts {
    /// The steps, oldest first; longer ones where nothing finer is kept any more.
    items: Vec<CountView>,
}

/// What to count.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The tenant; the only one, or `default`.
    #[param(value_type = Option<String>, max_length = 63, example = "default")]
    tenant: Option<TenantName>,
    /// Key of the source.
    #[param(value_type = String, max_length = 1000, example = "file:nginx")]
    source: Text<1000>,
    /// Id of a template of the source; all lines without it.
    #[param(minimum = 0, maximum = 4_294_967_295_u64)]
    template: Option<u32>,
    /// First millisecond: since 1970, or RFC 3339.
    #[param(inline, example = 1_795_262_400_000_u64)]
    from: Moment,
    /// First millisecond after the span: since 1970, or RFC 3339.
    #[param(inline, example = 1_795_262_400_000_u64)]
    to: Moment,
    /// The step wanted in milliseconds; without it, the finest of which there are not more than 1000 in the span.
    #[param(minimum = 10_000, maximum = 86_400_000, example = 60_000)]
    step: Option<u64>,
}

/// Lines of a source over time, or of one of its templates.
#[utoipa::path(get, path = "/api/v1/counts", tag = "sources", params(Which), responses(
    (status = 200, description = "The counts.", body = Counts),
    (status = 404, description = "No such tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn counts(
    State(desk): State<Arc<Desk>>,
    Asked(which): Asked<Which>,
) -> Result<Json<Counts>, Problem> {
    let (Moment(from_ms), Moment(to_ms)) = (which.from, which.to);
    if let Some(step_ms) = which.step
        && !(10_000..=86_400_000).contains(&step_ms)
    {
        let message = format!("step: {step_ms} is not between 10000 and 86400000");
        return Err(Problem::Unclear(message));
    }
    let Text(source) = which.source;
    let points = desk.read_of(which.tenant, move |reader, tenant| {
        let query = CountsQuery {
            tenant: tenant.into(),
            source,
            template: which.template,
            from_ms,
            to_ms,
            step_ms: which.step,
            points_max: POINTS_MAX,
        };
        Ok(reader.counts(&query)?)
    });
    Ok(Json(Counts { items: points.await?.into_iter().map(CountView::from).collect() }))
}

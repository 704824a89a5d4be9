//! Lines over time around an anomaly.

use std::collections::BTreeMap;

use bellwether_store::{AnomalySummary, CountsQuery, Reader, StoreError, TemplateQuery};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::counts::CountView;

/// Windows shown before the anomaly opened, and after its last update.
const WINDOWS_BEFORE: u64 = 60;
const WINDOWS_AFTER: u64 = 30;

/// Points of a chart; a long anomaly is shown in longer steps.
const POINTS_MAX: u32 = 240;

/// Ids that a message may have had in its source: it gets another one when it comes back after it had to make room.
const IDS_MAX: u32 = 8;

/// What a chart counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::api) enum Counted {
    /// Lines of the anomaly's message.
    Template,
    /// All lines of the source.
    Source,
}

/// Lines over time.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Chart {
    /// What is counted.
    counted: Counted,
    /// Beginning of the chart.
    from_ms: u64,
    /// End of the chart.
    to_ms: u64,
    /// Beginning of the window in which the anomaly was found.
    anomaly_from_ms: u64,
    /// When it was over; if it goes on, the end of the last window that belongs to it.
    anomaly_to_ms: u64,
    /// Steps with lines; those that are missing had none.
    points: Vec<CountView>,
}

/// Counts what the anomaly is about, around it.
pub(super) fn chart(
    reader: &Reader,
    tenant: &str,
    anomaly: &AnomalySummary,
    window_ms: u64,
) -> Result<Chart, StoreError> {
    let ids = ids(reader, tenant, anomaly)?;
    let counted = if ids.is_empty() { Counted::Source } else { Counted::Template };
    let templates: Vec<Option<u32>> =
        if ids.is_empty() { vec![None] } else { ids.into_iter().map(Some).collect() };
    // `opened` is the end of the window in which the anomaly was found.
    let start_ms = anomaly.opened_ms.saturating_sub(window_ms);
    let from_ms = start_ms.saturating_sub(WINDOWS_BEFORE * window_ms);
    let to_ms = anomaly.updated_ms.saturating_add(WINDOWS_AFTER * window_ms);
    let tenants = reader.tenants()?;
    let reached = tenants.iter().find(|one| one.tenant == tenant);
    let reached_ms = reached.map_or(to_ms, |one| one.watermark_ms.max(anomaly.updated_ms));
    let to_ms = to_ms.min(reached_ms);
    let mut points: BTreeMap<(u64, u64), CountView> = BTreeMap::new();
    for template in templates {
        let query = CountsQuery {
            tenant: tenant.into(),
            source: anomaly.source.clone(),
            template,
            from_ms,
            to_ms,
            step_ms: Some(window_ms),
            points_max: POINTS_MAX,
        };
        for point in reader.counts(&query)? {
            let place = (point.start_ms, point.step_ms);
            points
                .entry(place)
                .and_modify(|sum| sum.count += point.count)
                .or_insert_with(|| point.into());
        }
    }
    Ok(Chart {
        counted,
        from_ms,
        to_ms,
        anomaly_from_ms: start_ms,
        anomaly_to_ms: anomaly.resolved_ms.unwrap_or(anomaly.updated_ms),
        points: points.into_values().collect(),
    })
}

/// The ids that the anomaly's message has had in its source; none for the source as a whole.
fn ids(reader: &Reader, tenant: &str, anomaly: &AnomalySummary) -> Result<Vec<u32>, StoreError> {
    if anomaly.template_id.is_empty() {
        return Ok(Vec::new());
    }
    let page = reader.templates(&TemplateQuery {
        tenant: tenant.into(),
        source: Some(anomaly.source.clone()),
        message: Some(anomaly.template_id.clone()),
        limit: IDS_MAX,
        ..TemplateQuery::default()
    })?;
    Ok(page.rows.into_iter().map(|row| row.template).collect())
}

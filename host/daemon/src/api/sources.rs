//! Sources: what is read of each, how far it is from being judged, and whether it can be judged at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bellwether_store::SourceSummary;
use serde::Serialize;
use utoipa::ToSchema;

use super::List;
use super::asked::{Asked, Rows, Text};
use super::desk::Desk;
use super::problem::{Problem, ProblemBody};
use crate::watch::{InputStatus, SourceStatus};

/// Lines from which a source is told to be unsuitable; fewer say too little.
const LINES_MIN: u64 = 1_000;

/// Lines per template below which most templates were seen once.
const LINES_PER_TEMPLATE_MIN: u64 = 2;

/// Lines per template that had to make room, below which that happens all the time.
const LINES_PER_EVICTION_MIN: u64 = 20;

/// Lines that must have voted before a form without a majority says something.
const VOTES_MIN: u32 = 100;

/// What becomes of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// Its usual counts are being learnt.
    Learning,
    /// It is judged.
    Ok,
    /// It is judged, and what is found will mean little.
    Unsuitable,
    /// Nothing of it was read since the start.
    Idle,
}

/// How far a source is from being judged by its counts.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct WarmUp {
    /// How much is done.
    #[schema(maximum = 100, example = 37)]
    percent: u8,
    /// Windows seen, without idle time.
    windows: u64,
    /// Windows that are needed.
    needed: u64,
    /// What is missing, in words; null if nothing is.
    #[schema(example = "38 more minutes of lines")]
    missing: Option<String>,
}

/// How the form of a source was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FormVotes {
    /// Lines that voted for it.
    own: u32,
    /// Lines that voted.
    all: u32,
}

/// A source.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SourceView {
    /// Its key.
    #[schema(example = "file:nginx")]
    source: String,
    /// The form of its lines.
    #[schema(example = "syslog")]
    form: String,
    /// How it was found; null if nothing was read since the start.
    form_votes: Option<FormVotes>,
    /// Records that passed the filters, in all runs.
    lines: u64,
    /// Lines per second over the last minute or so.
    lines_per_s: f64,
    /// Bytes of its inputs that are not yet read; null where an input has many sources.
    lag_bytes: Option<u64>,
    /// Event time of the first line.
    first_ms: i64,
    /// Event time of the last line.
    last_ms: i64,
    /// Templates alive.
    templates: u64,
    /// Templates that had to make room.
    templates_evicted: u64,
    /// How far it is from being judged; null if nothing was read since the start.
    warm_up: Option<WarmUp>,
    /// What becomes of it.
    verdict: Verdict,
    /// Why it is unsuitable.
    #[schema(example = "most templates were seen once")]
    reason: Option<String>,
}

/// Sources, by key.
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources", params(Rows), responses(
    (status = 200, description = "Some sources.", body = List<SourceView>),
    (status = 404, description = "No such tenant.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    Asked(rows): Asked<Rows>,
) -> Result<Json<List<SourceView>>, Problem> {
    let look = |reader: &bellwether_store::Reader, tenant: &str| {
        Ok((tenant.to_owned(), reader.sources(tenant)?))
    };
    let (tenant, kept) = desk.read_of(rows.tenant, look).await?;
    let window_ms = desk.state.window_ms;
    let mut views: BTreeMap<String, SourceView> = kept
        .into_iter()
        .map(|source| (source.source.clone(), SourceView::of_the_past(source)))
        .collect();
    desk.state.status.read(|tenants| {
        let Some(tenant) = tenants.get(&tenant) else { return };
        for (key, source) in &tenant.sources {
            views.insert(key.clone(), SourceView::at_work(source, &tenant.inputs, window_ms));
        }
    });
    let limit = rows.limit.0 as usize;
    let last = rows.cursor.map(|Text(cursor)| cursor);
    let rest = views.into_iter().filter(|(key, _)| last.as_ref().is_none_or(|last| key > last));
    let mut items: Vec<SourceView> = rest.map(|(_, view)| view).take(limit + 1).collect();
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| has_more).map(|last| last.source.clone());
    Ok(Json(List { items, next }))
}

impl SourceView {
    fn of_the_past(source: SourceSummary) -> Self {
        SourceView {
            source: source.source,
            form: source.form,
            form_votes: None,
            lines: source.lines,
            lines_per_s: 0.0,
            lag_bytes: None,
            first_ms: source.first_ms,
            last_ms: source.last_ms,
            templates: source.templates.into(),
            templates_evicted: 0,
            warm_up: None,
            verdict: Verdict::Idle,
            reason: None,
        }
    }

    fn at_work(source: &SourceStatus, inputs: &[InputStatus], window_ms: u64) -> Self {
        let (own, all) = source.form_votes;
        let mut own_inputs = inputs.iter().filter(|input| input.source == source.source).peekable();
        let has_inputs = own_inputs.peek().is_some();
        let lag_bytes = own_inputs.map(|input| input.lag_bytes).sum();
        let (verdict, reason) = judge(source);
        SourceView {
            source: source.source.clone(),
            form: source.form.clone(),
            form_votes: Some(FormVotes { own, all }),
            lines: source.lines,
            lines_per_s: source.lines_per_s,
            lag_bytes: has_inputs.then_some(lag_bytes),
            first_ms: source.first_ms,
            last_ms: source.last_ms,
            templates: source.templates as u64,
            templates_evicted: source.templates_evicted,
            warm_up: Some(warm_up(source.windows, source.warm_up_windows, window_ms)),
            verdict,
            reason: reason.map(str::to_owned),
        }
    }
}

/// What becomes of a source, by rules that a person can check.
fn judge(source: &SourceStatus) -> (Verdict, Option<&'static str>) {
    let (own, all) = source.form_votes;
    let templates = source.templates as u64 + source.templates_evicted;
    let has_lines = source.lines >= LINES_MIN;
    let is_above = |per: u64, count: u64| has_lines && count.saturating_mul(per) > source.lines;
    if is_above(LINES_PER_EVICTION_MIN, source.templates_evicted) {
        return (Verdict::Unsuitable, Some("templates have to make room all the time"));
    }
    if is_above(LINES_PER_TEMPLATE_MIN, templates) {
        return (Verdict::Unsuitable, Some("most templates were seen once"));
    }
    if all >= VOTES_MIN && u64::from(own) * 2 < u64::from(all) {
        return (Verdict::Unsuitable, Some("no form fits most of its lines"));
    }
    let is_warm = source.windows >= source.warm_up_windows;
    (if is_warm { Verdict::Ok } else { Verdict::Learning }, None)
}

fn warm_up(windows: u64, needed: u64, window_ms: u64) -> WarmUp {
    let seen = windows.min(needed);
    let missing_ms = (needed - seen).saturating_mul(window_ms);
    WarmUp {
        percent: u8::try_from((seen * 100).checked_div(needed).unwrap_or(100)).unwrap_or(100),
        windows,
        needed,
        missing: (missing_ms > 0).then(|| format!("{} of lines", more_time(missing_ms))),
    }
}

/// A span that is still to come, in the unit a person would take.
fn more_time(span_ms: u64) -> String {
    let minutes = span_ms.div_ceil(60_000);
    let (count, unit) = match minutes {
        0..120 => (minutes, "minute"),
        120..2880 => (minutes.div_ceil(60), "hour"),
        _ => (minutes.div_ceil(1440), "day"),
    };
    format!("{count} more {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> SourceStatus {
        SourceStatus {
            source: "file:a".into(),
            form: "iso".into(),
            form_votes: (180, 200),
            records: 2_000,
            lines: 2_000,
            lines_per_s: 1.0,
            first_ms: 0,
            last_ms: 1,
            templates: 100,
            templates_evicted: 0,
            windows: 90,
            warm_up_windows: 60,
        }
    }

    #[test]
    fn sources_are_judged_by_simple_rules() {
        let cases = [
            (source(), Verdict::Ok, None),
            (SourceStatus { windows: 59, ..source() }, Verdict::Learning, None),
            (
                SourceStatus { templates: 1_001, ..source() },
                Verdict::Unsuitable,
                Some("most templates were seen once"),
            ),
            (SourceStatus { templates: 1_000, ..source() }, Verdict::Ok, None),
            (SourceStatus { templates: 999, lines: 999, ..source() }, Verdict::Ok, None),
            (
                SourceStatus { templates_evicted: 101, ..source() },
                Verdict::Unsuitable,
                Some("templates have to make room all the time"),
            ),
            (SourceStatus { templates_evicted: 100, ..source() }, Verdict::Ok, None),
            (
                SourceStatus { form_votes: (99, 200), ..source() },
                Verdict::Unsuitable,
                Some("no form fits most of its lines"),
            ),
            (SourceStatus { form_votes: (100, 200), ..source() }, Verdict::Ok, None),
            (SourceStatus { form_votes: (10, 99), ..source() }, Verdict::Ok, None),
        ];
        for (source, verdict, reason) in cases {
            assert_eq!(judge(&source), (verdict, reason), "{source:?}");
        }
    }

    #[test]
    fn warm_up_says_what_is_missing() {
        let cases = [
            (22, 60, 60_000, 36, Some("38 more minutes of lines")),
            (0, 60, 60_000, 0, Some("60 more minutes of lines")),
            (59, 60, 60_000, 98, Some("1 more minute of lines")),
            (59, 60, 10_000, 98, Some("1 more minute of lines")),
            (0, 60, 3_600_000, 0, Some("3 more days of lines")),
            (0, 3, 3_600_000, 0, Some("3 more hours of lines")),
            (60, 60, 60_000, 100, None),
            (99, 60, 60_000, 100, None),
            (0, 0, 60_000, 100, None),
        ];
        for (windows, needed, window_ms, percent, missing) in cases {
            let missing = missing.map(str::to_owned);
            let expected = WarmUp { percent, windows, needed, missing };
            assert_eq!(warm_up(windows, needed, window_ms), expected);
        }
    }
}

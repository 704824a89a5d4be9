//! Counts of lines over time, from all grains in which they are kept.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use serde::Serialize;

use super::Reader;
use crate::error::{Fault, StoreError};
use crate::retention::Grain;
use crate::sparse;

/// Steps that people can read, from panes to days.
const STEPS_MS: [u64; 10] = [
    10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000,
    86_400_000,
];

/// The most points of an answer.
pub const POINTS_MAX: u32 = 10_000;

/// Which counts to add up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountsQuery {
    /// The tenant.
    pub tenant: String,
    /// Key of the source.
    pub source: String,
    /// Id of the template; `None` for all lines.
    pub template: Option<u32>,
    /// First millisecond.
    pub from_ms: u64,
    /// First millisecond after the span.
    pub to_ms: u64,
    /// The step wanted; `None` for the finest that the points allow.
    pub step_ms: Option<u64>,
    /// The most points, at most [`POINTS_MAX`]; the step becomes longer rather than the answer.
    pub points_max: u32,
}

/// Lines within one step. Steps without lines are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CountPoint {
    /// First millisecond.
    pub start_ms: u64,
    /// Length: that of the answer, or a longer one where nothing finer is kept any more.
    pub step_ms: u64,
    /// Lines of the source.
    pub lines: u64,
    /// Lines of the template; all lines if none was asked for.
    pub count: u64,
}

impl Reader {
    /// Lines of a source over time, or of one of its templates. Minutes and hours count for a span if they begin in it.
    pub fn counts(&self, query: &CountsQuery) -> Result<Vec<CountPoint>, StoreError> {
        let step_ms = step_of(query);
        self.read(|connection| {
            let mut points: BTreeMap<(u64, u64), CountPoint> = BTreeMap::new();
            for grain in Grain::ALL {
                let step_ms = step_ms.max(grain.step_ms());
                for row in rows(connection, query, grain)? {
                    let count = match query.template {
                        Some(template) => sparse::count_of(&row.counts, template)?,
                        None => row.lines,
                    };
                    let start_ms = row.start_ms - row.start_ms % step_ms;
                    let point = points.entry((start_ms, step_ms)).or_insert(CountPoint {
                        start_ms,
                        step_ms,
                        lines: 0,
                        count: 0,
                    });
                    point.lines += row.lines;
                    point.count += count;
                }
            }
            Ok(points.into_values().collect())
        })
    }
}

struct CountsRow {
    start_ms: u64,
    lines: u64,
    counts: Vec<u8>,
}

/// The rows of one source and grain, some thousand at most. The table has time before the source, so the statement goes
/// from one moment that has rows at all to the next, and looks the source up at each.
fn rows(
    connection: &Connection,
    query: &CountsQuery,
    grain: Grain,
) -> Result<Vec<CountsRow>, Fault> {
    let mut statement = connection.prepare_cached(
        "WITH RECURSIVE moment (start_ms) AS (
             SELECT min(start_ms) FROM counts
             WHERE tenant = ?1 AND grain = ?2 AND start_ms >= ?4 AND start_ms < ?5
             UNION ALL
             SELECT (SELECT min(start_ms) FROM counts
                 WHERE tenant = ?1 AND grain = ?2 AND start_ms > moment.start_ms AND start_ms < ?5)
             FROM moment WHERE moment.start_ms IS NOT NULL)
         SELECT counts.start_ms, counts.lines, counts.counts
         FROM source CROSS JOIN moment CROSS JOIN counts
         WHERE source.tenant = ?1 AND source.source = ?3
             AND counts.tenant = ?1 AND counts.grain = ?2
             AND counts.start_ms = moment.start_ms AND counts.source_id = source.id",
    )?;
    let to_ms = query.to_ms.min(i64::MAX as u64);
    let from_ms = query.from_ms.min(to_ms);
    let key = params![query.tenant, grain.code(), query.source, from_ms, to_ms];
    let rows = statement.query_map(key, |row| {
        Ok(CountsRow { start_ms: row.get(0)?, lines: row.get(1)?, counts: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The step of the answer: the one asked for, or longer so that no more points come out than wanted.
fn step_of(query: &CountsQuery) -> u64 {
    let points = u64::from(query.points_max.clamp(1, POINTS_MAX));
    let least_ms = query.to_ms.saturating_sub(query.from_ms).div_ceil(points);
    let wanted_ms = query.step_ms.unwrap_or(STEPS_MS[0]).max(STEPS_MS[0]);
    if wanted_ms >= least_ms {
        return wanted_ms;
    }
    let days = least_ms.div_ceil(86_400_000) * 86_400_000;
    STEPS_MS.into_iter().find(|step| *step >= least_ms).unwrap_or(days)
}

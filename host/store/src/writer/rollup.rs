//! Counts grow coarser with age: panes become minutes, minutes become hours. No line is lost by it.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, params};

use crate::error::Fault;
use crate::retention::{Grain, Horizon};
use crate::sparse::{self, Counts};

/// What a coarser span has so far.
#[derive(Default)]
struct Sum {
    lines: u64,
    counts: Counts,
}

/// Rolls up at most so many rows of a tenant, the oldest first; says how many.
///
/// A span may be rolled up in several calls: what comes later is added to what is there.
pub(super) fn roll_up(
    transaction: &Transaction<'_>,
    tenant: &str,
    horizon: &Horizon,
    rows_max: u64,
) -> Result<u64, Fault> {
    let panes =
        step(transaction, tenant, (Grain::Pane, Grain::Minute), horizon.panes_ms, rows_max)?;
    let left = rows_max - panes;
    let minutes =
        step(transaction, tenant, (Grain::Minute, Grain::Hour), horizon.minutes_ms, left)?;
    Ok(panes + minutes)
}

fn step(
    transaction: &Transaction<'_>,
    tenant: &str,
    (fine, coarse): (Grain, Grain),
    before_ms: u64,
    rows_max: u64,
) -> Result<u64, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT start_ms, source_id, lines, counts FROM counts
         WHERE tenant = ?1 AND grain = ?2 AND start_ms < ?3
         ORDER BY start_ms, source_id LIMIT ?4",
    )?;
    let mut rows = statement.query(params![tenant, fine.code(), before_ms, rows_max])?;
    let mut sums: BTreeMap<(u64, i64), Sum> = BTreeMap::new();
    let mut last = None;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let (start_ms, source_id): (u64, i64) = (row.get(0)?, row.get(1)?);
        let sum = sums.entry((start_ms - start_ms % coarse.step_ms(), source_id)).or_default();
        sum.lines += row.get::<_, u64>(2)?;
        sparse::decode_into(&row.get::<_, Vec<u8>>(3)?, &mut sum.counts)?;
        last = Some((start_ms, source_id));
        count += 1;
    }
    let Some((start_ms, source_id)) = last else { return Ok(0) };
    transaction
        .prepare_cached(
            "DELETE FROM counts WHERE tenant = ?1 AND grain = ?2 AND start_ms <= ?3
                 AND (start_ms, source_id) <= (?3, ?4)",
        )?
        .execute(params![tenant, fine.code(), start_ms, source_id])?;
    for ((start_ms, source_id), sum) in sums {
        add(transaction, tenant, coarse, start_ms, source_id, sum)?;
    }
    Ok(count)
}

fn add(
    transaction: &Transaction<'_>,
    tenant: &str,
    grain: Grain,
    start_ms: u64,
    source_id: i64,
    mut sum: Sum,
) -> Result<(), Fault> {
    let key = params![tenant, grain.code(), start_ms, source_id];
    let before: Option<(u64, Vec<u8>)> = transaction
        .prepare_cached(
            "SELECT lines, counts FROM counts
             WHERE tenant = ?1 AND grain = ?2 AND start_ms = ?3 AND source_id = ?4",
        )?
        .query_row(key, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((lines, counts)) = before {
        sum.lines += lines;
        sparse::decode_into(&counts, &mut sum.counts)?;
    }
    let counts = sparse::encode(&sum.counts);
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO counts (tenant, grain, start_ms, source_id, lines, counts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![tenant, grain.code(), start_ms, source_id, sum.lines, counts])?;
    Ok(())
}

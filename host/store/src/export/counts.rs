//! Counts in an export: in the grain in which housekeeping would have put them by the watermark, if it had the time.

use std::collections::BTreeMap;

use rusqlite::params;
use serde_json::json;

use super::Lines;
use crate::error::Fault;
use crate::retention::Grain;
use crate::sparse::{self, Counts};

/// Keys of sources by the numbers that rows of counts have for them.
type Keys = BTreeMap<i64, String>;

impl Lines<'_> {
    /// Span by span in the order of time, so that no more than the rows of one span are held.
    pub(super) fn counts(&mut self) -> Result<(), Fault> {
        let sql = "SELECT id, source FROM source WHERE tenant = ?1 AND last_ms >= ?2";
        let mut statement = self.connection.prepare(sql)?;
        let keys = statement.query_map(params![self.tenant, self.horizon.sources_ms], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let keys: Keys = keys.collect::<Result<_, _>>()?;
        let mut from_ms = self.horizon.counts_ms;
        while let Some(first_ms) = self.first_after(from_ms)? {
            let step_ms = self.horizon.grain(first_ms).step_ms();
            let start_ms = first_ms - first_ms % step_ms;
            from_ms = start_ms + step_ms;
            self.span(start_ms, step_ms, &keys)?;
        }
        Ok(())
    }

    fn first_after(&self, from_ms: u64) -> Result<Option<u64>, Fault> {
        let mut statement = self.connection.prepare_cached(
            "SELECT min(start_ms) FROM counts WHERE tenant = ?1 AND grain = ?2 AND start_ms >= ?3",
        )?;
        let mut first: Option<u64> = None;
        for grain in Grain::ALL {
            let key = params![self.tenant, grain.code(), from_ms];
            let next: Option<u64> = statement.query_row(key, |row| row.get(0))?;
            first = first.into_iter().chain(next).min();
        }
        Ok(first)
    }

    fn span(&mut self, start_ms: u64, step_ms: u64, keys: &Keys) -> Result<(), Fault> {
        let mut statement = self.connection.prepare_cached(
            "SELECT source_id, lines, counts FROM counts
             WHERE tenant = ?1 AND grain IN (0, 1, 2) AND start_ms >= ?2 AND start_ms < ?3",
        )?;
        let mut sums: BTreeMap<&str, (u64, Counts)> = BTreeMap::new();
        let mut rows = statement.query(params![self.tenant, start_ms, start_ms + step_ms])?;
        while let Some(row) = rows.next()? {
            let Some(source) = keys.get(&row.get(0)?) else { continue };
            let (lines, counts) = sums.entry(source).or_default();
            *lines += row.get::<_, u64>(1)?;
            sparse::decode_into(&row.get::<_, Vec<u8>>(2)?, counts)?;
        }
        for (source, (lines, counts)) in sums {
            let counts: Vec<(u32, u64)> = counts.into_iter().collect();
            let value = json!({
                "source": source, "start_ms": start_ms, "step_ms": step_ms, "lines": lines,
                "counts": counts,
            });
            self.line("counts", &value)?;
        }
        Ok(())
    }
}

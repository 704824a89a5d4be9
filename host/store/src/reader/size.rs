//! How large the store is, and what makes it so.

use rusqlite::Connection;
use serde::Serialize;

use super::Reader;
use crate::error::{Fault, StoreError};
use crate::lock::beside;
use crate::open;

/// Sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StoreSize {
    /// The database.
    pub file_bytes: u64,
    /// The log ahead beside it.
    pub log_bytes: u64,
    /// Parts of the database that are free to be used again.
    pub free_bytes: u64,
    /// What a day of a source takes: used bytes by the days between the first and the last line of each source.
    pub source_day_bytes: u64,
}

impl Reader {
    /// Sizes that are known at once.
    pub fn size(&self) -> Result<StoreSize, StoreError> {
        self.read(|connection| {
            let (pages, free, page_bytes) = pages(connection)?;
            let source_days: f64 = connection.query_row(
                "SELECT coalesce(sum(max(1.0, (last_ms - first_ms) / 86400000.0)), 1.0) FROM source",
                [],
                |row| row.get(0),
            )?;
            Ok(StoreSize {
                file_bytes: pages * page_bytes,
                log_bytes: open::size_of(&beside(&self.path, "wal")),
                free_bytes: free * page_bytes,
                source_day_bytes: (((pages - free) * page_bytes) as f64 / source_days) as u64,
            })
        })
    }

    /// Bytes of each table with its indexes, largest first. Reads the whole file, which takes its time.
    pub fn table_sizes(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT coalesce(tbl_name, dbstat.name), sum(pgsize) FROM dbstat
                 LEFT JOIN sqlite_schema ON sqlite_schema.name = dbstat.name
                 WHERE aggregate = TRUE GROUP BY 1 ORDER BY 2 DESC, 1",
            )?;
            let sizes = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(sizes.collect::<Result<_, _>>()?)
        })
    }
}

/// Pages of the file, free ones among them, and the size of one.
pub(crate) fn pages(connection: &Connection) -> Result<(u64, u64, u64), Fault> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0));
    Ok((number("page_count")?, number("freelist_count")?, number("page_size")?))
}

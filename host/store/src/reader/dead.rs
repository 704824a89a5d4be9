//! Lists of dead letters.

use rusqlite::params;

use super::{Page, Reader, page, rows_of};
use crate::dead::DeadLetterRow;
use crate::error::StoreError;
use crate::{cursor, row};

/// Which dead letters of a tenant to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterQuery {
    /// The tenant.
    pub tenant: String,
    /// Rows of a page, at least 1 and at most [`PAGE_ROWS_MAX`](super::PAGE_ROWS_MAX).
    pub limit: u32,
    /// Of the page before.
    pub cursor: Option<String>,
}

impl Reader {
    /// Dead letters, newest first.
    pub fn dead_letters(&self, query: &DeadLetterQuery) -> Result<Page<DeadLetterRow>, StoreError> {
        let limit = rows_of(query.limit);
        self.read(|connection| {
            let last: Option<u64> = cursor::open(query.cursor.as_deref())?;
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {} FROM dead_letter WHERE tenant = ?1 AND number < ?2
                 ORDER BY number DESC LIMIT ?3",
                row::DEAD_LETTER_COLUMNS
            ))?;
            let last = last.unwrap_or(i64::MAX as u64);
            let rows = statement
                .query_map(params![query.tenant, last, limit + 1], row::dead_letter)?
                .collect::<Result<_, _>>()?;
            Ok(page(rows, limit, |one: &DeadLetterRow| cursor::seal(&one.number)))
        })
    }
}

//! Dead letters into the database, as many as may be kept.

use rusqlite::{Transaction, params};

use crate::dead::{DEAD_LETTERS_MAX, NewDeadLetter};
use crate::error::Fault;

/// Appends dead letters, and lets the oldest go where there are too many.
pub(super) fn put(
    transaction: &Transaction<'_>,
    tenant: &str,
    letters: &[NewDeadLetter],
) -> Result<(), Fault> {
    if letters.is_empty() {
        return Ok(());
    }
    let mut statement = transaction.prepare_cached(
        "INSERT INTO dead_letter
             (tenant, number, source, plugin, during, position, at_ms, text, cause)
         VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM dead_letter WHERE tenant = ?1),
             ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for one in letters {
        let NewDeadLetter { source, plugin, during, position, at_ms, .. } = one;
        let (text, cause) = (one.kept_text(), one.kept_cause());
        statement.execute(params![tenant, source, plugin, during, position, at_ms, text, cause])?;
    }
    let mut statement = transaction.prepare_cached(
        "DELETE FROM dead_letter WHERE tenant = ?1
             AND number <= (SELECT max(number) FROM dead_letter WHERE tenant = ?1) - ?2",
    )?;
    statement.execute(params![tenant, DEAD_LETTERS_MAX])?;
    Ok(())
}

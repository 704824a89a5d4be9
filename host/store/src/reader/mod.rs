//! Readers: what the API and the commands show. Any number of them, none keeps the writer waiting.

mod anomalies;
mod counts;
mod dead;
mod lists;
mod plugins;
mod size;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::error::{Fault, StoreError};
use crate::open;

pub use anomalies::AnomalyQuery;
pub use counts::{CountPoint, CountsQuery, POINTS_MAX};
pub use dead::DeadLetterQuery;
pub use lists::{AlertQuery, SourceSummary, TemplateQuery, TenantSummary};
pub use plugins::{AuditQuery, PluginQuery};
pub use size::StoreSize;
pub(crate) use size::pages;

/// How long a reader waits while a log ahead is recovered; nothing else locks readers out.
const BUSY_MS: u32 = 5_000;

/// The most rows of a page.
pub const PAGE_ROWS_MAX: u32 = 1_000;

/// Some rows of a list, and where to go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// For the next page; `None` if this is the last one.
    pub next: Option<String>,
}

/// Reads the database, whether a writer is at work or not. Opening one takes well under a millisecond.
///
/// Every call sees one moment. A reader may be sent to another thread, and serves one at a time. A call that takes long,
/// such as an export, lets the log ahead grow meanwhile.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
}

impl Reader {
    /// Opens a database that a writer has created.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open::to_read(path, BUSY_MS)?;
        Ok(Reader { connection, path: path.to_owned() })
    }

    /// Reads something of one moment.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let read = || {
            let transaction = self.connection.unchecked_transaction()?;
            let result = work(&transaction)?;
            transaction.finish()?;
            Ok(result)
        };
        read().map_err(|fault: Fault| fault.at(&self.path))
    }
}

/// Cuts the row that was read to see whether there are more.
fn page<T>(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Page<T> {
    let limit = limit as usize;
    let next = if rows.len() > limit { rows.get(limit - 1).map(cursor) } else { None };
    rows.truncate(limit);
    Page { rows, next }
}

/// A limit within reason.
fn rows_of(limit: u32) -> u32 {
    limit.clamp(1, PAGE_ROWS_MAX)
}

/// A pattern for `LIKE .. ESCAPE '\'` that finds a text as it is.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern + "%"
}

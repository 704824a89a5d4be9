//! Versions of the schema, and how a file of an older one becomes one of today.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use crate::error::Fault;

/// Every schema so far, oldest first. What has been released is never changed, only added to.
const MIGRATIONS: &[M<'_>] = &[M::up(include_str!("migrations/1.sql"))];

/// Number of the newest schema.
pub(crate) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Marks a database as ours: "bell" in ASCII.
pub(crate) const APPLICATION_ID: i64 = 0x6265_6c6c;

/// Number of a database's schema; 0 for a new one.
pub(crate) fn version(connection: &Connection) -> Result<i64, Fault> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Brings a database up to date; an interrupted run leaves it as it was.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    match Migrations::from_slice(MIGRATIONS).to_latest(connection) {
        Ok(()) => Ok(()),
        Err(rusqlite_migration::Error::RusqliteError { err, .. }) => Err(Fault::Sqlite(err)),
        Err(error) => Err(Fault::Unreadable(error.to_string())),
    }
}

//! Opening the file: is it ours, is it whole, is its schema the one that this program knows?

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::{Fault, StoreError};
use crate::lock::beside;
use crate::schema;

/// Files up to this size are read through after an unclean end, which takes about a second. The checksums of the log
/// ahead already see to it that a killed process leaves whole transactions; this is for disks that lie, and a file of
/// many gigabytes must not keep a restart waiting for minutes because of them.
const CHECKED_BYTES_MAX: u64 = 256 << 20;

/// What stays of the log ahead after it was copied into the database; a large commit may leave more for a while.
const LOG_BYTES_MAX: u64 = 64 << 20;

/// Statements that are kept compiled; all that a commit needs.
const STATEMENTS_MAX: usize = 64;

/// Opens the file to write, creates it if it is not there, and brings it up to date.
pub(crate) fn to_write(path: &Path, busy_ms: u32) -> Result<Connection, StoreError> {
    // Only a log ahead that nobody has copied and removed tells of an unclean end.
    let is_clean = size_of(&beside(path, "wal")) == 0;
    create(path).map_err(|error| StoreError::from_io(path, error))?;
    let open = || -> Result<Connection, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        prepare(&connection, busy_ms)?;
        match identify(&connection)? {
            Identity::New => begin(&connection)?,
            Identity::Foreign => return Err(foreign(path)),
            Identity::Ours(found) if found > schema::VERSION => return Err(newer(path, found)),
            Identity::Ours(_) => {}
        }
        connection.pragma_update(None, "journal_mode", "wal")?;
        // After a crash of the process nothing is lost. After one of the machine the last commits may be missing, but
        // the file is of one moment: state, positions and anomalies fit each other, and reading goes on from there.
        // FULL would wait for the disk in every commit, to save some seconds of work after a power failure.
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "journal_size_limit", LOG_BYTES_MAX)?;
        if !is_clean && size_of(path) <= CHECKED_BYTES_MAX {
            check(&connection)?;
        }
        schema::migrate(&mut connection)?;
        Ok(connection)
    };
    open().map_err(|fault| fault.at(path))
}

/// Opens the file to read only.
pub(crate) fn to_read(path: &Path, busy_ms: u32) -> Result<Connection, StoreError> {
    path.metadata().map_err(|error| StoreError::from_io(path, error))?;
    let open = || -> Result<Connection, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        prepare(&connection, busy_ms)?;
        let known = schema::VERSION;
        match identify(&connection)? {
            Identity::New | Identity::Foreign => Err(foreign(path)),
            Identity::Ours(found) if found > known => Err(newer(path, found)),
            Identity::Ours(found) if found < known => {
                Err(StoreError::OlderSchema { path: path.to_owned(), found, known }.into())
            }
            Identity::Ours(_) => Ok(connection),
        }
    };
    open().map_err(|fault| fault.at(path))
}

/// The size of a file; 0 if it is not there.
pub(crate) fn size_of(path: &Path) -> u64 {
    path.metadata().map_or(0, |metadata| metadata.len())
}

/// Logs hold secrets: only this user may read what is kept of them. SQLite gives its other files the same rights.
///
/// A file that is there is not even opened: closing it would drop the locks that readers in this process have on it.
fn create(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn prepare(connection: &Connection, busy_ms: u32) -> Result<(), Fault> {
    connection.busy_timeout(Duration::from_millis(u64::from(busy_ms)))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // The schema of a damaged or forged file may call no function that could do harm.
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(())
}

enum Identity {
    New,
    Foreign,
    Ours(i64),
}

fn identify(connection: &Connection) -> Result<Identity, Fault> {
    let application: i64 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match application {
        schema::APPLICATION_ID => Identity::Ours(schema::version(connection)?),
        0 if tables == 0 => Identity::New,
        _ => Identity::Foreign,
    })
}

/// Settings that can only be made before the first table.
fn begin(connection: &Connection) -> Result<(), Fault> {
    connection.pragma_update(None, "auto_vacuum", "incremental")?;
    connection.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    Ok(())
}

fn check(connection: &Connection) -> Result<(), Fault> {
    let finding: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if finding == "ok" { Ok(()) } else { Err(Fault::Unreadable(finding)) }
}

fn foreign(path: &Path) -> Fault {
    StoreError::NotADatabase { path: path.to_owned() }.into()
}

fn newer(path: &Path, found: i64) -> Fault {
    StoreError::NewerSchema { path: path.to_owned(), found, known: schema::VERSION }.into()
}

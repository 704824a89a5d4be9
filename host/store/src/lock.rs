//! One writer per database, across processes.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// Held as long as a writer lives; the system lets go of it when the process ends, however it ends.
///
/// The lock is on a file beside the database: closing a handle to the database itself would drop SQLite's own locks.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a database, or says who has it.
    pub(crate) fn take(database: &Path) -> Result<Self, StoreError> {
        let path = beside(database, "lock");
        let open = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let mut file = open.map_err(|error| StoreError::from_io(database, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let process = holder(&mut file).unwrap_or_else(|| "unknown".into());
                return Err(StoreError::InUse { path: database.to_owned(), process });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::from_io(database, error)),
        }
        // Who holds it is for people only: a full disk must not keep a writer from starting.
        let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Lock { _file: file })
    }
}

fn holder(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.parse::<u32>().ok().map(|process| process.to_string())
}

/// The name of a file that goes with the database, as SQLite builds it: `state.db-wal`.
pub(crate) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-");
    name.push(suffix);
    name.into()
}

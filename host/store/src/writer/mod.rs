//! The one writer of a database; whatever changes it goes through here.

mod alerts;
mod anomalies;
mod commit;
mod dead;
mod due;
mod load;
mod maintain;
mod people;
mod plugins;
mod rollup;
#[cfg(test)]
mod tests;
mod trim;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::{Fault, StoreError};
use crate::lock::Lock;
use crate::open;
use crate::pack::Packer;
use crate::retention::Retention;

pub use maintain::Maintained;

/// How the store keeps what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreOptions {
    /// How long things are kept.
    pub retention: Retention,
    /// The size of the file from which counts and resolved anomalies are deleted before their time.
    pub size_bytes_max: u64,
    /// How long to wait for another program that holds a lock of the database.
    pub busy_ms: u32,
}

impl Default for StoreOptions {
    fn default() -> Self {
        StoreOptions { retention: Retention::default(), size_bytes_max: 10 << 30, busy_ms: 5_000 }
    }
}

/// Writes to the database. There is one per file, on whatever machine; its thread owns it.
///
/// Every call is one transaction: it has happened, or it has not. After an error the writer may be used again.
#[derive(Debug)]
pub struct Writer {
    connection: Connection,
    path: PathBuf,
    options: StoreOptions,
    packer: Packer,
    /// The day of event time on which a tenant was last searched for what is too old.
    searched_days: BTreeMap<String, u64>,
    _lock: Lock,
}

/// Whether the file can be where it is to be.
pub fn check_place(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.exists()) {
        return Err(StoreError::NoFolder { path: path.to_owned() });
    }
    if path.is_dir() {
        return Err(StoreError::NotADatabase { path: path.to_owned() });
    }
    Ok(())
}

impl Writer {
    /// Opens the file, creates it if it is not there, and keeps every other writer out.
    pub fn open(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        check_place(path)?;
        let lock = Lock::take(path)?;
        let connection = open::to_write(path, options.busy_ms)?;
        Ok(Writer {
            connection,
            path: path.to_owned(),
            options,
            packer: Packer::new(),
            searched_days: BTreeMap::new(),
            _lock: lock,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it keeps things.
    pub fn options(&self) -> StoreOptions {
        self.options
    }

    /// Does something in one transaction. Whatever fails, nothing of it is kept.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        transact(&mut self.connection, work).map_err(|fault| fault.at(&self.path))
    }
}

fn transact<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

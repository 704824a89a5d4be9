//! What can go wrong with the store, told so that a caller can act and a person can mend it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use rusqlite::ffi;

/// Why the store could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such file, and it may not be created here.
    #[error("no database at `{path}`; name the file of a bellwether that runs or ran")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be created where its folder is not there.
    #[error("no folder for `{path}`; create it, or name a file in another one")]
    NoFolder {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else, or its first page is gone.
    #[error("`{path}` is not a database of bellwether; name another file, or move this one away")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// Something in the file cannot be what was written.
    #[error("`{path}` is damaged ({what}); move it away or restore a copy")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// A newer program wrote the file.
    #[error("`{path}` has schema {found}, this program knows {known}; use a newer bellwether")]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Number of the file's schema.
        found: i64,
        /// Number of the newest schema that this program knows.
        known: i64,
    },
    /// An older program wrote the file, and a reader may not change it.
    #[error("`{path}` has schema {found}, this program reads {known}; start `bellwether run` once")]
    OlderSchema {
        /// The file.
        path: PathBuf,
        /// Number of the file's schema.
        found: i64,
        /// Number of the schema that this program reads.
        known: i64,
    },
    /// Another process writes to the file.
    #[error("`{path}` is in use by another bellwether (process {process}); stop it first")]
    InUse {
        /// The file.
        path: PathBuf,
        /// Number of that process, as far as it is known.
        process: String,
    },
    /// Somebody else held a lock of the database for too long.
    #[error("`{path}` is locked by another program; let it end its transaction")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// There is no room left; nothing of the call was written.
    #[error("no room left for `{path}`; free some space on its disk")]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The file or its folder may not be read or written.
    #[error("no permission for `{path}`; let this user read and write the file and its folder")]
    Permission {
        /// The file.
        path: PathBuf,
    },
    /// The file system failed.
    #[error("failed to reach `{path}`")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: io::Error,
    },
    /// A cursor that no page has handed out.
    #[error("`{cursor}` is not a cursor; begin with the first page")]
    BadCursor {
        /// As it was given.
        cursor: String,
    },
    /// Counts of a source of which no checkpoint has told.
    #[error("counts of unknown source `{source_key}`; commit the source with or before them")]
    UnknownSource {
        /// Key of the source.
        source_key: String,
    },
    /// One piece of state is beyond what a row may hold.
    #[error("{what} has {bytes} bytes, at most {bytes_max} can be kept; lower the limits of state")]
    TooLarge {
        /// Which piece.
        what: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// People have said more than is kept.
    #[error("there are {count_max} {what} already; remove some first")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        count_max: u64,
    },
    /// Somebody else has changed what a tenant wants of a plugin meanwhile.
    #[error("`{plugin}` is at revision {found} by now, not {expected}; read it again")]
    Outrun {
        /// The plugin.
        plugin: String,
        /// The revision of now; 0 if nothing is wanted of it.
        found: u64,
        /// The revision that the caller has seen.
        expected: u64,
    },
    /// What an export was written to failed.
    #[error("failed to write the export")]
    Output(#[source] io::Error),
    /// Anything else the database said.
    #[error("the database `{path}` failed")]
    Other {
        /// The file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Whether the call may be repeated once there is room on the disk.
    pub fn is_full(&self) -> bool {
        matches!(self, StoreError::Full { .. })
    }

    /// Whether the file itself is bad, so that repeating the call is of no use.
    pub fn is_damaged(&self) -> bool {
        matches!(self, StoreError::Damaged { .. } | StoreError::NotADatabase { .. })
    }

    pub(crate) fn from_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => StoreError::Missing { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::Permission { path }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { path },
            _ => StoreError::Io { path, source },
        }
    }

    fn from_sqlite(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        if let Some(what) = unreadable(&error) {
            return StoreError::Damaged { path, what };
        }
        let Some(failure) = error.sqlite_error().copied() else {
            return StoreError::Other { path, source: error };
        };
        match failure.code {
            ErrorCode::NotADatabase => StoreError::NotADatabase { path },
            ErrorCode::DatabaseCorrupt => {
                StoreError::Damaged { path, what: "a page is malformed".into() }
            }
            ErrorCode::DiskFull => StoreError::Full { path },
            // The file of shared memory beside the database could not grow, which only lack of room makes it do.
            _ if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => StoreError::Full { path },
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy { path },
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
                StoreError::Permission { path }
            }
            _ => StoreError::Other { path, source: error },
        }
    }
}

/// What is wrong with a value that is not as this program would have written it.
fn unreadable(error: &rusqlite::Error) -> Option<String> {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => Some(error.to_string()),
        _ => None,
    }
}

/// A failure inside the crate, where the path of the file is not at hand.
#[derive(Debug)]
pub(crate) enum Fault {
    Sqlite(rusqlite::Error),
    /// A value that this program cannot have written.
    Unreadable(String),
    Told(StoreError),
}

impl Fault {
    /// The failure as callers see it.
    pub(crate) fn at(self, path: &Path) -> StoreError {
        match self {
            Fault::Sqlite(error) => StoreError::from_sqlite(path, error),
            Fault::Unreadable(what) => StoreError::Damaged { path: path.to_owned(), what },
            Fault::Told(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sqlite(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Fault::Told(error)
    }
}
